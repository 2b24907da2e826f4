//! A chart for the terminal: counts in braille, levels as lines, what happened beneath.

use handbell_core::occupancy::zone::{Bounds, Level};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// How high it is, in lines.
const ROWS: usize = 12;
/// A character has four dots down and two across.
const DOWN: usize = 4;
const ACROSS: usize = 2;
/// The dots of a character, by column and row from above (Unicode, Braille Patterns).
const DOTS: [[u32; DOWN]; ACROSS] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
const BRAILLE: u32 = 0x2800;
/// Fewer columns show nothing.
const NARROWEST: usize = 20;

/// Counts to draw.
#[derive(Clone, Debug)]
pub struct Plot<'a> {
    /// When the first point was.
    pub start: Timestamp,
    /// How long after the one before each point was.
    pub step: SignedDuration,
    /// The counts; none isn't known.
    pub points: &'a [Option<u32>],
    /// Lines across.
    pub levels: &'a [Bounds],
    /// Periods to mark beneath.
    pub spans: &'a [(Timestamp, Timestamp, Level)],
    /// The days and hours are this zone's.
    pub zone: TimeZone,
}

/// The chart, so many columns wide, each line with its end. Colours only repeat what is there without them.
pub fn plot(plot: &Plot<'_>, width: usize, colour: bool) -> String {
    if plot.points.is_empty() {
        return String::new();
    }
    let levels = plot.levels.iter().map(|bounds| bounds.at);
    let highest = plot.points.iter().flatten().copied().chain(levels).max().unwrap_or(0);
    let (top, step) = scale(highest);
    let left = top.to_string().len();
    let labels: Vec<String> = plot.levels.iter().map(label).collect();
    let right = labels.iter().map(String::len).max().map_or(0, |longest| longest + 1);
    // A number, a space and the axis; the labels.
    let columns = width.saturating_sub(left + 2 + right).max(NARROWEST);
    let cells = Cells { plot, columns, top };
    let dots = cells.dots();
    let breaches: Vec<Mark> = (0..columns).map(|column| cells.mark(column)).collect();

    let mut out = String::new();
    for (row, cell) in dots.iter().enumerate() {
        let tick = (0..=top / step).map(|tick| tick * step).find(|tick| cells.row(*tick) == row);
        let number = tick.map(|tick| tick.to_string()).unwrap_or_default();
        let mut line = Painter::new(colour);
        line.plain(&format!("{number:>left$} {}", if tick.is_some() { '┤' } else { '│' }));
        let level = plot.levels.iter().rposition(|bounds| cells.row(u64::from(bounds.at)) == row);
        let across = level.map(|index| plot.levels[index].level);
        for (column, dots) in cell.iter().enumerate() {
            match (*dots, across) {
                (0, None) => line.plain(" "),
                (0, Some(Level::Warn)) => line.paint("┄", Some(WARN)),
                (0, Some(Level::Alert)) => line.paint("─", Some(ALERT)),
                (dots, _) => {
                    let sign = char::from_u32(BRAILLE + dots).unwrap_or(' ');
                    line.paint(sign.encode_utf8(&mut [0; 4]), breaches[column].colour());
                }
            }
        }
        if let Some(label) = level.map(|index| &labels[index]) {
            line.plain(" ");
            line.plain(label);
        }
        out.push_str(&line.end());
    }
    let ticks = cells.ticks();
    let axis: String = (0..columns)
        .map(|column| if ticks.iter().any(|tick| tick.0 == column && tick.2) { '┬' } else { '─' })
        .collect();
    out.push_str(&format!("{:left$} └{axis}\n", ""));
    let mut line = Painter::new(colour);
    line.plain(&format!("{:left$}  ", ""));
    for mark in &breaches {
        line.paint(mark.sign(), mark.colour());
    }
    out.push_str(&line.end());
    let mut names = String::new();
    for (column, name, _) in ticks.iter().filter(|(column, name, _)| column + name.chars().count() <= columns)
    {
        let gap = column.saturating_sub(names.chars().count());
        names.extend(std::iter::repeat_n(' ', gap));
        names.push_str(name);
    }
    out.push_str(format!("{:left$}  {names}", "").trim_end());
    out.push('\n');
    let legend: Vec<String> = [Mark::Level(Level::Alert), Mark::Level(Level::Warn), Mark::Unknown]
        .into_iter()
        .filter(|mark| breaches.contains(mark))
        .map(|mark| format!("{} {}", mark.sign(), mark.words()))
        .collect();
    if !legend.is_empty() {
        out.push_str(&format!("{:left$}  {}\n", "", legend.join("   ")));
    }
    out
}

