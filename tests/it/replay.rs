//! `handbell replay` reports the same alerts that are sent when the counts come minute by minute.

use std::time::{Duration, Instant};

use handbell::replay::counts::{every_minute, read};
use handbell::replay::tuning::Tuning;
use handbell::replay::{Around, Options, Replay, Silence, replay, run};
use handbell_core::config::{Config, Zone};
use handbell_core::occupancy::poll::{Polled, SiteState};
use handbell_core::occupancy::view::{Signal, ZoneEnd};
use handbell_core::occupancy::zone::{Change, Level, ZoneRule};
use handbell_sim::trouble::TroubleKind;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::world::World;

/// A count for each minute, the oldest first.
type Counted = Vec<(Timestamp, Option<u32>)>;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const LABEL: &str = "Floor 2 / Shoes";

/// One zone with both levels. A poll comes some milliseconds after its minute, sometimes more and sometimes fewer; only the minute
/// counts.
const SHOES: &str = r#"
timezone: Europe/Paris
webex: { token: { secret: webex }, webhook: { secret: webex-webhook } }
sites:
  store: { cmx: { url: "https://cmx.example.com", user: handbell, password: { secret: cmx } } }
zones:
  shoes: { site: store, label: Floor 2 / Shoes, where: { hierarchy: "Store>Floor 2>Shoes" }, plan: floor, capacity: 100 }
plans:
  floor: { space: { title: Floor team, participants: [alice@example.com] } }
"#;

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

/// Returns a number that looks random but isn't, less than `below`.
fn chance(seed: u32, below: u32) -> u32 {
    let mut mixed = (u64::from(seed) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 33) as u32) % below
}

/// A week, minute by minute, from a Monday on: two peaks a day, noise, single minutes and long times with unknown counts, and
/// nights in which nobody is there.
fn week() -> Vec<(Timestamp, Option<u32>)> {
    let start: Timestamp = "2026-03-01T23:00:00Z".parse().unwrap();
    let count = |minute: u32| {
        let (day, time) = (minute / 1440, minute % 1440);
        let most = [84, 40, 99, 61, 103, 140, 8][day as usize];
        let hill = |middle: u32, width: u32| {
            let away = time.abs_diff(middle).min(width);
            most * (width * width - away * away) / (width * width)
        };
        let count = hill(740, 240).max(hill(1020, 180) * 9 / 10);
        (count + chance(minute, 13)).saturating_sub(6)
    };
    let unknown = |minute: u32| {
        // A few minutes here and there, and now and then up to two hours.
        let stretch = chance(minute / 180, 5) == 0 && minute % 180 < chance(minute / 180 + 7000, 120);
        stretch || chance(minute + 50_000, 25) == 0
    };
    (0..7 * 1440)
        .map(|minute| (start + MINUTE * minute as i32, (!unknown(minute)).then(|| count(minute))))
        .collect()
}

/// The reports to people, and the other signals to the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Rise(Level),
    Ease(Level),
    Over { why: ZoneEnd, since: Timestamp, peak: u32 },
    Silent { since: Timestamp },
    Back,
}

fn of_change(change: &Change) -> Told {
    match *change {
        Change::Rise(level) => Told::Rise(level),
        Change::Ease(level) => Told::Ease(level),
        Change::Clear { since, peak } => Told::Over { why: ZoneEnd::Calm, since, peak },
        Change::Closed { since, peak } => Told::Over { why: ZoneEnd::Closing, since, peak },
        Change::Silent { since } => Told::Silent { since },
        Change::Back => Told::Back,
        Change::Remind(_) => panic!("nobody snoozes"),
    }
}

fn of_signal(signal: &Signal, rule: &ZoneRule) -> Told {
    match signal {
        Signal::Rise { rank, view } => {
            let level = view.level.unwrap();
            assert_eq!(*rank, rule.rank(level));
            Told::Rise(level)
        }
        Signal::Ease { level } => Told::Ease(*level),
        Signal::Over { why, since, peak, .. } => Told::Over { why: *why, since: *since, peak: *peak },
        Signal::Silent { zones, since, .. } => {
            assert_eq!(zones, &[LABEL]);
            Told::Silent { since: *since }
        }
        Signal::Back { zones, all: true } => {
            assert_eq!(zones, &[LABEL]);
            Told::Back
        }
        other => panic!("{other:?}"),
    }
}

