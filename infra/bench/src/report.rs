//! The tables, in Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use crate::alert::Bill;
use crate::measure::{Measured, Runs};
use crate::release::NOOP;

/// Everything that was measured, for a README.
pub(crate) fn markdown(
    functions: &[(&'static str, Measured)],
    bills: &[Bill],
    runs: Runs,
    load: Option<f64>,
) -> String {
    let mut text = String::new();
    let noop =
        functions.iter().find(|(name, _)| *name == NOOP).map_or(0.0, |(_, noop)| millis(median(&noop.first)));
    let _ = writeln!(text, "{}\n", machine(runs, load));
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

fn counts(all: &std::collections::BTreeMap<String, u64>) -> String {
    all.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

/// What the figures were measured on.
fn machine(runs: Runs, load: Option<f64>) -> String {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processor
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    #[expect(clippy::disallowed_methods, reason = "a benchmark says when it was made")]
    let today = jiff::Timestamp::now().strftime("%F");
    let load = load.map_or(String::new(), |load| format!(", load {load:.1} before"));
    format!(
        "Measured {today} on {cores} cores, {} {model}{load}. Median of {} starts of each function in turn; {} calls of each once it ran.",
        std::env::consts::ARCH,
        runs.starts,
        runs.calls,
    )
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