fn label(bounds: &Bounds) -> String {
    format!("{} {}", handbell_core::wording::occupancy::level(bounds.level), bounds.at)
}

/// A round end of the axis above this count, and the step between its numbers.
fn scale(highest: u32) -> (u64, u64) {
    let highest = u64::from(highest.max(4));
    let round = (0..10).flat_map(|power| [10, 20, 25, 50].map(|n| n * 10_u64.pow(power)));
    let step =
        [1, 2, 5].into_iter().chain(round).find(|step| highest.div_ceil(*step) <= 4).unwrap_or(highest);
    (highest.div_ceil(step) * step, step)
}

/// What was in a column's time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Calm,
    Unknown,
    Level(Level),
}

const WARN: &str = "33";
const ALERT: &str = "31";

impl Mark {
    fn sign(self) -> &'static str {
        match self {
            Self::Calm => " ",
            Self::Unknown => "░",
            Self::Level(Level::Warn) => "▄",
            Self::Level(Level::Alert) => "█",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Calm => "",
            Self::Unknown => "nothing known",
            Self::Level(Level::Warn) => "warn",
            Self::Level(Level::Alert) => "alert",
        }
    }

    fn colour(self) -> Option<&'static str> {
        match self {
            Self::Calm => None,
            Self::Unknown => Some("2"),
            Self::Level(Level::Warn) => Some(WARN),
            Self::Level(Level::Alert) => Some(ALERT),
        }
    }
}

struct Cells<'a> {
    plot: &'a Plot<'a>,
    columns: usize,
    top: u64,
}

impl Cells<'_> {
    /// How many dots above the axis a count is.
    fn height(&self, count: u64) -> usize {
        let most = (ROWS * DOWN - 1) as u64;
        usize::try_from((count * most + self.top / 2) / self.top).unwrap_or(0).min(ROWS * DOWN - 1)
    }

    /// In which line a count is, from above.
    fn row(&self, count: u64) -> usize {
        (ROWS * DOWN - 1 - self.height(count)) / DOWN
    }

    /// The points that belong to one of so many parts; never none.
    fn part(&self, part: usize, of: usize) -> &[Option<u32>] {
        let all = self.plot.points;
        let from = part * all.len() / of;
        let to = ((part + 1) * all.len() / of).max(from + 1);
        &all[from..to.min(all.len())]
    }

    /// The dots of each character, line by line: from the lowest to the highest count of the time that a dot stands for, and
    /// on from where the dot before ended.
    fn dots(&self) -> Vec<Vec<u32>> {
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

    /// When a column begins.
    fn time(&self, column: usize) -> Timestamp {
        let all = self.plot.step.as_secs() * self.plot.points.len() as i64;
        self.plot.start + SignedDuration::from_secs(all * column as i64 / self.columns as i64)
    }

    fn mark(&self, column: usize) -> Mark {
        let (from, to) = (self.time(column), self.time(column + 1));
        let spans = self.plot.spans.iter().filter(|(begins, ends, _)| {
            *begins < to && (*ends > from || (begins == ends && *begins >= from))
        });
        match spans.map(|(_, _, level)| *level).max() {
            Some(level) => Mark::Level(level),
            None => {
                let points = self.part(column, self.columns);
                let unknown = points.iter().filter(|count| count.is_none()).count();
                // A dead hour must be seen in a chart of a month, too; a minute that was missed needn't.
                if unknown * 4 >= points.len() { Mark::Unknown } else { Mark::Calm }
            }
        }
    }

    /// In which column a moment is; none if it is outside.
    fn column(&self, at: Timestamp) -> Option<usize> {
        let all = self.plot.step.as_secs() * self.plot.points.len() as i64;
        let place = at.duration_since(self.plot.start).as_secs() * self.columns as i64;
        let column = usize::try_from(place.div_euclid(all.max(1))).ok()?;
        (column < self.columns).then_some(column)
    }

    /// Columns, what stands beneath them, and whether the axis has a notch there: days, or hours if there are few.
    fn ticks(&self) -> Vec<(usize, String, bool)> {
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
                // The longest name that fits between two days, and then fewer days.
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
                // An hour that the clocks skip is the next one, which is there already.
                if ticks.last().is_none_or(|(before, text, _)| column > before + text.chars().count()) {
                    ticks.push((column, name, true));
                }
            }
        }
        ticks
    }
}

