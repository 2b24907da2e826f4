//! Who answers: which of the team is called to a customer's space.

use std::cmp::Reverse;
use std::fmt;

use jiff::Timestamp;

pub use crate::config::How;

/// Somebody who could answer.
#[derive(Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The mail address; whoever is compared by it is compared in any case.
    pub email: String,
    /// Webex's id of the person.
    pub person_id: String,
    /// What people read.
    pub name: String,
    /// Whether they are at work; none if we aren't shown it.
    pub there: Option<bool>,
    /// When they last did something; none if never, or if we aren't shown it.
    pub last_activity: Option<Timestamp>,
    /// Whether they are in the customer's space already.
    pub in_space: bool,
}

// When people work is for no log.
impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").field("person_id", &self.person_id).finish_non_exhaustive()
    }
}

/// Who answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice<'a> {
    /// Somebody in the space is at work: nobody needs to be called.
    SomebodyThere,
    /// This one.
    Assign(&'a Candidate),
    /// There is nobody at work.
    Nobody,
}

/// Chooses who answers; `last` is the address of whoever was called before, for taking turns.
///
/// If Webex shows us nobody's presence, everybody counts as at work, but nobody as seen in the space: somebody is called, from outside the
/// space if there is anybody. If it shows us some, those whom it doesn't show aren't called.
pub fn choose<'a>(candidates: &'a [Candidate], how: How, last: Option<&str>) -> Choice<'a> {
    if candidates.iter().any(|candidate| candidate.in_space && candidate.there == Some(true)) {
        return Choice::SomebodyThere;
    }
    let blind = candidates.iter().all(|candidate| candidate.there.is_none());
    let could = || candidates.iter().filter(|candidate| blind || candidate.there == Some(true));
    let address = |candidate: &Candidate| candidate.email.to_lowercase();
    let last = last.map(str::to_lowercase);
    let chosen = match how {
        // No activity at all is the longest idleness: `None` comes before every time.
        How::LongestIdle => could().min_by_key(|one| (one.in_space, one.last_activity, address(one))),
        How::InTurn => could().min_by_key(|one| {
            let comes_after = last.as_ref().is_none_or(|last| address(one) > *last);
            (one.in_space, Reverse(comes_after), address(one))
        }),
    };
    chosen.map_or(Choice::Nobody, Choice::Assign)
}
