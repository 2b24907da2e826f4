//! Occupancy: how full zones are, what their counts mean, and what people see of them.

pub mod poll;
pub mod view;
pub mod zone;
