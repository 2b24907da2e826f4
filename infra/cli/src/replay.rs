//! `handbell replay`: what a zone's rule would have told, had it watched these counts.
//!
//! [`replay`] is the live rule, [`Watch::step`], taken minute by minute. People aren't played: nobody snoozes, and nobody
//! says that it isn't busy.

pub mod counts;
pub mod report;
pub mod tuning;

use std::path::PathBuf;

use clap::Args;
use handbell_boot::Environment;
use handbell_core::config::{Config, Zone};
use handbell_core::occupancy::view::Over;
use handbell_core::occupancy::zone::{Change, Level, Rule, Watch};
use handbell_outbound::chart;
use jiff::{SignedDuration, SpanRelativeTo, Timestamp};
use reqwest::Url;

use crate::check::nearest;
use crate::laptop::RUNNER;
use crate::plot::{Plot, plot};
use report::Told;
use tuning::Tuning;

/// More days than anybody keeps counts for; a year that was mistyped is more.
const MOST_DAYS: i64 = 400;
/// The pixels of the picture.
const PICTURE: (u32, u32) = (1400, 500);

/// A time in which it wasn't calm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Episode {
    /// Since the first minute that led to it.
    pub from: Timestamp,
    /// Until it was told that it is over; none if the counts end before.
    pub to: Option<Timestamp>,
    /// Why it was over.
    pub why: Option<Over>,
    /// The highest level.
    pub level: Level,
    /// The highest count.
    pub peak: u32,
    /// What people would have been told, and when.
    pub rises: Vec<(Timestamp, Level)>,
}

/// A time in which nothing was known, and people would have been told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silence {
    /// Since the last count.
    pub from: Timestamp,
    /// When it would have been told.
    pub told: Timestamp,
    /// The next count; none if there was none.
    pub to: Option<Timestamp>,
}

/// What a rule would have told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// The first and the last minute; none without counts.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Each time in which it wasn't calm, the oldest first.
    pub episodes: Vec<Episode>,
    /// Each time in which nothing was known for long, the oldest first.
    pub silences: Vec<Silence>,
    /// Everything that the rule said, also what nobody is told of.
    pub changes: Vec<(Timestamp, Change)>,
    /// How many minutes.
    pub minutes: usize,
    /// In how many of them nothing was known.
    pub unknown: usize,
    /// The highest count, and when it was there first.
    pub peak: Option<(Timestamp, u32)>,
    /// What would be remembered now.
    pub watch: Watch,
}

/// What this rule would have told, had it polled these counts. There is one for each minute, the oldest first: see
/// [`counts::every_minute`].
pub fn replay(rule: &Rule, counts: &[(Timestamp, Option<u32>)]) -> Replay {
    let mut replay = Replay { minutes: counts.len(), ..Replay::default() };
    if let ([(first, _), ..], [.., (last, _)]) = (counts, counts) {
        replay.span = Some((*first, *last));
    }
    for &(at, count) in counts {
        match count {
            None => replay.unknown += 1,
            Some(count) if replay.peak.is_none_or(|(_, peak)| count > peak) => {
                replay.peak = Some((at, count))
            }
            Some(_) => {}
        }
        let (watch, changes) = std::mem::take(&mut replay.watch).step(rule, count, at);
        replay.watch = watch;
        for change in changes {
            replay.hear(at, &change);
            replay.changes.push((at, change));
        }
    }
    let peak = replay.watch.peak;
    if let Some(open) = replay.episodes.last_mut().filter(|episode| episode.to.is_none()) {
        open.peak = peak;
    }
    replay
}

impl Replay {
    fn hear(&mut self, at: Timestamp, change: &Change) {
        let open = self.episodes.last_mut().filter(|episode| episode.to.is_none());
        match (change, open) {
            (Change::Rise(level), None) => self.episodes.push(Episode {
                from: self.watch.since.unwrap_or(at),
                to: None,
                why: None,
                level: *level,
                peak: 0,
                rises: vec![(at, *level)],
            }),
            (Change::Rise(level), Some(open)) => {
                open.level = open.level.max(*level);
                open.rises.push((at, *level));
            }
            (Change::Clear { peak, .. }, Some(open)) => {
                (open.to, open.why, open.peak) = (Some(at), Some(Over::Calm), *peak);
            }
            (Change::Closed { peak, .. }, Some(open)) => {
                (open.to, open.why, open.peak) = (Some(at), Some(Over::Closing), *peak);
            }
            (Change::Silent { since }, _) => {
                self.silences.push(Silence { from: *since, told: at, to: None });
            }
            (Change::Back, _) => {
                if let Some(silence) = self.silences.last_mut() {
                    silence.to = Some(at);
                }
            }
            // Nobody is told, or nobody snoozed.
            (Change::Ease(_) | Change::Remind(_) | Change::Clear { .. } | Change::Closed { .. }, _) => {}
        }
    }

