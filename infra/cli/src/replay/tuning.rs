//! Other numbers for a zone's rule, for this once.

use std::fmt;

use clap::Args;
use handbell_core::config::{Amount, Never, Span, Threshold, Zone};
use jiff::SignedDuration;

/// Numbers that take the place of the configuration's. What isn't given stays as it is there.
#[derive(Args, Clone, Debug, Default, PartialEq)]
#[command(next_help_heading = "Other numbers than the configuration's")]
pub struct Tuning {
    /// One threshold and nothing more: 60, or 90% of the capacity
    #[arg(long, value_name = "COUNT", value_parser = amount, conflicts_with_all = ["warn", "alert"])]
    pub at: Option<Amount>,
    /// It is getting full: 80%, 80, 80%/70% (told at 80%, over at 70%), never
    #[arg(long, value_name = "LEVEL", value_parser = threshold)]
    pub warn: Option<Threshold>,
    /// It is full: the same
    #[arg(long, value_name = "LEVEL", value_parser = threshold)]
    pub alert: Option<Threshold>,
    /// So many minutes in a row before it is busier
    #[arg(long, value_name = "POLLS", value_parser = clap::value_parser!(u8).range(1..))]
    pub up: Option<u8>,
    /// So many minutes in a row before it is quieter
    #[arg(long, value_name = "POLLS", value_parser = clap::value_parser!(u8).range(1..))]
    pub down: Option<u8>,
    /// A level isn't told again within this time: 10m
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub cooldown: Option<SignedDuration>,
    /// How many devices it holds
    #[arg(long, value_name = "COUNT")]
    pub capacity: Option<u32>,
}

impl Tuning {
    /// The zone with these numbers.
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

/// As it is written on a command line, with a space before each word.
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
    amount.map_err(|_| "write a number of devices such as 60, or a part of the capacity such as 80%".into())
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
    time.filter(|time| !time.is_negative())
        .ok_or_else(|| "write a length of time such as 10m or 1h 30m".into())
}
