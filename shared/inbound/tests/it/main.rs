//! What each sender really sends, and everything that must not pass for it.

mod button;
mod twilio;
mod webex;
