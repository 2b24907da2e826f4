//! Alerts by mail and form, and what people say to an incident.

pub(crate) mod commands;
pub(crate) mod form;
pub(crate) mod mail;
pub(crate) mod mailbox;
pub(crate) mod status;
