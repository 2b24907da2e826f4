//! Cisco CMX's notifications (CMX 11 API reference, "Configuration", "Notifications").
//!
//! CMX sends each notification at most once and doesn't retry, so unreadable entries are skipped and the others count.

use std::iter;

use handbell_core::{Rejected, config::Zone};
use serde_json::Value;

use super::{Reading, Sightings, agrees, check_size, entries, is_known, not_json};

/// Verifies the key in the header `Authorization: Bearer …` and returns the sightings in a CMX notification. Fails with
/// [`Rejected::Forged`] without one of `keys`. There are two keys during a rotation.
///
/// `zones` are those of this site, by name. A device that is connected but in none of them has gone from them.
pub fn cmx(
    authorization: Option<&str>,
    body: &[u8],
    keys: &[&str],
    salt: &[u8],
    zones: &[(&str, &Zone)],
) -> Result<Sightings, Rejected> {
    check_size(body)?;
    if !authorization.and_then(bearer).is_some_and(|given| is_known(given, keys)) {
        return Err(Rejected::Forged);
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
    let asked: Vec<Option<Vec<String>>> =
        zones.iter().map(|(_, zone)| zone.place.hierarchy.as_deref().map(segments)).collect();
    let mut reading = Reading::new(salt, zones);
    for entry in entries(&value, "notifications")? {
        let Some(device) = reading.device(&entry["deviceId"]) else {
            continue;
        };
        match (kind(entry), entry["associated"].as_bool()) {
            (Kind::Location, Some(true)) => {
                let here = entry["locationMapHierarchy"].as_str().map(segments).unwrap_or_default();
                let floors = [text(&entry["floorId"]), text(&entry["floorRefId"])];
                let found = reading.zones(entry["ssid"].as_str(), |number, place| {
                    asked[number].as_ref().is_none_or(|asked| lies_in(&here, asked))
                        && floors.iter().any(|floor| agrees(place.floor.as_deref(), floor.as_deref()))
                });
                reading.tell(device, found);
            }
            (Kind::Location, Some(false)) | (Kind::Absence, _) => reading.tell(device, Vec::new()),
            (Kind::Location, None) | (Kind::Other, _) => {}
        }
    }
    Ok(reading.finish(body))
}

/// Returns the key in `Bearer KEY`. The scheme is case-insensitive (RFC 9110, section 11.1).
fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, key) = authorization.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim_start())
}

enum Kind {
    Location,
    Absence,
    Other,
}

/// CMX writes `locationupdate` in notifications and `LocationUpdate` in its settings; both are accepted.
fn kind(entry: &Value) -> Kind {
    match entry["notificationType"].as_str() {
        Some(kind) if kind.eq_ignore_ascii_case("locationupdate") => Kind::Location,
        Some(kind) if kind.eq_ignore_ascii_case("absence") => Kind::Absence,
        _ => Kind::Other,
    }
}

/// Returns a text. A floor's id is a number in some releases and a string in others.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Splits `Campus>Building>Floor` into its names; some releases write `Campus/Building/Floor`.
fn segments(path: &str) -> Vec<String> {
    path.split(['>', '/']).map(|name| name.trim().to_lowercase()).filter(|name| !name.is_empty()).collect()
}

/// Whether the requested names occur in the path, one after the other. CMX's own filter searches for a substring, so
/// `Floor 1` matches `Floor 12`; here, only whole names match.
fn lies_in(path: &[String], asked: &[String]) -> bool {
    // No name is a part of every path, as in CMX.
    iter::successors(Some(path), |path| path.split_first().map(|(_, rest)| rest))
        .any(|rest| rest.starts_with(asked))
}
