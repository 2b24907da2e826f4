//! AWS on a laptop, the runner that combines it with the simulated vendors, and the page.

pub mod cloud;
pub mod connection;
pub mod control;
pub mod counts;
mod floor;
pub mod gate;
pub mod greeting;
pub mod page;
pub mod runner;
