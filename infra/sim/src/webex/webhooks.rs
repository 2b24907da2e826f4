//! Webhooks, which belong to the token that created them.

use std::collections::VecDeque;

use serde_json::{Value, json};

use super::call::{Answer, Call};
use super::format::{compact, stamp};
use super::refusal::Refusal;
use super::state::{State, Webhook, new_id};

/// Resources of webhooks. Only the first five have events here; `all` means messages, memberships and rooms.
const RESOURCES: [&str; 17] = [
    "all",
    "attachmentActions",
    "memberships",
    "messages",
    "rooms",
    "dataSources",
    "meetings",
    "recordings",
    "convergedRecordings",
    "meetingParticipants",
    "meetingTranscripts",
    "telephony_calls",
    "telephony_conference",
    "telephony_mwi",
    "uc_counters",
    "serviceApp",
    "adminBatchJobs",
];
const EVENTS: [&str; 12] = [
    "all",
    "created",
    "updated",
    "deleted",
    "started",
    "ended",
    "joined",
    "left",
    "migrated",
    "authorized",
    "deauthorized",
    "statusChanged",
];

pub(super) fn create(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let (resource, event) = (call.need("resource")?, call.need("event")?);
    if !RESOURCES.contains(&resource) {
        return Err(Refusal::bad(format!("invalid value for resource: {resource}")));
    }
    if !EVENTS.contains(&event) || resource == "all" && event != "all" {
        return Err(Refusal::bad(format!("invalid value for event: {event}")));
    }
    let filter = call.text("filter")?;
    if let Some(filter) = filter {
        check_filter(state, call, resource, filter)?;
    }
    let webhook = Webhook {
        id: new_id("WEBHOOK"),
        owner: call.caller.clone(),
        name: call.need("name")?.into(),
        target: target(call)?,
        resource: resource.into(),
        event: event.into(),
        filter: filter.map(Into::into),
        secret: call.text("secret")?.map(Into::into),
        owned_by: call.text("ownedBy")?.unwrap_or("creator").into(),
        active: true,
        created: call.now,
        failures: VecDeque::new(),
        disabled: None,
    };
    let answer = describe(&webhook);
    state.webhooks.push(webhook);
    Ok(Answer::One(answer))
}

pub(super) fn list(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let own = state.webhooks.iter().filter(|webhook| webhook.owner == call.caller);
    call.page(own.map(describe).collect(), 100, 1000)
}

pub(super) fn read(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    own(state, call).map(|webhook| Answer::One(describe(webhook)))
}

pub(super) fn update(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let (name, target) = (call.need("name")?.to_owned(), target(call)?);
    let (secret, status) = (call.text("secret")?, call.text("status")?);
    if status.is_some_and(|status| status != "active") {
        return Err(Refusal::bad("'status' can only be set to active."));
    }
    let webhook = own(state, call)?;
    webhook.name = name;
    webhook.target = target;
    webhook.secret = secret.map(Into::into).or(webhook.secret.take());
    if status.is_some() {
        webhook.active = true;
        webhook.failures.clear();
    }
    Ok(Answer::One(describe(webhook)))
}

pub(super) fn delete(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    own(state, call)?;
    state.webhooks.retain(|webhook| webhook.id != call.id);
    Ok(Answer::Done)
}

fn own<'a>(state: &'a mut State, call: &Call) -> Result<&'a mut Webhook, Refusal> {
    let mut found =
        state.webhooks.iter_mut().filter(|webhook| webhook.id == call.id && webhook.owner == call.caller);
    found.next().ok_or_else(|| Refusal::missing("webhook"))
}

fn target(call: &Call) -> Result<String, Refusal> {
    let target = call.need("targetUrl")?;
    let whole = reqwest::Url::parse(target)
        .is_ok_and(|url| url.has_host() && matches!(url.scheme(), "http" | "https"));
    if whole { Ok(target.into()) } else { Err(Refusal::bad("'targetUrl' is not a valid URL.")) }
}

fn check_filter(state: &State, call: &Call, resource: &str, filter: &str) -> Result<(), Refusal> {
    let known: &[&str] = match resource {
        "messages" => &[
            "roomId",
            "roomType",
            "personId",
            "personEmail",
            "mentionedPeople",
            "hasFiles",
            "hasAttachments",
        ],
        "memberships" => &["roomId", "personId", "personEmail", "isModerator"],
        "attachmentActions" => &["messageId", "personId", "roomId"],
        "rooms" => &["type", "isLocked"],
        _ => &[],
    };
    for part in filter.split('&') {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        if !known.contains(&key) {
            return Err(Refusal::bad(format!("invalid filter: {key}")));
        }
        if value.is_empty() || key == "roomId" && state.room_for(value, &call.caller).is_err() {
            return Err(Refusal::bad(format!("invalid value for filter: {key}")));
        }
    }
    Ok(())
}

fn describe(webhook: &Webhook) -> Value {
    compact(json!({
        "id": webhook.id, "name": webhook.name, "targetUrl": webhook.target, "resource": webhook.resource,
        "event": webhook.event, "filter": webhook.filter, "secret": webhook.secret, "ownedBy": webhook.owned_by,
        "status": if webhook.active { "active" } else { "inactive" }, "created": stamp(webhook.created),
        "createdBy": webhook.owner, "orgId": super::people::org(),
    }))
}
