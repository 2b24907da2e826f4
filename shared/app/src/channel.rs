//! The channels: how a delivery reaches its recipient, and how we find out whether it did. One file for each channel, with
//! sending and looking up side by side.

pub(crate) mod direct;
pub(crate) mod mail;
pub(crate) mod phone;
pub(crate) mod space;