    /// The longest time without an episode.
    pub fn quiet(&self) -> Option<(Timestamp, Timestamp)> {
        let (first, last) = self.span?;
        let starts = self.episodes.iter().map(|episode| episode.from).chain([last]);
        let ends =
            std::iter::once(first).chain(self.episodes.iter().map(|episode| episode.to.unwrap_or(last)));
        let quiet = ends.zip(starts).filter(|(from, to)| to > from);
        // The first of the longest.
        quiet.reduce(|longest, next| {
            let length = |(from, to): (Timestamp, Timestamp)| to.duration_since(from);
            if length(next) > length(longest) { next } else { longest }
        })
    }

    /// The episodes as periods, the last one up to the end of the counts.
    fn spans(&self) -> Vec<(Timestamp, Timestamp, Level)> {
        let last = self.span.map(|(_, last)| last);
        let spans = self.episodes.iter();
        spans.map(|one| (one.from, one.to.or(last).unwrap_or(one.from), one.level)).collect()
    }
}

/// What can be asked of `handbell replay`.
#[derive(Args, Clone, Debug)]
#[command(
    override_usage = "handbell replay --zone ZONE (--csv FILE | --last TIME) [OPTIONS]",
    after_help = "\
Examples:
  handbell replay --zone shoes --csv counts.csv    what the zone's rule would have told
  handbell replay --zone Shoes --last 7d           of the counts stored by the runner on this laptop
  handbell replay --zone shoes --last 4w --at 60   what another number would have changed
  handbell replay --zone shoes --csv counts.csv --warn 80%/70% --alert never --cooldown 30m
  HANDBELL_TABLE=handbell AWS_REGION=eu-west-1 handbell replay --zone shoes --last 7d
                                                   of AWS; credentials from the environment

counts.csv has a time and a count in each line, the oldest first; with or without a heading:
  time,count
  2026-11-14 11:40,87       in the configuration's time zone; in Paris 2026-11-14T10:40:00Z
  2026-11-14 11:41,         nothing is known of this minute, nor of one that isn't there

Nothing is sent and nothing is changed: numbers that are good go into the configuration."
)]
pub struct Options {
    /// The zone: its name or its label
    #[arg(long, value_name = "ZONE")]
    pub zone: String,
    /// Counts from a file
    #[arg(long, value_name = "FILE", required_unless_present = "last", conflicts_with = "last")]
    pub csv: Option<PathBuf>,
    /// Counts that Handbell has stored, of so long: 7d, 36h, 4w
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub last: Option<SignedDuration>,
    /// The configuration; the demo's if absent
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Where the runner on this laptop is, for --last; without it, the table named by HANDBELL_TABLE comes first
    #[arg(long, value_name = "URL")]
    pub runner: Option<String>,
    /// Draw a picture, too
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    /// Other numbers for the rule than the configuration's.
    #[command(flatten)]
    pub tuning: Tuning,
    /// How wide the terminal is
    #[arg(long, value_name = "COLUMNS", env = "COLUMNS", hide = true)]
    pub width: Option<usize>,
}

/// A length of time in which days and weeks may stand.
fn length(text: &str) -> Result<SignedDuration, String> {
    let advice = || "write a length of time such as 7d, 36h or 4w".to_owned();
    let span: jiff::Span = text.parse().map_err(|_| advice())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| advice())?;
    if length < SignedDuration::from_mins(1) {
        return Err(advice());
    }
    if length > SignedDuration::from_hours(24 * MOST_DAYS) {
        return Err(format!("counts are kept for thirteen months: {MOST_DAYS}d at most"));
    }
    Ok(length)
}

/// What the command needs from outside.
pub struct Around<'a> {
    /// The environment's variables.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// What time it is.
    pub now: Timestamp,
    /// How wide the terminal is.
    pub width: usize,
    /// The terminal has colours.
    pub colour: bool,
}

