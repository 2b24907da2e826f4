//! Twilio calls back: the receipt of a text, a call that was answered, a key, the receipt of a call.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::delivery::{
    Content, Dispatch, DispatchKey, Message, PhoneMessage, Receipt, SUMMARY_PAUSE, VendorStatus,
};
use handbell_core::incident::command::{Actor, Command, How};
use handbell_core::incident::decide::{Event, Outcome};
use handbell_core::incident::{Incident, Kind, Phase, Subject};
use handbell_core::wording;
use handbell_inbound::twilio::{
    CallStatus, Hook, MessageStatus, Params, SIGNATURE_HEADER, Signed, TwilioEvent, verify,
};
use handbell_outbound::twilio::explain;
use handbell_outbound::twiml::{Verb, response};
use handbell_store::table::RowKey;
use http::{Request, Response, StatusCode};

use crate::secrets::values;
use crate::{App, Failed, Fault, answer, header, path_and_query, refuse, typed};

/// Where a delivery of ours lies, as it stands in an address that we give to Twilio: `button.green.17.2.1`.
///
/// It needs no signature of its own: Twilio signs the whole address.
pub(crate) fn token(key: &DispatchKey, name: &str) -> String {
    format!("{}.{}.{}.{name}", key.subject.as_str().replace(':', "."), key.epoch, key.number)
}

