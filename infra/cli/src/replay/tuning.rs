//! Numbers that replace those of a zone's rule for one replay.

use std::fmt;

use clap::Args;
use handbell_core::config::{Amount, Never, Span, Threshold, Zone};
use jiff::SignedDuration;

/// Numbers that replace those of the configuration. Absent options keep the configuration's numbers.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Numbers that replace those of the configuration")]
pub struct Tuning {
    /// The only threshold: 60, or 90% of the capacity
    #[arg(long, value_name = "COUNT", value_parser = amount, conflicts_with_all = ["warn", "alert"])]
    pub at: Option<Amount>,
    /// The level `warn`: 80%, 80, 80%/70% (begins at 80%, ends at 70%), never
    #[arg(long, value_name = "LEVEL", value_parser = threshold)]
    pub warn: Option<Threshold>,
    /// The level `alert`, written in the same way
    #[arg(long, value_name = "LEVEL", value_parser = threshold)]
    pub alert: Option<Threshold>,
    /// Number of polls in a row, one a minute, before the level rises
    #[arg(long, value_name = "POLLS", value_parser = clap::value_parser!(u8).range(1..))]
    pub up: Option<u8>,
    /// Number of polls in a row, one a minute, before the level falls
    #[arg(long, value_name = "POLLS", value_parser = clap::value_parser!(u8).range(1..))]
    pub down: Option<u8>,
    /// Time within which the same level isn't alerted again: 10m
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub cooldown: Option<SignedDuration>,
    /// Number of devices that the zone holds
    #[arg(long, value_name = "COUNT")]
    pub capacity: Option<u32>,
}

impl Tuning {
    /// Returns the zone with these numbers.
    pub fn applied(&self, zone: &Zone) -> Zone {
        let mut zone = zone.clone();
        if self.at.is_some() {
            (zone.at, zone.warn, zone.alert) = (self.at, None, None);
        }
        if self.warn.is_some() || self.alert.is_some() {
            zone.at = None;
            zone.warn = self.warn.or(zone.warn);
            zone.alert = self.alert.or(zone.alert);
        }
        zone.capacity = self.capacity.or(zone.capacity);
        zone.polls.up = self.up.unwrap_or(zone.polls.up);
        zone.polls.down = self.down.unwrap_or(zone.polls.down);
        zone.cooldown = self.cooldown.map_or(zone.cooldown, Span);
        zone
    }
}

/// Formats the options for a command line, with a space before each.
impl fmt::Display for Tuning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = |amount: Amount| match amount {
            Amount::Devices(count) => count.to_string(),
            Amount::Percent(percent) => format!("{percent}%"),
        };
        let threshold = |threshold: Threshold| match threshold {
            Threshold::Never(_) => "never".to_owned(),
            Threshold::At(at) => amount(at),
            Threshold::Between { at, clear } => format!("{}/{}", amount(at), amount(clear)),
        };
        let number = |number: u32| number.to_string();
        let all = [
            ("at", self.at.map(amount)),
            ("warn", self.warn.map(threshold)),
            ("alert", self.alert.map(threshold)),
            ("up", self.up.map(u32::from).map(number)),
            ("down", self.down.map(u32::from).map(number)),
            ("cooldown", self.cooldown.map(|time| format!("{time:#}").replace(' ', ""))),
            ("capacity", self.capacity.map(number)),
        ];
        all.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .try_for_each(|(name, value)| write!(f, " --{name} {value}"))
    }
}

fn amount(text: &str) -> Result<Amount, String> {
    let amount = match text.trim().strip_suffix('%') {
        Some(percent) => percent.trim().parse().map(Amount::Percent),
        None => text.trim().parse().map(Amount::Devices),
    };
    amount.map_err(|_| {
        "write a number of devices such as 60, or a percentage of the capacity such as 80%".into()
    })
}

fn threshold(text: &str) -> Result<Threshold, String> {
    if text.trim().eq_ignore_ascii_case("never") {
        return Ok(Threshold::Never(Never::Never));
    }
    match text.split_once('/') {
        None => amount(text).map(Threshold::At),
        Some((at, clear)) => Ok(Threshold::Between { at: amount(at)?, clear: amount(clear)? }),
    }
}

fn time(text: &str) -> Result<SignedDuration, String> {
    let time: Option<SignedDuration> = text.parse().ok();
    time.filter(|time| !time.is_negative()).ok_or_else(|| "write a duration such as 10m or 1h 30m".into())
}
