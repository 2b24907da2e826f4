//! People, and whether they are there just now.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::Deserialize;

use super::Webex;
use crate::answer::time;
use crate::failure::Said;

/// How many people can be asked for at once (Webex, People API).
const BATCH: usize = 85;

/// Somebody, and what Webex shows us of what they do (Webex, People API).
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// Opaque; never look inside.
    pub id: String,
    /// Compare without regard to case. A bot's first one ends in `@webex.bot`.
    #[serde(default)]
    pub emails: Option<Vec<String>>,
    /// The person's name; it stands in front of what was said to a bot in a group space.
    #[serde(default)]
    pub display_name: Option<String>,
    /// `person`, `bot` or `appuser`.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    /// The organisation.
    #[serde(default)]
    pub org_id: Option<String>,
    /// `active`, `call`, `DoNotDisturb`, `inactive`, `meeting`, `OutOfOffice`, `pending`, `presenting` or `unknown`.
    /// Only people of our own organisation show it, and not if it has switched that off.
    #[serde(default)]
    pub status: Option<String>,
    /// When the person last did something; shown as the status is.
    #[serde(default, deserialize_with = "time")]
    pub last_activity: Option<Timestamp>,
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Person")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl Person {
    /// Whether the person would see a message now. Nothing is known where Webex shows no status; who is in a call or a
    /// meeting, presents, or is of a status that we don't know is not there.
    pub fn is_there(&self) -> Option<bool> {
        self.status.as_deref().map(|status| status.eq_ignore_ascii_case("active"))
    }

    fn has(&self, email: &str) -> bool {
        self.emails.iter().flatten().any(|known| known.eq_ignore_ascii_case(email))
    }
}

impl Webex {
    /// A person by their id.
    pub async fn person(&self, id: &str) -> Said<Person> {
        self.get(self.url(&["people", id])?).await
    }

    /// A person by their address. Only people of our own organisation are found so (Webex, People API): who isn't may
    /// well be there.
    pub async fn person_by_email(&self, email: &str) -> Said<Option<Person>> {
        let mut url = self.url(&["people"])?;
        url.query_pairs_mut().append_pair("email", email);
        let people: Vec<Person> = self.list(url, usize::MAX).await?;
        Ok(people.into_iter().find(|person| person.has(email)))
    }

    /// People by their ids, in no order; who isn't known to Webex is missing. Many are asked for in several requests;
    /// if one of them fails, so does all of it.
    pub async fn people(&self, ids: &[String]) -> Said<Vec<Person>> {
        let ids: BTreeSet<&str> = ids.iter().map(String::as_str).filter(|id| !id.is_empty()).collect();
        let ids: Vec<&str> = ids.into_iter().collect();
        let mut found = Vec::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let mut url = self.url(&["people"])?;
            url.query_pairs_mut().append_pair("id", &batch.join(","));
            found.extend(self.list::<Person>(url, usize::MAX).await?);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(status: &str) -> Person {
        let json =
            format!(r#"{{"id":"P","emails":["Dana@example.com"],"displayName":"Dana","status":{status}}}"#);
        serde_json::from_str(&json).unwrap()
    }

    #[test]
    fn only_who_is_active_is_there() {
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
    fn debug_shows_nobody() {
        let shown = format!("{:?}", person("\"active\""));
        assert!(!shown.to_lowercase().contains("dana"), "{shown}");
    }
}
