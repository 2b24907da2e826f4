//! Conversations: state and history, the Webex space of each one, the state of a line, and deletion of old rows.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use handbell_core::address::{EmailAddress, PhoneAddress};
use handbell_core::conversation::{Conversation, Sender};
use handbell_core::delivery::{Dispatch, DispatchKey};
use handbell_core::incident::Subject;
use handbell_core::vendor_id::RoomId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::table::{Row, RowKey, has_expired, number, set_expiry, text};
use crate::{
    Conversations, Counters, EpochKey, Erasure, HandledEvent, History, Leases, Lines, Missed, TableFault,
    condition_held, read, write,
};

/// What the table contains about a customer.
#[derive(Clone, Debug, Default)]
pub struct LoadedConversation {
    /// State of the conversation.
    pub conversation: Option<Conversation>,
    /// Preferences of the customer's number, such as an opt-out.
    pub sender: Sender,
    /// The requested event, if it was handled before.
    pub handled: Option<HandledEvent>,
}

/// Stored state of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRow {
    /// Mail address of the agent who was asked last to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_last: Option<EmailAddress>,
    /// Texts received before this time have been fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched_to: Option<Timestamp>,
}

impl Conversations {
    /// Reads everything that a decision about a conversation needs in one consistent read.
    pub async fn load_conversation(
        &self,
        subject: &Subject,
        phone: Option<&PhoneAddress>,
        event: Option<&str>,
        now: Timestamp,
    ) -> Result<LoadedConversation, TableFault> {
        let meta = RowKey::incident(subject);
        let sender = phone.map(RowKey::sender);
        let event = event.map(|key| RowKey::event(subject, key));
        let keys: Vec<&RowKey> =
            [Some(&meta), sender.as_ref(), event.as_ref()].into_iter().flatten().collect();
        let mut loaded = LoadedConversation::default();
        for row in self.batch(&keys).await? {
            let sk = row.get("sk").and_then(|sk| sk.as_s().ok()).map_or("", String::as_str);
            match sk {
                // An expired conversation counts as deleted, though DynamoDB may keep its row for two more days. Nobody
                // gets to see its content, but its version and its numbers continue.
                "META" => {
                    let gone = has_expired(&row, now);
                    let mut conversation: Conversation = read(row)?;
                    if gone {
                        conversation.address = None;
                    }
                    loaded.conversation = Some(conversation);
                }
                "SENDER" => loaded.sender = read(row)?,
                _ if has_expired(&row, now) => {}
                _ => loaded.handled = Some(read(row)?),
            }
        }
        Ok(loaded)
    }

    /// Returns the conversation alone.
    pub async fn conversation(&self, subject: &Subject) -> Result<Option<Conversation>, TableFault> {
        self.get(&RowKey::incident(subject)).await
    }

    /// Returns the preferences of a number.
    pub async fn sender(&self, phone: &PhoneAddress) -> Result<Sender, TableFault> {
        Ok(self.get(&RowKey::sender(phone)).await?.unwrap_or_default())
    }

    /// Returns the conversation that a space belongs to; `None` if the space belongs to no customer.
    pub async fn conversation_of_room(&self, room: &RoomId) -> Result<Option<EpochKey>, TableFault> {
        self.get(&RowKey::room(room)).await
    }

    /// Stores which conversation a space belongs to. Returns false if the space already belongs to another one.
    pub async fn remember_room(&self, room: &RoomId, whose: &EpochKey) -> Result<bool, TableFault> {
        let put = self
            .put_item(write(whose, &RowKey::room(room))?)
            .condition_expression("attribute_not_exists(pk) OR (subject = :subject AND epoch = :epoch)")
            .expression_attribute_values(":subject", text(whose.subject.as_str()))
            .expression_attribute_values(":epoch", number(whose.epoch));
        condition_held(put.send().await)
    }

    /// Detaches a space from its conversation: it is no longer found by its title, and nothing written in it is sent.
    pub async fn forget_room(&self, room: &RoomId, whose: &Subject) -> Result<(), TableFault> {
        let nobody = EpochKey { subject: whose.clone(), epoch: 0 };
        let row = write(&nobody, &RowKey::room(room))?;
        self.put_item(row).send().await?;
        Ok(())
    }
}

