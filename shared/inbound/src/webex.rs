//! Webex: webhooks for events in spaces.
//!
//! A webhook's body is thin: it names the event, and the text of a message has to be fetched by its id. It is signed in
//! the header `X-Spark-Signature` (Webex developer guide, "Webhooks", section "Handling requests from Webex").

use std::fmt;

use handbell_core::Rejected;
use handbell_core::vendor_id::{ActionId, MalformedId, MessageId, PersonId, RoomId};
use serde_json::Value;

use crate::{check_size, signature};

/// Header that contains the signature (Webex developer guide, "Webhooks"). Webex documents no other.
pub const SIGNATURE_HEADER: &str = "x-spark-signature";

/// Returns whether `signature`, the lower-case hexadecimal value of [`SIGNATURE_HEADER`], is the HMAC-SHA1 of the raw
/// body under one of the secrets (Webex developer guide, "Webhooks"). There are two secrets during a rotation.
#[must_use]
pub fn is_genuine(signature: Option<&str>, body: &[u8], secrets: &[&str]) -> bool {
    let Some(given) = signature.and_then(from_hex) else {
        return false;
    };
    secrets.iter().any(|secret| signature::matches(secret, body, &given))
}

/// Verifies a webhook's signature and parses its body. Fails with [`Rejected::Forged`] without a valid signature.
///
/// The signature contains no time, so the same bytes are valid forever: see [`Envelope::key`].
pub fn verify(signature: Option<&str>, body: &[u8], secrets: &[&str]) -> Result<Envelope, Rejected> {
    check_size(body)?;
    if !is_genuine(signature, body, secrets) {
        return Err(Rejected::Forged);
    }
    Envelope::parse(body)
}

/// The fields around the `data` of every webhook (Webex developer guide, "Webhooks", "Handling requests from Webex").
/// Other fields are ignored, since Webex adds fields without notice.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Id of the webhook, the same in all its calls.
    pub id: String,
    /// Name of the webhook, as we chose it.
    pub name: String,
    /// Kind of resource: `messages`, `attachmentActions`, `memberships`, `rooms` …
    pub resource: String,
    /// What happened to the resource: `created`, `updated`, `deleted`, `migrated`.
    pub event: String,
    /// Person who caused the event; our own id for our own actions.
    pub actor_id: Option<PersonId>,
    /// Person who registered the webhook: ourselves.
    pub created_by: Option<PersonId>,
    /// The resource without its content.
    pub data: Data,
}

/// The resource of a webhook (Webex developer guide, "Webhooks"): ids only, since the content is encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct Data {
    /// Id with which it can be fetched.
    pub id: ResourceId,
    /// Id of the space.
    pub room_id: Option<RoomId>,
    /// Kind of a message's space: `group` or `direct`.
    pub room_type: Option<String>,
    /// Ids of the people whom a message mentions.
    pub mentioned: Vec<String>,
    /// Person who wrote, pressed, joined or left.
    pub person_id: Option<PersonId>,
    /// Mail address of the same person.
    pub person_email: Option<String>,
    /// Time of creation, unparsed.
    pub created: Option<String>,
    /// Time of the last update, unparsed.
    pub updated: Option<String>,
}

/// Id of the resource of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResourceId {
    /// A message.
    Message(MessageId),
    /// A press of a button on a card.
    Action(ActionId),
    /// A membership, a room or anything else that Handbell doesn't fetch. Its form isn't checked.
    Other(String),
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ResourceId::Message(id) => id,
            ResourceId::Action(id) => id,
            ResourceId::Other(id) => id,
        })
    }
}

impl Envelope {
    /// Returns the identity of the event, by which a repetition is recognised, whether it comes from Webex or from a
    /// person with a copy.
    ///
    /// The time is part of it because Webex derives a membership's id from the person and the space: a person who
    /// leaves and comes back gets the same id as before, and only `created` differs.
    #[must_use]
    pub fn key(&self) -> String {
        let time = self.data.updated.as_deref().or(self.data.created.as_deref()).unwrap_or_default();
        format!("{}/{}/{}/{time}", self.resource, self.event, self.data.id)
    }

    fn parse(body: &[u8]) -> Result<Envelope, Rejected> {
        let value: Value = serde_json::from_slice(body)
            .map_err(|_| Rejected::Malformed("the webhook's body isn't JSON".into()))?;
        let data = &value["data"];
        let resource = needed(&value, "resource")?;
        let own_id = needed(data, "id")?;
        let own_id = match resource.as_str() {
            "messages" => ResourceId::Message(parsed(own_id, "id")?),
            "attachmentActions" => ResourceId::Action(parsed(own_id, "id")?),
            _ => ResourceId::Other(own_id),
        };
        Ok(Envelope {
            id: text(&value, "id").unwrap_or_default(),
            name: text(&value, "name").unwrap_or_default(),
            resource,
            event: needed(&value, "event")?,
            actor_id: id(&value, "actorId")?,
            created_by: id(&value, "createdBy")?,
            data: Data {
                id: own_id,
                room_id: id(data, "roomId")?,
                room_type: text(data, "roomType"),
                mentioned: texts(data, "mentionedPeople"),
                person_id: id(data, "personId")?,
                person_email: text(data, "personEmail"),
                created: text(data, "created"),
                updated: text(data, "updated"),
            },
        })
    }
}

// Names of spaces and addresses of people must not appear in logs.
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

/// Returns an id that may be missing, but must have the right form if it is there.
fn id<T: TryFrom<String, Error = MalformedId>>(value: &Value, name: &str) -> Result<Option<T>, Rejected> {
    text(value, name).map(|text| parsed(text, name)).transpose()
}

fn parsed<T: TryFrom<String, Error = MalformedId>>(text: String, name: &str) -> Result<T, Rejected> {
    T::try_from(text).map_err(|error| Rejected::Malformed(format!("the webhook's {name}: {error}")))
}

fn needed(value: &Value, name: &str) -> Result<String, Rejected> {
    text(value, name).ok_or_else(|| Rejected::Malformed(format!("the webhook's body has no {name}")))
}

/// Decodes hexadecimal digits. Only lower case is accepted, as Webex writes it, so that one signature has one spelling.
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
