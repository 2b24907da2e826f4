//! Every text that Handbell shows or sends to people, as pure functions.

mod button;
pub mod conversation;
mod delivery_summary;
mod escape;
pub mod incident;
mod message;
pub mod occupancy;
mod values;
pub mod web;
mod words;

pub use button::{button_label, late, pressed_after_acknowledgement, pressed_again};
pub use delivery_summary::{delivery_summary, not_delivered};
pub use escape::{escape_markdown, plain, without_addresses};
pub use incident::{acknowledged, cancelled, nobody_answered, resolved, wanted_next};
pub use message::{
    KEYS, NEXT_STEP, NO_NEXT_STEP, NOT_KNOWN, YOU_HAVE_IT, phone_label, post, sms, space_title, spoken,
    spoken_when_over, tagged_post, template, texter_label,
};
pub use values::Values;
pub use words::{Words, clock};
