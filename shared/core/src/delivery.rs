//! A dispatch: the deliveries that one decision asks for, made together under one lease.
//!
//! This file is the life of a delivery as pure rules: what is due, what an outcome means, when to look, when to give up.

mod chain;
pub mod failover;
mod message;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::incident::command::Entry;
use crate::incident::{Incident, Subject, reference};
use crate::occupancy::view::View;
use crate::wording;

pub use chain::failed;
pub use message::{
    Content, ConversationEntry, DirectMessage, InternalTask, MailMessage, Medium, Message, PhoneMessage,
    SpaceMessage, Speaker,
};

/// A lease holds this long; then another may take the dispatch after [`LEASE_MARGIN`].
pub const LEASE: SignedDuration = SignedDuration::from_secs(30);
/// Clocks differ: a lease counts as over only this long after its end.
pub const LEASE_MARGIN: SignedDuration = SignedDuration::from_secs(10);
/// No vendor call begins later than this after the claim, so that none begins later than this after an acknowledgement.
pub const START_WITHIN: SignedDuration = SignedDuration::from_secs(8);
/// After an unknown outcome, a vendor is given this long before anybody looks.
pub const SETTLE: SignedDuration = SignedDuration::from_secs(30);
/// So many attempts, and a delivery is dead.
pub const MAX_ATTEMPTS: u32 = 12;
/// So many attempts with unknown outcome, and another channel takes over: three copies at most.
pub const MAX_UNKNOWN: u32 = 3;
/// So old, and a delivery is dead.
pub const MAX_AGE: SignedDuration = SignedDuration::from_hours(24);
/// Webex takes ten edits of a message; one is kept in reserve.
pub const MAX_EDITS: u32 = 9;
/// Marks a notice to the admins, in the place of the delivery that it stands in for.
pub const NOTICE: &str = "admin";
/// The name of the report among a dispatch's deliveries.
pub const SUMMARY: &str = "r";
/// Changes within this time are shown by one edit.
pub const SUMMARY_PAUSE: SignedDuration = SignedDuration::from_secs(2);

/// Where a dispatch lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DispatchKey {
    /// The incident's subject.
    pub subject: Subject,
    /// Which incident of the subject.
    pub epoch: u64,
    /// Which dispatch of the incident, from 1.
    pub number: u32,
}

/// How far a delivery has come on our side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// To be said, when `next_at` has come.
    #[default]
    Pending,
    /// Perhaps said: to be looked for when `next_at` has come.
    Unknown,
    /// The vendor has it.
    Sent,
    /// Given up; `why` tells.
    Dead,
    /// An acknowledgement or an end came first.
    Cancelled,
}

/// What the vendor told us later, in ranks that only rise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Higher is later.
    pub rank: u8,
    /// The vendor's word: `sent`, `delivered`, `undelivered`, `busy` …
    pub status: String,
    /// The vendor's error code.
    pub code: Option<u32>,
    /// The vendor's id: proves that the vendor has it.
    pub id: String,
    /// What the code means, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Nothing more will come.
    pub last: bool,
}

/// One thing said to one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// What and to whom.
    #[serde(flatten)]
    pub message: Message,
    /// How far it is.
    #[serde(default)]
    pub progress: Progress,
    /// Attempts so far.
    #[serde(default)]
    pub tries: u32,
    /// Attempts with unknown outcome so far.
    #[serde(default)]
    pub unknowns: u32,
    /// Not before.
    pub next_at: Timestamp,
    /// When it was decided.
    pub since: Timestamp,
    /// Looks that found nothing, where one is not enough: a bot can't list its own posts.
    #[serde(default)]
    pub looks: u32,
    /// The vendor's id, once it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Why it failed, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// A post that stands under the card of this dispatch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub under: Option<u32>,
    /// The delivery that this one stands in for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
    /// Whom it is to bring, where several attempts are made for the same person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<Recipient>,
    /// What the report showed last, and how often it was edited. Only for [`SpaceMessage::DeliverySummary`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown: Option<Shown>,
}

