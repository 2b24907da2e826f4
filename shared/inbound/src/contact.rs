//! The web form on which a customer reaches a line: what was typed, read strictly and tidied up.
//!
//! The form is public: whoever can see the page can send it, so nothing in it is true only because it is there. What a person
//! can mend is said of all fields at once, and with what was typed, so that nobody has to write a message twice.

mod token;

use std::fmt;

pub use self::token::{Stale, Token};
pub use crate::fields::{EMAIL_MAX, NAME_MAX, Wrong};
use crate::fields::{Fields, longer, plausible};

/// The longest body, in bytes. The longest honest one, 4000 emoji of twelve bytes each as a form spells them, is 48 KB.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The longest message, in characters.
pub const MESSAGE_MAX: usize = 4000;

/// The longest phone number as typed, in characters.
pub const PHONE_MAX: usize = 40;

/// The field that people don't see, and that only a program fills in.
pub const TRAP: &str = "website";

/// What a customer sent with the form.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Where to answer by mail: plausible, and never proven to be the sender's.
    pub email: Option<String>,
    /// Where to answer by text or call, as typed: `0170 123 45 67`. Whether it is a number, only the line's country tells.
    pub phone: Option<String>,
    /// What was written: trimmed, lines end with `\n`, without other control characters.
    pub message: String,
    /// The token of the page, unchecked: see [`Token::verify`].
    pub token: String,
    /// How the customer wants to be called, in one line.
    pub name: Option<String>,
    /// The field that people don't see was filled in: answer as always, and do nothing.
    pub trap: bool,
}

/// Why a form wasn't taken. What can be mended is in the fields `message`, `email`, `phone` or `name`.
pub type Refused = crate::fields::Refused<Form>;

/// Reads a submitted form, `application/x-www-form-urlencoded` and nothing else. Fields that aren't ours are passed over.
///
/// [`Refused::Rejected`] for another type, a body longer than [`BODY_LIMIT`], and a field that stands twice: no browser does
/// that with our page, and which of them counts would be anybody's guess. [`Refused::Wrong`] names every field that must be
/// mended, in the order of the page.
pub fn read(content_type: Option<&str>, body: &[u8]) -> Result<Form, Refused> {
    let mut fields = Fields::read(content_type, body, BODY_LIMIT)?;
    let form = Form {
        name: fields.line("name"),
        email: fields.line("email"),
        phone: fields.line("phone"),
        message: fields.text("message"),
        token: fields.take("token"),
        trap: !fields.take(TRAP).is_empty(),
    };
    let wrong = wrong(&form);
    if wrong.is_empty() { Ok(form) } else { Err(Refused::Wrong(Box::new(form), wrong)) }
}

/// What a person must mend, in the order of the page.
fn wrong(form: &Form) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut say = |field, why: String| wrong.push(Wrong { field, why });
    if form.name.as_deref().is_some_and(|name| longer(name, NAME_MAX)) {
        say("name", format!("Please give a name of at most {NAME_MAX} characters."));
    }
    match form.email.as_deref() {
        Some(email) if !plausible(email) => say(
            "email",
            "This doesn't look like an email address. Please check it: it looks like ann@example.org.".into(),
        ),
        None if form.phone.is_none() => {
            say("email", "Please give an email address or a phone number, so that we can answer you.".into());
        }
        _ => {}
    }
    if form.phone.as_deref().is_some_and(|phone| longer(phone, PHONE_MAX)) {
        say("phone", format!("Please give one phone number, of at most {PHONE_MAX} characters."));
    }
    if form.message.is_empty() {
        say("message", "Please write a message.".into());
    } else if longer(&form.message, MESSAGE_MAX) {
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

// All of it is personal, and the token lets somebody else send the page.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form")
            .field("email", &self.email.is_some())
            .field("phone", &self.phone.is_some())
            .field("name", &self.name.is_some())
            .field("message", &self.message.chars().count())
            .field("trap", &self.trap)
            .finish_non_exhaustive()
    }
}
