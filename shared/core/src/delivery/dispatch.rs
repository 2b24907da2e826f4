//! The dispatch: the engine's row, with the body of the job that it belongs to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ConversationEntry, Delivery, Fact, Lease, Receipt};
use crate::incident::command::TimelineEntry;
use crate::incident::{Incident, Subject, reference};
use crate::occupancy::view::View;

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

/// The deliveries of one decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// Where it lies.
    #[serde(flatten)]
    pub key: DispatchKey,
    /// When it was decided.
    pub at: Timestamp,
    /// Its posts wait until the posts of this dispatch are out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_post: Option<u32>,
    /// How long its posts are tried.
    #[serde(default)]
    pub patience: Patience,
    /// What belongs to the job.
    pub body: Body,
    /// The deliveries, by a name that never changes: `0`, `1` … and `r` for the delivery summary.
    pub deliveries: BTreeMap<String, Delivery>,
    /// What the vendors told us, by the same names. Written by callbacks while a lease may be held, hence apart.
    #[serde(default)]
    pub receipts: BTreeMap<String, Receipt>,
    /// Facts not yet published.
    #[serde(default)]
    pub facts: Vec<Fact>,
    /// Which worker has it.
    #[serde(flatten)]
    pub lease: Lease,
}

/// How long posts are tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Patience {
    /// Until the attempts are used up, like everything else.
    #[default]
    Attempts,
    /// For a day: a customer's words have nowhere else to go.
    Day,
}

/// What a dispatch carries for one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// It follows from what happened in an incident.
    Incident(OfIncident),
    /// It follows from what was said in a conversation.
    Conversation(OfConversation),
    /// Something that Handbell says outside of any incident: it has no plan and no space, and nothing cancels it.
    Notice,
}

/// What the dispatch of an incident carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfIncident {
    /// The step that it takes, if it takes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// The timeline's entry that it follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Box<TimelineEntry>>,
    /// The incident as it ended: the next one of its subject takes its place in the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Box<Incident>>,
    /// The plan's name.
    pub plan: String,
    /// The plan as it stood.
    pub plan_hash: String,
    /// How often the button had been pressed; how many devices there were.
    pub count: u64,
    /// When the incident opened; part of a new space's title.
    pub opened_at: Timestamp,
    /// The zone as it was when this was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<Box<View>>,
    /// True for what an acknowledgement or an end itself says: it is never cancelled.
    #[serde(default)]
    pub last_word: bool,
}

/// What the dispatch of a conversation carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfConversation {
    /// When the conversation opened.
    pub opened_at: Timestamp,
    /// Its replies to the customer wait until the replies of this dispatch are out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_reply: Option<u32>,
    /// Its replies take the place of this dispatch's, and leave only if those were taken back in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u32>,
    /// What it posts stands under this message of Webex's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// What was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Box<ConversationEntry>>,
}

impl OfIncident {
    /// The body of a dispatch that takes no step.
    pub fn new(plan: &str, plan_hash: &str, opened_at: Timestamp) -> Self {
        Self {
            step: None,
            entry: None,
            ended: None,
            plan: plan.to_owned(),
            plan_hash: plan_hash.to_owned(),
            count: 0,
            opened_at,
            view: None,
            last_word: false,
        }
    }
}

impl OfConversation {
    /// The body of a dispatch in which nothing was said yet.
    pub fn new(opened_at: Timestamp) -> Self {
        Self { opened_at, previous_reply: None, replaces: None, thread: None, entry: None }
    }
}

impl Dispatch {
    /// A dispatch without deliveries.
    pub fn new(key: DispatchKey, body: Body, now: Timestamp) -> Self {
        Self {
            key,
            at: now,
            previous_post: None,
            patience: Patience::default(),
            body,
            deliveries: BTreeMap::new(),
            receipts: BTreeMap::new(),
            facts: Vec::new(),
            lease: Lease::default(),
        }
    }

    /// What it carries for an incident.
    pub fn of_incident(&self) -> Option<&OfIncident> {
        match &self.body {
            Body::Incident(of) => Some(of),
            Body::Conversation(_) | Body::Notice => None,
        }
    }

    /// What it carries for a conversation.
    pub fn of_conversation(&self) -> Option<&OfConversation> {
        match &self.body {
            Body::Conversation(of) => Some(of),
            Body::Incident(_) | Body::Notice => None,
        }
    }

    /// Changes what it carries for an incident.
    pub fn in_incident(&mut self, change: impl FnOnce(&mut OfIncident)) {
        match &mut self.body {
            Body::Incident(of) => change(of),
            Body::Conversation(_) | Body::Notice => {}
        }
    }

    /// Changes what it carries for a conversation.
    pub fn in_conversation(&mut self, change: impl FnOnce(&mut OfConversation)) {
        match &mut self.body {
            Body::Conversation(of) => change(of),
            Body::Incident(_) | Body::Notice => {}
        }
    }

    /// The step that it takes, if it takes one.
    pub fn step(&self) -> Option<u32> {
        self.of_incident()?.step
    }

    /// The timeline's entry that it follows from.
    pub fn timeline_entry(&self) -> Option<&TimelineEntry> {
        self.of_incident()?.entry.as_deref()
    }

    /// What was said in the conversation.
    pub fn conversation_entry(&self) -> Option<&ConversationEntry> {
        self.of_conversation()?.entry.as_deref()
    }

    /// The zone as it was when this was decided.
    pub fn view(&self) -> Option<&View> {
        self.of_incident()?.view.as_deref()
    }

    /// What an acknowledgement or an end itself says: it is never cancelled.
    pub fn is_last_word(&self) -> bool {
        self.of_incident().is_some_and(|of| of.last_word)
    }

    /// The reference tag of a delivery: `H-7K3Q.2.1`. It stands in the message, so that people and we find it again.
    pub fn reference_tag(&self, name: &str) -> String {
        format!("{}.{}.{name}", reference(&self.key.subject, self.key.epoch), self.key.number)
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
