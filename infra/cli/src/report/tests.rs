use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::routing::{get, post};
use axum::{Json, Router};
use clap::Parser;
use handbell_core::incident::summary::Summary;
use handbell_core::incident::{Incident, Phase, Subject};
use handbell_local::cloud::REGION;
use handbell_local::cloud::table::{NAME, Table};
use handbell_local::cloud::template::Template;
use handbell_local::gate::Gate;
use handbell_local::runner::{RunnerOptions, Workers, start};
use handbell_store::{Commit, Store};
use serde_json::{Value, json};

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn config() -> Config {
    serde_json::from_value(
        json!({ "timezone": "Europe/Paris", "webex": { "token": { "secret": "webex" } }, "plans": {} }),
    )
    .unwrap()
}

fn options(line: &str) -> Result<Options, clap::Error> {
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }
    Ok(Line::try_parse_from(["report"].into_iter().chain(line.split_whitespace()))?.options)
}

/// The table and the clock of a runner, without its other parts.
struct Laptop {
    table: Table,
    store: Store,
    address: String,
    subjects: Arc<AtomicU64>,
}

/// The time of the runner's clock.
const NOW: &str = "2026-11-21T09:00:00Z";

impl Laptop {
    async fn new() -> Self {
        let http = handbell_boot::client().unwrap();
        let table = Table::start(&Template::embedded().unwrap(), None, http).await.unwrap();
        let asked = table.clone();
        let answer = post(async move |headers, body| asked.handle(headers, body).await);
        let connection = json!({
            "now": NOW, "table": NAME, "region": REGION, "secrets": { "webex": "", "twilio": "", "cmx": "" },
        });
        let router = Router::new()
            .route("/aws/dynamodb", answer.clone())
            .route("/aws/dynamodb/", answer)
            .route("/sim/connection", get(async move || Json(connection)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let place = table::reach(Some(&address), &around(&|_| None)).await.unwrap();
        assert_eq!(place.now, at(NOW));
        Self { table, store: place.store, address, subjects: Arc::default() }
    }

    async fn report(&self, line: &str) -> Result<String, Failure> {
        let options = options(&format!("{line} --runner {}", self.address)).unwrap();
        let out = run(&options, &config(), &around(&|_| None)).await?;
        Ok(out.replace(&self.address, "http://laptop"))
    }

    /// Stores an incident that opened at `opened`, and was taken and ended the given number of seconds later.
    async fn happened(&self, what: &str, opened: &str, taken: Option<(&str, i64)>, end: (&str, i64)) {
        // Each incident needs another subject, from which its reference is made.
        let key = self.subjects.fetch_add(1, Ordering::SeqCst).to_string();
        let (kind, name) = what.split_once(' ').unwrap();
        let subject = match kind {
            "source" => Subject::alert(name, &key),
            "line" => Subject::waiting(&Subject::customer("key", name, &key)),
            _ => Subject::button(name),
        };
        commit(&self.store, &subject, at(opened), taken, end).await;
    }
}

fn around<'a>(variable: &'a dyn Fn(&str) -> Option<String>) -> Around<'a> {
    Around { variable, now: at("2030-01-01T00:00:00Z"), width: 80, colour: false }
}

