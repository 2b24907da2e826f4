//! Positions of the numbers and hours on a chart's axes.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// The axis of the counts, starting at zero.
#[derive(Clone, Copy)]
pub(super) struct Counts {
    /// End of the axis.
    pub(super) top: u64,
    /// Distance between two ticks.
    pub(super) step: u64,
}

impl Counts {
    /// Returns a round axis of at most `steps` steps that includes this count.
    pub(super) fn up_to(highest: u32, steps: u64) -> Self {
        // Below four, the steps would be longer than the axis is worth.
        let (highest, steps) = (u64::from(highest.max(4)), steps.max(1));
        let round = (0..10).flat_map(|power| [10, 20, 25, 50].map(|n| n * 10_u64.pow(power)));
        let step = [1, 2, 5].into_iter().chain(round).find(|&step| highest.div_ceil(step) <= steps);
        let step = step.unwrap_or(highest);
        Counts { top: highest.div_ceil(step) * step, step }
    }

    /// Returns the ticks, lowest first.
    pub(super) fn ticks(self) -> impl Iterator<Item = u64> {
        (0..=self.top / self.step).map(move |i| i * self.step)
    }

    /// Returns the label of a tick. Ticks are round, so a shortened label loses nothing.
    pub(super) fn label(self, tick: u64) -> String {
        match self.top {
            _ if tick == 0 => "0".into(),
            0..10_000 => tick.to_string(),
            10_000..10_000_000 => format!("{}k", tick as f64 / 1e3),
            _ => format!("{}M", tick as f64 / 1e6),
        }
    }
}

/// The axis of time, from the first point to the last.
pub(super) struct Hours<'a> {
    zone: &'a TimeZone,
    start: Timestamp,
    end: Timestamp,
    seconds: f64,
}

/// A label on the axis of time.
pub(super) struct Tick {
    /// Position: 0 is the first point, 1 the last.
    pub(super) place: f64,
    pub(super) label: String,
    /// Whether a day begins there.
    pub(super) day: bool,
}

const DAY: f64 = 86_400.0;

impl<'a> Hours<'a> {
    /// Returns `None` if no time passes, or more than a calendar can represent.
    pub(super) fn of(
        start: Timestamp,
        step: SignedDuration,
        points: usize,
        zone: &'a TimeZone,
    ) -> Option<Self> {
        let seconds = step.as_secs_f64() * points.saturating_sub(1) as f64;
        let all = SignedDuration::try_from_secs_f64(seconds).ok()?;
        let end = start.checked_add(all).ok()?;
        (seconds > 0.0).then_some(Hours { zone, start, end, seconds })
    }

    /// Returns the position of a moment: 0 is the first point, 1 the last. Moments outside the chart are below 0 or
    /// above 1.
    pub(super) fn place(&self, at: Timestamp) -> f64 {
        at.duration_since(self.start).as_secs_f64() / self.seconds
    }

    /// Returns at most `most` round hours or days, and one or two more if the first day is incomplete.
    pub(super) fn ticks(&self, most: f64) -> Vec<Tick> {
        let most = most.max(1.0);
        let minutes = [5, 10, 15, 30, 60, 120, 180, 360, 720]
            .into_iter()
            .find(|&minutes| self.seconds / (minutes as f64 * 60.0) <= most);
        let days = if minutes.is_some() { 1 } else { (self.seconds / DAY / most).ceil() as i64 };
        let format = if days < 28 { "%a %-d %b" } else { "%-d %b %Y" };
        let civil = |at: Timestamp| at.to_zoned(self.zone.clone()).date();
        let (first, last) = (civil(self.start), civil(self.end));
        first
            // Slightly fewer days than a calendar has: more don't fit into a span.
            .series(days.clamp(1, 7_000_000).days())
            .take_while(|date| *date <= last)
            .flat_map(|date| {
                (0..24 * 60)
                    .step_by(minutes.unwrap_or(24 * 60))
                    .map(move |minute| (minute == 0, date.at((minute / 60) as i8, (minute % 60) as i8, 0, 0)))
            })
            .filter_map(|(day, clock)| {
                // An hour that the clocks skip becomes the next one, in its label too. Of an hour that occurs twice,
                // the first is meant.
                let at = self.zone.to_ambiguous_timestamp(clock).compatible().ok()?;
                let label =
                    at.to_zoned(self.zone.clone()).strftime(if day { format } else { "%H:%M" }).to_string();
                Some(Tick { place: self.place(at), label, day })
            })
            .filter(|tick| (0.0..=1.0).contains(&tick.place))
            .collect()
    }
}
