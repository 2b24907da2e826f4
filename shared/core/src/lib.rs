//! The domain: pure rules. No clock, no network, no AWS, no randomness except what the caller passes in.

pub mod address;
pub mod alert;
pub mod button;
mod checked_text;
pub mod config;
pub mod conversation;
pub mod delivery;
pub mod event_id;
pub mod failover;
mod hex;
pub mod incident;
mod nearest;
pub mod occupancy;
pub mod oncall;
mod template;
pub mod texting;
pub mod vendor_id;
pub mod wording;

pub use hex::hex;
pub use nearest::nearest;

/// A failure on the caller's side. The answer is a 4xx, the call is never retried, and nothing is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The sender isn't authenticated. The caller learns nothing more.
    #[error("the signature or token is wrong")]
    Forged,
    /// Nothing has this name. The caller learns nothing more.
    #[error("not found")]
    Unknown,
    /// The message can't be read. The text is for a person.
    #[error("{0}")]
    Malformed(String),
}

/// Returns true for a count that a row leaves out, since it is the usual one.
fn is_zero(count: &u32) -> bool {
    *count == 0
}
