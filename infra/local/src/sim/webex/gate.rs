//! The gate every request passes: who asks, what goes wrong, the work, the wire log.

use std::pin::Pin;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::call::{Act, Answer, Call, Refusal, Upload};
use super::{MAX_FILE, Webex, contents};
use crate::sim::trouble::{HANG, TroubleKind};
use crate::wire::WireEntry;

/// How much of a body the wire log keeps, in characters: all of what usually comes, so that a test can read it.
const KEPT: usize = 256 * 1024;
/// The largest body that isn't a file.
const MAX_JSON: usize = 1024 * 1024;
/// How long Webex tries to fetch a file that was given by its URL.
const FETCH: std::time::Duration = std::time::Duration::from_secs(10);

/// An answer on its way.
pub(super) type Serving = Pin<Box<dyn Future<Output = Response> + Send>>;

/// A body as it was understood.
#[derive(Default)]
struct Said {
    fields: Map<String, Value>,
    upload: Option<Upload>,
    /// For the wire log.
    summary: String,
}

impl Webex {
    /// Serves one request with the work of its endpoint.
    pub(super) async fn serve(&self, act: Act, id: String, request: Request) -> Response {
        let stage = &self.0.stage;
        let begun = tokio::time::Instant::now();
        let now = stage.clock.now();
        // Webex knows no time finer than milliseconds.
        let now = Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now);
        let token = bearer(request.headers()).unwrap_or_default().to_owned();
        let ours = token == stage.account.webex_token;
        let caller = self.caller(&token, ours, now);
        let from = match &caller {
            Some(_) if ours => "handbell",
            Some(_) => token.trim_start_matches("person:"),
            None => "stranger",
        };
        let (origin, method) = (self.origin(request.headers()), request.method().clone());
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let asked = request.uri().path_and_query().map_or(path.as_str(), |whole| whole.as_str());
        let verdict = if caller.is_some() { "token" } else { "wrong token" };
        let mut entry = entry(from, "webex", method.as_str(), &format!("{origin}{asked}"), verdict, now);
        entry.headers = shown(request.headers());

        let trouble = if ours { stage.troubles.strike("webex", now, TroubleKind::is_inbound) } else { None };
        let said = match hear(request).await {
            // What a stranger wrote is not even looked at.
            Err(refusal) if caller.is_some() => Err(refusal),
            Err(_) => Ok(Said::default()),
            Ok(said) => Ok(said),
        };
        entry.body = said.as_ref().map(|said| self.discreet(&said.summary)).unwrap_or_default();
        if let Some(response) = trouble.and_then(TroubleKind::before) {
            entry.status = response.status().as_u16();
            entry.answer = "(made trouble; nothing was done)".into();
            entry.millis = begun.elapsed().as_millis() as u64;
            stage.wire.record(entry);
            return response;
        }

