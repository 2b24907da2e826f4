//! What the vendors send on their own: Webex's webhooks and Twilio's callbacks.

use std::collections::HashMap;

use handbell_sim::wire::WireEntry;
use serde_json::Value;

use super::document::Contract;
use super::schema::{coerced, pairs};

impl Contract {
    /// Checks a webhook of Webex: its envelope has the webhook itself and who did what, its data the resource without its text.
    pub(super) fn check_webhook(&self, entry: &WireEntry) -> Vec<String> {
        let mut wrong = Vec::new();
        let Ok(Value::Object(mut envelope)) = serde_json::from_str(&entry.body) else {
            return vec!["no JSON".into()];
        };
        let data = envelope.remove("data").unwrap_or_default();
        for field in ["actorId", "orgId", "createdBy", "appId"] {
            // From the guide to webhooks; the document describes only the responses of the API.
            if !envelope.remove(field).is_some_and(|value| value.is_string()) {
                wrong.push(format!("no {field}"));
            }
        }
        let of = match envelope.get("resource").and_then(Value::as_str).unwrap_or_default() {
            "messages" => "ListMessage",
            "memberships" => "Membership",
            "rooms" => "Room",
            "attachmentActions" => "AttachmentActivity",
            other => return vec![format!("a webhook about {other:?}")],
        };
        let schemas = &self.document["components"]["schemas"];
        for (name, value) in [("Webhook", Value::Object(envelope)), (of, data)] {
            let schema = self.strict(&schemas[name], name, true);
            self.validate(&format!("webhook {name}"), "the webhook", &schema, &value, &mut wrong);
        }
        wrong
    }

    /// Checks a callback of Twilio. No document lists its fields, but those that the API has too look as they do there.
    pub(super) fn check_callback(&self, entry: &WireEntry) -> Vec<String> {
        let mut wrong = Vec::new();
        let (message, call) = ("api.v2010.account.message", "api.v2010.account.call");
        let (media, recording) = ("api.v2010.account.message.media", "api.v2010.account.recording");
        let known: HashMap<&str, (&str, &str)> = [
            ("AccountSid", (message, "account_sid")),
            ("ApiVersion", (message, "api_version")),
            ("MessageSid", (message, "sid")),
            ("SmsSid", (message, "sid")),
            ("MessageStatus", (message, "status")),
            ("SmsStatus", (message, "status")),
            ("ErrorCode", (message, "error_code")),
            ("CallSid", (call, "sid")),
            ("CallStatus", (call, "status")),
            ("Direction", (call, "direction")),
            ("AnsweredBy", (call, "answered_by")),
            // Twilio reports these four about detection in the background: "Answering Machine Detection".
            ("MachineDetectionDuration", (call, "duration")),
            ("DialCallSid", (call, "sid")),
            ("DialCallStatus", (call, "status")),
            ("DialCallDuration", (call, "duration")),
            ("SmsMessageSid", (message, "sid")),
            ("Body", (message, "body")),
            ("NumMedia", (message, "num_media")),
            ("NumSegments", (message, "num_segments")),
            ("MediaContentType0", (media, "content_type")),
            ("RecordingSid", (recording, "sid")),
            ("RecordingUrl", (recording, "media_url")),
            ("RecordingStatus", (recording, "status")),
            ("RecordingSource", (recording, "source")),
            ("RecordingChannels", (recording, "channels")),
            ("RecordingDuration", (recording, "duration")),
            ("RecordingStartTime", (recording, "start_time")),
        ]
        .into();
        let mut seen = 0;
        for (name, value) in pairs(&entry.body) {
            // The first status that is reported about a call is one that the API never shows.
            if (name.as_str(), value.as_str()) == ("CallStatus", "initiated") {
                continue;
            }
            let Some((of, property)) = known.get(name.as_str()) else { continue };
            let schema = self.strict(
                &self.document["components"]["schemas"][of]["properties"][property],
                property,
                true,
            );
            self.validate(&format!("callback {name}"), &name, &schema, &coerced(&value, &schema), &mut wrong);
            seen += 1;
        }
        if seen < 4 {
            wrong.push(format!("hardly anything is told: {}", entry.body));
        }
        wrong
    }
}
