//! Days and times of day as people write them. A part that would be ignored, such as the time zone in
//! `08:00[Europe/Paris]`, makes them invalid.

use jiff::civil::{Date, Time};
use serde::de::Error as _;
use serde::{Deserialize as _, Deserializer};

/// Advice for a value that can't be read.
const ADVICE: &str =
    "this value is not allowed here; a time of day is 08:00, a day 2026-12-25, a time 2026-12-25T08:00:00Z";

/// Parses `2026-12-25`. A date-time would parse as a date, too, and its time of day would be lost.
pub fn parse_date(text: &str) -> Option<Date> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    text.parse().ok().filter(|_| is_plain)
}

/// Parses `08:00` or `08:00:30`. An offset, a day or a time zone would be lost.
pub fn parse_time(text: &str) -> Option<Time> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte));
    text.parse().ok().filter(|_| is_plain && text.contains(':'))
}

/// Deserializes a day, as [`parse_date`] reads it.
pub fn date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    parse_date(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom(ADVICE))
}

/// Deserializes a list of days, each as [`parse_date`] reads it.
pub fn dates<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Date>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| parse_date(text).ok_or_else(|| D::Error::custom(ADVICE))).collect()
}

/// Deserializes a time of day, as [`parse_time`] reads it.
pub fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
    parse_time(&String::deserialize(deserializer)?).ok_or_else(|| D::Error::custom(ADVICE))
}
