//! What people are shown of a zone: the numbers of the moment, what is usual, and where it is going.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::occupancy::zone::{Bounds, Level};

/// Counts are kept in rows of so many minutes, and a chart has a point for each.
pub const BUCKET: SignedDuration = SignedDuration::from_mins(5);
/// So many points in a message's chart: six hours.
pub const POINTS: usize = 72;
/// What is usual is learnt from so many weeks.
pub const WEEKS: i64 = 8;
/// From fewer weeks nothing is said to be usual.
const WEEKS_NEEDED: usize = 2;
/// A trend is told over this time.
pub const TREND: SignedDuration = SignedDuration::from_mins(10);

/// A zone at the moment at which something is told of it. It is written down with what is told, so that nothing needs to
/// be read again to draw it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Which level holds.
    pub level: Option<Level>,
    /// How many devices there are.
    pub count: u32,
    /// How many it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// How many there usually are at this time of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<u32>,
    /// How many more there are than ten minutes ago.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<i64>,
    /// When it was counted.
    #[serde(default)]
    pub at: Timestamp,
    /// Since when it has not been calm.
    #[serde(default)]
    pub since: Timestamp,
    /// The highest count since then.
    #[serde(default)]
    pub peak: u32,
    /// The levels in use.
    #[serde(default)]
    pub levels: Vec<Bounds>,
    /// How many minutes "Snooze" is silent.
    #[serde(default)]
    pub snooze_minutes: i64,
    /// When the first point was.
    #[serde(default)]
    pub start: Timestamp,
    /// The highest count of each five minutes; none where nothing is known.
    #[serde(default)]
    pub points: Vec<Option<u32>>,
}

/// Something to tell of a zone or a site, as a poll found it; the engine hears it as an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "signal", rename_all = "kebab-case")]
pub enum Signal {
    /// A higher level holds.
    Rise {
        /// Which of the zone's levels it is, from 1: so many of the plan's steps are taken.
        rank: u32,
        /// The zone now.
        view: Box<View>,
    },
    /// The snooze is over, and it isn't calm.
    Remind {
        /// The zone now.
        view: Box<View>,
    },
    /// A lower level holds; nobody is told.
    Ease {
        /// Which.
        level: Level,
    },
    /// It is calm again, or nobody wants to know any more.
    Over {
        /// Why.
        why: Over,
        /// The last count, if there was one.
        count: Option<u32>,
        /// Since when it had not been calm.
        since: Timestamp,
        /// The highest count meanwhile.
        peak: u32,
    },
    /// Nothing has been known of these zones.
    Silent {
        /// What people call them.
        zones: Vec<String>,
        /// Since when.
        since: Timestamp,
        /// Why, in words.
        why: String,
    },
    /// Something is known again.
    Back {
        /// What people call them.
        zones: Vec<String>,
        /// Nothing is missing any more.
        all: bool,
    },
}

/// Why a zone's incident is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Over {
    /// It is calm again.
    Calm,
    /// It is closing time.
    Closing,
    /// The zone is gone from the configuration.
    Unwatched,
}

/// The beginning of the five minutes that this moment lies in.
pub fn bucket(at: Timestamp) -> Timestamp {
    let length = BUCKET.as_secs();
    Timestamp::from_second(at.as_second().div_euclid(length) * length).unwrap_or(at)
}

/// The same time of the week, so many weeks ago: the same hour for people, also across a change of the clocks.
pub fn weeks_before(at: Timestamp, weeks: i64, zone: &TimeZone) -> Timestamp {
    let then = at.to_zoned(zone.clone()).checked_sub(Span::new().weeks(weeks));
    then.map_or(at, |then| then.timestamp())
}

/// What is usual: the middle of what was counted in each of the weeks before. None from less than two of them.
pub fn usual(mut weeks: Vec<u32>) -> Option<u32> {
    weeks.sort_unstable();
    (weeks.len() >= WEEKS_NEEDED).then(|| {
        let middle = weeks.len() / 2;
        if weeks.len() % 2 == 1 { weeks[middle] } else { u32::midpoint(weeks[middle - 1], weeks[middle]) }
    })
}

/// How many more there are than ten minutes ago; `counts` are those of the last minutes, the oldest first.
pub fn trend(counts: &[(Timestamp, u32)], now: Timestamp) -> Option<i64> {
    let (_, last) = counts.last()?;
    let (_, first) = counts.iter().rev().find(|(at, _)| now.duration_since(*at) >= TREND)?;
    Some(i64::from(*last) - i64::from(*first))
}
