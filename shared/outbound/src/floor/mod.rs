//! How many devices are connected in each zone of a site: Cisco CMX, Cisco Spaces and Meraki are asked.
//!
//! What a zone needs is worked out first ([`terms`]): which requests, and where in their answers its numbers stand. So
//! one request serves all zones that it can serve. Then the site is asked ([`Floor::count`]), and each answer is read
//! ([`read`]).
//!
//! A count is exactly what the documented answer says, or it is [`Unknown`]. It is never 0 because nothing could be
//! read, and no digits are fished out of a page of text: the page of a gateway in trouble is full of them.

mod body;
mod client;
mod cmx;
mod meraki;
mod spaces;

use std::cell::OnceCell;
use std::fmt;

use bytes::Bytes;
use handbell_core::config::{CmxApi, Source, Zone};
use http::StatusCode;
use jiff::Timestamp;

pub use client::{Counts, Floor, Pace, Said};

/// Nobody's answer is longer: a list of a thousand zones has a quarter of a megabyte.
pub const BODY_MAX: usize = 1024 * 1024;

/// A system that can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// A Cisco CMX, by this interface.
    Cmx(CmxApi),
    /// Cisco Spaces.
    Spaces,
    /// The Meraki dashboard.
    Meraki,
}

impl System {
    /// The one that a site names; none if the site tells us by itself.
    pub fn of(source: Source<'_>) -> Option<System> {
        match source {
            Source::Cmx(cmx) => Some(System::Cmx(cmx.api)),
            Source::Spaces(_) => Some(System::Spaces),
            Source::Meraki(_) => Some(System::Meraki),
            Source::CmxPush(_) | Source::MerakiPush(_) => None,
        }
    }

    /// How people call it.
    pub fn name(self) -> &'static str {
        match self {
            System::Cmx(_) => "CMX",
            System::Spaces => "Cisco Spaces",
            System::Meraki => "Meraki",
        }
    }
}

/// Why there is no count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// There was no answer: no connection, no time, or it broke off.
    #[error("{0}")]
    NoAnswer(String),
    /// There was an answer, and it isn't a count.
    #[error("{0}")]
    NoCount(String),
    /// It wasn't asked: no time was left, or the zone asks for what this system can't tell.
    #[error("{0}")]
    NotAsked(String),
}

impl Unknown {
    /// The reason, for a person. It holds no secret.
    pub fn why(&self) -> &str {
        match self {
            Unknown::NoAnswer(why) | Unknown::NoCount(why) | Unknown::NotAsked(why) => why,
        }
    }
}

/// One request: a GET of this path and query, below the site's address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ask {
    path: String,
    query: String,
}

impl Ask {
    fn new(path: impl Into<String>, query: &[(&str, &str)]) -> Ask {
        let pairs: Vec<String> =
            query.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect();
        Ask { path: path.into(), query: pairs.join("&") }
    }

    /// The path, from its first `/` on.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query, percent-encoded; empty if there is none.
    pub fn query(&self) -> &str {
        &self.query
    }
}

/// `/api/location/v3/clients/count?ssid=Guests`.
impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.query.is_empty() { Ok(()) } else { write!(f, "?{}", self.query) }
    }
}

/// Everything but RFC 3986's unreserved characters. A space is never `+`, which not everybody reads as one.
fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Where in an answer the number stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pick {
    /// CMX v3: `associatedCount`.
    CmxAssociated,
    /// CMX v1 and v2: `count`.
    CmxCount,
    /// CMX v1 by zone: the `zoneCount` of the zone with this hierarchy.
    CmxZone(String),
    /// CMX analytics: `total`.
    CmxDetected,
    /// CMX analytics: the `value` of the floor with this name.
    CmxFloor(String),
    /// CMX Presence: the body is the number.
    CmxBare,
    /// Cisco Spaces: `results.total`.
    SpacesTotal,
    /// Cisco Spaces: the floor with this id.
    SpacesFloorId(String),
    /// Cisco Spaces: the floor with this name.
    SpacesFloorName(String),
    /// Meraki: the last complete five minutes.
    MerakiBucket,
}

impl Pick {
    /// How people call whoever answers.
    pub fn vendor(&self) -> &'static str {
        match self {
            Pick::CmxAssociated
            | Pick::CmxCount
            | Pick::CmxZone(_)
            | Pick::CmxDetected
            | Pick::CmxFloor(_)
            | Pick::CmxBare => "CMX",
            Pick::SpacesTotal | Pick::SpacesFloorId(_) | Pick::SpacesFloorName(_) => System::Spaces.name(),
            Pick::MerakiBucket => System::Meraki.name(),
        }
    }
}

/// Whether a number is added or taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Added.
    Plus,
    /// Taken away: the staff's devices.
    Minus,
}

