use handbell_core::occupancy::zone::{Bounds, Change, Level, Watch};
use jiff::tz::TimeZone;
use serde_json::json;

use super::counts::{every_minute, read};
use super::*;

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn config() -> Config {
    serde_json::from_value(json!({
        "timezone": "Europe/Paris",
        "webex": { "token": { "secret": "webex" } },
        "plans": { "full": { "space": { "title": "Full" } } },
        "sites": { "shop": { "cmx": { "url": "https://cmx.example.com", "user": "handbell", "password": { "secret": "cmx" } } } },
        "zones": {
            "shoes": { "site": "shop", "plan": "full", "label": "Floor 2 / Shoes", "capacity": 100 },
            "hats": { "site": "shop", "plan": "full", "at": 50, "label": "Shoes" },
        },
    }))
    .unwrap()
}

fn rule(zone: &str, tuning: &Tuning) -> ZoneRule {
    ZoneRule::of(&tuning.applied(&config().zones[zone]), &paris()).unwrap()
}

/// A week of a shop that begins on a Saturday: full on Saturday, busy on Wednesday, and without counts for a while on Tuesday.
fn week() -> Vec<(Timestamp, Option<u32>)> {
    let start = at("2026-11-13T23:00:00Z");
    let mut counts = Vec::new();
    for minute in 0..7 * 1440_u32 {
        let (day, time) = (minute / 1440, minute % 1440);
        let most = [124, 8, 40, 61, 85, 66, 70][day as usize];
        let hill = |middle: u32, width: u32| {
            let away = time.abs_diff(middle);
            if away >= width { 0 } else { most * (width * width - away * away) / (width * width) }
        };
        let count = hill(740, 260).max(hill(1000, 200) * 3 / 4) + minute * 7919 % 4;
        let dead = day == 3 && (600..673).contains(&time);
        counts.push((start + SignedDuration::from_mins(minute.into()), (!dead).then_some(count)));
    }
    counts
}

#[test]
fn a_file_is_read() {
    let day = |text: &str| at(&format!("2026-11-14T{text}Z"));
    let table = [
        ("2026-11-14T10:40:00Z,87\n", vec![(day("10:40:00"), Some(87))]),
        (
            "time,count\r\n2026-11-14 11:40,87\r\n2026-11-14 11:41:30,\r\n",
            vec![(day("10:40:00"), Some(87)), (day("10:41:00"), None)],
        ),
        ("\u{feff}\"Zeit\";\"Anzahl\"\n\n\"2026-11-14 11:40\";\"0\"\n", vec![(day("10:40:00"), Some(0))]),
        ("2026-11-14T11:40:59.9+01:00, 1 \n2026-11-14T11:40,2", vec![]),
        (
            "2026-11-14T11:40,1\n2026-11-14 11:40:20,2\n2026-11-14T10:40:59.5Z,3\n",
            vec![(day("10:40:00"), Some(3))],
        ),
        // The night in which the clocks go back: first the earlier time, then the later one.
        (
            "2026-10-25 02:30,1\n2026-10-25 02:59,2\n2026-10-25 02:00,3\n2026-10-25 02:30,4\n",
            vec![
                (at("2026-10-25T00:30:00Z"), Some(1)),
                (at("2026-10-25T00:59:00Z"), Some(2)),
                (at("2026-10-25T01:00:00Z"), Some(3)),
                (at("2026-10-25T01:30:00Z"), Some(4)),
            ],
        ),
        // The night in which the clocks skip an hour.
        ("2026-03-29 02:30,1\n", vec![(at("2026-03-29T01:30:00Z"), Some(1))]),
    ];
    for (text, expected) in table {
        match read(text, &paris()) {
            Ok(counts) => assert_eq!(counts, expected, "{text:?}"),
            Err(error) => assert!(expected.is_empty(), "{text:?}: {error}"),
        }
    }
}

