//! A call, and what goes on in it.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::api::{Ask, Refusal};
use super::recordings::{LONGEST, Recording};
use super::twiml::{Dial, Gather, Record, Verb};
use super::webhook::{Hook, acceptable, led};
use super::{Pairs, VERSION, pairs, sid};

/// How often a wait looks at the clock, which can be moved.
pub(super) const TICK: Duration = Duration::from_millis(50);

/// A call in any direction.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) sid: String,
    pub(super) parent: Option<String>,
    pub(super) direction: &'static str,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) status: &'static str,
    /// What the person heard, in order.
    pub(super) heard: Vec<String>,
    /// What Twilio's debugger would say of the TwiML.
    pub(super) error_code: Option<u32>,
    /// Rises whenever something else takes over the call; whoever worked on it before stops.
    pub(super) epoch: u64,
    pub(super) gather: Option<Waiting>,
    pub(super) dialing: Option<Dialing>,
    pub(super) taping: Option<Taping>,
    pub(super) first: Option<Step>,
    pub(super) fallback: Option<Hook>,
    /// Documents fetched so far: menus that lead to themselves end somewhere.
    pub(super) fetched: u32,
    pub(super) started: Option<Timestamp>,
    /// Whether it is found out who answered, and who did.
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

    /// The call that a `<Dial>` makes.
    pub(super) fn child(parent: &Call, from: &str, to: &str, ring: Duration, now: Timestamp) -> Self {
        let ring = SignedDuration::try_from(ring).unwrap_or(SignedDuration::from_secs(30));
        Self { parent: Some(parent.sid.clone()), ring, ..Self::new("outbound-dial", from, to, now) }
    }

    /// The call that a person makes.
    pub(super) fn inbound(from: &str, to: &str, first: Step, callback: Option<Hook>, now: Timestamp) -> Self {
        Self { first: Some(first), callback, ..Self::new("inbound", from, to, now) }
    }

    /// The person's side.
    pub(super) fn phone(&self) -> &str {
        if self.direction == "inbound" { &self.from } else { &self.to }
    }

    pub(super) fn is_live(&self) -> bool {
        matches!(self.status, "queued" | "ringing" | "in-progress")
    }

    /// Whole seconds of talk.
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

    /// What every request about the call says.
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
    pub(super) message_end: bool,
    /// The call goes on meanwhile.
    pub(super) background: bool,
    /// Who is told then.
    pub(super) hook: Option<Hook>,
    /// It has been found out.
    pub(super) known: bool,
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

/// An open `<Dial>`.
#[derive(Clone)]
pub(super) struct Dialing {
    pub(super) children: Vec<String>,
    pub(super) dial: Dial,
    pub(super) rest: VecDeque<Verb>,
    pub(super) base: Option<Hook>,
}

impl Dialing {
    /// Where Handbell is asked afterwards; without an action, nowhere.
    pub(super) fn action(&self) -> Option<Hook> {
        led(self.base.as_ref(), Some(self.dial.action.as_deref()?), self.dial.post)
    }
}

/// An open `<Record>`.
#[derive(Clone)]
pub(super) struct Taping {
    /// The recording's.
    pub(super) sid: String,
    pub(super) record: Record,
    pub(super) said: Vec<String>,
    /// Silence counts for nothing: Twilio cuts it off at both ends.
    pub(super) seconds: u64,
    pub(super) started: Timestamp,
    /// When there has been silence for too long.
    pub(super) silent: Timestamp,
    pub(super) rest: VecDeque<Verb>,
    pub(super) base: Option<Hook>,
}

impl Taping {
    /// How many seconds go on the tape.
    pub(super) fn longest(&self) -> u64 {
        self.record.max_length.as_secs().clamp(1, LONGEST)
    }

    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.silent || now >= self.started + SignedDuration::from_secs(self.longest() as i64)
    }

    /// Whether one of these keys ends it, and which does first.
    pub(super) fn ended_by(&self, keys: &str) -> Option<char> {
        keys.chars().find(|key| self.record.finish_on_key.contains(*key))
    }

    pub(super) fn action(&self) -> Option<Hook> {
        led(self.base.as_ref(), self.record.action.as_deref(), self.record.post)
    }
}

/// What a call does next.
#[derive(Clone)]
pub(super) enum Step {
    /// Asks Handbell, with these fields besides the usual ones.
    Fetch(Hook, Pairs),
    /// Reads a document that was given with the call.
    Text(String),
    /// Carries out what is left of a document; relative URLs start from where it came.
    Verbs(VecDeque<Verb>, Option<Hook>),
}

impl Step {
    /// What `Url` or `Twiml` of a request ask for; `Url` goes first, as with Twilio.
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
    /// Nothing while it is still being said what to press.
    pub(super) until: Option<Timestamp>,
    pub(super) rest: VecDeque<Verb>,
    pub(super) base: Option<Hook>,
}

impl Waiting {
    /// What follows when nobody presses another key.
    pub(super) fn next(self, finished: bool) -> Step {
        let Gather { action, post, action_on_empty, .. } = self.gather;
        if self.digits.is_empty() && !action_on_empty {
            return Step::Verbs(self.rest, self.base);
        }
        let mut params = pairs([("Digits", &self.digits), ("msg", "Gather End")]);
        if finished {
            params.extend(pairs([("FinishedOnKey", "#")]));
        }
        // Without an action, Twilio asks again where the document came from.
        let hook = led(self.base.as_ref(), action.as_deref(), post);
        hook.map_or(Step::Verbs(self.rest, self.base), |hook| Step::Fetch(hook, params))
    }
}
