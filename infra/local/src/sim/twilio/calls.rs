//! Calls: dialled, ringing, connected, ended, and what Handbell is told about it.

use std::time::Duration;

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::api::{Answer, Ask, Refusal, created, deleted, found};
use super::messages::in_time;
use super::phones::Behaviour;
use super::voice::{Dialing, Step, Waiting};
use super::webhook::{Hook, Side, acceptable};
use super::{Pairs, Twilio, VERSION, is_e164, pairs, rfc2822, sid};

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
    pub(super) first: Option<Step>,
    pub(super) fallback: Option<Hook>,
    /// Documents fetched so far: menus that lead to themselves end somewhere.
    pub(super) fetched: u32,
    pub(super) started: Option<Timestamp>,
    detects_machines: bool,
    callback: Option<Hook>,
    events: Vec<String>,
    sequence: u64,
    ring: SignedDuration,
    created: Timestamp,
    updated: Timestamp,
    ended: Option<Timestamp>,
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
            first: None,
            fallback: None,
            fetched: 0,
            started: None,
            detects_machines: false,
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

    pub(super) fn view(&self, now: Timestamp) -> Value {
        json!({
            "sid": self.sid,
            "direction": self.direction,
            "from": self.from,
            "to": self.to,
            "status": self.status,
            "heard": self.heard,
            "gather": self.gather.is_some(),
            "error_code": self.error_code,
            "duration": self.duration(now),
            "at": self.created,
        })
    }

    fn json(&self, account: &str, phone_number_sid: &str) -> Value {
        let uri = format!("/{VERSION}/Accounts/{account}/Calls/{}", self.sid);
        let part = |name: &str| format!("{uri}/{name}.json");
        json!({
            "sid": self.sid,
            "parent_call_sid": self.parent,
            "account_sid": account,
            "phone_number_sid": phone_number_sid,
            "direction": self.direction,
            "from": self.from,
            "from_formatted": self.from,
            "to": self.to,
            "to_formatted": self.to,
            "status": self.status,
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.updated),
            "start_time": self.started.map(rfc2822),
            "end_time": self.ended.map(rfc2822),
            "duration": self.ended.map(|ended| self.duration(ended).to_string()),
            "answered_by": self.answered_by(),
            "forwarded_from": null,
            "caller_name": null,
            "group_sid": null,
            "trunk_sid": null,
            "queue_time": "0",
            "price": null,
            "price_unit": "USD",
            "api_version": VERSION,
            "uri": format!("{uri}.json"),
            "subresource_uris": {
                "events": part("Events"),
                "notifications": part("Notifications"),
                "payments": part("Payments"),
                "recordings": part("Recordings"),
                "siprec": part("Siprec"),
                "streams": part("Streams"),
                "transcriptions": part("Transcriptions"),
                "user_defined_message_subscriptions": part("UserDefinedMessageSubscriptions"),
                "user_defined_messages": part("UserDefinedMessages"),
            },
        })
    }

    fn answered_by(&self) -> Option<&'static str> {
        (self.detects_machines && self.started.is_some()).then_some("human")
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
        params.extend(self.answered_by().map(|who| ("AnsweredBy".to_owned(), who.to_owned())));
        params
    }
}

impl Twilio {
    pub(super) fn calls(&self, ask: &Ask) -> Answer {
        match ask.method {
            Method::GET => {
                let state = self.lock();
                let time = |name: &str, at: Option<Timestamp>| {
                    ["", "<", ">"].iter().all(|bound| {
                        let name = format!("{name}{bound}");
                        ask.filter(&name).is_none_or(|date| at.is_some_and(|at| in_time(&name, date, at)))
                    })
                };
                let fits = |call: &&Call| {
                    ask.filter("To").is_none_or(|to| call.to == to)
                        && ask.filter("From").is_none_or(|from| call.from == from)
                        && ask.filter("Status").is_none_or(|status| call.status == status)
                        && ask.filter("ParentCallSid").is_none_or(|parent| call.parent.as_deref() == Some(parent))
                        // As with texts, what has not begun is found by when it was asked for.
                        && time("StartTime", Some(call.started.unwrap_or(call.created)))
                        && time("EndTime", call.ended)
                };
                let calls = state.calls.iter().rev().filter(fits);
                let calls = calls.map(|call| (call.sid.clone(), self.call_json(call, &state))).collect();
                found(ask.page("calls", calls))
            }
            Method::POST => self.dial(ask),
            _ => Err(Refusal::code(20004)),
        }
    }

    fn call_json(&self, call: &Call, state: &super::State) -> Value {
        let ours = state.numbers.iter().find(|own| own.number == call.from || own.number == call.to);
        // A magic number of Twilio's has no resource of ours; its calls still need the field.
        let none = format!("PN{}", "0".repeat(32));
        call.json(self.account(), ours.map_or(&none, |own| own.sid()))
    }

