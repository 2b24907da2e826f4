//! Callbacks from Twilio and Webex, and the reconciliation of those that were missed.

pub(crate) mod card;
pub(crate) mod message;
pub(crate) mod reconcile;
pub(crate) mod twilio;
pub(crate) mod voice;
pub(crate) mod webex;
