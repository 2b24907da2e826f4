//! Texts from customers: `/twilio/sms`.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::address::PhoneAddress;
use handbell_core::conversation::Address;
use handbell_core::conversation::decide::{ConversationEvent, CustomerFile};
use handbell_core::texting::OptOutKeyword;
use handbell_inbound::twilio::{Hook, OptOut, Params, TwilioEvent};
use http::Response;

use crate::Failed;
use crate::alert::commands::StaffTexts;
use crate::configuration::Configuration;
use crate::conversation::apply::ConversationEngine;
use crate::dependencies::parts;
use crate::web::twiml::twiml;

parts! {
    /// Takes texts to our lines.
    pub(crate) struct CustomerTexts {
        config: Configuration,
        staff: StaffTexts,
        engine: ConversationEngine,
    }
}

impl CustomerTexts {
    /// Takes a text. The reply is sent in the conversation and never in the response to Twilio, where it could not be
    /// looked up.
    pub(crate) async fn take(&self, params: &Params) -> Result<Response<Bytes>, Failed> {
        let TwilioEvent::Text(text) = params.event(Hook::Text)? else { return Err(Rejected::Unknown.into()) };
        if self.staff.take_text(&text).await? {
            return twiml(&[]);
        }
        let Some((line, _)) = self.config.line_of(text.to.as_str()) else {
            tracing::warn!(
                message = %text.sid,
                "a text came to a number that belongs to no line; it is ignored"
            );
            return twiml(&[]);
        };
        let files = text.media.into_iter();
        let event = ConversationEvent::Text {
            body: text.body,
            files: files
                .map(|media| CustomerFile { url: media.url, content_type: media.content_type })
                .collect(),
            at: None,
            word: text.opt_out.as_ref().and_then(word),
        };
        self.engine
            .apply_from(line, &address(Some(&text.from)), &event, Some(&format!("sms-{}", text.sid)))
            .await?;
        twiml(&[])
    }
}

/// Senders that Twilio reports for a hidden number: words, and the same words typed on a phone's keys (Twilio,
/// "Incoming calls from unexpected or restricted numbers").
const HIDDEN: [&str; 10] = [
    "",
    "anonymous",
    "unknown",
    "unavailable",
    "restricted",
    "private",
    "+266696687",
    "+7378742833",
    "+8656696",
    "+86282452253",
];

/// Returns the address of the person who wrote or called.
pub(crate) fn address(from: Option<&PhoneAddress>) -> Address {
    let shown = from.filter(|from| !HIDDEN.contains(&from.as_str().to_lowercase().as_str()));
    shown.map_or(Address::Hidden, |from| Address::Phone(from.clone()))
}

fn word(opt_out: &OptOut) -> Option<OptOutKeyword> {
    match opt_out {
        OptOut::Stop => Some(OptOutKeyword::Stop),
        OptOut::Start => Some(OptOutKeyword::Start),
        OptOut::Help => Some(OptOutKeyword::Help),
        OptOut::Other(_) => None,
    }
}
