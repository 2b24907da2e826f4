//! A chart for the terminal: counts as braille dots, levels as lines, periods beneath.

mod cells;
mod painter;

use handbell_core::occupancy::zone::{Bounds, Level};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use cells::{Cells, Mark};
use painter::{ALERT, Painter, WARN};

const BRAILLE: u32 = 0x2800;

/// Minimum width of a readable chart, in columns.
const NARROWEST: usize = 20;

/// Counts to draw.
#[derive(Clone, Debug)]
pub struct Plot<'a> {
    /// Time of the first point.
    pub start: Timestamp,
    /// Time between two points.
    pub step: SignedDuration,
    /// The counts; `None` means unknown.
    pub points: &'a [Option<u32>],
    /// Levels to draw as horizontal lines.
    pub levels: &'a [Bounds],
    /// Periods to show beneath.
    pub spans: &'a [(Timestamp, Timestamp, Level)],
    /// Time zone of the days and hours.
    pub zone: TimeZone,
}

/// Draws the chart with lines of at most `width` columns, each with a newline. Colours only repeat what the characters show.
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
    // Without the number, a space and the axis on the left, and the labels on the right.
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
