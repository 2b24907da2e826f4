//! Presses of buttons.

pub(crate) mod press;
