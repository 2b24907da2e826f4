//! What an incident's space shows of its state: the card, which is kept up to date, the original mail, and the incident
//! report as a file.

use bytes::Bytes;
use handbell_core::delivery::{
    DeliveryId, Dispatch, DispatchKey, InternalTask, Message, Outcome, Progress, SpaceMessage, Task,
};
use handbell_core::incident::Incident;
use handbell_core::wording;
use handbell_core::wording::incident::{self, Reader};
use handbell_outbound::Failure;
use handbell_outbound::webex::{Attached, Post, Webex, incident_card};
use handbell_store::{Dispatches, EpochKey, History, PagedNotes};
use jiff::SignedDuration;

use crate::Fault;
use crate::bucket::ReceivedMails;
use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};
use crate::engine::apply::IncidentEngine;
use crate::engine::attempt::{outcome_of_fault, outcome_of_send};
use crate::engine::space::FoundSpace;
use crate::engine::work::{Work, wait};
use crate::secrets::{Secrets, values};

/// Number of earlier cards that are searched for one that is still posted.
const CARDS_BACK: usize = 20;

parts! {
    /// Shows the state of an incident.
    pub(crate) struct IncidentStatus {
        config: Configuration,
        dispatches: Dispatches,
        engine: IncidentEngine,
        history: History,
        paged_notes: PagedNotes,
        received: ReceivedMails,
        secrets: Secrets,
        time: Time,
    }
}

impl IncidentStatus {
    /// Returns whether a newer card was decided. This card would be removed at once.
    pub(crate) fn is_outdated(&self, work: &Work) -> bool {
        work.told_incident().is_none_or(|incident| incident.responses.card != work.dispatch.key.number)
    }

    /// Returns the card for the incident's present state. From now on, commands in this space refer to this incident.
    pub(crate) async fn incident_card(&self, work: &Work, space: &FoundSpace) -> Result<Post, Outcome> {
        let (Some(incident), Some(plan)) = (work.told_incident(), work.plan()) else {
            return Err(Outcome::NotWanted);
        };
        let listens = self.config.webex.webhook.is_some();
        let named = EpochKey { subject: incident.subject.clone(), epoch: incident.epoch };
        if let Err(fault) =
            self.paged_notes.record_paged(&[(space.id.to_string(), named)], self.time.now()).await
        {
            return Err(outcome_of_fault(fault.into()));
        }
        let mut card = incident::card(incident, plan, &work.words, self.time.now());
        if !listens {
            card.choices.clear();
        }
        let mut markdown = format!(
            "**{}**: {}",
            wording::escape_markdown(&card.title),
            wording::escape_markdown(&card.state)
        );
        if !self.config.webex.cards || !listens {
            for (name, text) in &card.lines {
                markdown.push_str(&format!(
                    "  \n{}: {}",
                    wording::escape_markdown(name),
                    wording::escape_markdown(text)
                ));
            }
        }
        let shown = self.config.webex.cards.then(|| incident_card(&card));
        Ok(Post { markdown, card: shown, ..Post::default() })
    }

    /// Removes the card of an earlier dispatch. If that card was never posted, the card that it should have replaced is
    /// removed.
    pub(crate) async fn remove_card(&self, webex: &Webex, work: &Work, card: u32) -> Outcome {
        let mut number = card;
        for _ in 0..CARDS_BACK {
            let key = DispatchKey { number, ..work.dispatch.key.clone() };
            let earlier = match self.dispatches.dispatch(&key).await {
                Ok(Some(earlier)) => earlier,
                Ok(None) => return Outcome::NotWanted,
                Err(fault) => return outcome_of_fault(fault.into()),
            };
            let shown = earlier
                .deliveries
                .values()
                .find(|delivery| delivery.message == Message::Space(SpaceMessage::IncidentCard));
            let before = earlier.deliveries.values().find_map(|delivery| delivery.message.removed_card());
            match shown.map(|shown| (shown.progress, shown.post_id())) {
                Some((Progress::Sent, Some(id))) => {
                    if !work.may_begin(self.time.now()) {
                        return wait(0);
                    }
                    return match webex.delete_message(&id).await {
                        Ok(()) => Outcome::Sent(id.into()),
                        Err(Failure::Unknown { why }) => {
                            // Removing a message twice does no harm, so there is nothing to look up.
                            Outcome::NotSent { pause: Some(SignedDuration::from_secs(15)), why }
                        }
                        Err(failure) => outcome_of_send(failure),
                    };
                }
                // The card is being posted at this moment, or was perhaps posted.
                Some((Progress::Pending | Progress::Unknown, _)) => return wait(2),
                // It was never posted.
                Some((Progress::Sent | Progress::Dead | Progress::Cancelled, _)) | None => match before {
                    Some(before) => number = before,
                    None => return Outcome::NotWanted,
                },
            }
        }
        Outcome::NotWanted
    }

