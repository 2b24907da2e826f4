//! Messages with text, Markdown, a file or a card. In a group room, a bot sees only messages that mention it.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::format::{compact, stamp};
use super::markdown::{Rendered, render};
use super::refusal::Refusal;
use super::state::{Event, File, Message, Room, State, new_id};

/// Limit of a text or a Markdown, in bytes.
const MAX_TEXT: usize = 7439;
/// Limit of a card, in bytes of JSON.
const MAX_CARD: usize = 80 * 1024;
/// Limit of edits of a message.
const MAX_EDITS: usize = 10;
const CARD: &str = "application/vnd.microsoft.card.adaptive";

pub(super) fn create(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let (text, markdown) = words(call)?;
    let card = card(call)?;
    if text.is_none() && markdown.is_none() {
        if card.is_some() {
            return Err(Refusal::bad("A card needs text or markdown for those who cannot see it."));
        }
        if call.upload.is_none() {
            return Err(Refusal::bad("One of text, markdown, files or attachments is required."));
        }
    }
    if card.is_some() && call.upload.is_some() {
        return Err(Refusal::bad("A message has files or attachments, not both."));
    }
    let room = destination(state, call)?;
    let parent = call.text("parentId")?;
    if let Some(parent) = parent {
        let found = state.messages.iter().find(|message| message.id == parent && message.room == room);
        if found.ok_or_else(|| Refusal::missing("parent message"))?.parent.is_some() {
            return Err(Refusal::bad("'parentId' must be the first message of the thread."));
        }
    }
    let said = say(state, &room, text, markdown);
    // Creation times follow the order of the list, even for simultaneous messages.
    let created = state.messages.last().map_or(call.now, |last| last.created.max(call.now));
    state.numbered += 1;
    let id = new_id("MESSAGE");
    state.messages.push(Message {
        id: id.clone(),
        number: state.numbered,
        room: room.clone(),
        author: call.caller.clone(),
        parent: parent.map(Into::into),
        text: said.text,
        markdown: markdown.map(Into::into),
        html: markdown.map(|_| said.html),
        file: call.upload.as_ref().map(|upload| {
            let (name, kind, bytes) = (upload.name.clone(), upload.kind.clone(), upload.bytes.clone());
            Arc::new(File { id: new_id("CONTENT"), name, kind, bytes })
        }),
        card,
        people: said.people,
        everybody: said.everybody,
        created,
        updated: None,
        edits: 0,
    });
    state.room_mut(&room)?.active = created;
    tell(state, "created", &id, &call.caller);
    one(state, call, &id)
}

pub(super) fn list(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let room = state
        .room_for(call.asked("roomId").ok_or_else(|| Refusal::bad("'roomId' is required."))?, &call.caller)?;
    let mentioned =
        call.asked("mentionedPeople").map(|who| if who == "me" { call.caller.as_str() } else { who });
    if call.bot && !room.direct && mentioned != Some(call.caller.as_str()) {
        return Err(Refusal::forbidden(
            "A bot can list only messages that mention it; use mentionedPeople=me.",
        ));
    }
    history(state, call, &room.id, mentioned)
}

pub(super) fn direct(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let other = state.named(call, call.asked("personId"), call.asked("personEmail"))?;
    let room = direct_room(state, &call.caller, &other).ok_or_else(|| Refusal::missing("direct room"))?;
    history(state, call, &room, None)
}

pub(super) fn read(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    one(state, call, &call.id)
}

pub(super) fn update(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let (text, markdown) = words(call)?;
    let message = find(state, call, &call.id)?;
    if call.need("roomId")? != message.room {
        return Err(Refusal::bad("'roomId' is not the room of the message."));
    }
    if message.author != call.caller {
        return Err(Refusal::forbidden("Only the author can edit a message."));
    }
    if message.file.is_some() || message.card.is_some() {
        return Err(Refusal::bad("A message with files or attachments cannot be edited."));
    }
    if message.edits >= MAX_EDITS {
        return Err(Refusal::bad(format!("A message can be edited {MAX_EDITS} times.")));
    }
    if text.is_none() && markdown.is_none() {
        return Err(Refusal::bad("'text' or 'markdown' is required."));
    }
    may_post(state, state.room_for(&message.room, &call.caller)?, &call.caller)?;
    let said = say(state, &message.room, text, markdown);
    for message in state.messages.iter_mut().filter(|message| message.id == call.id) {
        message.text.clone_from(&said.text);
        message.markdown = markdown.map(Into::into);
        message.html = markdown.map(|_| said.html.clone());
        message.people.clone_from(&said.people);
        message.everybody = said.everybody;
        message.updated = Some(call.now);
        message.edits += 1;
    }
    tell(state, "updated", &call.id, &call.caller);
    one(state, call, &call.id)
}

