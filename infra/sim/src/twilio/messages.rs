//! Texts: accepted, sent and delivered, received and answered.

use std::sync::MutexGuard;

use axum::http::Method;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::api::{Answer, Ask, Refusal, created, deleted, found};
use super::behaviour::Behaviour;
use super::media::{LIMIT, Media};
use super::segments::segments;
use super::webhook::{Hook, Side, acceptable};
use super::{Pairs, State, Twilio, VERSION, is_e164, pairs, rfc2822, sid};

/// A text in either direction.
#[derive(Clone)]
pub(super) struct Message {
    pub(super) sid: String,
    pub(super) direction: &'static str,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) body: String,
    pub(super) status: &'static str,
    pub(super) error_code: Option<u32>,
    pub(super) media: Vec<Media>,
    pub(super) callback: Option<Hook>,
    pub(super) created: Timestamp,
    updated: Timestamp,
    sent: Option<Timestamp>,
}

impl Message {
    pub(super) fn new(
        direction: &'static str,
        from: &str,
        to: &str,
        body: &str,
        media: Vec<Media>,
        now: Timestamp,
    ) -> Self {
        Self {
            sid: sid(if media.is_empty() { "SM" } else { "MM" }),
            direction,
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            status: if direction == "inbound" { "received" } else { "queued" },
            error_code: None,
            media,
            callback: None,
            created: now,
            updated: now,
            sent: (direction == "inbound").then_some(now),
        }
    }

    /// Returns the person's number.
    pub(super) fn phone(&self) -> &str {
        if self.direction == "inbound" { &self.from } else { &self.to }
    }

    pub(super) fn view(&self) -> Value {
        json!({
            "sid": self.sid,
            "direction": self.direction,
            "from": self.from,
            "to": self.to,
            "body": self.body,
            "media": self.media.iter().map(|media| media.view(self.phone())).collect::<Vec<_>>(),
            "status": self.status,
            "error_code": self.error_code,
            "at": self.created,
        })
    }

    pub(super) fn is_final(&self) -> bool {
        !matches!(self.status, "queued" | "sent")
    }

    /// Returns the media that Twilio has not deleted.
    pub(super) fn kept_media(&self) -> impl Iterator<Item = &Media> {
        self.media.iter().filter(|media| !media.deleted)
    }

    pub(super) fn uri(&self, account: &str) -> String {
        format!("/{VERSION}/Accounts/{account}/Messages/{}", self.sid)
    }

    /// Returns the URLs of the media on Twilio's host.
    pub(super) fn media_urls(&self, account: &str, origin: &str) -> Vec<String> {
        let base = format!("{origin}/sim/twilio{}/Media", self.uri(account));
        self.media.iter().map(|media| format!("{base}/{}", media.sid)).collect()
    }

    pub(super) fn json(&self, account: &str) -> Value {
        let uri = self.uri(account);
        json!({
            "sid": self.sid,
            "account_sid": account,
            "messaging_service_sid": null,
            "direction": self.direction,
            "from": self.from,
            "to": self.to,
            "body": self.body,
            "status": self.status,
            "num_segments": segments(&self.body).to_string(),
            "num_media": self.kept_media().count().to_string(),
            "error_code": self.error_code,
            "error_message": self.error_code.map(error_message),
            "price": null,
            "price_unit": "USD",
            "api_version": VERSION,
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.updated),
            "date_sent": self.sent.map(rfc2822),
            "uri": format!("{uri}.json"),
            "subresource_uris": {"media": format!("{uri}/Media.json")},
        })
    }

    fn callback_params(&self, account: &str, now: Timestamp) -> Pairs {
        let mut params = pairs([
            ("AccountSid", account),
            ("ApiVersion", VERSION),
            ("From", &self.from),
            ("MessageSid", &self.sid),
            ("MessageStatus", self.status),
            ("SmsSid", &self.sid),
            ("SmsStatus", self.status),
            ("To", &self.to),
        ]);
        params.extend(self.error_code.map(|code| ("ErrorCode".to_owned(), code.to_string())));
        if matches!(self.status, "delivered" | "undelivered") {
            params.push(("RawDlrDoneDate".to_owned(), now.strftime("%y%m%d%H%M").to_string()));
        }
        params
    }
}

/// Returns the message of an error after a text was accepted.
fn error_message(code: u32) -> &'static str {
    match code {
        11200 => "HTTP retrieval failure",
        11751 => "Media Message - Media exceeds messaging provider size limit",
        12300 => "Invalid Content-Type",
        14107 => "SMS send rate limit exceeded",
        30001 => "Queue overflow",
        30002 => "Account suspended",
        30003 => "Unreachable destination handset",
        30004 => "Message blocked",
        30005 => "Unknown destination handset",
        30006 => "Landline or unreachable carrier",
        30007 => "Message filtered",
        30034 => "US A2P 10DLC - Message from an Unregistered Number",
        _ => "Unknown error",
    }
}

impl Twilio {
    pub(super) fn messages(&self, ask: &Ask) -> Answer {
        match ask.method {
            Method::GET => {
                let state = self.lock();
                let fits = |message: &&Message| {
                    ask.filter("To").is_none_or(|to| message.to == to)
                        && ask.filter("From").is_none_or(|from| message.from == from)
                        // A queued text has no sending date yet, but must be found.
                        && ask.is_of("DateSent", message.sent.unwrap_or(message.created))
                };
                let messages = state.messages.iter().rev().filter(fits);
                let messages =
                    messages.map(|message| (message.sid.clone(), message.json(self.account()))).collect();
                found(ask.page("messages", messages))
            }
            Method::POST => self.send(ask),
            _ => Err(Refusal::code(20004)),
        }
    }

