//! A press of a button on a card in a space.

use handbell_core::vendor_id::{ActionId, MessageId, PersonId, RoomId};

/// A press of a button on the card of an incident or a zone, as Webex reports it.
#[derive(Clone, Copy)]
pub(crate) struct CardPress<'a> {
    /// Id of the press at Webex.
    pub(crate) action: &'a ActionId,
    /// Reference of the incident that the card shows.
    pub(crate) reference: &'a str,
    /// Epoch of that incident, if the card states it.
    pub(crate) epoch: Option<u64>,
    /// Name of the button.
    pub(crate) choice: &'a str,
    pub(crate) room: &'a RoomId,
    pub(crate) person: &'a PersonId,
    /// Message id of the card.
    pub(crate) card: &'a MessageId,
}