    /// Returns the original mail as a file.
    pub(crate) async fn original_mail(&self, object: &str, name: &str) -> Result<Post, Outcome> {
        let missing = |why: &str| Post {
            markdown: format!("*(The mail itself belongs here, but {}.)*", wording::escape_markdown(why)),
            ..Post::default()
        };
        let Some(found) = self.received.mail(object).await else {
            return Ok(missing("HANDBELL_BUCKET isn't set: tell the people who run Handbell"));
        };
        match found {
            Ok(Some(bytes)) => Ok(Post {
                attached: Some(Attached {
                    name: name.to_owned(),
                    content_type: "message/rfc822".to_owned(),
                    bytes: self.without_secret_addresses(bytes).await.map_err(outcome_of_fault)?,
                }),
                ..Post::default()
            }),
            Ok(None) => Ok(missing("it isn't kept any more")),
            Err(Failure::Refused { why, .. }) => Ok(missing(&format!("it can't be had: {why}"))),
            Err(failure) => Err(outcome_of_send(failure)),
        }
    }

    /// Masks the addresses that only a source knows: members of the space could otherwise raise alerts.
    async fn without_secret_addresses(&self, bytes: Bytes) -> Result<Bytes, Fault> {
        let secrets = self.secrets.all(self.time.now()).await?;
        let names = self.config.sources.values().filter_map(|source| source.address.as_ref());
        let locals: Vec<&str> = names.flat_map(|address| values(&secrets, address.names())).collect();
        Ok(mask(&bytes, &locals))
    }

    /// Returns the incident report as a file.
    pub(crate) async fn report_file(&self, work: &Work) -> Result<Post, Outcome> {
        let (incident, text) = self.incident_report(work, Reader::Ours).await?;
        Ok(Post {
            markdown: format!("The report of {}.", incident.reference()),
            attached: Some(Attached {
                name: format!("{}.txt", incident.reference()),
                content_type: "text/plain".to_owned(),
                bytes: Bytes::from(text),
            }),
            ..Post::default()
        })
    }

