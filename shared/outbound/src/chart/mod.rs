//! Charts of a zone's device counts, as PNG.
//!
//! A chart shows what was seen and what wasn't: where nothing is known, the line has a gap and the background is
//! hatched, so that missing data never looks like an empty shop. Colour is never the only signal: lines have labels and
//! dashes of their own.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

mod axis;
mod canvas;
mod draw;
#[cfg(test)]
mod tests;
mod text;

use canvas::Canvas;

/// Width of a chart in a message, in pixels.
pub const WIDTH: u32 = 720;

/// Height of a chart in a message, in pixels.
pub const HEIGHT: u32 = 300;

/// A chart of a zone's counts.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    /// What is counted, such as `Floor 2 / Shoes`. Too long a title is cut; characters outside the Latin script become
    /// boxes.
    pub title: &'a str,
    /// Caption in smaller letters; cut in the same way.
    pub caption: &'a str,
    /// Time of the first point.
    pub start: Timestamp,
    /// Time between two points.
    pub step: SignedDuration,
    /// The counts. `None` is unknown, which isn't zero.
    pub points: &'a [Option<u32>],
    /// Horizontal lines with labels, such as the usual count and the threshold.
    pub levels: &'a [ChartLine<'a>],
    /// Periods to highlight behind everything else.
    pub spans: &'a [ChartPeriod],
    /// Time zone of the shop, for the hours below the chart.
    pub zone: TimeZone,
    /// State at the last point.
    pub tone: Tone,
}

/// A count to compare with. A calm one is drawn thin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartLine<'a> {
    /// The count.
    pub at: u32,
    /// Label beside the line.
    pub label: &'a str,
    /// State when the count reaches the line.
    pub tone: Tone,
}

/// A highlighted period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChartPeriod {
    /// Beginning of the period.
    pub from: Timestamp,
    /// End of the period.
    pub to: Timestamp,
    /// State during the period.
    pub tone: Tone,
}

/// State that a colour stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to do: blue.
    Calm,
    /// Worth a look: orange.
    Warn,
    /// A person should go there: red.
    Alert,
}

/// Draws the chart as a PNG in the size for a message.
pub fn png(chart: &Chart<'_>) -> Vec<u8> {
    png_sized(chart, WIDTH, HEIGHT)
}

/// Draws the chart as a PNG of any size up to 4096 pixels per side. The size of the letters stays the same; where there
/// is no room for a text, it is cut or left out.
pub fn png_sized(chart: &Chart<'_>, width: u32, height: u32) -> Vec<u8> {
    let mut canvas = Canvas::new(width, height);
    draw::chart(&mut canvas, chart);
    canvas.png()
}
