//! Real requests of each sender, and forgeries that must be rejected.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

mod action_link;
mod alert_form;
mod button;
mod button_vendors;
mod contact;
mod link;
mod mail;
mod mail_notice;
mod sightings;
mod systems;
mod twilio;
mod webex;
