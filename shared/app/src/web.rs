//! Answers by HTTP: pages, action links and their limits, and what Twilio is told to do.

pub(crate) mod act;
pub(crate) mod field;
pub(crate) mod limits;
pub(crate) mod page;
pub(crate) mod twiml;
