//! The web form on which a customer reaches a line: what was typed, read strictly and tidied up.
//!
//! The form is public: whoever can see the page can send it, so nothing in it is true only because it is there. What a person
//! can mend is said of all fields at once, and with what was typed, so that nobody has to write a message twice.

mod token;

use std::{collections::BTreeMap, fmt};

use handbell_core::{Rejected, config::is_address};

pub use self::token::{Stale, Token};
use crate::is_form;

/// The longest body, in bytes. The longest honest one, 4000 emoji of twelve bytes each as a form spells them, is 48 KB.
pub const BODY_LIMIT: usize = 64 * 1024;

/// The longest message, in characters.
pub const MESSAGE_MAX: usize = 4000;

/// The longest email address, in bytes (RFC 5321, section 4.5.3.1.3: a path of 256 with its brackets).
pub const EMAIL_MAX: usize = 254;

/// The longest phone number as typed, in characters.
pub const PHONE_MAX: usize = 40;

/// The longest name, in characters.
pub const NAME_MAX: usize = 80;

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

/// A field that the customer must mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The field's name in the form: `message`, `email`, `phone` or `name`.
    pub field: &'static str,
    /// What to do about it: a sentence for the page. It repeats nothing of what was typed.
    pub why: String,
}

/// Why a form wasn't taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No browser sends this from our page.
    Rejected(Rejected),
    /// A person can mend it. Holds what was typed, for the page to show again, and what is wrong with it.
    Wrong(Box<Form>, Vec<Wrong>),
}

impl From<Rejected> for Refused {
    fn from(rejected: Rejected) -> Refused {
        Refused::Rejected(rejected)
    }
}

/// Reads a submitted form, `application/x-www-form-urlencoded` and nothing else. Fields that aren't ours are passed over.
///
/// [`Refused::Rejected`] for another type, a body longer than [`BODY_LIMIT`], and a field that stands twice: no browser does
/// that with our page, and which of them counts would be anybody's guess. [`Refused::Wrong`] names every field that must be
/// mended, in the order of the page.
pub fn read(content_type: Option<&str>, body: &[u8]) -> Result<Form, Refused> {
    if body.len() > BODY_LIMIT {
        return Err(malformed(format!("the form is longer than {BODY_LIMIT} bytes")));
    }
    if !is_form(content_type) {
        return Err(malformed("a form must be application/x-www-form-urlencoded".into()));
    }
    let pairs: Vec<(String, String)> =
        serde_html_form::from_bytes(body).map_err(|_| malformed("the form can't be read".into()))?;
    let mut fields = BTreeMap::new();
    for (name, value) in pairs {
        if fields.insert(name, value).is_some() {
            return Err(malformed("a field of the form stands there twice".into()));
        }
    }
    let mut take = |name: &str| fields.remove(name).unwrap_or_default();
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    let form = Form {
        name: filled(one_line(&take("name"))),
        email: filled(one_line(&take("email"))),
        phone: filled(one_line(&take("phone"))),
        message: lines(&take("message")),
        token: take("token"),
        trap: !take(TRAP).is_empty(),
    };
    let wrong = wrong(&form);
    if wrong.is_empty() { Ok(form) } else { Err(Refused::Wrong(Box::new(form), wrong)) }
}

fn malformed(why: String) -> Refused {
    Refused::Rejected(Rejected::Malformed(why))
}

/// What a person must mend, in the order of the page.
fn wrong(form: &Form) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut say = |field, why: String| wrong.push(Wrong { field, why });
    if form.name.as_deref().is_some_and(|name| longer(name, NAME_MAX)) {
        say("name", format!("Please give a name of at most {NAME_MAX} characters."));
    }
    match form.email.as_deref() {
        Some(email) if email.len() > EMAIL_MAX || !plausible(email) => say(
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

fn longer(text: &str, max: usize) -> bool {
    text.chars().count() > max
}

/// One address, and nothing that would mean more than that in the header of a mail.
fn plausible(email: &str) -> bool {
    is_address(email) && !email.contains(['<', '>', '(', ')', '[', ']', ',', ';', ':', '"', '\\'])
}

/// Trimmed and in one line. A break or a tab becomes a space, since words stood on both sides of it.
fn one_line(text: &str) -> String {
    let line: String = lines(text).chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// Trimmed, with `\n` between the lines: browsers send `\r\n` (HTML standard, "Form submission"), others `\r`.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    let kept: String = text.chars().filter(|c| *c == '\n' || !(c.is_control() || turns(*c))).collect();
    kept.trim().to_owned()
}

/// Characters that turn the direction of the writing around until they are closed, and so also of what stands behind the
/// text on a card. Arabic and Hebrew are written without them.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
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
