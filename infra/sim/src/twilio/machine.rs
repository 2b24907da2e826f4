//! Answering machine detection: who picked a phone up, what Twilio thinks of it, and whom it tells.

use tokio::task::JoinHandle;

use super::api::{Ask, Refusal};
use super::calls::Call;
use super::webhook::{Hook, Side, acceptable};
use super::{Twilio, pairs};

/// Who picked a phone up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnsweredBy {
    Person,
    Machine,
}

impl AnsweredBy {
    /// For the page.
    pub(super) fn view(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Machine => "machine",
        }
    }
}

/// What was asked to be found out about a call.
#[derive(Clone)]
pub(super) struct Detection {
    /// Of a machine, only once it has said its greeting.
    message_end: bool,
    /// The call goes on meanwhile.
    background: bool,
    /// Who is told then.
    hook: Option<Hook>,
    /// It has been found out.
    known: bool,
}

impl Detection {
    /// What a request asks for (Twilio, Calls resource and "Answering Machine Detection"); nothing if it asks for none.
    pub(super) fn of(ask: &Ask) -> Result<Option<Self>, Refusal> {
        let wrong = || Refusal::code(21263);
        let message_end = match ask.field("MachineDetection") {
            None => None,
            Some("Enable") => Some(false),
            Some("DetectMessageEnd") => Some(true),
            Some(_) => return Err(Refusal::code(21234)),
        };
        for (name, least, most) in [
            ("MachineDetectionTimeout", 3, 59),
            ("MachineDetectionSpeechThreshold", 1000, 6000),
            ("MachineDetectionSpeechEndThreshold", 500, 5000),
            ("MachineDetectionSilenceTimeout", 2000, 10_000),
        ] {
            let fits = |value: &str| value.parse().is_ok_and(|value: u32| (least..=most).contains(&value));
            if ask.field(name).is_some_and(|value| !fits(value)) {
                return Err(wrong());
            }
        }
        let background = match ask.field("AsyncAmd") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(wrong()),
        };
        let post = match ask.field("AsyncAmdStatusCallbackMethod") {
            None | Some("POST") => true,
            Some("GET") => false,
            Some(_) => return Err(wrong()),
        };
        let url = ask.field("AsyncAmdStatusCallback");
        if url.is_some_and(|url| !acceptable(url)) {
            return Err(wrong());
        }
        // Who presses keys into the call at once hears nobody.
        let message_end = message_end.filter(|_| ask.field("SendDigits").is_none());
        let hook = url.filter(|_| background).map(|url| Hook { url: url.to_owned(), post });
        Ok(message_end.map(|message_end| Self { message_end, background, hook, known: false }))
    }
}

impl Call {
    /// `AnsweredBy`, once it is known. Of a call that is over it is known, whatever was faster.
    pub(super) fn verdict(&self) -> Option<&'static str> {
        let detection = self.detection.as_ref().filter(|detection| detection.known || !self.is_live())?;
        Some(match self.answered_by? {
            AnsweredBy::Person => "human",
            AnsweredBy::Machine if detection.message_end => "machine_end_beep",
            AnsweredBy::Machine => "machine_start",
        })
    }
}

impl Twilio {
    /// Answers a ringing phone, if nobody else was faster; what is returned waits for what the call does first.
    pub(super) fn pick_up(&self, sid: &str, by: AnsweredBy) -> Option<JoinHandle<()>> {
        let picked = self.with_call(sid, |call| {
            if call.status != "ringing" || call.answered_by.is_some() {
                return None;
            }
            call.answered_by = Some(by);
            if let Some(detection) = &mut call.detection {
                // In the foreground, the call waits until it is found out.
                detection.known = !detection.background;
            }
            Some(call.clone())
        });
        let call = picked.flatten()?;
        self.change(sid, "in-progress");
        if let Some(detection) = call.detection.filter(|detection| detection.background) {
            self.detect(sid.to_owned(), detection.hook);
        }
        if let Some(parent) = call.parent {
            self.join(&parent, sid);
            return None;
        }
        Some(self.play(sid.to_owned(), call.epoch, call.first?))
    }

    /// Listens for one pace, and tells.
    fn detect(&self, sid: String, hook: Option<Hook>) {
        let twilio = self.clone();
        tokio::spawn(async move {
            twilio.pace().await;
            let verdict = twilio.with_call(&sid, |call| {
                if let Some(detection) = &mut call.detection {
                    detection.known = true;
                }
                call.verdict()
            });
            let (Some(Some(verdict)), Some(hook)) = (verdict, hook) else { return };
            let millis = twilio.0.stage.pace.as_millis().to_string();
            let params = pairs([
                ("AccountSid", twilio.account()),
                ("AnsweredBy", verdict),
                ("CallSid", &sid),
                ("MachineDetectionDuration", &millis),
            ]);
            // Not in line with the call's status: the two come in any order.
            twilio.queue_callback(&format!("{sid} detection"), hook, Side::Voice, params);
        });
    }
}