async fn commit(
    store: &Store,
    subject: &Subject,
    opened: Timestamp,
    taken: Option<(&str, i64)>,
    (phase, after): (&str, i64),
) {
    let before = store.incidents().incident(subject).await.unwrap();
    let later = |seconds: i64| opened + SignedDuration::from_secs(seconds);
    let alert = subject
        .source()
        .map(|source| json!({ "source": source, "title": "db01: disk is full", "severity": "critical" }));
    let state = |phase: &str, version: u64| -> Incident {
        let whole: Value = json!({
            "subject": subject, "epoch": before.as_ref().map_or(1, |incident| incident.epoch + 1), "version": version,
            "phase": phase, "plan": "night", "plan_hash": "h", "count": 1, "step": 2, "step_at": opened, "step_dispatch": 1,
            "opened_at": opened, "heard_at": opened, "dispatches": 4, "cancelled_up_to": 4, "cancelled_epochs": 0,
            "taken_by": taken.map(|(who, after)| json!({ "who": who, "at": later(after) })), "wake_at": null, "alert": alert,
        });
        serde_json::from_value(whole).unwrap()
    };
    let first = before.as_ref().map_or(0, |incident| incident.version);
    for (incident, before, now) in [
        (state("open", first + 1), before.as_ref().map(|_| first), opened),
        (state(phase, first + 2), Some(first + 1), later(after)),
    ] {
        let commit = Commit {
            before,
            incident: &incident,
            event: None,
            dispatches: &[],
            keep_seconds: 3600,
            replaces: None,
            opens: incident.phase == Phase::Open,
            ends: incident.phase.is_final(),
            plan: None,
        };
        store.incidents().commit(commit, now).await.unwrap();
    }
}

/// Incidents of two sources, a button and a line in three weeks.
async fn weeks() -> Laptop {
    let laptop = Laptop::new().await;
    for (day, hour) in [(2, 3), (3, 14), (5, 2), (9, 3), (12, 17), (16, 3), (18, 9), (19, 22)] {
        let who = if day % 2 == 0 { "Dana" } else { "Eli" };
        let opened = format!("2026-11-{day:02}T{hour:02}:12:00Z");
        laptop.happened("source nagios", &opened, Some((who, 20 * day)), ("resolved", 600 * day)).await;
    }
    laptop.happened("source nagios", "2026-11-07T02:40:00Z", None, ("lapsed", 8 * 3600)).await;
    laptop.happened("source veeam", "2026-11-14T02:05:00Z", None, ("cancelled", 45)).await;
    let phone = "+352691496401 (by phone)";
    laptop.happened("button green", "2026-11-10T10:00:00Z", Some((phone, 4)), ("resolved", 240)).await;
    laptop.happened("button green", "2026-11-11T10:00:30Z", Some((phone, 31)), ("lapsed", 28_800)).await;
    laptop.happened("line support", "2026-11-20T15:20:00Z", None, ("resolved", 400)).await;
    laptop
}

