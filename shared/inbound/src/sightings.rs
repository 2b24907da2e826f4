//! Sightings: reports of single devices that CMX and Meraki push.
//!
//! The vendors report events: a device is on a floor, or a device has gone. They report no counts, so [`count`] derives
//! them from the last report about each device. A device is identified by a [`Device`] only; its MAC address is never
//! stored.

mod cmx;
mod meraki;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use handbell_core::{
    Rejected,
    config::{Place, Zone},
};
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

pub use self::{cmx::cmx, meraki::meraki};

/// Maximum size of a body with sightings, in bytes. It is larger than [`crate::BODY_LIMIT`], since a single body
/// reports a full store; Lambda accepts 6 MB, including what the gateway adds.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// Maximum number of entries in one body.
pub const ENTRY_LIMIT: usize = 10_000;

/// Pseudonym of a device: the first eight bytes of HMAC-SHA256(salt, MAC address). The pseudonym is stable for a given
/// salt, and without the salt the address can't be recovered.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Device(pub [u8; 8]);

impl Device {
    /// Returns the device with this MAC address, in any spelling: `F4:8C:50:53:BC:09`, `f48c.5053.bc09`. Any other text
    /// is accepted too, since CMX can be configured to send hashes. Returns `None` for an empty text.
    #[must_use]
    pub fn new(mac: &str, salt: &[u8]) -> Option<Device> {
        let normal: String = mac
            .chars()
            .filter(|c| !matches!(c, ':' | '-' | '.') && !c.is_whitespace())
            .flat_map(char::to_lowercase)
            .collect();
        (!normal.is_empty()).then(|| Device(keyed(salt, normal.as_bytes())))
    }
}

// Enough to distinguish two devices, and too little to track a person through a log.
impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// The sightings in one body. No device is in both parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sightings {
    /// Devices in each zone, by the zone's name. Zones may overlap, so a device may be in several.
    pub seen: BTreeMap<String, BTreeSet<Device>>,
    /// Devices that are in no zone (any more): they left, aren't connected, or are elsewhere.
    pub gone: BTreeSet<Device>,
    /// Identity of the body, by which a repeated body is recognised. It depends on the salt, so that nobody can test
    /// addresses with it.
    pub digest: [u8; 8],
}

impl Sightings {
    /// Returns whether the body reports no device, so that there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty() && self.gone.is_empty()
    }
}

/// Counts the devices in each zone, by the last report about each device. Zones without devices are left out.
///
/// The order of `batches` only matters between those of the same moment: the later one wins. The caller leaves out
/// batches that are older than the site's window.
#[must_use]
pub fn count(batches: &[(Timestamp, Sightings)]) -> BTreeMap<String, u32> {
    let mut batches: Vec<_> = batches.iter().collect();
    batches.sort_by_key(|(at, _)| *at);
    // Newest first: a newer report about a device replaces all older ones.
    let mut told = BTreeSet::new();
    let mut counts = BTreeMap::new();
    for (_, Sightings { seen, gone, .. }) in batches.into_iter().rev() {
        for (zone, devices) in seen {
            let new = devices.difference(&told).count();
            if new > 0 {
                let count: &mut u32 = counts.entry(zone.clone()).or_default();
                *count = count.saturating_add(u32::try_from(new).unwrap_or(u32::MAX));
            }
        }
        told.extend(seen.values().flatten().chain(gone).copied());
    }
    counts
}

/// Packs devices into bytes, eight for each, in order.
#[must_use]
pub fn pack(devices: &BTreeSet<Device>) -> Vec<u8> {
    devices.iter().flat_map(|device| device.0).collect()
}

/// Unpacks what [`pack`] returned. Returns `None` if the length isn't a multiple of eight.
#[must_use]
pub fn unpack(bytes: &[u8]) -> Option<BTreeSet<Device>> {
    let (devices, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| devices.iter().copied().map(Device).collect())
}