    /// Returns the incident and its report as they are now.
    pub(crate) async fn incident_report<'a>(
        &self,
        work: &'a Work,
        reader: Reader,
    ) -> Result<(&'a Incident, String), Outcome> {
        let key = &work.dispatch.key;
        let Some(incident) = work.told_incident() else { return Err(Outcome::NotWanted) };
        let dispatches = self.history.dispatches_of(&key.subject, key.epoch).await;
        let dispatches = dispatches.map_err(|fault| outcome_of_fault(fault.into()))?;
        Ok((incident, incident::incident_report(incident, &dispatches, reader, &work.words, self.time.now())))
    }

    /// Adds texts to the people who were notified of the incident by phone, which state its outcome. The texts are
    /// stored first and sent with the next claim: a worker that dies meanwhile has sent none.
    pub(crate) async fn text_those_called(&self, work: &mut Work) {
        let now = self.time.now();
        let due = work
            .dispatch
            .deliveries
            .iter()
            .filter(|(_, delivery)| delivery.progress == Progress::Pending && delivery.next_at <= now);
        let texts: Vec<(DeliveryId, String, Option<String>)> = due
            .filter_map(|(id, delivery)| match delivery.message.task()? {
                InternalTask::TextThoseCalled { text, except } => Some((*id, text.clone(), except.clone())),
                InternalTask::EraseCustomer { .. } => None,
            })
            .collect();
        for (id, text, except) in texts {
            let key = work.dispatch.key.clone();
            match self.history.dispatches_of(&key.subject, key.epoch).await {
                Ok(earlier) => {
                    let earlier: Vec<_> =
                        earlier.into_iter().filter(|dispatch| dispatch.step().is_some()).collect();
                    work.dispatch.record(id, Outcome::Sent("those who were called".to_owned()), now);
                    work.dispatch.tell_called(&earlier, &text, except.as_deref(), now);
                }
                Err(fault) => {
                    work.dispatch.record(id, outcome_of_fault(fault.into()), now);
                }
            }
        }
    }

    /// Escalates early if a step has certainly reached nobody.
    pub(crate) async fn escalate_if_unreached(&self, work: &Work) -> Result<(), Fault> {
        use handbell_core::incident::decide::Event;
        let (Some(step), Some(incident)) = (work.dispatch.step(), work.incident()) else { return Ok(()) };
        // Only the latest step counts: an earlier round has no say.
        let earlier = work.dispatch.key.number < incident.step_dispatch;
        if work.cancelled || earlier || !work.dispatch.brought_nobody() || incident.step != step {
            return Ok(());
        }
        let key = &work.dispatch.key;
        let others = self.history.dispatches_of(&key.subject, key.epoch).await?;
        // A step's pages may belong to several dispatches. Those of an earlier round don't count.
        let same = |other: &&Dispatch| {
            other.step() == Some(step) && other.at == work.dispatch.at && other.key.number != key.number
        };
        let paged = |other: &Dispatch| other.deliveries.values().any(|delivery| delivery.message.is_page());
        if others.iter().filter(same).any(|other| paged(other) && !other.brought_nobody()) {
            return Ok(());
        }
        let event = Event::Unreached { epoch: key.epoch, round: incident.responses.round, step };
        self.engine.apply(&key.subject, &event, None).await.map(|_| ())
    }

    /// Records the incident that phones are about to be paged for, so that an answer by text refers to it. Best effort:
    /// the page goes out even if an answer will have to name the incident.
    pub(crate) async fn record_paged(&self, work: &Work, tasks: &[(DeliveryId, Task)]) {
        let Some(incident) = work.told_incident().filter(|_| !work.cancelled) else { return };
        let named = EpochKey { subject: incident.subject.clone(), epoch: work.dispatch.key.epoch };
        let mut told: Vec<(String, EpochKey)> = Vec::new();
        for (id, _) in tasks {
            let phone = work.delivery(*id).and_then(|delivery| delivery.message.paged_phone());
            let Some((address, _)) = phone else { continue };
            if !told.iter().any(|(known, _)| address == known.as_str()) {
                told.push((address.to_string(), named.clone()));
            }
        }
        if told.is_empty() {
            return;
        }
        if let Err(fault) = self.paged_notes.record_paged(&told, self.time.now()).await {
            tracing::warn!(reason = %fault, "the paged phones could not be recorded; an answer by text has to name the incident");
        }
    }
}

/// Replaces every occurrence of the words, in upper or lower case, by as many `x`.
fn mask(bytes: &Bytes, words: &[&str]) -> Bytes {
    let mut masked = bytes.to_vec();
    for word in words.iter().map(|word| word.as_bytes()).filter(|word| !word.is_empty()) {
        let mut at = 0;
        while at + word.len() <= masked.len() {
            if masked[at..at + word.len()].eq_ignore_ascii_case(word) {
                masked[at..at + word.len()].fill(b'x');
                at += word.len();
            } else {
                at += 1;
            }
        }
    }
    Bytes::from(masked)
}