#[tokio::test]
async fn thirty_days_are_reported() {
    let laptop = weeks().await;
    insta::assert_snapshot!(laptop.report("").await.unwrap(), @r"
    13 incidents, Thu 22 Oct 2026 11:00 – Sat 21 Nov 2026 10:00

      Taken      10, half within 2 min 20 s, 95% within 6 min 20 s
      Resolved   10, half within 1 h 10 min, 95% within 3 h 10 min
      Cancelled  1
      Lapsed     2, 1 of which nobody took
      Not taken  2, which ended before anybody took them

    Lapsed untaken, the latest first
      H-3QPY  Sat 7 Nov 03:40  source nagios (critical), plan night

    By source        all  taken        half         95%  lapsed  resolved
      source nagios    9      8  3 min 30 s  6 min 20 s       1         8
      button green     2      2        18 s        31 s       1         1
      line support     1      0           –           –       0         1
      source veeam     1      0           –           –       0         0
      (a terminal of 93 columns shows more)

    By who took it first  taken        half         95%  resolved        half
      Dana                    4  4 min 40 s       6 min         4  2 h 20 min
      Eli                     4  2 min 20 s  6 min 20 s         4  1 h 10 min
      …01                     2        18 s        31 s         1       4 min
      and 3 not taken by anybody
      (a terminal of 85 columns shows more)

    By hour of opening (Europe/Paris)
    3 ┤          ██ ██
      │          ██ ██
      │          ██ ██                   ██
      │          ██ ██                   ██
      │          ██ ██                ██ ██          ██ ██    ██             ██
      │          ██ ██                ██ ██          ██ ██    ██             ██
    0 └────────────────────────────────────────────────────────────────────────
        00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20 21 22 23
    ");
    insta::assert_snapshot!(laptop.report("--last 2w --by weekday").await.unwrap(), @r"
    9 incidents, Sat 7 Nov 2026 10:00 – Sat 21 Nov 2026 10:00

      Taken      7, half within 4 min, 95% within 6 min 20 s
      Resolved   7, half within 2 h, 95% within 3 h 10 min
      Cancelled  1
      Lapsed     1
      Not taken  2, which ended before anybody took them

    By day of opening (Europe/Paris)
    2 ┤ ██████        ██████ ██████
      │ ██████        ██████ ██████
      │ ██████        ██████ ██████
      │ ██████ ██████ ██████ ██████ ██████ ██████
      │ ██████ ██████ ██████ ██████ ██████ ██████
      │ ██████ ██████ ██████ ██████ ██████ ██████
    0 └─────────────────────────────────────────────────
        Mon    Tue    Wed    Thu    Fri    Sat    Sun
    ");
    insta::assert_snapshot!(laptop.report("--from 2026-11-10 --to 2026-11-11 --by plan").await.unwrap(), @r"
    2 incidents, Tue 10 Nov 2026 00:00 – Thu 12 Nov 2026 00:00

      Taken      2, half within 18 s, 95% within 31 s
      Resolved   1, within 4 min
      Lapsed     1

    By plan  all  taken  half   95%  lapsed  resolved   half    95%
      night    2      2  18 s  31 s       1         1  4 min  4 min
    ");
}

#[tokio::test]
async fn the_csv_has_a_line_for_each_incident() {
    let laptop = weeks().await;
    let folder = std::env::temp_dir().join(format!("handbell-report-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir_all(&folder).unwrap();
    let (csv, png) = (folder.join("out.csv"), folder.join("out.png"));
    let asked = format!("--from 2026-11-07 --to 2026-11-11 --csv {} --png {}", csv.display(), png.display());
    let out = laptop.report(&asked).await.unwrap();
    let (lines, picture) = (std::fs::read_to_string(&csv).unwrap(), std::fs::read(&png).unwrap());
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(out.contains("The 4 incidents are in ") && out.contains("The picture is in "), "{out}");
    assert!(picture.starts_with(b"\x89PNG"));
    assert!(lines.ends_with("\r\n"));
    insta::assert_snapshot!(lines.replace("\r\n", "\n"), @r"
    reference,kind,name,plan,severity,opened_at,taken_at,taken_by,ended_at,end,seconds_to_take,seconds_to_end,step,rounds,count
    H-3QPY,alert,nagios,night,critical,2026-11-07T02:40:00Z,,,2026-11-07T10:40:00Z,lapsed,,28800,2,0,1
    H-N8JZ,alert,nagios,night,critical,2026-11-09T03:12:00Z,2026-11-09T03:15:00Z,Eli,2026-11-09T04:42:00Z,resolved,180,5400,2,0,1
    H-1JV6,button,green,night,,2026-11-10T10:00:00Z,2026-11-10T10:00:04Z,…01,2026-11-10T10:04:00Z,resolved,4,240,2,0,1
    H-9ZSZ,button,green,night,,2026-11-11T10:00:30Z,2026-11-11T10:01:01Z,…01,2026-11-11T18:00:30Z,lapsed,31,28800,2,0,1
    ");
}

#[tokio::test]
async fn a_period_without_incidents_is_explained() {
    let laptop = Laptop::new().await;
    insta::assert_snapshot!(laptop.report("").await.unwrap(), @r"
    No incidents: the runner at http://laptop has none that opened in this period and is over.
      Thu 22 Oct 2026 11:00 – Sat 21 Nov 2026 10:00

    Open incidents aren't included, nor those that ended before Handbell kept a log of them. To look further back: handbell report --last 90d.
    A runner on this laptop knows only the incidents since its start, unless it was started with --data.
    ");
    let csv = std::env::temp_dir().join(format!("handbell-report-{}.csv", uuid::Uuid::new_v4()));
    let png = csv.with_extension("png");
    let out = laptop.report(&format!("--csv {} --png {}", csv.display(), png.display())).await.unwrap();
    let lines = std::fs::read_to_string(&csv).unwrap();
    std::fs::remove_file(&csv).unwrap();
    assert!(out.contains("No incidents; only the heading is in ") && !png.exists(), "{out}");
    assert_eq!(lines.lines().count(), 1);
}

#[tokio::test]
async fn incidents_are_found_by_their_opening_time() {
    let laptop = Laptop::new().await;
    laptop.happened("button green", "2026-10-31T22:59:59.999Z", Some(("Dana", 60)), ("resolved", 7200)).await;
    laptop.happened("button green", "2026-10-31T23:00:00Z", Some(("Dana", 60)), ("resolved", 7200)).await;
    laptop.happened("button green", "2026-12-01T00:30:00Z", None, ("cancelled", 60)).await;
    let log = async |from: &str, to: &str| -> Vec<String> {
        let found: Vec<Summary> = laptop.store.log().log(at(from), at(to)).await.unwrap();
        found.iter().map(|one| one.opened_at.to_string()).collect()
    };
    let all = ["2026-10-31T22:59:59.999Z", "2026-10-31T23:00:00Z", "2026-12-01T00:30:00Z"];
    assert_eq!(log("2026-10-01T00:00:00Z", "2027-01-01T00:00:00Z").await, all);
    assert_eq!(log("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z").await, [""; 0], "they ended in November");
    assert_eq!(
        log("2026-10-31T22:59:59.999Z", "2026-10-31T23:00:00Z").await,
        all[..1],
        "the end isn't part of it"
    );
    assert_eq!(log("2026-10-31T23:00:00Z", "2026-12-01T00:30:00.001Z").await, all[1..]);
    assert_eq!(log("2026-12-01T00:30:00Z", "2026-10-01T00:00:00Z").await, [""; 0]);
    // Midnight is in the shop's time zone: the first incident belongs to the day before.
    let day = laptop.report("--from 2026-11-01 --to 2026-11-01 --by plan").await.unwrap();
    assert!(day.starts_with("1 incident, Sun 1 Nov 2026 00:00 – Mon 2 Nov 2026 00:00\n"), "{day}");
}

#[tokio::test]
async fn open_incidents_are_not_logged_and_the_log_costs_one_small_row() {
    let laptop = Laptop::new().await;
    let subject = Subject::button("green");
    let cost = async |end: &str| {
        commit(&laptop.store, &subject, at("2026-11-20T10:00:00Z"), None, ("open", 1)).await;
        laptop.table.forget_units();
        commit(&laptop.store, &subject, at("2026-11-20T11:00:00Z"), Some(("Dana", 1)), (end, 2)).await;
        laptop.table.units().write
    };
    let goes_on = cost("acknowledged").await;
    assert!(laptop.report("").await.unwrap().starts_with("No incidents: "));
    let over = cost("resolved").await;
    // In a transaction, a row of up to 1 KB costs two write units (DynamoDB, read/write capacity).
    assert_eq!(over - goes_on, 2.0);
    assert!(laptop.report("").await.unwrap().starts_with("1 incident, "));
}

#[tokio::test]
async fn more_than_a_page_is_read() {
    let laptop = Laptop::new().await;
    let start = at("2026-11-01T00:00:00Z");
    // A page ends after a megabyte (DynamoDB, Query).
    let name = "long".repeat(2000);
    for minute in 0..150 {
        let opened = (start + SignedDuration::from_mins(minute)).to_string();
        laptop.happened("button green", &opened, Some((&name, 1)), ("resolved", 5)).await;
    }
    let found = laptop.store.log().log(start, at("2026-12-01T00:00:00Z")).await.unwrap();
    assert_eq!(found.len(), 150);
    assert!(found.is_sorted_by_key(|one| one.opened_at));
}

#[tokio::test]
async fn the_error_says_what_cannot_be_read() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let ask = async |line: String, variable: &dyn Fn(&str) -> Option<String>| {
        run(&options(&line).unwrap(), &config(), &around(variable)).await.unwrap_err().to_string()
    };
    let error = ask(format!("--runner http://{address}"), &|_| None).await;
    assert!(error.contains("no runner answers at") && error.contains("HANDBELL_TABLE"), "{error}");
    let error = ask("--runner laptop".to_owned(), &|_| None).await;
    assert!(error.contains("is not an address such as http://127.0.0.1:8080"), "{error}");
    let table = |name: &str| (name == "HANDBELL_TABLE").then(|| "handbell".to_owned());
    let error = ask(String::new(), &table).await;
    assert!(error.contains("AWS_REGION") && error.contains("export-credentials"), "{error}");

    let other = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = other.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(other, Router::new().fallback(async || "hello")).await });
    let error = ask(format!("--runner http://{address}"), &|_| None).await;
    assert!(error.contains("is not a runner of this version"), "{error}");

    let laptop = Laptop::new().await;
    let error = laptop.report("--csv /not/there/out.csv").await.unwrap_err().to_string();
    assert!(error.starts_with("/not/there/out.csv: "), "{error}");
    for (asked, expected) in [
        ("--from 2026-11-14 --to 2026-11-01", "--to 2026-11-01 is before --from 2026-11-14"),
        ("--from 2026-11-22", "--from 2026-11-22 is in the future"),
        ("--from 2024-11-22", "incidents are kept for 400 days; write --from 2025-10-18 or a later day"),
    ] {
        let error = laptop.report(asked).await.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{asked}: {error}");
    }
    assert!(laptop.report("--from 2025-10-18").await.is_ok());
}

#[test]
fn invalid_options_are_refused() {
    for bad in [
        "--last 7",
        "--last 2y",
        "--last 5s",
        "--last -3d",
        "--last 7d --from 2026-11-01",
        "--to 2026-11-01",
        "--from yesterday",
        "--from 2026-13-01",
        "--from 2026-11-01T10:00",
        "--by weather",
    ] {
        assert!(options(bad).is_err(), "{bad}");
    }
    assert_eq!(options("--last 2w").unwrap().last, Some(SignedDuration::from_hours(14 * 24)));
    assert_eq!(options("--by person").unwrap().by, Some(Breakdown::Person));
}

#[test]
fn durations_are_formatted_for_people() {
    let table = [
        (0.0, "under 1 s"),
        (0.4, "under 1 s"),
        (0.6, "1 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (100.0, "1 min 40 s"),
        (600.0, "10 min"),
        (700.0, "12 min"),
        (3580.0, "1 h"),
        (12_000.0, "3 h 20 min"),
        (86_399.0, "1 d"),
        (187_000.0, "2 d 4 h"),
    ];
    for (seconds, expected) in table {
        assert_eq!(told::brief(SignedDuration::from_secs_f64(seconds)), expected, "{seconds}");
    }
}

#[test]
fn a_spreadsheet_runs_no_formula() {
    let dangerous = json!({
        "reference": "H-1234", "kind": "alert", "name": "=cmd|' /C calc'!A0", "plan": "a,\"b\"", "severity": "error",
        "opened_at": "2026-11-14T10:00:00.9Z", "taken": { "who": "@SUM(1+1)\nDana", "at": "2026-11-14T10:01:00Z" },
        "ended_at": "2026-11-14T10:30:00Z", "phase": "resolved", "step": 1, "rounds": 0, "count": 3,
    });
    let table = csv::table(&[serde_json::from_value(dangerous).unwrap()]);
    let line = table.split_once("\r\n").unwrap().1;
    assert_eq!(
        line,
        "H-1234,alert,'=cmd|' /C calc'!A0,\"a,\"\"b\"\"\",error,2026-11-14T10:00:00Z,2026-11-14T10:01:00Z,\"'@SUM(1+1)\nDana\",\
         2026-11-14T10:30:00Z,resolved,59,1799,1,0,3\r\n"
    );
}

#[test]
fn bars_fit() {
    let counts: Vec<(String, usize)> = (0..24).map(|hour| (format!("{hour:02}"), hour * 5)).collect();
    for (width, widest) in [(80, 77), (60, 53), (10, 53), (400, 173)] {
        let drawn = bars::bars(&counts, width, false);
        let longest = drawn.lines().map(|line| line.chars().count()).max().unwrap();
        assert_eq!(longest, widest, "{width}\n{drawn}");
    }
    let few = [("Mon".to_owned(), 0), ("Tue".to_owned(), 1), ("Wed".to_owned(), 500)];
    let drawn = bars::bars(&few, 80, true);
    assert!(drawn.contains("\u{1b}[34m") && drawn.contains('▁'), "one of five hundred is seen: {drawn}");
    assert!(!bars::bars(&few[..1], 80, false).contains('█'));
}

#[tokio::test]
async fn the_runner_s_incidents_are_reported() {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/green-power/handbell.yaml");
    let runner = start(RunnerOptions {
        port: 0,
        config: config.into(),
        data: None,
        bot: false,
        workers: Workers::InProcess(Gate::default()),
        pace: std::time::Duration::ZERO,
        automatic: false,
        overrides: Vec::new(),
        held_at: None,
        show_logs: false,
    })
    .await
    .unwrap();
    // The report must use the runner's clock, which users can move on its page.
    runner.cloud.advance(SignedDuration::from_hours(24 * 90)).unwrap();
    let opened = runner.stage.clock.now() - SignedDuration::from_hours(1);
    commit(&runner.store, &Subject::button("green"), opened, Some(("Dana", 30)), ("resolved", 900)).await;
    let asked = options(&format!("--last 2h --by person --runner http://{}", runner.address)).unwrap();
    let out = run(&asked, &self::config(), &around(&|_| None)).await.unwrap();
    assert!(out.contains("Taken      1, within 30 s"), "{out}");
    assert!(out.contains("\n  Dana"), "{out}");
}

#[tokio::test]
async fn json_contains_the_numbers() {
    let laptop = Laptop::new().await;
    laptop.happened("source monitoring", "2026-11-20T10:00:00Z", Some(("Dana", 60)), ("resolved", 600)).await;
    laptop.happened("button green", "2026-11-20T11:00:00Z", None, ("lapsed", 3600)).await;
    let told: Value = serde_json::from_str(&laptop.report("--json").await.unwrap()).unwrap();
    let (tally, incidents) = (&told["tally"], &told["incidents"]);
    assert_eq!(
        (&tally["incidents"], &tally["taken"], &tally["lapsed_untaken"]),
        (&2.into(), &1.into(), &1.into())
    );
    assert_eq!(tally["to_take"], json!({ "median_seconds": 60.0, "p95_seconds": 60.0 }), "{told}");
    assert_eq!(
        (&incidents[0]["kind"], &incidents[0]["taken_by"]),
        (&"alert".into(), &"Dana".into()),
        "{told}"
    );
    assert_eq!(
        (&incidents[1]["phase"], &incidents[1]["taken_at"]),
        (&"lapsed".into(), &Value::Null),
        "{told}"
    );
    assert_eq!(told["timezone"], "Europe/Paris");
    // Writing files as well doesn't change the document.
    let file = std::env::temp_dir().join(format!("handbell-{}.csv", uuid::Uuid::new_v4()));
    let again = laptop.report(&format!("--json --csv {}", file.display())).await.unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&again).unwrap(), told);
}
