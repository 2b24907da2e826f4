//! Cisco CMX, on the customer's premises: five APIs of different ages.

use handbell_core::config::{CmxApi, Place};
use serde::Deserialize;
use serde_json::Value;

use super::body::{self, Devices, Object, PlaceIndex, no_count, object, parts};
use super::{Ask, Pick, SiteAnswer, Unknown};

const CMX: &str = "CMX";

pub(super) fn term(api: CmxApi, place: &Place, ssid: Option<&str>) -> Result<(Ask, Pick), Unknown> {
    let hierarchy = named(place.hierarchy.as_deref())?;
    Ok(match api {
        CmxApi::V3 => {
            let pattern = hierarchy.map(pattern);
            let query: Vec<(&str, &str)> = [
                ("mapHierarchy", pattern.as_deref()),
                ("floorRefId", place.floor.as_deref()),
                ("ssid", ssid),
            ]
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)))
            .collect();
            (Ask::new("/api/location/v3/clients/count", &query), Pick::CmxAssociated)
        }
        CmxApi::V2 => {
            whole_site(place)?;
            (Ask::new("/api/location/v2/clients/count", &[]), Pick::CmxCount)
        }
        CmxApi::V1 => {
            whole_site(place)?;
            (Ask::new("/api/location/v1/clients/count", &[]), Pick::CmxCount)
        }
        CmxApi::Zones => {
            let hierarchy =
                hierarchy.ok_or_else(|| not_asked("`api: zones` needs the zone's `hierarchy` at CMX"))?;
            (Ask::new("/api/location/v1/clients/count/byzone", &[]), Pick::CmxZone(hierarchy.into()))
        }
        // This API identifies floors by name only, whichever key of the configuration contains the name.
        CmxApi::Analytics => match hierarchy.or(named(place.floor.as_deref())?) {
            Some(name) => (Ask::new("/api/analytics/v1/now/clientCount", &[]), Pick::CmxFloor(name.into())),
            None => (Ask::new("/api/analytics/v1/now/connectedDetected", &[]), Pick::CmxDetected),
        },
        CmxApi::Presence => {
            let site = place.presence_site.as_deref();
            let site = site.ok_or_else(|| not_asked("CMX Presence needs the zone's `presence_site`"))?;
            (Ask::new("/api/presence/v1/connected/count/today", &[("siteId", site)]), Pick::CmxBare)
        }
    })
}

fn not_asked(why: &str) -> Unknown {
    Unknown::NotAsked(why.into())
}

/// Returns the name of a place. A name that consists of separators only would match every place.
fn named(name: Option<&str>) -> Result<Option<&str>, Unknown> {
    match name {
        Some(name) if parts(name).is_empty() => Err(not_asked("the zone's `where` names no place")),
        name => Ok(name),
    }
}

/// The old APIs count the whole site. Their number would be far too high for a part of it.
fn whole_site(place: &Place) -> Result<(), Unknown> {
    if place.hierarchy.is_some() || place.floor.is_some() || place.ssid.is_some() {
        return Err(not_asked("this API of CMX counts the whole site only; use `api: v3`"));
    }
    Ok(())
}

