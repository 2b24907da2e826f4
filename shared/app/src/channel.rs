//! How a delivery reaches its recipient: one file for each channel.

pub(crate) mod mail;
pub(crate) mod speak;
