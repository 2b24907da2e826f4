//! A call and its state.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::api::{Ask, Refusal};
use super::recordings::{LONGEST, Recording};
use super::twiml::{Dial, Gather, Record, Verb};
use super::webhook::{Hook, acceptable, led};
use super::{Pairs, VERSION, pairs, sid};

/// A call in either direction.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) sid: String,
    pub(super) parent: Option<String>,
    pub(super) direction: &'static str,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) status: &'static str,
    /// Everything that the person has heard, in order.
    pub(super) heard: Vec<String>,
    /// Error code of the TwiML in Twilio's debugger.
    pub(super) error_code: Option<u32>,
    /// Increases whenever something else takes over the call; the previous task then stops.
    pub(super) epoch: u64,
    pub(super) gather: Option<Waiting>,
    pub(super) dialing: Option<Dialing>,
    pub(super) taping: Option<Taping>,
    pub(super) first: Option<Step>,
    pub(super) fallback: Option<Hook>,
    /// Number of documents fetched so far, which ends menus that refer to themselves.
    pub(super) fetched: u32,
    pub(super) started: Option<Timestamp>,
    /// Answering machine detection, if requested.
    pub(super) detection: Option<Detection>,
    pub(super) answered_by: Option<AnsweredBy>,
    pub(super) callback: Option<Hook>,
    pub(super) events: Vec<String>,
    pub(super) sequence: u64,
    pub(super) ring: SignedDuration,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) ended: Option<Timestamp>,
}

impl Call {
    pub(super) fn new(direction: &'static str, from: &str, to: &str, now: Timestamp) -> Self {
        Self {
            sid: sid("CA"),
            parent: None,
            direction,
            from: from.to_owned(),
            to: to.to_owned(),
            status: if direction == "inbound" { "ringing" } else { "queued" },
            heard: Vec::new(),
            error_code: None,
            epoch: 0,
            gather: None,
            dialing: None,
            taping: None,
            first: None,
            fallback: None,
            fetched: 0,
            started: None,
            detection: None,
            answered_by: None,
            callback: None,
            events: vec!["completed".into()],
            sequence: 0,
            ring: SignedDuration::from_secs(60),
            created: now,
            updated: now,
            ended: None,
        }
    }

    /// Creates the call of a `<Dial>`.
    pub(super) fn child(parent: &Call, from: &str, to: &str, ring: Duration, now: Timestamp) -> Self {
        let ring = SignedDuration::try_from(ring).unwrap_or(SignedDuration::from_secs(30));
        Self { parent: Some(parent.sid.clone()), ring, ..Self::new("outbound-dial", from, to, now) }
    }

    /// Creates the call of a person.
    pub(super) fn inbound(from: &str, to: &str, first: Step, callback: Option<Hook>, now: Timestamp) -> Self {
        Self { first: Some(first), callback, ..Self::new("inbound", from, to, now) }
    }

    /// Returns the person's number.
    pub(super) fn phone(&self) -> &str {
        if self.direction == "inbound" { &self.from } else { &self.to }
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.status, "queued" | "ringing" | "in-progress")
    }

    /// Returns the duration of the conversation in whole seconds.
    pub(super) fn duration(&self, now: Timestamp) -> i64 {
        self.started.map_or(0, |started| (self.ended.unwrap_or(now) - started).get_seconds())
    }

    pub(super) fn view(&self, now: Timestamp, recordings: &[Recording]) -> Value {
        let recordings = recordings.iter().filter(|recording| recording.call == self.sid);
        json!({
            "sid": self.sid,
            "direction": self.direction,
            "from": self.from,
            "to": self.to,
            "status": self.status,
            "answered_by": self.answered_by.map(AnsweredBy::view),
            "heard": self.heard,
            "gather": self.gather.is_some(),
            "recording": self.taping.is_some(),
            "recordings": recordings.map(|recording| recording.view(self.phone())).collect::<Vec<_>>(),
            "error_code": self.error_code,
            "duration": self.duration(now),
            "at": self.created,
        })
    }

    /// Returns the fields of every request about the call.
    pub(super) fn params(&self, account: &str) -> Pairs {
        let mut params = pairs([
            ("AccountSid", account),
            ("ApiVersion", VERSION),
            ("CallSid", &self.sid),
            ("CallStatus", self.status),
            ("Called", &self.to),
            ("Caller", &self.from),
            ("Direction", self.direction),
            ("From", &self.from),
            ("To", &self.to),
        ]);
        params.extend(self.parent.clone().map(|parent| ("ParentCallSid".to_owned(), parent)));
        params.extend(self.verdict().map(|who| ("AnsweredBy".to_owned(), who.to_owned())));
        params
    }
}

/// Who answered a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AnsweredBy {
    Person,
    Machine,
}

impl AnsweredBy {
    /// Returns the word for the page.
    pub(super) fn view(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Machine => "machine",
        }
    }
}