impl History {
    /// Returns the newest dispatches of a conversation, at most `limit`, oldest first.
    pub async fn dispatches(&self, subject: &Subject, limit: usize) -> Result<Vec<Dispatch>, TableFault> {
        let mut pages = self
            .query(&RowKey::incident(subject).pk)
            .key_condition_expression("pk = :pk AND begins_with(sk, :dispatch)")
            .expression_attribute_values(":dispatch", text("D#"))
            .scan_index_forward(false)
            .consistent_read(true)
            .into_paginator()
            .page_size(i32::try_from(limit.clamp(1, 200)).unwrap_or(200))
            .send();
        let mut found: Vec<Dispatch> = Vec::new();
        while let Some(page) = pages.next().await {
            for row in page?.items.unwrap_or_default() {
                found.push(read(row)?);
            }
            if found.len() >= limit {
                break;
            }
        }
        found.truncate(limit);
        found.reverse();
        Ok(found)
    }

    /// Returns the dispatches of one incident, oldest first.
    pub async fn dispatches_of(&self, subject: &Subject, epoch: u64) -> Result<Vec<Dispatch>, TableFault> {
        let mut pages = self
            .query(&RowKey::incident(subject).pk)
            .key_condition_expression("pk = :pk AND begins_with(sk, :dispatch)")
            .expression_attribute_values(":dispatch", text(&format!("D#{epoch:010}#")))
            .consistent_read(true)
            .into_paginator()
            .send();
        let mut found: Vec<Dispatch> = Vec::new();
        while let Some(page) = pages.next().await {
            for row in page?.items.unwrap_or_default() {
                found.push(read(row)?);
            }
        }
        Ok(found)
    }
}

impl Erasure {
    /// Deletes the dispatches of a conversation except one. The ids of handled events remain: they contain no personal
    /// data, and without them an old event could be replayed.
    pub async fn forget_dispatches(&self, but: &DispatchKey) -> Result<(), TableFault> {
        let own = RowKey::dispatch(but);
        let epoch = own.sk.rsplit_once('#').map_or("D#", |(epoch, _)| epoch).to_owned() + "#";
        self.forget_rows(&own.pk, &epoch, Some(&own.sk)).await
    }

    /// Deletes a subject's incident and its dispatches.
    pub async fn forget_incident(&self, subject: &Subject) -> Result<(), TableFault> {
        let meta = RowKey::incident(subject);
        self.forget_rows(&meta.pk, "D#", None).await?;
        self.forget(&meta).await
    }

    async fn forget_rows(&self, pk: &str, begins: &str, but: Option<&str>) -> Result<(), TableFault> {
        let mut pages = self
            .query(pk)
            .key_condition_expression("pk = :pk AND begins_with(sk, :begins)")
            .expression_attribute_values(":begins", text(begins))
            .projection_expression("pk, sk")
            .consistent_read(true)
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            for row in page?.items.unwrap_or_default() {
                let sk = row.get("sk").and_then(|sk| sk.as_s().ok()).cloned().unwrap_or_default();
                if but != Some(sk.as_str()) {
                    self.forget(&RowKey { pk: pk.to_owned(), sk }).await?;
                }
            }
        }
        Ok(())
    }

    /// Deletes one row.
    pub async fn forget(&self, key: &RowKey) -> Result<(), TableFault> {
        self.delete_item(key).send().await?;
        Ok(())
    }
}

impl Lines {
    /// Returns the stored state of a line.
    pub async fn line(&self, name: &str) -> Result<LineRow, TableFault> {
        Ok(self.get(&RowKey::line(name)).await?.unwrap_or_default())
    }

    /// Stores who was asked last to answer.
    pub async fn set_last_asked(&self, line: &str, email: &EmailAddress) -> Result<(), TableFault> {
        self.set_line(line, "asked_last", text(email)).await
    }

    /// Stores the time up to which a line's texts have been fetched.
    pub async fn set_fetched_until(&self, line: &str, at: Timestamp) -> Result<(), TableFault> {
        self.set_line(line, "fetched_to", text(&at.to_string())).await
    }

    async fn set_line(&self, line: &str, name: &str, value: AttributeValue) -> Result<(), TableFault> {
        self.update_item(&RowKey::line(line))
            .update_expression("SET #name = :value")
            .expression_attribute_names("#name", name)
            .expression_attribute_values(":value", value)
            .send()
            .await?;
        Ok(())
    }
}