/// One number out of one answer. A zone's count is the sum of its terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// Who has it.
    pub ask: Ask,
    /// Where it stands.
    pub pick: Pick,
    /// What it is for.
    pub sign: Sign,
}

/// The numbers that a zone's count is made of; never none of them.
pub fn terms(system: System, zone: &Zone) -> Result<Vec<Term>, Unknown> {
    let place = &zone.place;
    let asked = |ssid: Option<&str>| match system {
        System::Cmx(api) => cmx::term(api, place, ssid),
        System::Spaces => spaces::term(place),
        System::Meraki => meraki::term(place, ssid),
    };
    let term = |(ask, pick), sign| Term { ask, pick, sign };
    let mut terms = vec![term(asked(place.ssid.as_deref())?, Sign::Plus)];
    // A device is on one SSID only. Where only the customers' is counted, the staff's devices aren't in the number.
    if let Some(staff) = &zone.exclude.ssid
        && place.ssid.as_ref().is_none_or(|ssid| ssid == staff)
    {
        if !matches!(system, System::Cmx(CmxApi::V3) | System::Meraki) {
            return Err(Unknown::NotAsked(format!("{} can't tell SSIDs apart here", system.name())));
        }
        terms.push(term(asked(Some(staff))?, Sign::Minus));
    }
    Ok(terms)
}

/// What came back from a site.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The type of the body, if it was told.
    pub content_type: Option<String>,
    /// The body, all of it.
    pub body: Bytes,
    /// The sender said where the body ends. One that ends with the connection may have been cut.
    pub framed: bool,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Answer { status, content_type, framed, .. } = self;
        f.debug_struct("Answer")
            .field("status", status)
            .field("content_type", content_type)
            .field("framed", framed)
            .field("body", &body::excerpt(&self.body))
            .finish()
    }
}

/// The number that stands there, or why there is none. `now` tells which of Meraki's five minutes are over.
pub fn read(pick: &Pick, answer: &Answer, now: Timestamp) -> Result<u32, Unknown> {
    Reading::new(answer, now).read(pick)
}

/// An answer that is being read. A list in it is long, and many zones pick out of it: so it is kept once it has been
/// read, and so is the reason if it can't be.
struct Reading<'a> {
    answer: &'a Answer,
    now: Timestamp,
    cmx_zones: OnceCell<Result<cmx::Listing, Unknown>>,
    cmx_floors: OnceCell<Result<cmx::Listing, Unknown>>,
    spaces_floors: OnceCell<Result<spaces::Listing, Unknown>>,
}

impl<'a> Reading<'a> {
    fn new(answer: &'a Answer, now: Timestamp) -> Reading<'a> {
        Reading {
            answer,
            now,
            cmx_zones: OnceCell::new(),
            cmx_floors: OnceCell::new(),
            spaces_floors: OnceCell::new(),
        }
    }

    /// See [`read`].
    fn read(&self, pick: &Pick) -> Result<u32, Unknown> {
        let text = || {
            let vendor = pick.vendor();
            body::plain_yes(vendor, self.answer)?;
            body::text(vendor, self.answer)
        };
        let spaces_floors = || kept(&self.spaces_floors, || spaces::by_floor(text()?));
        match pick {
            Pick::CmxAssociated => cmx::associated(text()?),
            Pick::CmxCount => cmx::count(text()?),
            Pick::CmxZone(hierarchy) => cmx::at(kept(&self.cmx_zones, || cmx::by_zone(text()?))?, hierarchy),
            Pick::CmxDetected => cmx::detected(text()?),
            Pick::CmxFloor(name) => cmx::at(kept(&self.cmx_floors, || cmx::by_floor(text()?))?, name),
            Pick::CmxBare => cmx::bare(self.answer, text()?),
            Pick::SpacesTotal => spaces::total(text()?),
            Pick::SpacesFloorId(id) => spaces_floors()?.with_id(id),
            Pick::SpacesFloorName(name) => spaces_floors()?.named(name),
            Pick::MerakiBucket => meraki::bucket(text()?, self.now),
        }
    }
}

fn kept<T>(
    cell: &OnceCell<Result<T, Unknown>>,
    read: impl FnOnce() -> Result<T, Unknown>,
) -> Result<&T, Unknown> {
    cell.get_or_init(read).as_ref().map_err(Unknown::clone)
}

/// The names of the places in an answer that lists several: CMX's zones and floors, Cisco Spaces' floors. None if it
/// lists none or can't be read.
pub fn places(answer: &Answer) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(&answer.body) else { return Vec::new() };
    [cmx::zones, cmx::floors, spaces::floors]
        .into_iter()
        .map(|names| names(text))
        .find(|names| !names.is_empty())
        .unwrap_or_default()
}