/// The requested answering machine detection of a call.
#[derive(Clone)]
pub(super) struct Detection {
    /// Whether a machine is reported only after its greeting.
    pub(super) message_end: bool,
    /// Whether the call continues meanwhile.
    pub(super) background: bool,
    /// Callback for the result.
    pub(super) hook: Option<Hook>,
    /// Whether the result is known.
    pub(super) known: bool,
}

impl Detection {
    /// Reads the detection that a request asks for (Twilio, Calls resource and "Answering Machine Detection"), if any.
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
        // With `SendDigits`, Twilio doesn't run the detection.
        let message_end = message_end.filter(|_| ask.field("SendDigits").is_none());
        let hook = url.filter(|_| background).map(|url| Hook { url: url.to_owned(), post });
        Ok(message_end.map(|message_end| Self { message_end, background, hook, known: false }))
    }
}

impl Call {
    /// Returns `AnsweredBy` once it is known. It is known for every call that is over.
    pub(super) fn verdict(&self) -> Option<&'static str> {
        let detection = self.detection.as_ref().filter(|detection| detection.known || !self.is_live())?;
        Some(match self.answered_by? {
            AnsweredBy::Person => "human",
            AnsweredBy::Machine if detection.message_end => "machine_end_beep",
            AnsweredBy::Machine => "machine_start",
        })
    }
}

/// An open `<Dial>`.
#[derive(Clone)]
pub(super) struct Dialing {
    pub(super) children: Vec<String>,
    pub(super) dial: Dial,
    pub(super) rest: VecDeque<Verb>,
    pub(super) base: Option<Hook>,
}

impl Dialing {
    /// Returns the hook to call afterwards, if there is an action.
    pub(super) fn action(&self) -> Option<Hook> {
        led(self.base.as_ref(), Some(self.dial.action.as_deref()?), self.dial.post)
    }
}

/// An open `<Record>`.
#[derive(Clone)]
pub(super) struct Taping {
    /// Sid of the recording.
    pub(super) sid: String,
    pub(super) record: Record,
    pub(super) said: Vec<String>,
    /// Recorded seconds without silence, which Twilio trims at both ends.
    pub(super) seconds: u64,
    pub(super) started: Timestamp,
    /// Time at which the silence is too long.
    pub(super) silent: Timestamp,
    pub(super) rest: VecDeque<Verb>,
    pub(super) base: Option<Hook>,
}

impl Taping {
    /// Returns the limit of the recording, in seconds.
    pub(super) fn longest(&self) -> u64 {
        self.record.max_length.as_secs().clamp(1, LONGEST)
    }

    /// Returns when the recording is over unless somebody speaks before.
    pub(super) fn over_at(&self) -> Timestamp {
        self.silent.min(self.started + SignedDuration::from_secs(self.longest() as i64))
    }

    /// Returns the first of these keys that ends the recording, if any.
    pub(super) fn ended_by(&self, keys: &str) -> Option<char> {
        keys.chars().find(|key| self.record.finish_on_key.contains(*key))
    }

    pub(super) fn action(&self) -> Option<Hook> {
        led(self.base.as_ref(), self.record.action.as_deref(), self.record.post)
    }
}

/// Next step of a call.
#[derive(Clone)]
pub(super) enum Step {
    /// Asks Handbell, with these fields in addition to the usual ones.
    Fetch(Hook, Pairs),
    /// Reads a document that was passed with the call.
    Text(String),
    /// Executes the rest of a document. Relative URLs are resolved against its origin.
    Verbs(VecDeque<Verb>, Option<Hook>),
}

impl Step {
    /// Reads `Url` or `Twiml` of a request. As at Twilio, `Url` takes precedence.
    pub(super) fn of(ask: &Ask) -> Option<Self> {
        let post = ask.field("Method") != Some("GET");
        let url = ask.field("Url").map(|url| Self::Fetch(Hook { url: url.to_owned(), post }, Vec::new()));
        let twiml = || ask.field("Twiml").filter(|twiml| twiml.chars().count() <= 4000);
        url.or_else(|| twiml().map(|twiml| Self::Text(twiml.to_owned())))
    }
}

/// An open `<Gather>`.
#[derive(Clone)]
pub(super) struct Waiting {
    pub(super) digits: String,
    pub(super) gather: Gather,
    /// Time-out for the next key. `None` while the prompt is still spoken.
    pub(super) until: Option<Timestamp>,
    pub(super) rest: VecDeque<Verb>,
    pub(super) base: Option<Hook>,
}

impl Waiting {
    /// Returns the step after the last key.
    pub(super) fn next(self, finished: bool) -> Step {
        let Gather { action, post, action_on_empty, .. } = self.gather;
        if self.digits.is_empty() && !action_on_empty {
            return Step::Verbs(self.rest, self.base);
        }
        let mut params = pairs([("Digits", &self.digits), ("msg", "Gather End")]);
        if finished {
            params.extend(pairs([("FinishedOnKey", "#")]));
        }
        // Without an action, Twilio requests the document's URL again.
        let hook = led(self.base.as_ref(), action.as_deref(), post);
        hook.map_or(Step::Verbs(self.rest, self.base), |hook| Step::Fetch(hook, params))
    }
}
