//! `<Record>`: records the person until a key, silence, the time limit or the end of the call.

use std::collections::VecDeque;

use jiff::Timestamp;
use tokio::task::JoinHandle;

use super::call::{Call, Step, Taping};
use super::recordings::Recording;
use super::twiml::{Record, Verb};
use super::voice::signed;
use super::webhook::{Hook, Side, led};
use super::{Pairs, Twilio, pairs, rfc2822, sid};

impl Twilio {
    pub(super) async fn tape(
        &self,
        call: &str,
        epoch: u64,
        record: Record,
        rest: VecDeque<Verb>,
        base: Option<Hook>,
    ) {
        if record.beep {
            self.mine(call, epoch, |call| call.heard.push("(beep)".into()));
            self.pace().await;
        }
        let now = self.now();
        let silent = now + signed(record.timeout);
        let said = Vec::new();
        let taping = Taping { sid: sid("RE"), record, said, seconds: 0, started: now, silent, rest, base };
        let begun = taping.clone();
        if self.mine(call, epoch, |call| call.taping = Some(taping)).is_none() {
            return;
        }
        self.tell_of_tape(call, &begun, "in-progress");
        self.look_at_tape_at(begun.over_at(), call.to_owned(), begun.sid);
    }

    /// Ends a recording when it is over. Speech moves that time.
    fn look_at_tape_at(&self, at: Timestamp, call: String, tape: String) {
        let twilio = self.clone();
        self.0.stage.spawn_at(at, async move {
            let open = twilio.find_call(&call).and_then(|call| call.taping).filter(|open| open.sid == tape);
            match open.map(|open| open.over_at()) {
                Some(over) if over > at => twilio.look_at_tape_at(over, call, tape),
                Some(_) => _ = twilio.end_tape(&call, &tape, ""),
                None => {}
            }
        });
    }

    /// Ends an open recording by a key, and continues the call.
    pub(super) fn end_tape(&self, call: &str, sid: &str, key: &str) -> Option<JoinHandle<()>> {
        let taken = self.with_call(call, |call| {
            let taping = call.taping.take_if(|taping| taping.sid == sid)?;
            call.epoch += 1;
            Some((call.epoch, taping))
        });
        let (epoch, taping) = taken.flatten()?;
        let params = self.keep_tape(call, &taping, key);
        let step = match taping.action().zip(params) {
            Some((hook, params)) => Step::Fetch(hook, params),
            None => Step::Verbs(taping.rest, taping.base),
        };
        Some(self.play(call.to_owned(), epoch, step))
    }

    /// Ends an open recording when the person has hung up. Calls the action, whose answer has no effect.
    pub(super) fn end_tape_in_vain(&self, call: &str, taping: &Taping) -> Option<JoinHandle<()>> {
        let params = self.keep_tape(call, taping, "hangup")?;
        self.ask_in_vain(call, taping.action()?, params)
    }

    /// Stores the recording and returns the action's fields, or `None` if nothing was said, since Twilio then doesn't call
    /// the action (Twilio, `<Record>`).
    pub(super) fn keep_tape(&self, call: &str, taping: &Taping, key: &str) -> Option<Pairs> {
        if taping.seconds == 0 {
            self.tell_of_tape(call, taping, "absent");
            return None;
        }
        self.lock().recordings.push(Recording {
            sid: taping.sid.clone(),
            call: call.to_owned(),
            said: taping.said.clone(),
            seconds: taping.seconds,
            started: taping.started,
            created: self.now(),
            deleted: false,
        });
        self.0.stage.touch();
        self.tell_of_tape(call, taping, "completed");
        let mut params = pairs([
            ("RecordingUrl", &self.recording_url(&taping.sid)),
            ("RecordingSid", &taping.sid),
            ("RecordingDuration", &taping.seconds.to_string()),
        ]);
        if !key.is_empty() {
            params.extend(pairs([("Digits", key)]));
        }
        Some(params)
    }

    /// Sends the recording's status callback, if there is one.
    fn tell_of_tape(&self, call: &str, taping: &Taping, status: &'static str) {
        let record = &taping.record;
        if !record.events.iter().any(|event| event == status) {
            return;
        }
        let Some(url) = record.status_callback.as_deref() else { return };
        let Some(hook) = led(taping.base.as_ref(), Some(url), record.status_post) else { return };
        let mut params = pairs([
            ("AccountSid", self.account()),
            ("CallSid", call),
            ("RecordingSid", &taping.sid),
            ("RecordingStatus", status),
            ("RecordingChannels", "1"),
            ("RecordingSource", "RecordVerb"),
            ("RecordingStartTime", &rfc2822(taping.started)),
        ]);
        if status == "completed" {
            params.extend(pairs([
                ("RecordingUrl", &self.recording_url(&taping.sid)),
                ("RecordingDuration", &taping.seconds.to_string()),
            ]));
        }
        let (twilio, about) = (self.clone(), taping.sid.clone());
        self.0.stage.spawn(async move {
            if status != "in-progress" {
                // Twilio processes the recording before it reports its completion.
                twilio.pace().await;
            }
            twilio.queue_callback(&about, hook, Side::Voice, params);
        });
    }

    /// Speaks into the phone: to the recording, to the connected person, or to nobody. The returned handle waits for the
    /// step after a full recording.
    pub(super) fn say(&self, call: &str, text: &str, seconds: u64) -> Option<JoinHandle<()>> {
        let now = self.now();
        let full = self.with_call(call, |call| {
            let taping = call.taping.as_mut()?;
            taping.said.push(text.to_owned());
            taping.seconds = taping.seconds.saturating_add(seconds).min(taping.longest());
            taping.silent = now + signed(taping.record.timeout);
            Some((taping.sid.clone(), taping.seconds == taping.longest()))
        });
        match full.flatten() {
            Some((sid, true)) => self.end_tape(call, &sid, ""),
            Some((_, false)) => None,
            None => {
                if let Some(other) = self.other_side(call) {
                    self.with_call(&other, |other| other.heard.push(text.to_owned()));
                }
                None
            }
        }
    }

    /// Returns the leg of the connected person.
    fn other_side(&self, call: &str) -> Option<String> {
        let state = self.lock();
        let own = state.calls.iter().find(|other| other.sid == call)?;
        let talks = |other: &&Call| other.status == "in-progress";
        let connected = |other: &&Call| match (&own.parent, &own.dialing) {
            (Some(parent), _) => other.sid == *parent,
            (None, Some(dialing)) => dialing.children.contains(&other.sid),
            (None, None) => false,
        };
        state.calls.iter().filter(connected).find(talks).map(|other| other.sid.clone())
    }
}
