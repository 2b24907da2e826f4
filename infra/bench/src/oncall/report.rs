//! The tables about on-call alerts, in Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::SignedDuration;

use super::Played;
use super::called::{ANSWERS_IN, Called, Spread};
use super::cost::Cost;
use super::flood::Flood;
use super::late::Late;
use super::scene::Hands;
use crate::report::{percentile, vendors};

/// Measured times, for one way in which the functions ran.
pub(super) struct Times {
    pub(super) hands: Hands,
    pub(super) called: Called,
    pub(super) flood: Flood,
    pub(super) late: Late,
}

/// The aims, in seconds.
const LAST_CALL: f64 = 5.0;
const FIRST_ATTEMPT: f64 = 10.0;
const LATENESS: f64 = 2.0;
const WRITES: f64 = 40.0;

/// Returns all tables.
pub(super) fn on_call(played: Played, times: &[Times], spread: &Spread, cost: &Cost) -> String {
    let mut text = String::new();
    for times in times {
        let Times { hands, called, flood, late } = times;
        table(&mut text, &format!("{} people called by one incident, {}", played.people, hands.name()));
        of_called(&mut text, called);
        let seconds = flood.within.as_secs_f64();
        table(&mut text, &format!("{} alerts within {seconds:.1} s, {}", flood.alerts, hands.name()));
        of_flood(&mut text, flood);
        table(&mut text, &format!("{} incidents escalate, {}", late.incidents, hands.name()));
        of_late(&mut text, late);
    }
    table(&mut text, &format!("{} people, `calls_per_second: 1`, the clock moved by hand", played.people));
    of_spread(&mut text, spread);
    of_cost(&mut text, cost);
    text
}

fn table(text: &mut String, what: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "| {what} | measured | *the aim* | of the aim | |\n|---|--:|--:|--:|---|");
}

fn row(text: &mut String, what: &str, measured: &str) {
    let _ = writeln!(text, "| {what} | {measured} |  |  |  |");
}

/// Writes a row with a time in seconds and its aim.
fn aimed(text: &mut String, what: &str, measured: f64, aim: f64) {
    let met = if measured < aim { "met" } else { "**missed**" };
    let _ = writeln!(text, "| {what} | {measured:.3} s | *< {aim} s* | {:.3} | {met} |", measured / aim);
}

/// Writes a row for a number whose aim is zero.
fn none(text: &mut String, what: &str, measured: usize) {
    let met = if measured == 0 { "met" } else { "**missed**" };
    let _ = writeln!(text, "| {what} | {measured} | *0* |  | {met} |");
}

fn of_called(text: &mut String, called: &Called) {
    let Called { handed, taken, twice } = called;
    let at = |all: &[Duration], percent| percentile(all, percent).as_secs_f64();
    row(
        text,
        "from the mail's arrival until the vendor has the first call",
        &format!("{:.3} s", at(handed, 0)),
    );
    row(text, "until it has half of them", &format!("{:.3} s", at(handed, 50)));
    aimed(text, "until it has the last", at(handed, 100), LAST_CALL);
    let answers = format!("until it has taken the last, {} ms an answer", ANSWERS_IN.as_millis());
    aimed(text, &answers, at(taken, 100), LAST_CALL);
    row(
        text,
        "the last ÷ one answer of the vendor's",
        &format!("{:.1}", at(taken, 100) / ANSWERS_IN.as_secs_f64()),
    );
    none(text, "called more than once", *twice);
}

