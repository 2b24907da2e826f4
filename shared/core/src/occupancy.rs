//! How full places are: what a zone's counts mean, and what people are shown of them.

pub mod poll;
pub mod view;
pub mod zone;
