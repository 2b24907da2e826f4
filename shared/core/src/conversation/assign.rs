//! The choice of the agent who is asked to answer in a customer's space.

use std::cmp::Reverse;
use std::fmt;

use jiff::Timestamp;

use crate::address::EmailAddress;

pub use crate::config::AssignmentOrder;
use crate::vendor_id::PersonId;

/// An agent who could answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The mail address. It is compared in any case.
    pub email: EmailAddress,
    /// The person's id in Webex.
    pub person_id: PersonId,
    /// Name shown to people.
    pub name: String,
    /// Whether they are at work; none if Webex doesn't show it.
    pub there: Option<bool>,
    /// When they were last active; none if never, or if Webex doesn't show it.
    pub last_activity: Option<Timestamp>,
    /// True if they are in the customer's space already.
    pub in_space: bool,
}

// Working times must not reach logs.
impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").field("person_id", &self.person_id).finish_non_exhaustive()
    }
}

/// The agent who is to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assignment<'a> {
    /// An agent in the space is at work: nobody needs to be asked.
    SomebodyThere,
    /// This agent is asked.
    Assign(&'a Candidate),
    /// No agent is at work.
    Nobody,
}

/// Chooses the agent who is to answer; `last` is the address of the agent who was asked before, for taking turns.
///
/// If Webex shows nobody's presence, everybody counts as at work, but nobody as seen in the space: an agent is asked, from outside
/// of the space if there is one. If Webex shows some people's presence, the others aren't asked.
pub fn choose<'a>(candidates: &'a [Candidate], how: AssignmentOrder, last: Option<&str>) -> Assignment<'a> {
    if candidates.iter().any(|candidate| candidate.in_space && candidate.there == Some(true)) {
        return Assignment::SomebodyThere;
    }
    let blind = candidates.iter().all(|candidate| candidate.there.is_none());
    let could = || candidates.iter().filter(|candidate| blind || candidate.there == Some(true));
    let address = |candidate: &Candidate| candidate.email.to_lowercase();
    let last = last.map(|last| last.to_lowercase());
    let chosen = match how {
        // No activity at all is the longest idleness: `None` comes before every time.
        AssignmentOrder::LongestIdle => {
            could().min_by_key(|one| (one.in_space, one.last_activity, address(one)))
        }
        AssignmentOrder::InTurn => could().min_by_key(|one| {
            let comes_after = last.as_ref().is_none_or(|last| address(one) > *last);
            (one.in_space, Reverse(comes_after), address(one))
        }),
    };
    chosen.map_or(Assignment::Nobody, Assignment::Assign)
}
