//! Cisco Spaces.

use std::collections::BTreeMap;

use handbell_core::config::Place;
use serde::Deserialize;
use serde_json::Value;

use super::body::{Devices, Object, PlaceIndex, no_count, object, parts};
use super::{Ask, Pick, Unknown};

const SPACES: &str = "Cisco Spaces";

pub(super) fn term(place: &Place) -> Result<(Ask, Pick), Unknown> {
    if place.ssid.is_some() {
        return Err(Unknown::NotAsked("Cisco Spaces can't tell SSIDs apart here".into()));
    }
    let floors = || Ask::new("/api/location/v1/clients/floors", &[]);
    match (&place.floor, &place.hierarchy) {
        (Some(id), _) if !id.trim().is_empty() => Ok((floors(), Pick::SpacesFloorId(id.trim().into()))),
        (None, Some(name)) if !parts(name).is_empty() => Ok((floors(), Pick::SpacesFloorName(name.clone()))),
        (None, None) => Ok((Ask::new("/api/location/v1/clients/count", &[]), Pick::SpacesTotal)),
        _ => Err(Unknown::NotAsked("the zone's `where` names no place".into())),
    }
}

/// Reads `clients/count`.
pub(super) fn total(text: &str) -> Result<u32, Unknown> {
    #[derive(Deserialize)]
    struct Count {
        results: Object<Results>,
    }
    #[derive(Deserialize)]
    struct Results {
        total: Devices,
    }
    object::<Count>(SPACES, text).map(|it| it.results.0.total.0)
}

/// `clients/floors`. It is documented that `results` has one entry for each floor; the keys of an entry are inferred
/// from Cisco Spaces' other answers.
#[derive(Deserialize)]
struct Floors {
    results: Vec<Object<Floor>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Floor {
    floor_id: Option<Value>,
    id: Option<Value>,
    floor_name: Option<String>,
    name: Option<String>,
    count: Option<Value>,
    total: Option<Value>,
    device_count: Option<Value>,
}

impl Floor {
    fn id(&self) -> Option<String> {
        match self.floor_id.as_ref().or(self.id.as_ref())? {
            Value::String(id) => Some(id.trim().to_owned()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        }
    }

    fn name(&self) -> Option<String> {
        self.floor_name.as_ref().or(self.name.as_ref()).map(|name| name.trim().to_owned())
    }

    /// Returns the floor's devices. Two different numbers are an error, since nothing tells which one is meant.
    fn devices(&self) -> Result<u32, Unknown> {
        let mut given: Vec<&Value> =
            [&self.count, &self.total, &self.device_count].into_iter().flatten().collect();
        given.dedup();
        if given.len() > 1 {
            return Err(no_count(format!("{SPACES} gives the floor more than one number")));
        }
        Devices::of(SPACES, given.pop())
    }
}

/// The floors of an answer, indexed by id and by name.
pub(super) struct Listing {
    floors: Vec<Floor>,
    /// Positions of each id in the list.
    ids: BTreeMap<String, Vec<usize>>,
    /// Positions of each name in the list.
    names: PlaceIndex<usize>,
}

pub(super) fn by_floor(text: &str) -> Result<Listing, Unknown> {
    let results = object::<Floors>(SPACES, text)?.results;
    let floors: Vec<Floor> = results.into_iter().map(|Object(floor)| floor).collect();
    let mut ids: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, floor) in floors.iter().enumerate() {
        if let Some(id) = floor.id() {
            ids.entry(id).or_default().push(at);
        }
    }
    let names = floors.iter().enumerate().map(|(at, floor)| (floor.name(), at)).collect();
    Ok(Listing { floors, ids, names: PlaceIndex::new(SPACES, names) })
}

impl Listing {
    /// Returns the devices on the one floor with this name.
    pub(super) fn named(&self, name: &str) -> Result<u32, Unknown> {
        self.floors[*self.names.find(name)?].devices()
    }

    /// Returns the devices on the floor with this id, which must match exactly.
    pub(super) fn with_id(&self, id: &str) -> Result<u32, Unknown> {
        match self.ids.get(id).map(Vec::as_slice) {
            Some(&[at]) => self.floors[at].devices(),
            None | Some([]) => Err(no_count(format!("{SPACES} knows no floor with the id {id:?}"))),
            Some(_) => Err(no_count(format!("{SPACES} lists the floor {id:?} twice"))),
        }
    }
}

pub(super) fn floors(text: &str) -> Vec<String> {
    let Ok(Object(floors)) = serde_json::from_str::<Object<Floors>>(text) else { return Vec::new() };
    let shown = |floor: &Floor| match (floor.name(), floor.id()) {
        (Some(name), Some(id)) => Some(format!("{name} ({id})")),
        (name, id) => name.or(id),
    };
    floors.results.iter().filter_map(|Object(floor)| shown(floor)).collect()
}
