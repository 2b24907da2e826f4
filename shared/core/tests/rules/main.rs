//! The rules, told and tried: by example, by chance, and word for word.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

mod climb;
mod config;
mod crowd;
mod deliveries;
mod examples;
mod hours;
mod house;
mod poll;
mod wording;
mod zone;
