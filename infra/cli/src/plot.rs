//! A chart for the terminal: counts as braille dots, levels as lines, periods beneath.

use std::borrow::Cow;

use handbell_core::occupancy::zone::{Bounds, Level};
use handbell_core::wording::occupancy::level as word;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use ratatui_core::buffer::{Buffer, Cell};
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Style};
use ratatui_core::symbols::Marker;
use ratatui_core::text::{Line, Span};
use ratatui_core::widgets::Widget;
use ratatui_widgets::block::Block;
use ratatui_widgets::borders::Borders;
use ratatui_widgets::canvas::{self, Canvas};

/// Minimum width of a readable chart, in columns.
const NARROWEST: u16 = 20;

/// Height of the chart above the axis, in lines.
const ROWS: u16 = 12;

/// Minutes of a day on the clock.
const DAY: i64 = 24 * 60;

/// Counts to draw.
#[derive(Clone, Debug)]
pub struct Plot<'a> {
    /// Time of the first count.
    pub start: Timestamp,
    /// The count of each minute; `None` means unknown.
    pub counts: &'a [Option<u32>],
    /// Levels to draw as horizontal lines.
    pub levels: &'a [Bounds],
    /// Periods to show beneath.
    pub spans: &'a [(Timestamp, Timestamp, Level)],
    /// Time zone of the days and hours.
    pub zone: TimeZone,
}

// Marks beneath a column. Their colours are also those of the column's counts.
const CALM: Span<'_> = Span { content: Cow::Borrowed(" "), style: Style::new() };
const UNKNOWN: Span<'_> = Span { content: Cow::Borrowed("░"), style: Style::new() };
const WARN: Span<'_> = Span { content: Cow::Borrowed("▄"), style: Style::new().fg(Color::Yellow) };
const ALERT: Span<'_> = Span { content: Cow::Borrowed("█"), style: Style::new().fg(Color::Red) };

/// Draws the chart with lines of at most `width` columns, each with a newline. Colours only repeat what the characters show.
pub fn plot(plot: &Plot<'_>, width: usize, colour: bool) -> String {
    if plot.counts.is_empty() {
        return String::new();
    }
    let levels = plot.levels.iter().map(|bounds| bounds.at);
    let (top, step) = scale(plot.counts.iter().flatten().copied().chain(levels).max().unwrap_or(0));
    let label = |bounds: &Bounds| format!(" {} {}", word(bounds.level), bounds.at);
    let longest = plot.levels.iter().map(|bounds| label(bounds).len()).max().unwrap_or(0);
    let number = top.to_string().len();
    // On the left are the numbers, a space and the axis.
    let (left, right) = (number as u16 + 2, longest as u16);
    let columns = u16::try_from(width).unwrap_or(u16::MAX).saturating_sub(left + right).max(NARROWEST);
    let marks: Vec<Span<'_>> = (0..columns).map(|column| plot.mark(column, columns)).collect();

    let mut buffer = Buffer::empty(Rect::new(0, 0, left + columns + right, ROWS + 4));
    // The canvas rounds a count to a row of dots in the same way, and a line has four of them.
    let row = |count: u64| ((top - count) as f64 * f64::from(ROWS * 4 - 1) / top as f64).round() as u16 / 4;
    for bounds in plot.levels {
        let (line, mark) = match bounds.level {
            Level::Warn => ("┄", WARN),
            Level::Alert => ("─", ALERT),
        };
        let row = row(bounds.at.into());
        buffer.set_string(left, row, line.repeat(columns.into()), mark.style);
        buffer.set_string(left + columns, row, format!("{:longest$}", label(bounds)), Style::new());
    }
    plot.canvas(top, &marks).render(Rect::new(left - 1, 0, columns + 1, ROWS + 1), &mut buffer);
    for tick in (0..=top / step).map(|tick| tick * step) {
        buffer.set_string(0, row(tick), format!("{tick:number$} ┤"), Style::new());
    }
    plot.draw_times(Rect::new(left, ROWS, columns, 3), &mut buffer);
    let legend: Vec<String> = [(ALERT, "alert"), (WARN, "warn"), (UNKNOWN, "unknown")]
        .into_iter()
        .filter(|(mark, _)| marks.contains(mark))
        .map(|(mark, word)| format!("{mark} {word}"))
        .collect();
    buffer.set_string(left, ROWS + 3, legend.join("   "), Style::new());
    buffer.set_line(left, ROWS + 1, &Line::from(marks), columns);
    text(&buffer, colour)
}

