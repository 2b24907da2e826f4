//! The rules, told and tried: by example, by chance, and word for word.

mod climb;
mod config;
mod deliveries;
mod examples;
mod house;
mod wording;
