//! The operator's command: checks configurations, manages people and rotas, checks the vendors, prints reports, and runs the
//! whole system on a laptop.

pub mod against;
pub mod check;
pub mod command;
pub mod directory;
pub mod doctor;
mod document;
pub mod explain;
pub mod failure;
pub mod import;
mod laptop;
#[cfg(feature = "local")]
pub mod local;
pub mod maintenance;
pub mod manual;
mod moment;
pub mod oncall;
pub mod people;
pub mod plot;
pub mod replay;
pub mod report;
pub mod rotas;
pub mod settings;
pub mod webhooks;
