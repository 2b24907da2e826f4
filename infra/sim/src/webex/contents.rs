//! The files of messages: with a token for the API, without one for the page.

use std::sync::Arc;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::call::{Answer, Call};
use super::messages::sees;
use super::refusal::Refusal;
use super::state::{File, State};

pub(super) fn read(state: &mut State, call: &Call) -> Result<Answer, Refusal> {
    let mut seen = state.messages.iter().filter(|message| sees(state, call, message));
    let file = seen.find_map(|message| message.file.as_ref().filter(|file| file.id == call.id));
    let file = file.map(Arc::clone).ok_or_else(|| Refusal::missing("content"))?;
    let takes_all = call.asked("allow") == Some("unscannable");
    match state.withheld.as_mut().and_then(|withheld| withheld.strike(takes_all)) {
        Some(refusal) => Err(refusal),
        None => Ok(Answer::File(file)),
    }
}

/// Serves a file to the page: inline, and without active content.
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
