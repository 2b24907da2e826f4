//! `handbell report`: statistics of past incidents: what happened, who took them, and how long it took.

mod bars;
mod csv;
mod picture;
mod table;
mod told;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use handbell_core::config::Config;
use handbell_core::incident::Kind;
use handbell_core::incident::summary::{Summary, Tally, Times, kind_name};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, SpanRelativeTo, Timestamp};
use serde_json::{Value, json};

use crate::document::document;
use crate::failure::Failure;
use crate::replay::Around;

/// Retention of closed incidents, in days.
const KEPT_DAYS: i64 = 400;
/// Default period.
const USUAL: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Options of `handbell report`.
#[derive(Args, Clone, Debug)]
#[command(
    override_usage = "handbell report [--last TIME | --from DATE [--to DATE]] [OPTIONS]",
    after_help = "\
Examples:
  handbell report                                     the last 30 days of the runner on this laptop
  handbell report --last 12w --by person              who took how many incidents, and how soon
  handbell report --from 2026-10-01 --to 2026-10-31   a month, including both days
  handbell report --last 7d --csv week.csv            also a line for each incident, for a spreadsheet
  handbell report --last 90d --png quarter.png        also a picture of the incidents on each day
  handbell report --json | jq .tally.lapsed_untaken   a number for another program
  HANDBELL_TABLE=handbell AWS_REGION=eu-west-1 handbell report
                                                      the same in AWS; credentials from the environment

What the numbers mean:
  The report contains the incidents that are over, by the time at which they opened.
  Open incidents aren't included.
  Taken     Somebody acknowledged the incident. The first person counts, with the
            time since the opening, including the time in which phones were silent.
            Incidents that nobody took are counted separately, not as a time of zero.
  Resolved  The incident was resolved by a person or automatically. The time is that
            from the opening to the end, whether or not anybody took the incident.
            Cancelled (false alarm) and lapsed (no further event) have no such time.
  half      The median: the time in the middle, or the mean of the two in the middle.
  95%       The 95th percentile by nearest rank: the shortest time that at least 95 of
            100 incidents don't exceed. Of fewer than twenty, that is the longest.
  Hours and weekdays are in the configuration's time zone; times in the CSV are UTC.
  A phone that belongs to no known person is shown by its last two digits, …01; two
  phones with the same last digits can't be told apart.

--json prints {from, to, timezone, tally, incidents}. tally is {incidents, taken, resolved, cancelled, lapsed,
lapsed_untaken, to_take, to_resolve}; the last two are {median_seconds, p95_seconds} or null. incidents is
[{reference, kind, name, plan, severity, opened_at, ended_at, phase, taken_by, taken_at, step, rounds,
count}]. --by doesn't change the JSON."
)]
pub(crate) struct Options {
    /// Incidents that opened within the last 30d, 12w or 36h; 30d if absent
    #[arg(long, value_name = "TIME", value_parser = length, conflicts_with = "from")]
    pub(crate) last: Option<SignedDuration>,
    /// Incidents that opened on this day or later: 2026-11-01
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) from: Option<Date>,
    /// Incidents that opened on this day or earlier; up to now if absent
    #[arg(long, value_name = "DATE", value_parser = day, requires = "from")]
    pub(crate) to: Option<Date>,
    /// The breakdown to show; by source, person and hour if absent
    #[arg(long, value_enum)]
    pub(crate) by: Option<Breakdown>,
    /// Also write a line for each incident to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// Also draw a picture
    #[arg(long, value_name = "FILE")]
    pub(crate) png: Option<PathBuf>,
    /// Print JSON instead
    #[arg(long)]
    pub(crate) json: bool,
    /// The configuration file, for its time zone; if absent, the demo's, or else handbell.yaml in the current folder
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The runner on this laptop; if absent, the table HANDBELL_TABLE in AWS, or else http://127.0.0.1:8080
    #[arg(long, value_name = "URL")]
    pub(crate) runner: Option<String>,
    /// Width of the terminal
    #[arg(long, value_name = "COLUMNS", env = "COLUMNS", hide = true)]
    pub(crate) width: Option<usize>,
}

/// Breakdowns of the incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Breakdown {
    /// The source of an alert, the button, the zone, the site or the line
    Source,
    /// The person who took the incident first
    Person,
    /// The hour of the day in which the incident opened
    Hour,
    /// The day of the week on which the incident opened
    Weekday,
    /// The plan that ran
    Plan,
}

/// Parses a duration that may contain days and weeks.
fn length(text: &str) -> Result<SignedDuration, String> {
    let advice = || "write a duration such as 30d, 12w or 36h".to_owned();
    let span: jiff::Span = text.parse().map_err(|_| advice())?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| advice())?;
    if length < SignedDuration::from_mins(1) {
        return Err(advice());
    }
    if length > SignedDuration::from_hours(24 * KEPT_DAYS) {
        return Err(format!("incidents are kept for thirteen months; write at most {KEPT_DAYS}d"));
    }
    Ok(length)
}

fn day(text: &str) -> Result<Date, String> {
    // Parsing as a date-time would ignore the time of day.
    Date::strptime("%Y-%m-%d", text).map_err(|_| "write a day such as 2026-11-01".to_owned())
}

