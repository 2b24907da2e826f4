//! Occupancy of zones: polls, pushed sightings, cards and their charts.

pub(crate) mod chart;
pub(crate) mod choice;
pub(crate) mod poll;
pub(crate) mod sightings;
pub(crate) mod site_clients;
pub(crate) mod zone_card;
