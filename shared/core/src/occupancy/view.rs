//! What people see of a zone: the current numbers, the usual count and the trend.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::occupancy::zone::{Bounds, Level};

/// Time that one row of counts covers. A chart has a point for each row.
pub const BUCKET: SignedDuration = SignedDuration::from_mins(5);
/// Number of points in a message's chart: six hours.
pub const POINTS: usize = 72;
/// Number of weeks from which the usual count is computed.
pub const WEEKS: i64 = 8;
/// Minimum number of weeks for a usual count.
const WEEKS_NEEDED: usize = 2;
/// Time over which a trend is computed.
pub const TREND: SignedDuration = SignedDuration::from_mins(10);

/// A zone at the time of a signal. It is written together with the signal, so that drawing it needs no further read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The current level.
    pub level: Option<Level>,
    /// The number of devices.
    pub count: u32,
    /// Number of devices at which the zone is full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u32>,
    /// The usual number of devices at this time of the week.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usual: Option<u32>,
    /// Change of the number of devices in the last ten minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trend: Option<i64>,
    /// Time of the count.
    #[serde(default)]
    pub at: Timestamp,
    /// Since when the zone hasn't been calm.
    #[serde(default)]
    pub since: Timestamp,
    /// The highest count since then.
    #[serde(default)]
    pub peak: u32,
    /// The levels in use.
    #[serde(default)]
    pub levels: Vec<Bounds>,
    /// Duration of "Snooze", in minutes.
    #[serde(default)]
    pub snooze_minutes: i64,
    /// Time of the first point.
    #[serde(default)]
    pub start: Timestamp,
    /// The highest count of each five minutes; none where it is unknown.
    #[serde(default)]
    pub points: Vec<Option<u32>>,
}

/// A signal: a change of a zone or a site that a poll found. The engine receives it as an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "signal", rename_all = "kebab-case")]
pub enum Signal {
    /// A higher level holds.
    Rise {
        /// Rank of the level among the zone's levels, from 1. The plan's steps up to this number are taken.
        rank: u32,
        /// The zone now.
        view: Box<View>,
    },
    /// The snooze is over, and the zone isn't calm.
    Remind {
        /// The zone now.
        view: Box<View>,
    },
    /// A lower level holds. Nobody is notified.
    Ease {
        /// The level.
        level: Level,
    },
    /// The zone is calm again, or isn't watched any more.
    Over {
        /// The reason.
        why: ZoneEnd,
        /// The last count, if there was one.
        count: Option<u32>,
        /// Since when the zone had not been calm.
        since: Timestamp,
        /// The highest count in that time.
        peak: u32,
    },
    /// The counts of these zones are unknown.
    Silent {
        /// Names shown to people.
        zones: Vec<String>,
        /// Since when.
        since: Timestamp,
        /// The reason, in words.
        why: String,
    },
    /// The counts of these zones are known again.
    Back {
        /// Names shown to people.
        zones: Vec<String>,
        /// True if no count of the plan's zones is missing any more.
        all: bool,
    },
}

/// Why a zone's incident is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZoneEnd {
    /// The zone is calm again.
    Calm,
    /// It is closing time.
    Closing,
    /// The zone was removed from the configuration.
    Unwatched,
}

/// Returns the start of the five minutes that contain this time.
pub fn bucket(at: Timestamp) -> Timestamp {
    let length = BUCKET.as_secs();
    Timestamp::from_second(at.as_second().div_euclid(length) * length).unwrap_or(at)
}

/// Returns the same time of the week, this number of weeks ago. It is the same hour for people, even across a clock change.
pub fn weeks_before(at: Timestamp, weeks: i64, zone: &TimeZone) -> Timestamp {
    let then = at.to_zoned(zone.clone()).checked_sub(Span::new().weeks(weeks));
    then.map_or(at, |then| then.timestamp())
}

/// Returns the usual count: the median of the counts of the previous weeks. None for fewer than two weeks.
pub fn usual(mut weeks: Vec<u32>) -> Option<u32> {
    weeks.sort_unstable();
    (weeks.len() >= WEEKS_NEEDED).then(|| {
        let middle = weeks.len() / 2;
        if weeks.len() % 2 == 1 { weeks[middle] } else { u32::midpoint(weeks[middle - 1], weeks[middle]) }
    })
}

/// Returns the change of the count in the last ten minutes. `counts` are those of the last minutes, the oldest first.
pub fn trend(counts: &[(Timestamp, u32)], now: Timestamp) -> Option<i64> {
    let (_, last) = counts.last()?;
    let (_, first) = counts.iter().rev().find(|(at, _)| now.duration_since(*at) >= TREND)?;
    Some(i64::from(*last) - i64::from(*first))
}
