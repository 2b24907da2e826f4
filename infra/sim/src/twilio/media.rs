//! Pictures and files: sent by a phone, fetched from Handbell, and served with Basic auth and a CDN, like the real ones.

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

/// Limit of all files of a text together, in bytes (Twilio, accepted content types for media).
pub(super) const LIMIT: usize = 5 << 20;
/// Limit of a file that is not JPEG, PNG or GIF, in bytes (Twilio, Messages resource, `MediaUrl`).
const OTHER_LIMIT: usize = 500 << 10;

/// Smallest valid files of their types, for files that a phone sends without content.
const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mNoAAAAggCB2kUIOwAAAABJRU5ErkJggg==";
const GIF: &str = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7";
const JPEG: &str = "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQH/wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAAP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AP//Z";

/// A picture or file of a text.
#[derive(Clone)]
pub(super) struct Media {
    pub(super) sid: String,
    /// Secret address on the CDN.
    pub(super) token: String,
    /// URL from Handbell, or name of the file on the phone.
    source: String,
    /// Content type; empty until the file has been fetched.
    pub(super) content_type: String,
    pub(super) content: Bytes,
    /// Whether Twilio has deleted the file; the phone keeps it.
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

    /// Creates a file that must still be fetched from this URL.
    pub(super) fn at(url: &str) -> Self {
        Self::new(url, "", Bytes::new())
    }

    /// Creates a file on a phone. The name determines its type; without content it gets some of that type.
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

    /// Returns the file for the page, with a URL only if there is content.
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

/// Whether networks carry this type (Twilio, accepted content types for media, the column of MMS).
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
    /// Fetches a file of a text, with at most `left` bytes. The error is Twilio's: 11200 if it can't be fetched, 12300 if no
    /// network carries its type, 11751 if it is too large.
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

/// Returns the type and the content of a fetched file, or Twilio's error code.
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
