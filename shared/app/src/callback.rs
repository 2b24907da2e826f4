//! What Twilio and Webex report back, and what of it was missed.

pub(crate) mod delivery_token;
pub(crate) mod reconcile;
pub(crate) mod twilio;
pub(crate) mod twiml;
pub(crate) mod voice;
pub(crate) mod webex;
