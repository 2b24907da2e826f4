//! Opening hours: by weekday, with exceptions by date.

use std::collections::BTreeMap;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span as CivilSpan, Timestamp};
use serde::{Deserialize, Serialize};

/// Number of days over which open time is counted.
const COUNTED_DAYS: i64 = 60;

/// Weekly hours, with exceptions by date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The time zone of these hours. The default is the one of the whole file.
    #[serde(default)]
    pub timezone: Option<String>,
    /// `mon-fri: "09:00-20:00"`, `sat: "10:00-13:00, 14:00-18:00"`; `daily` is every day. A day that isn't named is closed. A
    /// period that ends before it begins ends on the next day.
    pub week: BTreeMap<String, String>,
    /// `2026-12-24: "09:00-14:00"`, `2026-12-25: closed`.
    #[serde(default)]
    pub except: BTreeMap<String, String>,
    /// Only for zones: what happens to an open incident at closing time.
    #[serde(default)]
    pub at_closing: AtClosing,
}

/// What happens to an open incident at closing time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AtClosing {
    /// The incident ends, and the space is notified.
    #[default]
    Resolve,
    /// The incident goes on until the zone is calm.
    GoOn,
}

/// A period within a day or into the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Period {
    from: Time,
    to: Time,
}

/// Opening hours, parsed and checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    zone: TimeZone,
    week: [Vec<Period>; 7],
    except: BTreeMap<Date, Vec<Period>>,
    /// What happens to an open incident at closing time.
    pub at_closing: AtClosing,
}

impl Hours {
    /// Parses the hours. An error holds the path of the wrong key and advice for a person.
    pub fn calendar(&self, zone: &TimeZone) -> Result<Calendar, (Vec<String>, String)> {
        let zone = match &self.timezone {
            None => zone.clone(),
            Some(name) => TimeZone::get(name).map_err(|_| {
                let advice =
                    format!("there is no time zone {name:?}; write an IANA name such as Europe/Paris");
                (vec!["timezone".to_owned()], advice)
            })?,
        };
        let mut week: [Option<Vec<Period>>; 7] = Default::default();
        for (key, value) in &self.week {
            let at = || vec!["week".to_owned(), key.clone()];
            let days = days(key).ok_or_else(|| {
                let advice = "write a day (mon, tue, wed, thu, fri, sat, sun), several (mon-fri) or daily";
                (at(), advice.to_owned())
            })?;
            let periods = periods(value).map_err(|advice| (at(), advice))?;
            for day in days {
                let day = &mut week[usize::from(day.to_monday_zero_offset().unsigned_abs())];
                if day.replace(periods.clone()).is_some() {
                    return Err((at(), "this day stands here twice".to_owned()));
                }
            }
        }
        let mut except = BTreeMap::new();
        for (key, value) in &self.except {
            let at = || vec!["except".to_owned(), key.clone()];
            let date = super::civil::parse_date(key)
                .ok_or_else(|| (at(), "write a date such as 2026-12-25".to_owned()))?;
            except.insert(date, periods(value).map_err(|advice| (at(), advice))?);
        }
        let week = week.map(Option::unwrap_or_default);
        Ok(Calendar { zone, week, except, at_closing: self.at_closing })
    }
}

/// Parses the name of a weekday: `mon`, or more letters of it.
pub(crate) fn weekday(text: &str) -> Option<Weekday> {
    let days = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let text = text.trim().to_ascii_lowercase();
    days.into_iter().find(|(name, _)| text.len() >= 3 && name.starts_with(&text)).map(|(_, day)| day)
}

fn days(key: &str) -> Option<Vec<Weekday>> {
    if key.trim().eq_ignore_ascii_case("daily") {
        return Some(Weekday::Monday.cycle_forward().take(7).collect());
    }
    match key.split_once('-') {
        None => Some(vec![weekday(key)?]),
        Some((first, last)) => {
            let (first, last) = (weekday(first)?, weekday(last)?);
            let count = first.until(last).unsigned_abs() + 1;
            Some(first.cycle_forward().take(usize::from(count)).collect())
        }
    }
}

