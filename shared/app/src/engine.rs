//! Steps that all modules share: applying an event, claiming and releasing a dispatch, finding its space, and
//! publishing its facts.

pub(crate) mod apply;
pub(crate) mod attempt;
pub(crate) mod card_press;
pub(crate) mod delivery_summary;
pub(crate) mod delivery_token;
pub(crate) mod facts;
pub(crate) mod lease;
pub(crate) mod notice;
pub(crate) mod pause;
pub(crate) mod posts;
pub(crate) mod queue;
pub(crate) mod space;
pub(crate) mod wanted_space;
pub(crate) mod work;
pub(crate) mod work_item;
