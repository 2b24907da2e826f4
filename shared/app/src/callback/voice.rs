//! Requests from Twilio about calls: what to say, whom to connect, which key was pressed.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::delivery::{Content, DeliveryId, Dispatch, DispatchKey, Message, PhoneMessage};
use handbell_core::event_id::EventId;
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::{Event, EventOutcome};
use handbell_core::incident::{Incident, Kind, Phase};
use handbell_core::wording;
use handbell_inbound::twilio::{Hook, Params, TwilioEvent};
use handbell_outbound::twiml::Verb;
use handbell_store::{Dispatches, Incidents};
use http::{Request, Response};

use crate::callback::twilio::{DeliveryReceipts, TwilioRequests};
use crate::configuration::Configuration;
use crate::conversation::caller::CustomerCalls;
use crate::dependencies::{PublicUrl, Time, parts};
use crate::engine::apply::IncidentEngine;
use crate::engine::delivery_token::{read_token, token};
use crate::web::twiml::{goodbye, twiml};
use crate::{Failed, refuse};

/// The call that Twilio asks about, and what the call belongs to.
struct AnsweredCall {
    key: DispatchKey,
    id: DeliveryId,
    dispatch: Dispatch,
    incident: Incident,
}

parts! {
    /// Answers requests from Twilio about calls.
    pub struct VoiceInbound {
        config: Configuration,
        requests: TwilioRequests,
        receipts: DeliveryReceipts,
        customers: CustomerCalls,
        engine: IncidentEngine,
        incidents: Incidents,
        dispatches: Dispatches,
        public_url: PublicUrl,
        time: Time,
    }
}

