//! The tables in Markdown.

use std::fmt::Write as _;
use std::time::Duration;

use crate::count::Bill;
use crate::customer::{AGAIN_POSTED, ANSWER_TAKEN, Customers, FIRST_POSTED, Step, Took};
use crate::measure::{Measured, Runs};
use crate::occupancy::{Played, SitePolls, ZONES};
use crate::release::NOOP;
use crate::rush::{ANSWERS, Rush, TEXTS};

/// Returns the table of the functions, compared with `noop`.
pub(crate) fn functions(functions: &[(&'static str, Measured)], runs: Runs) -> String {
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
    text.push_str("| *the aim* | | *≤ 2.5* | | | | | *≤ 10 MB* | *≤ 3 MB* |\n");
    text
}

/// Returns the tables about alerts.
pub(crate) fn alerts(bills: &[Bill]) -> String {
    asked(bills, Some("| *the aim* | *2 a press* | *≤ 40 an alert* | | | | |\n"))
}

/// Returns a table of the requests, with the aim if there is one.
fn asked(bills: &[Bill], aim: Option<&str>) -> String {
    let mut text = String::new();
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
    text.push_str(aim.unwrap_or_default());
    text.push_str("\nA refused write (a condition that failed) costs the embedded table nothing; AWS takes a unit for each kilobyte of the row.\n\n");
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

/// Returns the tables about customers, one after another and at once.
pub(crate) fn customers(customers: &Customers, rush: &Rush) -> String {
    let mut text = String::new();
    let each = customers.steps.first().map_or(0, |step| step.took.len());
    let _ = writeln!(text, "Median of {each} customers who come one after another.\n");
    text.push_str("| from the front door | time | most | of it the stand-ins' own | without theirs | × theirs | held back by the queue |\n");
    text.push_str("|---|--:|--:|--:|--:|--:|--:|\n");
    for Step { what, took } in &customers.steps {
        let all = |of: fn(&Took) -> Duration| took.iter().map(of).collect::<Vec<_>>();
        let whole = all(|took| took.whole);
        let theirs = millis(median(&all(|took| took.stand_ins)));
        let own = millis(median(&all(|took| took.whole.saturating_sub(took.stand_ins))));
        let _ = writeln!(
            text,
            "| {what} | {:.1} ms | {:.1} ms | {theirs:.1} ms | {own:.1} ms | {:.2} | {:.1} s |",
            millis(median(&whole)),
            millis(percentile(&whole, 100)),
            own / theirs,
            median(&all(|took| took.held)).as_secs_f64(),
        );
    }
    text.push('\n');
    text.push_str(&asked(&customers.bills, None));
    text.push_str(&at_once(customers, rush));
    text
}

fn at_once(customers: &Customers, rush: &Rush) -> String {
    let messages = (rush.conversations * (TEXTS + ANSWERS)) as f64;
    // The time of the same messages one after another, in which the first text of each conversation is a first text.
    let single = |what: &str| {
        let step = customers.steps.iter().find(|step| step.what == what);
        step.map_or(0.0, |step| {
            median(&step.took.iter().map(|took| took.whole).collect::<Vec<_>>()).as_secs_f64()
        })
    };
    let one = single(FIRST_POSTED)
        + (TEXTS - 1) as f64 * single(AGAIN_POSTED)
        + ANSWERS as f64 * single(ANSWER_TAKEN);
    let alone = one * rush.conversations as f64;
    let took = rush.took.as_secs_f64();
    let rows = [
        ("until the last text is posted and the last answer taken by Twilio", format!("{took:.1} s")),
        ("until every answer's delivery is shown too", format!("{:.1} s", rush.settled.as_secs_f64())),
        ("texts and answers a second", format!("{:.1}", messages / took)),
        ("the same one after another, nothing held back by the queue", format!("{alone:.1} s")),
        ("at once ÷ one after another", format!("{:.2}", took / alone)),
        (
            "round trips to the table, a text or an answer",
            format!("{:.1}", rush.units.calls as f64 / messages),
        ),
        ("write units, a text or an answer", format!("{:.1}", rush.units.write / messages)),
        ("read units, a text or an answer", format!("{:.1}", rush.units.read / messages)),
        ("out of order, lost or twice", "0 (the benchmark fails otherwise)".to_owned()),
    ];
    let mut text = String::new();
    let _ = writeln!(
        text,
        "\n{} conversations at once, {TEXTS} texts and {ANSWERS} answers each, at most four processes of each function, as on the laptop.\n",
        rush.conversations
    );
    text.push_str("| at once | measured |\n|---|--:|\n");
    for (what, measured) in rows {
        let _ = writeln!(text, "| {what} | {measured} |");
    }
    text
}

/// Returns the table about polls of a site with many zones.
pub(crate) fn site_polls(site_polls: &SitePolls, played: Played) -> String {
    let ms = |all: &[Duration], percent| format!("{:.1} ms", millis(percentile(all, percent)));
    let each = |all: &[f64]| all.iter().sum::<f64>() / all.len().max(1) as f64;
    let zone = |all: &[f64]| each(all) / ZONES as f64;
    let most = |all: &[f64]| all.iter().copied().fold(0.0, f64::max);
    let of = |measured: f64, aim: f64| format!("{:.3}", measured / aim);
    let seconds = |all: &[Duration], percent| of(percentile(all, percent).as_secs_f64(), 2.0);
    let mb = |bytes: u64| bytes as f64 / 1e6;
    let trips = |percent: usize| {
        let mut all = site_polls.trips.clone();
        all.sort_unstable();
        all.get((all.len() * percent).div_ceil(100).max(1) - 1).copied().unwrap_or_default()
    };
    let nothing = String::new;
    let rows = [
        ("a poll, p50", ms(&site_polls.whole, 50), "< 2 s", seconds(&site_polls.whole, 50)),
        ("a poll, p99", ms(&site_polls.whole, 99), "< 2 s", seconds(&site_polls.whole, 99)),
        ("of it the site's answer, p50", ms(&site_polls.site, 50), "", nothing()),
        ("of it the site's answer, p99", ms(&site_polls.site, 99), "", nothing()),
        ("a poll without the site's answer, p50", ms(&site_polls.own, 50), "", nothing()),
        ("a poll without the site's answer, p99", ms(&site_polls.own, 99), "", nothing()),
        ("first answer of a process without the site's, median", ms(&site_polls.first, 50), "", nothing()),
        (
            "processor a poll",
            site_polls.processor.map_or("?".to_owned(), |each| format!("{:.1} ms", millis(each))),
            "",
            nothing(),
        ),
        (
            "write units a zone and minute",
            format!("{:.3}", zone(&site_polls.write)),
            "≤ 1",
            of(zone(&site_polls.write), 1.0),
        ),
        (
            "write units of the dearest poll, a zone",
            format!("{:.3}", most(&site_polls.write) / ZONES as f64),
            "",
            nothing(),
        ),
        ("write units a poll", format!("{:.1}", each(&site_polls.write)), "", nothing()),
        ("read units a zone and minute", format!("{:.3}", zone(&site_polls.read)), "", nothing()),
        ("round trips to the table, p50 and p99", format!("{}, {}", trips(50), trips(99)), "", nothing()),
        (
            "peak memory",
            site_polls.memory.map_or("?".to_owned(), |bytes| format!("{:.1} MB", mb(bytes))),
            "≤ 10 MB",
            site_polls.memory.map_or("?".to_owned(), |bytes| of(mb(bytes), 10.0)),
        ),
        (
            "the site's row, at its largest",
            format!("{:.1} kB", site_polls.row as f64 / 1e3),
            "< 400 kB (DynamoDB's limit)",
            of(site_polls.row as f64, 409_600.0),
        ),
    ];
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{ZONES} zones of one site (CMX, `api: zones`: one request for all), {} polls a minute apart by one process of `cmx-poll`, \
         after {} starts. Changes to report (busier, calmer, over): {}; cards in the space: {}.\n",
        played.polls, played.starts, site_polls.signals, site_polls.cards,
    );
    text.push_str("| occupancy | measured | *the aim* | of the aim |\n|---|--:|--:|--:|\n");
    for (what, measured, aim, of) in rows {
        let aim = if aim.is_empty() { nothing() } else { format!("*{aim}*") };
        let _ = writeln!(text, "| {what} | {measured} | {aim} | {of} |");
    }
    text
}

/// Returns the requests to and from each vendor.
pub(crate) fn vendors(bill: &Bill) -> String {
    counts(&bill.vendors)
}

fn counts(all: &std::collections::BTreeMap<String, u64>) -> String {
    all.iter().map(|(name, count)| format!("{count} {name}")).collect::<Vec<_>>().join(", ")
}

/// Returns the date and the machine of the measurement.
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

/// Returns the percentile by nearest rank: the smallest duration that the given percentage doesn't exceed.
pub(crate) fn percentile(all: &[Duration], percent: usize) -> Duration {
    let mut all = all.to_vec();
    all.sort_unstable();
    let place = (all.len() * percent).div_ceil(100).max(1) - 1;
    all.get(place).copied().unwrap_or_default()
}