    fn dial(&self, ask: &Ask) -> Answer {
        let to = ask.field("To").ok_or_else(|| Refusal::code(21201))?;
        let from = ask.field("From").ok_or_else(|| Refusal::code(21213))?;
        let first = Step::of(ask).ok_or_else(|| Refusal::code(21205))?;
        let urls = ["Url", "FallbackUrl"];
        if urls.iter().filter_map(|name| ask.field(name)).any(|url| !acceptable(url)) {
            return Err(Refusal::code(21205));
        }
        let callback = ask.field("StatusCallback");
        if callback.is_some_and(|url| !acceptable(url)) {
            return Err(Refusal::code(21609));
        }
        let events: Vec<_> = ask.fields("StatusCallbackEvent").into_iter().map(str::to_owned).collect();
        if events
            .iter()
            .any(|event| !matches!(event.as_str(), "initiated" | "ringing" | "answered" | "completed"))
        {
            return Err(Refusal::code(21626));
        }
        let mut state = self.lock();
        match (from, to) {
            ("+15005550001", _) => return Err(Refusal::code(21212)),
            (_, "+15005550001") => return Err(Refusal::code(21217)),
            (_, "+15005550002") => return Err(Refusal::code(21214)),
            (_, "+15005550003") => return Err(Refusal::code(21215)),
            (_, "+15005550004") => return Err(Refusal::code(21216)),
            _ if !is_e164(to) => return Err(Refusal::bad_to(to)),
            ("+15005550006", _) => {}
            _ if !state.is_ours(from) => return Err(Refusal::code(21210)),
            _ => {}
        }
        let phone = state.phone(to);
        if phone.behaviour == Behaviour::Refuse {
            return Err(Refusal::code(phone.code.unwrap_or(21211)));
        }
        let mut call = Call::new("outbound-api", from, to, self.now());
        call.first = Some(first);
        call.fallback = ask
            .field("FallbackUrl")
            .map(|url| Hook { url: url.to_owned(), post: ask.field("FallbackMethod") != Some("GET") });
        call.callback = callback
            .map(|url| Hook { url: url.to_owned(), post: ask.field("StatusCallbackMethod") != Some("GET") });
        if !events.is_empty() {
            call.events = events;
        }
        call.detects_machines = ask.field("MachineDetection").is_some();
        if let Some(seconds) = ask.field("Timeout").and_then(|seconds| seconds.parse::<i64>().ok()) {
            call.ring = SignedDuration::from_secs(seconds.clamp(1, 600));
        }
        let answer = self.call_json(&call, &state);
        let sid = call.sid.clone();
        state.calls.push(call);
        drop(state);
        self.0.stage.touch();
        self.ring(sid);
        created(answer)
    }

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
                Behaviour::Refuse => return twilio.change(&sid, "failed"),
                Behaviour::Ok | Behaviour::NoAnswer => twilio.change(&sid, "ringing"),
            }
            if behaviour == Behaviour::NoAnswer {
                twilio.pace().await;
                return twilio.change_if(&sid, "ringing", "no-answer");
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
                return Some((call.parent.clone(), None, false));
            }
            call.ended = Some(now);
            call.epoch += 1;
            call.gather = None;
            Some((call.parent.clone(), call.dialing.take(), true))
        });
        let Some((parent, dialing, over)) = changed.flatten() else { return };
        self.report(
            sid,
            match status {
                "ringing" => "ringing",
                "in-progress" => "answered",
                _ => "completed",
            },
        );
        for child in dialing.into_iter().flat_map(|dialing| dialing.children) {
            self.end(&child);
        }
        if let Some(parent) = parent.filter(|_| over) {
            self.child_ended(&parent, sid);
        }
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

    pub(super) fn call(&self, ask: &Ask, sid: &str) -> Answer {
        let Some(call) = self.find_call(sid) else { return Err(Refusal::not_found(ask)) };
        match ask.method {
            Method::GET => {}
            Method::POST => self.update(ask, &call)?,
            Method::DELETE if call.is_live() => return Err(Refusal::code(20009)),
            Method::DELETE => {
                self.lock().calls.retain(|call| call.sid != sid);
                self.0.stage.touch();
                return deleted();
            }
            _ => return Err(Refusal::code(20004)),
        }
        let state = self.lock();
        let Some(call) = state.calls.iter().find(|call| call.sid == sid) else {
            return Err(Refusal::not_found(ask));
        };
        found(self.call_json(call, &state))
    }

    fn update(&self, ask: &Ask, call: &Call) -> Result<(), Refusal> {
        if ask.field("Url").is_some_and(|url| !acceptable(url)) {
            return Err(Refusal::code(21205));
        }
        match ask.field("Status") {
            Some("canceled") if matches!(call.status, "queued" | "ringing") => {
                self.change(&call.sid, "canceled")
            }
            Some("completed") if call.is_live() => self.end(&call.sid),
            Some(_) => return Err(Refusal::code(21220)),
            None => {}
        }
        let Some(step) = Step::of(ask).filter(|_| ask.field("Status").is_none()) else { return Ok(()) };
        if call.status != "in-progress" {
            return Err(Refusal::code(21220));
        }
        // The new document takes over at once; whom a <Dial> had connected is let go.
        let taken = self.with_call(&call.sid, |call| {
            call.epoch += 1;
            call.gather = None;
            (call.epoch, call.dialing.take())
        });
        if let Some((epoch, dialing)) = taken {
            self.play(call.sid.clone(), epoch, step);
            dialing.into_iter().flat_map(|dialing| dialing.children).for_each(|child| self.end(&child));
        }
        Ok(())
    }
}