impl VoiceInbound {
    /// Answers `/twilio/voice…`: a customer's call, what to say, a pressed key, a receipt of a call.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let done = async {
            let params = self.requests.params(&request).await?;
            match request.uri().path() {
                "/twilio/voice/status" if params.query("d").is_none() => {
                    self.customers.handle_hang_up(&params).await
                }
                "/twilio/voice/status" => self.receipts.record(&params, Hook::CallStatus).await,
                "/twilio/voice" if params.query("d").is_none() => self.customers.answer_caller(&params).await,
                "/twilio/voice" if is_customers(&params) => self.customers.ask_agent(&params).await,
                "/twilio/voice" => self.read_out_confirmation(&params).await,
                "/twilio/voice/key" if is_customers(&params) => {
                    self.customers.connect_customer(&params).await
                }
                "/twilio/voice/key" => self.handle_key(&params).await,
                "/twilio/voice/dialed" => self.customers.handle_dial_result(&params).await,
                "/twilio/voice/recorded" => self.customers.take_voicemail(&params).await,
                _ => Err(Rejected::Unknown.into()),
            }
        };
        done.await.unwrap_or_else(|failed| refuse(&failed))
    }

    /// Returns the call, its dispatch and its incident as they are now.
    async fn answered_call(&self, params: &Params) -> Result<Option<AnsweredCall>, Failed> {
        let Some((key, id)) = params.query("d").and_then(read_token) else { return Ok(None) };
        let (dispatch, incident) =
            tokio::join!(self.dispatches.dispatch(&key), self.incidents.incident(&key.subject));
        Ok(match (dispatch?, incident?) {
            (Some(dispatch), Some(incident)) => Some(AnsweredCall { key, id, dispatch, incident }),
            _ => None,
        })
    }

    async fn read_out_confirmation(&self, params: &Params) -> Result<Response<Bytes>, Failed> {
        let Some(answered) = self.answered_call(params).await? else {
            return twiml(&goodbye(wording::NOT_KNOWN));
        };
        self.what_to_say(&answered).await
    }

    async fn what_to_say(&self, answered: &AnsweredCall) -> Result<Response<Bytes>, Failed> {
        let words = self.config.words(&answered.key.subject, Some(&answered.incident));
        // A call that was placed after an acknowledgement is still wanted: one person isn't enough.
        let wanted = answered.incident.phase == Phase::Acknowledged
            && !answered.incident.cancels(answered.key.epoch, answered.key.number);
        let over = if answered.incident.epoch != answered.key.epoch {
            Some(wording::NOT_KNOWN.to_owned())
        } else if wanted {
            None
        } else {
            wording::spoken_when_over(&answered.incident, &words)
        };
        if let Some(over) = over {
            return twiml(&goodbye(&over));
        }
        let Some(Message::Phone(PhoneMessage::Call { content, .. })) =
            answered.dispatch.deliveries.get(&answered.id).map(|delivery| &delivery.message)
        else {
            return twiml(&goodbye(wording::NOT_KNOWN));
        };
        let plan = match answered.dispatch.of_incident() {
            Some(of) => Some(self.engine.plan(&of.plan, &of.plan_hash).await?),
            None => None,
        };
        let call = match content {
            Content::Step { step, item } => {
                plan.as_ref().and_then(|plan| plan.step(*step)).and_then(|step| step.call.get(*item))
            }
            Content::Text(_)
            | Content::Page { .. }
            | Content::Entry
            | Content::FirstPost(_)
            | Content::TakenBack(_) => None,
        };
        let say = |text: String| Verb::Say {
            text,
            language: call.and_then(|call| call.language.clone()),
            voice: call.and_then(|call| call.voice.clone()),
        };
        let text = wording::spoken(content, plan.as_deref(), &answered.incident, &words, self.time.now());
        let here = token(&answered.key, answered.id);
        let keys =
            format!("{}/twilio/voice/key?d={here}&s={}", self.public_url.get(), answered.incident.step);
        twiml(&[
            Verb::Gather {
                action: keys,
                num_digits: Some(1),
                timeout: 8,
                verbs: vec![say(text.clone()), say(wording::KEYS.to_owned())],
            },
            // No key was pressed: the text is repeated once, and the call ends.
            say(text),
            Verb::Hangup,
        ])
    }

    async fn handle_key(&self, params: &Params) -> Result<Response<Bytes>, Failed> {
        let TwilioEvent::Digits { sid, digits } = params.event(Hook::Key)? else {
            return Err(Rejected::Unknown.into());
        };
        // Each key that does something ends the call, so a call presses it once.
        let id = EventId { key: format!("key-{sid}-{digits}"), keep: EventId::KEEP };
        let Some(answered) = self.answered_call(params).await? else {
            return twiml(&goodbye(wording::NOT_KNOWN));
        };
        let delivery = answered.dispatch.deliveries.get(&answered.id);
        let Some((Message::Phone(PhoneMessage::Call { to, .. }), recipient)) =
            delivery.map(|delivery| (&delivery.message, &delivery.recipient))
        else {
            return twiml(&goodbye(wording::NOT_KNOWN));
        };
        let by = match recipient {
            Some(recipient) if to != recipient.id.as_str() => Actor {
                who: recipient.name.clone(),
                person: Some(recipient.id.clone()),
                how: CommandChannel::Phone,
            },
            // A bare number is identified by the number alone.
            _ => Actor {
                who: wording::phone_label(to),
                person: Some(to.to_string()),
                how: CommandChannel::Phone,
            },
        };
        let epoch = Some(answered.key.epoch);
        match digits.as_str() {
            "1" => {
                let applied = self
                    .engine
                    .apply(&answered.key.subject, &command(by, epoch, Command::Acknowledge), Some(&id))
                    .await?;
                match applied.outcome {
                    Some(EventOutcome::Done) => twiml(&goodbye(wording::YOU_HAVE_IT)),
                    // Another person was faster, or the incident is over. The call says who has it.
                    Some(
                        EventOutcome::Counted
                        | EventOutcome::Late
                        | EventOutcome::Debounced
                        | EventOutcome::Nothing,
                    )
                    | None => {
                        self.what_to_say(&AnsweredCall {
                            incident: applied.incident.unwrap_or(answered.incident),
                            ..answered
                        })
                        .await
                    }
                }
            }
            "2" => {
                let step =
                    params.query("s").and_then(|step| step.parse().ok()).unwrap_or(answered.incident.step);
                let applied = self
                    .engine
                    .apply(
                        &answered.key.subject,
                        &command(by, epoch, Command::Escalate { step: Some(step) }),
                        Some(&id),
                    )
                    .await?;
                twiml(&goodbye(match applied.outcome {
                    // Twilio repeats a request whose answer it didn't get.
                    Some(EventOutcome::Done) | None => wording::NEXT_STEP,
                    Some(
                        EventOutcome::Nothing
                        | EventOutcome::Counted
                        | EventOutcome::Late
                        | EventOutcome::Debounced,
                    ) => wording::NO_NEXT_STEP,
                }))
            }
            _ => self.what_to_say(&answered).await,
        }
    }
}

fn command(by: Actor, epoch: Option<u64>, command: Command) -> Event {
    Event::Command { by, epoch, command }
}

/// Returns whether the call belongs to a conversation.
fn is_customers(params: &Params) -> bool {
    let key = params.query("d").and_then(read_token);
    key.is_some_and(|(key, _)| key.subject.kind() == Kind::Customer)
}
