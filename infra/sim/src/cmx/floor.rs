//! CMX's view of the floors: the places of the zones, and devices that match the zones' counts.

use handbell_core::config::{CmxApi, Config, Place, Source};
use handbell_core::occupancy::zone::{Bounds, ZoneRule};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// SSID of everybody but the staff.
const GUESTS: &str = "guests";
/// Number of staff devices in a zone that excludes the staff's SSID.
const STAFF: u32 = 3;
/// Initial count of a zone without a capacity.
const START: u32 = 20;
/// Default names of the upper parts of the map.
const CAMPUS: &str = "System Campus";
const FLOOR: &str = "Level 1";

const MAKERS: [&str; 5] = ["Apple", "Samsung", "Google", "Xiaomi", "Intel Corporate"];

/// A zone with its place and its count.
pub(super) struct Spot {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) site: String,
    /// User who sees this zone.
    pub(super) user: String,
    pub(super) capacity: Option<u32>,
    pub(super) levels: Vec<Bounds>,
    pub(super) count: u32,
    /// CMX's number of the zone.
    pub(super) id: u32,
    /// `Campus>Building>Floor>Zone`.
    pub(super) hierarchy: String,
    pub(super) floor_name: String,
    pub(super) floor_id: String,
    pub(super) presence: Option<String>,
    /// Place and interface that Handbell asks for.
    place: Place,
    api: CmxApi,
    /// SSID of the staff.
    staff: Option<String>,
    /// Number of permanent devices that don't belong to customers, such as tills and displays.
    always: u32,
}

impl Spot {
    /// Returns the zones whose site is a CMX.
    pub(super) fn all(config: &Config) -> Vec<Self> {
        let zones = config.zones.iter().enumerate().filter_map(|(index, (name, zone))| {
            let Some(Source::Cmx(cmx)) = config.sites.get(&zone.site)?.source() else { return None };
            let levels = ZoneRule::of(zone, &config.time_zone()).map(|rule| rule.levels).unwrap_or_default();
            let given = zone.place.hierarchy.as_deref();
            let asked = match cmx.api {
                // Analytics identifies floors by name, whichever key contains it.
                CmxApi::Analytics => given.or(zone.place.floor.as_deref()).map(str::to_owned),
                _ => given.map(|given| split(given).join(">")),
            };
            let parts = match (&asked, cmx.api) {
                (Some(floor), CmxApi::Analytics) => vec![CAMPUS, &zone.site, floor],
                (Some(asked), _) => match *split(asked) {
                    [] => vec![CAMPUS, &zone.site, FLOOR, name],
                    [part] => vec![CAMPUS, &zone.site, FLOOR, part],
                    [floor, part] => vec![CAMPUS, &zone.site, floor, part],
                    [..] => split(asked),
                },
                (None, _) => vec![CAMPUS, &zone.site, FLOOR, name],
            };
            let calm = levels.first().map_or(START, |lowest| lowest.clear.min(START));
            let floor = parts[..3].join(">");
            Some(Self {
                name: name.clone(),
                label: zone.label.clone().unwrap_or_else(|| name.clone()),
                site: zone.site.clone(),
                user: cmx.user.clone(),
                capacity: zone.capacity,
                count: zone.capacity.map_or(calm, |capacity| capacity / 10 * 3 + capacity % 10 * 3 / 10),
                levels,
                id: 645 + u32::try_from(index).unwrap_or_default(),
                floor_name: parts[2].to_owned(),
                floor_id: zone.place.floor.clone().unwrap_or_else(|| number(&floor).to_string()),
                presence: zone.place.presence_site.clone(),
                hierarchy: parts.join(">"),
                api: cmx.api,
                place: Place { hierarchy: asked, ..zone.place.clone() },
                staff: zone.exclude.ssid.clone(),
                always: zone.exclude.devices,
            })
        });
        zones.collect()
    }

