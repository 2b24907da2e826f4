//! Letters as outlines. One font is part of the program, so that a chart looks the same everywhere.

use std::sync::LazyLock;

use tiny_skia::{Path, PathBuilder};
use ttf_parser::{Face, GlyphId, OutlineBuilder};

/// Inter Regular: ASCII, Latin-1, Latin Extended-A and a few symbols. Its licence is beside it.
static FONT: &[u8] = include_bytes!("../../assets/inter.otf");

static FACE: LazyLock<Face<'static>> =
    LazyLock::new(|| Face::parse(FONT, 0).expect("a constant, and every test of a chart reads it"));

const ELLIPSIS: char = '…';

/// Returns the width of a text.
pub(super) fn width(text: &str, size: f32) -> f32 {
    text.chars().map(|c| advance(c, size)).sum()
}

/// Returns as much of the text as fits, with `…` if something is missing.
pub(super) fn cut(text: &str, size: f32, room: f32) -> String {
    let dots = advance(ELLIPSIS, size);
    let (mut used, mut fits) = (0.0, None);
    let room = room + 0.5; // the room is often computed from the text, and floating-point sums differ slightly
    for (i, c) in text.char_indices() {
        if used + dots <= room {
            fits = Some(i);
        }
        used += advance(c, size);
        if used > room {
            return fits.map(|end| format!("{}{ELLIPSIS}", text[..end].trim_end())).unwrap_or_default();
        }
    }
    text.to_owned()
}

/// Returns the outlines of a text that begins at `x` on the baseline `y`; `None` if there is nothing visible.
pub(super) fn outlines(text: &str, x: f32, y: f32, size: f32) -> Option<Path> {
    let mut pen = Pen { path: PathBuilder::new(), x, y, scale: scale(size) };
    for glyph in text.chars().filter_map(glyph) {
        FACE.outline_glyph(glyph, &mut pen);
        pen.x += f32::from(FACE.glyph_hor_advance(glyph).unwrap_or(0)) * pen.scale;
    }
    pen.path.finish()
}

fn scale(size: f32) -> f32 {
    size / f32::from(FACE.units_per_em())
}

fn advance(c: char, size: f32) -> f32 {
    let units = glyph(c).and_then(|glyph| FACE.glyph_hor_advance(glyph)).unwrap_or(0);
    f32::from(units) * scale(size)
}

/// Returns the glyph of a character. A character that the font lacks is a box, so that it is visibly missing.
fn glyph(c: char) -> Option<GlyphId> {
    match c {
        // Characters without width: combining accents, joiners, directions, variation selectors.
        '\u{300}'..='\u{36f}' | '\u{ad}' => None,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => None,
        '\u{fe00}'..='\u{fe0f}' | '\u{feff}' => None,
        // This includes the narrow spaces, which aren't worth a glyph each.
        _ if c.is_control() || c.is_whitespace() => FACE.glyph_index(' '),
        _ => FACE.glyph_index(c).or_else(|| FACE.glyph_index('□')),
    }
}

/// Draws glyphs at the current position. Fonts count upwards, pixels downwards.
struct Pen {
    path: PathBuilder,
    x: f32,
    y: f32,
    scale: f32,
}

impl Pen {
    fn at(&self, x: f32, y: f32) -> (f32, f32) {
        (self.x + x * self.scale, self.y - y * self.scale)
    }
}

impl OutlineBuilder for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.move_to(x, y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let (x, y) = self.at(x, y);
        self.path.line_to(x, y);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        let ((x1, y1), (x, y)) = (self.at(x1, y1), self.at(x, y));
        self.path.quad_to(x1, y1, x, y);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        let ((x1, y1), (x2, y2), (x, y)) = (self.at(x1, y1), self.at(x2, y2), self.at(x, y));
        self.path.cubic_to(x1, y1, x2, y2, x, y);
    }

    fn close(&mut self) {
        self.path.close();
    }
}
