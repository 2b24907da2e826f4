//! The web form for customers of a line: strict parsing and cleaning of the input.
//!
//! The form is public: anyone who can see the page can submit it, so nothing in it is true only because it is there.
//! All correctable errors are reported at once, together with the input, so that nobody has to write a message twice.

mod token;

use std::fmt;

use handbell_core::address::EmailAddress;

pub use self::token::{Stale, Token};
use crate::fields::{Fields, is_longer};
pub use crate::fields::{NAME_MAX, Wrong};

/// Maximum size of a body, in bytes. The longest legitimate one, 4000 emoji of twelve bytes each in form encoding, has
/// 48 KB.
pub const BODY_LIMIT: usize = 64 * 1024;

/// Maximum length of a mail address, in bytes.
pub const EMAIL_MAX: usize = EmailAddress::MAX;

/// Maximum length of a message, in characters.
pub const MESSAGE_MAX: usize = 4000;

/// Maximum length of a phone number as typed, in characters.
pub const PHONE_MAX: usize = 40;

/// Honeypot field, which people don't see and only programs fill in.
pub const TRAP: &str = "website";

/// The input of a customer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ContactMessage {
    /// Mail address for replies, as typed. Its form is right in a message that needs no correction, but it was never proven to belong to the sender.
    pub email: Option<String>,
    /// Phone number for texts or calls, as typed: `0170 123 45 67`. Whether it is valid depends on the line's country.
    pub phone: Option<String>,
    /// The message: trimmed, with `\n` line endings, without other control characters.
    pub message: String,
    /// Token of the page, unchecked: see [`Token::verify`].
    pub token: String,
    /// The customer's name, in one line.
    pub name: Option<String>,
    /// Whether the honeypot was filled in. If so, show the form again, and store nothing.
    pub trap: bool,
}

/// Why a form was refused. Errors in the fields `message`, `email`, `phone` and `name` can be corrected.
pub type ContactRefused = crate::fields::FormRefused<ContactMessage>;

/// Reads a submitted form, which must be `application/x-www-form-urlencoded`. Unknown fields are ignored.
///
/// Fails with [`ContactRefused::Rejected`] for another type, a body longer than [`BODY_LIMIT`], and a duplicate field, which
/// no browser sends from our page and which would be ambiguous. Fails with [`ContactRefused::Wrong`] if fields must be
/// corrected, in the order of the page.
pub fn read(content_type: Option<&str>, body: &[u8]) -> Result<ContactMessage, ContactRefused> {
    let mut fields = Fields::read(content_type, body, BODY_LIMIT)?;
    let form = ContactMessage {
        name: fields.line("name"),
        email: fields.line("email"),
        phone: fields.line("phone"),
        message: fields.text("message"),
        token: fields.take("token"),
        trap: !fields.take(TRAP).is_empty(),
    };
    let wrong = wrong(&form);
    if wrong.is_empty() { Ok(form) } else { Err(ContactRefused::Wrong(Box::new(form), wrong)) }
}

/// Returns the errors that a person must correct, in the order of the page.
fn wrong(form: &ContactMessage) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut say = |field, why: String| wrong.push(Wrong { field, why });
    if form.name.as_deref().is_some_and(|name| is_longer(name, NAME_MAX)) {
        say("name", format!("Please give a name of at most {NAME_MAX} characters."));
    }
    match form.email.as_deref() {
        Some(email) if !EmailAddress::is_valid(email) => say(
            "email",
            "This doesn't look like an email address. Please check it: it looks like ann@example.org.".into(),
        ),
        None if form.phone.is_none() => {
            say("email", "Please give an email address or a phone number, so that we can answer you.".into());
        }
        _ => {}
    }
    if form.phone.as_deref().is_some_and(|phone| is_longer(phone, PHONE_MAX)) {
        say("phone", format!("Please give one phone number, of at most {PHONE_MAX} characters."));
    }
    if form.message.is_empty() {
        say("message", "Please write a message.".into());
    } else if is_longer(&form.message, MESSAGE_MAX) {
        let length = form.message.chars().count();
        say(
            "message",
            format!(
                "Your message has {length} characters. Please shorten it to {MESSAGE_MAX}, or send it in two parts."
            ),
        );
    }
    wrong
}

// All of it is personal, and with the token anyone can submit the page.
impl fmt::Debug for ContactMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContactMessage")
            .field("email", &self.email.is_some())
            .field("phone", &self.phone.is_some())
            .field("name", &self.name.is_some())
            .field("message", &self.message.chars().count())
            .field("trap", &self.trap)
            .finish_non_exhaustive()
    }
}
