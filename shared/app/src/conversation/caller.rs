//! Calls from customers, and calls of agents to customers. They are connected or recorded, and the space shows them.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::address::{E164, PhoneAddress};
use handbell_core::config::Line;
use handbell_core::conversation::decide::ConversationEvent;
use handbell_core::delivery::{DeliveryId, DispatchKey, Message, PhoneMessage};
use handbell_core::wording::{NOT_KNOWN, conversation as wording};
use handbell_inbound::twilio::{CallStatus, Hook, Params, TwilioEvent};
use handbell_outbound::twiml::Verb;
use handbell_store::{Conversations, Dispatches};
use http::{Response, StatusCode};
use jiff::SignedDuration;

use crate::configuration::Configuration;
use crate::conversation::apply::ConversationEngine;
use crate::conversation::customer::address;
use crate::dependencies::{PublicUrl, Time, parts};
use crate::engine::delivery_token::{read_token, token};
use crate::web::twiml::{goodbye, twiml};
use crate::{Failed, Fault, answer};

/// Maximum length of a recorded message, in seconds.
const LONGEST: u32 = 180;
/// Silence that ends a recorded message, in seconds.
const SILENCE: u32 = 5;

/// A call of an agent to a customer.
struct AgentsCall {
    /// Name of the agent.
    name: String,
    /// The customer's number.
    to: E164,
    /// The line's number.
    from: E164,
}

parts! {
    /// Handles customers' calls, and agents' calls to customers.
    pub(crate) struct CustomerCalls {
        config: Configuration,
        engine: ConversationEngine,
        conversations: Conversations,
        dispatches: Dispatches,
        public_url: PublicUrl,
        time: Time,
    }
}

impl CustomerCalls {
    /// Answers a call to one of our lines.
    pub(crate) async fn answer_caller(&self, params: &Params) -> Result<Response<Bytes>, Failed> {
        let TwilioEvent::CallAnswered { sid, to, from, .. } = params.event(Hook::Call)? else {
            return Err(Rejected::Unknown.into());
        };
        let Some((name, line)) = self.config.line_of(to.as_str()) else { return twiml(&goodbye(NOT_KNOWN)) };
        let open = self.config.is_open(line, self.time.now());
        let forward = if open { &line.voice.forward } else { &line.voice.after_hours };
        let event = if forward.is_some() {
            ConversationEvent::CallForwarded { call: sid.to_string() }
        } else {
            ConversationEvent::CallEnded { call: sid.to_string(), spoke: None }
        };
        let stored =
            self.engine.apply_from(name, &address(from.as_ref()), &event, Some(&format!("call-{sid}"))).await;
        if let Err(fault) = stored {
            // The caller is connected even if the call can't be stored: a voice is worth more than a note of it.
            tracing::error!(reason = %fault, call = %sid, "a call could not be stored; it is connected nevertheless");
        }
        let Some(number) = forward else { return self.record(line) };
        let mut verbs = announcement(line);
        verbs.push(Verb::Dial {
            number: number.clone(),
            caller_id: from.as_ref().and_then(PhoneAddress::number).cloned(),
            timeout: u32::try_from(line.voice.ring.0.as_secs()).unwrap_or(20),
            action: Some(format!("{}/twilio/voice/dialed", self.public_url.get())),
            time_limit: None,
        });
        twiml(&verbs)
    }

    /// Handles the end of a forwarded call. A caller whom nobody answered may leave a message.
    pub(crate) async fn handle_dial_result(&self, params: &Params) -> Result<Response<Bytes>, Failed> {
        let TwilioEvent::Dialed { sid, status, seconds } = params.event(Hook::Dialed)? else {
            return Err(Rejected::Unknown.into());
        };
        let spoke = matches!(status, CallStatus::Completed | CallStatus::InProgress)
            .then(|| SignedDuration::from_secs(seconds.unwrap_or(0).into()));
        if params.query("d").is_some() {
            return self.record_agents_call(params, sid.as_ref(), spoke).await;
        }
        let Some((name, line)) = params.get("To").and_then(|to| self.config.line_of(to)) else {
            return twiml(&[Verb::Hangup]);
        };
        let event = ConversationEvent::CallEnded { call: sid.to_string(), spoke };
        let from = address(params.get("From").map(PhoneAddress::from).as_ref());
        let stored = self.engine.apply_from(name, &from, &event, Some(&format!("called-{sid}"))).await;
        match (spoke, stored) {
            (Some(_), stored) => {
                stored?;
                twiml(&[Verb::Hangup])
            }
            // A caller whom nobody answered may still leave a message, even if the call can't be stored.
            (None, stored) => {
                if let Err(fault) = stored {
                    tracing::error!(reason = %fault, call = %sid, "a missed call could not be stored");
                }
                self.record(line)
            }
        }
    }

    /// Records that an agent called the customer, and whether the customer answered.
    async fn record_agents_call(
        &self,
        params: &Params,
        sid: &str,
        spoke: Option<SignedDuration>,
    ) -> Result<Response<Bytes>, Failed> {
        let Some((key, id)) = params.query("d").and_then(read_token) else {
            return twiml(&[Verb::Hangup]);
        };
        if let Some(AgentsCall { name, .. }) = self.agents_call(&key, id).await? {
            let event = ConversationEvent::AgentCalled { by: name, spoke };
            self.engine.apply(&key.subject, &event, Some(&format!("dialed-{sid}"))).await?;
        }
        twiml(&[Verb::Hangup])
    }