    fn send(&self, ask: &Ask) -> Answer {
        let to = ask.field("To").ok_or_else(|| Refusal::code(21604))?;
        if ask.field("MessagingServiceSid").is_some() {
            return Err(Refusal::code(21701));
        }
        let from = ask.field("From").ok_or_else(|| Refusal::code(21603))?;
        let body = ask.field("Body").unwrap_or_default();
        let urls = ask.fields("MediaUrl");
        if body.is_empty() && urls.is_empty() {
            return Err(Refusal::code(21602));
        }
        if body.chars().count() > 1600 {
            return Err(Refusal::code(21617));
        }
        if urls.len() > 10 {
            return Err(Refusal::code(21623));
        }
        if urls.iter().any(|url| !acceptable(url)) {
            return Err(Refusal::code(21620));
        }
        let callback = ask.field("StatusCallback");
        if callback.is_some_and(|url| !acceptable(url)) {
            return Err(Refusal::code(21609));
        }
        let mut state = self.lock();
        match (from, to) {
            ("+15005550001", _) => return Err(Refusal::code(21212)),
            ("+15005550008", _) => return Err(Refusal::code(21611)),
            (_, "+15005550001") => return Err(Refusal::bad_to(to)),
            (_, "+15005550002") => return Err(Refusal::code(21612)),
            (_, "+15005550003") => return Err(Refusal::code(21408)),
            (_, "+15005550004") => return Err(Refusal::code(21610)),
            (_, "+15005550009") => return Err(Refusal::code(21614)),
            _ if !is_e164(to) => return Err(Refusal::bad_to(to)),
            ("+15005550006", _) => {}
            _ if !state.is_ours(from) => return Err(Refusal::code(21606)),
            _ => {}
        }
        let phone = state.phone(to);
        if phone.behaviour == Behaviour::Refuse {
            return Err(Refusal::code(phone.code.unwrap_or(21211)));
        }
        if state.stopped.contains(&(from.to_owned(), to.to_owned())) {
            return Err(Refusal::code(21610));
        }
        let media = urls.iter().map(|url| Media::at(url)).collect();
        let mut message = Message::new("outbound-api", from, to, body, media, self.now());
        message.callback = callback.map(|url| Hook { url: url.to_owned(), post: true });
        let answer = message.json(self.account());
        self.accept(state, message);
        created(answer)
    }

    /// Accepts a text and starts its delivery.
    pub(super) fn accept(&self, mut state: MutexGuard<'_, State>, message: Message) {
        let sid = message.sid.clone();
        state.messages.push(message);
        drop(state);
        self.tell(&sid);
        let twilio = self.clone();
        self.0.stage.spawn(async move { twilio.travel(&sid).await });
    }

    async fn travel(&self, sid: &str) {
        self.pace().await;
        let Some(message) = self.find_message(sid) else { return };
        // The limit applies to all files together.
        let mut left = LIMIT;
        for (index, media) in message.media.iter().enumerate() {
            let fetched = match self.fetch(media, left).await {
                Ok(fetched) => fetched,
                Err(code) => return self.advance(sid, "failed", Some(code)),
            };
            left = left.saturating_sub(fetched.content.len());
            if let Some(message) = self.lock().messages.iter_mut().find(|message| message.sid == sid) {
                message.media[index] = fetched;
            }
        }
        self.advance(sid, "sent", None);
        self.pace().await;
        let phone = self.lock().phone(&message.to);
        match phone.behaviour {
            Behaviour::Off | Behaviour::Unreachable => {
                self.advance(sid, "undelivered", Some(phone.code.unwrap_or(30003)))
            }
            _ => self.advance(sid, "delivered", None),
        }
    }

    pub(super) fn advance(&self, sid: &str, status: &'static str, error_code: Option<u32>) {
        let now = self.now();
        if let Some(message) = self.lock().messages.iter_mut().find(|message| message.sid == sid) {
            message.status = status;
            message.error_code = error_code;
            message.updated = now;
            if status == "sent" {
                message.sent = Some(now);
            }
        }
        self.tell(sid);
    }

    /// Sends the text's status callback, if there is one, and notifies all watchers.
    fn tell(&self, sid: &str) {
        self.0.stage.touch();
        let Some(message) = self.find_message(sid) else { return };
        if let Some(hook) = message.callback.clone() {
            self.queue_callback(
                sid,
                hook,
                Side::Messaging,
                message.callback_params(self.account(), self.now()),
            );
        }
    }

    pub(super) fn find_message(&self, sid: &str) -> Option<Message> {
        self.lock().messages.iter().find(|message| message.sid == sid).cloned()
    }

    pub(super) fn message(&self, ask: &Ask, sid: &str) -> Answer {
        let now = self.now();
        let mut state = self.lock();
        let Some(index) = state.messages.iter().position(|message| message.sid == sid) else {
            return Err(Refusal::not_found(ask));
        };
        let message = &mut state.messages[index];
        match ask.method {
            Method::GET => found(message.json(self.account())),
            Method::POST => {
                // Only a scheduled text can be cancelled, and scheduling needs a messaging service.
                if ask.field("Status").is_some() || !message.is_final() {
                    return Err(Refusal::code(30409));
                }
                if ask.form.iter().any(|(name, value)| name == "Body" && value.is_empty()) {
                    message.body.clear();
                    message.updated = now;
                }
                let answer = message.json(self.account());
                drop(state);
                self.0.stage.touch();
                found(answer)
            }
            Method::DELETE if !message.is_final() => Err(Refusal::code(20009)),
            Method::DELETE => {
                state.messages.remove(index);
                drop(state);
                self.0.stage.touch();
                deleted()
            }
            _ => Err(Refusal::code(20004)),
        }
    }
}