/// State while a body is read.
struct Reading<'a> {
    salt: &'a [u8],
    zones: &'a [(&'a str, &'a Zone)],
    /// Zones of each device, by index into `zones`; empty if the device has gone.
    last: BTreeMap<Device, Vec<usize>>,
}

impl<'a> Reading<'a> {
    fn new(salt: &'a [u8], zones: &'a [(&'a str, &'a Zone)]) -> Self {
        Self { salt, zones, last: BTreeMap::new() }
    }

    /// Returns the device with this MAC address, if it is readable.
    fn device(&self, mac: &Value) -> Option<Device> {
        Device::new(mac.as_str()?, self.salt)
    }

    /// Returns the zones whose place matches and that count devices on this SSID.
    fn zones(&self, ssid: Option<&str>, matches: impl Fn(usize, &Place) -> bool) -> Vec<usize> {
        let is_in = |(number, (_, zone)): (usize, &(&str, &Zone))| {
            let excluded = zone.exclude.ssid.is_some() && zone.exclude.ssid.as_deref() == ssid;
            let fits = agrees(zone.place.ssid.as_deref(), ssid) && matches(number, &zone.place);
            (!excluded && fits).then_some(number)
        };
        self.zones.iter().enumerate().filter_map(is_in).collect()
    }

    /// Records a report. The last report about a device wins. A device that is in none of our zones has gone from all
    /// of them.
    fn tell(&mut self, device: Device, zones: Vec<usize>) {
        self.last.insert(device, zones);
    }

    fn finish(self, body: &[u8]) -> Sightings {
        let mut sightings = Sightings { digest: keyed(self.salt, body), ..Sightings::default() };
        for (device, zones) in self.last {
            if zones.is_empty() {
                sightings.gone.insert(device);
            }
            for number in zones {
                sightings.seen.entry(self.zones[number].0.to_owned()).or_default().insert(device);
            }
        }
        sightings
    }
}

/// Whether a reported value satisfies a zone's condition. A zone without the condition accepts everything.
fn agrees(asked: Option<&str>, said: Option<&str>) -> bool {
    asked.is_none_or(|asked| said == Some(asked))
}

fn keyed(salt: &[u8], message: &[u8]) -> [u8; 8] {
    let mut mac = Hmac::<Sha256>::new_from_slice(salt).expect("HMAC takes a key of any length");
    mac.update(message);
    let code = mac.finalize().into_bytes();
    std::array::from_fn(|at| code[at])
}

/// Whether this is one of the keys. They are compared by their hashes, so that timing doesn't even reveal a key's
/// length. An empty key is an unset one and never matches.
fn is_known(given: &str, keys: &[&str]) -> bool {
    let given = Sha256::digest(given.as_bytes());
    keys.iter()
        .filter(|key| !key.is_empty())
        .any(|key| Sha256::digest(key.as_bytes()).as_slice().ct_eq(given.as_slice()).into())
}

fn check_size(body: &[u8]) -> Result<(), Rejected> {
    if body.len() > BODY_LIMIT {
        return Err(Rejected::Malformed(format!("the body is longer than {BODY_LIMIT} bytes")));
    }
    Ok(())
}

fn not_json(error: &serde_json::Error) -> Rejected {
    // Not serde's own words, which may quote the body.
    Rejected::Malformed(format!("the body isn't JSON, line {}, column {}", error.line(), error.column()))
}

/// Returns the list under this name, which must exist and not be too long.
fn entries<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], Rejected> {
    let entries = value[name]
        .as_array()
        .ok_or_else(|| Rejected::Malformed(format!("the body has no list `{name}`")))?;
    if entries.len() > ENTRY_LIMIT {
        return Err(Rejected::Malformed(format!(
            "`{name}` has {} entries; {ENTRY_LIMIT} are the most",
            entries.len()
        )));
    }
    Ok(entries)
}