/// Does what was asked and says what to show.
pub async fn run(options: &Options, config: &Config, around: &Around<'_>) -> Result<String, String> {
    let (name, configured) = find(config, &options.zone)?;
    let zone = options.tuning.applied(configured);
    let label = zone.label.as_deref().unwrap_or(name);
    let rule = Rule::of(&zone, &config.time_zone()).map_err(|wrong| {
        let wrong: Vec<String> = wrong
            .into_iter()
            .map(|(path, what)| if path.is_empty() { what } else { format!("{}: {what}", path.join(".")) })
            .collect();
        format!("the rule of {label} can't work: {}", wrong.join("; "))
    })?;
    let (counts, source) = match (&options.csv, options.last) {
        (Some(file), _) => {
            let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
            let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
            let counts = counts::read(&text, &config.time_zone()).map_err(|error| named(&error))?;
            (counts, format!("--csv {}", quoted(&file.display().to_string())))
        }
        (None, last) => {
            let last = last.unwrap_or(SignedDuration::from_hours(7 * 24));
            let counts = stored(options, &zone.site, name, last, around).await?;
            if counts.is_empty() {
                return Err(format!("no counts of {label} are stored from the last {}", report::long(last)));
            }
            let runner = options.runner.as_ref().map(|runner| format!(" --runner {}", quoted(runner)));
            let last = if last.as_secs() % 86_400 == 0 {
                format!("{}d", last.as_hours() / 24)
            } else {
                format!("{last:#}").replace(' ', "")
            };
            (counts, format!("--last {last}{}", runner.unwrap_or_default()))
        }
    };
    let counts = counts::every_minute(&counts);
    let replay = replay(&rule, &counts);
    let told = Told { label, capacity: zone.capacity, rule: &rule, zone: config.time_zone() };
    let mut out = report::report(&replay, &told);
    if let Some((start, _)) = replay.span {
        let points: Vec<Option<u32>> = counts.iter().map(|(_, count)| *count).collect();
        let spans = replay.spans();
        let shown = Plot {
            start,
            step: SignedDuration::from_mins(1),
            points: &points,
            levels: &rule.levels,
            spans: &spans,
            zone: config.time_zone(),
        };
        out.push('\n');
        out.push_str(&plot(&shown, around.width, around.colour));
        if let Some(file) = &options.png {
            std::fs::write(file, picture(&replay, &told, start, &points))
                .map_err(|error| format!("{}: {error}", file.display()))?;
            out.push_str(&format!("\nThe picture is in {}.\n", file.display()));
        }
    }
    let config_option =
        options.config.as_ref().map(|file| format!(" --config {}", quoted(&file.display().to_string())));
    let again = format!(
        "handbell replay --zone {} {source}{}",
        quoted(&options.zone),
        config_option.unwrap_or_default()
    );
    out.push_str(&report::hint(&replay, &rule, name, &again, &options.tuning));
    Ok(out)
}

/// A word of a command line.
fn quoted(word: &str) -> String {
    let plain = |sign: char| sign.is_alphanumeric() || "-_./:+".contains(sign);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The zone with this name or label, whatever the case.
pub fn find<'a>(config: &'a Config, wanted: &str) -> Result<(&'a str, &'a Zone), String> {
    let lower = wanted.trim().to_lowercase();
    if let Some((name, zone)) = config.zones.get_key_value(wanted) {
        return Ok((name, zone));
    }
    let fits = |word: &str| word.trim().to_lowercase() == lower;
    let fitting: Vec<(&String, &Zone)> = config
        .zones
        .iter()
        .filter(|(name, zone)| fits(name) || zone.label.as_deref().is_some_and(fits))
        .collect();
    match fitting[..] {
        [(name, zone)] => Ok((name, zone)),
        [] if config.zones.is_empty() => {
            Err("the configuration has no zones; name one that has with --config".into())
        }
        [] => {
            let names = || config.zones.keys().map(String::as_str);
            let labels = config.zones.values().filter_map(|zone| zone.label.as_deref());
            let meant =
                nearest(wanted, names().chain(labels)).map(|meant| format!("; did you mean {meant:?}?"));
            let all = || format!("; the zones are: {}", names().collect::<Vec<_>>().join(", "));
            Err(format!("there is no zone {wanted:?}{}", meant.unwrap_or_else(all)))
        }
        _ => {
            let names: Vec<&str> = fitting.iter().map(|(name, _)| name.as_str()).collect();
            Err(format!("{wanted:?} is more than one zone; write one of the names {}", names.join(", ")))
        }
    }
}

