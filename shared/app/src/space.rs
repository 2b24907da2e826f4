//! The space that a dispatch speaks in: remembered, adopted, made, and made again when it is gone.

use handbell_core::config::Reuse;
use handbell_core::decide::everybody;
use handbell_core::dispatch::{Outcome, Say};
use handbell_core::wording;
use handbell_outbound::Failure;
use handbell_outbound::webex::{Webex, title};
use handbell_store::{SpaceClaim, SpaceRow};
use jiff::SignedDuration;

use crate::App;
use crate::deliver::{Work, wait};

/// A space to speak in.
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) row: SpaceRow,
}

/// Nothing was sent, whatever the vendor's trouble was: it concerned the space and not what is said in it.
fn later(failure: &Failure) -> Outcome {
    let seconds = match failure {
        Failure::NotSent { retry_after: Some(pause), .. } => i64::try_from(pause.as_secs()).unwrap_or(15),
        Failure::NotSent { retry_after: None, .. } => 5,
        // The space may have been made: it is given time to show itself.
        Failure::Unknown { .. } => 30,
        Failure::Refused { .. } => 0,
    };
    match failure {
        Failure::Refused { why, .. } => Outcome::Refused { why: format!("the space can't be made: {why}") },
        _ => wait(seconds),
    }
}

impl App {
    /// The dispatch's space. An outcome instead means that nothing can be said in it now.
    pub(crate) async fn room(&self, webex: &Webex, work: &Work) -> Result<Room, Outcome> {
        let table = |_| wait(5);
        let row = self.store.space(&work.space).await.map_err(table)?;
        if let Some(row) = &row
            && let Some(id) = &row.room
        {
            return Ok(Room { id: id.clone(), row: row.clone() });
        }
        let claim = self
            .store
            .claim_space(&work.space, row.as_ref(), &work.owner, self.now())
            .await
            .map_err(table)?;
        let SpaceClaim::Ours { begun, made } = claim else { return Err(wait(1)) };
        match self.find_or_make(webex, work, begun, made).await {
            Ok(id) => {
                // If another took over meanwhile, it finds the space that we made by its title.
                if !self.store.remember_space(&work.space, &id, made, &work.owner).await.map_err(table)? {
                    return Err(wait(1));
                }
                tracing::info!(space = work.space, made, "a space is ready");
                let row = SpaceRow { room: Some(id.clone()), made, begun: true, ..SpaceRow::default() };
                Ok(Room { id, row })
            }
            Err((failure, begun)) => {
                let _ = self.store.give_up_space(&work.space, begun, made, &work.owner).await;
                Err(later(&failure))
            }
        }
    }

    /// The id of the space, or the failure and whether the space may exist nevertheless.
    async fn find_or_make(
        &self,
        webex: &Webex,
        work: &Work,
        begun: bool,
        made: u32,
    ) -> Result<String, (Failure, bool)> {
        let wanted = title(&wording::space_title(&work.plan, &work.dispatch, &work.words));
        let always = work.plan.space.reuse == Reuse::Always;
        let mut found = None;
        if always || begun {
            // An incident's own space can't be older than the incident; one for always may be.
            let oldest = work.dispatch.opened_at - SignedDuration::from_mins(2);
            let rooms = webex.rooms_with_title(&wanted).await.map_err(|failure| (failure, begun))?;
            found = rooms
                .into_iter()
                .filter(|room| always || room.created.is_none_or(|at| at >= oldest))
                .max_by_key(|room| room.created);
        }
        let id = match found {
            Some(room) => room.id,
            None if !work.may_begin(self.now()) => {
                let why = "looking for the space took too long".to_owned();
                return Err((Failure::NotSent { retry_after: None, why }, begun));
            }
            None => match webex.create_room(&wanted, work.plan.space.team.as_deref()).await {
                Ok(room) => room.id,
                Err(failure) => {
                    let may_exist = begun || matches!(failure, Failure::Unknown { .. });
                    return Err((failure, may_exist));
                }
            },
        };
        if made > 0 {
            // It was lost and is made again: those who were invited before come back before anybody speaks in it.
            for say in everybody(&work.plan, work.dispatch.step.unwrap_or(u32::MAX)) {
                let Say::Invite { email, moderator } = say else { continue };
                match webex.add_member(&id, &email, moderator).await {
                    // Somebody who can't be added was told of when it was tried first.
                    Ok(_) | Err(Failure::Refused { .. }) => {}
                    Err(failure) => return Err((failure, true)),
                }
            }
        }
        Ok(id)
    }

    /// After a 404 in a space: is it gone? Then it is forgotten, and the delivery comes again in a new one.
    pub(crate) async fn room_is_gone(&self, webex: &Webex, work: &Work, room: &Room) -> Option<Outcome> {
        match webex.room(&room.id).await {
            Err(Failure::Refused { code: 404 | 403, .. }) => {
                tracing::warn!(space = work.space, "the space is gone; it is made again");
                match self.store.forget_space(&work.space, &room.row).await {
                    Ok(()) => Some(wait(0)),
                    Err(_) => Some(wait(5)),
                }
            }
            Err(_) => Some(wait(15)),
            Ok(_) => None,
        }
    }
}
