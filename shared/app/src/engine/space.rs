//! The space of a dispatch: remembered, adopted, created, and created again when it is gone.

use handbell_core::delivery::{Invitation, Outcome};
use handbell_core::vendor_id::RoomId;
use handbell_outbound::Failure;
use handbell_outbound::webex::{Room, Webex, title};
use handbell_store::{Conversations, SpaceClaim, SpaceMaking, SpaceRow, Spaces};

use crate::Fault;
use crate::dependencies::{Time, parts};
use crate::engine::attempt::outcome_of_send;
use crate::engine::wanted_space::WantedSpace;
use crate::engine::work::{Work, wait};
use crate::vendor::WebexAccount;

/// A space to post in.
pub(crate) struct FoundSpace {
    /// Name under which the space is stored.
    pub(crate) name: String,
    pub(crate) id: RoomId,
    pub(crate) row: SpaceRow,
}

/// How far earlier workers came with creating a space.
struct Making {
    /// Whether a space may have been created that isn't recorded.
    begun: bool,
    /// Number of times that the space was created and lost.
    made: u32,
}

/// Returns the outcome of a failure that concerned the space: nothing was sent, whatever the vendor's failure was.
fn later(failure: &Failure) -> Outcome {
    let seconds = match failure {
        Failure::NotSent { retry_after: Some(pause), .. } => i64::try_from(pause.as_secs()).unwrap_or(15),
        Failure::NotSent { retry_after: None, .. } => 5,
        // The space may have been created, and gets time to appear.
        Failure::Unknown { .. } => 30,
        Failure::Refused { .. } => 0,
    };
    match failure {
        Failure::Refused { why, .. } => Outcome::Refused { why: format!("the space can't be made: {why}") },
        Failure::NotSent { .. } | Failure::Unknown { .. } => wait(seconds),
    }
}

parts! {
    /// Finds the spaces that dispatches post in, and creates them.
    pub(crate) struct SpaceFinder {
        spaces: Spaces,
        space_making: SpaceMaking,
        conversations: Conversations,
        webex: WebexAccount,
        time: Time,
    }
}

impl SpaceFinder {
    /// Returns the dispatch's space. An outcome instead means that nothing can be posted in it now.
    pub(crate) async fn find_for(&self, webex: &Webex, work: &Work) -> Result<FoundSpace, Outcome> {
        let Some(wanted) = work.wanted_space() else {
            return Err(Outcome::Refused { why: "a notice has no space to be posted in".to_owned() });
        };
        self.find(webex, wanted, work).await
    }

    /// Returns the wanted space. The worker that holds `work` creates it if necessary.
    pub(crate) async fn find(
        &self,
        webex: &Webex,
        wanted: &WantedSpace,
        work: &Work,
    ) -> Result<FoundSpace, Outcome> {
        let table = |_| wait(5);
        let row = self.spaces.space(&wanted.name).await.map_err(table)?;
        if let Some(row) = &row
            && let Some(id) = &row.room
        {
            return Ok(FoundSpace { name: wanted.name.clone(), id: id.clone(), row: row.clone() });
        }
        let claim = self
            .space_making
            .claim_space(&wanted.name, row.as_ref(), &work.owner, self.time.now())
            .await
            .map_err(table)?;
        let SpaceClaim::Ours { begun, made } = claim else { return Err(wait(1)) };
        match self.find_or_make(webex, wanted, work, &Making { begun, made }).await {
            Ok(id) => {
                // If another worker took over meanwhile, that worker finds the new space by its title.
                if !self
                    .space_making
                    .remember_space(&wanted.name, &id, made, &work.owner)
                    .await
                    .map_err(table)?
                {
                    return Err(wait(1));
                }
                tracing::info!(space = wanted.name, made, "a space is ready");
                let row = SpaceRow { room: Some(id.clone()), made, begun: true, ..SpaceRow::default() };
                Ok(FoundSpace { name: wanted.name.clone(), id, row })
            }
            Err((failure, begun)) => {
                let _ = self.space_making.give_up_space(&wanted.name, begun, made, &work.owner).await;
                Err(later(&failure))
            }
        }
    }