/// Returns the pattern for a hierarchy. CMX takes `mapHierarchy` as a regular expression and searches for it anywhere
/// in `Campus>Building>Floor>Zone` (cmx-api-server, `String.search`); elsewhere it is documented as a substring. Plain
/// names mean the same in both cases. Only special characters are escaped: an unescaped bracket would match nothing,
/// which counts as 0.
///
/// The pattern isn't anchored: if CMX compares substrings, an anchor would match nothing either. So `Level 1` also
/// counts the devices of `Level 10`; where both exist, `floorRefId` distinguishes them.
fn pattern(hierarchy: &str) -> String {
    let names = hierarchy.split(['/', '>']).map(str::trim).filter(|name| !name.is_empty());
    let mut pattern = String::new();
    for c in names.collect::<Vec<_>>().join(">").chars() {
        // A dot matches itself, so it needs no escape.
        if r"\^$*+?()[]{}|".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// Reads `location/v3/clients/count`. The other numbers in it include devices that merely passed by.
pub(super) fn associated(text: &str) -> Result<u32, Unknown> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Count {
        associated_count: Devices,
    }
    object::<Count>(CMX, text).map(|it| it.associated_count.0)
}

/// Reads `location/v2/clients/count` and `v1`.
pub(super) fn count(text: &str) -> Result<u32, Unknown> {
    #[derive(Deserialize)]
    struct Count {
        count: Devices,
    }
    object::<Count>(CMX, text).map(|it| it.count.0)
}

/// Reads `analytics/v1/now/connectedDetected`.
pub(super) fn detected(text: &str) -> Result<u32, Unknown> {
    #[derive(Deserialize)]
    struct Detected {
        total: Devices,
    }
    object::<Detected>(CMX, text).map(|it| it.total.0)
}

/// Reads `presence/v1/connected/count/today`, whose body is the number. A truncated number would still be a number, and
/// so would a page that contains nothing else.
pub(super) fn bare(answer: &SiteAnswer, text: &str) -> Result<u32, Unknown> {
    if !answer.framed {
        return Err(no_count("CMX doesn't say where its number ends, so a part of it may be missing"));
    }
    let html = |kind: &str| kind.trim_start().to_ascii_lowercase().starts_with("text/html");
    if answer.content_type.as_deref().is_some_and(html) {
        return Err(no_count("a page came instead of CMX's count"));
    }
    body::json::<Devices>(CMX, text).map(|it| it.0)
}

/// `location/v1/clients/count/byzone`. In a sibling of this key, CMX writes `"Count "` for `"Count"`, so other keys may
/// have the same space.
#[derive(Deserialize)]
struct ByZone {
    #[serde(rename = "ZoneCounts", alias = "ZoneCounts ")]
    counts: Object<ZoneCounts>,
}

#[derive(Deserialize)]
struct ZoneCounts {
    #[serde(rename = "zoneCountList", alias = "zoneCountList ")]
    list: Vec<Object<ZoneCount>>,
}

#[derive(Deserialize)]
struct ZoneCount {
    #[serde(alias = "hierarchy ")]
    hierarchy: Option<String>,
    #[serde(rename = "zoneName", alias = "zoneName ")]
    name: Option<String>,
    #[serde(rename = "zoneCount", alias = "zoneCount ")]
    count: Option<Value>,
}

impl ByZone {
    fn listed(self) -> Vec<(Option<String>, Option<Value>)> {
        self.counts
            .0
            .list
            .into_iter()
            .map(|Object(zone)| (zone.hierarchy.or(zone.name), zone.count))
            .collect()
    }
}

/// The places that CMX lists.
pub(super) type Listing = PlaceIndex<Option<Value>>;

/// Returns the devices at the one place with this name.
pub(super) fn at(listing: &Listing, name: &str) -> Result<u32, Unknown> {
    Devices::of(CMX, listing.find(name)?.as_ref())
}

pub(super) fn by_zone(text: &str) -> Result<Listing, Unknown> {
    object::<ByZone>(CMX, text).map(|it| PlaceIndex::new(CMX, it.listed()))
}

pub(super) fn zones(text: &str) -> Vec<String> {
    serde_json::from_str::<Object<ByZone>>(text).map(|Object(it)| names(it.listed())).unwrap_or_default()
}

/// `analytics/v1/now/clientCount`.
#[derive(Deserialize)]
struct ClientCount {
    data: Vec<Object<FloorCount>>,
}

#[derive(Deserialize)]
struct FloorCount {
    #[serde(rename = "floorName")]
    name: Option<String>,
    value: Option<Value>,
}

impl ClientCount {
    fn listed(self) -> Vec<(Option<String>, Option<Value>)> {
        self.data.into_iter().map(|Object(floor)| (floor.name, floor.value)).collect()
    }
}

pub(super) fn by_floor(text: &str) -> Result<Listing, Unknown> {
    object::<ClientCount>(CMX, text).map(|it| PlaceIndex::new(CMX, it.listed()))
}

pub(super) fn floors(text: &str) -> Vec<String> {
    serde_json::from_str::<Object<ClientCount>>(text).map(|Object(it)| names(it.listed())).unwrap_or_default()
}

fn names<T>(listed: Vec<(Option<String>, T)>) -> Vec<String> {
    listed.into_iter().filter_map(|(name, _)| name).map(|name| name.trim().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn a_hierarchy_is_literal() {
        assert_eq!(pattern("Level 1"), "Level 1");
        assert_eq!(pattern(" A / B>C>"), "A>B>C");
        assert_eq!(pattern("Mezz. (East) [+1]"), r"Mezz. \(East\) \[\+1\]");
    }
}
