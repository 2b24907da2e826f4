//! What we decide: pure rules. No clock, no network, no AWS, no randomness but what comes in.

pub mod alert;
pub mod button;
pub mod config;
pub mod conversation;
pub mod delivery;
pub mod failover;
pub mod incident;
pub mod occupancy;
pub mod oncall;
pub mod texting;
pub mod wording;

/// Their fault: answered with a 4xx, never retried, nothing written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The sender is not who it should be; the caller learns nothing more.
    #[error("the signature or token is wrong")]
    Forged,
    /// There is nothing of that name; the caller learns nothing more.
    #[error("not found")]
    Unknown,
    /// The message can't be read. The text is for a person.
    #[error("{0}")]
    Malformed(String),
}
