//! Teams: the agents and the spaces that they share.

use std::fmt;

use handbell_core::vendor_id::PersonId;
use serde::Deserialize;
use serde_json::Value;

use super::{PAGE, PAUSE, Room, Webex, title};
use crate::failure::{Failure, VendorResult};

/// A team that the bot is a member of (Webex, Teams API).
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct WebexTeam {
    /// Opaque id; never parse it.
    pub id: String,
    /// Name.
    #[serde(default)]
    pub name: Option<String>,
    /// In lists, Webex reports here which fields it can't decrypt at the moment (Webex, basics guide).
    #[serde(default)]
    errors: Value,
}

impl fmt::Debug for WebexTeam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebexTeam").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A member of a team, which may be a bot (Webex, Team Memberships API).
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Teammate {
    /// Id of the person.
    pub person_id: PersonId,
    /// Mail address; compare without regard to case.
    #[serde(default)]
    pub person_email: Option<String>,
    /// Name of the person.
    #[serde(default)]
    pub person_display_name: Option<String>,
}

impl fmt::Debug for Teammate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teammate").field("person_id", &self.person_id).finish_non_exhaustive()
    }
}

impl Webex {
    /// Returns all teams of the bot.
    pub async fn teams(&self) -> VendorResult<Vec<WebexTeam>> {
        let mut url = self.url(&["teams"])?;
        url.query_pairs_mut().append_pair("max", PAGE);
        self.list(url, usize::MAX).await
    }

    /// Returns the bot's team with exactly this name, apart from white space.
    ///
    /// If two teams have the name, the call is refused: the wrong team's members might see customers. If no team is found
    /// but Webex couldn't decrypt all names, the look-up fails.
    pub async fn team_named(&self, name: &str) -> VendorResult<Option<WebexTeam>> {
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

    /// Returns all members of a team.
    pub async fn team_members(&self, team: &str) -> VendorResult<Vec<Teammate>> {
        let mut url = self.url(&["team", "memberships"])?;
        url.query_pairs_mut().append_pair("teamId", team).append_pair("max", PAGE);
        self.list(url, usize::MAX).await
    }

    /// Returns the bot's spaces of a team, whatever their titles.
    pub async fn rooms_of_team(&self, team: &str) -> VendorResult<Vec<Room>> {
        self.group_rooms(Some(team)).await
    }
}
