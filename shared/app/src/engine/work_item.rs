//! A message on the work queue.

use handbell_core::delivery::DispatchKey;
use handbell_core::incident::Subject;
use handbell_core::vendor_id::{ActionId, MessageId, PersonId, RoomId};
use handbell_store::table::DueRow;
use serde::{Deserialize, Serialize};

/// Something that a worker has to do, as a message on the work queue states it.
///
/// A row that is due is on the queue as a hint: the tick finds it again if its message is lost. The other kinds exist
/// only on the queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkItem {
    /// The time has come for which an incident or a conversation asked.
    Wake(Subject),
    /// A dispatch has deliveries to be made.
    Dispatch(DispatchKey),
    /// A button on a card was pressed.
    CardAction {
        /// Id of the action.
        action: ActionId,
        /// Number of attempts to read the action.
        tries: u32,
    },
    /// A Webex message has yet to be read.
    NewMessage {
        /// Id of the message.
        message: MessageId,
        /// Space that contains the message.
        room: RoomId,
        /// Number of attempts to read the message.
        tries: u32,
    },
    /// A Webex message was changed or deleted.
    MessageChange {
        /// The change.
        change: MessageChange,
        /// Number of attempts to handle the change.
        tries: u32,
    },
}

impl From<DueRow> for WorkItem {
    fn from(row: DueRow) -> Self {
        match row {
            DueRow::State(subject) => Self::Wake(subject),
            DueRow::Dispatch(key) => Self::Dispatch(key),
        }
    }
}

/// A change or deletion of a Webex message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageChange {
    /// Id of the message.
    pub message: MessageId,
    /// Space that contains the message.
    pub room: RoomId,
    /// Person who changed or deleted the message.
    pub person: PersonId,
    /// Whether the message was deleted.
    pub deleted: bool,
}
