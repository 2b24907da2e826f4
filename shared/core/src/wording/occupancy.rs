//! Texts about zones, and about the sites that count their devices.

use jiff::Timestamp;

use super::escape::{escape_markdown, plain};
use super::words::{Words, clock, ordinal};
use crate::incident::Attribution;
use crate::occupancy::view::View;
use crate::occupancy::zone::Level;

/// A smaller change within ten minutes isn't mentioned.
const STEADY: i64 = 3;

/// Returns a level's name, for placeholders and facts.
pub fn level(level: Level) -> &'static str {
    match level {
        Level::Warn => "warn",
        Level::Alert => "alert",
    }
}

/// Returns `87 of 100` or `57 devices`.
pub fn amount(count: u32, capacity: Option<u32>) -> String {
    match (capacity, count) {
        (Some(capacity), _) => format!("{count} of {capacity}"),
        (None, 1) => "1 device".to_owned(),
        (None, _) => format!("{count} devices"),
    }
}

/// Returns `BUSY`, or `FULL` at the level alert of a zone with a capacity.
fn state(view: &View) -> &'static str {
    match (view.level, view.capacity) {
        (Some(Level::Alert), Some(_)) => "FULL",
        (Some(_), _) => "BUSY",
        (None, _) => "calm",
    }
}

/// Returns `rising` or `falling`; none if the count stays about the same.
fn direction(view: &View) -> Option<&'static str> {
    let trend = view.trend?;
    let steady = STEADY.max(i64::from(view.count) / 20);
    match trend {
        trend if trend >= steady => Some("rising"),
        trend if trend <= -steady => Some("falling"),
        _ => Some("steady"),
    }
}

/// Returns `usual for Tuesday 14:00: 52, rising`; none if neither is known.
fn comparison(view: &View, words: &Words) -> Option<String> {
    let usual = view.usual.map(|usual| {
        let at = crate::occupancy::view::bucket(view.at).to_zoned(words.zone.clone());
        format!("usual for {}: {usual}", at.strftime("%A %H:%M"))
    });
    let parts: Vec<String> = usual.into_iter().chain(direction(view).map(str::to_owned)).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Returns `Floor 2 / Shoes is BUSY: 87 of 100 (usual for Tuesday 14:00: 52, rising)`. Plain text.
pub fn headline(view: &View, words: &Words) -> String {
    let comparison = comparison(view, words).map(|known| format!(" ({known})")).unwrap_or_default();
    let amount = amount(view.count, view.capacity);
    format!("{} is {}: {amount}{comparison}", plain(&words.name), state(view))
}

/// The card of a zone, without its layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneCard {
    /// Name of the zone.
    pub zone: String,
    /// `BUSY`.
    pub state: &'static str,
    /// Level of the zone.
    pub level: Option<Level>,
    /// `87 of 100`.
    pub amount: String,
    /// Further facts: title and value.
    pub known: Vec<(&'static str, String)>,
    /// Description of the chart, for people who can't see it.
    pub chart: String,
    /// The choices, each with its label for people.
    pub choices: Vec<(ZoneChoice, String)>,
}

/// A choice on a zone's card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneChoice {
    /// "On my way": the person has the incident.
    OnMyWay,
    /// Nobody is reminded for a while.
    Snooze,
    /// False alarm.
    NotBusy,
}

impl ZoneChoice {
    /// All choices, in their order on a card.
    pub const ALL: [Self; 3] = [Self::OnMyWay, Self::Snooze, Self::NotBusy];

    /// Returns the choice's name in the card's data.
    pub fn name(self) -> &'static str {
        match self {
            Self::OnMyWay => "on-my-way",
            Self::Snooze => "snooze",
            Self::NotBusy => "not-busy",
        }
    }

    /// Returns the choice with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }

    fn label(self, view: &View) -> String {
        match self {
            Self::OnMyWay => "On my way".to_owned(),
            Self::Snooze => format!("Snooze {}", minutes(view.snooze_minutes)),
            Self::NotBusy => "Not busy".to_owned(),
        }
    }
}

fn minutes(minutes: i64) -> String {
    match minutes {
        minutes if minutes >= 60 && minutes % 60 == 0 => format!("{} h", minutes / 60),
        _ => format!("{minutes} min"),
    }
}

/// Returns the card of a zone.
pub fn card(view: &View, words: &Words) -> ZoneCard {
    let mut known = Vec::new();
    if let Some(usual) = view.usual {
        let at = crate::occupancy::view::bucket(view.at).to_zoned(words.zone.clone());
        known.push(("Usual", format!("{usual} ({})", at.strftime("%A %H:%M"))));
    }
    if let (Some(trend), Some(direction)) = (view.trend, direction(view)) {
        known.push(("Trend", format!("{direction} ({trend:+} in 10 min)")));
    }
    known.push(("Since", clock(view.since, words)));
    ZoneCard {
        zone: plain(&words.name),
        state: state(view),
        level: view.level,
        amount: amount(view.count, view.capacity),
        known,
        chart: format!("How many devices there were in {} in the last hours", plain(&words.name)),
        choices: ZoneChoice::ALL.into_iter().map(|choice| (choice, choice.label(view))).collect(),
    }
}

