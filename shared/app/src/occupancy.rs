//! Floors that fill up: polls, pushed sightings, cards and their charts.

pub(crate) mod card;
pub(crate) mod chart;
pub(crate) mod poll;
pub(crate) mod sightings;
pub(crate) mod site_clients;
