//! State of the simulated Webex, and queries that several endpoints share.

use std::collections::VecDeque;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::format::{compact, stamp};
use super::person::Person;
use super::refusal::Refusal;
use super::withheld::Withheld;

pub(super) struct Room {
    pub(super) id: String,
    pub(super) title: String,
    pub(super) direct: bool,
    pub(super) locked: bool,
    pub(super) announcement: bool,
    pub(super) read_only: bool,
    pub(super) public: bool,
    pub(super) description: Option<String>,
    pub(super) classification: Option<String>,
    pub(super) team: Option<String>,
    pub(super) creator: String,
    pub(super) created: Timestamp,
    pub(super) active: Timestamp,
}

pub(super) struct Membership {
    pub(super) id: String,
    pub(super) room: String,
    pub(super) person: String,
    pub(super) moderator: bool,
    pub(super) hidden: bool,
    pub(super) created: Timestamp,
}

pub(super) struct Message {
    pub(super) id: String,
    /// Unique number, counted from 1: the cursor of lists, which survives deletions.
    pub(super) number: u64,
    pub(super) room: String,
    pub(super) author: String,
    pub(super) parent: Option<String>,
    pub(super) text: String,
    pub(super) markdown: Option<String>,
    pub(super) html: Option<String>,
    pub(super) file: Option<Arc<File>>,
    pub(super) card: Option<Value>,
    pub(super) people: Vec<String>,
    pub(super) everybody: bool,
    pub(super) created: Timestamp,
    pub(super) updated: Option<Timestamp>,
    pub(super) edits: usize,
}

#[derive(Debug)]
pub(super) struct File {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) bytes: Bytes,
}

pub(super) struct Webhook {
    pub(super) id: String,
    pub(super) owner: String,
    pub(super) name: String,
    pub(super) target: String,
    pub(super) resource: String,
    pub(super) event: String,
    pub(super) filter: Option<String>,
    pub(super) secret: Option<String>,
    pub(super) owned_by: String,
    pub(super) active: bool,
    pub(super) created: Timestamp,
    /// Times of the failures in the last five minutes.
    pub(super) failures: VecDeque<Timestamp>,
    pub(super) disabled: Option<Timestamp>,
}

pub(super) struct Submit {
    pub(super) id: String,
    pub(super) person: String,
    pub(super) room: String,
    pub(super) message: String,
    pub(super) inputs: Value,
    pub(super) created: Timestamp,
}

pub(super) struct Team {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    /// General room of the team, with all of its members.
    pub(super) general: String,
    pub(super) created: Timestamp,
}

pub(super) struct Teammate {
    pub(super) id: String,
    pub(super) team: String,
    pub(super) person: String,
    pub(super) moderator: bool,
    pub(super) created: Timestamp,
}

/// An event for webhooks.
pub(super) struct Event {
    pub(super) resource: &'static str,
    pub(super) event: &'static str,
    pub(super) actor: String,
    /// People who may be notified.
    pub(super) audience: Vec<String>,
    /// Bots of the audience that may be notified; `None` means all.
    pub(super) bots: Option<Vec<String>>,
    pub(super) data: Value,
    /// Properties for filters that `data` doesn't contain.
    pub(super) traits: Value,
}

/// The whole state, behind one lock.
pub(super) struct State {
    pub(super) me: String,
    pub(super) began: Timestamp,
    pub(super) people: Vec<Person>,
    pub(super) rooms: Vec<Room>,
    pub(super) memberships: Vec<Membership>,
    pub(super) messages: Vec<Message>,
    pub(super) webhooks: Vec<Webhook>,
    pub(super) submits: Vec<Submit>,
    pub(super) teams: Vec<Team>,
    pub(super) teammates: Vec<Teammate>,
    pub(super) numbered: u64,
    /// Why files are withheld at the moment.
    pub(super) withheld: Option<Withheld>,
    pub(super) events: Vec<Event>,
}

/// Creates an opaque id like Webex's.
pub(super) fn new_id(kind: &str) -> String {
    id_of(kind, Uuid::new_v4())
}

pub(super) fn id_of(kind: &str, uuid: Uuid) -> String {
    STANDARD_NO_PAD.encode(format!("ciscospark://us/{kind}/{uuid}"))
}

impl State {
    pub(super) fn new(bot: bool, now: Timestamp) -> Self {
        let mut state = Self {
            me: String::new(),
            began: now,
            people: Vec::new(),
            rooms: Vec::new(),
            memberships: Vec::new(),
            messages: Vec::new(),
            webhooks: Vec::new(),
            submits: Vec::new(),
            teams: Vec::new(),
            teammates: Vec::new(),
            numbered: 0,
            withheld: None,
            events: Vec::new(),
        };
        state.me = state.enrol_handbell(bot);
        state
    }

    /// Returns the room if it exists and the caller is a member.
    pub(super) fn room_for(&self, id: &str, caller: &str) -> Result<&Room, Refusal> {
        self.rooms
            .iter()
            .find(|room| room.id == id)
            .filter(|room| self.member(&room.id, caller).is_some())
            .ok_or_else(|| Refusal::missing("room"))
    }