fn of_flood(text: &mut String, flood: &Flood) {
    let at = |percent| percentile(&flood.first, percent).as_secs_f64();
    let each = flood.alerts.max(1) as f64;
    none(text, "lost: nobody was notified", flood.lost);
    none(text, "notified more than once", flood.twice);
    none(text, "calls of functions and messages given up", flood.dead);
    row(
        text,
        "from a mail's arrival until the vendor has the first request, p50",
        &format!("{:.3} s", at(50)),
    );
    aimed(text, "the same, p99", at(99), FIRST_ATTEMPT);
    let late = flood.first.iter().filter(|first| first.as_secs_f64() >= FIRST_ATTEMPT).count();
    row(text, "alerts that waited for longer than that", &late.to_string());
    row(text, "the same, most", &format!("{:.3} s", at(100)));
    row(
        text,
        "from the first mail until the vendor has the last text",
        &format!("{:.1} s", flood.took.as_secs_f64()),
    );
    let settled =
        flood.settled.map_or("not within 300 s".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()));
    row(text, "until nothing is left to do: spaces, posts, cards, receipts", &settled);
    row(text, "write units an alert", &format!("{:.1}", flood.units.write / each));
    row(text, "read units an alert", &format!("{:.1}", flood.units.read / each));
    row(text, "round trips to the table, an alert", &format!("{:.1}", flood.units.calls as f64 / each));
}

fn of_late(text: &mut String, late: &Late) {
    let mut all = late.late.clone();
    all.sort_unstable();
    let at = |percent: usize| {
        let place = (all.len() * percent).div_ceil(100).max(1) - 1;
        all.get(place).map_or(f64::NAN, SignedDuration::as_secs_f64)
    };
    row(text, "earliest, after the time at which it was due", &format!("{:.3} s", at(0)));
    row(text, "p50", &format!("{:.3} s", at(50)));
    aimed(text, "p99", at(99), LATENESS);
    row(text, "latest", &format!("{:.3} s", at(100)));
    none(text, "second steps that did not come", late.missing);
    none(text, "second steps that came more than once", late.twice);
}

fn of_spread(text: &mut String, spread: &Spread) {
    let show = |offset: Option<&SignedDuration>| {
        offset.map_or("none".to_owned(), |offset| format!("{:.3} s", offset.as_secs_f64()))
    };
    row(text, "the first call, after the mail's arrival", &show(spread.0.first()));
    row(text, "the last", &show(spread.0.last()));
    let gaps = spread.gaps();
    row(text, "shortest time from one to the next", &show(gaps.as_ref().map(|(least, _)| least)));
    row(text, "longest", &show(gaps.as_ref().map(|(_, most)| most)));
    let met = if spread.is_one_a_second() { "met" } else { "**missed**" };
    let _ = writeln!(
        text,
        "| in each second, counted from the first | {} | *exactly 1* |  | {met} |",
        spread.each_second()
    );
}

fn of_cost(text: &mut String, cost: &Cost) {
    let whole = cost.whole.write();
    let _ = writeln!(
        text,
        "\nAn alert from its mail to its report, with two people on call one after the other: {} texts and {} calls, \
         including those that tell the others about the acknowledgement. The second of its kind.\n",
        cost.texts, cost.calls
    );
    text.push_str(
        "| what happens | round trips to the table | write units | writes refused | read units | vendors |\n",
    );
    text.push_str("|---|--:|--:|--:|--:|---|\n");
    for bill in cost.moments.iter().chain([&cost.whole]) {
        let _ = writeln!(
            text,
            "| {} | {} | {:.1} | {} | {:.1} | {} |",
            bill.what,
            bill.table(),
            bill.write(),
            bill.refused,
            bill.read(),
            vendors(bill),
        );
    }
    let met = if whole <= WRITES { "met" } else { "**missed**" };
    let _ = writeln!(text, "| *the aim* | | *≤ {WRITES}*: {:.3} of it, {met} | | | |", whole / WRITES);
    text.push_str("\nA refused write (a condition that failed) costs the embedded table nothing; AWS takes a unit for each kilobyte of the row.\n\n");
    text.push_str("| what is written | requests | write units | of all |\n|---|--:|--:|--:|\n");
    let mut writes: Vec<_> = cost.whole.writes.iter().collect();
    writes.sort_by(|(_, one), (_, other)| other.units.total_cmp(&one.units));
    for (what, writes) in writes {
        let share = 100.0 * writes.units / whole;
        let _ = writeln!(text, "| {what} | {} | {:.1} | {share:.0} % |", writes.requests, writes.units);
    }
}
