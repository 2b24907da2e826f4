//! The Media resource of a text, and the files on the CDN.

use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::api::{Answer, Ask, Refusal, deleted, found};
use super::media::Media;
use super::messages::Message;
use super::{Twilio, rfc2822};

impl Twilio {
    pub(super) fn media_list(&self, ask: &Ask, message: &str) -> Answer {
        if ask.method != Method::GET {
            return Err(Refusal::code(20004));
        }
        let Some(message) = self.find_message(message) else { return Err(Refusal::not_found(ask)) };
        let media = message.kept_media().filter(|_| ask.is_of("DateCreated", message.created));
        let media = media.map(|media| (media.sid.clone(), self.media_json(&message, media))).collect();
        found(ask.page("media_list", media))
    }

    /// Answers with the description of a file for `.json`, else with a redirect to the file.
    pub(super) fn media(&self, ask: &Ask, message: &str, file: &str) -> Answer {
        let sid = file.strip_suffix(".json").unwrap_or(file);
        let Some(message) = self.find_message(message) else { return Err(Refusal::not_found(ask)) };
        let Some(media) = message.kept_media().find(|media| media.sid == sid) else {
            return Err(Refusal::not_found(ask));
        };
        match (&ask.method, sid == file) {
            (&Method::GET, false) => found(self.media_json(&message, media)),
            (&Method::GET, true) => {
                let place = format!("{}/sim/twilio/cdn/{}", self.0.stage.origin(), media.token);
                Ok((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, place)]).into_response())
            }
            (&Method::DELETE, _) if !message.is_final() => Err(Refusal::code(20009)),
            (&Method::DELETE, _) => {
                let mut state = self.lock();
                let all = state.messages.iter_mut().flat_map(|message| &mut message.media);
                all.filter(|media| media.sid == sid).for_each(|media| media.deleted = true);
                drop(state);
                self.0.stage.touch();
                deleted()
            }
            _ => Err(Refusal::code(20004)),
        }
    }

    /// Serves a file of the CDN, without credentials.
    pub(super) fn cdn(&self, method: &Method, token: &str) -> Response {
        if !matches!(*method, Method::GET | Method::HEAD) {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        let state = self.lock();
        let mut all = state.messages.iter().flat_map(Message::kept_media);
        all.find(|media| media.token == token)
            .map_or_else(|| StatusCode::NOT_FOUND.into_response(), Media::serve)
    }

    /// Returns a file on the phone, which Twilio may have deleted.
    pub(super) fn on_phone(&self, phone: &str, sid: &str) -> Option<Media> {
        let state = self.lock();
        let of_phone = state.messages.iter().filter(|message| message.phone() == phone);
        of_phone.flat_map(|message| &message.media).find(|media| media.sid == sid).cloned()
    }

    fn media_json(&self, message: &Message, media: &Media) -> Value {
        let at = rfc2822(message.created);
        json!({
            "sid": media.sid,
            "account_sid": self.account(),
            "parent_sid": message.sid,
            "content_type": media.content_type,
            "date_created": at,
            "date_updated": at,
            "uri": format!("{}/Media/{}.json", message.uri(self.account()), media.sid),
        })
    }
}