/// Whom a delivery is to bring. Attempts for the same person follow each other in the order of their names.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// The id in the roster, or a bare number.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// Once one attempt was answered the others aren't made.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub until_answered: bool,
}

// Names and numbers are for no log.
impl std::fmt::Debug for Recipient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recipient").field("until_answered", &self.until_answered).finish_non_exhaustive()
    }
}

/// The state of the report message.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Its text.
    pub text: String,
    /// How often it was edited.
    pub edits: u32,
}

impl Delivery {
    /// A delivery that has just been decided.
    pub fn new(message: Message, now: Timestamp) -> Self {
        Self {
            message,
            progress: Progress::Pending,
            tries: 0,
            unknowns: 0,
            looks: 0,
            next_at: now,
            since: now,
            id: None,
            why: None,
            under: None,
            instead_of: None,
            recipient: None,
            shown: None,
        }
    }

    /// The same at a later time.
    pub fn at(self, at: Timestamp) -> Self {
        Self { next_at: at, since: at, ..self }
    }

    fn is_open(&self) -> bool {
        matches!(self.progress, Progress::Pending | Progress::Unknown)
    }
}

/// Something for the bus to hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// Unique, so that who hears it twice can tell.
    pub id: String,
    /// `incident.opened`, `incident.acknowledged`, `delivery.dead` …
    pub kind: String,
    /// When it applied.
    pub at: Timestamp,
    /// Fields beside the incident's own, in plain words.
    pub detail: BTreeMap<String, String>,
}

/// The deliveries of one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// Where it lies.
    #[serde(flatten)]
    pub key: DispatchKey,
    /// The step that it takes, if it takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// Its posts wait until the posts of this dispatch are out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<u32>,
    /// Its answers to the customer wait until the answers of this dispatch are out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers_after: Option<u32>,
    /// Its answers take the place of this dispatch's, and leave only if those were taken back in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u32>,
    /// What it says stands under this message of Webex's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// What was said in a conversation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub talk: Option<Box<ConversationEntry>>,
    /// The line of the ledger that it follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Box<Entry>>,
    /// The incident as it ended: the next one of its subject takes its place in the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Box<Incident>>,
    /// The plan's name.
    pub plan: String,
    /// The plan as it stood.
    pub plan_hash: String,
    /// How often the button had been pressed; how many devices there were.
    pub count: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// When the incident opened; part of a new space's title.
    pub opened_at: Timestamp,
    /// The zone as it was when this was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<Box<View>>,
    /// True for what an acknowledgement or an end itself says: it is never cancelled.
    #[serde(default)]
    pub last_word: bool,
    /// The deliveries, by a name that never changes: `0`, `1` … and `r` for the report.
    pub deliveries: BTreeMap<String, Delivery>,
    /// What the vendors told us, by the same names. Written by callbacks while a lease may be held, hence apart.
    #[serde(default)]
    pub receipts: BTreeMap<String, Receipt>,
    /// Facts not yet published.
    #[serde(default)]
    pub facts: Vec<Fact>,
    /// Counts what changed beside the lease: whoever lets go must have seen the latest.
    #[serde(default)]
    pub rev: u64,
    /// How often it was claimed.
    #[serde(default)]
    pub claims: u32,
    /// The last claim that was let go in order. If claims run ahead of it, somebody died at work.
    #[serde(default)]
    pub settled: u32,
    /// Who holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When the last claim began, in milliseconds; and until when it holds.
    #[serde(default)]
    pub claimed_ms: i64,
    /// Until when the lease holds, in milliseconds; 0 when nobody holds it.
    #[serde(default)]
    pub lease_ms: i64,
}

