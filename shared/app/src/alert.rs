//! Alerts by mail and form, and what people say to an incident.
//!
//! A handler that a function calls is re-exported here: one more source is one more module and one more name in this file.

pub(crate) mod commands;
mod form;
mod intake;
pub(crate) mod mail;
mod mailbox;
pub(crate) mod reply_address;
pub(crate) mod status;

pub use form::AlertForm;
pub use mail::inbound::MailInbound;
pub use mailbox::{MailboxPoll, MailboxSeen};
