//! The control API of phones: a person's actions, and the phone's automatic behaviour.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::behaviour::{Answers, Behaviour};
use super::call::{AnsweredBy, Call, Step};
use super::media::Media;
use super::messages::Message;
use super::recordings::LONGEST;
use super::{Twilio, is_e164};

/// Settings of a phone.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Phone {
    pub(super) behaviour: Behaviour,
    /// Twilio's error code, if not the usual one.
    pub(super) code: Option<u32>,
    /// Seconds for which this phone hears each `<Say>`; 0 for no time at all.
    pub(super) speech: u32,
}

/// New settings of a phone: one of the two behaviours, the code, and how long a `<Say>` takes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    behaviour: Option<Behaviour>,
    answers: Option<Answers>,
    code: Option<u32>,
    #[serde(default)]
    speech: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Text {
    to: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    media: Vec<File>,
}

/// A file of a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum File {
    /// Name of the file, which gets content of its type.
    Name(String),
    /// Name of the file, and its content in Base64.
    Content { name: String, content: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct To {
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    digits: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Speech {
    text: String,
    #[serde(default = "a_breath")]
    seconds: u64,
}

fn a_breath() -> u64 {
    3
}

/// Limit of files in a text (Twilio, Messages resource).
const MOST_MEDIA: usize = 10;

type Done = Result<Json<Value>, Response>;

fn no(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({"error": why}))).into_response()
}

#[expect(clippy::result_large_err, reason = "an answer is given either way")]
fn check(number: &str) -> Result<(), Response> {
    if is_e164(number) {
        Ok(())
    } else {
        Err(no(StatusCode::BAD_REQUEST, "a phone has a number like +12025550111"))
    }
}

#[expect(clippy::result_large_err, reason = "an answer is given either way")]
fn check_ours(twilio: &Twilio, from: &str, to: &str) -> Result<(), Response> {
    check(from)?;
    if twilio.lock().is_ours(to) {
        Ok(())
    } else {
        Err(no(StatusCode::NOT_FOUND, "the number that is called is none of the account's"))
    }
}

pub(super) async fn list(State(twilio): State<Twilio>) -> Json<Value> {
    Json(twilio.view())
}

pub(super) async fn behave(
    State(twilio): State<Twilio>,
    Path(number): Path<String>,
    Json(Told { behaviour, answers, code, speech }): Json<Told>,
) -> Done {
    check(&number)?;
    let behaviour = match (behaviour, answers) {
        (Some(behaviour), None) => behaviour,
        (None, Some(answers)) => answers.behaviour(),
        _ => {
            let why = "a phone is told either who answers (person, machine, nobody, busy or unreachable) or its behaviour";
            return Err(no(StatusCode::BAD_REQUEST, why));
        }
    };
    twilio.lock().phones.insert(number, Phone { behaviour, code, speech });
    twilio.0.stage.touch();
    Ok(Json(twilio.view()))
}

/// Sends a text. Answers after Handbell's answer.
pub(super) async fn text(
    State(twilio): State<Twilio>,
    Path(from): Path<String>,
    Json(text): Json<Text>,
) -> Done {
    check_ours(&twilio, &from, &text.to)?;
    if text.media.len() > MOST_MEDIA {
        return Err(no(StatusCode::BAD_REQUEST, "a text takes at most 10 files"));
    }
    let media: Option<Vec<_>> = text.media.iter().map(File::media).collect();
    let Some(media) = media else {
        return Err(no(StatusCode::BAD_REQUEST, "the content of a file is not Base64"));
    };
    let message = Message::new("inbound", &from, &text.to, &text.body, media, twilio.now());
    let view = message.view();
    // The work continues even if the caller doesn't wait for it.
    let stage = twilio.0.stage.clone();
    let work = stage.spawn(async move { twilio.receive(message).await });
    let error = work.await.ok().and_then(Result::err);
    Ok(Json(json!({"text": view, "error": error})))
}

impl File {
    fn media(&self) -> Option<Media> {
        match self {
            Self::Name(name) => Some(Media::file(name, None)),
            Self::Content { name, content } => {
                Some(Media::file(name, Some(STANDARD.decode(content).ok()?.into())))
            }
        }
    }
}

