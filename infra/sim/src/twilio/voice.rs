//! Executes TwiML in a call, verb by verb, until it waits for keys, connects or hangs up.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;

use super::call::{Call, Step, Waiting};
use super::twiml::{self, Gather, Verb};
use super::webhook::{Heard, Hook, Side};
use super::{Pairs, Twilio, pairs};

impl Twilio {
    /// Starts the next step in the background. It stops when something else takes over the call.
    pub(super) fn play(&self, sid: String, epoch: u64, step: Step) -> JoinHandle<()> {
        let twilio = self.clone();
        self.0.stage.spawn(async move { twilio.run(&sid, epoch, step).await })
    }

    async fn run(&self, sid: &str, epoch: u64, mut step: Step) {
        loop {
            let next = match step {
                Step::Fetch(hook, params) => self.ask(sid, epoch, hook, params).await,
                Step::Text(text) => match twiml::parse(&text) {
                    Some(verbs) => Some(Step::Verbs(verbs.into(), None)),
                    None => self.apologise(sid, epoch, 12100),
                },
                Step::Verbs(verbs, base) => self.perform(sid, epoch, verbs, base).await,
            };
            match next {
                Some(next) => step = next,
                None => return,
            }
        }
    }

    /// Changes the call unless something else has taken it over.
    pub(super) fn mine<T>(&self, sid: &str, epoch: u64, change: impl FnOnce(&mut Call) -> T) -> Option<T> {
        self.with_call(sid, |call| (call.epoch == epoch).then(|| change(call))).flatten()
    }

    async fn ask(&self, sid: &str, epoch: u64, hook: Hook, params: Pairs) -> Option<Step> {
        let account = self.account().to_owned();
        let mut fields = self.mine(sid, epoch, |call| {
            call.fetched += 1;
            (call.fetched <= 100).then(|| call.params(&account))
        })?;
        let Some(fields) = fields.as_mut() else { return self.apologise(sid, epoch, 11200) };
        fields.extend(params);
        let heard = self.call_handbell(&hook, Side::Voice, fields).await;
        let code = match read(heard) {
            Ok(verbs) => return Some(Step::Verbs(verbs.into(), Some(hook))),
            Err(code) => code,
        };
        match self.mine(sid, epoch, |call| call.fallback.take())? {
            Some(fallback) => {
                let why = pairs([("ErrorCode", &code.to_string()), ("ErrorUrl", &hook.url)]);
                Some(Step::Fetch(fallback, why))
            }
            None => self.apologise(sid, epoch, code),
        }
    }

    fn apologise(&self, sid: &str, epoch: u64, code: u32) -> Option<Step> {
        let answered = self.mine(sid, epoch, |call| {
            call.heard.push("We are sorry, an application error has occurred. Goodbye.".into());
            call.error_code = Some(code);
            call.started.is_some()
        })?;
        self.change(sid, if answered { "completed" } else { "failed" });
        None
    }

    /// Calls Handbell about a call that has ended. The answer has no effect.
    pub(super) fn ask_in_vain(&self, sid: &str, hook: Hook, params: Pairs) -> Option<JoinHandle<()>> {
        let mut fields = self.find_call(sid)?.params(self.account());
        fields.extend(params);
        let twilio = self.clone();
        Some(self.0.stage.spawn(async move { _ = twilio.call_handbell(&hook, Side::Voice, &fields).await }))
    }

    async fn perform(
        &self,
        sid: &str,
        epoch: u64,
        mut verbs: VecDeque<Verb>,
        base: Option<Hook>,
    ) -> Option<Step> {
        // The first verb answers a person's call, unless it rejects the call.
        let unanswered = self.mine(sid, epoch, |call| call.status == "ringing")?;
        if unanswered {
            if let Some(Verb::Reject { busy }) = verbs.front() {
                self.change(sid, if *busy { "busy" } else { "no-answer" });
                return None;
            }
            self.change(sid, "in-progress");
        }
        loop {
            // Checked before every verb, since the person may have hung up during the last one.
            self.mine(sid, epoch, |_| ())?;
            match verbs.pop_front() {
                Some(Verb::Gather(gather)) => {
                    self.gather(sid, epoch, gather, verbs, base).await;
                    return None;
                }
                Some(Verb::Record(record)) => {
                    self.tape(sid, epoch, record, verbs, base).await;
                    return None;
                }
                Some(Verb::Dial(dial)) => {
                    self.connect(sid, epoch, dial, verbs, base);
                    return None;
                }
                Some(Verb::Redirect { url, post }) => {
                    let target = match &base {
                        Some(base) if url.is_empty() => Some(base.clone()),
                        Some(base) => base.to(&url, post),
                        None => Some(Hook { url, post }),
                    };
                    return match target {
                        Some(target) => Some(Step::Fetch(target, Vec::new())),
                        None => self.apologise(sid, epoch, 11200),
                    };
                }
                Some(Verb::Hangup | Verb::Reject { .. }) | None => {
                    self.change(sid, "completed");
                    return None;
                }
                Some(verb) => {
                    self.speak(sid, epoch, &verb).await;
                    let speech = self.speech(sid, &verb);
                    if speech > 0 {
                        let at = self.now() + SignedDuration::from_secs(speech.into());
                        self.play_at(at, sid, epoch, Step::Verbs(verbs, base));
                        return None;
                    }
                }
            }
        }
    }

