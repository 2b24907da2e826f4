//! Maps counts and times to the characters of a chart.

use handbell_core::occupancy::zone::Level;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::Plot;
use super::painter::{ALERT, WARN};

/// Height of the chart, in lines.
const ROWS: usize = 12;

/// Rows of dots in a character.
const DOWN: usize = 4;

/// Columns of dots in a character.
const ACROSS: usize = 2;

/// Bits of the dots in a character, by column and row from the top (Unicode, Braille Patterns).
const DOTS: [[u32; DOWN]; ACROSS] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// State during the time of a column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Calm,
    Unknown,
    Level(Level),
}

impl Mark {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Calm => " ",
            Self::Unknown => "░",
            Self::Level(Level::Warn) => "▄",
            Self::Level(Level::Alert) => "█",
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Calm => "",
            Self::Unknown => "unknown",
            Self::Level(Level::Warn) => "warn",
            Self::Level(Level::Alert) => "alert",
        }
    }

    pub(super) fn colour(self) -> Option<&'static str> {
        match self {
            Self::Calm => None,
            Self::Unknown => Some("2"),
            Self::Level(Level::Warn) => Some(WARN),
            Self::Level(Level::Alert) => Some(ALERT),
        }
    }
}

pub(super) struct Cells<'a> {
    pub(super) plot: &'a Plot<'a>,
    pub(super) columns: usize,
    pub(super) top: u64,
}

impl Cells<'_> {
    /// Returns the height of a count above the axis, in dots.
    fn height(&self, count: u64) -> usize {
        let most = (ROWS * DOWN - 1) as u64;
        usize::try_from((count * most + self.top / 2) / self.top).unwrap_or(0).min(ROWS * DOWN - 1)
    }

    /// Returns the line of a count, from the top.
    pub(super) fn row(&self, count: u64) -> usize {
        (ROWS * DOWN - 1 - self.height(count)) / DOWN
    }

    /// Returns the points of one of `of` parts. A part has at least one point.
    fn part(&self, part: usize, of: usize) -> &[Option<u32>] {
        let all = self.plot.points;
        let from = part * all.len() / of;
        let to = ((part + 1) * all.len() / of).max(from + 1);
        &all[from..to.min(all.len())]
    }

    /// Returns the dots of each character, line by line. A column of dots reaches from the lowest to the highest count in its
    /// time, and joins the end of the previous column.
    pub(super) fn dots(&self) -> Vec<Vec<u32>> {
        let mut cells = vec![vec![0; self.columns]; ROWS];
        let parts = self.columns * ACROSS;
        let mut last: Option<u32> = None;
        for part in 0..parts {
            let points = self.part(part, parts);
            let joined = points.first().copied().flatten().and(last);
            let known = || points.iter().flatten().copied().chain(joined);
            last = points.last().copied().flatten();
            let (Some(low), Some(high)) = (known().min(), known().max()) else { continue };
            for height in self.height(u64::from(low))..=self.height(u64::from(high)) {
                let from_above = ROWS * DOWN - 1 - height;
                cells[from_above / DOWN][part / ACROSS] |= DOTS[part % ACROSS][from_above % DOWN];
            }
        }
        cells
    }

    /// Returns the time at which a column begins.
    fn time(&self, column: usize) -> Timestamp {
        let all = self.plot.step.as_secs() * self.plot.points.len() as i64;
        self.plot.start + SignedDuration::from_secs(all * column as i64 / self.columns as i64)
    }

    pub(super) fn mark(&self, column: usize) -> Mark {
        let (from, to) = (self.time(column), self.time(column + 1));
        let spans = self.plot.spans.iter().filter(|(begins, ends, _)| {
            *begins < to && (*ends > from || (begins == ends && *begins >= from))
        });
        match spans.map(|(_, _, level)| *level).max() {
            Some(level) => Mark::Level(level),
            None => {
                let points = self.part(column, self.columns);
                let unknown = points.iter().filter(|count| count.is_none()).count();
                // A chart of a month must show an hour without counts, but not a single missed minute.
                if unknown * 4 >= points.len() { Mark::Unknown } else { Mark::Calm }
            }
        }
    }

    /// Returns the column of a time, or `None` outside of the chart.
    fn column(&self, at: Timestamp) -> Option<usize> {
        let all = self.plot.step.as_secs() * self.plot.points.len() as i64;
        let place = at.duration_since(self.plot.start).as_secs() * self.columns as i64;
        let column = usize::try_from(place.div_euclid(all.max(1))).ok()?;
        (column < self.columns).then_some(column)
    }

    /// Returns the labels of the time axis as (column, label, whether the axis has a tick there): days, or hours in a short
    /// chart.
    pub(super) fn ticks(&self) -> Vec<(usize, String, bool)> {
        let minutes = self.plot.step.as_mins() * self.plot.points.len() as i64;
        let most = (self.columns / 8).max(1) as i64;
        let every =
            [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].into_iter().find(|every| minutes / every <= most);
        let every = every.filter(|_| minutes <= 36 * 60);
        match every {
            Some(every) => self.moments(1, every, "%H:%M"),
            None => {
                let days = (minutes / 1440).max(1);
                let room = |days_between: i64| days_between * self.columns as i64 / days;
                // The longest label that fits between two days, or else fewer days.
                let formats = [("%a %-d %b", 11), ("%a %-d", 7), ("%a", 4)];
                let fitting = formats.into_iter().find(|(_, length)| room(1) >= *length);
                let (format, between) = match fitting {
                    Some((format, _)) => (format, 1),
                    None => ("%-d %b", (1..).find(|between| room(*between) >= 7).unwrap_or(days)),
                };
                let mut ticks = self.moments(between, 1440, format);
                let first = self.plot.start.to_zoned(self.plot.zone.clone()).strftime(format).to_string();
                let room = ticks.first().map_or(self.columns, |(column, _, _)| *column);
                if room > first.chars().count() {
                    ticks.insert(0, (0, first, false));
                }
                ticks
            }
        }
    }

    fn moments(&self, days: i64, minutes: i64, format: &str) -> Vec<(usize, String, bool)> {
        let zone = &self.plot.zone;
        let day = self.plot.start.to_zoned(zone.clone()).date();
        let last = self.time(self.columns).to_zoned(zone.clone()).date();
        let mut ticks: Vec<(usize, String, bool)> = Vec::new();
        for day in day.series(days.days()).take_while(|day| *day <= last) {
            for minute in (0..1440).step_by(usize::try_from(minutes).unwrap_or(1440)) {
                let clock = day.at((minute / 60) as i8, (minute % 60) as i8, 0, 0);
                let Ok(at) = zone.to_ambiguous_timestamp(clock).compatible() else { continue };
                let Some(column) = self.column(at) else { continue };
                let name = at.to_zoned(zone.clone()).strftime(format).to_string();
                // An hour that the clocks skip equals the next hour, which has its label already.
                if ticks.last().is_none_or(|(before, text, _)| column > before + text.chars().count()) {
                    ticks.push((column, name, true));
                }
            }
        }
        ticks
    }
}
