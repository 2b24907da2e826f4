//! What an alert's incident knows besides: what was reported, by whom, and where the answer goes.

pub mod mail;
mod signal;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::Severity;

pub use self::signal::{AlertSignal, Objection, SignalAction, SignalOrigin, Thread, Trigger};

/// So many characters of a title are kept.
pub const TITLE_MAX: usize = 200;
/// So many characters of what a mail or a form says stand in the space; all of a mail lies beside it.
pub const EXCERPT_MAX: usize = 1500;

/// What an alert's incident knows besides.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The source's name in the configuration.
    pub source: String,
    /// What it is about, in a line.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// The mail that it began with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Who filled in the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<Reporter>,
    /// When the newest of its mails was written, as it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_at: Option<Timestamp>,
    /// When it was last said in the space that another mail had come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted_at: Option<Timestamp>,
}

// What mails say and who sends them is for no log.
impl std::fmt::Debug for Alert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alert")
            .field("source", &self.source)
            .field("severity", &self.severity)
            .finish_non_exhaustive()
    }
}

/// The mail that an incident began with: the report is its answer.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its `Message-ID`, without the angle brackets.
    pub message_id: Option<String>,
    /// Its `References` and `In-Reply-To`, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Its subject as it stood.
    pub subject: String,
    /// Who sent it, as it says: whoever says that it is over must be the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Where an answer goes; none for mails that no machine may answer (RFC 3834).
    pub answer_to: Option<String>,
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Origin").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// Who filled in the form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reporter {
    /// As written in the form.
    pub name: String,
    /// Gets the report.
    pub email: Option<String>,
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reporter").finish_non_exhaustive()
    }
}

/// Trouble was reported.
#[derive(Clone, PartialEq, Eq)]
pub struct Raised {
    /// The plan to run, if nothing is going on yet.
    pub plan: String,
    /// What the incident is to know.
    pub alert: Alert,
    /// What was said, as plain text.
    pub text: String,
    /// Where the mail as it came lies in the bucket.
    pub object: Option<String>,
    /// No phone rings before, and why.
    pub hold: Option<Hold>,
}

impl std::fmt::Debug for Raised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raised").field("alert", &self.alert).finish_non_exhaustive()
    }
}

/// Phones stay silent for a while.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// Until then.
    pub until: Timestamp,
    /// `quiet hours`, `maintenance: new switches`.
    pub why: String,
}
