//! Texts from phones: Twilio's handling of keywords such as STOP, and Handbell's answers.

use jiff::SignedDuration;

use super::media::Media;
use super::messages::Message;
use super::segments::segments;
use super::twiml::{self, Reply, Verb};
use super::webhook::{Heard, Hook, Side};
use super::{Pairs, Twilio, VERSION, is_e164, pairs};

impl Twilio {
    /// Delivers a text from a phone to Handbell and executes the answer. The error is Twilio's: 11200, 12100 or 12300.
    pub(super) async fn receive(&self, message: Message) -> Result<(), u32> {
        let keyword = keyword(&message.body);
        {
            let mut state = self.lock();
            state.phone(&message.from);
            state.messages.push(message.clone());
            let pair = (message.to.clone(), message.from.clone());
            match keyword {
                Some("STOP") => _ = state.stopped.insert(pair),
                Some("START") => _ = state.stopped.remove(&pair),
                _ => {}
            }
        }
        self.0.stage.touch();
        if let Some(keyword) = keyword {
            let words = match keyword {
                "STOP" => {
                    "You have successfully been unsubscribed. You will not receive any more messages from this number. Reply START to resubscribe."
                }
                "START" => {
                    "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to unsubscribe."
                }
                _ => "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
            };
            let answer =
                Message::new("outbound-reply", &message.to, &message.from, words, Vec::new(), self.now());
            self.accept(self.lock(), answer);
        }
        let Some(hook) = self.hooks(&message.to).and_then(|hooks| hooks.sms) else { return Ok(()) };
        let heard = self.call_handbell(&hook, Side::Messaging, &self.inbound_params(&message, keyword)).await;
        self.obey(&message, &hook, heard)
    }

    fn inbound_params(&self, message: &Message, keyword: Option<&str>) -> Pairs {
        let (media, count) = (message.media.len().to_string(), segments(&message.body).to_string());
        let mut params = pairs([
            ("ToCountry", "US"),
            ("ToState", ""),
            ("ToCity", ""),
            ("ToZip", ""),
            ("FromCountry", "US"),
            ("FromState", ""),
            ("FromCity", ""),
            ("FromZip", ""),
            ("SmsMessageSid", &message.sid),
            ("SmsSid", &message.sid),
            ("MessageSid", &message.sid),
            ("AccountSid", self.account()),
            ("SmsStatus", "received"),
            ("From", &message.from),
            ("To", &message.to),
            ("Body", &message.body),
            ("NumMedia", &media),
            ("NumSegments", &count),
            ("ApiVersion", VERSION),
        ]);
        let urls = message.media_urls(self.account(), &self.0.stage.origin());
        for (index, (media, url)) in message.media.iter().zip(urls).enumerate() {
            params.push((format!("MediaUrl{index}"), url));
            params.push((format!("MediaContentType{index}"), media.content_type.clone()));
        }
        params.extend(keyword.map(|keyword| ("OptOutType".to_owned(), keyword.to_owned())));
        params
    }

    fn obey(&self, message: &Message, hook: &Hook, heard: Option<Heard>) -> Result<(), u32> {
        let heard = heard.filter(|heard| heard.status.is_success()).ok_or(11200_u32)?;
        if heard.body.is_empty() {
            return Ok(());
        }
        let kind = heard.content_type.split(';').next().unwrap_or_default().trim();
        let verbs = match kind {
            "text/xml" | "application/xml" | "text/html" => twiml::parse(&heard.body).ok_or(12100_u32)?,
            "text/plain" => {
                let body = heard.body.clone();
                vec![Verb::Message(Reply {
                    body,
                    media: Vec::new(),
                    to: None,
                    from: None,
                    status_callback: None,
                })]
            }
            _ => return Err(12300),
        };
        for verb in verbs {
            if let Verb::Message(reply) = verb {
                self.reply(message, hook, reply);
            }
        }
        Ok(())
    }

    fn reply(&self, message: &Message, hook: &Hook, reply: Reply) {
        let now = self.now();
        let from = reply.from.unwrap_or_else(|| message.to.clone());
        let to = reply.to.unwrap_or_else(|| message.from.clone());
        let mut state = self.lock();
        if state.stopped.contains(&(from.clone(), to.clone())) || !state.is_ours(&from) || !is_e164(&to) {
            return;
        }
        state.phone(&to);
        let recent = |other: &&Message| {
            other.direction == "outbound-reply"
                && other.from == from
                && other.to == to
                && other.created > now - SignedDuration::from_secs(30)
        };
        let looping = state.messages.iter().filter(recent).count() >= 15;
        let media = reply.media.iter().map(|url| Media::at(url)).collect();
        let mut answer = Message::new("outbound-reply", &from, &to, &reply.body, media, now);
        answer.callback = reply.status_callback.and_then(|url| hook.to(&url, true));
        if looping {
            // Twilio ends a loop of two machines that answer each other.
            let sid = answer.sid.clone();
            state.messages.push(answer);
            drop(state);
            return self.advance(&sid, "failed", Some(14107));
        }
        self.accept(state, answer);
    }
}

/// Returns the name of the keyword that Twilio itself answers, if the text is one.
fn keyword(body: &str) -> Option<&'static str> {
    match body.trim().to_ascii_uppercase().as_str() {
        "STOP" | "STOPALL" | "UNSUBSCRIBE" | "CANCEL" | "END" | "QUIT" | "REVOKE" | "OPTOUT" => Some("STOP"),
        "START" | "YES" | "UNSTOP" => Some("START"),
        "HELP" | "INFO" => Some("HELP"),
        _ => None,
    }
}
