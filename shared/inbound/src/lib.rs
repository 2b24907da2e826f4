//! What they said: bytes in, a verified event out. One file per sender.
//!
//! Nothing here speaks to a network, reads a clock or remembers anything: "now" and the secrets are arguments. Bytes that
//! fail their sender's check never become an event, so what is not verified cannot reach the rules.

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

/// The longest body that is looked at, in bytes. The longest honest one, a form from Twilio with ten pictures, is a few
/// kilobytes; the limit bounds what a flood of unsigned requests can cost.
pub const BODY_LIMIT: usize = 256 * 1024;

/// Refuses a body longer than [`BODY_LIMIT`]. Every sender's check begins with it, before any hashing or parsing.
pub fn check_size(body: &[u8]) -> Result<(), Rejected> {
    if body.len() > BODY_LIMIT {
        return Err(Rejected::Malformed(format!("the body is longer than {BODY_LIMIT} bytes")));
    }
    Ok(())
}

/// Whether a `Content-Type` header says that the body is a form. Its parameters, `charset=UTF-8`, say nothing more.
fn is_form(content_type: Option<&str>) -> bool {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
