//! The text of a report for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use handbell_core::incident::summary::{Summary, Tally, Times};
use handbell_core::incident::{Kind, Phase};
use jiff::SignedDuration;

use super::bars::bars;
use super::{Breakdown, Period};

/// Limit of untaken incidents in the list. The CSV contains them all.
const NAMED: usize = 10;
/// Minimum number of columns in a table, however narrow the terminal is.
const NEEDED: usize = 4;
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// Returns the word for a phase in the CSV and the JSON.
pub(super) fn end(phase: Phase) -> &'static str {
    match phase {
        Phase::Open => "open",
        Phase::Acknowledged => "acknowledged",
        Phase::Resolved => "resolved",
        Phase::Cancelled => "cancelled",
        Phase::Lapsed => "lapsed",
    }
}

/// Formats a duration with sensible precision: `40 s`, `1 min 40 s`, `12 min`, `3 h 20 min`, `2 d 4 h`.
pub(super) fn brief(length: SignedDuration) -> String {
    let seconds = (length.as_millis() + 500) / 1000;
    let minutes = (seconds + 30) / 60;
    let (whole, unit, rest, smaller) = match seconds {
        0 => return "under 1 s".to_owned(),
        ..60 => (seconds, "s", 0, ""),
        60..600 => (seconds / 60, "min", seconds % 60, "s"),
        _ if minutes < 60 => (minutes, "min", 0, ""),
        _ if minutes < 24 * 60 => (minutes / 60, "h", minutes % 60, "min"),
        _ => ((minutes + 30) / 1440, "d", (minutes + 30) % 1440 / 60, "h"),
    };
    let rest = if rest == 0 { String::new() } else { format!(" {rest} {smaller}") };
    format!("{whole} {unit}{rest}")
}

/// `Thu 22 Oct 2026 10:00 – Sat 21 Nov 2026 10:00`.
fn span(period: &Period) -> String {
    let moment =
        |at: jiff::Timestamp| at.to_zoned(period.zone.clone()).strftime("%a %-d %b %Y %H:%M").to_string();
    format!("{} – {}", moment(period.from), moment(period.to))
}

fn incidents(count: usize) -> String {
    format!("{count} incident{}", if count == 1 { "" } else { "s" })
}

/// Returns the text for a period without incidents, which may be good news or the wrong table.
pub(super) fn nothing(period: &Period, place: &str) -> String {
    format!(
        "No incidents: {place} has none that opened in this period and is over.\n  {}\n\nOpen incidents aren't included, nor \
         those that ended before Handbell kept a log of them. To look further back: handbell report --last 90d.\nA runner on this \
         laptop knows only the incidents since its start, unless it was started with --data.\n",
        span(period)
    )
}

/// `37 incidents, 30 taken (half within 2 min), 3 lapsed untaken`.
pub(super) fn caption(tally: &Tally) -> String {
    let half = tally.to_take.map(|times| format!(" (half within {})", brief(times.median)));
    let mut parts =
        vec![incidents(tally.incidents), format!("{} taken{}", tally.taken, half.unwrap_or_default())];
    if tally.lapsed_untaken > 0 {
        parts.push(format!("{} lapsed untaken (marked)", tally.lapsed_untaken));
    }
    parts.join(", ")
}

/// Returns the whole report of at least one incident.
pub(super) fn report(
    summaries: &[Summary],
    period: &Period,
    by: Option<Breakdown>,
    width: usize,
    colour: bool,
) -> String {
    let tally = Tally::of(summaries);
    let mut out = format!("{}, {}\n\n", incidents(tally.incidents), span(period));
    facts(&mut out, &tally);
    untaken(&mut out, summaries, period);
    let shown = match by {
        Some(one) => vec![one],
        None => vec![Breakdown::Source, Breakdown::Person, Breakdown::Hour],
    };
    for breakdown in shown {
        out.push('\n');
        match breakdown {
            Breakdown::Source => out.push_str(&by_name("By source", summaries, width, source)),
            Breakdown::Plan => out.push_str(&by_name("By plan", summaries, width, |one| one.plan.clone())),
            Breakdown::Person => out.push_str(&by_person(summaries, width)),
            Breakdown::Hour => {
                let names = (0..24).map(|hour| format!("{hour:02}"));
                let hour = |one: &Summary| one.opened_at.to_zoned(period.zone.clone()).hour();
                let counts =
                    names.zip(0..).map(|(name, wanted)| (name, count(summaries, |one| hour(one) == wanted)));
                let _ = writeln!(out, "By hour of opening ({})", zone_name(period));
                out.push_str(&bars(&counts.collect::<Vec<_>>(), width, colour));
            }
            Breakdown::Weekday => {
                let day = |one: &Summary| {
                    one.opened_at.to_zoned(period.zone.clone()).weekday().to_monday_zero_offset()
                };
                let names = WEEKDAYS.map(str::to_owned).into_iter();
                let counts =
                    names.zip(0..).map(|(name, wanted)| (name, count(summaries, |one| day(one) == wanted)));
                let _ = writeln!(out, "By day of opening ({})", zone_name(period));
                out.push_str(&bars(&counts.collect::<Vec<_>>(), width, colour));
            }
        }
    }
    out
}

fn count(summaries: &[Summary], which: impl Fn(&Summary) -> bool) -> usize {
    summaries.iter().filter(|one| which(one)).count()
}

fn zone_name(period: &Period) -> String {
    period.zone.iana_name().unwrap_or("the configuration's time").to_owned()
}

