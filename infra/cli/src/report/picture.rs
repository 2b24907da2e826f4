//! The report as a picture: how many incidents opened on each day, or in each hour of a few days.

use std::collections::BTreeSet;

use handbell_core::incident::summary::{Summary, Tally};
use handbell_outbound::chart;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

use super::{Period, told};

/// The pixels of the picture.
const SIZE: (u32, u32) = (1400, 500);
/// So many points are drawn: enough that each bar has straight sides.
const POINTS: i64 = 1200;
/// Up to so long, an hour has a bar; beyond, a day.
const BY_HOUR: SignedDuration = SignedDuration::from_hours(72);
/// A bar begins and ends so far from its time's, of 100.
const GAP: i64 = 12;

/// The PNG's bytes. Days on which something lapsed though nobody had it are marked.
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
            // The last bar ends where the time ends, however long it is.
            Some(if (GAP..100 - GAP).contains(&part) || point == count { here } else { 0 })
        })
        .collect();
    // Each once: two tints would be one that is darker.
    let lapsed: BTreeSet<DateTime> =
        summaries.iter().filter(|one| one.lapsed_untaken()).map(|one| slot(one.opened_at)).collect();
    let spans: Vec<chart::Span> = lapsed
        .into_iter()
        .filter_map(|begin| {
            let length = SignedDuration::from_hours(if by_hour { 1 } else { 24 });
            let at =
                |local: DateTime| local.to_zoned(period.zone.clone()).ok().map(|zoned| zoned.timestamp());
            let (from, to) = (at(begin)?, at(begin.checked_add(length).ok()?)?);
            Some(chart::Span { from: from.max(period.from), to: to.min(period.to), tone: chart::Tone::Alert })
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
