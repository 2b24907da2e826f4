//! Deliveries: each event goes to the permitted webhooks, signed, once, and in no particular order.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha1::Sha1;

use super::Webex;
use super::format::{compact, cut, stamp};
use super::gate::entry;
use super::people::org;
use super::state::{Event, State, Webhook};

/// Time-out of a webhook.
const DEADLINE: Duration = Duration::from_secs(10);
/// Number of failures within [`WINDOW`] after which Webex disables a webhook.
const FAILURES: usize = 100;
const WINDOW: SignedDuration = SignedDuration::from_mins(5);

/// A request to make.
pub(super) struct Delivery {
    webhook: String,
    target: String,
    body: String,
    signature: Option<String>,
}

impl State {
    /// Turns the pending events into deliveries.
    pub(super) fn deliveries(&mut self) -> Vec<Delivery> {
        let events = std::mem::take(&mut self.events);
        let pairs = events.iter().flat_map(|event| self.webhooks.iter().map(move |webhook| (event, webhook)));
        pairs
            .filter(|(event, webhook)| self.hears(webhook, event))
            .map(|(event, webhook)| delivery(webhook, event))
            .collect()
    }

    fn hears(&self, webhook: &Webhook, event: &Event) -> bool {
        let bot = self.person(&webhook.owner).is_some_and(|owner| owner.bot);
        // The firehose consists of messages, memberships and rooms. Cards need a webhook of their own.
        let resource = webhook.resource == event.resource
            || webhook.resource == "all" && event.resource != "attachmentActions";
        webhook.active
            && resource
            && (webhook.event == event.event || webhook.event == "all")
            && event.audience.contains(&webhook.owner)
            && (!bot || event.bots.as_ref().is_none_or(|bots| bots.contains(&webhook.owner)))
            && webhook
                .filter
                .iter()
                .flat_map(|filter| filter.split('&'))
                .all(|part| matches(part, webhook, event))
    }

    /// Disables webhooks as if they had failed too often: all of them, or those of one resource.
    pub(super) fn switch_off(&mut self, resource: Option<&str>, now: jiff::Timestamp) {
        let struck = |webhook: &&mut Webhook| {
            webhook.active && resource.is_none_or(|resource| webhook.resource == resource)
        };
        for webhook in self.webhooks.iter_mut().filter(struck) {
            webhook.active = false;
            webhook.disabled = Some(now);
        }
    }

    /// Counts a failed delivery.
    fn failed(&mut self, id: &str, now: jiff::Timestamp) {
        let Some(webhook) = self.webhooks.iter_mut().find(|webhook| webhook.id == id && webhook.active)
        else {
            return;
        };
        webhook.failures.push_back(now);
        webhook.failures.retain(|at| now.duration_since(*at) <= WINDOW);
        let relapse = webhook.disabled.is_some_and(|at| now.duration_since(at) <= WINDOW);
        if relapse || webhook.failures.len() >= FAILURES {
            webhook.active = false;
            webhook.disabled = Some(now);
        }
    }
}

impl Webex {
    /// Makes the request and counts it if it fails.
    pub(super) async fn deliver(self, delivery: Delivery) {
        let stage = &self.0.stage;
        let (at, begun) = (stage.clock.now(), tokio::time::Instant::now());
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(
            delivery.signature.iter().map(|signature| ("x-spark-signature".to_owned(), signature.clone())),
        );
        let mut request = stage.http.post(&delivery.target).timeout(DEADLINE).body(delivery.body.clone());
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let (status, answer) = match request.send().await {
            Ok(response) => (response.status().as_u16(), response.text().await.unwrap_or_default()),
            Err(error) => (0, error.without_url().to_string()),
        };
        let verdict = if delivery.signature.is_some() { "signed" } else { "unsigned" };
        let mut entry = entry("webex", "handbell", "POST", &delivery.target, verdict, at);
        (entry.headers, entry.body) = (headers, cut(delivery.body.as_bytes()));
        (entry.status, entry.answer, entry.millis) =
            (status, cut(answer.as_bytes()), begun.elapsed().as_millis() as u64);
        stage.wire.record(entry);
        if !(200..300).contains(&status) {
            self.state().failed(&delivery.webhook, stage.clock.now());
            stage.touch();
        }
    }
}

fn matches(part: &str, webhook: &Webhook, event: &Event) -> bool {
    let Some((key, wanted)) = part.split_once('=') else { return false };
    let wanted = if wanted == "me" { webhook.owner.as_str() } else { wanted };
    match event.data.get(key).or_else(|| event.traits.get(key)) {
        Some(Value::String(value)) => {
            value == wanted || key == "personEmail" && value.eq_ignore_ascii_case(wanted)
        }
        Some(Value::Bool(value)) => value.to_string() == wanted,
        Some(Value::Array(values)) => wanted.split(',').any(|one| values.iter().any(|value| value == one)),
        _ => false,
    }
}

fn delivery(webhook: &Webhook, event: &Event) -> Delivery {
    let body = compact(json!({
        "id": webhook.id, "name": webhook.name, "targetUrl": webhook.target, "resource": event.resource, "event": event.event,
        "filter": webhook.filter, "orgId": org(), "createdBy": webhook.owner, "appId": super::state::app(),
        "ownedBy": webhook.owned_by, "status": "active", "created": stamp(webhook.created),
        "actorId": event.actor, "data": event.data,
    }))
    .to_string();
    let signature = webhook.secret.as_ref().map(|secret| sign(secret, body.as_bytes()));
    Delivery { webhook: webhook.id.clone(), target: webhook.target.clone(), body, signature }
}

/// Returns the HMAC-SHA1 of the raw body in lower-case hex.
pub(super) fn sign(secret: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}
