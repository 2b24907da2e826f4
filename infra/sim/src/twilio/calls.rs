//! Calls: dialled, ringing, connected, ended, and what Handbell is told about it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::dial::Dialing;
use super::machine::{AnsweredBy, Detection};
use super::phones::Behaviour;
use super::record::Taping;
use super::recordings::Recording;
use super::voice::{Step, Waiting};
use super::webhook::{Hook, Side};
use super::{Pairs, Twilio, VERSION, pairs, rfc2822, sid};

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
    sequence: u64,
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

impl Twilio {
    /// Lets the phone ring until somebody answers or the time is up.
    pub(super) fn ring(&self, sid: String) {
        let twilio = self.clone();
        tokio::spawn(async move {
            twilio.pace().await;
            let Some(call) = twilio.find_call(&sid).filter(Call::is_live) else { return };
            let behaviour = twilio.lock().phone(&call.to).behaviour;
            twilio.report(&sid, "initiated");
            twilio.pace().await;
            match behaviour {
                Behaviour::Busy => return twilio.change(&sid, "busy"),
                // A phone that is off doesn't ring, but the network takes as long to say so.
                Behaviour::Off => return twilio.change(&sid, "no-answer"),
                Behaviour::Refuse | Behaviour::Unreachable => return twilio.change(&sid, "failed"),
                Behaviour::Ok | Behaviour::NoAnswer | Behaviour::Machine | Behaviour::Nobody => {
                    twilio.change(&sid, "ringing")
                }
            }
            match behaviour {
                Behaviour::NoAnswer => {
                    twilio.pace().await;
                    return twilio.change_if(&sid, "ringing", "no-answer");
                }
                Behaviour::Machine => {
                    twilio.pace().await;
                    // What it hears goes on by itself; nobody presses a key.
                    _ = twilio.pick_up(&sid, AnsweredBy::Machine);
                    return;
                }
                _ => {}
            }
            let until = twilio.now() + call.ring;
            while twilio.find_call(&sid).is_some_and(|call| call.status == "ringing") {
                if twilio.now() >= until {
                    return twilio.change_if(&sid, "ringing", "no-answer");
                }
                tokio::time::sleep(TICK).await;
            }
        });
    }

    pub(super) fn find_call(&self, sid: &str) -> Option<Call> {
        self.lock().calls.iter().find(|call| call.sid == sid).cloned()
    }

    /// Changes the call under the lock; the value is nothing if there's no such call.
    pub(super) fn with_call<T>(&self, sid: &str, change: impl FnOnce(&mut Call) -> T) -> Option<T> {
        let changed = self.lock().calls.iter_mut().find(|call| call.sid == sid).map(change);
        self.0.stage.touch();
        changed
    }

    fn change_if(&self, sid: &str, from: &str, to: &'static str) {
        if self.find_call(sid).is_some_and(|call| call.status == from) {
            self.change(sid, to);
        }
    }

    /// Moves a live call to its next status and tells whom it concerns; what has ended stays ended.
    pub(super) fn change(&self, sid: &str, status: &'static str) {
        self.change_and(sid, status);
    }

    /// The same; what is returned waits for what Handbell is asked because of it.
    pub(super) fn change_and(&self, sid: &str, status: &'static str) -> Vec<JoinHandle<()>> {
        let now = self.now();
        let changed = self.with_call(sid, |call| {
            if !call.is_live() || call.status == status {
                return None;
            }
            call.status = status;
            call.updated = now;
            if status == "in-progress" {
                call.started = Some(now);
            }
            if call.is_live() {
                return Some((None, None, None));
            }
            call.ended = Some(now);
            call.epoch += 1;
            call.gather = None;
            Some((call.parent.clone(), call.dialing.take(), call.taping.take()))
        });
        let Some((parent, dialing, taping)) = changed.flatten() else { return Vec::new() };
        self.report(
            sid,
            match status {
                "ringing" => "ringing",
                "in-progress" => "answered",
                _ => "completed",
            },
        );
        let asked = [
            dialing.and_then(|dialing| self.end_dial_in_vain(sid, &dialing)),
            taping.and_then(|taping| self.end_tape_in_vain(sid, &taping)),
            parent.and_then(|parent| self.child_ended(&parent, sid)),
        ];
        asked.into_iter().flatten().collect()
    }

    /// Hangs up, whatever the call is doing.
    pub(super) fn end(&self, sid: &str) {
        match self.find_call(sid) {
            Some(call) if call.status == "in-progress" => self.change(sid, "completed"),
            Some(_) => self.change(sid, "canceled"),
            None => {}
        }
    }

    /// Tells Handbell about the call if it asked for this event.
    fn report(&self, sid: &str, event: &str) {
        let now = self.now();
        let account = self.account().to_owned();
        let told = self.with_call(sid, |call| {
            let hook = call.callback.clone().filter(|_| call.events.iter().any(|asked| asked == event))?;
            let mut params = call.params(&account);
            if event == "initiated" {
                // The API knows no such status, only the callback does.
                params.retain(|(name, _)| name != "CallStatus");
                params.extend(pairs([("CallStatus", "initiated")]));
            }
            params.extend(pairs([
                ("CallbackSource", "call-progress-events"),
                ("SequenceNumber", &call.sequence.to_string()),
                ("Timestamp", &rfc2822(now)),
            ]));
            if event == "completed" {
                let seconds = call.duration(now);
                params.extend(pairs([
                    ("CallDuration", &seconds.to_string()),
                    ("Duration", &((seconds + 59) / 60).to_string()),
                ]));
                let response = match call.status {
                    "busy" => "486",
                    "no-answer" => "480",
                    "failed" => "404",
                    "canceled" => "487",
                    _ => "200",
                };
                params.extend(pairs([("SipResponseCode", response)]));
            }
            call.sequence += 1;
            Some((hook, params))
        });
        if let Some((hook, params)) = told.flatten() {
            self.queue_callback(sid, hook, Side::Voice, params);
        }
    }
}
