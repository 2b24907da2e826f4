//! The whole system from outside.

mod contract;
mod crash;
mod house;
mod processes;
mod ring;
mod weaknesses;
mod world;
