//! A picture of how many devices a zone of a floor has counted, as a PNG.
//!
//! It shows what was seen and what wasn't: where nothing is known the line has a gap and the paper is hatched, so that
//! silence never looks like an empty shop. Colour is never the only sign: lines have labels and dashes of their own.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

mod axis;
mod canvas;
mod draw;
#[cfg(test)]
mod tests;
mod text;

use canvas::Canvas;

/// The pixels of a chart in a message, across.
pub const WIDTH: u32 = 720;

/// The pixels of a chart in a message, down.
pub const HEIGHT: u32 = 300;

/// A chart of a zone's counts.
#[derive(Clone, Debug)]
pub struct Chart<'a> {
    /// What is counted, as in `Floor 2 / Shoes`. It is cut if it is too long; letters other than Latin become boxes.
    pub title: &'a str,
    /// What there is to say about it, in smaller letters; cut likewise.
    pub caption: &'a str,
    /// When the first point was.
    pub start: Timestamp,
    /// How long after the one before each point was.
    pub step: SignedDuration,
    /// The counts; `None` is not known, which isn't zero.
    pub points: &'a [Option<u32>],
    /// Lines across, with their labels: what is usual, and what is too much.
    pub levels: &'a [Line<'a>],
    /// Periods to mark, behind everything else.
    pub spans: &'a [Span],
    /// Where the shop is: the hours below the chart are its hours.
    pub zone: TimeZone,
    /// How it looks at the last point.
    pub tone: Tone,
}

/// A count to compare with. A calm one is drawn thin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The count.
    pub at: u32,
    /// What stands beside it.
    pub label: &'a str,
    /// How it is when the count is there.
    pub tone: Tone,
}

/// A period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// How it was.
    pub tone: Tone,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to do: blue.
    Calm,
    /// Worth a look: orange.
    Warn,
    /// Somebody should go there: red.
    Alert,
}

/// The PNG's bytes, in the size for a message.
pub fn png(chart: &Chart<'_>) -> Vec<u8> {
    png_sized(chart, WIDTH, HEIGHT)
}

/// The PNG's bytes, in a size of one's own, up to 4096 pixels a side. Letters stay as large as they are; where there is
/// no room for them, there is less of them.
pub fn png_sized(chart: &Chart<'_>, width: u32, height: u32) -> Vec<u8> {
    let mut canvas = Canvas::new(width, height);
    draw::chart(&mut canvas, chart);
    canvas.png()
}
