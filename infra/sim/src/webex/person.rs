//! A person at Webex.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Presence of a person (Webex, People, `status`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Active,
    Inactive,
    Call,
    Meeting,
    Presenting,
    #[serde(rename = "DoNotDisturb")]
    DoNotDisturb,
    #[serde(rename = "OutOfOffice")]
    OutOfOffice,
    Pending,
    Unknown,
}

pub(super) struct Person {
    pub(super) id: String,
    pub(super) email: String,
    pub(super) name: String,
    pub(super) bot: bool,
    pub(super) org: String,
    pub(super) created: Timestamp,
    pub(super) status: Status,
    pub(super) activity: Timestamp,
}
