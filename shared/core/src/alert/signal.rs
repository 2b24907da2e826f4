//! Signals: what a source says about a problem, whichever way the words came. A mail, a form and whatever comes next are
//! parsed into one; all that follows is the same for every source.

use jiff::{SignedDuration, Timestamp};

use super::{Alert, Origin, Reporter};
use crate::config::Severity;

/// A word that it is over counts for nothing if it was written so long before the problem was reported.
const OUTDATED: SignedDuration = SignedDuration::from_mins(30);

/// What a source says about a problem.
#[derive(Clone, PartialEq, Eq)]
pub struct AlertSignal {
    /// The source's name in the configuration.
    pub source: String,
    /// What the signal is about: signals of one source with one key belong to one incident.
    pub dedup_key: String,
    /// What the source wants.
    pub action: SignalAction,
    /// Where the signal came from.
    pub origin: SignalOrigin,
}

/// What a source wants.
#[derive(Clone, PartialEq, Eq)]
pub enum SignalAction {
    /// There is a problem. Anyone who knows the source's address may say so: a needless alert is a nuisance, a lost one
    /// is not.
    Trigger(Trigger),
    /// An acknowledgement: somebody has the incident.
    Acknowledge,
    /// The end of the incident.
    Resolve,
}

/// A problem as a source describes it.
#[derive(Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Severity of the alert.
    pub severity: Severity,
    /// The problem in one line.
    pub title: String,
    /// All that was said, as plain text.
    pub body: String,
    /// Another plan than the source's for this severity.
    pub plan: Option<String>,
    /// The person who reported it, if there is one to answer.
    pub reporter: Option<Reporter>,
    /// Where the original lies in the bucket.
    pub object: Option<String>,
}

/// Where a signal came from: what decides whether it may silence anything, and to which incident it belongs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SignalOrigin {
    /// What carried the signal, as it reads after `a`: `mail`.
    pub medium: &'static str,
    /// The sender. Whoever ends an incident must be the one who reported it.
    pub sender: Option<String>,
    /// Why the sender isn't proven, in words that follow "because". Such a signal silences nothing.
    pub doubt: Option<String>,
    /// When the signal was written, by the sender's own clock.
    pub written_at: Option<Timestamp>,
    /// The mail that the incident report answers.
    pub mail: Option<Origin>,
    /// How messages that belong together are found.
    pub thread: Thread,
}

/// Names of messages. They keep together what a source's key alone would tear apart, such as an answer to a mail.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Thread {
    /// Names of messages that came before. The first that is known decides which incident the signal belongs to.
    pub earlier: Vec<String>,
    /// Names under which the signal's own incident is remembered.
    pub own: Vec<String>,
}

// What sources say, and who sends it, is for no log.
impl std::fmt::Debug for AlertSignal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AlertSignal")
            .field("source", &self.source)
            .field("action", &self.action.name())
            .finish_non_exhaustive()
    }
}

impl SignalAction {
    /// Its name in logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Trigger(_) => "trigger",
            Self::Acknowledge => "acknowledge",
            Self::Resolve => "resolve",
        }
    }
}

/// Why a signal must not silence an incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Objection {
    /// Nobody vouches for the sender.
    Unproven {
        /// In words that follow "because".
        why: String,
    },
    /// Somebody else reported the problem.
    OtherSender,
    /// The signal was written before the problem was reported, and arrived late.
    Outdated,
}

impl AlertSignal {
    /// Why this signal must not acknowledge or end the incident that this alert opened at that time. `None` if it may.
    pub fn objection(&self, alert: Option<&Alert>, opened_at: Timestamp) -> Option<Objection> {
        let SignalOrigin { sender, doubt, written_at, .. } = &self.origin;
        if let Some(why) = doubt {
            return Some(Objection::Unproven { why: why.clone() });
        }
        let reported = alert.and_then(|alert| alert.origin.as_ref());
        if reported.is_some_and(|reported| reported.from != *sender) {
            return Some(Objection::OtherSender);
        }
        // By the sender's own clock, if it has one: messages overtake each other.
        let newest = alert.and_then(|alert| alert.written_at);
        let outdated = written_at.is_some_and(|written| match newest {
            Some(newest) => written < newest,
            None => opened_at.duration_since(written) > OUTDATED,
        });
        outdated.then_some(Objection::Outdated)
    }
}
