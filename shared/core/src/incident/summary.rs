//! What is remembered of an incident when it is over, and how long such incidents took.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::Severity;
use crate::incident::command::How;
use crate::incident::{By, Incident, Kind, Phase};

/// So many digits are a phone number; fewer belong to a name, as in `Team 24`.
const NUMBER_FROM: usize = 6;

/// What is remembered of an incident when it is over: neither what it said nor a number that could be called.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The short name that people saw: `H-7K3Q`.
    pub reference: String,
    /// What kind of thing it was about.
    #[serde(with = "kind")]
    pub kind: Kind,
    /// The name in the configuration: of a button, a zone, a site, an alert's source, or a customer's line.
    pub name: String,
    /// The plan's name.
    pub plan: String,
    /// How bad it was at its worst; alerts only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// When it opened.
    pub opened_at: Timestamp,
    /// Who had it first, and since when; none if nobody ever had. A bare number stands as `…01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<By>,
    /// When it was over.
    pub ended_at: Timestamp,
    /// How it ended.
    pub phase: Phase,
    /// The last step taken, from 1; 0 if none was.
    pub step: u32,
    /// How often the plan began again.
    pub rounds: u32,
    /// How often it was pressed or reported; of a zone, how many devices there were when it was last told.
    pub count: u64,
}

// Who had it is for no log.
impl std::fmt::Debug for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Summary")
            .field("reference", &self.reference)
            .field("kind", &self.kind)
            .field("phase", &self.phase)
            .finish_non_exhaustive()
    }
}

impl Summary {
    /// Of an incident that was over at `ended_at`: the incident itself doesn't say when it lapsed.
    pub fn of(incident: &Incident, ended_at: Timestamp) -> Self {
        let first = incident.duty.first.as_ref().or(incident.taken_by.as_ref());
        Self {
            reference: incident.reference(),
            kind: incident.subject.kind(),
            // What stands behind the `~` is a digest, or a plan that is named anyway.
            name: incident.subject.name().split('~').next().unwrap_or_default().to_owned(),
            plan: incident.plan.clone(),
            severity: incident.alert.as_ref().map(|alert| alert.severity),
            opened_at: incident.opened_at,
            taken: first.map(|by| By { who: without_numbers(&by.who), at: by.at }),
            ended_at,
            phase: incident.phase,
            step: incident.step,
            rounds: incident.duty.round,
            count: incident.count,
        }
    }

    /// From its opening until somebody had it; none if nobody ever had. Clocks that disagree give zero.
    pub fn to_take(&self) -> Option<SignedDuration> {
        self.taken.as_ref().map(|by| by.at.duration_since(self.opened_at).max(SignedDuration::ZERO))
    }

    /// From its opening until it was over. Clocks that disagree give zero.
    pub fn to_end(&self) -> SignedDuration {
        self.ended_at.duration_since(self.opened_at).max(SignedDuration::ZERO)
    }

    /// Nobody ever had it, and nobody ended it.
    pub fn lapsed_untaken(&self) -> bool {
        self.phase == Phase::Lapsed && self.taken.is_none()
    }
}

/// A kind as it stands in the table.
mod kind {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Kind, kind_name};

    const ALL: [Kind; 7] =
        [Kind::Button, Kind::Zone, Kind::Silence, Kind::Waiting, Kind::Alert, Kind::Notice, Kind::Customer];

    pub(super) fn serialize<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind_name(*kind))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = ALL.into_iter().find(|kind| kind_name(*kind) == name);
        found.ok_or_else(|| D::Error::custom("no kind of incident"))
    }
}

/// A kind in one word, as subjects begin with it.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Button => "button",
        Kind::Zone => "zone",
        Kind::Silence => "silence",
        Kind::Waiting => "waiting",
        Kind::Alert => "alert",
        Kind::Notice => "notice",
        Kind::Customer => "customer",
    }
}