fn periods(text: &str) -> Result<Vec<Period>, String> {
    if text.trim().eq_ignore_ascii_case("closed") {
        return Ok(Vec::new());
    }
    let time = |text: &str| -> Option<Time> {
        let (hour, minute) = text.trim().split_once(':')?;
        match (hour.parse().ok()?, minute.parse().ok()?) {
            (24, 0) => Some(Time::midnight()),
            (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
        }
    };
    // 24:00 is the end of a day. As a beginning it would be the midnight before.
    if text.split(',').any(|period| period.trim_start().starts_with("24:00")) {
        return Err("a period can't begin at 24:00; write 00:00 on the day after".to_owned());
    }
    text.split(',')
        .map(|period| {
            let (from, to) = period.split_once('-')?;
            Some(Period { from: time(from)?, to: time(to)? })
        })
        .collect::<Option<Vec<_>>>()
        .ok_or_else(|| {
            "write times such as \"09:00-20:00\", several with a comma between them, or closed".to_owned()
        })
}

impl Calendar {
    /// Returns true if the place is open at this time.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let now = at.to_zoned(self.zone.clone());
        let (date, time) = (now.date(), now.time());
        let today = self
            .of(date)
            .iter()
            .any(|period| time >= period.from && (time < period.to || period.to <= period.from));
        let yesterday = date.checked_sub(CivilSpan::new().days(1)).is_ok_and(|date| {
            self.of(date).iter().any(|period| period.to <= period.from && time < period.to)
        });
        today || yesterday
    }

    /// Returns the end of the open period around this time, at most a week later. None while the place is closed.
    pub fn open_until(&self, at: Timestamp) -> Option<Timestamp> {
        if !self.is_open(at) {
            return None;
        }
        // Hours are written in minutes, and clock changes are whole minutes too.
        let whole = Timestamp::from_second(at.as_second().div_euclid(60) * 60).ok()?;
        let minutes = (1..=7 * 24 * 60).map(|minutes| whole + SignedDuration::from_mins(minutes));
        let mut last = whole;
        for minute in minutes {
            last = minute;
            if !self.is_open(minute) {
                break;
            }
        }
        Some(last)
    }

    /// Returns how long the place was open between two times, at most the last 60 days of it.
    pub fn open_time(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let from = from.max(to - SignedDuration::from_hours(24 * COUNTED_DAYS));
        self.open_periods(from, to).map(|(from, to)| to.duration_since(from)).sum()
    }

    /// Returns when the place will have been open for this long since `from`; none if it takes more than 60 days.
    pub fn after_open_time(&self, from: Timestamp, wanted: SignedDuration) -> Option<Timestamp> {
        let mut left = wanted;
        let last = from + SignedDuration::from_hours(24 * COUNTED_DAYS);
        for (from, to) in self.open_periods(from, last) {
            let length = to.duration_since(from);
            if length >= left {
                return Some(from + left);
            }
            left -= length;
        }
        None
    }

    /// Returns the open periods between two times, in order and without overlaps.
    fn open_periods(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let day = CivilSpan::new().days(1);
        // A period of the day before may reach into this one.
        let mut date = from.to_zoned(self.zone.clone()).date().saturating_sub(day);
        let last = to.to_zoned(self.zone.clone()).date();
        let mut found = Vec::new();
        while date <= last {
            let next = date.saturating_add(day);
            for period in self.of(date) {
                let end = if period.to <= period.from { next } else { date };
                let at = |date: Date, time| {
                    let instant = date.to_datetime(time).to_zoned(self.zone.clone());
                    instant.ok().map(|instant| instant.timestamp().clamp(from, to))
                };
                found.extend(at(date, period.from).zip(at(end, period.to)));
            }
            if next == date {
                break;
            }
            date = next;
        }
        found.sort_unstable();
        let mut reached = from;
        found.into_iter().filter_map(move |(start, end)| {
            let start = start.max(reached);
            reached = reached.max(end);
            (start < end).then_some((start, end))
        })
    }

    fn of(&self, date: Date) -> &[Period] {
        self.except
            .get(&date)
            .unwrap_or(&self.week[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())])
    }
}
