//! `handbell replay`: shows the alerts that a zone's rule would have sent for past counts.
//!
//! [`replay`] runs the live rule, `Watch::step`, minute by minute. It simulates no commands of people: nobody snoozes an
//! alert or dismisses it.

pub mod counts;
mod picture;
mod played;
pub mod report;
mod stored;
pub mod tuning;

use std::path::PathBuf;

use clap::Args;
use handbell_core::config::{Config, Zone};
use handbell_core::occupancy::zone::ZoneRule;
use jiff::{SignedDuration, SpanRelativeTo, Timestamp};

use crate::document::document;
use crate::failure::Failure;
use crate::plot::{Plot, plot};
use handbell_core::nearest;
use picture::picture;
pub use played::{Episode, Replay, Silence, replay};
use report::Told;
use stored::{StoredZone, stored};
use tuning::Tuning;

/// Limit of the period, in days. It exceeds the retention of counts; a longer period is probably a mistyped year.
const MOST_DAYS: i64 = 400;

/// Counts by minute; `None` means unknown.
type Counts = Vec<(Timestamp, Option<u32>)>;

/// Options of `handbell replay`.
#[derive(Args, Clone, Debug)]
#[command(
    override_usage = "handbell replay --zone ZONE (--csv FILE | --last TIME) [OPTIONS]",
    after_help = "\
Examples:
  handbell replay --zone shoes --csv counts.csv    show the alerts for the counts of a file
  handbell replay --zone Shoes --last 7d           use the counts of the runner on this laptop
  handbell replay --zone shoes --last 4w --at 60   try another threshold
  handbell replay --zone shoes --csv counts.csv --warn 80%/70% --alert never --cooldown 30m
  HANDBELL_TABLE=handbell AWS_REGION=eu-west-1 handbell replay --zone shoes --last 7d
                                                   use the counts in AWS; credentials from the environment

counts.csv has a time and a count in each line, the oldest first, with or without a heading:
  time,count
  2026-11-14 11:40,87       in the configuration's time zone; in Paris this is 2026-11-14T10:40:00Z
  2026-11-14 11:41,         the count of this minute is unknown, like that of a minute without a line

--json prints {zone, capacity, levels, from, to, minutes, unknown_minutes, peak, episodes, silences}. levels is
[{level, at, clear}], peak {at, count}, episodes [{from, to, why, level, peak, told}] with told as
[{at, level}], and silences [{from, told, to}]. A `to` of null means that the end is after the last count.

The command sends nothing and changes nothing. Write numbers that work well into the configuration."
)]
pub struct Options {
    /// The zone's name or label
    #[arg(long, value_name = "ZONE")]
    pub zone: String,
    /// Counts from a file
    #[arg(long, value_name = "FILE", required_unless_present = "last", conflicts_with = "last")]
    pub csv: Option<PathBuf>,
    /// Stored counts of this period: 7d, 36h, 4w
    #[arg(long, value_name = "TIME", value_parser = length)]
    pub last: Option<SignedDuration>,
    /// The configuration file; if absent, the demo's, or else handbell.yaml in the current folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The runner for --last; if absent, the table HANDBELL_TABLE in AWS, or else http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    pub runner: Option<String>,
    /// Print JSON instead
    #[arg(long)]
    pub json: bool,
    /// Also draw a picture
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    /// Numbers that replace those of the configuration.
    #[command(flatten)]
    pub tuning: Tuning,
    /// Width of the terminal
    #[arg(long, value_name = "COLUMNS", env = "COLUMNS", hide = true)]
    pub width: Option<usize>,
}

/// Parses a duration that may contain days and weeks.
fn length(text: &str) -> Result<SignedDuration, String> {
    let advice = || "write a duration such as 7d, 36h or 4w".to_owned();
    let span: jiff::Span = text.parse().map_err(|_| advice())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| advice())?;
    if length < SignedDuration::from_mins(1) {
        return Err(advice());
    }
    if length > SignedDuration::from_hours(24 * MOST_DAYS) {
        return Err(format!("counts are kept for thirteen months; write at most {MOST_DAYS}d"));
    }
    Ok(length)
}

/// What a command reads from outside.
pub struct Around<'a> {
    /// Reads a variable of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// The current time.
    pub now: Timestamp,
    /// Width of the terminal, in columns.
    pub width: usize,
    /// Whether the terminal has colours.
    pub colour: bool,
}

/// Runs the command and returns the text to print.
pub async fn run(options: &Options, config: &Config, around: &Around<'_>) -> Result<String, Failure> {
    let (name, configured) = find(config, &options.zone)?;
    let zone = options.tuning.applied(configured);
    let label = zone.label.as_deref().unwrap_or(name);
    let rule = ZoneRule::of(&zone, &config.time_zone()).map_err(|wrong| {
        let wrong: Vec<String> = wrong
            .into_iter()
            .map(|(path, what)| if path.is_empty() { what } else { format!("{}: {what}", path.join(".")) })
            .collect();
        format!("the rule of {label} is not valid: {}", wrong.join("; "))
    })?;
    let (counts, source) = counted(options, config, name, around).await?;
    let counts = counts::every_minute(&counts);
    let replay = replay(&rule, &counts);
    let told = Told { label, capacity: zone.capacity, rule: &rule, zone: config.time_zone() };
    let mut out = report::report(&replay, &told);
    if let Some((start, _)) = replay.span {
        let points: Vec<Option<u32>> = counts.iter().map(|(_, count)| *count).collect();
        let spans = replay.spans();
        let shown =
            Plot { start, counts: &points, levels: &rule.levels, spans: &spans, zone: config.time_zone() };
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

/// Returns the requested counts, and the options of the command line that name them.
async fn counted(
    options: &Options,
    config: &Config,
    name: &str,
    around: &Around<'_>,
) -> Result<(Counts, String), Failure> {
    if let Some(file) = &options.csv {
        let named = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let text = std::fs::read_to_string(file).map_err(|error| named(&error))?;
        let counts = counts::read(&text, &config.time_zone()).map_err(|error| named(&error))?;
        return Ok((counts, format!("--csv {}", quoted(&file.display().to_string()))));
    }
    let last = options.last.unwrap_or(SignedDuration::from_hours(7 * 24));
    let zone = &config.zones[name];
    let names = config.state_names();
    let stored_as = StoredZone { site: names.sites.state(&zone.site), zone: names.zones.state(name), name };
    let counts = stored(options, stored_as, last, around).await?;
    if counts.is_empty() {
        let label = zone.label.as_deref().unwrap_or(name);
        return Err(
            format!("there are no stored counts of {label} for the last {}", report::long(last)).into()
        );
    }
    let runner = options.runner.as_ref().map(|runner| format!(" --runner {}", quoted(runner)));
    let last = if last.as_secs() % 86_400 == 0 {
        format!("{}d", last.as_hours() / 24)
    } else {
        format!("{last:#}").replace(' ', "")
    };
    Ok((counts, format!("--last {last}{}", runner.unwrap_or_default())))
}

/// Quotes a word for a shell's command line.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Finds the zone with this name or label, ignoring case.
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
            Err("the configuration has no zones; name another configuration with --config".into())
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
            Err(format!("{wanted:?} matches more than one zone; write one of the names {}", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests;
