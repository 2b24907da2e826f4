//! Formats of times, durations and numbers, and the names for texts.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::config::Severity;

/// Time zone and names for the texts.
#[derive(Clone, Debug)]
pub struct Words {
    /// The time zone in which people read times.
    pub zone: TimeZone,
    /// Name of the button, the zone, the site or the source.
    pub name: String,
    /// Title and severity of the alert, if it is one.
    pub alert: Option<(String, Severity)>,
}

impl Words {
    pub(super) fn title(&self) -> String {
        self.alert.as_ref().map_or_else(|| self.name.clone(), |(title, _)| title.clone())
    }

    pub(super) fn severity(&self) -> &'static str {
        self.alert.as_ref().map_or("", |(_, severity)| severity.name())
    }
}

/// Returns the time of day: `14:02`.
pub fn clock(at: Timestamp, words: &Words) -> String {
    at.to_zoned(words.zone.clone()).strftime("%H:%M").to_string()
}

/// Returns the rounded duration between two times: `6 min`, `2 h`.
pub(super) fn ago(from: Timestamp, to: Timestamp) -> String {
    rounded(to.duration_since(from))
}

/// Returns a rounded duration: `6 min`, `2 h`.
pub(super) fn rounded(duration: SignedDuration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Returns an ordinal number: `1st`, `2nd`, `11th`.
pub(super) fn ordinal(number: u64) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}
