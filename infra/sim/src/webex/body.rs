//! Parses request bodies: JSON or a form with a file. Fetches the file that a message names by URL.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::call::Upload;
use super::format::cut;
use super::refusal::Refusal;
use super::{MAX_FILE, Webex};

/// Limit of a body without a file.
const MAX_JSON: usize = 1024 * 1024;
/// Time-out for a file that is given by URL.
const FETCH: std::time::Duration = std::time::Duration::from_secs(10);

/// A parsed body.
#[derive(Default)]
pub(super) struct Said {
    pub(super) fields: Map<String, Value>,
    pub(super) upload: Option<Upload>,
    /// Summary for the wire log.
    pub(super) summary: String,
}

impl Webex {
    /// Fetches the file that a message names by URL.
    pub(super) async fn attach(&self, path: &str, said: &mut Said) -> Result<(), Refusal> {
        if path != format!("{}/messages", super::BASE) || said.upload.is_some() {
            return Ok(());
        }
        let url = match said.fields.get("files") {
            None | Some(Value::Null) => return Ok(()),
            Some(Value::Array(files)) if files.is_empty() => return Ok(()),
            Some(Value::Array(files)) if files.len() > 1 => {
                return Err(Refusal::bad("Only one file is allowed."));
            }
            Some(Value::Array(files)) => files[0].as_str().unwrap_or_default().to_owned(),
            Some(Value::String(file)) => file.clone(),
            Some(_) => return Err(Refusal::bad("'files' must be an array of URLs.")),
        };
        let failed = || Refusal::bad(format!("The file at '{url}' could not be fetched."));
        let url = reqwest::Url::parse(&url).map_err(|_| failed())?;
        let response =
            self.0.stage.http.get(url.clone()).timeout(FETCH).send().await.map_err(|_| failed())?;
        if !response.status().is_success() {
            return Err(failed());
        }
        let kind = response
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .map(str::to_owned);
        let bytes = response.bytes().await.map_err(|_| failed())?;
        let name = url
            .path_segments()
            .and_then(|mut parts| parts.next_back())
            .filter(|name| !name.is_empty())
            .unwrap_or("file");
        said.upload = Some(upload(name, kind.as_deref(), bytes)?);
        Ok(())
    }
}

/// Parses the body according to its content type.
pub(super) async fn hear(request: Request) -> Result<Said, Refusal> {
    let kind = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_lowercase();
    if kind.starts_with("multipart/form-data") {
        let multipart =
            Multipart::from_request(request, &()).await.map_err(|error| Refusal::bad(error.body_text()))?;
        return form(multipart).await;
    }
    let too_large = |_| Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large.");
    let bytes = to_bytes(request.into_body(), MAX_JSON).await.map_err(too_large)?;
    let mut said = Said { summary: cut(&bytes), ..Said::default() };
    if bytes.is_empty() {
        return Ok(said);
    }
    if !kind.starts_with("application/json") {
        return Err(Refusal::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The body must be JSON or multipart/form-data.",
        ));
    }
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(fields)) => said.fields = fields,
        Ok(Value::Null) => {}
        _ => return Err(Refusal::bad("The body is not a JSON object.")),
    }
    Ok(said)
}

/// Parses a form with one file.
async fn form(mut multipart: Multipart) -> Result<Said, Refusal> {
    let bad =
        |error: axum::extract::multipart::MultipartError| Refusal::new(error.status(), error.body_text());
    let (mut said, mut summary) = (Said::default(), Map::new());
    while let Some(field) = multipart.next_field().await.map_err(bad)? {
        let name = field.name().unwrap_or_default().to_owned();
        let Some(file) = field.file_name().map(str::to_owned) else {
            let text = field.text().await.map_err(bad)?;
            summary.insert(name.clone(), text.as_str().into());
            let value = match name.as_str() {
                "attachments" => match serde_json::from_str(&text) {
                    Ok(list @ Value::Array(_)) => list,
                    Ok(one @ Value::Object(_)) => json!([one]),
                    _ => return Err(Refusal::bad("'attachments' is not JSON.")),
                },
                _ => Value::String(text),
            };
            said.fields.insert(name, value);
            continue;
        };
        let kind = field.content_type().map(str::to_owned);
        let bytes = field.bytes().await.map_err(bad)?;
        if name != "files" || said.upload.is_some() {
            return Err(Refusal::bad("Only one file is allowed, in the part 'files'."));
        }
        let upload = upload(&file, kind.as_deref(), bytes)?;
        let about = format!("{} ({}, {} bytes)", upload.name, upload.kind, upload.bytes.len());
        summary.insert(name, about.into());
        said.upload = Some(upload);
    }
    said.summary = format!("(multipart) {}", Value::Object(summary));
    Ok(said)
}

fn upload(name: &str, kind: Option<&str>, bytes: Bytes) -> Result<Upload, Refusal> {
    if bytes.len() > MAX_FILE {
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "A file can have 100 MB."));
    }
    // Some browsers send the whole path.
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
    let guess = || mime_guess::from_path(&name).first_or_octet_stream().to_string();
    let kind = kind.filter(|kind| !kind.is_empty()).map_or_else(guess, str::to_owned);
    Ok(Upload { name, kind, bytes })
}
