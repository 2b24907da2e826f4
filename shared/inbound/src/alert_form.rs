//! The web form on which people report trouble, and what they say on the page that shows what becomes of it.
//!
//! The form is public, as [`crate::contact`] is: whoever can see the page can send it. What a person can mend is said of all
//! fields at once, and with what was typed, so that nobody has to write anything twice.

mod ticket;

use std::fmt;

use handbell_core::Rejected;
use handbell_core::alert::TITLE_MAX;
use handbell_core::config::Severity;
use handbell_core::incident::Subject;

pub use self::ticket::{issue as issue_ticket, read_ticket};
pub use crate::contact::{BODY_LIMIT, EMAIL_MAX, MESSAGE_MAX, NAME_MAX, TRAP, Wrong};
use crate::fields::{Fields, longer, plausible};

/// The longest line that a reporter adds, in characters.
pub const NOTE_MAX: usize = 1000;

/// The form of a source, as [`Token`](crate::contact::Token) is made for it. No line is called so: a token of one form is
/// good for no other, though one secret may sign both.
#[must_use]
pub fn page_of(source: &str) -> String {
    format!("alert/{source}")
}

/// The page that shows what becomes of an incident, as [`Token`](crate::contact::Token) is made for it.
#[must_use]
pub fn page_of_ticket(subject: &Subject, epoch: u64) -> String {
    format!("alert/{}#{epoch}", subject.as_str())
}

/// What somebody reported with the form.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What it is about, in one line.
    pub what: String,
    /// More about it, if there is more: trimmed, lines end with `\n`, without other control characters.
    pub more: String,
    /// How bad it is; the worst if nothing was chosen.
    pub severity: Severity,
    /// Who reports it, in one line; empty only in what must be mended.
    pub name: String,
    /// Who gets the report when it is over: plausible, and never proven to be the sender's.
    pub email: Option<String>,
    /// The token of the page, unchecked: see [`Token::verify`](crate::contact::Token::verify).
    pub token: String,
    /// The field that people don't see was filled in, by a program: one that sends forms everywhere, or one that a browser
    /// fills in fields with.
    pub trap: bool,
}

/// Why a report wasn't taken. What can be mended is in the fields `what`, `more`, `name` or `email`.
pub type Refused = crate::fields::Refused<Report>;

/// Reads a submitted form, `application/x-www-form-urlencoded` and nothing else. Fields that aren't ours are passed over.
///
/// [`Refused::Rejected`] for another type, a body longer than [`BODY_LIMIT`], a field that stands twice, and a severity that
/// there isn't: no browser does that with our page. [`Refused::Wrong`] names every field that must be mended, in the order
/// of the page.
pub fn read(content_type: Option<&str>, body: &[u8]) -> Result<Report, Refused> {
    let mut fields = Fields::read(content_type, body, BODY_LIMIT)?;
    let severity = match fields.line("severity") {
        None => Severity::default(),
        Some(name) => Severity::of_name(&name)
            .ok_or_else(|| Rejected::Malformed("the form names a severity that there isn't".into()))?,
    };
    let report = Report {
        what: fields.line("what").unwrap_or_default(),
        more: fields.text("more"),
        severity,
        name: fields.line("name").unwrap_or_default(),
        email: fields.line("email"),
        token: fields.take("token"),
        trap: !fields.take(TRAP).is_empty(),
    };
    let wrong = wrong(&report);
    if wrong.is_empty() { Ok(report) } else { Err(Refused::Wrong(Box::new(report), wrong)) }
}

/// What a person must mend, in the order of the page.
fn wrong(report: &Report) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut say = |field, why: String| wrong.push(Wrong { field, why });
    let shorten = |text: &str, max: usize| {
        let length = text.chars().count();
        format!("This has {length} characters. Please shorten it to {max}")
    };
    if report.what.is_empty() {
        say("what", "Please say in a line what is wrong.".into());
    } else if longer(&report.what, TITLE_MAX) {
        say("what", format!("{}, and write the rest below.", shorten(&report.what, TITLE_MAX)));
    }
    if longer(&report.more, MESSAGE_MAX) {
        say("more", format!("{}. You can add lines once it is sent.", shorten(&report.more, MESSAGE_MAX)));
    }
    if report.name.is_empty() {
        say("name", "Please say who you are, so that they can ask you.".into());
    } else if longer(&report.name, NAME_MAX) {
        say("name", format!("Please give a name of at most {NAME_MAX} characters."));
    }
    if report.email.as_deref().is_some_and(|email| !plausible(email)) {
        let why = "This doesn't look like an email address. Please check it, or leave it empty: it looks like ann@example.org.";
        say("email", why.into());
    }
    wrong
}

/// What a reporter says on the page that shows what becomes of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    /// What.
    pub what: Saying,
    /// The token of the page, unchecked: see [`Token::verify`](crate::contact::Token::verify).
    pub token: String,
}

/// One of the two things that a reporter can say.
#[derive(Clone, PartialEq, Eq)]
pub enum Saying {
    /// Another line: trimmed, lines end with `\n`, without other control characters.
    Note(String),
    /// It was nothing.
    TakeBack,
}

/// Why it wasn't taken. What can be mended is in the field `text`.
pub type NotSaid = crate::fields::Refused<Said>;

/// Reads what a reporter says: `say` is `note`, with a `text`, or `take-back`. Refused as [`read`] refuses.
pub fn read_said(content_type: Option<&str>, body: &[u8]) -> Result<Said, NotSaid> {
    let mut fields = Fields::read(content_type, body, BODY_LIMIT)?;
    let token = fields.take("token");
    let text = match fields.take("say").as_str() {
        "take-back" => return Ok(Said { what: Saying::TakeBack, token }),
        "note" => fields.text("text"),
        _ => return Err(Rejected::Malformed("the form doesn't say what to do".into()).into()),
    };
    let why = if text.is_empty() {
        Some("Please write what you want to add.".to_owned())
    } else if longer(&text, NOTE_MAX) {
        let length = text.chars().count();
        Some(format!(
            "This has {length} characters. Please shorten it to {NOTE_MAX}, or send it in two parts."
        ))
    } else {
        None
    };
    let said = Said { what: Saying::Note(text), token };
    match why {
        None => Ok(said),
        Some(why) => Err(NotSaid::Wrong(Box::new(said), vec![Wrong { field: "text", why }])),
    }
}

// All of it is personal, and the token lets somebody else send the page.
impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report")
            .field("what", &self.what.chars().count())
            .field("more", &self.more.chars().count())
            .field("severity", &self.severity)
            .field("email", &self.email.is_some())
            .field("trap", &self.trap)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Said").field("what", &self.what).finish_non_exhaustive()
    }
}

impl fmt::Debug for Saying {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(text) => f.debug_tuple("Note").field(&text.chars().count()).finish(),
            Self::TakeBack => f.write_str("TakeBack"),
        }
    }
}
