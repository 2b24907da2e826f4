//! People, and their presence.

use std::collections::BTreeSet;
use std::fmt;

use handbell_core::vendor_id::PersonId;
use jiff::Timestamp;
use serde::Deserialize;

use super::Webex;
use crate::answer::time;
use crate::failure::VendorResult;

/// Maximum number of people per request (Webex, People API).
const BATCH: usize = 85;

/// A person and their presence, as far as Webex shows it to us (Webex, People API).
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebexPerson {
    /// Opaque id.
    pub id: PersonId,
    /// Mail addresses; compare without regard to case. A bot's first one ends in `@webex.bot`.
    #[serde(default)]
    pub emails: Option<Vec<String>>,
    /// Name. In a group space, messages to a bot begin with the bot's name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// `person`, `bot` or `appuser`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// Organisation.
    #[serde(default)]
    pub org_id: Option<String>,
    /// Presence: `active`, `call`, `DoNotDisturb`, `inactive`, `meeting`, `OutOfOffice`, `pending`, `presenting` or
    /// `unknown`. Only people of our own organisation show it, unless the organisation has switched it off.
    #[serde(default)]
    pub status: Option<String>,
    /// Time of the last activity; shown under the same conditions as the presence.
    #[serde(default, deserialize_with = "time")]
    pub last_activity: Option<Timestamp>,
}

impl fmt::Debug for WebexPerson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebexPerson")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl WebexPerson {
    /// Whether the person would see a message now; `None` if Webex shows no presence. A person in a call or a meeting,
    /// who presents or whose status is unknown, is not there.
    pub fn is_there(&self) -> Option<bool> {
        self.status.as_deref().map(|status| status.eq_ignore_ascii_case("active"))
    }

    fn has(&self, email: &str) -> bool {
        self.emails.iter().flatten().any(|known| known.eq_ignore_ascii_case(email))
    }
}

impl Webex {
    /// Returns a person by id.
    pub async fn person(&self, id: &PersonId) -> VendorResult<WebexPerson> {
        self.get(self.url(&["people", id])?).await
    }

    /// Returns a person by mail address. Only people of our own organisation are found this way (Webex, People API), so
    /// `None` doesn't mean that the person isn't at Webex.
    pub async fn person_by_email(&self, email: &str) -> VendorResult<Option<WebexPerson>> {
        let mut url = self.url(&["people"])?;
        url.query_pairs_mut().append_pair("email", email);
        let people: Vec<WebexPerson> = self.list(url, usize::MAX).await?;
        Ok(people.into_iter().find(|person| person.has(email)))
    }

    /// Returns people by id, in no order. People whom Webex doesn't know are missing. More ids than one request takes
    /// are split; if one request fails, all fails.
    pub async fn people(&self, ids: &[PersonId]) -> VendorResult<Vec<WebexPerson>> {
        let ids: BTreeSet<&PersonId> = ids.iter().collect();
        let ids: Vec<&str> = ids.into_iter().map(AsRef::as_ref).collect();
        let mut found = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let mut url = self.url(&["people"])?;
            url.query_pairs_mut().append_pair("id", &batch.join(","));
            found.extend(self.list::<WebexPerson>(url, usize::MAX).await?);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(status: &str) -> WebexPerson {
        let json = format!(
            r#"{{"id":"Y2lzY29zcGFyazovLP00","emails":["Dana@example.com"],"displayName":"Dana","status":{status}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn only_an_active_person_is_there() {
        assert_eq!(person("\"active\"").is_there(), Some(true));
        for away in [
            "call",
            "DoNotDisturb",
            "inactive",
            "meeting",
            "OutOfOffice",
            "pending",
            "presenting",
            "unknown",
            "new",
            "",
        ] {
            assert_eq!(person(&format!("\"{away}\"")).is_there(), Some(false), "{away}");
        }
        assert_eq!(person("null").is_there(), None);
    }

    #[test]
    fn debug_shows_no_personal_data() {
        let shown = format!("{:?}", person("\"active\""));
        assert!(!shown.to_lowercase().contains("dana"), "{shown}");
    }
}
