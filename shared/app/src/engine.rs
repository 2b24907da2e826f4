//! What every job shares: an event is applied, what follows is delivered, and the tick finds what was missed.

pub(crate) mod apply;
pub(crate) mod deliver;
pub(crate) mod delivery_summary;
pub(crate) mod notice;
pub(crate) mod pause;
pub(crate) mod queue;
pub(crate) mod space;
pub(crate) mod tick;
