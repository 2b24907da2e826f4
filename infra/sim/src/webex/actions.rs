//! Attachment actions: presses of a card's buttons.

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::format::stamp;
use super::messages::find;
use super::refusal::Refusal;
use super::state::{Event, State, Submit, new_id};

pub(super) fn create(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    if call.need("type")? != "submit" {
        return Err(Refusal::bad("'type' must be submit."));
    }
    let inputs = call.body.get("inputs").filter(|inputs| inputs.is_object());
    let inputs = inputs.ok_or_else(|| Refusal::bad("'inputs' is required."))?.clone();
    let message = find(state, call, call.need("messageId")?)?;
    if message.card.is_none() {
        return Err(Refusal::bad("The message has no card."));
    }
    let submit = Submit {
        id: new_id("ATTACHMENT_ACTION"),
        person: call.caller.clone(),
        room: message.room.clone(),
        message: message.id.clone(),
        inputs,
        created: call.now,
    };
    let answer = describe(&submit);
    let happened = Event {
        resource: "attachmentActions",
        event: "created",
        actor: call.caller.clone(),
        // Only the author of the card is notified, bots even without a mention.
        audience: vec![message.author.clone()],
        bots: None,
        data: json!({
            "id": submit.id, "type": "submit", "messageId": submit.message, "personId": submit.person,
            "roomId": submit.room, "created": stamp(submit.created),
        }),
        traits: Value::Null,
    };
    state.submits.push(submit);
    state.tell(happened);
    Ok(Answer::One(answer))
}

/// Returns an action to the person who pressed the button and to the author of the card.
pub(super) fn read(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let found = state.submits.iter().find(|submit| submit.id == call.id);
    let own =
        |message: &str| state.messages.iter().any(|other| other.id == message && other.author == call.caller);
    let found = found.filter(|submit| submit.person == call.caller || own(&submit.message));
    found.map(|submit| Answer::One(describe(submit))).ok_or_else(|| Refusal::missing("attachment action"))
}

fn describe(submit: &Submit) -> Value {
    json!({
        "id": submit.id, "type": "submit", "messageId": submit.message, "personId": submit.person, "roomId": submit.room,
        "inputs": submit.inputs, "created": stamp(submit.created),
    })
}
