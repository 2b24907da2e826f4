//! A button is pressed.

pub(crate) mod press;