#[test]
fn a_bad_line_is_reported() {
    let table = [
        ("", "line 1: the file has no counts"),
        ("time,count\n", "line 1: the file has no counts"),
        ("time,count\ntime,count\n", "line 2: \"time\" is not a time"),
        ("2026-11-14 11:40\n", "line 1: write a time and a count with a comma"),
        ("2026-11-14 11:40,1,2\n", "line 1: write a time and a count with a comma"),
        ("time,count\n\n2026-11-14 11:40,many\n", "line 3: \"many\" is not a count"),
        ("2026-11-14 11:40,-1\n", "line 1: \"-1\" is not a count"),
        ("2026-11-14 11:40,4.5\n", "line 1: \"4.5\" is not a count"),
        ("2026-11-14 11:40,99999999999\n", "line 1: \"99999999999\" is not a count"),
        ("14.11.2026 11:40,1\n", "line 1: \"14.11.2026 11:40\" is not a time"),
        ("2026-11-14,1\n", "line 1: \"2026-11-14\" is not a time"),
        ("2026-11-14 25:40,1\n", "line 1: \"2026-11-14 25:40\" is not a time"),
        (
            "2026-11-14 11:41,1\n2026-11-14 11:40,2\n",
            "line 2: 2026-11-14 11:40 is before the line above (2026-11-14 11:41)",
        ),
        ("2026-11-14 11:40,1\n2062-11-14 11:41,2\n", "line 2: more than a year after"),
        (
            "2025-01-01 00:00,1\n2025-12-01 00:00,1\n2026-11-14 11:40,2\n",
            "line 3: the file covers more than 400 days",
        ),
    ];
    for (text, expected) in table {
        let error = read(text, &paris()).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text:?}: {error}");
    }
}

#[test]
fn each_minute_occurs_once() {
    let minute = |text: &str| at(&format!("2026-11-14T10:{text}Z"));
    let sparse = [
        (minute("00:10"), Some(1)),
        (minute("00:50"), Some(2)),
        (minute("03:00"), None),
        (minute("04:00"), Some(3)),
    ];
    let all = [
        (minute("00:00"), Some(2)),
        (minute("01:00"), None),
        (minute("02:00"), None),
        (minute("03:00"), None),
        (minute("04:00"), Some(3)),
    ];
    assert_eq!(every_minute(&sparse), all);
    assert_eq!(every_minute(&[]), []);
    assert_eq!(every_minute(&week()), week());
}

#[test]
fn a_replay_is_the_live_rule_minute_by_minute() {
    let (rule, week) = (rule("shoes", &Tuning::default()), week());
    let replay = replay(&rule, &week);
    let mut watch = Watch::default();
    let mut changes = Vec::new();
    for (at, count) in &week {
        let (next, told) = watch.step(&rule, *count, *at);
        watch = next;
        changes.extend(told.into_iter().map(|change| (*at, change)));
    }
    assert_eq!((&replay.changes, &replay.watch), (&changes, &watch));
    let rises = changes.iter().filter(|(_, change)| matches!(change, Change::Rise(_))).count();
    assert_eq!(replay.episodes.iter().map(|episode| episode.rises.len()).sum::<usize>(), rises);
    assert!(replay.episodes.is_sorted_by_key(|episode| episode.from));
    assert_eq!((replay.minutes, replay.unknown), (7 * 1440, 73));
    assert_eq!(replay.silences.len(), 1);
}

