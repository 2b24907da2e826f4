//! Summaries of incidents that are over, and statistics about them.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::Severity;
use crate::incident::command::CommandChannel;
use crate::incident::{Attribution, Incident, Kind, Phase};

/// Minimum number of digits in a phone number. Fewer belong to a name, as in `Team 24`.
const NUMBER_FROM: usize = 6;

/// What is kept of an incident when it is over: neither its texts nor a number that could be called.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The reference that people saw: `H-7K3Q`.
    pub reference: String,
    /// Kind of its subject.
    #[serde(with = "kind")]
    pub kind: Kind,
    /// The name in the configuration: of a button, a zone, a site, an alert's source, or a customer's line.
    pub name: String,
    /// The plan's name.
    pub plan: String,
    /// The worst severity; alerts only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// When the incident opened.
    pub opened_at: Timestamp,
    /// Who had it first, and since when; none if nobody ever had it. A bare number is shortened to `…01`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<Attribution>,
    /// When it was over.
    pub ended_at: Timestamp,
    /// The phase in which it ended.
    pub phase: Phase,
    /// Number of the last step taken, from 1; 0 if none was.
    pub step: u32,
    /// Number of restarts of the plan.
    pub rounds: u32,
    /// Number of presses or reports; for a zone, the number of devices when it was last reported.
    pub count: u64,
}

// Who had it must not reach logs.
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
    /// Creates the summary of an incident that was over at `ended_at`. The incident itself doesn't contain the time at which it
    /// lapsed.
    pub fn of(incident: &Incident, ended_at: Timestamp) -> Self {
        let first = incident.responses.first.as_ref().or(incident.taken_by.as_ref());
        Self {
            reference: incident.reference(),
            kind: incident.subject.kind(),
            // The part after `~` is a digest, or a plan that is named anyway.
            name: incident.subject.name().split('~').next().unwrap_or_default().to_owned(),
            plan: incident.plan.clone(),
            severity: incident.alert.as_ref().map(|alert| alert.severity),
            opened_at: incident.opened_at,
            taken: first.map(|by| Attribution { who: without_numbers(&by.who), at: by.at }),
            ended_at,
            phase: incident.phase,
            step: incident.step,
            rounds: incident.responses.round,
            count: incident.count,
        }
    }

    /// Returns the time from its opening until somebody had it; none if nobody ever had it. Clocks that disagree give zero.
    pub fn to_take(&self) -> Option<SignedDuration> {
        self.taken.as_ref().map(|by| by.at.duration_since(self.opened_at).max(SignedDuration::ZERO))
    }

    /// Returns the time from its opening until it was over. Clocks that disagree give zero.
    pub fn to_end(&self) -> SignedDuration {
        self.ended_at.duration_since(self.opened_at).max(SignedDuration::ZERO)
    }

    /// Returns true if nobody ever had it, and nobody ended it.
    pub fn lapsed_untaken(&self) -> bool {
        self.phase == Phase::Lapsed && self.taken.is_none()
    }
}

/// A kind as it is stored in the table.
mod kind {
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Kind, kind_name};

    const ALL: [Kind; 7] = [
        Kind::Button,
        Kind::Zone,
        Kind::SilentSite,
        Kind::Waiting,
        Kind::Alert,
        Kind::Notice,
        Kind::Customer,
    ];

    pub(super) fn serialize<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(kind_name(*kind))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Kind, D::Error> {
        let name = String::deserialize(deserializer)?;
        let found = ALL.into_iter().find(|kind| kind_name(*kind) == name);
        found.ok_or_else(|| D::Error::custom("no kind of incident"))
    }
}

/// Returns a kind in one word, with which subjects begin.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Button => "button",
        Kind::Zone => "zone",
        Kind::SilentSite => "silence",
        Kind::Waiting => "waiting",
        Kind::Alert => "alert",
        Kind::Notice => "notice",
        Kind::Customer => "customer",
    }
}

/// Returns a name as it is. A phone number is shortened to its last two digits, `…01`, without the way by which it answered.
fn without_numbers(who: &str) -> String {
    let mut out = String::with_capacity(who.len());
    let mut rest = who;
    while let Some(start) = rest.find(|c: char| c == '+' || c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let spaced = |c: char| c.is_ascii_digit() || "+ -./()".contains(c);
        let run = &from[..from.find(|c| !spaced(c)).unwrap_or(from.len())];
        let digits: Vec<(usize, char)> = run.char_indices().filter(|(_, c)| c.is_ascii_digit()).collect();
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
        // Calls and texts from the same phone come from one person.
        let ways = [CommandChannel::Phone, CommandChannel::Text].map(CommandChannel::phrase);
        let way =
            ways.iter().find_map(|way| out.strip_suffix(&format!(" ({way})")).or(out.strip_suffix(way)));
        if let Some(number) = way {
            return number.trim_end().to_owned();
        }
    }
    out
}

/// Statistics of durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Number of durations.
    pub count: usize,
    /// The median; of an even number, the mean of the two in the middle.
    pub median: SignedDuration,
    /// The 95th percentile: the shortest duration within which at least 95 of 100 lie (nearest rank). Of fewer than twenty, the
    /// longest.
    pub p95: SignedDuration,
}

impl Times {
    /// Returns the statistics; none without durations, since nothing isn't zero.
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

/// Outcomes of a number of incidents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Number of incidents.
    pub incidents: usize,
    /// Number of incidents that somebody had, however they ended.
    pub taken: usize,
    /// Number of incidents that were resolved.
    pub resolved: usize,
    /// Number of incidents that were nothing.
    pub cancelled: usize,
    /// Number of incidents that lapsed.
    pub lapsed: usize,
    /// Number of lapsed incidents that nobody ever had.
    pub lapsed_untaken: usize,
    /// Times from the opening until somebody had it, of the incidents that somebody had.
    pub to_take: Option<Times>,
    /// Times from the opening until it was done, of the incidents that were resolved.
    pub to_resolve: Option<Times>,
}

impl Tally {
    /// Counts the outcomes.
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

    /// Returns the number of incidents that ended, by a command or automatically but not by lapsing, before anybody had them.
    pub fn ended_untaken(&self) -> usize {
        self.incidents.saturating_sub(self.taken + self.lapsed_untaken)
    }
}
