//! The rules, told and tried: by example, by chance, and word for word.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

mod assign;
mod climb;
mod config;
mod conversation;
mod conversation_agent;
mod crowd;
mod customer_wording;
mod deliveries;
mod examples;
mod forgotten;
mod hours;
mod house;
mod leave;
mod lines;
mod poll;
mod texting;
mod trust;
mod wording;
mod zone;
