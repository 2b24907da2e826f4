//! Inbound requests: turns bytes into verified events. One file per sender.
//!
//! This crate uses no network, reads no clock and stores nothing: the current time and the secrets are arguments. Bytes
//! that fail their sender's check never become an event, so unverified data can't reach the rules.

pub mod action_link;
pub mod alert_form;
pub mod button;
pub mod contact;
mod fields;
pub mod link;
pub mod mail;
pub mod sightings;
mod signature;
pub mod twilio;
pub mod webex;

use handbell_core::Rejected;

/// Maximum size of a body, in bytes. The longest legitimate one, a form from Twilio with ten pictures, has a few
/// kilobytes; the limit bounds the cost of a flood of unsigned requests.
pub const BODY_LIMIT: usize = 256 * 1024;

/// Refuses a body longer than [`BODY_LIMIT`]. Every sender's check begins with this, before any hashing or parsing.
pub fn check_size(body: &[u8]) -> Result<(), Rejected> {
    if body.len() > BODY_LIMIT {
        return Err(Rejected::Malformed(format!("the body is longer than {BODY_LIMIT} bytes")));
    }
    Ok(())
}

/// Whether a `Content-Type` header names a form. Its parameters, such as `charset=UTF-8`, are ignored.
fn is_form(content_type: Option<&str>) -> bool {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
