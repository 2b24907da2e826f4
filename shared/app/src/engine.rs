//! What every job shares: an event is applied, a dispatch is claimed and let go, its space is found, and its facts are
//! published.

pub(crate) mod apply;
pub(crate) mod attempt;
pub(crate) mod delivery_summary;
pub(crate) mod delivery_token;
pub(crate) mod facts;
pub(crate) mod lease;
pub(crate) mod notice;
pub(crate) mod pause;
pub(crate) mod posts;
pub(crate) mod queue;
pub(crate) mod space;
pub(crate) mod work;