/// Returns the reports of a site that polls these counts one after the other. Its state is written and read again in between.
fn live(rule: &ZoneRule, counts: &[(Timestamp, Option<u32>)]) -> (Vec<(Timestamp, Told)>, Counted) {
    let (mut site, mut told, mut kept) = (SiteState::default(), Vec::new(), Vec::new());
    for (at, count) in counts {
        assert!(!site.has_polled(*at));
        let zone = Polled {
            name: "shoes",
            label: LABEL,
            plan: "floor",
            rule,
            capacity: Some(100),
            snooze_minutes: 30,
            count: count.ok_or_else(|| "CMX's answer is empty".to_owned()),
            snoozed_until: None,
        };
        let (next, complete) = site.apply_poll("store", &[zone], *at);
        kept.extend(complete.iter().flat_map(|row| row.of("shoes")));
        told.extend(next.pending.iter().map(|pending| (*at, of_signal(&pending.signal, rule))));
        let heard = next.pending.iter().map(|pending| pending.id.clone()).collect();
        site = serde_json::from_value(json!(next.confirm(&heard))).unwrap();
    }
    kept.extend(site.counts.of("shoes"));
    (told, kept)
}

type Line = (Timestamp, Told);

/// Splits the reports by subject, the zone and the site, each with its own order.
fn by_subject(told: &[Line]) -> (Vec<&Line>, Vec<&Line>) {
    told.iter().partition(|(_, told)| matches!(told, Told::Silent { .. } | Told::Back))
}

fn rule(zone: Value) -> ZoneRule {
    let mut whole = json!({ "site": "store", "plan": "floor" });
    whole.as_object_mut().unwrap().extend(zone.as_object().unwrap().clone());
    let zone: Zone = serde_json::from_value(whole).unwrap();
    ZoneRule::of(&zone, &paris()).unwrap()
}

#[test]
fn a_week_is_replayed_as_it_was_reported() {
    let week = week();
    assert_eq!(week.len(), 10_080);
    let unknown = week.iter().filter(|(_, count)| count.is_none()).count();
    assert!((500..3000).contains(&unknown), "{unknown} minutes are unknown");
    let rules = [
        json!({ "capacity": 100 }),
        json!({ "at": 60 }),
        json!({ "capacity": 100, "for": { "up": 1, "down": 1 }, "cooldown": "0s", "silent": "2m" }),
        json!({ "capacity": 90, "cooldown": "2h", "hours": { "week": { "daily": "09:00-17:30" } } }),
        json!({ "at": 50, "hours": { "week": { "mon-sat": "10:00-18:00" }, "at_closing": "go-on" } }),
    ];
    for zone in rules {
        let rule = rule(zone.clone());
        let (told, kept) = live(&rule, &week);
        let replayed = replay(&rule, &week);
        let changes: Vec<(Timestamp, Told)> =
            replayed.changes.iter().map(|(at, change)| (*at, of_change(change))).collect();
        assert_eq!(by_subject(&changes), by_subject(&told), "{zone}");
        assert!(told.len() > 20, "{zone}: a week in which a lot happens: {}", told.len());
        // The counts that were kept are what is replayed later.
        assert!(kept == week, "{zone}: each minute is kept as it was");

        // And the texts of a replay are the same, too.
        let rises: Vec<(Timestamp, Level)> =
            replayed.episodes.iter().flat_map(|episode| episode.rises.clone()).collect();
        let of_live = told.iter().filter_map(|(at, told)| match told {
            Told::Rise(level) => Some((*at, *level)),
            _ => None,
        });
        assert_eq!(rises, of_live.collect::<Vec<_>>(), "{zone}");
        let ends: Vec<_> = replayed
            .episodes
            .iter()
            .filter_map(|episode| Some((episode.to?, episode.why?, episode.from, episode.peak)))
            .collect();
        let of_live = told.iter().filter_map(|(at, told)| match told {
            Told::Over { why, since, peak } => Some((*at, *why, *since, *peak)),
            _ => None,
        });
        assert_eq!(ends, of_live.collect::<Vec<_>>(), "{zone}");
        let silences: Vec<_> = replayed.silences.iter().map(|one: &Silence| (one.told, one.from)).collect();
        let of_live = told.iter().filter_map(|(at, told)| match told {
            Told::Silent { since } => Some((*at, *since)),
            _ => None,
        });
        assert_eq!(silences, of_live.collect::<Vec<_>>(), "{zone}");
    }
}