impl Plot<'_> {
    /// Returns the time at which a column begins.
    fn time(&self, column: u16, columns: u16) -> Timestamp {
        let millis = self.counts.len() as i64 * 60_000;
        self.start + SignedDuration::from_millis(millis * i64::from(column) / i64::from(columns))
    }

    /// Returns the highest level in the time of a column, or whether its counts are unknown.
    fn mark(&self, column: u16, columns: u16) -> Span<'static> {
        let (from, to) = (self.time(column, columns), self.time(column + 1, columns));
        // A period may end in the minute in which it begins.
        let spans = self.spans.iter().filter(|(begins, ends, _)| {
            *begins < to && (*ends > from || (begins == ends && *begins >= from))
        });
        match spans.map(|(_, _, level)| *level).max() {
            Some(Level::Warn) => WARN,
            Some(Level::Alert) => ALERT,
            None => {
                let (column, columns, all) = (usize::from(column), usize::from(columns), self.counts.len());
                let counts = &self.counts[column * all / columns..((column + 1) * all).div_ceil(columns)];
                let unknown = counts.iter().filter(|count| count.is_none()).count();
                // A chart of a month must show an hour without counts, but not a single missed minute.
                if unknown * 4 >= counts.len() { UNKNOWN } else { CALM }
            }
        }
    }

    /// Returns the axes and the line of the counts. It joins counts of consecutive minutes, so a column of dots reaches from
    /// the lowest to the highest count in its time.
    fn canvas<'a>(&'a self, top: u64, marks: &'a [Span<'_>]) -> impl Widget + 'a {
        let all = self.counts.len();
        Canvas::default()
            .block(Block::new().borders(Borders::LEFT | Borders::BOTTOM))
            .marker(Marker::Braille)
            .x_bounds([0.0, all as f64])
            .y_bounds([0.0, top as f64])
            .paint(move |canvas| {
                for (minute, count) in self.counts.iter().enumerate() {
                    let Some(count) = *count else { continue };
                    let next = self.counts.get(minute + 1).copied().flatten().unwrap_or(count);
                    let colour = marks[minute * marks.len() / all].style.fg.unwrap_or_default();
                    let (from, to) = (minute as f64, (minute + 1) as f64);
                    canvas.draw(&canvas::Line::new(from, count.into(), to, next.into(), colour));
                }
            })
    }

    /// Draws ticks where days or hours begin into the first line of the area, and the labels that have room into the last.
    fn draw_times(&self, area: Rect, buffer: &mut Buffer) {
        let (every, format) = self.interval(area.width);
        let local = |at: Timestamp| at.to_zoned(self.zone.clone()).datetime();
        let midnight = local(self.start).date().at(0, 0, 0, 0);
        // By the clock, the beginning of the interval that contains the last moment before a column.
        let begin = |column: u16| {
            let clock = local(self.time(column, area.width) - SignedDuration::from_millis(1));
            let minutes = (clock.duration_since(midnight).as_secs_f64() / 60.0).floor() as i64;
            midnight + (minutes.div_euclid(every) * every).minutes()
        };
        let mut room = area.width + 1;
        for column in (0..area.width).rev() {
            let (before, now) = (begin(column), begin(column + 1));
            if now != before {
                buffer.set_string(area.x + column, area.y, "┬", Style::new());
            }
            // If the clocks skip this time, the interval begins after the gap.
            let Ok(begin) = now.to_zoned(self.zone.clone()) else { continue };
            let label = begin.strftime(format).to_string();
            // The first day has its label even if it began before the chart.
            let wanted = now != before || (column == 0 && every >= DAY);
            if wanted && usize::from(room - column) > label.len() {
                buffer.set_string(area.x + column, area.bottom() - 1, label, Style::new());
                room = column;
            }
        }
    }

    /// Returns the shortest interval whose labels have room, in minutes, and the format of the labels.
    fn interval(&self, columns: u16) -> (i64, &'static str) {
        let minutes = self.counts.len() as i64;
        let hours = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map(|every| (every, "%H:%M", 8));
        let days = [(DAY, "%a %-d %b", 11), (DAY, "%a %-d", 7), (DAY, "%a", 4)];
        let more = (2..).map(|days| (days * DAY, "%-d %b", 7));
        let mut all = hours.into_iter().filter(|_| minutes <= 36 * 60).chain(days).chain(more);
        all.find(|(every, _, width)| every * i64::from(columns) >= width * minutes)
            .map_or((minutes, "%-d %b"), |(every, format, _)| (every, format))
    }
}

/// Returns the lines of a buffer, with escape sequences where the colour changes.
fn text(buffer: &Buffer, colour: bool) -> String {
    let mut out = String::new();
    for line in buffer.content().chunks(buffer.area.width.into()) {
        let runs = line.chunk_by(|one, next| one.fg == next.fg).map(|run| {
            let colour = (colour && run[0].fg != Color::Reset).then(|| run[0].fg.into());
            let style = anstyle::Style::new().fg_color(colour);
            format!("{style}{}{style:#}", run.iter().map(Cell::symbol).collect::<String>())
        });
        out.push_str(runs.collect::<String>().trim_end());
        out.push('\n');
    }
    out.trim_end().to_owned() + "\n"
}

/// Returns a round end of the axis above this count, and the step between its numbers.
fn scale(highest: u32) -> (u64, u64) {
    let highest = u64::from(highest.max(4));
    let round = (0..10).flat_map(|power| [10, 20, 25, 50].map(|n| n * 10_u64.pow(power)));
    let step =
        [1, 2, 5].into_iter().chain(round).find(|step| highest.div_ceil(*step) <= 4).unwrap_or(highest);
    (highest.div_ceil(step) * step, step)
}

#[cfg(test)]
mod tests;
