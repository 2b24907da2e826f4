//! Weekdays of a month, such as the first Monday.

use std::fmt;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use crate::config::weekday;

/// The words for a weekday's place in the month, with jiff's numbers for them. A fifth one doesn't exist in every month.
const PLACES: [(&str, i8); 5] = [("first", 1), ("second", 2), ("third", 3), ("fourth", 4), ("last", -1)];

/// A weekday of each month: `first monday`, `last friday`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WeekdayOfMonth {
    place: i8,
    weekday: Weekday,
}

impl WeekdayOfMonth {
    /// Returns the day in the month of this date.
    pub fn in_month_of(self, date: Date) -> Option<Date> {
        date.nth_weekday_of_month(self.place, self.weekday).ok()
    }
}

impl TryFrom<String> for WeekdayOfMonth {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let advice =
            || format!("{text:?} is no day of each month; write such as first monday or last friday");
        let lower = text.to_ascii_lowercase();
        let (place, day) = lower.trim().split_once([' ', '-', '_']).ok_or_else(advice)?;
        let place = PLACES.into_iter().find(|(word, _)| *word == place).ok_or_else(advice)?.1;
        Ok(Self { place, weekday: weekday(day).ok_or_else(advice)? })
    }
}

impl From<WeekdayOfMonth> for String {
    fn from(day: WeekdayOfMonth) -> Self {
        day.to_string()
    }
}

impl fmt::Display for WeekdayOfMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = PLACES.into_iter().find(|(_, place)| *place == self.place).map_or("", |(word, _)| word);
        let day = match self.weekday {
            Weekday::Monday => "monday",
            Weekday::Tuesday => "tuesday",
            Weekday::Wednesday => "wednesday",
            Weekday::Thursday => "thursday",
            Weekday::Friday => "friday",
            Weekday::Saturday => "saturday",
            Weekday::Sunday => "sunday",
        };
        write!(f, "{place} {day}")
    }
}