    fn ssid(&self) -> &str {
        self.place.ssid.as_deref().unwrap_or(GUESTS)
    }

    /// Whether the other zone is in this one on the map, or equal to it.
    pub(super) fn contains(&self, other: &Self) -> bool {
        let below = other.hierarchy.strip_prefix(&self.hierarchy);
        below.is_some_and(|below| below.is_empty() || below.starts_with('>'))
    }

    /// Whether the count of this zone includes the other one's customers: a floor includes its zones, and a site all of
    /// them.
    fn holds(&self, other: &Self) -> bool {
        let place = &self.place;
        let is_there = |hierarchy: &String| match self.api {
            CmxApi::Zones => self.contains(other),
            CmxApi::Analytics => self.floor_name == other.floor_name,
            _ => other.hierarchy.contains(hierarchy),
        };
        place.hierarchy.as_ref().is_none_or(is_there)
            && place.floor.as_ref().is_none_or(|floor| other.floor_id == *floor)
            && place.ssid.as_ref().is_none_or(|ssid| other.ssid() == ssid)
            && place.presence_site.as_ref().is_none_or(|site| other.presence.as_ref() == Some(site))
    }
}

/// Kind of a device.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Guest,
    Staff,
    /// Probes for networks without being connected.
    Probing,
}

/// A device.
#[derive(Clone, Copy)]
pub(super) struct Device<'a> {
    pub(super) spot: &'a Spot,
    kind: Kind,
    number: u32,
}

/// Returns the devices that a user sees. Smaller places come first, so that a larger one adds only the devices that they
/// lack.
pub(super) fn devices<'a>(spots: &'a [Spot], user: &str) -> Vec<Device<'a>> {
    let mut mine: Vec<&Spot> = spots.iter().filter(|spot| spot.user == user).collect();
    let all = mine.clone();
    mine.sort_by_key(|spot| all.iter().filter(|other| spot.holds(other)).count());
    let mut found: Vec<Device<'a>> = Vec::new();
    for spot in mine {
        let there = found
            .iter()
            .filter(|device| device.associated() && spot.holds(device.spot))
            .filter(|device| spot.staff.is_none() || device.ssid() != spot.staff.as_deref())
            .count();
        let wanted = spot.count.saturating_add(spot.always).min(super::MOST);
        let lacking = wanted.saturating_sub(u32::try_from(there).unwrap_or(u32::MAX));
        let staff = if spot.staff.is_some() { STAFF } else { 0 };
        for (kind, count) in
            [(Kind::Guest, lacking), (Kind::Staff, staff), (Kind::Probing, lacking.div_ceil(4))]
        {
            found.extend((0..count).map(|number| Device { spot, kind, number }));
        }
    }
    found
}

impl<'a> Device<'a> {
    pub(super) fn associated(&self) -> bool {
        self.kind != Kind::Probing
    }

    /// Returns the MAC address, which is always the same for the same device of a zone.
    pub(super) fn mac(&self) -> String {
        let [_, _, zone, part] = self.spot.id.to_be_bytes();
        let [_, _, high, low] = self.number.to_be_bytes();
        // Addresses that begin with 02 are locally administered, so no real device has one by default.
        format!("02:{:02x}:{zone:02x}:{part:02x}:{high:02x}:{low:02x}", self.kind as u8)
    }

    pub(super) fn ip(&self) -> Option<String> {
        let zone = (self.spot.id % 64) * 4 + self.kind as u32;
        self.associated().then(|| format!("10.{zone}.{}.{}", self.number / 250, self.number % 250 + 1))
    }

