//! Acknowledgements: who has an incident, and whether more people are needed.

use crate::config::Quorum;
use crate::incident::command::Actor;
use crate::incident::{Ack, Incident};

/// Returns true if the same person gave the acknowledgement.
pub(super) fn is_by(ack: &Ack, by: &Actor) -> bool {
    match (&ack.person, &by.person) {
        (Some(one), Some(other)) => one == other,
        _ => ack.by.who == by.who,
    }
}

/// Returns true if this person has the incident.
pub(super) fn has_it(incident: &Incident, by: &Actor) -> bool {
    let nobody_known = incident.responses.acks.is_empty();
    (nobody_known && incident.taken_by.as_ref().is_some_and(|taken| taken.who == by.who))
        || incident.responses.acks.iter().any(|ack| is_by(ack, by))
}

/// Returns true if all needed acknowledgements are there.
pub(super) fn is_quorum(need: &Quorum, acks: &[Ack]) -> bool {
    missing(need, acks).is_empty()
}

/// Returns who still has to acknowledge: one entry for each person, or for each team.
pub(super) fn missing(need: &Quorum, acks: &[Ack]) -> Vec<String> {
    match need {
        Quorum::People(people) => {
            let more = (*people as usize).saturating_sub(acks.len());
            vec!["somebody else".to_owned(); more]
        }
        Quorum::Teams(teams) => {
            // A person stands for one team only. Each acknowledgement has the index of the team that it stands for.
            let mut stands_for: Vec<Option<usize>> = vec![None; acks.len()];
            let mut left = Vec::new();
            for (place, team) in teams.iter().enumerate() {
                if !find_place(place, teams, acks, &mut stands_for, &mut vec![false; acks.len()]) {
                    left.push(format!("somebody of {team}"));
                }
            }
            left
        }
    }
}

/// Finds a person for a team, if need be by moving a person from one team to another (Kuhn's algorithm, which leaves the fewest
/// teams without a person).
fn find_place(
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
        if stands_for[who].is_none_or(|other| find_place(other, teams, acks, stands_for, tried)) {
            stands_for[who] = Some(team);
            return true;
        }
    }
    false
}
