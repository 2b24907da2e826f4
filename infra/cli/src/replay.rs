//! `handbell replay`: what a zone's rule would have told, had it watched these counts.
//!
//! [`replay`] is the live rule, `Watch::step`, taken minute by minute. People aren't played: nobody snoozes, and nobody
//! says that it isn't busy.

pub mod counts;
mod picture;
mod played;
pub mod report;
mod stored;
pub mod tuning;

use std::path::PathBuf;

use clap::Args;
use handbell_core::config::{Config, Zone};
use handbell_core::occupancy::zone::Rule;
use jiff::{SignedDuration, SpanRelativeTo, Timestamp};

use crate::check::nearest;
use crate::document::document;
use crate::failure::Failure;
use crate::plot::{Plot, plot};
use picture::picture;
pub use played::{Episode, Replay, Silence, replay};
use report::Told;
use stored::stored;
use tuning::Tuning;

/// More days than anybody keeps counts for; a year that was mistyped is more.
const MOST_DAYS: i64 = 400;

/// A count for a minute, or that nothing is known of it.
type Counts = Vec<(Timestamp, Option<u32>)>;

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

--json prints {zone, capacity, levels, from, to, minutes, unknown_minutes, peak, episodes, silences}: levels are
[{level, at, clear}], peak {at, count}, episodes [{from, to, why, level, peak, told}] with told as
[{at, level}], and silences [{from, told, to}]; a `to` of null hasn't come by the end of the counts.

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
    /// Print JSON instead
    #[arg(long)]
    pub json: bool,
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
pub async fn run(options: &Options, config: &Config, around: &Around<'_>) -> Result<String, Failure> {
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
    let (counts, source) = counted(options, config, (name, configured), around).await?;
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
    if options.json {
        return Ok(document(&played::numbers(&replay, name, zone.capacity, &rule)));
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

/// The counts that are meant, and the words of the command line that name them.
async fn counted(
    options: &Options,
    config: &Config,
    (name, zone): (&str, &Zone),
    around: &Around<'_>,
) -> Result<(Counts, String), Failure> {
    if let Some(file) = &options.csv {
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
        let counts = counts::read(&text, &config.time_zone()).map_err(|error| named(&error))?;
        return Ok((counts, format!("--csv {}", quoted(&file.display().to_string()))));
    }
    let last = options.last.unwrap_or(SignedDuration::from_hours(7 * 24));
    let counts = stored(options, &zone.site, name, last, around).await?;
    if counts.is_empty() {
        let label = zone.label.as_deref().unwrap_or(name);
        return Err(format!("no counts of {label} are stored from the last {}", report::long(last)).into());
    }
    let runner = options.runner.as_ref().map(|runner| format!(" --runner {}", quoted(runner)));
    let last = if last.as_secs() % 86_400 == 0 {
        format!("{}d", last.as_hours() / 24)
    } else {
        format!("{last:#}").replace(' ', "")
    };
    Ok((counts, format!("--last {last}{}", runner.unwrap_or_default())))
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

#[cfg(test)]
mod tests;
