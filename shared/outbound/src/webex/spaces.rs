//! Spaces, which the API calls rooms, and their members.

use std::fmt;

use handbell_core::vendor_id::{PersonId, RoomId};
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{BACK_PAGE, PAGE, PAUSE, Webex};
use crate::DEADLINE;
use crate::answer::{self, time};
use crate::failure::{Failure, VendorResult};

/// Maximum number of characters in a title. Webex documents no limit; this is a cautious guess.
pub const TITLE_MAX: usize = 128;

/// A space (Webex, Rooms API).
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// Opaque id.
    pub id: RoomId,
    /// Title. For a 1:1 space, the other person's name.
    #[serde(default)]
    pub title: Option<String>,
    /// `direct` or `group`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Whether only moderators may add and remove people.
    #[serde(default)]
    pub is_locked: Option<bool>,
    /// Team that the space belongs to.
    #[serde(default)]
    pub team_id: Option<String>,
    /// Person who created the space.
    #[serde(default)]
    pub creator_id: Option<PersonId>,
    /// Time at which the space was created.
    #[serde(default, deserialize_with = "time")]
    pub created: Option<Timestamp>,
    /// Time of the last activity in the space.
    #[serde(default, deserialize_with = "time")]
    pub last_activity: Option<Timestamp>,
    /// In lists, Webex reports here which fields it can't decrypt at the moment (Webex, basics guide).
    #[serde(default)]
    errors: Value,
}

impl fmt::Debug for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Room").field("id", &self.id).field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// A member of a space (Webex, Memberships API).
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    /// Id of the membership, not of the person.
    pub id: String,
    /// Id of the space.
    #[serde(default)]
    pub room_id: Option<RoomId>,
    /// Id of the person.
    #[serde(default)]
    pub person_id: Option<PersonId>,
    /// Mail address; compare without regard to case.
    #[serde(default)]
    pub person_email: Option<String>,
    /// Id of the person's organisation.
    #[serde(default)]
    pub person_org_id: Option<String>,
    /// Name of the person.
    #[serde(default)]
    pub person_display_name: Option<String>,
    /// Whether the person is a moderator.
    #[serde(default)]
    pub is_moderator: Option<bool>,
    /// Whether the person has hidden the space. An update of the membership has to repeat the value.
    #[serde(default)]
    pub is_room_hidden: Option<bool>,
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("id", &self.id)
            .field("is_moderator", &self.is_moderator)
            .finish_non_exhaustive()
    }
}

/// Makes a title that Webex accepts: one line, not empty, at most [`TITLE_MAX`] characters.
pub fn title(raw: &str) -> String {
    let line = raw.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    if line.is_empty() { "Handbell".to_owned() } else { answer::cut(&line, TITLE_MAX, |_| 1).into_owned() }
}

impl Webex {
    /// Creates a space with the bot as its first member. The title is cleaned by [`title`].
    pub async fn create_room(&self, raw_title: &str, team: Option<&str>) -> VendorResult<Room> {
        let mut body = json!({ "title": title(raw_title) });
        if let Some(team) = team {
            body["teamId"] = team.into();
        }
        self.send(Method::POST, self.url(&["rooms"])?, &body).await
    }

    /// Returns a space by id.
    pub async fn room(&self, id: &RoomId) -> VendorResult<Room> {
        self.get(self.url(&["rooms", id])?).await
    }

    /// Renames a space. The title is cleaned by [`title`]. The call is idempotent.
    pub async fn rename_room(&self, room: &RoomId, raw_title: &str) -> VendorResult<Room> {
        let body = json!({ "title": title(raw_title) });
        self.send(Method::PUT, self.url(&["rooms", room])?, &body).await
    }

    /// Returns all group spaces of the bot with exactly this title, both sides cleaned by [`title`].
    ///
    /// Reads every page, since Webex has no search. If no space is found but Webex couldn't decrypt all titles, the
    /// look-up fails.
    pub async fn rooms_with_title(&self, wanted: &str) -> VendorResult<Vec<Room>> {
        let wanted = title(wanted);
        self.rooms_where(None, |title| title == wanted).await
    }

