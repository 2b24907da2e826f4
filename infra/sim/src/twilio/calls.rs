//! The states of calls, and the status callbacks about them.

use tokio::task::JoinHandle;

use super::behaviour::Behaviour;
use super::call::{AnsweredBy, Call};
use super::webhook::Side;
use super::{Twilio, pairs, rfc2822};

impl Twilio {
    /// Lets the phone ring until somebody answers or the time-out.
    pub(super) fn ring(&self, sid: String) {
        let twilio = self.clone();
        self.0.stage.spawn(async move {
            twilio.pace().await;
            let Some(call) = twilio.find_call(&sid).filter(Call::is_live) else { return };
            let behaviour = twilio.lock().phone(&call.to).behaviour;
            twilio.report(&sid, "initiated");
            twilio.pace().await;
            match behaviour {
                Behaviour::Busy => return twilio.change(&sid, "busy"),
                // A phone that is off doesn't ring, but the network needs the same time to report it.
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
                    // The machine listens to the whole call and never presses a key.
                    _ = twilio.pick_up(&sid, AnsweredBy::Machine);
                    return;
                }
                _ => {}
            }
            let (at, stage) = (twilio.now() + call.ring, twilio.0.stage.clone());
            stage.spawn_at(at, async move { twilio.change_if(&sid, "ringing", "no-answer") });
        });
    }

    pub(super) fn find_call(&self, sid: &str) -> Option<Call> {
        self.lock().calls.iter().find(|call| call.sid == sid).cloned()
    }

    /// Changes a call under the lock. Returns `None` if the call doesn't exist.
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

    /// Moves a live call to its next status and sends the callbacks. A call that has ended stays ended.
    pub(super) fn change(&self, sid: &str, status: &'static str) {
        self.change_and(sid, status);
    }

    /// Like [`Self::change`]; the returned handles wait for the requests to Handbell that it causes.
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

    /// Hangs up, whatever the state of the call.
    pub(super) fn end(&self, sid: &str) {
        match self.find_call(sid) {
            Some(call) if call.status == "in-progress" => self.change(sid, "completed"),
            Some(_) => self.change(sid, "canceled"),
            None => {}
        }
    }

    /// Sends a status callback if Handbell has subscribed to this event.
    fn report(&self, sid: &str, event: &str) {
        let now = self.now();
        let account = self.account().to_owned();
        let told = self.with_call(sid, |call| {
            let hook = call.callback.clone().filter(|_| call.events.iter().any(|asked| asked == event))?;
            let mut params = call.params(&account);
            if event == "initiated" {
                // Only the callback knows this status, not the API.
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
