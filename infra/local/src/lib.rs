//! The cloud on a laptop: everything Handbell needs from AWS, Webex and Twilio, in one process tree.

pub mod check;
pub mod import;
pub mod page;
pub mod sim;
pub mod wire;
