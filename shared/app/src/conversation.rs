//! Customers who text, call or fill in a form, and the agents who answer.

pub(crate) mod agent;
pub(crate) mod answer;
pub(crate) mod apply;
pub(crate) mod attend;
pub(crate) mod caller;
pub(crate) mod colleagues;
pub(crate) mod contact;
pub(crate) mod customer;
pub(crate) mod erase;
pub(crate) mod file;
pub(crate) mod waiting;