/// A line with colours in it, changed only where they change.
struct Painter {
    line: String,
    colour: bool,
    now: Option<&'static str>,
}

impl Painter {
    fn new(colour: bool) -> Self {
        Self { line: String::new(), colour, now: None }
    }

    fn plain(&mut self, text: &str) {
        self.paint(text, None);
    }

    fn paint(&mut self, text: &str, code: Option<&'static str>) {
        if self.colour && self.now != code {
            self.line.push_str(&format!("\u{1b}[{}m", code.unwrap_or("0")));
            self.now = code;
        }
        self.line.push_str(text);
    }

    fn end(mut self) -> String {
        self.plain("");
        format!("{}\n", self.line.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day() -> Vec<Option<u32>> {
        let mut points: Vec<Option<u32>> = (0..1440_u32)
            .map(|minute| Some(95_u32.saturating_sub(minute.abs_diff(800).pow(2) / 1600)))
            .collect();
        points[1000..1060].fill(None);
        points
    }

    fn shown<'a>(
        points: &'a [Option<u32>],
        levels: &'a [Bounds],
        spans: &'a [(Timestamp, Timestamp, Level)],
    ) -> Plot<'a> {
        Plot {
            start: "2026-11-13T23:00:00Z".parse().unwrap(),
            step: SignedDuration::from_mins(1),
            points,
            levels,
            spans,
            zone: TimeZone::get("Europe/Paris").unwrap(),
        }
    }

    const LEVELS: [Bounds; 2] =
        [Bounds { level: Level::Warn, at: 60, clear: 50 }, Bounds { level: Level::Alert, at: 80, clear: 70 }];

    #[test]
    fn a_day_in_a_terminal() {
        let points = day();
        let spans = [(
            "2026-11-14T08:30:00Z".parse().unwrap(),
            "2026-11-14T16:00:00Z".parse().unwrap(),
            Level::Alert,
        )];
        insta::assert_snapshot!(plot(&shown(&points, &LEVELS, &spans), 72, false), @r"
        100 ┤                             ⣀⣠⠤⠤⢤⣀⡀
            │                          ⢀⡤⠞⠁     ⠙⠲⣄
            │─────────────────────────⡴⠋──────────⠈⠳⡄────────────────── alert 80
         75 ┤                       ⢀⡞⠁             ⠙⠆
            │┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄⣠⠏┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄ warn 60
         50 ┤                     ⣰⠃                   ⢠⡀
            │                    ⣰⠃                     ⢳⡀
            │                   ⣠⠇                       ⢳⡀
         25 ┤                  ⢠⠇                         ⢧
            │                 ⢀⡞                          ⠈⣇
            │                 ⡼                            ⠘⡆
          0 ┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣸⠁                             ⢹⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀
            └┬─────────────┬──────────────┬─────────────┬──────────────
                                   ████████████████████░
             00:00         06:00          12:00         18:00
             █ alert   ░ nothing known
        ");
    }

    #[test]
    fn it_has_the_width_that_it_is_given_whatever_the_counts() {
        let week: Vec<Option<u32>> = day().into_iter().cycle().take(7 * 1440).collect();
        for points in
            [&week[..], &week[..30], &week[..1], &[Some(0); 90], &[None; 90], &[Some(4_000_000_000); 5]]
        {
            for width in [0, 40, 80, 200] {
                for line in plot(&shown(points, &LEVELS, &[]), width, false).lines() {
                    assert!(line.chars().count() <= width.max(NARROWEST + 22), "{width}: {line}");
                }
            }
        }
        assert_eq!(plot(&shown(&[], &LEVELS, &[]), 80, false), "");
    }

    #[test]
    fn colours_change_no_sign() {
        let points = day();
        let spans =
            [("2026-11-14T08:30:00Z".parse().unwrap(), "2026-11-14T16:00:00Z".parse().unwrap(), Level::Warn)];
        let shown = shown(&points, &LEVELS, &spans);
        let coloured = plot(&shown, 80, true);
        let plain = coloured
            .split("\u{1b}[")
            .enumerate()
            .map(|(index, part)| if index == 0 { part } else { part.split_once('m').unwrap().1 });
        let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
        assert_eq!(trimmed(&plain.collect::<String>()), trimmed(&plot(&shown, 80, false)));
        assert!(coloured.contains("\u{1b}[33m") && !coloured.contains("\u{1b}[33m\n"));
    }
}
