//! Meraki's Scanning API, version 3 (developer.cisco.com/meraki/scanning-api/3-0).
//!
//! The body isn't signed but contains the secret. So it is parsed twice, first for the secret alone, and nothing else
//! in it is used or kept until the secret is verified.

use handbell_core::{Rejected, config::Zone};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Reading, Sightings, agrees, check_size, entries, is_known, not_json};

/// Maximum age of an observation. An access point that was disconnected reports late, and an older one says nothing
/// about the present.
const LATE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Deserialize)]
struct Head<'a> {
    /// Raw value: a secret that isn't a string is wrong, and needs no memory.
    #[serde(borrow, default)]
    secret: Option<&'a RawValue>,
}

impl Head<'_> {
    fn secret(&self) -> Option<String> {
        serde_json::from_str(self.secret?.get()).ok()
    }
}

/// Verifies the secret of Meraki's POST and returns the sightings in it. Fails with [`Rejected::Forged`] if the secret
/// is none of `keys`. There are two keys during a rotation.
///
/// `zones` are those of this site, by name. Bluetooth devices aren't counted. A network without zones says nothing
/// about our zones: that it doesn't see a device doesn't mean that the device has gone.
pub fn meraki(
    body: &[u8],
    keys: &[&str],
    salt: &[u8],
    zones: &[(&str, &Zone)],
    now: Timestamp,
) -> Result<Sightings, Rejected> {
    check_size(body)?;
    let head: Head = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
    if !head.secret().is_some_and(|given| is_known(&given, keys)) {
        return Err(Rejected::Forged);
    }
    let value: Value = serde_json::from_slice(body).map_err(|error| not_json(&error))?;
    check_version(&value["version"])?;
    let mut reading = Reading::new(salt, zones);
    if !value["type"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("WiFi")) {
        return Ok(reading.finish(body));
    }
    let network = value["data"]["networkId"].as_str();
    let observations = entries(&value["data"], "observations")?;
    if !zones.iter().any(|(_, zone)| agrees(zone.place.network.as_deref(), network)) {
        return Ok(reading.finish(body));
    }
    let oldest = now.checked_sub(LATE).unwrap_or(Timestamp::MIN);
    for entry in observations {
        let Some(device) = reading.device(&entry["clientMac"]) else {
            continue;
        };
        if time(&entry["latestRecord"]["time"]).is_some_and(|at| at < oldest) {
            continue;
        }
        let Some(ssid) = entry["ssid"].as_str().filter(|ssid| !ssid.is_empty()) else {
            reading.tell(device, Vec::new());
            continue;
        };
        let location = latest(&entry["locations"]);
        let floor = location.and_then(|location| location["floorPlanId"].as_str());
        let found = reading.zones(Some(ssid), |_, place| {
            agrees(place.network.as_deref(), network)
                && agrees(place.floor.as_deref(), floor)
                && place.tag.as_deref().is_none_or(|tag| has_tag(location, tag))
        });
        // Connected, but without a location: the device stays where it was last seen.
        if location.is_some() || !found.is_empty() {
            reading.tell(device, found);
        }
    }
    Ok(reading.finish(body))
}

/// Another version has other fields, and would be read as an empty store.
fn check_version(version: &Value) -> Result<(), Rejected> {
    let version = match version {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    };
    if version.split('.').next() == Some("3") {
        return Ok(());
    }
    Err(Rejected::Malformed(
        "the body isn't of the Scanning API's version 3; choose version 3 (V3) in the Meraki dashboard"
            .into(),
    ))
}

/// Returns the last of the locations with the latest time. Locations without a time come first.
fn latest(locations: &Value) -> Option<&Value> {
    locations.as_array()?.iter().filter(|location| location.is_object()).max_by_key(|l| time(&l["time"]))
}

fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn has_tag(location: Option<&Value>, tag: &str) -> bool {
    let tags = location.and_then(|location| location["nearestApTags"].as_array());
    tags.into_iter().flatten().any(|one| one == tag)
}