pub(super) fn delete(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let message = find(state, call, &call.id)?;
    if message.author != call.caller && !state.moderates(&message.room, &call.caller) {
        return Err(Refusal::forbidden("Only the author or a moderator can delete a message."));
    }
    tell(state, "deleted", &call.id, &call.caller);
    state.messages.retain(|message| message.id != call.id);
    Ok(Answer::Done)
}

/// Returns the message if the caller may see it.
pub(super) fn find<'a>(state: &'a State, call: &Call, id: &str) -> Result<&'a Message, Refusal> {
    let found = state.messages.iter().find(|message| message.id == id);
    found.filter(|message| sees(state, call, message)).ok_or_else(|| Refusal::missing("message"))
}

pub(super) fn sees(state: &State, call: &Call, message: &Message) -> bool {
    let hears = !call.bot || state.room_type(&message.room) == "direct";
    state.member(&message.room, &call.caller).is_some()
        && (hears || message.author == call.caller || message.people.contains(&call.caller))
}

fn one(state: &State, call: &Call, id: &str) -> Result<Answer, Refusal> {
    Ok(Answer::One(describe(state, call, find(state, call, id)?)))
}

fn history(state: &State, call: &Call, room: &str, mentioned: Option<&str>) -> Result<Answer, Refusal> {
    let max = call.max(50, if mentioned.is_some() { 100 } else { 1000 })?;
    let before = match call.asked("before") {
        None => None,
        Some(at) => {
            Some(at.parse::<Timestamp>().map_err(|_| Refusal::bad("'before' is not a date and time."))?)
        }
    };
    // The page begins below the requested message or the previous page, whichever is older.
    let mut below = match call.asked("cursor") {
        None => u64::MAX,
        Some(cursor) => cursor.parse().map_err(|_| Refusal::bad("'cursor' is not valid."))?,
    };
    if let Some(id) = call.asked("beforeMessage") {
        let found = state.messages.iter().find(|message| message.id == id && message.room == room);
        below = below.min(found.ok_or_else(|| Refusal::missing("message"))?.number);
    }
    let mut found = state.messages.iter().rev().filter(|message| {
        message.room == room
            && message.number < below
            && before.is_none_or(|before| message.created < before)
            && mentioned.is_none_or(|who| message.people.iter().any(|person| person == who))
            && call.asked("parentId").is_none_or(|parent| message.parent.as_deref() == Some(parent))
    });
    let page: Vec<&Message> = found.by_ref().take(max).collect();
    let next = page.last().filter(|_| found.next().is_some()).map(|last| call.next(last.number));
    Ok(Answer::Page(page.into_iter().map(|message| describe(state, call, message)).collect(), next))
}

/// Returns the room of a new message. The first message creates a direct room.
fn destination(state: &mut State, call: &Call) -> Result<String, Refusal> {
    let (room, id, email) = (call.text("roomId")?, call.text("toPersonId")?, call.text("toPersonEmail")?);
    if [room, id, email].iter().flatten().count() != 1 {
        return Err(Refusal::bad("Exactly one of roomId, toPersonId and toPersonEmail is required."));
    }
    if let Some(room) = room {
        let room = state.room_for(room, &call.caller)?;
        may_post(state, room, &call.caller)?;
        return Ok(room.id.clone());
    }
    let other = state.named(call, id, email)?;
    if other == call.caller {
        return Err(Refusal::bad("Nobody can write to themselves."));
    }
    if let Some(room) = direct_room(state, &call.caller, &other) {
        return Ok(room);
    }
    let room = new_id("ROOM");
    state.rooms.push(Room {
        id: room.clone(),
        title: state.card_of(&other).1.into(),
        direct: true,
        locked: false,
        announcement: false,
        read_only: false,
        public: false,
        description: None,
        classification: None,
        team: None,
        creator: call.caller.clone(),
        created: call.now,
        active: call.now,
    });
    state.join(&room, &call.caller, false, &call.caller, call.now);
    state.join(&room, &other, false, &call.caller, call.now);
    state.tell_room("created", &room, &call.caller);
    Ok(room)
}

fn direct_room(state: &State, one: &str, other: &str) -> Option<String> {
    let both = |room: &Room| state.member(&room.id, one).is_some() && state.member(&room.id, other).is_some();
    state.rooms.iter().find(|room| room.direct && one != other && both(room)).map(|room| room.id.clone())
}

