//! Attendance in a customer's space: who of the team is available, who is asked, and what the lobby is told.

use futures_util::future::join_all;
use handbell_core::address::EmailAddress;
use handbell_core::config::Line;
use handbell_core::conversation::assign::{Assignment, Candidate, choose};
use handbell_core::conversation::decide::{Attendance, ConversationEvent};
use handbell_core::conversation::{Address, Agent, Conversation};
use handbell_core::delivery::{
    ConversationEntry, Delivery, Invitation, Message, Outcome, SpaceMessage, Speaker, TakenBack, Task,
};
use handbell_core::vendor_id::{PersonId, RoomId};
use handbell_core::wording::{self, conversation};
use handbell_outbound::webex::{Attached, Member, Post, Webex, WebexPerson};
use handbell_outbound::{Failure, VendorResult};
use handbell_store::{History, Lines};

use crate::configuration::Configuration;
use crate::conversation::agent::sight;
use crate::conversation::answer::CustomerReplies;
use crate::conversation::apply::ConversationEngine;
use crate::dependencies::{Time, parts};
use crate::engine::attempt::{Attempt, outcome_of_fault, outcome_of_send};
use crate::engine::space::{FoundSpace, SpaceFinder};
use crate::engine::wanted_space::WantedSpace;
use crate::engine::work::{Work, wait};
use crate::vendor::{BotIdentity, WebexAccount};
use crate::webhooks::Webhooks;

/// End of the addresses of bots (Webex, Bots guide).
const BOTS: &str = "@webex.bot";

parts! {
    /// Looks after a customer's space: assignment, lobby, title and transcript.
    pub(crate) struct CustomerSpace {
        config: Configuration,
        engine: ConversationEngine,
        replies: CustomerReplies,
        finder: SpaceFinder,
        webhooks: Webhooks,
        lines: Lines,
        history: History,
        webex: WebexAccount,
        time: Time,
    }
}

impl CustomerSpace {
    /// Checks who is available, asks an agent if nobody is, and applies the result to the conversation.
    pub(crate) async fn assign(&self, webex: &Webex, space: &FoundSpace, attempt: Attempt<'_>) -> Outcome {
        let Attempt { work, task, .. } = attempt;
        let subject = &work.dispatch.key.subject;
        let Some((line_name, line)) = self.config.line(subject) else { return Outcome::NotWanted };
        if work.cancelled {
            return Outcome::NotWanted;
        }
        let candidates = match self.candidates(webex, line, &space.id).await {
            Ok(candidates) => candidates,
            // Webex was only queried: nothing is uncertain.
            Err(Failure::Unknown { why }) => return Outcome::NotSent { pause: None, why },
            Err(failure) => return self.finder.outcome_in_space(webex, space, failure).await,
        };
        let last = match self.lines.line(line_name).await {
            Ok(row) => row.asked_last,
            Err(fault) => return outcome_of_fault(fault.into()),
        };
        let chosen = match choose(&candidates, line.assign, last.as_deref()) {
            // A worker that died here may have added an agent who doesn't know yet that an answer is wanted.
            Assignment::SomebodyThere if task == Task::LookUp => {
                let here =
                    candidates.iter().find(|candidate| candidate.in_space && candidate.there == Some(true));
                here.map_or(Assignment::SomebodyThere, Assignment::Assign)
            }
            chosen => chosen,
        };
        let (there, asked) = match chosen {
            Assignment::SomebodyThere => (Attendance::Somebody, None),
            Assignment::Nobody => (Attendance::Nobody, None),
            Assignment::Assign(candidate) => {
                if !work.may_begin(self.time.now()) {
                    return wait(0);
                }
                match webex.add_member(&space.id, &candidate.email, false).await {
                    Ok(_) => {}
                    Err(Failure::Unknown { why }) => return Outcome::NotSent { pause: None, why },
                    Err(failure) => return outcome_of_send(failure),
                }
                let agent = Agent {
                    id: candidate.person_id.clone(),
                    email: Some(candidate.email.clone()),
                    name: candidate.name.clone(),
                };
                (Attendance::Asked(agent), Some(candidate.email.clone()))
            }
        };
        let id = format!("looked-{}", attempt.reference_tag());
        if let Err(fault) =
            self.engine.apply(subject, &ConversationEvent::AttendanceChecked(there), Some(&id)).await
        {
            return outcome_of_fault(fault);
        }
        if let Some(email) = asked
            && let Err(fault) = self.lines.set_last_asked(line_name, &email).await
        {
            // Only the rotation is lost; the customer isn't.
            tracing::warn!(reason = %fault, "the agent who was asked last could not be recorded");
        }
        Outcome::Sent("looked".to_owned())
    }

