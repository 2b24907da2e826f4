//! The web form with which people report an alert, and the form on the page that shows its status.
//!
//! The form is public, like [`crate::contact`]: anyone who can see the page can submit it. All correctable errors are
//! reported at once, together with the input, so that nobody has to write anything twice.

mod ticket;

use std::fmt;

use handbell_core::Rejected;
use handbell_core::address::EmailAddress;
use handbell_core::alert::TITLE_MAX;
use handbell_core::config::Severity;
use handbell_core::incident::Subject;

pub use self::ticket::{issue as issue_ticket, read_ticket};
pub use crate::contact::{BODY_LIMIT, EMAIL_MAX, MESSAGE_MAX, NAME_MAX, TRAP, Wrong};
use crate::fields::{Fields, is_longer};

/// Maximum length of a note that a reporter adds, in characters.
pub const NOTE_MAX: usize = 1000;

/// Returns the name of a source's form for its [`Token`](crate::contact::Token). No line can have such a name, so a
/// token of one form is valid for no other, even if one secret signs both.
#[must_use]
pub fn page_of(source: &str) -> String {
    format!("alert/{source}")
}

/// Returns the name of an incident's status page for its [`Token`](crate::contact::Token).
#[must_use]
pub fn page_of_ticket(subject: &Subject, epoch: u64) -> String {
    format!("alert/{}#{epoch}", subject.as_str())
}

/// A report submitted with the form.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Title, in one line.
    pub what: String,
    /// Details, if any: trimmed, with `\n` line endings, without other control characters.
    pub more: String,
    /// Severity; the highest if none was chosen.
    pub severity: Severity,
    /// Name of the reporter, in one line; empty only in a report that must be corrected.
    pub name: String,
    /// Mail address for the incident report, as typed. Its form is right in a report that needs no correction, but it was never proven to belong to the sender.
    pub email: Option<String>,
    /// Token of the page, unchecked: see [`Token::verify`](crate::contact::Token::verify).
    pub token: String,
    /// Whether the honeypot was filled in by a program: a spam bot, or a browser's automatic completion.
    pub trap: bool,
}

/// Why a report was refused. Errors in the fields `what`, `more`, `name` and `email` can be corrected.
pub type ReportRefused = crate::fields::FormRefused<Report>;

/// Reads a submitted form, which must be `application/x-www-form-urlencoded`. Unknown fields are ignored.
///
/// Fails with [`ReportRefused::Rejected`] for another type, a body longer than [`BODY_LIMIT`], a duplicate field, and an
/// unknown severity, none of which a browser sends from our page. Fails with [`ReportRefused::Wrong`] if fields must be
/// corrected, in the order of the page.
pub fn read(content_type: Option<&str>, body: &[u8]) -> Result<Report, ReportRefused> {
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
    if wrong.is_empty() { Ok(report) } else { Err(ReportRefused::Wrong(Box::new(report), wrong)) }
}

/// Returns the errors that a person must correct, in the order of the page.
fn wrong(report: &Report) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let mut say = |field, why: String| wrong.push(Wrong { field, why });
    let shorten = |text: &str, max: usize| {
        let length = text.chars().count();
        format!("This has {length} characters. Please shorten it to {max}")
    };
    if report.what.is_empty() {
        say("what", "Please say in a line what is wrong.".into());
    } else if is_longer(&report.what, TITLE_MAX) {
        say("what", format!("{}, and write the rest below.", shorten(&report.what, TITLE_MAX)));
    }
    if is_longer(&report.more, MESSAGE_MAX) {
        say("more", format!("{}. You can add lines once it is sent.", shorten(&report.more, MESSAGE_MAX)));
    }
    if report.name.is_empty() {
        say("name", "Please say who you are, so that they can ask you.".into());
    } else if is_longer(&report.name, NAME_MAX) {
        say("name", format!("Please give a name of at most {NAME_MAX} characters."));
    }
    if report.email.as_deref().is_some_and(|email| !EmailAddress::is_valid(email)) {
        let why = "This doesn't look like an email address. Please check it, or leave it empty: it looks like ann@example.org.";
        say("email", why.into());
    }
    wrong
}

/// Input of a reporter on the status page.
#[derive(Clone, PartialEq, Eq)]
pub struct ReporterMessage {
    /// The action.
    pub what: ReporterAction,
    /// Token of the page, unchecked: see [`Token::verify`](crate::contact::Token::verify).
    pub token: String,
}

/// An action of a reporter on the status page.
#[derive(Clone, PartialEq, Eq)]
pub enum ReporterAction {
    /// Adds a note: trimmed, with `\n` line endings, without other control characters.
    Note(String),
    /// Withdraws the report.
    TakeBack,
}

/// Why the input was refused. Errors in the field `text` can be corrected.
pub type ReporterMessageRefused = crate::fields::FormRefused<ReporterMessage>;

/// Reads the input of a reporter: `say` is `note`, with a `text`, or `take-back`. Fails as [`read`] does.
pub fn read_reporter_message(
    content_type: Option<&str>,
    body: &[u8],
) -> Result<ReporterMessage, ReporterMessageRefused> {
    let mut fields = Fields::read(content_type, body, BODY_LIMIT)?;
    let token = fields.take("token");
    let text = match fields.take("say").as_str() {
        "take-back" => return Ok(ReporterMessage { what: ReporterAction::TakeBack, token }),
        "note" => fields.text("text"),
        _ => return Err(Rejected::Malformed("the form doesn't say what to do".into()).into()),
    };
    let why = if text.is_empty() {
        Some("Please write what you want to add.".to_owned())
    } else if is_longer(&text, NOTE_MAX) {
        let length = text.chars().count();
        Some(format!(
            "This has {length} characters. Please shorten it to {NOTE_MAX}, or send it in two parts."
        ))
    } else {
        None
    };
    let said = ReporterMessage { what: ReporterAction::Note(text), token };
    match why {
        None => Ok(said),
        Some(why) => Err(ReporterMessageRefused::Wrong(Box::new(said), vec![Wrong { field: "text", why }])),
    }
}

// All of it is personal, and with the token anyone can submit the page.
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

impl fmt::Debug for ReporterMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReporterMessage").field("what", &self.what).finish_non_exhaustive()
    }
}

impl fmt::Debug for ReporterAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Note(text) => f.debug_tuple("Note").field(&text.chars().count()).finish(),
            Self::TakeBack => f.write_str("TakeBack"),
        }
    }
}