        let result = match (caller, said) {
            (None, _) => Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "The request requires a valid access token set in the Authorization request header.",
            )),
            (_, Err(refusal)) => Err(refusal),
            (Some((caller, bot)), Ok(mut said)) => {
                let query = serde_html_form::from_str(&query).unwrap_or_default();
                match self.attach(&path, &mut said).await {
                    Err(refusal) => Err(refusal),
                    Ok(()) => {
                        let (url, body, upload) = (format!("{origin}{path}"), said.fields, said.upload);
                        self.work(act, &Call { caller, bot, id, url, query, body, upload, now })
                    }
                }
            }
        };
        if result.is_ok() && !method.is_safe() {
            stage.touch();
        }
        let (mut response, answer) = answer(result);
        let after = match trouble {
            Some(TroubleKind::BadGatewayAfter) => {
                response = (StatusCode::BAD_GATEWAY, "<html>502 Bad Gateway</html>").into_response();
                None
            }
            other => other,
        };
        let silent = matches!(after, Some(TroubleKind::Timeout | TroubleKind::Reset));
        entry.status = if silent { 0 } else { response.status().as_u16() };
        entry.answer =
            if trouble.is_some() { "(made trouble; it was done)".into() } else { self.discreet(&answer) };
        entry.millis = begun.elapsed().as_millis() as u64;
        stage.wire.record(entry);
        match after {
            Some(TroubleKind::Timeout) => {
                tokio::time::sleep(HANG).await;
                StatusCode::GATEWAY_TIMEOUT.into_response()
            }
            Some(TroubleKind::Reset) => broken(),
            _ => response,
        }
    }

    /// The work itself, and what follows from it.
    fn work(&self, act: Act, call: &Call) -> Result<Answer, Refusal> {
        let (result, deliveries) = {
            let mut state = self.state();
            let result = act(&mut state, call);
            (result, state.deliveries())
        };
        for delivery in deliveries {
            tokio::spawn(self.clone().deliver(delivery));
        }
        result
    }

    /// The person whose token it is, and whether it is a bot.
    fn caller(&self, token: &str, ours: bool, now: Timestamp) -> Option<(String, bool)> {
        let mut state = self.state();
        let id =
            if ours { state.me.clone() } else { state.find_person(token.strip_prefix("person:")?, now)? };
        let bot = state.person(&id).is_some_and(|person| person.bot);
        // Handbell itself comes with its own token only.
        (ours || id != state.me).then_some((id, bot))
    }

    /// Where the stand-in is reached: as the runner says, else as the request says.
    fn origin(&self, headers: &HeaderMap) -> String {
        let origin = self.0.stage.origin();
        if !origin.is_empty() {
            return origin;
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        format!("http://{host}")
    }

    /// A message can name its file by URL; Webex fetches it.
    async fn attach(&self, path: &str, said: &mut Said) -> Result<(), Refusal> {
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

    /// Cut for the log, and without the secrets of webhooks.
    fn discreet(&self, text: &str) -> String {
        let secret = &self.0.stage.account.webex_secret;
        if secret.is_empty() {
            cut(text.as_bytes())
        } else {
            cut(text.replace(secret.as_str(), "…").as_bytes())
        }
    }
}

/// An entry of the wire log that has yet to be filled.
pub(super) fn entry(
    from: &str,
    to: &str,
    method: &str,
    url: &str,
    verdict: &str,
    at: Timestamp,
) -> WireEntry {
    WireEntry {
        number: 0,
        at,
        from: from.into(),
        to: to.into(),
        method: method.into(),
        url: url.into(),
        headers: Vec::new(),
        body: String::new(),
        status: 0,
        answer: String::new(),
        verdict: verdict.into(),
        millis: 0,
    }
}

/// As much as the wire log keeps.
pub(super) fn cut(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(4 * KEPT)]).chars().take(KEPT).collect()
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let shown = headers.iter().filter(|(name, _)| *name != header::AUTHORIZATION && *name != header::COOKIE);
    shown
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

/// Reads the body as what it says it is.
async fn hear(request: Request) -> Result<Said, Refusal> {
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

/// A form with one file, which comes in pieces and is kept once.
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
    // Some browsers send a whole path.
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_owned();
    let guess = || mime_guess::from_path(&name).first_or_octet_stream().to_string();
    let kind = kind.filter(|kind| !kind.is_empty()).map_or_else(guess, str::to_owned);
    Ok(Upload { name, kind, bytes })
}

/// The response, and its body for the wire log.
fn answer(result: Result<Answer, Refusal>) -> (Response, String) {
    let tracking = format!("ROUTER_{}", Uuid::new_v4());
    let (status, value, next) = match result {
        Ok(Answer::One(value)) => (StatusCode::OK, value, None),
        Ok(Answer::Page(items, next)) => (StatusCode::OK, json!({"items": items}), next),
        Ok(Answer::Done) => return (StatusCode::NO_CONTENT.into_response(), String::new()),
        Ok(Answer::File(file)) => {
            let shown = format!("({}, {} bytes)", file.kind, file.bytes.len());
            return (contents::serve(&file, "attachment"), shown);
        }
        Err(refusal) => (refusal.status, refusal.body(&tracking), None),
    };
    let text = value.to_string();
    let mut response =
        (status, [(header::CONTENT_TYPE, "application/json;charset=UTF-8")], text.clone()).into_response();
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&tracking) {
        headers.insert("trackingid", value);
    }
    if let Some(Ok(value)) = next.map(|next| HeaderValue::from_str(&format!("<{next}>; rel=\"next\""))) {
        headers.insert(header::LINK, value);
    }
    (response, text)
}

/// An answer that promises more than comes: the server gives up in the middle, and the connection with it.
fn broken() -> Response {
    let breaks = futures_util::stream::once(std::future::ready(Err::<Bytes, _>(std::io::Error::other(
        "made trouble",
    ))));
    ([(header::CONTENT_LENGTH, "1000")], Body::from_stream(breaks)).into_response()
}
