//! What a browser sees: pages, action links and their limits.

pub(crate) mod act;
pub(crate) mod limits;
pub(crate) mod page;