    /// Looks for somebody to answer if a customer's words are about to be posted where nobody of the team reads them.
    pub(crate) async fn find_reader(
        &self,
        webex: &Webex,
        space: &FoundSpace,
        attempt: Attempt<'_>,
    ) -> Result<(), Outcome> {
        let work = attempt.work;
        let of_customer = |entry: &ConversationEntry| entry.speaker == Speaker::Customer;
        let waits = work.conversation().is_some_and(|conversation| conversation.waiting_since.is_some());
        let assigns = |one: &Delivery| one.message == Message::Space(SpaceMessage::Assign);
        let subject = &work.dispatch.key.subject;
        let Some((_, line)) = self.config.line(subject) else { return Ok(()) };
        if !waits
            || !work.dispatch.conversation_entry().is_some_and(of_customer)
            || work.dispatch.deliveries.values().any(assigns)
        {
            return Ok(());
        }
        let members = match webex.members(&space.id).await {
            Ok(members) => members,
            // The words are worth more than the search.
            Err(Failure::Refused { .. }) => return Ok(()),
            Err(Failure::Unknown { why }) => return Err(Outcome::NotSent { pause: None, why }),
            Err(failure) => return Err(self.finder.outcome_in_space(webex, space, failure).await),
        };
        let me = self.webex.identity().await.map_err(outcome_of_fault)?;
        if members.iter().any(|member| may_answer(member, line, me)) {
            return Ok(());
        }
        let id = format!("empty-{}", attempt.reference_tag());
        let stored = self.engine.apply(subject, &ConversationEvent::SpaceEmpty, Some(&id)).await;
        stored.map(|_| ()).map_err(outcome_of_fault)
    }