    /// Returns all group spaces of the bot, of one team or of all, whose title satisfies `wanted`. The title is cleaned
    /// by [`title`] first. Pages and unreadable titles are handled as in [`Webex::rooms_with_title`].
    pub async fn rooms_where(
        &self,
        team: Option<&str>,
        wanted: impl Fn(&str) -> bool,
    ) -> VendorResult<Vec<Room>> {
        let all = self.group_rooms(team).await?;
        // The placeholder for a title that can't be decrypted is no title.
        let unreadable = |room: &Room| room.errors.get("title").is_some();
        let failed = all.iter().any(unreadable);
        let found: Vec<Room> = all
            .into_iter()
            .filter(|room| !unreadable(room) && room.title.as_deref().is_some_and(|t| wanted(&title(t))))
            .collect();
        if found.is_empty() && failed {
            let why = "Webex can't decrypt the titles of all spaces at the moment".to_owned();
            return Err(Failure::NotSent { retry_after: Some(PAUSE), why });
        }
        Ok(found)
    }

    /// Returns the group spaces of the bot that were active since a time, the latest first.
    pub async fn rooms_active_since(&self, since: Timestamp) -> VendorResult<Vec<Room>> {
        let mut url = self.url(&["rooms"])?;
        url.query_pairs_mut()
            .append_pair("type", "group")
            .append_pair("sortBy", "lastactivity")
            .append_pair("max", BACK_PAGE);
        let is_older = |room: &Room| room.last_activity.is_some_and(|at| at < since);
        let mut all = self.list_until(url, |all| all.last().is_some_and(is_older)).await?;
        all.retain(|room| !is_older(room));
        Ok(all)
    }

    pub(super) async fn group_rooms(&self, team: Option<&str>) -> VendorResult<Vec<Room>> {
        let mut url = self.url(&["rooms"])?;
        if let Some(team) = team {
            url.query_pairs_mut().append_pair("teamId", team);
        }
        url.query_pairs_mut().append_pair("type", "group").append_pair("max", PAGE);
        self.list(url, usize::MAX).await
    }

    /// Adds a person to the space as a moderator or not.
    ///
    /// A person who is already a member is no failure: Webex returns 409, and the membership is looked up and updated.
    /// If it can't be found by this address (people may have several), the returned membership has an empty id and no
    /// moderator status. The call is idempotent.
    pub async fn add_member(&self, room: &RoomId, email: &str, moderator: bool) -> VendorResult<Member> {
        let body = json!({ "roomId": room, "personEmail": email, "isModerator": moderator });
        let request = self.request(Method::POST, self.url(&["memberships"])?).json(&body);
        let answer = self.ask(request, DEADLINE, true).await?;
        if answer.status != StatusCode::CONFLICT {
            return answer.agreed();
        }

        let mut url = self.url(&["memberships"])?;
        url.query_pairs_mut().append_pair("roomId", room).append_pair("personEmail", email);
        let Some(member) = self.list::<Member>(url, 1).await?.pop() else {
            return Ok(Member {
                id: String::new(),
                room_id: Some(room.clone()),
                person_id: None,
                person_email: Some(email.to_owned()),
                person_org_id: None,
                person_display_name: None,
                is_moderator: None,
                is_room_hidden: None,
            });
        };
        if member.is_moderator.unwrap_or(false) == moderator {
            return Ok(member);
        }
        let hidden = member.is_room_hidden.unwrap_or(false);
        let change = json!({ "isModerator": moderator, "isRoomHidden": hidden });
        self.send(Method::PUT, self.url(&["memberships", &member.id])?, &change).await
    }

    /// Removes a membership (not a person's id). A missing one is no failure. The call is idempotent.
    pub async fn remove_member(&self, membership: &str) -> VendorResult<()> {
        self.delete(&["memberships", membership]).await
    }

    /// Returns all members of a space.
    pub async fn members(&self, room: &RoomId) -> VendorResult<Vec<Member>> {
        let mut url = self.url(&["memberships"])?;
        url.query_pairs_mut().append_pair("roomId", room).append_pair("max", PAGE);
        self.list(url, usize::MAX).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_are_clean() {
        assert_eq!(title("Green Power"), "Green Power");
        assert_eq!(title("  Green\r\n\tPower\u{2028} \0"), "Green Power");
        assert_eq!(title(" \n "), "Handbell");
        let long = title(&"é".repeat(500));
        assert_eq!(long.chars().count(), TITLE_MAX);
        assert!(long.ends_with('…'));
        assert_eq!(title(&long), long);
    }
}
