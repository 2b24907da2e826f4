//! The tables, in Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use crate::alert::Bill;
use crate::crowd::{Crowds, Played, ZONES};
use crate::measure::{Measured, Runs};
use crate::release::NOOP;

/// Everything that was measured, for a README.
pub(crate) fn markdown(functions: &[(&'static str, Measured)], bills: &[Bill], runs: Runs) -> String {
    let mut text = String::new();
    let noop =
        functions.iter().find(|(name, _)| *name == NOOP).map_or(0.0, |(_, noop)| millis(median(&noop.first)));
    let _ = writeln!(
        text,
        "Median of {} starts of each function in turn; {} calls of each once it ran.\n",
        runs.starts, runs.calls
    );
    text.push_str("| function | first answer | × noop | warm p50 | warm p99 | processor a call | instructions a call | peak memory | zip |\n");
    text.push_str("|---|--:|--:|--:|--:|--:|--:|--:|--:|\n");
    for (name, measured) in functions {
        let first = millis(median(&measured.first));
        let instructions = measured
            .instructions
            .map_or("not supported here".to_owned(), |count| format!("{:.0} k", count as f64 / 1e3));
        let _ = writeln!(
            text,
            "| `{name}` | {first:.2} ms | {:.2} | {:.2} ms | {:.2} ms | {} | {instructions} | {} | {:.2} MB |",
            first / noop,
            millis(median(&measured.warm)),
            millis(percentile(&measured.warm, 99)),
            measured.processor.map_or("?".to_owned(), |each| format!("{:.2} ms", millis(each))),
            measured.memory.map_or("?".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6)),
            measured.zip as f64 / 1e6,
        );
    }
    text.push_str("| *the aim* | | *≤ 2.5* | | | | | *≤ 10 MB* | *≤ 3 MB* |\n\n");
    text.push_str(
        "| what happens | round trips to the table | write units | writes refused | read units | calls of AWS | vendors |\n",
    );
    text.push_str("|---|--:|--:|--:|--:|---|---|\n");
    for bill in bills {
        let _ = writeln!(
            text,
            "| {} | {} | {:.1} | {} | {:.1} | {} | {} |",
            bill.what,
            bill.table(),
            bill.write(),
            bill.refused,
            bill.read(),
            counts(&bill.aws),
            counts(&bill.vendors),
        );
    }
    text.push_str("| *the aim* | *2 a press* | *≤ 40 an alert* | | | | |\n\n");
    text.push_str("A refused write (a condition that failed) costs the embedded table nothing; AWS takes a unit for each kilobyte of the row.\n\n");
    text.push_str("Units by operation:\n\n| what happens | operation | calls | write units | read units |\n|---|---|--:|--:|--:|\n");
    for bill in bills {
        for (operation, units) in &bill.units {
            let _ = writeln!(
                text,
                "| {} | {operation} | {} | {:.1} | {:.1} |",
                bill.what, units.calls, units.write, units.read
            );
        }
    }
    text
}

/// How a site with many zones is polled.
pub(crate) fn crowds(crowds: &Crowds, played: Played) -> String {
    let ms = |all: &[Duration], percent| format!("{:.1} ms", millis(percentile(all, percent)));
    let each = |all: &[f64]| all.iter().sum::<f64>() / all.len().max(1) as f64;
    let zone = |all: &[f64]| each(all) / ZONES as f64;
    let most = |all: &[f64]| all.iter().copied().fold(0.0, f64::max);
    let of = |measured: f64, aim: f64| format!("{:.3}", measured / aim);
    let seconds = |all: &[Duration], percent| of(percentile(all, percent).as_secs_f64(), 2.0);
    let mb = |bytes: u64| bytes as f64 / 1e6;
    let trips = |percent: usize| {
        let mut all = crowds.trips.clone();
        all.sort_unstable();
        all.get((all.len() * percent).div_ceil(100).max(1) - 1).copied().unwrap_or_default()
    };
    let nothing = String::new;
    let rows = [
        ("a poll, p50", ms(&crowds.whole, 50), "< 2 s", seconds(&crowds.whole, 50)),
        ("a poll, p99", ms(&crowds.whole, 99), "< 2 s", seconds(&crowds.whole, 99)),
        ("of it the site's answer, p50", ms(&crowds.site, 50), "", nothing()),
        ("of it the site's answer, p99", ms(&crowds.site, 99), "", nothing()),
        ("a poll without the site's answer, p50", ms(&crowds.own, 50), "", nothing()),
        ("a poll without the site's answer, p99", ms(&crowds.own, 99), "", nothing()),
        ("first answer of a process without the site's, median", ms(&crowds.first, 50), "", nothing()),
        (
            "processor a poll",
            crowds.processor.map_or("?".to_owned(), |each| format!("{:.1} ms", millis(each))),
            "",
            nothing(),
        ),
        (
            "write units a zone and minute",
            format!("{:.3}", zone(&crowds.write)),
            "≤ 1",
            of(zone(&crowds.write), 1.0),
        ),
        (
            "write units of the dearest poll, a zone",
            format!("{:.3}", most(&crowds.write) / ZONES as f64),
            "",
            nothing(),
        ),
        ("write units a poll", format!("{:.1}", each(&crowds.write)), "", nothing()),
        ("read units a zone and minute", format!("{:.3}", zone(&crowds.read)), "", nothing()),
        ("round trips to the table, p50 and p99", format!("{}, {}", trips(50), trips(99)), "", nothing()),
        (
            "peak memory",
            crowds.memory.map_or("?".to_owned(), |bytes| format!("{:.1} MB", mb(bytes))),
            "≤ 10 MB",
            crowds.memory.map_or("?".to_owned(), |bytes| of(mb(bytes), 10.0)),
        ),
        (
            "the site's row, at its largest",
            format!("{:.1} kB", crowds.row as f64 / 1e3),
            "< 400 kB (DynamoDB's limit)",
            of(crowds.row as f64, 409_600.0),
        ),
    ];
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{ZONES} zones of one site (CMX, `api: zones`: one request for all), {} polls a minute apart by one process of `cmx-poll`, \
         after {} starts. Signals to tell (louder, quieter, over): {}; cards in the room: {}.\n",
        played.polls, played.starts, crowds.signals, crowds.cards,
    );
    text.push_str("| crowds | measured | *the aim* | of the aim |\n|---|--:|--:|--:|\n");
    for (what, measured, aim, of) in rows {
        let aim = if aim.is_empty() { nothing() } else { format!("*{aim}*") };
        let _ = writeln!(text, "| {what} | {measured} | {aim} | {of} |");
    }
    text
}

fn counts(all: &std::collections::BTreeMap<String, u64>) -> String {
    all.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

/// What the figures were measured on.
pub(crate) fn machine(load: Option<f64>) -> String {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    #[expect(clippy::disallowed_methods, reason = "a benchmark says when it was made")]
    let today = jiff::Timestamp::now().strftime("%F");
    let load = load.map_or(String::new(), |load| format!(", load {load:.1} before"));
    format!("Measured {today} on {cores} cores, {} {model}{load}.\n\n", std::env::consts::ARCH,)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn median(all: &[Duration]) -> Duration {
    percentile(all, 50)
}

/// The smallest duration that so many percent of all don't exceed.
fn percentile(all: &[Duration], percent: usize) -> Duration {
    let mut all = all.to_vec();
    all.sort_unstable();
    let place = (all.len() * percent).div_ceil(100).max(1) - 1;
    all.get(place).copied().unwrap_or_default()
}
