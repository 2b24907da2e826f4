//! Who has said "I have it", and whether that is enough.

use crate::config::Need;
use crate::incident::command::Actor;
use crate::incident::{Ack, Incident};

/// Returns true if the same person gave the acknowledgement.
pub(super) fn same(ack: &Ack, by: &Actor) -> bool {
    match (&ack.person, &by.person) {
        (Some(one), Some(other)) => one == other,
        _ => ack.by.who == by.who,
    }
}

/// Is this somebody who has it?
pub(super) fn has_it(incident: &Incident, by: &Actor) -> bool {
    let nobody_known = incident.duty.acks.is_empty();
    (nobody_known && incident.taken_by.as_ref().is_some_and(|taken| taken.who == by.who))
        || incident.duty.acks.iter().any(|ack| same(ack, by))
}

/// Returns true if all needed acknowledgements are there.
pub(super) fn enough(need: &Need, acks: &[Ack]) -> bool {
    missing(need, acks).is_empty()
}

/// Returns who still has to acknowledge: one name for each person, or for each team.
pub(super) fn missing(need: &Need, acks: &[Ack]) -> Vec<String> {
    match need {
        Need::People(people) => {
            let more = (*people as usize).saturating_sub(acks.len());
            vec!["somebody else".to_owned(); more]
        }
        Need::Teams(teams) => {
            // Nobody stands for two teams at once. Each acknowledgement has the index of the team that it stands for.
            let mut stands_for: Vec<Option<usize>> = vec![None; acks.len()];
            let mut left = Vec::new();
            for (place, team) in teams.iter().enumerate() {
                if !placed(place, teams, acks, &mut stands_for, &mut vec![false; acks.len()]) {
                    left.push(format!("somebody of {team}"));
                }
            }
            left
        }
    }
}

/// Finds a person for a team, if need be by giving a person who stands for another team a new place (Kuhn's algorithm: no other
/// choice would leave fewer teams out).
fn placed(
    team: usize,
    teams: &[String],
    acks: &[Ack],
    stands_for: &mut [Option<usize>],
    tried: &mut [bool],
) -> bool {
    for who in 0..acks.len() {
        if tried[who] || !acks[who].teams.contains(&teams[team]) {
            continue;
        }
        tried[who] = true;
        if stands_for[who].is_none_or(|other| placed(other, teams, acks, stands_for, tried)) {
            stands_for[who] = Some(team);
            return true;
        }
    }
    false
}
