//! How times, spans and numbers are written, and what things are called.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::Severity;

/// How times are written and things are called.
#[derive(Clone, Debug)]
pub struct Words {
    /// The zone in which people read times.
    pub zone: TimeZone,
    /// What the button, the zone, the site or the source is called.
    pub name: String,
    /// What an alert is about, and how bad it is.
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

/// `14:02`.
pub fn clock(at: Timestamp, words: &Words) -> String {
    at.to_zoned(words.zone.clone()).strftime("%H:%M").to_string()
}

/// `6 min`, `2 h`.
pub(super) fn ago(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.duration_since(from).as_secs();
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// `1st`, `2nd`, `11th`.
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
