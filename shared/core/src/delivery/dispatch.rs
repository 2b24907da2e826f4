//! The dispatch: a row of the engine, with a body for the job that it belongs to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ConversationEntry, Delivery, DeliveryId, Fact, Lease, Message, Receipt, ReferenceTag, SpaceMessage,
};
use crate::incident::command::TimelineEntry;
use crate::incident::{Incident, Subject, reference};
use crate::occupancy::view::View;
use crate::vendor_id::MessageId;

/// Key of a dispatch in the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DispatchKey {
    /// The subject of the incident or the conversation.
    pub subject: Subject,
    /// Which incident or conversation of the subject.
    pub epoch: u64,
    /// Number of the dispatch within the incident, from 1.
    pub number: u32,
}

/// The deliveries of one decision (an outbox entry).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispatch {
    /// Its key in the table.
    #[serde(flatten)]
    pub key: DispatchKey,
    /// When it was decided.
    pub at: Timestamp,
    /// The dispatch whose posts have to be out before those of this one are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_post: Option<u32>,
    /// How long its posts are retried.
    #[serde(default, skip_serializing_if = "Patience::is_usual")]
    pub patience: Patience,
    /// The part that depends on the job.
    pub body: Body,
    /// The deliveries.
    pub deliveries: BTreeMap<DeliveryId, Delivery>,
    /// Receipts from the vendors, by the same ids. Callbacks write them while a worker may hold the lease, hence the separate
    /// field.
    #[serde(default)]
    pub receipts: BTreeMap<DeliveryId, Receipt>,
    /// Facts that aren't published yet.
    #[serde(default)]
    pub facts: Vec<Fact>,
    /// The lease of the worker that processes it.
    #[serde(flatten)]
    pub lease: Lease,
}

/// How long posts are retried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Patience {
    /// Until the attempts are used up, as for every other delivery.
    #[default]
    Attempts,
    /// For a day, since a customer's words have nowhere else to go.
    Day,
}

impl Patience {
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// The part of a dispatch that depends on the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// The dispatch follows from an event of an incident.
    Incident(OfIncident),
    /// The dispatch follows from a message of a conversation.
    Conversation(OfConversation),
    /// The dispatch is a message outside of any incident. It has no plan and no space, and nothing cancels it.
    Notice,
}

/// The part of an incident's dispatch that only incidents need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfIncident {
    /// The step that the dispatch takes, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u32>,
    /// The timeline entry that the dispatch follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Box<TimelineEntry>>,
    /// The incident as it ended, since the next incident of the subject replaces it in the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Box<Incident>>,
    /// The plan's name.
    pub plan: String,
    /// Hash of the plan as it was then.
    pub plan_hash: String,
    /// Number of presses or reports; for a zone, the number of devices.
    pub count: u64,
    /// When the incident opened. The title of a new space may contain it.
    pub opened_at: Timestamp,
    /// The zone at the time of the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub view: Option<Box<View>>,
    /// True for messages that report an acknowledgement or an end: they are never cancelled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub last_word: bool,
}

/// The part of a conversation's dispatch that only conversations need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfConversation {
    /// When the conversation opened.
    pub opened_at: Timestamp,
    /// The dispatch whose replies to the customer have to be out before those of this one are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_reply: Option<u32>,
    /// The dispatch whose replies those of this one replace. They are sent only if the old ones were withdrawn in time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u32>,
    /// The Webex message under which its posts appear.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<MessageId>,
    /// The conversation entry that the dispatch follows from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Box<ConversationEntry>>,
}

impl OfIncident {
    /// Creates the body of a dispatch that takes no step.
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
    /// Creates the body of a dispatch without a conversation entry.
    pub fn new(opened_at: Timestamp) -> Self {
        Self { opened_at, previous_reply: None, replaces: None, thread: None, entry: None }
    }
}

impl Dispatch {
    /// Creates a dispatch without deliveries.
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

    /// Returns the incident's part of the body.
    pub fn of_incident(&self) -> Option<&OfIncident> {
        match &self.body {
            Body::Incident(of) => Some(of),
            Body::Conversation(_) | Body::Notice => None,
        }
    }

    /// Returns the conversation's part of the body.
    pub fn of_conversation(&self) -> Option<&OfConversation> {
        match &self.body {
            Body::Conversation(of) => Some(of),
            Body::Incident(_) | Body::Notice => None,
        }
    }

    /// Changes the incident's part of the body, if there is one.
    pub fn in_incident(&mut self, change: impl FnOnce(&mut OfIncident)) {
        match &mut self.body {
            Body::Incident(of) => change(of),
            Body::Conversation(_) | Body::Notice => {}
        }
    }

    /// Changes the conversation's part of the body, if there is one.
    pub fn in_conversation(&mut self, change: impl FnOnce(&mut OfConversation)) {
        match &mut self.body {
            Body::Conversation(of) => change(of),
            Body::Incident(_) | Body::Notice => {}
        }
    }

    /// Returns the step that the dispatch takes, if any.
    pub fn step(&self) -> Option<u32> {
        self.of_incident()?.step
    }

    /// Returns the timeline entry that the dispatch follows from.
    pub fn timeline_entry(&self) -> Option<&TimelineEntry> {
        self.of_incident()?.entry.as_deref()
    }

    /// Returns the conversation entry that the dispatch follows from.
    pub fn conversation_entry(&self) -> Option<&ConversationEntry> {
        self.of_conversation()?.entry.as_deref()
    }

    /// Returns the zone at the time of the decision.
    pub fn view(&self) -> Option<&View> {
        self.of_incident()?.view.as_deref()
    }

    /// Returns true if the dispatch reports an acknowledgement or an end, so that it is never cancelled.
    pub fn is_last_word(&self) -> bool {
        self.of_incident().is_some_and(|of| of.last_word)
    }

    /// Returns the reference tag of a delivery: `H-7K3Q.2.1`. The message contains it, so that people and Handbell find the message
    /// again.
    pub fn reference_tag(&self, id: DeliveryId) -> String {
        let reference = reference(&self.key.subject, self.key.epoch);
        ReferenceTag { reference, dispatch: self.key.number, delivery: id }.to_string()
    }

    /// Adds a delivery under the next number, and returns its id.
    pub fn add(&mut self, delivery: Delivery) -> DeliveryId {
        let last = self.deliveries.keys().rev().find_map(|id| match id {
            DeliveryId::Numbered(number) => Some(*number),
            DeliveryId::Summary => None,
        });
        let id = DeliveryId::Numbered(last.map_or(0, |last| last + 1));
        self.deliveries.insert(id, delivery);
        id
    }

    /// Adds the delivery summary, unless there is one.
    pub fn add_summary(&mut self, now: Timestamp) {
        self.deliveries
            .entry(DeliveryId::Summary)
            .or_insert_with(|| Delivery::new(Message::Space(SpaceMessage::DeliverySummary), now));
    }
}