/// Period of a report.
#[derive(Clone, Debug)]
pub(crate) struct Period {
    /// The beginning, inclusive.
    from: Timestamp,
    /// The end, exclusive.
    to: Timestamp,
    /// Time zone of the days and hours.
    zone: TimeZone,
}

impl Period {
    /// Returns the requested period, relative to `now`.
    fn of(options: &Options, zone: TimeZone, now: Timestamp) -> Result<Self, String> {
        let Some(first) = options.from else {
            return Ok(Self { from: now - options.last.unwrap_or(USUAL), to: now, zone });
        };
        let last = options.to;
        if let Some(last) = last.filter(|last| *last < first) {
            return Err(format!("--to {last} is before --from {first}; write the earlier day as --from"));
        }
        let beyond = || "that day is outside of the calendar".to_owned();
        let begin =
            |date: Date| date.to_zoned(zone.clone()).map(|start| start.timestamp()).map_err(|_| beyond());
        let from = begin(first)?;
        if from > now {
            return Err(format!("--from {first} is in the future; write an earlier day"));
        }
        let earliest = now - SignedDuration::from_hours(24 * KEPT_DAYS);
        if from < earliest {
            let earliest = earliest.to_zoned(zone).date().tomorrow().map_err(|_| beyond())?;
            return Err(format!(
                "incidents are kept for {KEPT_DAYS} days; write --from {earliest} or a later day"
            ));
        }
        let end = last.map(|last| last.tomorrow().map_err(|_| beyond()).and_then(begin)).transpose()?;
        Ok(Self { from, to: end.unwrap_or(now).min(now), zone })
    }
}

/// Runs the command and returns the text to print.
pub(crate) async fn run(options: &Options, config: &Config, around: &Around<'_>) -> Result<String, Failure> {
    let place = table::reach(options.runner.as_deref(), around).await?;
    let period = Period::of(options, config.time_zone(), place.now)?;
    let mut summaries = place.log(period.from, period.to).await?;
    give_present_names(&mut summaries, config);
    let mut out = if options.json {
        document(&numbers(&summaries, &period))
    } else if summaries.is_empty() {
        told::nothing(&period, &place.name)
    } else {
        told::report(&summaries, &period, options.by, around.width, around.colour)
    };
    if let Some(file) = &options.csv {
        std::fs::write(file, csv::table(&summaries))
            .map_err(|error| format!("{}: {error}", file.display()))?;
        let lines = match summaries.len() {
            0 => "No incidents; only the heading is".to_owned(),
            1 => "The incident is".to_owned(),
            many => format!("The {many} incidents are"),
        };
        if !options.json {
            out.push_str(&format!("\n{lines} in {}.\n", file.display()));
        }
    }
    if let Some(file) = options.png.as_ref().filter(|_| !summaries.is_empty()) {
        std::fs::write(file, picture::png(&summaries, &period))
            .map_err(|error| format!("{}: {error}", file.display()))?;
        if !options.json {
            out.push_str(&format!("\nThe picture is in {}.\n", file.display()));
        }
    }
    Ok(out)
}

/// Replaces the names under which state is stored by those that the configuration has now.
fn give_present_names(summaries: &mut [Summary], config: &Config) {
    let names = config.state_names();
    for one in summaries {
        let renamed = match one.kind {
            Kind::Button => &names.buttons,
            Kind::Zone => &names.zones,
            Kind::SilentSite => &names.sites,
            Kind::Waiting | Kind::Customer => &names.lines,
            Kind::Alert => &names.sources,
            Kind::Notice => continue,
        };
        one.name = renamed.present(&one.name).to_owned();
        one.plan = names.plans.present(&one.plan).to_owned();
    }
}

/// The numbers and their incidents as JSON, for programs.
fn numbers(summaries: &[Summary], period: &Period) -> Value {
    let tally = Tally::of(summaries);
    let times = |times: Option<Times>| {
        times.map(|times| json!({ "median_seconds": times.median.as_secs_f64(), "p95_seconds": times.p95.as_secs_f64() }))
    };
    let incidents = summaries.iter().map(|one| {
        json!({
            "reference": one.reference, "kind": kind_name(one.kind), "name": one.name, "plan": one.plan,
            "severity": one.severity, "opened_at": one.opened_at, "ended_at": one.ended_at, "phase": told::end(one.phase),
            "taken_by": one.taken.as_ref().map(|by| &by.who), "taken_at": one.taken.as_ref().map(|by| by.at),
            "step": one.step, "rounds": one.rounds, "count": one.count,
        })
    });
    json!({
        "from": period.from, "to": period.to, "timezone": period.zone.iana_name(),
        "tally": {
            "incidents": tally.incidents, "taken": tally.taken, "resolved": tally.resolved, "cancelled": tally.cancelled,
            "lapsed": tally.lapsed, "lapsed_untaken": tally.lapsed_untaken, "to_take": times(tally.to_take),
            "to_resolve": times(tally.to_resolve),
        },
        "incidents": incidents.collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests;
