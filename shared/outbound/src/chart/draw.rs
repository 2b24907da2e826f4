//! The layout of a chart.

use std::cmp::Reverse;

use super::axis::{Counts, Hours, Tick};
use super::canvas::{Canvas, Color, Pencil, Type, WHITE};
use super::{Chart, ChartLine, Tone, text};

/// White margin around the chart.
const MARGIN: f32 = 16.0;
/// Heights of the heading above the plot and of the hours below it.
const HEAD: f32 = 68.0;
const FOOT: f32 = 34.0;
/// Distance between the plot and the texts beside it.
const ASIDE: f32 = 10.0;
/// Distance between two labels on the right.
const LEADING: f32 = 16.0;

const INK: Color = Color(0x1f_29_33, 255);
const SOFT: Color = Color(0x5b_67_74, 255);
const AXIS: Color = Color(0x9a_a5_b1, 255);
const GRID: Color = Color(0xe8_eb_ee, 255);
const DAYS: Color = Color(0xd3_d9_df, 255);
const UNKNOWN: Color = Color(0xf5_f6_f8, 255);
const HATCH: Color = Color(0xdd_e1_e6, 255);

const TITLE: Type = Type { color: INK, size: 18.0, bold: true };
const CAPTION: Type = Type { color: SOFT, size: 14.0, bold: false };
const SMALL: Type = Type { color: SOFT, size: 12.0, bold: false };

impl Tone {
    /// Returns the colour for lines and dots. The three differ in lightness too, for people who can't tell red from
    /// green.
    fn color(self) -> Color {
        match self {
            Tone::Calm => Color(0x2f_6d_b5, 255),
            Tone::Warn => Color(0xee_8a_00, 255),
            Tone::Alert => Color(0xc6_1f_2d, 255),
        }
    }

    /// Returns the colour for texts, dark enough to read on white.
    fn ink(self) -> Color {
        match self {
            Tone::Calm => SOFT,
            Tone::Warn => Color(0x96_54_00, 255),
            Tone::Alert => Color(0xb1_1a_27, 255),
        }
    }

    /// Returns the style of a level. Each tone has its own dashes.
    fn pencil(self) -> Pencil {
        match self {
            Tone::Calm => Pencil { color: SOFT, width: 1.0, dash: Some([2.0, 3.0]) },
            Tone::Warn => Pencil { color: self.color(), width: 2.0, dash: Some([5.0, 4.0]) },
            Tone::Alert => Pencil { color: self.color(), width: 2.0, dash: Some([14.0, 4.0]) },
        }
    }
}

impl Color {
    fn covering(self, cover: u8) -> Color {
        Color(self.0, cover)
    }
}

/// A label on the right.
struct Label {
    /// The count that the label belongs to. The label itself may be moved slightly.
    at: u32,
    text: String,
    style: Type,
}

/// Position of the plot.
struct Plot {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
    counts: Counts,
    points: usize,
}

impl Plot {
    /// Returns `None` if there is no room for a plot.
    fn of(chart: &Chart<'_>, canvas: &Canvas) -> Option<Plot> {
        let (top, bottom) = (HEAD, canvas.height() - FOOT);
        let levels = chart.levels.iter().map(|level| level.at);
        let highest = chart.points.iter().flatten().copied().chain(levels).max().unwrap_or(0);
        let counts = Counts::up_to(highest, ((bottom - top) / 45.0).clamp(1.0, 8.0) as u64);
        let numbers = widest(counts.ticks().map(|tick| counts.label(tick)), SMALL);
        let last = chart.points.last().copied().flatten().map(|count| count.to_string());
        let labels =
            widest(chart.levels.iter().map(|level| level.label), SMALL).max(widest(last, count(chart.tone)));
        let left = MARGIN + numbers + ASIDE;
        let right = canvas.width() - MARGIN - (labels + ASIDE).min(canvas.width() * 0.3);
        let points = chart.points.len();
        (right - left >= 40.0 && bottom - top >= 20.0).then_some(Plot {
            left,
            top,
            right,
            bottom,
            counts,
            points,
        })
    }

    /// Returns the horizontal position: 0 is the first point, 1 the last.
    fn x(&self, place: f64) -> f32 {
        self.left + (self.right - self.left) * place.clamp(0.0, 1.0) as f32
    }

    /// Returns the horizontal position of a point. A single point counts as the last one.
    fn x_of(&self, point: usize) -> f32 {
        self.x(if self.points > 1 { point as f64 / (self.points - 1) as f64 } else { 1.0 })
    }

    fn y(&self, count: u64) -> f32 {
        self.bottom - (self.bottom - self.top) * (count as f64 / self.counts.top as f64) as f32
    }
}