    pub(super) fn ssid(&self) -> Option<&'a str> {
        match self.kind {
            Kind::Guest => Some(self.spot.ssid()),
            Kind::Staff => self.spot.staff.as_deref(),
            Kind::Probing => None,
        }
    }

    pub(super) fn username(&self) -> String {
        if self.kind == Kind::Staff { format!("staff-{}", self.number + 1) } else { String::new() }
    }

    pub(super) fn maker(&self) -> &'static str {
        MAKERS[self.number as usize % MAKERS.len()]
    }

    fn coordinate(&self) -> Value {
        let (x, y) = (f64::from(self.number % 40) * 2.5, f64::from(self.number / 40 % 40) * 2.5);
        json!({ "x": x, "y": y, "z": 0, "unit": "FEET" })
    }

    /// The device in version 3's format.
    pub(super) fn v3(&self, now: Timestamp, zone: &TimeZone) -> Value {
        json!({
            "notificationType": "locationupdate",
            "subscriptionName": "CMX_Api_Server_Notification_1",
            "eventId": self.number,
            "locationMapHierarchy": self.spot.hierarchy,
            "locationCoordinate": self.coordinate(),
            "geoCoordinate": { "latitude": -999, "longitude": -999, "unit": "DEGREES" },
            "confidenceFactor": 24,
            "apMacAddress": "02:a0:00:00:00:60",
            "associated": self.associated(),
            "username": self.username(),
            "ipAddress": self.ip().into_iter().collect::<Vec<_>>(),
            "ssid": self.ssid(),
            "band": "IEEE_802_11_A",
            "floorId": number(&self.spot.floor_id),
            "floorRefId": self.spot.floor_id,
            "entity": "WIRELESS_CLIENTS",
            "deviceId": self.mac(),
            "lastSeen": moment(now, zone),
            "rawLocation": { "rawX": -999, "rawY": -999, "unit": "FEET" },
            "tagVendorData": null,
            "locComputeType": "RSSI",
            "manufacturer": self.maker(),
            "maxDetectedRssi": {
                "apMacAddress": "02:a0:00:00:00:60",
                "band": "IEEE_802_11_A",
                "slot": 1,
                "rssi": -53,
                "antennaIndex": 0,
                "lastHeardInSeconds": 0,
            },
            "timestamp": now.as_millisecond(),
            "sourceNotification": "127.0.0.1",
            "sourceNotificationKey": "127.0.0.1,2",
            "notificationTime": now.as_millisecond().to_string(),
        })
    }

    /// The device in version 2's format.
    pub(super) fn v2(&self, now: Timestamp, zone: &TimeZone) -> Value {
        json!({
            "macAddress": self.mac(),
            "mapInfo": { "mapHierarchyString": self.spot.hierarchy, "floorRefId": self.spot.floor_id },
            "mapCoordinate": self.coordinate(),
            "currentlyTracked": true,
            "confidenceFactor": 160,
            "statistics": {
                "currentServerTime": moment(now, zone),
                "firstLocatedTime": moment(now, zone),
                "lastLocatedTime": moment(now, zone),
            },
            "networkStatus": "ACTIVE",
            "changedOn": now.as_millisecond(),
            "ipAddress": self.ip().into_iter().collect::<Vec<_>>(),
            "userName": self.username(),
            "ssId": self.ssid().unwrap_or_default(),
            "band": "IEEE_802_11_B",
            "apMacAddress": "02:a0:00:00:00:60",
            "dot11Status": if self.associated() { "ASSOCIATED" } else { "PROBING" },
            "manufacturer": self.maker(),
            "detectingControllers": "10.10.20.90",
            "bytesSent": 154,
            "bytesReceived": 140,
            "guestUser": false,
        })
    }
}

/// Splits a place into its parts.
fn split(hierarchy: &str) -> Vec<&str> {
    hierarchy.split(['>', '/']).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Returns a stable id of 18 digits for a floor without one.
fn number(floor: &str) -> u64 {
    if let Ok(number) = floor.parse() {
        return number;
    }
    let hash = floor.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    700_000_000_000_000_000 + hash % 100_000_000_000_000_000
}

fn moment(now: Timestamp, zone: &TimeZone) -> String {
    now.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.3f%z").to_string()
}
