//! Webex: "something applied in a space".
//!
//! The webhook's body is thin: it names what applied, and the text of a message has to be fetched by its id. It is signed
//! with the header `X-Spark-Signature` (Webex developer guide, "Webhooks", section "Handling requests from Webex").

use std::fmt;

use handbell_core::Rejected;
use serde_json::Value;

use crate::{check_size, signature};

/// The header that carries the signature (Webex developer guide, "Webhooks"). Webex documents no other.
pub const SIGNATURE_HEADER: &str = "x-spark-signature";

/// Whether `signature`, the lower-case hexadecimal text of [`SIGNATURE_HEADER`], is the HMAC-SHA1 of the raw body under one
/// of the secrets (Webex developer guide, "Webhooks"). There are two secrets while one takes the place of the other.
#[must_use]
pub fn is_genuine(signature: Option<&str>, body: &[u8], secrets: &[&str]) -> bool {
    let Some(given) = signature.and_then(from_hex) else {
        return false;
    };
    secrets.iter().any(|secret| signature::matches(secret, body, &given))
}

/// The event in a webhook's body, once its signature has been checked; [`Rejected::Forged`] without a good one.
///
/// The signature holds no time, so the same bytes are good for ever: see [`Envelope::key`].
pub fn verify(signature: Option<&str>, body: &[u8], secrets: &[&str]) -> Result<Envelope, Rejected> {
    check_size(body)?;
    if !is_genuine(signature, body, secrets) {
        return Err(Rejected::Forged);
    }
    Envelope::parse(body)
}

/// What every webhook of Webex carries around its `data` (Webex developer guide, "Webhooks", "Handling requests from
/// Webex"). Fields that are not listed here are passed over, since Webex adds to them without notice.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The webhook's own id, the same for all that it sends.
    pub id: String,
    /// The webhook's name, as we gave it.
    pub name: String,
    /// What it is about: `messages`, `attachmentActions`, `memberships`, `rooms` …
    pub resource: String,
    /// What applied to it: `created`, `updated`, `deleted`, `migrated`.
    pub event: String,
    /// Who did it. Our own id stands here for what we did ourselves.
    pub actor_id: Option<String>,
    /// Who registered the webhook: ourselves.
    pub created_by: Option<String>,
    /// The thing itself, without its content.
    pub data: Data,
}

/// The thing a webhook is about (Webex developer guide, "Webhooks"): ids only, since the content is encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct Data {
    /// The id of the message, card action, membership or room: fetch it to learn more.
    pub id: String,
    /// The space.
    pub room_id: Option<String>,
    /// `group` or `direct`, of a message.
    pub room_type: Option<String>,
    /// The people whom a message mentions, by their ids.
    pub mentioned: Vec<String>,
    /// Who wrote, pressed, joined or left.
    pub person_id: Option<String>,
    /// The same person's address.
    pub person_email: Option<String>,
    /// When it came to be, in Webex's own words.
    pub created: Option<String>,
    /// When it was changed, in Webex's own words.
    pub updated: Option<String>,
}

impl Envelope {
    /// What makes this event the same event when it is sent again, by Webex or by somebody who kept a copy.
    ///
    /// The time takes part because Webex makes a membership's id from the person and the space: who leaves and comes back has
    /// the same id as before, and only `created` differs.
    #[must_use]
    pub fn key(&self) -> String {
        let time = self.data.updated.as_deref().or(self.data.created.as_deref()).unwrap_or_default();
        format!("{}/{}/{}/{time}", self.resource, self.event, self.data.id)
    }

    fn parse(body: &[u8]) -> Result<Envelope, Rejected> {
        let value: Value = serde_json::from_slice(body)
            .map_err(|_| Rejected::Malformed("the webhook's body isn't JSON".into()))?;
        let data = &value["data"];
        Ok(Envelope {
            id: text(&value, "id").unwrap_or_default(),
            name: text(&value, "name").unwrap_or_default(),
            resource: needed(&value, "resource")?,
            event: needed(&value, "event")?,
            actor_id: text(&value, "actorId"),
            created_by: text(&value, "createdBy"),
            data: Data {
                id: needed(data, "id")?,
                room_id: text(data, "roomId"),
                room_type: text(data, "roomType"),
                mentioned: texts(data, "mentionedPeople"),
                person_id: text(data, "personId"),
                person_email: text(data, "personEmail"),
                created: text(data, "created"),
                updated: text(data, "updated"),
            },
        })
    }
}

// Names of spaces and addresses of people stay out of the logs.
impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Envelope")
            .field("resource", &self.resource)
            .field("event", &self.event)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Data").field("id", &self.id).finish_non_exhaustive()
    }
}

fn text(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn texts(value: &Value, name: &str) -> Vec<String> {
    let list = value[name].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn needed(value: &Value, name: &str) -> Result<String, Rejected> {
    text(value, name).ok_or_else(|| Rejected::Malformed(format!("the webhook's body has no {name}")))
}

/// Lower-case only, as Webex writes it, so that one signature has one spelling.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}