async fn stored(
    options: &Options,
    site: &str,
    zone: &str,
    last: SignedDuration,
    around: &Around<'_>,
) -> Result<Vec<(Timestamp, Option<u32>)>, String> {
    match (&options.runner, (around.variable)("HANDBELL_TABLE")) {
        (None, Some(table)) => {
            let environment = Environment::from(|name| match name {
                // A tool that only reads the table needs neither.
                "HANDBELL_QUEUE_URL" | "HANDBELL_BUS" => Some(String::new()),
                _ => (around.variable)(name),
            });
            let advice = "for a profile of the AWS command line: eval \"$(aws configure export-credentials --format env)\"";
            let environment = environment
                .map_err(|error| format!("the table {table} can't be read: {error}\n({advice})"))?;
            let failed = |error: &dyn std::fmt::Display| format!("the table {table} can't be read: {error}");
            let store = handbell_boot::store(&environment).map_err(|error| failed(&error))?;
            // To the minute that isn't over yet.
            store.counts(site, zone, around.now - last, around.now).await.map_err(|error| failed(&error))
        }
        (runner, _) => from_runner(runner.as_deref().unwrap_or(RUNNER), zone, last).await,
    }
}

async fn from_runner(
    runner: &str,
    zone: &str,
    last: SignedDuration,
) -> Result<Vec<(Timestamp, Option<u32>)>, String> {
    let mut url = Url::parse(runner).map_err(|_| format!("{runner:?} is no address such as {RUNNER}"))?;
    url.path_segments_mut()
        .map_err(|()| format!("{runner:?} is no address such as {RUNNER}"))?
        .pop_if_empty()
        .extend(["sim", "cmx", "zones", zone, "counts"]);
    // The runner's clock counts: on the page, time can be moved.
    url.query_pairs_mut().append_pair("last", &last.as_secs().to_string());
    let http = handbell_boot::client().map_err(|error| error.to_string())?;
    let answer = http.get(url).send().await.map_err(|_| {
        format!(
            "there is no runner at {runner}, so there are no counts. Start `handbell` in another terminal (its address with \
             --runner), set HANDBELL_TABLE to read a table in AWS, or give counts with --csv"
        )
    })?;
    let status = answer.status();
    let broken = |_| format!("the answer of the runner at {runner} can't be read; is it another version?");
    if !status.is_success() {
        let text = answer.text().await.map_err(broken)?;
        return Err(format!("the runner at {runner} says {}: {}", status.as_u16(), text.trim()));
    }
    answer.json().await.map_err(broken)
}

/// The picture, with a point for each pixel at most.
fn picture(replay: &Replay, told: &Told<'_>, start: Timestamp, points: &[Option<u32>]) -> Vec<u8> {
    let (width, height) = PICTURE;
    let each = points.len().div_ceil(width as usize).max(1);
    let points: Vec<Option<u32>> =
        points.chunks(each).map(|some| some.iter().flatten().max().copied()).collect();
    let tone = |level| match level {
        Level::Warn => chart::Tone::Warn,
        Level::Alert => chart::Tone::Alert,
    };
    let labels: Vec<String> =
        told.rule.levels.iter().map(|bounds| format!("{} {}", word(bounds.level), bounds.at)).collect();
    let levels = told.rule.levels.iter().zip(&labels);
    let levels: Vec<chart::Line<'_>> = levels
        .map(|(bounds, label)| chart::Line { at: bounds.at, label, tone: tone(bounds.level) })
        .collect();
    let spans: Vec<chart::Span> = replay
        .spans()
        .into_iter()
        .map(|(from, to, level)| chart::Span { from, to, tone: tone(level) })
        .collect();
    let caption = report::headline(replay, told);
    let drawn = chart::Chart {
        title: told.label,
        caption: caption.trim_end_matches([':', '.']),
        start,
        step: SignedDuration::from_mins(each as i64),
        points: &points,
        levels: &levels,
        spans: &spans,
        zone: told.zone.clone(),
        tone: replay.watch.level.map_or(chart::Tone::Calm, tone),
    };
    chart::png_sized(&drawn, width, height)
}

/// A level's name, as it stands in the configuration.
fn word(level: Level) -> &'static str {
    handbell_core::wording::occupancy::level(level)
}

#[cfg(test)]
mod tests;