/// Returns the card's content in Markdown, for clients that don't show cards. `answers` adds how to answer without buttons.
pub fn markdown(view: &View, words: &Words, answers: bool) -> String {
    let comparison = comparison(view, words).map(|known| format!(" ({known})")).unwrap_or_default();
    let amount = amount(view.count, view.capacity);
    let sign = if view.level == Some(Level::Alert) { "🔴" } else { "🟠" };
    let zone = escape_markdown(&words.name);
    let text = format!("{sign} **{zone}** is **{}**: **{amount}**{comparison}", state(view));
    if answers {
        let snooze = ZoneChoice::Snooze.label(view).to_lowercase();
        format!("{text}\n\nAnswer here with `on my way`, `{snooze}` or `not busy`.")
    } else {
        text
    }
}

/// The time in which a zone was not calm.
#[derive(Clone, Copy, Debug)]
pub struct BusyPeriod {
    /// Its begin.
    pub since: Timestamp,
    /// Its end.
    pub until: Timestamp,
    /// The highest count in it.
    pub peak: u32,
}

/// Returns `47 min (11:40–12:27)`.
fn lasted(busy: BusyPeriod, words: &Words) -> String {
    let BusyPeriod { since, until, .. } = busy;
    let minutes = until.duration_since(since).as_mins().max(1);
    let length = match minutes {
        ..120 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    };
    format!("{length} ({}–{})", clock(since, words), clock(until, words))
}

/// Reports that the zone is calm again.
pub fn all_clear(count: Option<u32>, capacity: Option<u32>, busy: BusyPeriod, words: &Words) -> String {
    let zone = escape_markdown(&words.name);
    let now = count.map(|count| format!(": {}", amount(count, capacity))).unwrap_or_default();
    format!(
        "✅ **{zone}** is calm again{now}. It was busy for {}, {} at the peak.",
        lasted(busy, words),
        busy.peak
    )
}

/// Reports that closing time ended the incident.
pub fn closing(busy: BusyPeriod, words: &Words) -> String {
    let zone = escape_markdown(&words.name);
    format!(
        "🌙 Closing time: **{zone}** isn't watched any more today. It was busy for {}, {} at the peak.",
        lasted(busy, words),
        busy.peak
    )
}

/// Reports that the zone was removed from the configuration.
pub fn unwatched(words: &Words) -> String {
    format!("**{}** isn't watched any more: it is gone from the configuration.", escape_markdown(&words.name))
}

/// Reports that a person is on the way.
pub fn on_the_way(by: &Attribution, words: &Words) -> String {
    format!("✅ **{}** is on the way since {}.", escape_markdown(&by.who), clock(by.at, words))
}

/// Reports that another person is on the way, too.
pub fn on_the_way_too(by: &Attribution, words: &Words) -> String {
    format!("✅ **{}** is on the way too, since {}.", escape_markdown(&by.who), clock(by.at, words))
}

/// Reports a higher level after an acknowledgement.
pub fn although(by: &Attribution, words: &Words) -> String {
    format!("It is more than when **{}** said so at {}.", escape_markdown(&by.who), clock(by.at, words))
}

/// Reports that a person snoozed the zone.
pub fn snoozed(by: &Attribution, until: Timestamp, words: &Words) -> String {
    let (who, until) = (escape_markdown(&by.who), clock(until, words));
    format!("💤 Snoozed until {until} by **{who}** at {}.", clock(by.at, words))
}

/// Reports that the snooze is over.
pub fn snooze_is_over(by: &Attribution) -> String {
    format!("The snooze of **{}** is over, and it is still busy.", escape_markdown(&by.who))
}

/// Reports a false alarm.
pub fn not_busy(by: &Attribution, times: u32, words: &Words) -> String {
    let who = escape_markdown(&by.who);
    format!(
        "**{who}** said at {} that it isn't busy. It is closed and counted as a false alarm, the {} of this zone.",
        clock(by.at, words),
        ordinal(u64::from(times))
    )
}

/// Returns up to three names, and how many more there are.
fn some(zones: &[String]) -> String {
    let names: Vec<String> = zones.iter().take(3).map(|zone| escape_markdown(zone)).collect();
    match zones.len() - names.len() {
        0 => names.join(", "),
        more => format!("{} and {more} more", names.join(", ")),
    }
}

/// Reports that the counts of these zones have been unknown for a while.
pub fn silent(zones: &[String], since: Timestamp, why: &str, words: &Words) -> String {
    let why = if why.is_empty() {
        String::new()
    } else {
        format!("  \nWhy: {}.", escape_markdown(why.trim_end_matches('.')))
    };
    format!(
        "❓ No count from **{}** since {}: {}. Nobody is told there that it is busy until the counts are back.{why}",
        escape_markdown(&words.name),
        clock(since, words),
        some(zones)
    )
}

/// Reports that the counts of these zones are known again.
pub fn back(zones: &[String], now: Timestamp, words: &Words) -> String {
    let site = escape_markdown(&words.name);
    format!("Counts from **{site}** are back since {}: {}.", clock(now, words), some(zones))
}
