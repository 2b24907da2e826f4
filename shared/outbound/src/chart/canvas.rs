//! Shapes on a white background, and their PNG.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::iter::repeat_n;

use tiny_skia::{
    FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, PremultipliedColorU8, Rect, Stroke,
    StrokeDash, Transform,
};

use super::text;

/// Maximum number of pixels per side, so that a wrong size doesn't exhaust the memory.
const SIDE_MAX: u32 = 4096;

/// A picture that is being drawn.
pub(super) struct Canvas {
    pixels: Pixmap,
}

/// A colour: red, green and blue, one byte each, and the opacity out of 255.
#[derive(Clone, Copy)]
pub(super) struct Color(pub(super) u32, pub(super) u8);

/// The background.
pub(super) const WHITE: Color = Color(0xff_ff_ff, 255);

/// Style of a line.
#[derive(Clone, Copy)]
pub(super) struct Pencil {
    pub(super) color: Color,
    pub(super) width: f32,
    /// Lengths of the dashes and of the gaps; `None` draws a solid line.
    pub(super) dash: Option<[f32; 2]>,
}

/// Style of a text.
#[derive(Clone, Copy)]
pub(super) struct Type {
    pub(super) color: Color,
    pub(super) size: f32,
    pub(super) bold: bool,
}

impl Type {
    /// How much the outline grows for bold: one font serves both weights.
    fn weight(self) -> f32 {
        if self.bold { self.size * 0.045 } else { 0.0 }
    }
}

impl Canvas {
    /// Creates a white canvas.
    pub(super) fn new(width: u32, height: u32) -> Self {
        let mut pixels = Pixmap::new(width.clamp(1, SIDE_MAX), height.clamp(1, SIDE_MAX))
            .expect("neither side is zero, nor too long for its bytes to be counted");
        pixels.fill(tiny_skia::Color::WHITE);
        Canvas { pixels }
    }

    pub(super) fn width(&self) -> f32 {
        self.pixels.width() as f32
    }

    pub(super) fn height(&self) -> f32 {
        self.pixels.height() as f32
    }

    /// Fills a rectangle. An empty one, such as one whose right side is left of its left side, draws nothing.
    pub(super) fn rectangle(&mut self, left: f32, top: f32, right: f32, bottom: f32, color: Color) {
        if let Some(rect) = Rect::from_ltrb(left, top, right, bottom) {
            self.pixels.fill_rect(rect, &paint(color), Transform::identity(), None);
        }
    }

    /// Draws a line through the points.
    pub(super) fn line(&mut self, points: &[(f32, f32)], pencil: Pencil) {
        if let Some(path) = polyline(points, false) {
            self.stroke(&path, pencil);
        }
    }

    /// Fills the area that the points enclose.
    pub(super) fn polygon(&mut self, points: &[(f32, f32)], color: Color) {
        if let Some(path) = polyline(points, true) {
            self.fill(&path, color);
        }
    }

    /// Fills a circle.
    pub(super) fn dot(&mut self, x: f32, y: f32, radius: f32, color: Color) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius) {
            self.fill(&path, color);
        }
    }

    /// Writes a text that begins at `x` on the baseline `y`.
    pub(super) fn write(&mut self, text: &str, x: f32, y: f32, style: Type) {
        if let Some(path) = text::outlines(text, x, y.round(), style.size) {
            self.fill(&path, style.color);
            if style.bold {
                self.stroke(&path, Pencil { color: style.color, width: style.weight(), dash: None });
            }
        }
    }

    /// Clears the space around and behind the letters of a text before it is written there.
    pub(super) fn clear_for(&mut self, text: &str, x: f32, y: f32, style: Type) {
        if let Some(path) = text::outlines(text, x, y.round(), style.size) {
            self.stroke(&path, Pencil { color: WHITE, width: 4.0, dash: None });
        }
    }

    /// Encodes the PNG with a palette, which takes a third of the bytes. Shades at the edges that no longer fit into
    /// the palette become the nearest ones in it.
    pub(super) fn png(&self) -> Vec<u8> {
        let runs = || self.pixels.pixels().chunk_by(|a, b| a == b).map(|run| (rgb(run[0]), run.len()));
        let mut tally: HashMap<[u8; 3], usize> = HashMap::new();
        for (color, len) in runs() {
            *tally.entry(color).or_default() += len;
        }
        let mut palette: Vec<_> = tally.keys().copied().collect();
        palette.sort_by_key(|color| (Reverse(tally[color]), *color));
        let rare = palette.split_off(palette.len().min(256));
        let mut places: HashMap<_, _> = palette.iter().copied().zip(0_u8..=255).collect();
        for color in rare {
            let nearest = (0_u8..=255).min_by_key(|&i| distance(palette[usize::from(i)], color));
            places.insert(color, nearest.unwrap_or(0));
        }
        let pixels: Vec<u8> = runs().flat_map(|(color, len)| repeat_n(places[&color], len)).collect();

        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.pixels.width(), self.pixels.height());
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_palette(palette.concat());
        // Filters predict shades from neighbouring pixels, which is useless for palette indices.
        encoder.set_filter(png::Filter::NoFilter);
        let written = encoder.write_header().and_then(|mut writer| {
            writer.write_image_data(&pixels)?;
            writer.finish()
        });
        written.expect("memory takes whatever is written to it");
        bytes
    }

    fn fill(&mut self, path: &Path, color: Color) {
        self.pixels.fill_path(path, &paint(color), FillRule::Winding, Transform::identity(), None);
    }

    fn stroke(&mut self, path: &Path, Pencil { color, width, dash }: Pencil) {
        let stroke = Stroke {
            width,
            line_cap: if dash.is_some() { LineCap::Butt } else { LineCap::Round },
            line_join: LineJoin::Round,
            dash: dash.and_then(|on_off| StrokeDash::new(on_off.to_vec(), 0.0)),
            ..Stroke::default()
        };
        self.pixels.stroke_path(path, &paint(color), &stroke, Transform::identity(), None);
    }
}

fn rgb(pixel: PremultipliedColorU8) -> [u8; 3] {
    [pixel.red(), pixel.green(), pixel.blue()]
}

/// Returns the distance between two colours.
fn distance(one: [u8; 3], other: [u8; 3]) -> u32 {
    one.into_iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

fn polyline(points: &[(f32, f32)], close: bool) -> Option<Path> {
    let (&(x, y), rest) = points.split_first()?;
    let mut path = PathBuilder::with_capacity(points.len() + 1, points.len() + 1);
    path.move_to(x, y);
    for &(x, y) in rest {
        path.line_to(x, y);
    }
    if close {
        path.close();
    }
    path.finish()
}

fn paint(Color(rgb, cover): Color) -> Paint<'static> {
    let [_, red, green, blue] = rgb.to_be_bytes();
    let mut paint = Paint::default();
    paint.set_color_rgba8(red, green, blue, cover);
    paint
}
