//! What Twilio and Webex report back, and what of it was missed.

pub(crate) mod reconcile;
pub(crate) mod twilio;
pub(crate) mod webex;
