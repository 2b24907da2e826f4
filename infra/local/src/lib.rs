//! AWS on a laptop, the runner that puts it together with the stand-in vendors, and the page.

pub mod cloud;
pub mod connection;
pub mod control;
pub mod counts;
mod floor;
pub mod gate;
pub mod greeting;
pub mod page;
pub mod runner;
