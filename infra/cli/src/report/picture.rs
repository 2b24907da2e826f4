//! The report as a picture: the number of incidents that opened on each day, or in each hour of a short period.

use std::collections::BTreeSet;

use handbell_core::incident::summary::{Summary, Tally};
use handbell_outbound::chart;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use super::{Period, told};

/// Size of the picture, in pixels.
const SIZE: (u32, u32) = (1400, 500);
/// Number of points in the chart. As many as this give each bar straight sides.
const POINTS: i64 = 1200;
/// Longest period with a bar for each hour. A longer period has a bar for each day.
const BY_HOUR: SignedDuration = SignedDuration::from_hours(72);
/// Margin on each side of a bar, in percent of its hour or day.
const GAP: i64 = 12;

/// Draws the report as PNG. Hours or days in which an incident lapsed untaken are tinted.
pub(super) fn png(summaries: &[Summary], period: &Period) -> Vec<u8> {
    let length = period.to.duration_since(period.from);
    let by_hour = length <= BY_HOUR;
    let step = SignedDuration::from_secs((length.as_secs() / POINTS).max(60));
    let count = (length.as_secs() / step.as_secs()).max(1);
    let slot = |at: Timestamp| -> DateTime {
        let local = at.to_zoned(period.zone.clone()).datetime();
        local.date().at(if by_hour { local.hour() } else { 0 }, 0, 0, 0)
    };
    let many = |slot_wanted: DateTime| {
        u32::try_from(summaries.iter().filter(|one| slot(one.opened_at) == slot_wanted).count())
            .unwrap_or(u32::MAX)
    };
    let mut last: Option<(DateTime, u32)> = None;
    let points: Vec<Option<u32>> = (0..=count)
        .map(|point| {
            let at = period.from + SignedDuration::from_secs(step.as_secs() * point);
            let local = at.to_zoned(period.zone.clone()).datetime();
            let begin = slot(at);
            let (_, here) = *match &mut last {
                Some(known) if known.0 == begin => known,
                other => other.insert((begin, many(begin))),
            };
            let part = local.duration_since(begin).as_secs() * 100 / if by_hour { 3600 } else { 86_400 };
            // The last bar reaches the end of the period, however short it is.
            Some(if (GAP..100 - GAP).contains(&part) || point == count { here } else { 0 })
        })
        .collect();
    // Each once, since two tints on top of each other look darker.
    let lapsed: BTreeSet<DateTime> =
        summaries.iter().filter(|one| one.lapsed_untaken()).map(|one| slot(one.opened_at)).collect();
    let spans: Vec<chart::ChartPeriod> = lapsed
        .into_iter()
        .filter_map(|begin| {
            let length = SignedDuration::from_hours(if by_hour { 1 } else { 24 });
            let at =
                |local: DateTime| local.to_zoned(period.zone.clone()).ok().map(|zoned| zoned.timestamp());
            let (from, to) = (at(begin)?, at(begin.checked_add(length).ok()?)?);
            Some(chart::ChartPeriod {
                from: from.max(period.from),
                to: to.min(period.to),
                tone: chart::Tone::Alert,
            })
        })
        .collect();
    let tally = Tally::of(summaries);
    let caption = told::caption(&tally);
    let drawn = chart::Chart {
        title: if by_hour { "Incidents in each hour" } else { "Incidents on each day" },
        caption: &caption,
        start: period.from,
        step,
        points: &points,
        levels: &[],
        spans: &spans,
        zone: period.zone.clone(),
        tone: chart::Tone::Calm,
    };
    chart::png_sized(&drawn, SIZE.0, SIZE.1)
}
