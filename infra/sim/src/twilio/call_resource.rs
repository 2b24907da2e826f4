//! The Calls resource: creates, reads, changes and deletes calls.

use axum::http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::api::{Answer, Ask, Refusal, created, deleted, found};
use super::behaviour::Behaviour;
use super::call::{Call, Detection, Step};
use super::dates::in_time;
use super::webhook::{Hook, acceptable};
use super::{State, Twilio, VERSION, is_e164, rfc2822};

impl Call {
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
            "answered_by": self.verdict(),
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
                        // As with texts, a call that has not begun is found by the time of its request.
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

    fn call_json(&self, call: &Call, state: &State) -> Value {
        let ours = state.numbers.iter().find(|own| own.number == call.from || own.number == call.to);
        // Twilio's magic numbers are not among the account's numbers, but their calls still need the field.
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
        let detection = Detection::of(ask)?;
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
        call.detection = detection;
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
        // The new document takes over at once; the other leg of a <Dial> ends.
        let taken = self.with_call(&call.sid, |call| {
            call.epoch += 1;
            call.gather = None;
            (call.epoch, call.dialing.take(), call.taping.take())
        });
        if let Some((epoch, dialing, taping)) = taken {
            taping.and_then(|taping| self.keep_tape(&call.sid, &taping, ""));
            self.play(call.sid.clone(), epoch, step);
            dialing.into_iter().flat_map(|dialing| dialing.children).for_each(|child| self.end(&child));
        }
        Ok(())
    }
}
