//! Pictures and files: sent by a phone, fetched from Handbell, and served with Basic auth by way of a CDN, as the real ones are.

use std::time::Duration;

use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Twilio, sid};
use crate::wire::WireEntry;

/// How many bytes all the files of one text may have together (Twilio, accepted content types for media).
pub(super) const LIMIT: usize = 5 << 20;
/// How many bytes one file may have that is no JPEG, PNG or GIF (Twilio, Messages resource, `MediaUrl`).
const OTHER_LIMIT: usize = 500 << 10;

/// Files as small as their kinds allow, for what a phone sends without saying what is in it.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==";
const GIF: &str = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
const JPEG: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z";

/// A picture or file that goes with a text.
#[derive(Clone)]
pub(super) struct Media {
    pub(super) sid: String,
    /// Its address on the CDN, which nobody can guess.
    pub(super) token: String,
    /// The URL that Handbell gave, or the file's name on the phone.
    source: String,
    /// Empty until it has been fetched.
    pub(super) content_type: String,
    pub(super) content: Bytes,
    /// Twilio has it no more; the phone still has.
    pub(super) deleted: bool,
}

impl Media {
    fn new(source: &str, content_type: &str, content: Bytes) -> Self {
        Self {
            sid: sid("ME"),
            token: Uuid::new_v4().simple().to_string(),
            source: source.to_owned(),
            content_type: content_type.to_owned(),
            content,
            deleted: false,
        }
    }

    /// What is still to be fetched there.
    pub(super) fn at(url: &str) -> Self {
        Self::new(url, "", Bytes::new())
    }

    /// A file on a phone. Its name says of which type it is; without content it gets some that is of this type.
    pub(super) fn file(name: &str, content: Option<Bytes>) -> Self {
        let kind = mime_guess::from_path(name).first_or_octet_stream();
        let sample = || {
            let sample = match kind.essence_str() {
                "image/png" => PNG,
                "image/gif" => GIF,
                "image/jpeg" => JPEG,
                _ => return Bytes::from(name.to_owned()),
            };
            STANDARD.decode(sample).unwrap_or_default().into()
        };
        Self::new(name, kind.essence_str(), content.unwrap_or_else(sample))
    }

    /// For the page; the URL is nothing as long as there is nothing to see.
    pub(super) fn view(&self, phone: &str) -> Value {
        let path = self.source.split(['?', '#']).next().unwrap_or_default();
        let there = !self.content_type.is_empty();
        json!({
            "sid": self.sid,
            "name": path.rsplit('/').next().unwrap_or_default(),
            "content_type": Some(&self.content_type).filter(|_| there),
            "url": there.then(|| format!("/sim/phones/{phone}/media/{}", self.sid)),
        })
    }

    pub(super) fn serve(&self) -> Response {
        let kind = match self.content_type.as_str() {
            "" => "application/octet-stream",
            kind => kind,
        };
        let headers = [(header::CONTENT_TYPE, kind), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
        (headers, self.content.clone()).into_response()
    }
}

/// What a network carries (Twilio, accepted content types for media, the column of MMS).
fn is_carried(kind: &str) -> bool {
    let Some((group, name)) = kind.split_once('/') else { return false };
    match group {
        "image" => {
            matches!(name, "jpeg" | "jpg" | "gif" | "png" | "heic" | "heif" | "tiff" | "bmp")
        }
        "audio" => matches!(
            name,
            "basic"
                | "l24"
                | "mp4"
                | "mpeg"
                | "ogg"
                | "aac"
                | "vnd.rn-realaudio"
                | "vnd.wave"
                | "3gpp"
                | "3gpp2"
                | "ac3"
                | "webm"
                | "amr-nb"
                | "amr"
        ),
        "video" => matches!(
            name,
            "mpeg"
                | "mpeg4"
                | "mp4"
                | "quicktime"
                | "webm"
                | "3gpp"
                | "3gpp2"
                | "3gpp-tt"
                | "h261"
                | "h263"
                | "h263-1998"
                | "h263-2000"
                | "h264"
        ),
        "text" => {
            matches!(name, "vcard" | "x-vcard" | "csv" | "rtf" | "richtext" | "calendar" | "directory")
        }
        "application" => matches!(name, "pdf" | "vcard" | "vnd.apple.pkpass"),
        _ => false,
    }
}

impl Twilio {
    /// Fetches a file that a text carries and has at most `left` bytes. The error is Twilio's: 11200 if it isn't to be
    /// had, 12300 if no network carries its type, 11751 if it is too large.
    pub(super) async fn fetch(&self, media: &Media, left: usize) -> Result<Media, u32> {
        let stage = &self.0.stage;
        let (at, started) = (stage.clock.now(), tokio::time::Instant::now());
        let answer = stage.http.get(&media.source).timeout(Duration::from_secs(15)).send().await.ok();
        let status = answer.as_ref().map_or(0, |answer| answer.status().as_u16());
        let fetched = match answer.filter(|answer| answer.status().is_success()) {
            Some(answer) => read(answer, left).await,
            None => Err(11200),
        };
        let shown = match &fetched {
            Ok((kind, content)) => format!("({kind}, {} bytes)", content.len()),
            Err(_) => String::new(),
        };
        self.record(WireEntry {
            number: 0,
            at,
            from: "twilio".into(),
            to: "handbell".into(),
            method: "GET".into(),
            url: media.source.clone(),
            headers: Vec::new(),
            body: String::new(),
            status,
            answer: shown,
            verdict: "none needed".into(),
            millis: started.elapsed().as_millis() as u64,
        });
        fetched.map(|(content_type, content)| Media { content_type, content, ..media.clone() })
    }
}

/// Type and content of what was fetched, or Twilio's code for what is wrong with it.
async fn read(mut answer: reqwest::Response, left: usize) -> Result<(String, Bytes), u32> {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase();
    if !is_carried(&kind) {
        return Err(12300);
    }
    let picture = matches!(kind.as_str(), "image/jpeg" | "image/jpg" | "image/png" | "image/gif");
    let limit = if picture { left } else { left.min(OTHER_LIMIT) };
    let mut content = Vec::new();
    while let Some(more) = answer.chunk().await.map_err(|_| 11200_u32)? {
        content.extend_from_slice(&more);
        if content.len() > limit {
            return Err(11751);
        }
    }
    Ok((kind, content.into()))
}