/// Moves to the next full minute, and does everything that is due in it.
async fn next_minute(world: &World) -> Timestamp {
    let cloud = &world.runner.cloud;
    let began = Instant::now();
    let minute = Timestamp::from_second((world.now().as_second().div_euclid(60) + 1) * 60).unwrap();
    let mut next = minute;
    loop {
        cloud.advance(next.duration_since(world.now()) + SignedDuration::from_millis(1)).unwrap();
        while cloud.deliver_due().await + cloud.tick_due().await > 0 || !cloud.is_quiet() {
            assert!(began.elapsed() < Duration::from_secs(20), "the world does not come to rest");
            tokio::task::yield_now().await;
        }
        let messages = cloud.queue().messages().into_iter().map(|message| message.visible_at);
        match messages.filter(|at| *at > world.now() && *at < minute + MINUTE).min() {
            Some(at) => next = at,
            None => return minute,
        }
    }
}

/// Returns the posts about the zone: the minute of each post, and its text.
fn posted(world: &World) -> Vec<(Timestamp, String)> {
    let spaces = world.spaces();
    let messages = spaces.iter().flat_map(|space| space["messages"].as_array().unwrap());
    messages
        .map(|message| {
            let created: Timestamp = message["created"].as_str().unwrap().parse().unwrap();
            let minute = Timestamp::from_second(created.as_second().div_euclid(60) * 60).unwrap();
            (minute, message["markdown"].as_str().unwrap().lines().next().unwrap().to_owned())
        })
        .collect()
}

/// Returns the same for a replay: the beginning and the end of each post.
fn expected(replay: &Replay, counts: &[(Timestamp, Option<u32>)]) -> Vec<(Timestamp, [String; 2])> {
    let clock = |at: Timestamp| at.to_zoned(paris()).strftime("%H:%M").to_string();
    let count = |wanted: Timestamp| counts.iter().find(|(at, _)| *at == wanted).unwrap().1.unwrap();
    let posts = replay.changes.iter().filter_map(|(at, change)| {
        let post = match change {
            Change::Rise(level) => {
                let (c, state) = if *level == Level::Warn { ("🟠", "BUSY") } else { ("🔴", "FULL") };
                [format!("{c} **{LABEL}** is **{state}**: **{} of 100**", count(*at)), String::new()]
            }
            Change::Clear { since, peak } => [
                format!("✅ **{LABEL}** is calm again: {} of 100. It was busy for ", count(*at)),
                format!(" ({}–{}), {peak} at the peak.", clock(*since), clock(*at)),
            ],
            Change::Silent { since } => {
                [format!("❓ No count from **store** since {}: {LABEL}.", clock(*since)), String::new()]
            }
            Change::Back => {
                [format!("Counts from **store** are back since {}: {LABEL}.", clock(*at)), String::new()]
            }
            // Nobody is notified.
            _ => return None,
        };
        Some((*at, post))
    });
    posts.collect()
}

/// `23:58 – Tue 1 Dec 00:49  BUSY` without the day: `23:58–00:49  BUSY`.
fn without_the_day_of_the_end(line: &str) -> String {
    let Some((begin, end)) = line.split_once(" – ") else { return line.to_owned() };
    let words: Vec<&str> = end.splitn(4, ' ').collect();
    match words[..] {
        [_, _, _, clock] => format!("{begin}–{clock}"),
        _ => line.to_owned(),
    }
}