/// What the worker has to do with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Message it.
    Send,
    /// Look whether the vendor has it; say it after an empty look, unless it is cancelled.
    LookUp,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The vendor has it under this id.
    Sent(String),
    /// Certainly not accepted; again after the pause, or the usual one.
    NotSent {
        /// The vendor's wish.
        pause: Option<SignedDuration>,
        /// In words.
        why: String,
    },
    /// Certainly not accepted, for good.
    Refused {
        /// In words.
        why: String,
    },
    /// Nobody knows.
    Unknown {
        /// In words.
        why: String,
    },
    /// The look itself failed: not an empty look.
    LookFailed {
        /// In words.
        why: String,
    },
    /// The look found nothing, but one such look proves too little: look once more.
    LookAgain,
    /// It was not tried, since something else has to come first.
    Waits {
        /// How long to wait.
        pause: SignedDuration,
    },
    /// The look found nothing, and it isn't wanted any more.
    NotWanted,
}

impl Dispatch {
    /// A dispatch that says nothing yet.
    pub fn new(key: DispatchKey, now: Timestamp) -> Self {
        Self {
            key,
            step: None,
            after: None,
            answers_after: None,
            replaces: None,
            thread: None,
            talk: None,
            entry: None,
            ended: None,
            plan: String::new(),
            plan_hash: String::new(),
            count: 0,
            at: now,
            opened_at: now,
            view: None,
            last_word: false,
            deliveries: BTreeMap::new(),
            receipts: BTreeMap::new(),
            facts: Vec::new(),
            rev: 0,
            claims: 0,
            settled: 0,
            owner: None,
            claimed_ms: 0,
            lease_ms: 0,
        }
    }

    /// The reference tag of a delivery: `H-7K3Q.2.1`. It stands in the message, so that people and we find it again.
    pub fn reference_tag(&self, name: &str) -> String {
        format!("{}.{}.{name}", reference(&self.key.subject, self.key.epoch), self.key.number)
    }

    /// Puts right what a died worker left behind, and takes over what callbacks proved. To be called after a claim.
    ///
    /// A worker that died may have said everything that was due when it claimed: all of it is unknown now. Gives the
    /// names of those that have died of it: a row at which every worker dies must not be tried for ever.
    pub fn recover(&mut self, died_at_ms: Option<i64>, now: Timestamp) -> Vec<String> {
        if let Some(claimed_ms) = died_at_ms {
            for delivery in self.deliveries.values_mut() {
                // Whom to tell is only written down: nothing has left.
                let written =
                    matches!(delivery.message, Message::Internal(InternalTask::TextThoseCalled { .. }));
                if delivery.is_open() && !written && delivery.next_at.as_millisecond() <= claimed_ms {
                    delivery.progress = Progress::Unknown;
                    delivery.tries += 1;
                    delivery.unknowns += 1;
                    delivery.looks = 0;
                    delivery.next_at = now;
                }
            }
        }
        for (name, receipt) in &self.receipts {
            if let Some(delivery) = self.deliveries.get_mut(name)
                && delivery.is_open()
            {
                delivery.progress = Progress::Sent;
                delivery.id = Some(receipt.id.clone());
            }
        }
        let mut died = Vec::new();
        let of_a_talk = self.talk.is_some();
        for (name, delivery) in &mut self.deliveries {
            // What is tried for a day has failed often before; only those count who ended at it.
            let patient = of_a_talk && delivery.message.is_post();
            let ended = if patient { delivery.unknowns } else { delivery.tries };
            if died_at_ms.is_some() && delivery.progress == Progress::Unknown && ended >= MAX_ATTEMPTS {
                delivery.progress = Progress::Dead;
                delivery.why =
                    Some("whoever tried to send it ended in the middle, time and again".to_owned());
                died.push(name.clone());
            }
        }
        died
    }

