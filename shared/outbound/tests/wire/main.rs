//! Tests of the clients against scripted vendors.

#![expect(clippy::unwrap_used, reason = "a test that meets what it does not expect shall fail")]
#![expect(
    clippy::disallowed_methods,
    reason = "the tests are the world outside: they measure real time and make clients of their own"
)]

mod floor;
mod floor_answers;
mod imap;
mod imap_trouble;
mod mail;
mod mail_server;
mod pop3;
mod s3;
mod twilio;
mod twilio_files;
mod vendor;
mod webex;
mod webex_files;
mod webex_people;
