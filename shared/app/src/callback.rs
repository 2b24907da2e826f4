//! What Twilio and Webex report back, and what of it was missed.

pub(crate) mod card;
pub(crate) mod message;
pub(crate) mod reconcile;
pub(crate) mod twilio;
pub(crate) mod voice;
pub(crate) mod webex;
