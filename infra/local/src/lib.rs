//! The cloud on a laptop: everything Handbell needs from AWS, Webex and Twilio, in one process tree.

pub mod check;
pub mod cloud;
pub mod control;
pub mod counts;
pub mod directory;
pub mod doctor;
mod floor;
pub mod gate;
pub mod greeting;
pub mod import;
pub mod maintenance;
pub mod oncall;
pub mod page;
pub mod people;
pub mod plot;
pub mod replay;
pub mod rotas;
pub mod runner;
mod seed;
pub mod sim;
pub mod webhooks;
pub mod wire;
