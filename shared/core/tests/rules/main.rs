//! The rules, told and tried: by example, by chance, and word for word.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

mod climb;
mod config;
mod deliveries;
mod examples;
mod house;
mod wording;
