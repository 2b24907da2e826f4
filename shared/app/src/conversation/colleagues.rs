//! Names of colleagues: an agent who writes one after an `@` means the colleague and not the customer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::future::join_all;
use handbell_core::config::Line;
use handbell_core::conversation::{Agent, Conversation};
use handbell_core::vendor_id::RoomId;
use handbell_outbound::webex::Webex;
use handbell_outbound::{Failure, VendorResult};
use jiff::{SignedDuration, Timestamp};

use crate::Fault;
use crate::dependencies::{Access, Dependencies, Part, Time, parts};
use crate::vendor::BotIdentity;

/// How long a process keeps the names that it has looked up.
const KEPT: SignedDuration = SignedDuration::from_mins(5);

/// Names that this process has looked up, by space, and when.
#[derive(Clone, Default)]
pub(crate) struct KnownNames(Arc<Mutex<NamesBySpace>>);

type NamesBySpace = BTreeMap<RoomId, (Timestamp, Vec<String>)>;

impl Part for KnownNames {
    fn access(_: &mut Access) {}

    fn build(from: &Dependencies) -> Self {
        from.shared()
    }
}

parts! {
    /// Finds the names of an agent's colleagues.
    pub(crate) struct ColleagueNames {
        known: KnownNames,
        time: Time,
    }
}

impl ColleagueNames {
    /// Returns the names and the local parts of mail addresses of the line's people, of the space's members, and of
    /// those who were seen in the space before. A name that Webex doesn't show is missing; a failure is an error, since
    /// a name that is missing may let words to a colleague out.
    pub(crate) async fn of(
        &self,
        webex: &Webex,
        line: &Line,
        conversation: &Conversation,
        room: Option<(&RoomId, &BotIdentity)>,
    ) -> Result<Vec<String>, Fault> {
        let mut names: Vec<String> =
            line.agents.iter().filter_map(|agent| local_part(&agent.email)).map(str::to_owned).collect();
        for Agent { name, email, .. } in conversation.seen.iter().chain(&conversation.assignee) {
            names.push(name.clone());
            names.extend(email.as_deref().and_then(local_part).map(str::to_owned));
        }
        if let Some((room, me)) = room {
            names.extend(self.in_webex(webex, line, room, me).await?);
        }
        Ok(names)
    }

    async fn in_webex(
        &self,
        webex: &Webex,
        line: &Line,
        room: &RoomId,
        me: &BotIdentity,
    ) -> Result<Vec<String>, Fault> {
        let now = self.time.now();
        let fresh = |known: &NamesBySpace| {
            known
                .get(room)
                .filter(|(at, _)| now.duration_since(*at).abs() < KEPT)
                .map(|(_, names)| names.clone())
        };
        if let Some(names) = self.known.0.lock().ok().as_deref().and_then(fresh) {
            return Ok(names);
        }
        let names = look_up(webex, line, room, me).await?;
        if let Ok(mut known) = self.known.0.lock() {
            known.retain(|_, (at, _)| now.duration_since(*at).abs() < KEPT);
            known.insert(room.clone(), (now, names.clone()));
        }
        Ok(names)
    }
}

async fn look_up(webex: &Webex, line: &Line, room: &RoomId, me: &BotIdentity) -> VendorResult<Vec<String>> {
    let mut found: Vec<(Option<String>, Option<String>)> = Vec::new();
    let members = shown(webex.members(room).await)?.unwrap_or_default().into_iter();
    let members = members.filter(|member| member.person_id.as_ref() != Some(&me.id));
    found.extend(members.map(|member| (member.person_display_name, member.person_email)));
    if let Some(team) = &line.team {
        let mates = shown(webex.team_members(team).await)?.unwrap_or_default().into_iter();
        let mates = mates.filter(|mate| mate.person_id != me.id);
        found.extend(mates.map(|mate| (mate.person_display_name, mate.person_email)));
    }
    let agents = join_all(line.agents.iter().map(|agent| webex.person_by_email(&agent.email))).await;
    for person in agents {
        found.extend(shown(person)?.flatten().map(|person| (person.display_name, None)));
    }
    Ok(found
        .into_iter()
        .flat_map(|(name, email)| [name, email.as_deref().and_then(local_part).map(str::to_owned)])
        .flatten()
        .collect())
}

/// Returns what Webex shows, or none if Webex refuses to show it.
fn shown<T>(answer: VendorResult<T>) -> VendorResult<Option<T>> {
    match answer {
        Ok(shown) => Ok(Some(shown)),
        Err(Failure::Refused { .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}

fn local_part(email: &str) -> Option<&str> {
    email.split('@').next().filter(|local| !local.is_empty())
}
