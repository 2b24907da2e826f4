//! The files of messages: with a token for the API, without one for the page.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::call::{Answer, Call, Refusal};
use super::messages::sees;
use super::state::{File, State};

/// Why the next files can't be had, as `PUT /sim/webex/contents/trouble` takes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Withheld {
    /// 423: still being scanned; 410: infected; 428: can't be scanned, `?allow=unscannable` has it all the same (Webex,
    /// REST API basics, "Message Attachments").
    status: u16,
    /// How many reads are answered so, `HEAD` among them; 0 ends it.
    #[serde(default = "once")]
    times: u32,
    /// Seconds, with 423 only.
    #[serde(default = "once")]
    retry_after: u32,
}

fn once() -> u32 {
    1
}

impl Withheld {
    /// What is wrong with it, for whoever asked.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match self.status {
            410 | 423 | 428 => Ok(()),
            _ => Err("status is 423 (being scanned), 410 (infected) or 428 (can't be scanned)\n"),
        }
    }

    /// The refusal that this read meets, if any.
    fn strike(&mut self, call: &Call) -> Option<Refusal> {
        let allowed = self.status == 428 && call.asked("allow") == Some("unscannable");
        if allowed || self.times == 0 {
            return None;
        }
        self.times -= 1;
        Some(match self.status {
            423 => Refusal {
                retry_after: Some(self.retry_after),
                ..Refusal::new(StatusCode::LOCKED, "The file is being scanned for malware.")
            },
            410 => Refusal::new(StatusCode::GONE, "The file was infected and has been removed."),
            _ => Refusal::new(
                StatusCode::PRECONDITION_REQUIRED,
                "The file cannot be scanned for malware; use allow=unscannable to have it all the same.",
            ),
        })
    }
}

pub(super) fn read(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let mut seen = state.messages.iter().filter(|message| sees(state, call, message));
    let file = seen.find_map(|message| message.file.as_ref().filter(|file| file.id == call.id));
    let file = file.map(Arc::clone).ok_or_else(|| Refusal::missing("content"))?;
    match state.withheld.as_mut().and_then(|withheld| withheld.strike(call)) {
        Some(refusal) => Err(refusal),
        None => Ok(Answer::File(file)),
    }
}

/// The file as the page shows it: in place, and with nothing in it that runs.
pub(super) fn show(state: &State, id: &str) -> Response {
    let mut files = state.messages.iter().filter_map(|message| message.file.as_ref());
    let Some(file) = files.find(|file| file.id == id) else { return StatusCode::NOT_FOUND.into_response() };
    let mut response = serve(file, "inline");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"));
    response
}

pub(super) fn serve(file: &File, disposition: &str) -> Response {
    let safe: String = file
        .name
        .chars()
        .map(|c| if c.is_ascii_graphic() && c != '"' && c != '\\' || c == ' ' { c } else { '_' })
        .collect();
    let mut value = format!("{disposition}; filename=\"{safe}\"");
    if safe != file.name {
        let exact: String = file
            .name
            .bytes()
            .map(|b| {
                if b.is_ascii_alphanumeric() || b"._-".contains(&b) {
                    char::from(b).to_string()
                } else {
                    format!("%{b:02X}")
                }
            })
            .collect();
        value.push_str(&format!("; filename*=UTF-8''{exact}"));
    }
    let binary = HeaderValue::from_static("application/octet-stream");
    let kind = HeaderValue::from_str(&file.kind).unwrap_or(binary);
    let mut response = file.bytes.clone().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    response
}