    /// Returns the call that an agent asked for; none if its dispatch has none.
    async fn agents_call(&self, key: &DispatchKey, id: DeliveryId) -> Result<Option<AgentsCall>, Failed> {
        let dispatch =
            self.dispatches.dispatch(key).await?.ok_or_else(|| Fault::from("the call is not known"))?;
        let message = dispatch.deliveries.get(&id).map(|delivery| &delivery.message);
        let Some(Message::Phone(PhoneMessage::Connect { name, to, from, .. })) = message else {
            return Ok(None);
        };
        Ok(Some(AgentsCall { name: name.clone(), to: to.clone(), from: from.clone() }))
    }

    /// Handles the end of a caller's call. If the caller hung up during the announcement, nothing else reports it: the dial
    /// never took place.
    pub(crate) async fn handle_hang_up(&self, params: &Params) -> Result<Response<Bytes>, Failed> {
        let TwilioEvent::CallStatus { sid, status, from, to, inbound, .. } =
            params.event(Hook::CallStatus)?
        else {
            return Err(Rejected::Unknown.into());
        };
        let line = to.as_ref().and_then(|to| self.config.line_of(to.as_str()));
        if let Some((name, _)) = line.filter(|_| inbound && status.is_final()) {
            let event = ConversationEvent::CallerHungUp { call: sid.to_string() };
            let id = format!("hung-up-{sid}");
            self.engine.apply_from(name, &address(from.as_ref()), &event, Some(&id)).await?;
        }
        Ok(answer(StatusCode::OK, ""))
    }

    fn record(&self, line: &Line) -> Result<Response<Bytes>, Failed> {
        let Some(text) = &line.voice.voicemail else { return twiml(&goodbye(wording::NOBODY_TAKES_CALLS)) };
        let here = format!("{}/twilio/voice/recorded", self.public_url.get());
        twiml(&[
            Verb::Say { text: text.clone(), language: line.voice.language.clone(), voice: None },
            Verb::Record {
                action: here.clone(),
                recording_callback: None,
                max_seconds: LONGEST,
                silence: SILENCE,
                finish_on_key: '#',
            },
            Verb::Hangup,
        ])
    }

    /// Stores a recorded message.
    pub(crate) async fn take_voicemail(&self, params: &Params) -> Result<Response<Bytes>, Failed> {
        let TwilioEvent::Recorded { recording, url, seconds, status, .. } = params.event(Hook::Recorded)?
        else {
            return Err(Rejected::Unknown.into());
        };
        // A caller who said nothing left no message, whatever Twilio recorded.
        if seconds == Some(0) || matches!(status.as_deref(), Some("absent" | "failed")) {
            return twiml(&[Verb::Hangup]);
        }
        let to = params.get("To").and_then(|to| self.config.line_of(to));
        if let (Some((name, _)), Some(url)) = (to, url) {
            let length = SignedDuration::from_secs(seconds.unwrap_or(0).into());
            let event = ConversationEvent::Voicemail { url: format!("{url}.mp3"), length };
            let from = address(params.get("From").map(PhoneAddress::from).as_ref());
            self.engine.apply_from(name, &from, &event, Some(&format!("recording-{recording}"))).await?;
        }
        twiml(&goodbye(wording::THANK_YOU))
    }

    /// Asks the agent who answered whether to call the customer, so that no answering machine is connected.
    pub(crate) async fn ask_agent(&self, params: &Params) -> Result<Response<Bytes>, Failed> {
        let Some((key, id)) = params.query("d").and_then(read_token) else {
            return twiml(&goodbye(NOT_KNOWN));
        };
        let conversation = self
            .conversations
            .conversation(&key.subject)
            .await?
            .filter(|conversation| conversation.address.is_some());
        let Some(conversation) = conversation else { return twiml(&goodbye(NOT_KNOWN)) };
        let here = token(&key, id);
        let text = wording::connect_you(&conversation.called());
        twiml(&[
            Verb::Gather {
                action: format!("{}/twilio/voice/key?d={here}", self.public_url.get()),
                num_digits: Some(1),
                timeout: 10,
                verbs: vec![Verb::Say { text, language: None, voice: None }],
            },
            Verb::Hangup,
        ])
    }

    /// Connects the agent: the customer's phone rings and shows our number.
    pub(crate) async fn connect_customer(&self, params: &Params) -> Result<Response<Bytes>, Failed> {
        let TwilioEvent::Digits { digits, .. } = params.event(Hook::Key)? else {
            return Err(Rejected::Unknown.into());
        };
        let Some((key, id)) = params.query("d").and_then(read_token) else {
            return twiml(&goodbye(NOT_KNOWN));
        };
        if digits != "1" {
            return twiml(&[Verb::Hangup]);
        }
        let Some(AgentsCall { to, from, .. }) = self.agents_call(&key, id).await? else {
            return twiml(&goodbye(NOT_KNOWN));
        };
        twiml(&[
            Verb::Say { text: wording::CONNECTING.to_owned(), language: None, voice: None },
            Verb::Dial {
                number: to,
                caller_id: Some(from),
                timeout: 30,
                action: Some(format!("{}/twilio/voice/dialed?d={}", self.public_url.get(), token(&key, id))),
                time_limit: Some(3600),
            },
        ])
    }
}

fn announcement(line: &Line) -> Vec<Verb> {
    let voice = &line.voice;
    let say = |text: &String| Verb::Say { text: text.clone(), language: voice.language.clone(), voice: None };
    voice.announce.iter().map(say).collect()
}