    /// Returns the seconds for which the person hears this verb.
    fn speech(&self, sid: &str, verb: &Verb) -> u32 {
        let Some(call) = self.find_call(sid).filter(|_| matches!(verb, Verb::Say(_))) else { return 0 };
        self.lock().phone(call.phone()).speech
    }

    /// Continues once a text is spoken. A person who hangs up meanwhile takes the call over: the rest never happens.
    fn play_at(&self, at: Timestamp, sid: &str, epoch: u64, rest: Step) {
        let (twilio, sid) = (self.clone(), sid.to_owned());
        self.0.stage.spawn_at(at, async move {
            let _ = twilio.play(sid, epoch, rest).await;
        });
    }

    /// Speaks or plays one verb, which takes one pace.
    async fn speak(&self, sid: &str, epoch: u64, verb: &Verb) {
        let sound = match verb {
            Verb::Say(text) => Some(text.clone()),
            Verb::Play(url) => Some(format!("(plays {url})")),
            Verb::Message(reply) => Some(format!("(a text is not sent from a call here: {})", reply.body)),
            _ => None,
        };
        let unknown = matches!(verb, Verb::Unknown(_));
        self.mine(sid, epoch, |call| {
            call.heard.extend(sound);
            if unknown {
                call.error_code = Some(12200);
            }
        });
        self.pace().await;
    }

    async fn gather(&self, sid: &str, epoch: u64, gather: Gather, rest: VecDeque<Verb>, base: Option<Hook>) {
        let (prompts, timeout) = (gather.prompts.clone(), gather.timeout);
        let waiting = Waiting { digits: String::new(), gather, until: None, rest, base };
        self.mine(sid, epoch, |call| call.gather = Some(waiting));
        for prompt in prompts {
            // A key interrupts the prompt and takes over the call.
            if self.mine(sid, epoch, |_| ()).is_none() {
                return;
            }
            self.speak(sid, epoch, &prompt).await;
        }
        let until = self.now() + signed(timeout);
        let open =
            self.mine(sid, epoch, |call| call.gather.as_mut().map(|waiting| waiting.until = Some(until)));
        if open.flatten().is_some() {
            self.close_gather_at(until, sid.to_owned(), epoch);
        }
    }

    /// Ends the wait for keys at its time-out, which each key moves.
    fn close_gather_at(&self, at: Timestamp, sid: String, epoch: u64) {
        let twilio = self.clone();
        self.0.stage.spawn_at(at, async move {
            let until =
                twilio.mine(&sid, epoch, |call| call.gather.as_ref().and_then(|waiting| waiting.until));
            match until.flatten() {
                Some(until) if until > at => twilio.close_gather_at(until, sid, epoch),
                Some(_) => twilio.close_gather(&sid, epoch),
                None => {}
            }
        });
    }

    fn close_gather(&self, sid: &str, epoch: u64) {
        let step = self.mine(sid, epoch, |call| {
            let waiting = call.gather.take()?;
            call.epoch += 1;
            Some((call.epoch, waiting.next(false)))
        });
        if let Some((epoch, step)) = step.flatten() {
            self.play(sid.to_owned(), epoch, step);
        }
    }

    /// Presses keys. Returns `None` if nothing waits for them.
    pub(super) fn press(&self, sid: &str, keys: &str) -> Option<JoinHandle<()>> {
        let taping = self.find_call(sid).and_then(|call| call.taping);
        let ended = taping.and_then(|taping| Some((taping.ended_by(keys)?, taping.sid)));
        if let Some((key, tape)) = ended {
            return self.end_tape(sid, &tape, &key.to_string());
        }
        let now = self.now();
        let next = self.with_call(sid, |call| {
            let waiting = call.gather.as_mut()?;
            let (mut full, mut finished) = (false, false);
            for key in keys.chars() {
                if Some(key) == waiting.gather.finish_on_key {
                    finished = true;
                    break;
                }
                waiting.digits.push(key);
                if waiting.gather.num_digits.is_some_and(|wanted| waiting.digits.chars().count() >= wanted) {
                    full = true;
                    break;
                }
            }
            if !full && !finished {
                // Each key restarts the time-out, which has not begun during the prompt.
                waiting.until = waiting.until.map(|_| now + signed(waiting.gather.timeout));
                return Some(None);
            }
            let waiting = call.gather.take()?;
            call.epoch += 1;
            Some(Some((call.epoch, waiting.next(finished))))
        });
        match next.flatten()? {
            Some((epoch, step)) => Some(self.play(sid.to_owned(), epoch, step)),
            None => Some(self.0.stage.spawn(async {})),
        }
    }
}

pub(super) fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

/// Parses Handbell's answer, or returns Twilio's error code.
fn read(heard: Option<Heard>) -> Result<Vec<Verb>, u32> {
    let heard = heard.filter(|heard| heard.status.is_success()).ok_or(11200_u32)?;
    let kind = heard.content_type.split(';').next().unwrap_or_default().trim();
    match kind {
        "text/xml" | "application/xml" | "text/html" => twiml::parse(&heard.body).ok_or(12100),
        "text/plain" => Ok(vec![Verb::Say(heard.body)]),
        kind if kind.starts_with("audio/") => Ok(vec![Verb::Play(kind.to_owned())]),
        _ => Err(12300),
    }
}