/// Draws the chart from back to front.
pub(super) fn chart(canvas: &mut Canvas, chart: &Chart<'_>) {
    heading(canvas, chart);
    let Some(plot) = Plot::of(chart, canvas) else { return };
    let hours = Hours::of(chart.start, chart.step, chart.points.len(), &chart.zone);
    gaps(canvas, &plot, chart);
    if let Some(hours) = &hours {
        spans(canvas, &plot, chart, hours);
    }
    grid(canvas, &plot);
    if let Some(hours) = &hours {
        clock(canvas, &plot, hours);
    }
    line(canvas, &plot, chart);
    for level in chart.levels {
        let pencil = level.tone.pencil();
        // Aligned to whole pixels, or the line would be blurred.
        let y = plot.y(level.at.into()).round() + if pencil.width < 2.0 { 0.5 } else { 0.0 };
        canvas.line(&[(plot.left, y), (plot.right, y)], pencil);
    }
    last(canvas, &plot, chart);
    labels(canvas, &plot, chart);
}

fn heading(canvas: &mut Canvas, chart: &Chart<'_>) {
    for (words, y, style) in [(chart.title, 30.0, TITLE), (chart.caption, 51.0, CAPTION)] {
        let words = text::cut(words, style.size, canvas.width() - 2.0 * MARGIN);
        canvas.write(&words, MARGIN, y, style);
    }
}

/// Hatches the unknown periods, from the last known point to the next one.
fn gaps(canvas: &mut Canvas, plot: &Plot, chart: &Chart<'_>) {
    let (top, bottom) = (plot.top, plot.bottom);
    let mut hatch = |left: f32, right: f32| {
        canvas.rectangle(left, top, right, bottom, UNKNOWN);
        let rise = bottom - top;
        // Slanted lines at positions that all gaps share, each clipped to the sides of the gap.
        let mut foot = ((left - rise) / 8.0).ceil() * 8.0;
        while foot < right {
            let (from, to) = ((left - foot).max(0.0), (right - foot).min(rise));
            let ends = [(foot + from, bottom - from), (foot + to, bottom - to)];
            canvas.line(&ends, Pencil { color: HATCH, width: 1.0, dash: None });
            foot += 8.0;
        }
    };
    if chart.points.is_empty() {
        hatch(plot.left, plot.right);
    }
    for (first, run) in runs(chart.points).filter(|(_, run)| run[0].is_none()) {
        let after = first + run.len();
        let left = if first == 0 { plot.left } else { plot.x_of(first - 1) };
        let right = if after == plot.points { plot.right } else { plot.x_of(after) };
        hatch(left, right);
    }
}

/// Returns runs of points that are all known or all unknown, each with the index of its first point.
fn runs(points: &[Option<u32>]) -> impl Iterator<Item = (usize, &[Option<u32>])> {
    points.chunk_by(|a, b| a.is_some() == b.is_some()).scan(0, |next, run| {
        let first = *next;
        *next += run.len();
        Some((first, run))
    })
}

/// Draws a tint over the whole height, and a bar at the top that is visible even for a short period.
fn spans(canvas: &mut Canvas, plot: &Plot, chart: &Chart<'_>, hours: &Hours<'_>) {
    for span in chart.spans {
        let (from, to) = (hours.place(span.from), hours.place(span.to));
        if to < from || to < 0.0 || from > 1.0 {
            continue;
        }
        let left = plot.x(from).round();
        let right = plot.x(to).round().max(left + 1.0);
        let bar = if span.tone == Tone::Alert { 5.0 } else { 3.0 };
        canvas.rectangle(left, plot.top, right, plot.bottom, span.tone.color().covering(30));
        canvas.rectangle(left, plot.top - bar, right, plot.top, span.tone.color());
    }
}

fn grid(canvas: &mut Canvas, plot: &Plot) {
    for tick in plot.counts.ticks() {
        let y = plot.y(tick).round();
        let color = if tick == 0 { AXIS } else { GRID };
        canvas.rectangle(plot.left.round(), y, plot.right.round(), y + 1.0, color);
        let label = plot.counts.label(tick);
        let x = plot.left - ASIDE - text::width(&label, SMALL.size);
        canvas.write(&label, x, middle(y, SMALL), SMALL);
    }
}

/// Draws the hours and days below. Labels without room are left out, and days take precedence.
fn clock(canvas: &mut Canvas, plot: &Plot, hours: &Hours<'_>) {
    let mut ticks = hours.ticks(f64::from(plot.right - plot.left) / 72.0);
    ticks.sort_by_key(|tick| !tick.day);
    let mut taken: Vec<(f32, f32)> = Vec::new();
    for Tick { place, label, day } in ticks {
        let x = plot.x(place).round();
        let width = text::width(&label, SMALL.size);
        let left = (x - width / 2.0).min(canvas.width() - MARGIN - width).max(MARGIN);
        let right = left + width;
        if taken.iter().any(|&(from, to)| left < to + ASIDE && from < right + ASIDE) {
            continue;
        }
        taken.push((left, right));
        if day {
            canvas.rectangle(x, plot.top, x + 1.0, plot.bottom, DAYS);
        }
        canvas.rectangle(x, plot.bottom, x + 1.0, plot.bottom + 5.0, AXIS);
        canvas.write(&label, left, plot.bottom + 19.0, Type { color: if day { INK } else { SOFT }, ..SMALL });
    }
}

