//! Signals: what a source reports about a problem, by any medium. Mails, forms and future sources are parsed into signals;
//! everything after that is the same for all of them.

use jiff::{SignedDuration, Timestamp};

use super::mail::{LeftOut, SharedKey};
use super::{Alert, Origin, Reporter};
use crate::config::{AlertSource, Severity};

/// If it is unknown when the problem was last reported, an acknowledgement or an end that was written this long before has no
/// effect.
const OUTDATED: SignedDuration = SignedDuration::from_mins(30);

/// How far two clocks may be apart: an end may be dated this long before the first report of its trouble.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(5);

/// What a source reports about a problem.
#[derive(Clone, PartialEq, Eq)]
pub struct AlertSignal {
    /// The source's name in the configuration.
    pub source: String,
    /// What the signal is about: signals of one source with one key belong to one incident.
    pub dedup_key: String,
    /// What signals about the same problem have in common even if each tells a different part of the rest.
    pub shared: Option<SharedKey>,
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
    /// There is news about a known problem, such as a downtime. It opens no incident and silences none.
    Join {
        /// The news in one line.
        title: String,
    },
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
    /// Ids under which the same message is known if it arrived before.
    pub same: Vec<String>,
    /// Ids of earlier messages. The first one that is known decides which incident the signal belongs to, if it is about the same.
    pub earlier: Vec<String>,
    /// Subject of the message, which tells whether it is.
    pub subject: String,
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
            Self::Join { .. } => "join",
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
    /// The incident is also about something that the signal doesn't name, or may not mean.
    OtherProblem,
}

impl AlertSignal {
    /// Returns what its key leaves out.
    pub fn left_out(&self) -> Option<&LeftOut> {
        self.shared.as_ref().map(|shared| &shared.left_out)
    }

    /// Returns why this signal of the source must not acknowledge or end the incident that the alert opened at that time, and must
    /// not write into it. None if it may.
    pub fn objection(
        &self,
        source: &AlertSource,
        alert: Option<&Alert>,
        opened_at: Timestamp,
    ) -> Option<Objection> {
        let SignalOrigin { sender, doubt, written_at, .. } = &self.origin;
        if let Some(why) = doubt {
            return Some(Objection::Unproven { why: why.clone() });
        }
        let reported = alert.and_then(|alert| alert.origin.as_ref());
        let name = |address: &Option<String>| {
            address.as_deref().map(|address| source.sender_name(address).to_owned())
        };
        if reported.is_some_and(|reported| name(&reported.from) != name(sender)) {
            return Some(Objection::OtherSender);
        }
        if alert.is_some_and(|alert| !alert.agrees_with(self.left_out())) {
            return Some(Objection::OtherProblem);
        }
        // Compares times of the sender's clock where there is one, since messages overtake each other.
        let newest = alert.and_then(|alert| alert.written_at);
        let oldest = alert.and_then(|alert| alert.first_written_at).or(newest);
        let outdated = written_at.is_some_and(|written| match newest {
            // Before the first report by a little: two clocks. Between two reports: it was overtaken by the second.
            Some(newest) if written < newest => {
                oldest.is_none_or(|oldest| written >= oldest || oldest.duration_since(written) > CLOCKS_APART)
            }
            Some(_) => false,
            None => opened_at.duration_since(written) > OUTDATED,
        });
        outdated.then_some(Objection::Outdated)
    }
}
