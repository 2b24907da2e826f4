//! Signals: what a source reports about a problem, by any medium. Mails, forms and future sources are parsed into signals;
//! everything after that is the same for all of them.

use jiff::{SignedDuration, Timestamp};

use super::{Alert, Origin, Reporter};
use crate::config::Severity;

/// If it is unknown when the problem was last reported, an acknowledgement or an end that was written this long before has no
/// effect.
const OUTDATED: SignedDuration = SignedDuration::from_mins(30);

/// What a source reports about a problem.
#[derive(Clone, PartialEq, Eq)]
pub struct AlertSignal {
    /// The source's name in the configuration.
    pub source: String,
    /// What the signal is about: signals of one source with one key belong to one incident.
    pub dedup_key: String,
    /// What the signal does.
    pub action: SignalAction,
    /// Where the signal came from.
    pub origin: SignalOrigin,
}

/// What a signal does.
#[derive(Clone, PartialEq, Eq)]
pub enum SignalAction {
    /// A problem is reported. Anybody who knows the source's address may do so: a needless alert is a nuisance, a lost one is
    /// worse.
    Trigger(Trigger),
    /// A person has the incident.
    Acknowledge,
    /// The incident is over.
    Resolve,
}

/// A problem as a source describes it.
#[derive(Clone, PartialEq, Eq)]
pub struct Trigger {
    /// Severity of the alert.
    pub severity: Severity,
    /// The problem in one line.
    pub title: String,
    /// The whole text, without formatting.
    pub body: String,
    /// A plan to use instead of the source's plan for this severity.
    pub plan: Option<String>,
    /// The person who reported it, if there is one to answer.
    pub reporter: Option<Reporter>,
    /// Key of the original in the bucket.
    pub object: Option<String>,
}

/// Origin of a signal. It decides whether the signal may silence anything, and which incident it belongs to.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SignalOrigin {
    /// The medium as a noun that follows `a`: `mail`.
    pub medium: &'static str,
    /// The sender. Only the sender who reported a problem may end its incident.
    pub sender: Option<String>,
    /// Why the sender isn't proven, in words that follow "because". Such a signal silences nothing.
    pub doubt: Option<String>,
    /// When the signal was written, by the sender's own clock.
    pub written_at: Option<Timestamp>,
    /// The mail that the incident report answers.
    pub mail: Option<Origin>,
    /// Ids by which messages that belong together are found.
    pub thread: Thread,
}

/// Ids of messages. They connect signals that the source's key doesn't, such as a reply to a mail.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Thread {
    /// Ids of earlier messages. The first one that is known decides which incident the signal belongs to.
    pub earlier: Vec<String>,
    /// Ids under which the signal's own incident is remembered.
    pub own: Vec<String>,
}

// Logs contain no signals and no senders.
impl std::fmt::Debug for AlertSignal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AlertSignal")
            .field("source", &self.source)
            .field("action", &self.action.name())
            .finish_non_exhaustive()
    }
}

impl SignalAction {
    /// Returns the name for logs.
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
    /// The sender isn't proven.
    Unproven {
        /// The reason, in words that follow "because".
        why: String,
    },
    /// Another sender reported the problem.
    OtherSender,
    /// The signal was written before the problem was reported, and arrived late.
    Outdated,
}

impl AlertSignal {
    /// Returns why this signal must not acknowledge or end the incident that the alert opened at that time. None if it may.
    pub fn objection(&self, alert: Option<&Alert>, opened_at: Timestamp) -> Option<Objection> {
        let SignalOrigin { sender, doubt, written_at, .. } = &self.origin;
        if let Some(why) = doubt {
            return Some(Objection::Unproven { why: why.clone() });
        }
        let reported = alert.and_then(|alert| alert.origin.as_ref());
        if reported.is_some_and(|reported| reported.from != *sender) {
            return Some(Objection::OtherSender);
        }
        // Compares times of the sender's clock where there is one, since messages overtake each other.
        let newest = alert.and_then(|alert| alert.written_at);
        let outdated = written_at.is_some_and(|written| match newest {
            Some(newest) => written < newest,
            None => opened_at.duration_since(written) > OUTDATED,
        });
        outdated.then_some(Objection::Outdated)
    }
}
