//! Device counts in each zone of a site, polled from Cisco CMX, Cisco Spaces and Meraki.
//!
//! First, [`terms`] determines which requests a zone needs and where its numbers are in their answers, so that one
//! request serves as many zones as possible. Then [`Floor::count`] polls the site, and [`read`] reads each answer.
//!
//! A count is exactly what the documented answer contains, or it is [`Unknown`]. An unreadable answer is never 0, and
//! no digits are extracted from a page of text: the error page of a gateway is full of them.

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

use crate::encoding::percent_encoded;

pub use client::{Exchange, Floor, RequestPace, SiteCounts};

/// Maximum size of an answer. A list of a thousand zones has a quarter of a megabyte.
pub const BODY_MAX: usize = 1024 * 1024;

/// A system that can be polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// A Cisco CMX with this API.
    Cmx(CmxApi),
    /// Cisco Spaces.
    Spaces,
    /// The Meraki dashboard.
    Meraki,
}

impl System {
    /// Returns the system that a site names; `None` if the site pushes its counts.
    pub fn of(source: Source<'_>) -> Option<System> {
        match source {
            Source::Cmx(cmx) => Some(System::Cmx(cmx.api)),
            Source::Spaces(_) => Some(System::Spaces),
            Source::Meraki(_) => Some(System::Meraki),
            Source::CmxPush(_) | Source::MerakiPush(_) => None,
        }
    }

    /// Returns the name for people.
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
    /// There was no answer: no connection, no time, or the connection broke.
    #[error("{0}")]
    NoAnswer(String),
    /// There was an answer, but it isn't a count.
    #[error("{0}")]
    NoCount(String),
    /// No request was made: no time was left, or the zone needs something that this system can't provide.
    #[error("{0}")]
    NotAsked(String),
}

impl Unknown {
    /// Returns the reason, for people. It contains no secret.
    pub fn why(&self) -> &str {
        match self {
            Unknown::NoAnswer(why) | Unknown::NoCount(why) | Unknown::NotAsked(why) => why,
        }
    }
}

/// One request: a GET of this path and query below the site's address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ask {
    path: String,
    query: String,
}

impl Ask {
    fn new(path: impl Into<String>, query: &[(&str, &str)]) -> Ask {
        let pairs: Vec<String> =
            query.iter().map(|(key, value)| format!("{key}={}", percent_encoded(value, ""))).collect();
        Ask { path: path.into(), query: pairs.join("&") }
    }

    /// Returns the path, including its first `/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the query, percent-encoded; empty if there is none.
    pub fn query(&self) -> &str {
        &self.query
    }
}

/// Formats the request, such as `/api/location/v3/clients/count?ssid=Guests`.
impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.query.is_empty() { Ok(()) } else { write!(f, "?{}", self.query) }
    }
}

/// Position of the number in an answer.
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
    /// Returns the vendor's name for people.
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

/// Whether a number is added or subtracted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Added.
    Plus,
    /// Subtracted: the staff's devices.
    Minus,
}

/// One number from one answer. A zone's count is the sum of its terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The request that returns the number.
    pub ask: Ask,
    /// Position of the number in the answer.
    pub pick: Pick,
    /// Whether the number is added or subtracted.
    pub sign: Sign,
}

/// Returns the numbers that a zone's count consists of; never empty.
pub fn terms(system: System, zone: &Zone) -> Result<Vec<Term>, Unknown> {
    let place = &zone.place;
    let asked = |ssid: Option<&str>| match system {
        System::Cmx(api) => cmx::term(api, place, ssid),
        System::Spaces => spaces::term(place),
        System::Meraki => meraki::term(place, ssid),
    };
    let term = |(ask, pick), sign| Term { ask, pick, sign };
    let mut terms = vec![term(asked(place.ssid.as_deref())?, Sign::Plus)];
    // A device is on one SSID only. If only the customers' SSID is counted, the staff's devices aren't in the number.
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

/// A site's answer.
#[derive(Clone)]
pub struct SiteAnswer {
    /// HTTP status.
    pub status: StatusCode,
    /// Media type of the body, if the answer states one.
    pub content_type: Option<String>,
    /// The whole body.
    pub body: Bytes,
    /// Whether the answer states where the body ends. A body that ends with the connection may be truncated.
    pub framed: bool,
}

impl fmt::Debug for SiteAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SiteAnswer { status, content_type, framed, .. } = self;
        f.debug_struct("SiteAnswer")
            .field("status", status)
            .field("content_type", content_type)
            .field("framed", framed)
            .field("body", &body::excerpt(&self.body))
            .finish()
    }
}

/// Returns the picked number, or why there is none. `now` determines which of Meraki's five-minute periods are over.
pub fn read(pick: &Pick, answer: &SiteAnswer, now: Timestamp) -> Result<u32, Unknown> {
    Reading::new(answer, now).read(pick)
}

/// An answer that is being read. Its lists are long, and many zones pick from them, so a parsed list is kept, and so is
/// the reason if it can't be parsed.
struct Reading<'a> {
    answer: &'a SiteAnswer,
    now: Timestamp,
    cmx_zones: OnceCell<Result<cmx::Listing, Unknown>>,
    cmx_floors: OnceCell<Result<cmx::Listing, Unknown>>,
    spaces_floors: OnceCell<Result<spaces::Listing, Unknown>>,
}

impl<'a> Reading<'a> {
    fn new(answer: &'a SiteAnswer, now: Timestamp) -> Reading<'a> {
        Reading {
            answer,
            now,
            cmx_zones: OnceCell::new(),
            cmx_floors: OnceCell::new(),
            spaces_floors: OnceCell::new(),
        }
    }

    /// Reads one number: see [`read`].
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

/// Returns the names of the places in an answer that lists several: CMX's zones and floors, Cisco Spaces' floors. Empty
/// if the answer lists none or can't be parsed.
pub fn places(answer: &SiteAnswer) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(&answer.body) else { return Vec::new() };
    [cmx::zones, cmx::floors, spaces::floors]
        .into_iter()
        .map(|names| names(text))
        .find(|names| !names.is_empty())
        .unwrap_or_default()
}
