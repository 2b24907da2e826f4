//! The picture for `--png`.

use handbell_core::occupancy::zone::Level;
use handbell_outbound::chart;
use jiff::{SignedDuration, Timestamp};

use super::played::Replay;
use super::report::{self, Told};

/// Size of the picture, in pixels.
const PICTURE: (u32, u32) = (1400, 500);

/// Draws the picture as PNG, with at most one point for each column of pixels.
pub(super) fn picture(replay: &Replay, told: &Told<'_>, start: Timestamp, points: &[Option<u32>]) -> Vec<u8> {
    let (width, height) = PICTURE;
    let each = points.len().div_ceil(width as usize).max(1);
    let points: Vec<Option<u32>> =
        points.chunks(each).map(|some| some.iter().flatten().max().copied()).collect();
    let tone = |level| match level {
        Level::Warn => chart::Tone::Warn,
        Level::Alert => chart::Tone::Alert,
    };
    let labels: Vec<String> = told
        .rule
        .levels
        .iter()
        .map(|bounds| format!("{} {}", report::word(bounds.level), bounds.at))
        .collect();
    let levels = told.rule.levels.iter().zip(&labels);
    let levels: Vec<chart::ChartLine<'_>> = levels
        .map(|(bounds, label)| chart::ChartLine { at: bounds.at, label, tone: tone(bounds.level) })
        .collect();
    let spans: Vec<chart::ChartPeriod> = replay
        .spans()
        .into_iter()
        .map(|(from, to, level)| chart::ChartPeriod { from, to, tone: tone(level) })
        .collect();
    let caption = report::headline(replay, told);
    let drawn = chart::Chart {
        title: told.label,
        caption: caption.trim_end_matches([':', '.']),
        start,
        step: SignedDuration::from_mins(each as i64),
        points: &points,
        levels: &levels,
        spans: &spans,
        zone: told.zone.clone(),
        tone: replay.watch.level.map_or(chart::Tone::Calm, tone),
    };
    chart::png_sized(&drawn, width, height)
}