/// Serves a file of a text to the page, without credentials, troubles or entries in the wire log.
pub(super) async fn picture(
    State(twilio): State<Twilio>,
    Path((number, sid)): Path<(String, String)>,
) -> Response {
    let media = twilio.on_phone(&number, &sid).map(|media| media.serve());
    media.unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

/// Serves a recording to the page, in the same way.
pub(super) async fn playback(
    State(twilio): State<Twilio>,
    Path((number, sid)): Path<(String, String)>,
) -> Response {
    let audio = twilio.on_tape(&number, &sid).map(|audio| ([(CONTENT_TYPE, "audio/x-wav")], audio));
    audio.map_or_else(|| StatusCode::NOT_FOUND.into_response(), IntoResponse::into_response)
}

/// Answers when the call waits for keys, is connected or is over.
pub(super) async fn call(
    State(twilio): State<Twilio>,
    Path(from): Path<String>,
    Json(To { to }): Json<To>,
) -> Done {
    check_ours(&twilio, &from, &to)?;
    if live(&twilio, &from).is_some() {
        return Err(no(StatusCode::CONFLICT, "the phone is in another call"));
    }
    let hooks = twilio.hooks(&to);
    let (voice, status) = hooks.map_or((None, None), |hooks| (hooks.voice, hooks.status));
    // Without a voice URL, Twilio answers with an empty document.
    let first = voice.map_or_else(|| Step::Verbs([].into(), None), |hook| Step::Fetch(hook, Vec::new()));
    let call = Call::inbound(&from, &to, first.clone(), status, twilio.now());
    let sid = call.sid.clone();
    {
        let mut state = twilio.lock();
        state.phone(&from);
        state.calls.push(call);
    }
    twilio.0.stage.touch();
    let _ = twilio.play(sid.clone(), 0, first).await;
    seen(&twilio, &sid)
}

/// Answers when the call waits for keys, is connected or is over.
pub(super) async fn answer(State(twilio): State<Twilio>, Path(number): Path<String>) -> Done {
    // Waits until the phone rings, since the call may just have been dialled.
    let patience = twilio.0.stage.pace * 3 + Duration::from_secs(1);
    let ringing = tokio::time::timeout(patience, async {
        loop {
            match live(&twilio, &number) {
                Some(call) if call.status == "queued" => tokio::time::sleep(Duration::from_millis(5)).await,
                call => return call,
            }
        }
    });
    let call =
        ringing.await.ok().flatten().filter(|call| call.status == "ringing" && call.direction != "inbound");
    let Some(call) = call else { return Err(no(StatusCode::CONFLICT, "the phone doesn't ring")) };
    if twilio.lock().phone(&number).behaviour == Behaviour::Nobody {
        return Err(no(
            StatusCode::CONFLICT,
            "nobody is at the phone; PUT {\"answers\":\"person\"} brings somebody",
        ));
    }
    if let Some(heard) = twilio.pick_up(&call.sid, AnsweredBy::Person) {
        let _ = heard.await;
    }
    seen(&twilio, &call.sid)
}

/// Presses keys. Answers after Handbell's next document. As on any phone, keys that nothing waits for have no effect.
pub(super) async fn keys(
    State(twilio): State<Twilio>,
    Path(number): Path<String>,
    Json(Keys { digits }): Json<Keys>,
) -> Done {
    if digits.is_empty() || !digits.chars().all(|key| matches!(key, '0'..='9' | '*' | '#')) {
        return Err(no(StatusCode::BAD_REQUEST, "a phone has the keys 0 to 9, * and #"));
    }
    let call = live(&twilio, &number).filter(|call| call.status == "in-progress");
    let Some(call) = call else { return Err(no(StatusCode::CONFLICT, "the phone is in no call")) };
    if let Some(work) = twilio.press(&call.sid, &digits) {
        let _ = work.await;
    }
    seen(&twilio, &call.sid)
}

/// Speaks into the phone. Answers at once, or after Handbell's next document if the recording becomes full.
pub(super) async fn speak(
    State(twilio): State<Twilio>,
    Path(number): Path<String>,
    Json(Speech { text, seconds }): Json<Speech>,
) -> Done {
    if !(1..=LONGEST).contains(&seconds) {
        return Err(no(StatusCode::BAD_REQUEST, "nobody speaks for less than 1 or more than 600 seconds"));
    }
    let call = live(&twilio, &number).filter(|call| call.status == "in-progress");
    let Some(call) = call else { return Err(no(StatusCode::CONFLICT, "the phone is in no call")) };
    if let Some(work) = twilio.say(&call.sid, &text, seconds) {
        let _ = work.await;
    }
    seen(&twilio, &call.sid)
}

/// Hangs up, or rejects the call while it rings. Answers after the last requests to Handbell.
pub(super) async fn hang_up(State(twilio): State<Twilio>, Path(number): Path<String>) -> Done {
    let Some(call) = live(&twilio, &number) else {
        return Err(no(StatusCode::CONFLICT, "the phone is in no call"));
    };
    let end = match (call.status, call.direction) {
        ("in-progress", _) => "completed",
        (_, "inbound") => "canceled",
        _ => "busy",
    };
    for work in twilio.change_and(&call.sid, end) {
        let _ = work.await;
    }
    seen(&twilio, &call.sid)
}

/// Returns the phone's current or ringing call, the newest if there are several.
fn live(twilio: &Twilio, number: &str) -> Option<Call> {
    twilio.lock().calls.iter().rev().find(|call| call.phone() == number && call.is_live()).cloned()
}

#[expect(clippy::result_large_err, reason = "an answer is given either way")]
fn seen(twilio: &Twilio, sid: &str) -> Done {
    let now = twilio.now();
    let state = twilio.lock();
    let call = state.calls.iter().find(|call| call.sid == sid);
    Ok(Json(json!({"call": call.map(|call| call.view(now, &state.recordings))})))
}