    /// Cancels what has not been begun, since an acknowledgement or an end came first. What may have been said stays
    /// to be looked for.
    /// Admins are told all the same of what could not be delivered before.
    pub fn cancel(&mut self) {
        for delivery in self.deliveries.values_mut() {
            let notice = delivery.instead_of.as_deref() == Some(NOTICE);
            // An old card must not stay beside the one that tells of the acknowledgement.
            let tidies = matches!(delivery.message, Message::Space(SpaceMessage::RemoveCard { .. }));
            if delivery.progress == Progress::Pending && !delivery.message.is_summary() && !notice && !tidies
            {
                delivery.progress = Progress::Cancelled;
            }
        }
    }

    /// What is to be done now, by name and in order; the report comes later, since it tells of the others.
    pub fn tasks(&self, now: Timestamp) -> Vec<(String, Task)> {
        let mut tasks: Vec<_> = self
            .deliveries
            .iter()
            .filter(|(_, delivery)| !delivery.message.is_summary() && delivery.next_at <= now)
            .filter_map(|(name, delivery)| match delivery.progress {
                Progress::Pending => Some((name.clone(), Task::Send)),
                Progress::Unknown => Some((name.clone(), Task::LookUp)),
                _ => None,
            })
            .collect();
        tasks.sort_by_key(|(name, _)| name.parse::<u32>().unwrap_or(u32::MAX));
        tasks
    }

    /// Writes down what came of a delivery. True when the delivery has died of it. What is settled stays as it is.
    pub fn record(&mut self, name: &str, outcome: Outcome, now: Timestamp) -> bool {
        let Some(delivery) = self.deliveries.get_mut(name).filter(|delivery| delivery.is_open()) else {
            return false;
        };
        let attempted = !matches!(
            outcome,
            Outcome::Waits { .. } | Outcome::LookFailed { .. } | Outcome::LookAgain | Outcome::NotWanted
        );
        if attempted && !(delivery.progress == Progress::Unknown && matches!(outcome, Outcome::Sent(_))) {
            delivery.tries += 1;
        }
        // A customer's words have nowhere else to go: they are tried for a day.
        let patient = delivery.message.is_post() && self.talk.is_some();
        let worn_out =
            (delivery.tries >= MAX_ATTEMPTS && !patient) || now.duration_since(delivery.since) >= MAX_AGE;
        match outcome {
            Outcome::Sent(id) => {
                delivery.progress = Progress::Sent;
                delivery.id = Some(id);
                delivery.why = None;
            }
            Outcome::Refused { why } => {
                delivery.progress = Progress::Dead;
                delivery.why = Some(why);
            }
            Outcome::NotSent { why, .. } if worn_out => {
                delivery.progress = Progress::Dead;
                delivery.why = Some(why);
            }
            Outcome::NotSent { pause, why } => {
                // An unknown one stays so: this attempt was not sent, but an earlier one perhaps was. It is looked for first.
                // A vendor that says "in a second" for minutes must not use up all attempts within them.
                delivery.next_at = now + pause.unwrap_or_default().max(back_off(delivery.tries));
                delivery.why = Some(why);
            }
            Outcome::Unknown { why } => {
                delivery.unknowns += 1;
                delivery.looks = 0;
                let dead = worn_out || delivery.unknowns >= MAX_UNKNOWN;
                delivery.progress = if dead { Progress::Dead } else { Progress::Unknown };
                delivery.next_at = now + SETTLE;
                delivery.why = Some(why);
            }
            Outcome::LookFailed { why } => {
                delivery.progress = if worn_out { Progress::Dead } else { Progress::Unknown };
                delivery.next_at = now + SignedDuration::from_secs(15);
                delivery.why = Some(why);
            }
            Outcome::LookAgain => {
                delivery.looks += 1;
                delivery.next_at = now + SignedDuration::from_secs(15);
            }
            Outcome::Waits { .. } if now.duration_since(delivery.since) >= MAX_AGE => {
                delivery.progress = Progress::Dead;
                delivery.why.get_or_insert_with(|| "it had to wait for something else for a day".to_owned());
            }
            Outcome::Waits { pause } => delivery.next_at = now + pause,
            Outcome::NotWanted => delivery.progress = Progress::Cancelled,
        }
        delivery.progress == Progress::Dead
    }

