//! Alerts by mail and by form, and people's commands for incidents.
//!
//! The handlers that functions call are re-exported here. A new source adds one module and one name to this file.

pub(crate) mod commands;
mod form;
mod intake;
pub(crate) mod mail;
mod mailbox;
pub(crate) mod reply_address;
pub(crate) mod status;

pub use form::AlertForm;
pub use mail::MailsSeen;
pub use mail::inbound::MailInbound;
pub use mailbox::{MailboxPoll, MailboxSeen};