    /// Returns everyone who may answer on this line, with the availability that Webex shows.
    async fn candidates(&self, webex: &Webex, line: &Line, room: &RoomId) -> VendorResult<Vec<Candidate>> {
        let here = webex.members(room).await?;
        let me = self
            .webex
            .identity()
            .await
            .map_err(|fault| Failure::NotSent { retry_after: None, why: fault.to_string() })?;
        let in_space = |email: &str| {
            here.iter().any(|member| {
                member.person_email.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(email))
            })
        };
        let mut found: Vec<WebexPerson> = Vec::new();
        if let Some(team) = &line.team {
            let mates = webex.team_members(team).await?;
            let ids: Vec<PersonId> = mates.into_iter().map(|mate| mate.person_id).collect();
            found.extend(webex.people(&ids).await?);
        }
        let known = |email: &str| {
            found
                .iter()
                .flat_map(|person| person.emails.iter().flatten())
                .any(|known| known.eq_ignore_ascii_case(email))
        };
        let others = line.agents.iter().filter(|agent| !known(&agent.email));
        let others = join_all(others.map(|agent| webex.person_by_email(&agent.email))).await;
        for person in others {
            found.extend(person?);
        }
        let agents =
            found.into_iter().filter(|person| person.id != me.id && person.kind.as_deref() == Some("person"));
        Ok(agents
            .filter_map(|person| {
                let email: EmailAddress =
                    person.emails.iter().flatten().find_map(|email| email.parse().ok())?;
                Some(Candidate {
                    there: person.is_there(),
                    name: person.display_name.clone().unwrap_or_else(|| email.to_string()),
                    last_activity: person.last_activity,
                    in_space: person.emails.iter().flatten().any(|email| in_space(email)),
                    person_id: person.id,
                    email,
                })
            })
            .collect())
    }

    /// Posts to the lobby of the team.
    pub(crate) async fn tell_lobby(&self, webex: &Webex, attempt: Attempt<'_>, text: &str) -> Outcome {
        let work = attempt.work;
        let Some((line_name, line)) = self.config.line(&work.dispatch.key.subject) else {
            return Outcome::NotWanted;
        };
        let Some(title) = &line.lobby else { return Outcome::NotWanted };
        let people = line.agents.iter().map(|agent| Invitation::participant(agent.email.clone()));
        let wanted = WantedSpace {
            name: format!("lobby:{line_name}:{title}"),
            title: title.clone(),
            team: line.team.clone(),
            always: true,
            oldest: work.dispatch.of_conversation().map_or(work.dispatch.at, |of| of.opened_at),
            people: people.collect(),
            people_first: true,
            digits: None,
            of: None,
        };
        let lobby = match self.finder.find(webex, &wanted, work).await {
            Ok(lobby) => lobby,
            Err(outcome) => return outcome,
        };
        if !work.may_begin(self.time.now()) {
            return wait(0);
        }
        let markdown = wording::tagged_post(text, &attempt.reference_tag());
        match webex.post(&lobby.id, &Post { markdown, ..Post::default() }).await {
            Ok(id) => Outcome::Sent(id.into()),
            Err(failure) => self.finder.outcome_in_space(webex, &lobby, failure).await,
        }
    }

    /// Returns the first post of a customer's space.
    pub(crate) async fn first_post(&self, work: &Work, address: &Address) -> Result<String, Outcome> {
        let me = self.webex.identity().await.map_err(outcome_of_fault)?;
        self.webhooks.ensure_once().await;
        let line = self.config.line(&work.dispatch.key.subject).map(|(_, line)| line);
        Ok(line.map(|line| conversation::first_post(line, sight(me), address)).unwrap_or_default())
    }

    /// Returns a text that says whether a reply could be taken back. The reply's own dispatch knows, once it has
    /// settled. Nothing is said if the customer has what stands in the space now.
    pub(crate) async fn delivery_state(&self, work: &Work, taken: &TakenBack) -> Result<String, Outcome> {
        let key = &work.dispatch.key;
        let in_time = self.replies.was_taken_back(key, taken.reply).await.map_err(outcome_of_fault)?;
        let in_time = in_time.ok_or_else(|| wait(1))?;
        if let Some(now) = taken.now.as_deref().filter(|_| !in_time)
            && self.replies.is_in_force(key, taken.reply, now).await.map_err(outcome_of_fault)?
        {
            return Err(Outcome::NotWanted);
        }
        Ok(conversation::taken_back(taken, in_time))
    }

    /// Returns the transcript of the conversation as a file, or its latest part in words.
    pub(crate) async fn transcript(&self, work: &Work, brief: bool) -> Result<Post, Outcome> {
        let subject = &work.dispatch.key.subject;
        let all = self.history.dispatches(subject, if brief { 60 } else { 5000 }).await;
        let all = all.map_err(|fault| outcome_of_fault(fault.into()))?;
        if brief {
            return Ok(Post { markdown: conversation::history(&all, self.config.zone()), ..Post::default() });
        }
        let called = work.conversation().map(Conversation::title).unwrap_or_default();
        let text = conversation::transcript(&called, &all, self.config.zone(), self.time.now());
        let attached = Attached {
            name: "transcript.txt".to_owned(),
            content_type: "text/plain".to_owned(),
            bytes: text.into(),
        };
        Ok(Post { attached: Some(attached), ..Post::default() })
    }

    /// Gives the space another title.
    pub(crate) async fn rename(&self, webex: &Webex, space: &FoundSpace, title: &str) -> Outcome {
        match webex.rename_room(&space.id, title).await {
            Ok(_) => Outcome::Sent(space.id.to_string()),
            // Renaming twice does no harm, so there is nothing to look up.
            Err(Failure::Unknown { why }) => Outcome::NotSent { pause: None, why },
            Err(failure) => outcome_of_send(failure),
        }
    }
}

/// Returns whether a member of the space may answer customers: a person of our organisation, or an agent of the line.
fn may_answer(member: &Member, line: &Line, me: &BotIdentity) -> bool {
    let email = member.person_email.as_deref().unwrap_or_default();
    let ours = member.person_id.as_ref() == Some(&me.id) || email.ends_with(BOTS);
    let foreign = me.org.is_some() && member.person_org_id.is_some() && me.org != member.person_org_id;
    let named = line.agents.iter().any(|agent| agent.email.eq_ignore_ascii_case(email));
    !ours && (named || !foreign)
}
