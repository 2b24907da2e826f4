//! Tests of the rules: by example, with random events, and word for word.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

mod address;
mod alert;
mod alert_config;
mod answers;
mod assign;
mod chain;
mod command;
mod config;
mod conversation;
mod conversation_agent;
mod customer_wording;
mod deliveries;
mod escalation;
mod examples;
mod forgotten;
mod hours;
mod house;
mod incident_wording;
mod lines;
mod mail;
mod mail_reading;
mod mail_unknown;
mod monthly;
mod night;
mod nights;
mod occupancy;
mod oncall_time;
mod poll;
mod reach;
mod relay_policy;
mod roster;
mod rota;
mod signal;
mod state_names;
mod substitution;
mod summary;
mod texting;
mod timeline;
mod trust;
mod wording;
mod zone;
