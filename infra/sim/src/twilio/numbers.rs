//! The account's numbers and their webhooks.

use axum::http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::api::{Answer, Ask, Refusal, found};
use super::webhook::{Hook, acceptable};
use super::{Twilio, VERSION, rfc2822, sid};

/// A number of the account. A hook that was never set calls Handbell; a hook that was set to an empty value calls nothing.
pub(super) struct Number {
    sid: String,
    pub(super) number: String,
    sms: Option<Hook>,
    voice: Option<Hook>,
    status: Option<Hook>,
    created: Timestamp,
    updated: Timestamp,
}

/// Webhooks of a number; `None` if a webhook was removed.
pub(super) struct Hooks {
    pub(super) sms: Option<Hook>,
    pub(super) voice: Option<Hook>,
    /// Status callback of inbound calls.
    pub(super) status: Option<Hook>,
}

impl Number {
    pub(super) fn new(number: &str, now: Timestamp) -> Self {
        Self {
            sid: sid("PN"),
            number: number.to_owned(),
            sms: None,
            voice: None,
            status: None,
            created: now,
            updated: now,
        }
    }

    pub(super) fn sid(&self) -> &str {
        &self.sid
    }

    fn hooks(&self, origin: &str) -> Hooks {
        let default = |path: &str| Hook { url: format!("{origin}{path}"), post: true };
        let set = |hook: Hook| Some(hook).filter(|hook| !hook.url.is_empty());
        Hooks {
            sms: set(self.sms.clone().unwrap_or_else(|| default("/twilio/sms"))),
            voice: set(self.voice.clone().unwrap_or_else(|| default("/twilio/voice"))),
            status: set(self.status.clone().unwrap_or_else(|| default("/twilio/voice/status"))),
        }
    }

    fn json(&self, account: &str, origin: &str) -> Value {
        let hooks = self.hooks(origin);
        let url = |hook: &Option<Hook>| hook.as_ref().map_or_else(String::new, |hook| hook.url.clone());
        let method =
            |hook: &Option<Hook>| if hook.as_ref().is_some_and(|hook| !hook.post) { "GET" } else { "POST" };
        json!({
            "sid": self.sid,
            "account_sid": account,
            "phone_number": self.number,
            "friendly_name": self.number,
            "origin": "twilio",
            "type": "local",
            "status": "in-use",
            "beta": false,
            "capabilities": {"voice": true, "sms": true, "mms": true, "fax": false},
            "address_requirements": "none",
            "address_sid": null,
            "identity_sid": null,
            "bundle_sid": null,
            "trunk_sid": null,
            "emergency_status": "Inactive",
            "emergency_address_sid": null,
            "emergency_address_status": "unregistered",
            "sms_url": url(&hooks.sms),
            "sms_method": method(&hooks.sms),
            "sms_fallback_url": "",
            "sms_fallback_method": "POST",
            "sms_application_sid": null,
            "voice_url": url(&hooks.voice),
            "voice_method": method(&hooks.voice),
            "voice_fallback_url": "",
            "voice_fallback_method": "POST",
            "voice_application_sid": null,
            "voice_caller_id_lookup": false,
            "voice_receive_mode": "voice",
            "status_callback": url(&hooks.status),
            "status_callback_method": method(&hooks.status),
            "api_version": VERSION,
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.updated),
            "uri": format!("/{VERSION}/Accounts/{account}/IncomingPhoneNumbers/{}.json", self.sid),
        })
    }
}

impl Twilio {
    /// Adds this number, in E.164 form, to the account: its inbound texts and calls go to Handbell, and Handbell may send
    /// from it. A number that already belongs to the account doesn't change.
    pub fn own(&self, number: &str) {
        let now = self.now();
        {
            let mut state = self.lock();
            if state.is_ours(number) {
                return;
            }
            state.numbers.push(Number::new(number, now));
        }
        self.0.stage.touch();
    }

    /// Returns the webhooks of a number, or `None` if it doesn't belong to the account.
    pub(super) fn hooks(&self, number: &str) -> Option<Hooks> {
        let origin = self.0.stage.origin();
        self.lock().numbers.iter().find(|own| own.number == number).map(|own| own.hooks(&origin))
    }

    pub(super) fn numbers(&self, ask: &Ask) -> Answer {
        if ask.method != Method::GET {
            return Err(Refusal::code(20004));
        }
        let (origin, wanted) = (self.0.stage.origin(), ask.filter("PhoneNumber").unwrap_or_default());
        let state = self.lock();
        let numbers = state.numbers.iter().filter(|own| own.number.contains(wanted));
        let numbers = numbers.map(|own| (own.sid.clone(), own.json(self.account(), &origin))).collect();
        found(ask.page("incoming_phone_numbers", numbers))
    }

    pub(super) fn number(&self, ask: &Ask, sid: &str) -> Answer {
        let (origin, now) = (self.0.stage.origin(), self.now());
        let mut state = self.lock();
        let Some(number) = state.numbers.iter_mut().find(|own| own.sid == sid) else {
            return Err(Refusal::not_found(ask));
        };
        match ask.method {
            Method::GET => {}
            Method::POST => {
                let fields = ["SmsUrl", "VoiceUrl", "StatusCallback"];
                if ask.form.iter().any(|(name, value)| {
                    fields.contains(&name.as_str()) && !value.is_empty() && !acceptable(value)
                }) {
                    return Err(Refusal::code(21609));
                }
                // An empty value has a meaning here, so it isn't ignored.
                let given = |name: &str, method: &str| {
                    let (_, url) = ask.form.iter().find(|(other, _)| other == name)?;
                    Some(Hook { url: url.clone(), post: ask.field(method) != Some("GET") })
                };
                number.sms = given("SmsUrl", "SmsMethod").or(number.sms.take());
                number.voice = given("VoiceUrl", "VoiceMethod").or(number.voice.take());
                number.status = given("StatusCallback", "StatusCallbackMethod").or(number.status.take());
                number.updated = now;
            }
            _ => return Err(Refusal::code(20004)),
        }
        found(number.json(self.account(), &origin))
    }
}
