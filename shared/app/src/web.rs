//! HTTP responses: pages, action links and their limits, and TwiML.

pub(crate) mod act;
pub(crate) mod field;
pub(crate) mod limits;
pub(crate) mod page;
pub(crate) mod twiml;