    /// Returns the id of the space, or the failure and whether the space may exist nevertheless.
    async fn find_or_make(
        &self,
        webex: &Webex,
        wanted: &WantedSpace,
        work: &Work,
        making: &Making,
    ) -> Result<RoomId, (Failure, bool)> {
        let Making { begun, made } = *making;
        let title = title(&wanted.title);
        let mut found = None;
        if wanted.always || begun {
            let fits = |room: &str| room == title || ends_with(room, wanted.digits.as_deref());
            let team = wanted.team.as_deref();
            let rooms = webex.rooms_where(team, fits).await.map_err(|failure| (failure, begun))?;
            let mut rooms: Vec<_> = rooms
                .into_iter()
                .filter(|room| wanted.always || room.created.is_none_or(|at| at >= wanted.oldest))
                .collect();
            rooms.sort_by_key(|room| std::cmp::Reverse(room.created));
            for room in rooms {
                if self.takes_over(&room, wanted).await.map_err(|failure| (failure, begun))? {
                    found = Some(room);
                    break;
                }
            }
        }
        let fresh = found.is_none();
        let id = match found {
            Some(room) => room.id,
            // An acknowledgement stops an incident's space. A customer's space is wanted however long the search took.
            None if wanted.of.is_none() && !work.may_begin(self.time.now()) => {
                let why = "looking for the space took too long".to_owned();
                return Err((Failure::NotSent { retry_after: None, why }, begun));
            }
            None => match webex.create_room(&title, wanted.team.as_deref()).await {
                Ok(room) => {
                    // The owner is recorded first: an agent may answer as soon as the space exists.
                    if !self.is_ours(&room.id, wanted).await.map_err(|failure| (failure, true))? {
                        let why = "the new space is another's already".to_owned();
                        return Err((Failure::NotSent { retry_after: None, why }, true));
                    }
                    room.id
                }
                Err(failure) => {
                    let may_exist = begun || matches!(failure, Failure::Unknown { .. });
                    return Err((failure, may_exist));
                }
            },
        };
        if made > 0 || (wanted.people_first && (fresh || begun)) {
            // People are added before anything is posted: those who were invited before a space was lost, or those who
            // come first.
            for Invitation { email, moderator } in &wanted.people {
                match webex.add_member(&id, email, *moderator).await {
                    // The first attempt reported a person who can't be added.
                    Ok(_) | Err(Failure::Refused { .. }) => {}
                    Err(failure) => return Err((failure, true)),
                }
            }
        }
        Ok(id)
    }

    /// Returns whether an existing space may be adopted. Anyone can give a space any title and add the bot to it. A
    /// space with customers' words must therefore belong to the team, or have been created by the bot.
    async fn takes_over(&self, room: &Room, wanted: &WantedSpace) -> Result<bool, Failure> {
        let private = wanted.of.is_some() || wanted.people_first;
        if private && wanted.team.is_none() {
            let later = |fault: Fault| Failure::NotSent { retry_after: None, why: fault.to_string() };
            let me = self.webex.identity().await.map_err(later)?;
            if room.creator_id.as_ref() != Some(&me.id) {
                return Ok(false);
            }
        }
        self.is_ours(&room.id, wanted).await
    }

    /// Records the conversation that the space belongs to. Returns false if the space belongs to another.
    async fn is_ours(&self, room: &RoomId, wanted: &WantedSpace) -> Result<bool, Failure> {
        let Some(whose) = &wanted.of else { return Ok(true) };
        let remembered = self.conversations.remember_room(room, whose).await;
        remembered.map_err(|fault| Failure::NotSent { retry_after: None, why: fault.to_string() })
    }

    /// Returns the outcome of a failure in a space. After a 404, the space may be gone.
    pub(crate) async fn outcome_in_space(
        &self,
        webex: &Webex,
        space: &FoundSpace,
        failure: Failure,
    ) -> Outcome {
        match failure {
            Failure::Refused { code: 404, why } => {
                self.space_is_gone(webex, space).await.unwrap_or(Outcome::Refused { why })
            }
            failure => outcome_of_send(failure),
        }
    }

    /// Checks after a 404 whether the space is gone. A space that is gone is forgotten, and the delivery is retried in
    /// a new one.
    async fn space_is_gone(&self, webex: &Webex, space: &FoundSpace) -> Option<Outcome> {
        match webex.room(&space.id).await {
            Err(Failure::Refused { code: 404 | 403, .. }) => {
                tracing::warn!(space = space.name, "the space is gone; it is created again");
                match self.space_making.forget_space(&space.name, &space.row).await {
                    Ok(()) => Some(wait(0)),
                    Err(_) => Some(wait(5)),
                }
            }
            Err(_) => Some(wait(15)),
            Ok(_) => None,
        }
    }
}

/// Returns whether the title ends with the whole number, however people write it: `Tommy +1 202-555-0123`.
fn ends_with(title: &str, digits: Option<&str>) -> bool {
    let Some(digits) = digits else { return false };
    let in_number = |c: &char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | '(' | ')' | '/');
    let tail: Vec<char> = title.chars().rev().take_while(in_number).filter(char::is_ascii_digit).collect();
    // The whole of it: another number may end with the same digits.
    tail.iter().rev().collect::<String>() == digits
}