/// A name as it is; of a phone number only the last two digits, `…01`, by whichever way it answered.
fn without_numbers(who: &str) -> String {
    let mut out = String::with_capacity(who.len());
    let mut rest = who;
    while let Some(start) = rest.find(|sign: char| sign == '+' || sign.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let spaced = |sign: char| sign.is_ascii_digit() || "+ -./()".contains(sign);
        let run = &from[..from.find(|sign| !spaced(sign)).unwrap_or(from.len())];
        let digits: Vec<(usize, char)> =
            run.char_indices().filter(|(_, sign)| sign.is_ascii_digit()).collect();
        let end = digits.last().map_or(1, |(last, _)| last + 1);
        if let [_, .., (_, one), (_, two)] = digits[..]
            && digits.len() >= NUMBER_FROM
        {
            out.extend(['…', one, two]);
        } else {
            out.push_str(&from[..end]);
        }
        rest = &from[end..];
    }
    out.push_str(rest);
    if out.starts_with('…') {
        // The same phone calls and texts: it is one person.
        let ways = [How::Phone, How::Text].map(How::words);
        let way =
            ways.iter().find_map(|way| out.strip_suffix(&format!(" ({way})")).or(out.strip_suffix(way)));
        if let Some(number) = way {
            return number.trim_end().to_owned();
        }
    }
    out
}

/// How long some of them took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// How many there are.
    pub count: usize,
    /// The one in the middle; of an even number, the mean of the two in the middle.
    pub median: SignedDuration,
    /// The shortest within which at least 95 of 100 lie (nearest rank): of fewer than twenty, the longest.
    pub p95: SignedDuration,
}

impl Times {
    /// None of none: nothing isn't zero.
    pub fn of(times: impl IntoIterator<Item = SignedDuration>) -> Option<Self> {
        let mut times: Vec<SignedDuration> = times.into_iter().collect();
        times.sort_unstable();
        let count = times.len();
        let upper = *times.get(count / 2)?;
        let median = if count.is_multiple_of(2) { mean(*times.get(count / 2 - 1)?, upper) } else { upper };
        let p95 = *times.get((count * 95).div_ceil(100) - 1)?;
        Some(Self { count, median, p95 })
    }
}

fn mean(low: SignedDuration, high: SignedDuration) -> SignedDuration {
    low.saturating_add(high.saturating_sub(low) / 2)
}

/// What became of some incidents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many there were.
    pub incidents: usize,
    /// How many somebody had, however they ended.
    pub taken: usize,
    /// How many were done.
    pub resolved: usize,
    /// How many were nothing.
    pub cancelled: usize,
    /// How many ended by silence.
    pub lapsed: usize,
    /// How many of those nobody ever had.
    pub lapsed_untaken: usize,
    /// From the opening until somebody had it, of those that somebody had.
    pub to_take: Option<Times>,
    /// From the opening until it was done, of those that were done.
    pub to_resolve: Option<Times>,
}

impl Tally {
    /// Counts them.
    pub fn of<'a>(summaries: impl IntoIterator<Item = &'a Summary>) -> Self {
        let all: Vec<&Summary> = summaries.into_iter().collect();
        let ended = |phase: Phase| all.iter().filter(move |one| one.phase == phase);
        Self {
            incidents: all.len(),
            taken: all.iter().filter(|one| one.taken.is_some()).count(),
            resolved: ended(Phase::Resolved).count(),
            cancelled: ended(Phase::Cancelled).count(),
            lapsed: ended(Phase::Lapsed).count(),
            lapsed_untaken: all.iter().filter(|one| one.lapsed_untaken()).count(),
            to_take: Times::of(all.iter().filter_map(|one| one.to_take())),
            to_resolve: Times::of(ended(Phase::Resolved).map(|one| one.to_end())),
        }
    }

    /// How many ended by a word, or by themselves, before anybody had them.
    pub fn ended_untaken(&self) -> usize {
        self.incidents.saturating_sub(self.taken + self.lapsed_untaken)
    }
}
