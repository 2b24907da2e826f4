//! Tests of the rules: by example, with random events, and word for word.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

mod alert;
mod alert_config;
mod assign;
mod chain;
mod climb;
mod command;
mod config;
mod conversation;
mod conversation_agent;
mod crowd;
mod customer_wording;
mod deliveries;
mod duty_time;
mod duty_wording;
mod examples;
mod forgotten;
mod hours;
mod house;
mod leave;
mod ledger;
mod lines;
mod mail;
mod night;
mod nights;
mod poll;
mod reach;
mod roster;
mod rota;
mod signal;
mod summary;
mod texting;
mod trust;
mod wording;
mod zone;
