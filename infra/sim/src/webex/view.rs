//! The page's view: every space with its people and its messages.

use serde_json::{Value, json};

use super::state::{Message, Room, State};

pub(super) fn spaces(state: &State) -> Value {
    state.rooms.iter().map(|room| space(state, room)).collect()
}

fn space(state: &State, room: &Room) -> Value {
    let people: Vec<Value> = state
        .memberships
        .iter()
        .filter(|membership| membership.room == room.id)
        .map(|membership| {
            let (email, name) = state.card_of(&membership.person);
            let person = state.person(&membership.person);
            json!({
                "email": email, "name": name, "moderator": membership.moderator,
                "status": person.map(|person| person.status),
                "lastActivity": person.map(|person| person.activity),
            })
        })
        .collect();
    let messages: Vec<Value> = state
        .messages
        .iter()
        .filter(|message| message.room == room.id)
        .map(|message| said(state, message))
        .collect();
    json!({"id": room.id, "title": room.title, "people": people, "messages": messages})
}

fn said(state: &State, message: &Message) -> Value {
    let (email, name) = state.card_of(&message.author);
    let files: Vec<Value> = message
        .file
        .iter()
        .map(|file| {
            let url = format!("/sim/webex/files/{}", file.id);
            json!({"name": file.name, "url": url, "type": file.kind, "size": file.bytes.len()})
        })
        .collect();
    let mentions: Vec<&str> = message.people.iter().map(|person| state.card_of(person).0).collect();
    let everybody = message.everybody.then_some("all");
    let mentioned: Vec<&str> = mentions.iter().copied().chain(everybody).collect();
    json!({
        "id": message.id, "author": email, "authorName": name, "markdown": message.markdown, "text": message.text,
        "parentId": message.parent, "files": files, "card": message.card.as_ref().map(|card| &card["content"]),
        "mentions": mentions, "created": message.created, "edited": message.updated,
        "html": message.html, "mentioned": mentioned, "updated": message.updated,
    })
}
