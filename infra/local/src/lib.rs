//! The cloud on a laptop: everything Handbell needs from AWS, Webex and Twilio, in one process tree.

pub mod check;
pub mod cloud;
pub mod control;
pub mod counts;
pub mod doctor;
mod floor;
pub mod gate;
pub mod greeting;
pub mod import;
pub mod page;
pub mod plot;
pub mod replay;
pub mod runner;
pub mod sim;
pub mod webhooks;
pub mod wire;
