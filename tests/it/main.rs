//! Tests of the whole system from outside.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

mod bounds;
mod button;
mod contract;
mod crash;
mod customer;
mod documents;
mod duty;
mod house;
mod late;
mod limits;
mod occupancy;
mod old_faults_stay_fixed;
mod processes;
mod redeploy;
mod replay;
mod ring;
mod world;