/// How far all customers' spaces have been read, and by which token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpacesRead {
    /// Time up to which they have been read.
    pub read_to: Timestamp,
    /// Whether the token sees every message, and not only those that mention it.
    pub everything: bool,
    /// Time since which the token has seen that.
    pub since: Timestamp,
}

impl Missed {
    /// Returns whether messages may have been missed while our webhooks were off.
    pub async fn has_missed(&self) -> Result<bool, TableFault> {
        Ok(self.get::<serde::de::IgnoredAny>(&RowKey::hooks()).await?.is_some())
    }

    /// Returns how far all customers' spaces have been read; none before the first time.
    pub async fn spaces_read(&self) -> Result<Option<SpacesRead>, TableFault> {
        self.get(&RowKey::spaces_read()).await
    }

    /// Stores how far all customers' spaces have been read.
    pub async fn set_spaces_read(&self, read: &SpacesRead) -> Result<(), TableFault> {
        self.put_item(write(read, &RowKey::spaces_read())?).send().await?;
        Ok(())
    }

    /// Stores whether messages may have been missed.
    pub async fn remember_missed(&self, missed: bool) -> Result<(), TableFault> {
        if !missed {
            self.delete_item(&RowKey::hooks()).send().await?;
            return Ok(());
        }
        let row = RowKey::hooks().row();
        self.put_item(row).send().await?;
        Ok(())
    }
}

impl Counters {
    /// Adds `more` to a counter unless it would exceed `limit`. Returns whether it was added. The counter expires
    /// `keep_seconds` after its first increment.
    pub async fn spend(
        &self,
        what: &str,
        more: u32,
        limit: u32,
        now: Timestamp,
        keep_seconds: i64,
    ) -> Result<bool, TableFault> {
        let Some(rest) = limit.checked_sub(more) else { return Ok(false) };
        let mut expiry = Row::new();
        set_expiry(&mut expiry, now, keep_seconds);
        let answer = self
            .update_item(&RowKey::count(what))
            .update_expression("SET expires_at = if_not_exists(expires_at, :expires) ADD counted :more")
            .condition_expression("attribute_not_exists(counted) OR counted <= :rest")
            .expression_attribute_values(":more", number(more))
            .expression_attribute_values(":rest", number(rest))
            .expression_attribute_values(":expires", expiry.remove("expires_at").unwrap_or_else(|| number(0)))
            .send()
            .await;
        condition_held(answer)
    }

    /// Takes back what was spent for nothing.
    pub async fn give_back(&self, what: &str, less: u32) -> Result<(), TableFault> {
        let answer = self
            .update_item(&RowKey::count(what))
            .update_expression("ADD counted :less")
            .condition_expression("counted >= :spent")
            .expression_attribute_values(":less", number(-i64::from(less)))
            .expression_attribute_values(":spent", number(less))
            .send()
            .await;
        condition_held(answer).map(|_| ())
    }

    /// Adds `more` to a counter and returns its previous value. The counter expires `keep_seconds` after its first
    /// increment.
    pub async fn count(
        &self,
        what: &str,
        more: u32,
        now: Timestamp,
        keep_seconds: i64,
    ) -> Result<u32, TableFault> {
        let mut expiry = Row::new();
        set_expiry(&mut expiry, now, keep_seconds);
        let answer = self
            .update_item(&RowKey::count(what))
            .update_expression("SET expires_at = if_not_exists(expires_at, :expires) ADD counted :more")
            .expression_attribute_values(":more", number(more))
            .expression_attribute_values(":expires", expiry.remove("expires_at").unwrap_or_else(|| number(0)))
            .return_values(ReturnValue::UpdatedOld)
            .send()
            .await?;
        let before = answer.attributes.and_then(|row| row.get("counted")?.as_n().ok()?.parse().ok());
        Ok(before.unwrap_or(0))
    }
}

impl Leases {
    /// Removes a conversation from the index of due rows.
    pub async fn remove_from_due(&self, subject: &Subject) -> Result<(), TableFault> {
        let answer = self
            .update_item(&RowKey::incident(subject))
            .update_expression("REMOVE due_ms, due_shard")
            .condition_expression("attribute_exists(pk)")
            .send()
            .await;
        condition_held(answer).map(|_| ())
    }
}