pub(crate) fn read_token(token: &str) -> Option<(DispatchKey, String)> {
    let mut parts = token.split('.');
    let mut next = || parts.next();
    let subject = Subject::parse(&format!("{}:{}", next()?, next()?))?;
    let key = DispatchKey { subject, epoch: next()?.parse().ok()?, number: next()?.parse().ok()? };
    let name = next()?.to_owned();
    (next().is_none() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some((key, name))
}

/// Everything about the call that Twilio asks about.
struct Line {
    key: DispatchKey,
    name: String,
    dispatch: Dispatch,
    incident: Incident,
}

impl App {
    /// `/twilio/sms`: a customer's text. `/twilio/sms/status`: how far a text of ours has come.
    pub async fn sms_inbound(&self, request: Request<Bytes>) -> Response<Bytes> {
        let done = async {
            let params = self.twilio_params(&request).await?;
            match request.uri().path() {
                "/twilio/sms" => self.texted(&params).await,
                "/twilio/sms/status" => self.fate_of(&params, Hook::TextStatus).await,
                _ => Err(Rejected::Unknown.into()),
            }
        };
        done.await.unwrap_or_else(|failed| refuse(&failed))
    }

    /// `/twilio/voice…`: a customer calls; what to say, which key was pressed, how far a call of ours has come.
    pub async fn voice_inbound(&self, request: Request<Bytes>) -> Response<Bytes> {
        let done = async {
            let params = self.twilio_params(&request).await?;
            match request.uri().path() {
                // A customer's own call tells its end by what it was connected with.
                "/twilio/voice/status" if params.query("d").is_none() => Ok(answer(StatusCode::OK, "")),
                "/twilio/voice/status" => self.fate_of(&params, Hook::CallStatus).await,
                "/twilio/voice" if params.query("d").is_none() => self.called(&params).await,
                "/twilio/voice" if is_customers(&params) => self.agent_answered(&params).await,
                "/twilio/voice" => self.answered(&params).await,
                "/twilio/voice/key" if is_customers(&params) => self.agent_pressed(&params).await,
                "/twilio/voice/key" => self.key_pressed(&params).await,
                "/twilio/voice/dialed" => self.dialed(&params).await,
                "/twilio/voice/recorded" => self.recorded(&params).await,
                _ => Err(Rejected::Unknown.into()),
            }
        };
        done.await.unwrap_or_else(|failed| refuse(&failed))
    }

    /// The parameters, if Twilio signed them with one of our tokens. A bad signature makes us look whether the token has
    /// been changed.
    async fn twilio_params(&self, request: &Request<Bytes>) -> Result<Params, Failed> {
        let twilio = self.config.twilio.as_ref().ok_or(Rejected::Unknown)?;
        let signed = Signed {
            base: self.public_url(),
            path_and_query: path_and_query(request),
            signature: header(request, SIGNATURE_HEADER),
            content_type: header(request, "content-type"),
            body: request.body(),
        };
        let names = || {
            [Some(&twilio.token), twilio.second_token.as_ref()]
                .into_iter()
                .flatten()
                .map(|name| name.secret.as_str())
        };
        let secrets = self.secrets.all(self.now()).await?;
        match verify(&signed, &twilio.account, &values(&secrets, names())) {
            Err(Rejected::Forged) if signed.signature.is_some() => {
                let secrets = self.secrets.newest(self.now()).await?;
                Ok(verify(&signed, &twilio.account, &values(&secrets, names()))?)
            }
            other => Ok(other?),
        }
    }

    async fn fate_of(&self, params: &Params, hook: Hook) -> Result<Response<Bytes>, Failed> {
        let Some((key, name)) = params.query("d").and_then(read_token) else {
            return Err(Rejected::Unknown.into());
        };
        if hook == Hook::CallStatus && params.get("AnsweredBy").is_some_and(is_machine) {
            // Told while it speaks, and again when the call is over: it is a voicemail either way.
            let receipt = Receipt {
                // Whichever of the two comes first, that it was a machine stays.
                rank: CallStatus::Completed.rank() + 1,
                last: true,
                status: VendorStatus::Voicemail,
                why: None,
                code: None,
                id: params.get("CallSid").unwrap_or_default().to_owned(),
            };
            return self.has_fate(&key, &name, &receipt).await;
        }
        if hook == Hook::CallStatus && params.get("CallStatus").is_none() {
            // A person has answered; the call itself tells so.
            return Ok(answer(StatusCode::OK, ""));
        }
        let receipt = match params.event(hook)? {
            TwilioEvent::MessageStatus { sid, status, error_code } => Receipt {
                rank: status.rank(),
                last: status.is_final(),
                status: params
                    .get("MessageStatus")
                    .or_else(|| params.get("SmsStatus"))
                    .unwrap_or_default()
                    .into(),
                why: error_code.map(|code| explain(code).1.to_owned()),
                code: error_code,
                id: sid,
            },
            TwilioEvent::CallStatus { sid, status, .. } => Receipt {
                rank: status.rank(),
                last: status.is_final(),
                status: params.get("CallStatus").unwrap_or_default().into(),
                why: None,
                code: None,
                id: sid,
            },
            _ => return Err(Rejected::Unknown.into()),
        };
        // Before a text is sent and a call answered there is nothing to tell that the report doesn't say already, and
        // writing it down would cost as much as all that follows.
        let earliest =
            if hook == Hook::TextStatus { MessageStatus::Sent.rank() } else { CallStatus::InProgress.rank() };
        if receipt.rank < earliest {
            return Ok(answer(StatusCode::OK, ""));
        }
        self.has_fate(&key, &name, &receipt).await
    }

    async fn has_fate(
        &self,
        key: &DispatchKey,
        name: &str,
        receipt: &Receipt,
    ) -> Result<Response<Bytes>, Failed> {
        let now = self.now();
        let due = now + SUMMARY_PAUSE;
        if self.store.receipt(key, name, receipt, due).await? {
            tracing::info!(dispatch = ?key, delivery = name, status = %receipt.status, "receipt");
            self.enqueue(&[(RowKey::dispatch(key), due)], now).await;
        }
        if receipt.status.brought_nobody() {
            // The next attempt for the same person comes at once, and not when it would have been due. Told again, it is written
            // again: whoever was told first may have died before this.
            self.store.due_by(key, due).await?;
        }
        Ok(answer(StatusCode::OK, ""))
    }

    /// The call, its dispatch and its incident as they are now.
    async fn phone_line(&self, params: &Params) -> Result<Option<Line>, Failed> {
        let Some((key, name)) = params.query("d").and_then(read_token) else { return Ok(None) };
        let (dispatch, incident) = tokio::join!(self.store.dispatch(&key), self.store.incident(&key.subject));
        Ok(match (dispatch?, incident?) {
            (Some(dispatch), Some(incident)) => Some(Line { key, name, dispatch, incident }),
            _ => None,
        })
    }

    async fn answered(&self, params: &Params) -> Result<Response<Bytes>, Failed> {
        let Some(line) = self.phone_line(params).await? else { return twiml(&goodbye(wording::NOT_KNOWN)) };
        self.what_to_say(&line).await
    }

    async fn what_to_say(&self, line: &Line) -> Result<Response<Bytes>, Failed> {
        let words = self.words(&line.key.subject, Some(&line.incident));
        // Whoever was called after somebody had it was called because that isn't enough.
        let wanted = line.incident.phase == Phase::Acknowledged
            && !line.incident.cancels(line.key.epoch, line.key.number);
        let over = if line.incident.epoch != line.key.epoch {
            Some(wording::NOT_KNOWN.to_owned())
        } else if wanted {
            None
        } else {
            wording::spoken_when_over(&line.incident, &words)
        };
        if let Some(over) = over {
            return twiml(&goodbye(&over));
        }
        let Some(Message::Phone(PhoneMessage::Call { content, .. })) =
            line.dispatch.deliveries.get(&line.name).map(|delivery| &delivery.message)
        else {
            return twiml(&goodbye(wording::NOT_KNOWN));
        };
        let plan = match line.dispatch.of_incident() {
            Some(of) => Some(self.plan(&of.plan, &of.plan_hash).await?),
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
            | Content::TakenBack { .. } => None,
        };
        let say = |text: String| Verb::Say {
            text,
            language: call.and_then(|call| call.language.clone()),
            voice: call.and_then(|call| call.voice.clone()),
        };
        let text = wording::spoken(content, plan.as_deref(), &line.incident, &words, self.now());
        let here = token(&line.key, &line.name);
        let keys = format!("{}/twilio/voice/key?d={here}&s={}", self.public_url(), line.incident.step);
        twiml(&[
            Verb::Gather {
                action: keys,
                num_digits: Some(1),
                timeout: 8,
                verbs: vec![say(text.clone()), say(wording::KEYS.to_owned())],
            },
            // Nobody pressed anything: once more, then the call ends.
            say(text),
            Verb::Hangup,
        ])
    }

    async fn key_pressed(&self, params: &Params) -> Result<Response<Bytes>, Failed> {
        let TwilioEvent::Digits { digits, .. } = params.event(Hook::Key)? else {
            return Err(Rejected::Unknown.into());
        };
        let Some(line) = self.phone_line(params).await? else { return twiml(&goodbye(wording::NOT_KNOWN)) };
        let delivery = line.dispatch.deliveries.get(&line.name);
        let Some((Message::Phone(PhoneMessage::Call { to, .. }), recipient)) =
            delivery.map(|delivery| (&delivery.message, &delivery.recipient))
        else {
            return twiml(&goodbye(wording::NOT_KNOWN));
        };
        let by = match recipient {
            Some(recipient) if recipient.id != *to => {
                Actor { who: recipient.name.clone(), person: Some(recipient.id.clone()), how: How::Phone }
            }
            // Of a bare number the number is all that it is known by.
            _ => Actor { who: wording::the_phone(to), person: Some(to.clone()), how: How::Phone },
        };
        let epoch = Some(line.key.epoch);
        match digits.as_str() {
            "1" => {
                let applied =
                    self.apply(&line.key.subject, &command(by, epoch, Command::Acknowledge), None).await?;
                match applied.outcome {
                    Some(Outcome::Done) => twiml(&goodbye(wording::YOU_HAVE_IT)),
                    // Somebody was faster, or it is over: say who has it.
                    _ => {
                        self.what_to_say(&Line {
                            incident: applied.incident.unwrap_or(line.incident),
                            ..line
                        })
                        .await
                    }
                }
            }
            "2" => {
                let step = params.query("s").and_then(|step| step.parse().ok()).unwrap_or(line.incident.step);
                let applied = self
                    .apply(&line.key.subject, &command(by, epoch, Command::Next { step: Some(step) }), None)
                    .await?;
                twiml(&goodbye(if applied.outcome == Some(Outcome::Done) {
                    wording::NEXT_STEP
                } else {
                    wording::NO_NEXT_STEP
                }))
            }
            _ => self.what_to_say(&line).await,
        }
    }
}

fn command(by: Actor, epoch: Option<u64>, command: Command) -> Event {
    Event::Command { by, epoch, command }
}

/// What Twilio says has answered (Twilio, answering machine detection).
fn is_machine(answered_by: &str) -> bool {
    answered_by.starts_with("machine") || answered_by == "fax"
}

/// The call is about a conversation.
fn is_customers(params: &Params) -> bool {
    let key = params.query("d").and_then(read_token);
    key.is_some_and(|(key, _)| key.subject.kind() == Kind::Customer)
}

pub(crate) fn goodbye(text: &str) -> Vec<Verb> {
    vec![Verb::Say { text: text.to_owned(), language: None, voice: None }, Verb::Hangup]
}

pub(crate) fn twiml(verbs: &[Verb]) -> Result<Response<Bytes>, Failed> {
    let xml = response(verbs).map_err(|error| Fault(error.to_string()))?;
    Ok(typed(StatusCode::OK, "text/xml; charset=utf-8", xml))
}