fn line(canvas: &mut Canvas, plot: &Plot, chart: &Chart<'_>) {
    let color = chart.tone.color();
    for (first, run) in runs(chart.points) {
        let known = run.iter().flatten();
        let points: Vec<_> =
            known.zip(first..).map(|(&count, i)| (plot.x_of(i), plot.y(count.into()))).collect();
        let (Some(&from), Some(&to)) = (points.first(), points.last()) else { continue };
        if points.len() == 1 {
            canvas.dot(from.0, from.1, 2.0, color);
            continue;
        }
        let feet = [(to.0, plot.bottom), (from.0, plot.bottom)];
        canvas.polygon(&[&points[..], &feet].concat(), color.covering(36));
        canvas.line(&points, Pencil { color, width: 2.0, dash: None });
    }
}

/// Draws the last known point. If it isn't the last point, its dot is hollow and its count stands beside it.
fn last(canvas: &mut Canvas, plot: &Plot, chart: &Chart<'_>) {
    let known = chart.points.iter().enumerate().rev().find_map(|(i, count)| Some((i, (*count)?)));
    let Some((i, number)) = known else { return };
    let (x, y) = (plot.x_of(i), plot.y(number.into()));
    canvas.dot(x, y, 5.5, WHITE);
    canvas.dot(x, y, 4.5, chart.tone.color());
    if i + 1 == plot.points {
        return;
    }
    canvas.dot(x, y, 2.5, WHITE);
    let (number, style) = (number.to_string(), count(chart.tone));
    let width = text::width(&number, style.size);
    let x = (x - width / 2.0).min(plot.right - width).max(plot.left);
    let y = if y - plot.top < 24.0 { y + 21.0 } else { y - 11.0 };
    canvas.clear_for(&number, x, y, style);
    canvas.write(&number, x, y, style);
}

/// Draws the last count, if it is known, and the levels, each at its height or as near to it as the others allow.
fn labels(canvas: &mut Canvas, plot: &Plot, chart: &Chart<'_>) {
    let x = plot.right + ASIDE;
    let room = canvas.width() - MARGIN - x;
    let label =
        |at: u32, words: &str, style: Type| Label { at, text: text::cut(words, style.size, room), style };
    let last = chart.points.last().copied().flatten();
    let last = last.map(|number| label(number, &number.to_string(), count(chart.tone)));
    let levels = chart.levels.iter().filter(|level| !level.label.is_empty());
    let levels = levels
        .map(|&ChartLine { at, label: words, tone }| label(at, words, Type { color: tone.ink(), ..SMALL }));
    let most = ((plot.bottom - plot.top) / LEADING) as usize + 1;
    let mut labels: Vec<_> = last.into_iter().chain(levels).take(most).collect();
    labels.sort_by_key(|label| Reverse(label.at));
    let places = spread(labels.iter().map(|label| plot.y(label.at.into())), plot.bottom);
    for (Label { at, text, style }, place) in labels.into_iter().zip(places) {
        let y = plot.y(at.into());
        if (y - place).abs() > 2.0 {
            let ends = [(plot.right + 2.0, y), (x - 2.0, place)];
            canvas.line(&ends, Pencil { color: AXIS, width: 1.0, dash: None });
        }
        canvas.write(&text, x, middle(place, style), style);
    }
}

/// Moves heights apart: downwards first, and upwards if the end is reached.
fn spread(wanted: impl Iterator<Item = f32>, bottom: f32) -> Vec<f32> {
    let mut places: Vec<f32> = Vec::new();
    for y in wanted {
        let free = places.last().map_or(y, |above| above + LEADING);
        places.push(y.max(free));
    }
    let mut limit = bottom;
    for y in places.iter_mut().rev() {
        *y = y.min(limit);
        limit = *y - LEADING;
    }
    places
}

/// Returns the style of the last count.
fn count(tone: Tone) -> Type {
    let color = if tone == Tone::Calm { tone.color() } else { tone.ink() };
    Type { color, size: 16.0, bold: true }
}

/// Returns the baseline at which digits are vertically centred on `y`.
fn middle(y: f32, style: Type) -> f32 {
    y + style.size * 0.36
}

fn widest<T: AsRef<str>>(texts: impl IntoIterator<Item = T>, style: Type) -> f32 {
    texts.into_iter().map(|words| text::width(words.as_ref(), style.size)).fold(0.0, f32::max)
}