    /// When somebody has to look at this dispatch again; none when all is settled.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        // A report is due only while there is something to tell.
        let told = wording::delivery_summary(self).is_some();
        let deliveries = self
            .deliveries
            .values()
            .filter(|delivery| delivery.is_open() && (told || !delivery.message.is_summary()));
        let deliveries = deliveries.map(|delivery| delivery.next_at);
        let facts = (!self.facts.is_empty()).then(|| now + SignedDuration::from_secs(15));
        let report = self.stale_summary().map(|report| report.next_at);
        deliveries.chain(facts).chain(report).min()
    }

    /// The report, if it stands in the space and doesn't show what is the case now.
    pub fn stale_summary(&self) -> Option<&Delivery> {
        let report = self.deliveries.get(SUMMARY).filter(|report| report.progress == Progress::Sent)?;
        let shown = report.shown.as_ref().map_or("", |shown| shown.text.as_str());
        wording::delivery_summary(self).is_some_and(|text| text != shown).then_some(report)
    }

    /// Takes back what has not been begun of its answers to a customer, and says why. What may have been said stays to be
    /// looked for.
    pub fn take_back(&mut self, why: &str) {
        for delivery in self.deliveries.values_mut() {
            if delivery.progress == Progress::Pending && delivery.message.is_reply() {
                delivery.progress = Progress::Cancelled;
                delivery.why = Some(why.to_owned());
            }
        }
    }

    /// When the next of its posts, or of its answers, is tried: whoever comes after it need not look earlier. Within a minute.
    pub fn tried_at(&self, now: Timestamp, which: fn(&Message) -> bool) -> Timestamp {
        let open = self.deliveries.values().filter(|delivery| which(&delivery.message) && delivery.is_open());
        let next = open.map(|delivery| delivery.next_at).min().unwrap_or(now);
        next.clamp(now + SignedDuration::from_secs(1), now + SignedDuration::from_secs(60))
    }

    /// What was answered has settled, one way or the other.
    pub fn answers_are_out(&self) -> bool {
        !self.deliveries.values().any(|delivery| delivery.message.is_reply() && delivery.is_open())
    }

    /// Whether no answer has left and none will: they were taken back before, or certainly not accepted. None while that
    /// isn't certain.
    pub fn was_taken_back(&self) -> Option<bool> {
        let mut answers = self.deliveries.iter().filter(|(_, delivery)| delivery.message.is_reply());
        let perhaps_left = |(name, delivery): (&String, &Delivery)| {
            let given_up = delivery.progress == Progress::Dead && delivery.unknowns > 0;
            self.receipts.contains_key(name) || delivery.progress == Progress::Sent || given_up
        };
        if answers.any(perhaps_left) {
            return Some(false);
        }
        self.answers_are_out().then_some(true)
    }

    /// Everything that goes through Webex and comes before a later step's post has settled.
    pub fn posts_are_out(&self) -> bool {
        !self.deliveries.values().any(|delivery| delivery.message.is_post() && delivery.is_open())
    }

    /// Adds a delivery under the next free number.
    pub fn add(&mut self, delivery: Delivery) -> String {
        let name =
            (0..).map(|number: u32| number.to_string()).find(|name| !self.deliveries.contains_key(name));
        let name = name.unwrap_or_default();
        self.deliveries.insert(name.clone(), delivery);
        name
    }
}

/// The pause before attempt `tries + 1`: 1 s, 2 s, 4 s … at most five minutes.
fn back_off(tries: u32) -> SignedDuration {
    SignedDuration::from_secs(1 << tries.saturating_sub(1).min(9)).min(SignedDuration::from_mins(5))
}
