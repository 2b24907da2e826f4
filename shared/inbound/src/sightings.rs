//! Sightings: what CMX and Meraki tell us of single devices, without being asked.
//!
//! They tell as it happens: this device is on that floor, that one has gone. Nobody tells the number, so [`count`] makes it
//! from what was told last of each device. A device is known by a [`Device`] only; its MAC address ends here.

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

/// The longest body with sightings, in bytes. It is longer than [`crate::BODY_LIMIT`], for a full store is told of in one
/// piece; Lambda takes 6 MB, with all that the gateway wraps around.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// The most entries in one body.
pub const ENTRY_LIMIT: usize = 10_000;

/// A device's name with us: the first eight bytes of HMAC-SHA256(salt, MAC address). The same device has the same name as
/// long as the salt is the same, and without the salt nobody finds the address again.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Device(pub [u8; 8]);

impl Device {
    /// The device with this MAC address, in any of its spellings: `F4:8C:50:53:BC:09`, `f48c.5053.bc09`. Whatever else stands
    /// there is taken too, since CMX can be told to send hashes. None if nothing stands there.
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

// Enough to tell two of them apart, and too little to follow somebody through a log.
impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({:02x}{:02x}…)", self.0[0], self.0[1])
    }
}

/// What one body tells. No device is in both parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sightings {
    /// The devices in each zone, by the zone's name. Zones may overlap, so a device may be in more than one.
    pub seen: BTreeMap<String, BTreeSet<Device>>,
    /// The devices that are in no zone (any more): they left, they aren't connected, or they are elsewhere.
    pub gone: BTreeSet<Device>,
    /// A name for the body, by which the same body is known when it comes again. It takes the salt, so that nobody can try
    /// out addresses with it.
    pub digest: [u8; 8],
}

impl Sightings {
    /// Whether nothing is told of any device, so that there is nothing to remember.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty() && self.gone.is_empty()
    }
}

/// How many devices are in each zone, by what was told last of each device. A zone in which nobody is isn't named.
///
/// The order of `batches` doesn't matter, except for those of the same moment: the later one is believed. Leave out those
/// that are older than the site's window.
#[must_use]
pub fn count(batches: &[(Timestamp, Sightings)]) -> BTreeMap<String, u32> {
    let mut batches: Vec<_> = batches.iter().collect();
    batches.sort_by_key(|(at, _)| *at);
    // From the newest on: of whom a newer one has told, an older one has nothing to say.
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

/// Devices as bytes, eight for each, in their order.
#[must_use]
pub fn pack(devices: &BTreeSet<Device>) -> Vec<u8> {
    devices.iter().flat_map(|device| device.0).collect()
}

/// The devices in what [`pack`] made. None if the length says that it didn't.
#[must_use]
pub fn unpack(bytes: &[u8]) -> Option<BTreeSet<Device>> {
    let (devices, rest) = bytes.as_chunks::<8>();
    rest.is_empty().then(|| devices.iter().copied().map(Device).collect())
}

/// What has been told so far while a body is read.
struct Reading<'a> {
    salt: &'a [u8],
    zones: &'a [(&'a str, &'a Zone)],
    /// The zones of each device, by their place in `zones`; none if it is gone.
    last: BTreeMap<Device, Vec<usize>>,
}

impl<'a> Reading<'a> {
    fn new(salt: &'a [u8], zones: &'a [(&'a str, &'a Zone)]) -> Self {
        Self { salt, zones, last: BTreeMap::new() }
    }

    /// The device with this MAC address, if that can be read.
    fn device(&self, mac: &Value) -> Option<Device> {
        Device::new(mac.as_str()?, self.salt)
    }

    /// The zones that a device on this SSID is in, out of those whose place matches.
    fn zones(&self, ssid: Option<&str>, matches: impl Fn(usize, &Place) -> bool) -> Vec<usize> {
        let is_in = |(number, (_, zone)): (usize, &(&str, &Zone))| {
            let excluded = zone.exclude.ssid.is_some() && zone.exclude.ssid.as_deref() == ssid;
            let fits = agrees(zone.place.ssid.as_deref(), ssid) && matches(number, &zone.place);
            (!excluded && fits).then_some(number)
        };
        self.zones.iter().enumerate().filter_map(is_in).collect()
    }

    /// The last word on a device is the one that counts. Who is in none of our zones is gone from all of them.
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

/// Whether what a zone asks for is what is said. A zone that asks for nothing agrees with everything.
fn agrees(asked: Option<&str>, said: Option<&str>) -> bool {
    asked.is_none_or(|asked| said == Some(asked))
}

fn keyed(salt: &[u8], message: &[u8]) -> [u8; 8] {
    let mut mac = Hmac::<Sha256>::new_from_slice(salt).expect("HMAC takes a key of any length");
    mac.update(message);
    let code = mac.finalize().into_bytes();
    std::array::from_fn(|at| code[at])
}

/// Whether this is one of the keys. They are compared by their hashes, so that not even a key's length can be measured. An
/// empty key was never set.
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
    // Not serde's own words: they may quote the body.
    Rejected::Malformed(format!("the body isn't JSON, line {}, column {}", error.line(), error.column()))
}

/// The entries under this name, which must be there and not too many.
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
