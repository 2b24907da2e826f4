//! What each sender really sends, and everything that must not pass for it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

mod button;
mod contact;
mod link;
mod sightings;
mod twilio;
mod webex;
