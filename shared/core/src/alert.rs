//! Alerts: what the incident of an alert knows in addition. What was reported, by whom, and where the reply goes.

pub mod mail;
mod signal;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use self::mail::LeftOut;
use crate::address::EmailAddress;
use crate::config::Severity;

pub use self::signal::{AlertSignal, Objection, SignalAction, SignalOrigin, Thread, Trigger};

/// Maximum length of a title, in characters.
pub const TITLE_MAX: usize = 200;
/// Maximum length of the excerpt of a mail or a form in the space, in characters. The whole mail is posted next to it.
pub const EXCERPT_MAX: usize = 1500;

/// Maximum number of parts of names that an incident remembers. An incident with more is ended by a person.
const LEFT_OUT_MAX: usize = 20;

/// What the incident of an alert knows in addition.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The source's name in the configuration.
    pub source: String,
    /// The title: what the alert is about, in one line.
    pub title: String,
    /// Severity of the alert.
    pub severity: Severity,
    /// The mail that opened the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The person who filled in the form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reporter: Option<Reporter>,
    /// When the newest of its mails was written, as that mail claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written_at: Option<Timestamp>,
    /// When the first of its mails was written, as that mail claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_written_at: Option<Timestamp>,
    /// What the keys of its mails left out, each once. An end must agree with all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// When the space was last notified that another mail had come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noted_at: Option<Timestamp>,
}

// Contents and senders of mails must not reach logs.
impl std::fmt::Debug for Alert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Alert")
            .field("source", &self.source)
            .field("severity", &self.severity)
            .finish_non_exhaustive()
    }
}

impl Alert {
    /// Returns true if a signal that leaves this out of its key can be about the same trouble as all of the incident's mails.
    pub fn agrees_with(&self, left_out: Option<&LeftOut>) -> bool {
        let agrees = |left_out: &LeftOut| self.left_out.iter().all(|known| known.agrees_with(left_out));
        self.left_out.len() <= LEFT_OUT_MAX && left_out.is_none_or(agrees)
    }

    /// Adds what a further report knows.
    pub fn join(&mut self, other: &Self) {
        self.severity = self.severity.min(other.severity);
        let first = [self.first_written_at.or(self.written_at), other.written_at];
        self.first_written_at = first.into_iter().flatten().min();
        self.written_at = self.written_at.max(other.written_at);
        for left_out in &other.left_out {
            if self.left_out.len() <= LEFT_OUT_MAX && !self.left_out.contains(left_out) {
                self.left_out.push(left_out.clone());
            }
        }
    }
}

/// The mail that opened an incident. The incident report is a reply to it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its `Message-ID`, without the angle brackets.
    pub message_id: Option<String>,
    /// Its `References` and `In-Reply-To`, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// Its subject, unchanged.
    pub subject: String,
    /// Its sender, as the mail claims. A mail that ends the incident must have the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Address for a reply; none for mails that no machine may answer (RFC 3834).
    pub answer_to: Option<EmailAddress>,
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Origin").field("message_id", &self.message_id).finish_non_exhaustive()
    }
}

/// The person who filled in the form.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reporter {
    /// The name that was entered in the form.
    pub name: String,
    /// Address to which the incident report goes.
    pub email: Option<EmailAddress>,
}

impl std::fmt::Debug for Reporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reporter").finish_non_exhaustive()
    }
}

/// An alert that was raised.
#[derive(Clone, PartialEq, Eq)]
pub struct RaisedAlert {
    /// The plan to run, if no incident is open yet.
    pub plan: String,
    /// What the incident is to know.
    pub alert: Alert,
    /// The reported text, as plain text.
    pub text: String,
    /// Key of the original mail in the bucket.
    pub object: Option<String>,
    /// The time before which no phone rings, and why.
    pub hold: Option<Hold>,
}

impl std::fmt::Debug for RaisedAlert {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RaisedAlert").field("alert", &self.alert).finish_non_exhaustive()
    }
}

/// A period in which phones stay silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// End of the period.
    pub until: Timestamp,
    /// The reason: `quiet hours`, `maintenance: new switches`.
    pub why: String,
}
