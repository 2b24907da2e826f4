//! Teams: the people who answer, and the spaces that they share.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::{PAGE, PAUSE, Room, Webex, title};
use crate::failure::{Failure, Said};

/// A team that we are in (Webex, Teams API).
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Team {
    /// Opaque; never look inside.
    pub id: String,
    /// What people call it.
    #[serde(default)]
    pub name: Option<String>,
    /// In lists, Webex gives what it can't decrypt just now with a note here (Webex, basics guide).
    #[serde(default)]
    errors: Value,
}

impl fmt::Debug for Team {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Team").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Somebody in a team (Webex, Team Memberships API). Bots are among them.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Teammate {
    /// The person.
    pub person_id: String,
    /// Compare without regard to case.
    #[serde(default)]
    pub person_email: Option<String>,
    /// The person's name.
    #[serde(default)]
    pub person_display_name: Option<String>,
}

impl fmt::Debug for Teammate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teammate").field("person_id", &self.person_id).finish_non_exhaustive()
    }
}

impl Webex {
    /// All teams that we are in.
    pub async fn teams(&self) -> Said<Vec<Team>> {
        let mut url = self.url(&["teams"])?;
        url.query_pairs_mut().append_pair("max", PAGE);
        self.list(url, usize::MAX).await
    }

    /// The team that we are in and that bears exactly this name, but for white space.
    ///
    /// Of two with one name neither is taken: strangers might see customers. When none is found but Webex couldn't
    /// decrypt the names of all, the look has failed.
    pub async fn team_named(&self, name: &str) -> Said<Option<Team>> {
        let all = self.teams().await?;
        let unreadable = all.iter().any(|team| team.errors.get("name").is_some());
        let wanted = title(name);
        let mut found =
            all.into_iter().filter(|team| team.name.as_deref().is_some_and(|n| title(n) == wanted));
        match (found.next(), found.next()) {
            (Some(_), Some(_)) => Err(Failure::never_asked(
                "Webex has two teams with this name: rename one, or give the team's id",
            )),
            (None, _) if unreadable => {
                let why = "Webex can't decrypt the names of all teams at the moment".to_owned();
                Err(Failure::NotSent { retry_after: Some(PAUSE), why })
            }
            (team, _) => Ok(team),
        }
    }

    /// Everybody in a team.
    pub async fn team_members(&self, team: &str) -> Said<Vec<Teammate>> {
        let mut url = self.url(&["team", "memberships"])?;
        url.query_pairs_mut().append_pair("teamId", team).append_pair("max", PAGE);
        self.list(url, usize::MAX).await
    }

    /// The spaces of a team that we are in, whatever their titles.
    pub async fn rooms_of_team(&self, team: &str) -> Said<Vec<Room>> {
        self.group_rooms(Some(team)).await
    }
}