#[test]
fn a_week_is_reported() {
    let (rule, config) = (rule("shoes", &Tuning::default()), config());
    let told = Told {
        label: "Floor 2 / Shoes",
        capacity: config.zones["shoes"].capacity,
        rule: &rule,
        zone: paris(),
    };
    insta::assert_snapshot!(report::report(&replay(&rule, &week()), &told), @r"
    Floor 2 / Shoes would have alerted twice in 7 days:
      Sat 14 Nov 09:41–18:24  FULL  peak 126 of 100  BUSY at 09:42, FULL at 10:10
      Wed 18 Nov 11:05–14:16  BUSY  peak 87 of 100   BUSY at 11:06
    Missing counts would have been reported once:
      Tue 17 Nov 09:59–11:13  reported at 10:14

      Counts   Sat 14 Nov 00:00 – Fri 20 Nov 23:59
      Rule     warn at 80, over at 70; alert at 95, over at 85; 2 polls up, 3 down; not again within 15 minutes
      Unknown  73 of 10080 minutes
      Peak     126 of 100, Sat 14 Nov 11:57
      Quiet    4 days at the longest, Sat 14 Nov 18:24 – Wed 18 Nov 11:05
    ");
}

#[test]
fn an_open_episode_and_none_are_reported() {
    let rule = ZoneRule {
        levels: vec![Bounds { level: Level::Alert, at: 50, clear: 45 }],
        ..rule("hats", &Tuning::default())
    };
    let told = Told { label: "Hats", capacity: None, rule: &rule, zone: paris() };
    let start = at("2026-11-14T22:58:00Z");
    let counts = |counts: &[u32]| -> Vec<(Timestamp, Option<u32>)> {
        let minute =
            |(minute, count): (usize, &u32)| (start + SignedDuration::from_mins(minute as i64), Some(*count));
        counts.iter().enumerate().map(minute).collect()
    };
    let open = replay(&rule, &counts(&[60, 60, 70, 60]));
    assert_eq!((open.episodes[0].to, open.episodes[0].peak), (None, 70));
    insta::assert_snapshot!(report::report(&open, &told), @r"
    Hats would have alerted once in 4 minutes:
      Sat 14 Nov 23:58–…  BUSY  peak 70 devices  BUSY at 23:59, not over yet

      Counts   Sat 14 Nov 23:58 – Sun 15 Nov 00:01
      Rule     alert at 50, over at 45; 2 polls up, 3 down; not again within 15 minutes
      Peak     70 devices, Sun 15 Nov 00:00
    ");
    let calm = replay(&rule, &counts(&[60, 40, 60, 40]));
    insta::assert_snapshot!(report::report(&calm, &told), @r"
    Hats would not have alerted in 4 minutes.

      Counts   Sat 14 Nov 23:58 – Sun 15 Nov 00:01
      Rule     alert at 50, over at 45; 2 polls up, 3 down; not again within 15 minutes
      Peak     60 devices, Sat 14 Nov 23:58
    ");
    insta::assert_snapshot!(report::hint(&calm, &rule, "hats", "handbell replay --zone hats --last 1h", &Tuning::default()), @r"
    No count stayed high long enough. Try to alert sooner:
      handbell replay --zone hats --last 1h --up 1
    Write the numbers that work into `zones.hats` of the configuration; `--help` lists all options to try.
    ");
    let nothing = replay(&rule, &[]);
    assert_eq!((nothing.span, nothing.quiet()), (None, None));
    let over = replay(&rule, &counts(&[60, 60, 60, 40, 40, 40]));
    assert_eq!(report::headline(&over, &told), "Hats would have alerted once in 6 minutes:");
    assert_eq!(over.episodes[0].to, Some(start + SignedDuration::from_mins(5)));
}

#[test]
fn a_zone_is_found_by_name_or_label() {
    let config = config();
    let name = |wanted: &str| find(&config, wanted).map(|(name, _)| name.to_owned());
    assert_eq!(name("shoes").unwrap(), "shoes", "a name comes before a label");
    assert_eq!(name("HATS").unwrap(), "hats");
    assert_eq!(name("floor 2 / shoes").unwrap(), "shoes");
    assert_eq!(
        name("SHOES").unwrap_err(),
        "\"SHOES\" matches more than one zone; write one of the names hats, shoes"
    );
    assert_eq!(name("shoos").unwrap_err(), "there is no zone \"shoos\"; did you mean \"Shoes\"?");
    assert_eq!(name("elsewhere").unwrap_err(), "there is no zone \"elsewhere\"; the zones are: hats, shoes");
}

#[derive(clap::Parser, Debug)]
struct Line {
    #[command(flatten)]
    options: Options,
}

fn options(line: &str) -> Result<Options, String> {
    let words = std::iter::once("replay").chain(line.split(' '));
    <Line as clap::Parser>::try_parse_from(words).map(|line| line.options).map_err(|error| error.to_string())
}

#[test]
fn other_numbers_can_be_tried() {
    let levels = |line: &str, zone: &str| -> Vec<(u32, u32)> {
        let tuning = options(&format!("--zone x --last 7d {line}")).unwrap().tuning;
        rule(zone, &tuning).levels.iter().map(|bounds| (bounds.at, bounds.clear)).collect()
    };
    assert_eq!(levels("--at 60", "shoes"), [(60, 54)]);
    assert_eq!(levels("--at 90%", "shoes"), [(90, 80)]);
    assert_eq!(levels("--warn 60%/40% --alert 95%", "shoes"), [(60, 40), (95, 85)]);
    assert_eq!(levels("--alert never", "shoes"), [(80, 70)]);
    assert_eq!(levels("--capacity 200", "shoes"), [(160, 140), (190, 170)]);
    assert_eq!(levels("--warn 30", "hats"), [(30, 27)]);
    let tuning = options("--zone x --last 7d --up 4 --down 5 --cooldown 1h").unwrap().tuning;
    let rule = rule("hats", &tuning);
    assert_eq!((rule.up, rule.down, rule.cooldown), (4, 5, SignedDuration::from_hours(1)));
    for bad in [
        "--zone x",
        "--zone x --last 7d --csv f",
        "--zone x --last 7d --at 5 --warn 4",
        "--zone x --last 7",
        "--zone x --last 2y",
        "--zone x --last 7d --up 0",
        "--zone x --last 7d --at many",
    ] {
        assert!(options(bad).is_err(), "{bad}");
    }
    let written = "--at 90% --up 4 --down 5 --cooldown 1h --capacity 80";
    assert_eq!(
        options(&format!("--zone x --last 7d {written}")).unwrap().tuning.to_string(),
        format!(" {written}")
    );
    let written = "--warn 60%/40% --alert never";
    assert_eq!(
        options(&format!("--zone x --last 7d {written}")).unwrap().tuning.to_string(),
        format!(" {written}")
    );
    assert_eq!(options("--zone x --last 2w").unwrap().last, Some(SignedDuration::from_hours(14 * 24)));
}

#[tokio::test]
async fn the_whole_command() {
    let folder = std::env::temp_dir().join(format!("handbell-replay-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir_all(&folder).unwrap();
    let (csv, png) = (folder.join("counts.csv"), folder.join("out.png"));
    let lines = week()
        .into_iter()
        .map(|(at, count)| format!("{at},{}\n", count.map_or(String::new(), |count| count.to_string())));
    std::fs::write(&csv, lines.collect::<String>()).unwrap();
    let around = Around { variable: &|_| None, now: at("2026-11-20T23:00:00Z"), width: 100, colour: false };
    let asked =
        options(&format!("--zone hats --csv {} --png {} --at 60 --down 4", csv.display(), png.display()))
            .unwrap();
    let out = run(&asked, &config(), &around).await.unwrap();
    let picture = std::fs::read(&png).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    insta::assert_snapshot!(out.replace(&folder.display().to_string(), "…"), @r"
    Shoes would have alerted 6 times in 7 days:
      Sat 14 Nov 09:13–18:54  BUSY  peak 126 devices  BUSY at 09:14
      Tue 17 Nov 11:25–14:01  BUSY  peak 63 devices   BUSY at 11:26
      Wed 18 Nov 09:53–15:05  BUSY  peak 87 devices   BUSY at 09:54
      Wed 18 Nov 15:45–18:05  BUSY  peak 66 devices   BUSY at 15:46
      Thu 19 Nov 10:49–14:21  BUSY  peak 68 devices   BUSY at 10:50
      Fri 20 Nov 10:33–14:33  BUSY  peak 72 devices   BUSY at 10:34
    Missing counts would have been reported once:
      Tue 17 Nov 09:59–11:13  reported at 10:14

      Counts   Sat 14 Nov 00:00 – Fri 20 Nov 23:59
      Rule     alert at 60, over at 54; 2 polls up, 4 down; not again within 15 minutes
      Unknown  73 of 10080 minutes
      Peak     126 devices, Sat 14 Nov 11:57
      Quiet    3 days at the longest, Sat 14 Nov 18:54 – Tue 17 Nov 11:25

    150 ┤
        │
        │     ⢠⠿⡆
        │     ⢸ ⣇
    100 ┤     ⡟ ⢹⣴⡄
        │     ⡇ ⢸⡇⡇                                            ⢸⢻⡄
        │    ⢀⡇ ⠈ ⢹                                ⢀⡀          ⡟ ⣇⣤        ⢀⣤⡄          ⡾⣇
     50 ┤────⢸────⢸────────────────────────────────⠘⢻⡄────────⢀⡇─⢸⠋⡇───────⣸⠁⢷⣀⡀───────⢸⠁⢸⣠⣄─── alert 60
        │    ⢸    ⠸⡄                   ⣤⣤         ⢰  ⣷⢿⡄      ⢸    ⢻       ⡇ ⢸⡏⢧       ⡟  ⠏⢹⡀
        │    ⢸     ⡇                  ⣸⠃⠘⣶⢶⡀      ⣼  ⠈ ⣧      ⣸    ⢸      ⢰⠃   ⢸⡀     ⢀⡇   ⠈⡇
        │    ⡏     ⡇                  ⡏  ⠁⠈⣇      ⡇    ⢸      ⡇    ⠘⡇     ⢸     ⡇     ⢸⠁    ⣇
      0 ┤⣤⣤⣤⣤⡇     ⣧⣤⣤⣤⣤⣤⣴⠟⠛⠛⠟⠻⣦⣤⣤⣤⣤⣤⣼⠁    ⢹⣤⣤⣤⣤⣤⣤⠇    ⠸⣦⣤⣤⣤⣤⣤⡇     ⣧⣤⣤⣤⣤⣤⡞     ⣧⣤⣤⣤⣤⣤⣼     ⢸⣤⣤
        └┬───────────┬───────────┬───────────┬────────────┬───────────┬───────────┬────────────
             ██████                                ███         █████       ███          ███
         Sat 14 Nov  Sun 15 Nov  Mon 16 Nov  Tue 17 Nov   Wed 18 Nov  Thu 19 Nov  Fri 20 Nov
         █ alert

    The picture is in …/out.png.

    Too often? Wait longer before an alert, and before the next one:
      handbell replay --zone hats --csv …/counts.csv --at 60 --up 4 --down 4 --cooldown 30m
    Write the numbers that work into `zones.hats` of the configuration; `--help` lists all options to try.
    ");
}

#[tokio::test]
async fn the_error_says_where_counts_are_missing() {
    let around = Around { variable: &|_| None, now: at("2026-11-20T23:00:00Z"), width: 100, colour: false };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let asked = options(&format!("--zone hats --last 7d --runner http://{address}")).unwrap();
    let error = run(&asked, &config(), &around).await.unwrap_err().to_string();
    assert!(error.contains("no runner answers at") && error.contains("--csv"), "{error}");
    let table = |name: &str| (name == "HANDBELL_TABLE").then(|| "handbell".to_owned());
    let around = Around { variable: &table, ..around };
    let error =
        run(&options("--zone hats --last 7d").unwrap(), &config(), &around).await.unwrap_err().to_string();
    assert!(error.contains("AWS_REGION") && error.contains("export-credentials"), "{error}");
    let error = run(&options("--zone hats --csv not-there.csv").unwrap(), &config(), &around)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("not-there.csv: "), "{error}");
}