fn may_post(state: &State, room: &Room, caller: &str) -> Result<(), Refusal> {
    if room.read_only {
        return Err(Refusal::forbidden("The room is read-only."));
    }
    if room.announcement && !state.moderates(&room.id, caller) {
        return Err(Refusal::forbidden("Only moderators can post in announcement mode."));
    }
    Ok(())
}

fn words(call: &Call) -> Result<(Option<&str>, Option<&str>), Refusal> {
    let (text, markdown) = (call.text("text")?, call.text("markdown")?);
    for (key, words) in [("text", text), ("markdown", markdown)] {
        if words.is_some_and(|words| words.len() > MAX_TEXT) {
            return Err(Refusal::bad(format!("'{key}' is longer than {MAX_TEXT} bytes.")));
        }
    }
    Ok((text, markdown))
}

fn say(state: &State, room: &str, text: Option<&str>, markdown: Option<&str>) -> Rendered {
    let Some(markdown) = markdown else {
        return Rendered { text: text.unwrap_or_default().into(), ..Rendered::default() };
    };
    let mut said = render(markdown, |key, value| {
        let person = state.people.iter().find(|person| match key {
            "personEmail" => person.email.eq_ignore_ascii_case(value),
            "personId" => person.id == value,
            _ => false,
        })?;
        state.member(room, &person.id).map(|_| (person.id.clone(), person.name.clone()))
    });
    if let Some(text) = text {
        said.text = text.into();
    }
    said
}

/// Returns the card of the message, with its envelope.
fn card(call: &Call) -> Result<Option<Value>, Refusal> {
    let [card] = call.array("attachments")? else {
        return if call.array("attachments")?.is_empty() {
            Ok(None)
        } else {
            Err(Refusal::bad("Only one attachment is allowed."))
        };
    };
    if card["contentType"] != CARD || card["content"]["type"] != "AdaptiveCard" {
        return Err(Refusal::bad("The attachment must be an adaptive card."));
    }
    let version = card["content"]["version"].as_str().and_then(|version| version.split_once('.'));
    if !matches!(version, Some(("1", minor)) if minor.parse::<u8>().is_ok_and(|minor| minor <= 3)) {
        return Err(Refusal::bad("The version of the card must be 1.3 or less."));
    }
    if card.to_string().len() > MAX_CARD {
        return Err(Refusal::bad("The card is too large."));
    }
    Ok(Some(card.clone()))
}

fn describe(state: &State, call: &Call, message: &Message) -> Value {
    let origin = call.url.split(super::BASE).next().unwrap_or_default();
    compact(json!({
        "id": message.id, "roomId": message.room, "roomType": state.room_type(&message.room), "parentId": message.parent,
        "personId": message.author, "personEmail": state.card_of(&message.author).0,
        "text": Some(&message.text).filter(|text| !text.is_empty()), "markdown": message.markdown, "html": message.html,
        "files": message.file.as_ref().map(|file| [format!("{origin}{}/contents/{}", super::BASE, file.id)]),
        "attachments": message.card.as_ref().map(|card| [card]),
        "mentionedPeople": Some(&message.people).filter(|people| !people.is_empty()),
        "mentionedGroups": message.everybody.then_some(["all"]),
        "created": stamp(message.created), "updated": message.updated.map(stamp),
    }))
}

/// Creates the event of a message. Webhooks contain no text: the receiver fetches the message.
fn tell(state: &mut State, event: &'static str, id: &str, actor: &str) {
    let Some(message) = state.messages.iter().find(|message| message.id == id) else { return };
    let kind = state.room_type(&message.room);
    let mut hear = message.people.clone();
    hear.push(message.author.clone());
    // The event of a deleted message contains hardly more than its id.
    let there = event != "deleted";
    let happened = Event {
        resource: "messages",
        event,
        actor: actor.into(),
        audience: state.members(&message.room),
        bots: (kind == "group").then_some(hear),
        data: compact(json!({
            "id": message.id, "roomId": message.room, "roomType": kind, "personId": message.author,
            "personEmail": state.card_of(&message.author).0, "created": stamp(message.created),
            "parentId": message.parent.as_ref().filter(|_| there),
            "mentionedPeople": Some(&message.people).filter(|people| there && !people.is_empty()),
            "updated": message.updated.filter(|_| there).map(stamp),
        })),
        traits: json!({
            "hasFiles": message.file.is_some(), "hasAttachments": message.card.is_some(),
            "mentionedPeople": message.people,
        }),
    };
    state.tell(happened);
}
