//! The clients against a vendor that answers what the test wants, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect shall fail")]

mod floor;
mod floor_answers;
mod twilio;
mod vendor;
mod webex;