fn facts(out: &mut String, tally: &Tally) {
    let times = |times: Option<Times>| match times {
        None => String::new(),
        Some(Times { count: 1, median, .. }) => format!(", within {}", brief(median)),
        Some(times) => format!(", half within {}, 95% within {}", brief(times.median), brief(times.p95)),
    };
    let mut facts = vec![
        ("Taken", format!("{}{}", tally.taken, times(tally.to_take))),
        ("Resolved", format!("{}{}", tally.resolved, times(tally.to_resolve))),
    ];
    if tally.cancelled > 0 {
        facts.push(("Cancelled", tally.cancelled.to_string()));
    }
    if tally.lapsed > 0 {
        let untaken = match tally.lapsed_untaken {
            0 => String::new(),
            all if all == tally.lapsed => ", which nobody took".to_owned(),
            some => format!(", {some} of which nobody took"),
        };
        facts.push(("Lapsed", format!("{}{untaken}", tally.lapsed)));
    }
    if tally.ended_untaken() > 0 {
        facts.push(("Not taken", format!("{}, which ended before anybody took them", tally.ended_untaken())));
    }
    for (title, value) in facts {
        let _ = writeln!(out, "  {title:9}  {value}");
    }
}

/// Lists the incidents that lapsed untaken, which deserve a question.
fn untaken(out: &mut String, summaries: &[Summary], period: &Period) {
    let lapsed: Vec<&Summary> = summaries.iter().filter(|one| one.lapsed_untaken()).collect();
    if lapsed.is_empty() {
        return;
    }
    out.push_str("\nLapsed untaken, the latest first\n");
    for one in lapsed.iter().rev().take(NAMED) {
        let opened = one.opened_at.to_zoned(period.zone.clone()).strftime("%a %-d %b %H:%M");
        let severity = one.severity.map(|severity| format!(" ({})", severity.name())).unwrap_or_default();
        let _ = writeln!(out, "  {}  {opened}  {}{severity}, plan {}", one.reference, source(one), one.plan);
    }
    if lapsed.len() > NAMED {
        let _ = writeln!(out, "  and {} more; --csv FILE lists them all", lapsed.len() - NAMED);
    }
}

/// Returns the incident's subject with its kind, since a button and a zone may have the same name.
fn source(one: &Summary) -> String {
    let kind = match one.kind {
        Kind::Button => "button",
        Kind::Zone => "zone",
        Kind::SilentSite => "silent site",
        Kind::Waiting | Kind::Customer => "line",
        Kind::Alert => "source",
        Kind::Notice => "notice",
    };
    format!("{kind} {}", one.name)
}

/// Groups incidents by name, the largest group first.
fn grouped(summaries: &[Summary], name: impl Fn(&Summary) -> Option<String>) -> Vec<(String, Vec<&Summary>)> {
    let mut groups: BTreeMap<String, Vec<&Summary>> = BTreeMap::new();
    for one in summaries {
        if let Some(name) = name(one) {
            groups.entry(name).or_default().push(one);
        }
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    // The sort is stable, so groups of equal size stay in the order of their names.
    groups.sort_by_key(|(_, some)| std::cmp::Reverse(some.len()));
    groups
}

fn half_and_most(times: Option<Times>) -> [String; 2] {
    times.map_or_else(|| ["–".to_owned(), "–".to_owned()], |times| [brief(times.median), brief(times.p95)])
}

fn by_name(title: &str, summaries: &[Summary], width: usize, name: impl Fn(&Summary) -> String) -> String {
    let mut rows =
        vec![[title, "all", "taken", "half", "95%", "lapsed", "resolved", "half", "95%"].map(str::to_owned)];
    for (name, some) in grouped(summaries, |one| Some(name(one))) {
        let tally = Tally::of(some);
        let ([take, take_most], [resolve, resolve_most]) =
            (half_and_most(tally.to_take), half_and_most(tally.to_resolve));
        rows.push([
            format!("  {name}"),
            tally.incidents.to_string(),
            tally.taken.to_string(),
            take,
            take_most,
            tally.lapsed.to_string(),
            tally.resolved.to_string(),
            resolve,
            resolve_most,
        ]);
    }
    columns(&rows, "", width)
}

fn by_person(summaries: &[Summary], width: usize) -> String {
    let mut rows =
        vec![["By who took it first", "taken", "half", "95%", "resolved", "half", "95%"].map(str::to_owned)];
    for (who, some) in grouped(summaries, |one| one.taken.as_ref().map(|by| by.who.clone())) {
        let tally = Tally::of(some);
        let ([take, take_most], [resolve, resolve_most]) =
            (half_and_most(tally.to_take), half_and_most(tally.to_resolve));
        rows.push([
            format!("  {who}"),
            tally.taken.to_string(),
            take,
            take_most,
            tally.resolved.to_string(),
            resolve,
            resolve_most,
        ]);
    }
    let nobody = count(summaries, |one| one.taken.is_none());
    let last = if nobody > 0 { format!("  and {nobody} not taken by anybody\n") } else { String::new() };
    columns(&rows, &last, width)
}

/// Formats a table: the first column left-aligned, the others right-aligned, two spaces between them. The last columns are
/// omitted if there is no room. `last` is the line beneath.
fn columns<const N: usize>(rows: &[[String; N]], last: &str, width: usize) -> String {
    let wide = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(wide).collect();
    let up_to = |shown: usize| widths.iter().take(shown).sum::<usize>() + 2 * shown.saturating_sub(1);
    let shown = (NEEDED..=N).rev().find(|shown| up_to(*shown) <= width).unwrap_or(NEEDED);
    let mut out = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).take(shown).enumerate();
        let cells = cells.map(|(column, (cell, &width))| match column {
            0 => format!("{cell:<width$}"),
            _ => format!("  {cell:>width$}"),
        });
        out.push_str(cells.collect::<String>().trim_end());
        out.push('\n');
    }
    out.push_str(last);
    if shown < N {
        let _ = writeln!(out, "  (a terminal of {} columns shows more)", up_to(N));
    }
    out
}