    pub(super) fn room_mut(&mut self, id: &str) -> Result<&mut Room, Refusal> {
        self.rooms.iter_mut().find(|room| room.id == id).ok_or_else(|| Refusal::missing("room"))
    }

    pub(super) fn member(&self, room: &str, person: &str) -> Option<&Membership> {
        self.memberships.iter().find(|membership| membership.room == room && membership.person == person)
    }

    pub(super) fn moderates(&self, room: &str, person: &str) -> bool {
        self.member(room, person).is_some_and(|membership| membership.moderator)
    }

    pub(super) fn members(&self, room: &str) -> Vec<String> {
        self.memberships.iter().filter(|m| m.room == room).map(|m| m.person.clone()).collect()
    }

    /// Checks that the caller may change the room: only moderators may change a locked room.
    pub(super) fn may_manage(&self, room: &Room, caller: &str) -> Result<(), Refusal> {
        if room.locked && !self.moderates(&room.id, caller) {
            return Err(Refusal::forbidden("The room is locked; only a moderator can do this."));
        }
        Ok(())
    }

    /// Adds a person to a room.
    pub(super) fn join(
        &mut self,
        room: &str,
        person: &str,
        moderator: bool,
        actor: &str,
        now: Timestamp,
    ) -> String {
        let id = new_id("MEMBERSHIP");
        self.memberships.push(Membership {
            id: id.clone(),
            room: room.into(),
            person: person.into(),
            moderator,
            hidden: false,
            created: now,
        });
        self.tell_membership("created", &id, actor);
        id
    }

    /// Removes a person from a room. The person is notified, too.
    pub(super) fn part(&mut self, membership: &str, actor: &str) {
        self.tell_membership("deleted", membership, actor);
        self.memberships.retain(|other| other.id != membership);
    }

    /// Deletes a room with its contents.
    pub(super) fn end_room(&mut self, id: &str, actor: &str) {
        self.tell_room("deleted", id, actor);
        self.rooms.retain(|room| room.id != id);
        self.memberships.retain(|membership| membership.room != id);
        self.messages.retain(|message| message.room != id);
        self.submits.retain(|submit| submit.room != id);
    }

    /// Stores an event for the webhooks.
    pub(super) fn tell(&mut self, event: Event) {
        self.events.push(event);
    }

    pub(super) fn tell_membership(&mut self, event: &'static str, id: &str, actor: &str) {
        let Some(membership) = self.memberships.iter().find(|membership| membership.id == id) else { return };
        let data = self.membership_json(membership);
        let audience = self.members(&membership.room);
        let actor = actor.to_owned();
        self.tell(Event {
            resource: "memberships",
            event,
            actor,
            audience,
            bots: None,
            data,
            traits: Value::Null,
        });
    }

    pub(super) fn tell_room(&mut self, event: &'static str, id: &str, actor: &str) {
        let Some(room) = self.rooms.iter().find(|room| room.id == id) else { return };
        let mut data = self.room_json(room, actor);
        if let Value::Object(data) = &mut data {
            data.remove("title"); // like texts, titles are encrypted, so webhooks don't contain them
        }
        let audience = self.members(id);
        let actor = actor.to_owned();
        self.tell(Event { resource: "rooms", event, actor, audience, bots: None, data, traits: Value::Null });
    }

    pub(super) fn room_type(&self, room: &str) -> &'static str {
        if self.rooms.iter().any(|other| other.id == room && other.direct) { "direct" } else { "group" }
    }

    /// Describes a room for the viewer. A direct room has the other person's name.
    pub(super) fn room_json(&self, room: &Room, viewer: &str) -> Value {
        let other = self.memberships.iter().find(|m| room.direct && m.room == room.id && m.person != viewer);
        let title = other.map_or(room.title.as_str(), |other| self.card_of(&other.person).1);
        compact(json!({
            "id": room.id, "title": title, "type": if room.direct { "direct" } else { "group" },
            "isLocked": room.locked, "isAnnouncementOnly": room.announcement, "isReadOnly": room.read_only,
            "isPublic": room.public, "madePublic": room.public.then(|| stamp(room.created)),
            "description": room.description, "classificationId": room.classification, "teamId": room.team,
            "creatorId": room.creator, "ownerId": self.org_of(&room.creator),
            "created": stamp(room.created), "lastActivity": stamp(room.active),
        }))
    }

    pub(super) fn membership_json(&self, membership: &Membership) -> Value {
        let (email, name) = self.card_of(&membership.person);
        json!({
            "id": membership.id, "roomId": membership.room, "roomType": self.room_type(&membership.room),
            "personId": membership.person, "personEmail": email, "personDisplayName": name,
            "personOrgId": self.org_of(&membership.person),
            "isModerator": membership.moderator, "isRoomHidden": membership.hidden, "isMonitor": false,
            "created": stamp(membership.created),
        })
    }
}

pub(super) fn app() -> String {
    STANDARD_NO_PAD.encode(
        "ciscospark://us/APPLICATION/C279cb30c029180bb4bdaeb061b7965cda39b60297c8503f266abf66c999ec1f",
    )
}