#[tokio::test]
async fn a_saturday_is_replayed_as_it_was_posted() {
    let world = World::with(SHOES).await;
    // The whole day, replayed in five hours.
    let day = world.runner.cmx.saturday("shoes", 300).unwrap();
    let mut csv = "time,count\n".to_owned();
    for (minute, count) in day.into_iter().enumerate() {
        // A part of the afternoon, and shorter times, with unknown counts.
        let dead = (215..240).contains(&minute) || (85..91).contains(&minute) || minute % 47 == 0;
        if dead {
            world.trouble("cmx", TroubleKind::Html, None);
        } else {
            world.no_trouble();
        }
        world.devices("shoes", count).await;
        let at = next_minute(&world).await;
        let count = if dead { String::new() } else { count.to_string() };
        csv.push_str(&format!("{at},{count}\n"));
    }
    world.rest().await;
    let posts = posted(&world);
    world.read_all();

    let config: Config = handbell::check::check(SHOES, &|_| true).unwrap();
    let rule = ZoneRule::of(&config.zones["shoes"], &config.time_zone()).unwrap();
    let counts = every_minute(&read(&csv, &config.time_zone()).unwrap());
    assert_eq!(counts.len(), 300);
    let replayed = replay(&rule, &counts);
    let expected = expected(&replayed, &counts);
    assert_eq!(posts.len(), expected.len(), "{posts:#?}\n{expected:#?}");
    for ((at, post), (wanted_at, [begin, go_on])) in posts.iter().zip(&expected) {
        assert_eq!(at, wanted_at, "{post}");
        assert!(post.starts_with(begin) && post.contains(go_on), "{post}\n{begin} … {go_on}");
    }
    let told = |c: &str| posts.iter().filter(|(_, post)| post.starts_with(c)).count();
    assert!(
        told("🟠") >= 2 && told("🔴") >= 1 && told("✅") >= 2,
        "a day in which something happens: {posts:#?}"
    );
    assert_eq!((told("❓"), told("Counts from")), (1, 1));

    // The counts that were stored are those of the file.
    let (first, last) = replayed.span.unwrap();
    let stored = world.runner.store.sites().counts("store", "shoes", first, last + MINUTE).await.unwrap();
    assert!(!stored.is_empty());
    let stored: Vec<_> = stored.into_iter().filter(|(at, _)| *at >= first && *at <= last).collect();
    assert_eq!(stored[..], counts[..stored.len()], "minute by minute");
    assert!(stored.len() >= 290, "{}", stored.len());

    // And the output of the command agrees with the same posts.
    let files = tempfile::tempdir().unwrap();
    let file = files.path().join("counts.csv");
    std::fs::write(&file, &csv).unwrap();
    let options = Options {
        zone: "shoes".into(),
        csv: Some(file),
        last: None,
        config: None,
        runner: None,
        png: None,
        tuning: Tuning::default(),
        json: false,
        width: None,
    };
    let around = Around { variable: &|_| None, now: world.now(), width: 80, colour: false };
    let said = run(&options, &config, &around).await.unwrap();
    let clock = |at: Timestamp| at.to_zoned(paris()).strftime("%H:%M").to_string();
    // The day is named at an end after midnight.
    let said = said.lines().map(|line| without_the_day_of_the_end(line) + "\n").collect::<String>();
    for (at, post) in &posts {
        let word = match post.chars().next().unwrap() {
            '🟠' => format!("BUSY at {}", clock(*at)),
            '🔴' => format!("FULL at {}", clock(*at)),
            '❓' => format!("reported at {}\n", clock(*at)),
            '✅' => format!("–{}  ", clock(*at)),
            _ => format!("–{}  reported at ", clock(*at)),
        };
        assert!(said.contains(&word), "{word:?} isn't said: {said}");
    }
}
