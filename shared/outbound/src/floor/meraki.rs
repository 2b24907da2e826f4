//! The Meraki dashboard.

use handbell_core::config::Place;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::body::{Devices, Object, json, no_count};
use super::{Ask, Pick, Unknown};

const MERAKI: &str = "Meraki";

/// Longest period that counts as current; we request five minutes. The devices of an hour or a day aren't all there at
/// the same time.
const BUCKET_MAX: SignedDuration = SignedDuration::from_mins(10);

/// Maximum age of a count; we request the last ten minutes.
const AGE_MAX: SignedDuration = SignedDuration::from_mins(30);

pub(super) fn term(place: &Place, ssid: Option<&str>) -> Result<(Ask, Pick), Unknown> {
    let plain =
        |id: &&str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    let Some(network) = place.network.as_deref().filter(plain) else {
        return Err(Unknown::NotAsked("Meraki needs the zone's `network`: L_… or N_…".into()));
    };
    if ssid.is_some_and(|ssid| !ssid.parse::<u8>().is_ok_and(|number| number < 15)) {
        return Err(Unknown::NotAsked("Meraki counts by the SSID's number, 0 to 14".into()));
    }
    let mut query = vec![("resolution", "300"), ("timespan", "600")];
    query.extend(place.tag.as_deref().map(|tag| ("apTag", tag)));
    query.extend(ssid.map(|ssid| ("ssid", ssid)));
    Ok((
        Ask::new(format!("/api/v1/networks/{network}/wireless/clientCountHistory"), &query),
        Pick::MerakiBucket,
    ))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bucket {
    start_ts: Timestamp,
    end_ts: Timestamp,
    // A missing key is an error; null is Meraki's own "unknown".
    #[serde(deserialize_with = "Option::deserialize")]
    client_count: Option<Devices>,
}

/// Reads `clientCountHistory`: the last complete five minutes. A period that isn't over contains too few devices.
pub(super) fn bucket(text: &str, now: Timestamp) -> Result<u32, Unknown> {
    let buckets: Vec<Object<Bucket>> = json(MERAKI, text)?;
    let buckets: Vec<Bucket> = buckets.into_iter().map(|Object(bucket)| bucket).collect();
    let Some(last) = buckets.iter().filter(|bucket| bucket.end_ts <= now).max_by_key(|bucket| bucket.end_ts)
    else {
        return Err(no_count("Meraki has no number for five minutes that are over"));
    };
    if buckets.iter().filter(|bucket| bucket.end_ts == last.end_ts).count() > 1 {
        return Err(no_count("Meraki has two numbers for the same five minutes"));
    }
    let length = last.end_ts.duration_since(last.start_ts);
    if length <= SignedDuration::ZERO || length > BUCKET_MAX {
        return Err(no_count(format!("Meraki counted over {length:#}, and not over five minutes")));
    }
    if now.duration_since(last.end_ts) > AGE_MAX {
        return Err(no_count(format!("Meraki's last number is old: it ends at {}", last.end_ts)));
    }
    match &last.client_count {
        Some(devices) => Ok(devices.0),
        None => Err(no_count("Meraki doesn't know the number of the last five minutes itself")),
    }
}
