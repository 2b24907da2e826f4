//! Card submissions, and memberships of the people who press buttons.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Member, Webex};
use crate::failure::VendorResult;
use handbell_core::occupancy::zone::Level;
use handbell_core::vendor_id::{ActionId, MessageId, PersonId, RoomId};
use handbell_core::wording::occupancy::ZoneCard;

/// A submission: a person pressed a button on a card (Webex, Attachment Actions API).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Action {
    /// Unique id, which the webhook reports.
    pub id: ActionId,
    /// Space that contains the card.
    pub room_id: RoomId,
    /// Person who pressed the button.
    pub person_id: PersonId,
    /// Post that contains the card.
    pub message_id: MessageId,
    /// The button's data and the input fields. Anyone who sees the card can send any data here.
    #[serde(default)]
    pub inputs: Value,
}

impl Webex {
    /// Returns a submission. The webhook reports only its id.
    pub async fn action(&self, id: &ActionId) -> VendorResult<Action> {
        self.get(self.url(&["attachment", "actions", id])?).await
    }

    /// Returns the person's membership in a space, if there is one.
    pub async fn member(&self, room: &RoomId, person: &PersonId) -> VendorResult<Option<Member>> {
        let mut url = self.url(&["memberships"])?;
        url.query_pairs_mut().append_pair("roomId", room).append_pair("personId", person);
        let members: Vec<Member> = self.list(url, 10).await?;
        Ok(members.into_iter().find(|member| member.person_id.as_ref() == Some(person)))
    }
}

/// Builds a zone's card as an Adaptive Card of version 1.3, the latest that Webex supports. A press of a button returns
/// `incident` and the choice.
pub fn zone_card(card: &ZoneCard, picture: Option<&str>, incident: &str) -> Value {
    let colour = match card.level {
        Some(Level::Alert) => "Attention",
        Some(Level::Warn) => "Warning",
        None => "Good",
    };
    let facts: Vec<Value> =
        card.known.iter().map(|(title, value)| json!({ "title": title, "value": value })).collect();
    let mut body = vec![
        json!({
            "type": "ColumnSet",
            "columns": [
                { "type": "Column", "width": "stretch", "items": [
                    { "type": "TextBlock", "text": plain(&card.zone), "weight": "Bolder", "size": "Medium", "wrap": true },
                    { "type": "TextBlock", "text": plain(&card.amount), "size": "ExtraLarge", "weight": "Bolder", "spacing": "None", "wrap": true },
                ] },
                { "type": "Column", "width": "auto", "items": [
                    { "type": "TextBlock", "text": card.state, "color": colour, "weight": "Bolder", "size": "Large", "horizontalAlignment": "Right" },
                ] },
            ],
        }),
        json!({ "type": "FactSet", "facts": facts }),
    ];
    if let Some(picture) = picture {
        body.push(json!({ "type": "Image", "url": picture, "altText": card.chart, "size": "Stretch" }));
    }
    body.push(json!({ "type": "TextBlock", "text": incident, "isSubtle": true, "size": "Small", "horizontalAlignment": "Right" }));
    let actions: Vec<Value> = card
        .choices
        .iter()
        .map(|(choice, title)| {
            json!({
                "type": "Action.Submit", "title": title,
                "data": { "handbell": "zone", "choice": choice.name(), "incident": incident },
            })
        })
        .collect();
    json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard", "version": "1.3", "body": body, "actions": actions,
    })
}

/// Escapes a text for a card, which is Markdown too, so that user input neither formats nor links.
pub(super) fn plain(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut plain, c| {
        if matches!(c, '*' | '_' | '[' | ']' | '(' | ')' | '\\' | '`') {
            plain.push('\\');
        }
        plain.push(c);
        plain
    })
}
