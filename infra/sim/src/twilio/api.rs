//! The entry of the API: credentials, troubles, the wire log, and errors and lists like Twilio's.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::dates::in_time;
use super::{Pairs, Twilio, VERSION, cut};
use crate::trouble::{HANG, TroubleKind};
use crate::wire::WireEntry;

/// Limit of a request, larger than any real one.
pub(super) const LARGEST: usize = 10 << 20;

/// An authenticated request.
pub(super) struct Ask {
    pub(super) method: Method,
    /// Path and query from `/2010-04-01` on, as at Twilio.
    pub(super) path: String,
    pub(super) query: Pairs,
    pub(super) form: Pairs,
}

/// Twilio's refusal of a request.
#[derive(Debug)]
pub(super) struct Refusal {
    code: u32,
    message: String,
}

pub(super) type Answer = Result<Response, Refusal>;

impl Refusal {
    /// Creates a refusal with one of Twilio's codes and its message.
    pub(super) fn code(code: u32) -> Self {
        let message = match code {
            20003 => "Authenticate",
            20004 => "Method not allowed",
            20009 => "Cannot delete this resource before it is complete",
            20429 => "Too Many Requests",
            21201 => "No 'To' number is specified",
            21205 => "Url parameter is required.",
            21210 => {
                "The source phone number provided is not yet verified for your account. You may only make calls from phone numbers that you've verified or purchased from Twilio."
            }
            21211 => "Invalid 'To' Phone Number",
            21212 => "Invalid 'From' Phone Number",
            21213 => "No 'From' number is specified",
            21214 => "'To' phone number cannot be reached",
            21215 => "Geo Permission configuration is not permitting call",
            21216 => "Call blocked by Twilio blocklist",
            21217 => "Phone number does not appear to be valid",
            21219 => "'To' phone number not verified",
            21220 => "Invalid call state",
            21234 => "Invalid Machine Detection configuration value",
            21263 => "Invalid Answering Machine Detection Parameters",
            21408 => {
                "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"
            }
            21602 => "Message body is required.",
            21603 => "A 'From' or 'MessagingServiceSid' parameter is required to send a message",
            21604 => "A 'To' phone number is required.",
            21606 => {
                "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination/account"
            }
            21608 => "The 'to' phone number provided is not yet verified for this account.",
            21609 => "The 'StatusCallback' URL is not a valid URL.",
            21610 => "Attempt to send to unsubscribed recipient",
            21611 => "This 'From' number has exceeded the maximum number of queued messages",
            21612 => "The 'To' phone number is not currently reachable via SMS",
            21614 => "'To' number is not a valid mobile number",
            21617 => "The concatenated message body exceeds the 1600 character limit.",
            21620 => "Invalid media URL(s)",
            21623 => "Number of media files exceeds allowed limit",
            21626 => "Invalid 'StatusCallbackEvent'",
            21701 => "The Messaging Service does not exist",
            30409 => "This message cannot be canceled",
            _ => "Request refused",
        };
        Self { code, message: message.to_owned() }
    }

    pub(super) fn bad_to(to: &str) -> Self {
        Self { code: 21211, message: format!("The 'To' number {to} is not a valid phone number.") }
    }

    pub(super) fn not_found(ask: &Ask) -> Self {
        let path = ask.path.split('?').next().unwrap_or_default();
        Self { code: 20404, message: format!("The requested resource {path} was not found") }
    }

    fn status(&self) -> StatusCode {
        match self.code {
            20003 => StatusCode::UNAUTHORIZED,
            20004 => StatusCode::METHOD_NOT_ALLOWED,
            20404 => StatusCode::NOT_FOUND,
            20009 | 30409 => StatusCode::CONFLICT,
            20429 => StatusCode::TOO_MANY_REQUESTS,
            20500 => StatusCode::INTERNAL_SERVER_ERROR,
            20503 => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (code, status) = (self.code, self.status());
        let more = format!("https://www.twilio.com/docs/errors/{code}");
        let body =
            json!({"code": code, "message": self.message, "more_info": more, "status": status.as_u16()});
        let mut response = (status, axum::Json(body)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = header::HeaderValue::from_static("Basic realm=\"Twilio API\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

pub(super) fn found(body: Value) -> Answer {
    Ok(axum::Json(body).into_response())
}

pub(super) fn created(body: Value) -> Answer {
    Ok((StatusCode::CREATED, axum::Json(body)).into_response())
}

pub(super) fn deleted() -> Answer {
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl Ask {
    /// Returns a field of the form if it isn't empty.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.form
            .iter()
            .find(|(other, value)| other == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn fields(&self, name: &str) -> Vec<&str> {
        self.form
            .iter()
            .filter(|(other, value)| other == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// Returns a field of the query if it isn't empty.
    pub(super) fn filter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(other, value)| other == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Whether a time matches the filter and its two bounds.
    pub(super) fn is_of(&self, filter: &str, at: Timestamp) -> bool {
        ["", "<", ">"].iter().all(|bound| {
            let name = format!("{filter}{bound}");
            self.filter(&name).is_none_or(|date| in_time(&name, date, at))
        })
    }

    /// Returns a page of the results, the newest first, in Twilio's envelope.
    pub(super) fn page(&self, name: &str, found: Vec<(String, Value)>) -> Value {
        let number = |name: &str| self.filter(name).and_then(|value| value.parse::<usize>().ok());
        let size = number("PageSize").unwrap_or(50).clamp(1, 1000);
        let page = number("Page").unwrap_or(0);
        // The token names the last entry of the previous page, so that new entries don't shift the pages.
        let after = self.filter("PageToken").and_then(|token| token.get(2..));
        let skip = after.and_then(|after| found.iter().position(|(sid, _)| sid == after));
        let skip = skip.map_or(page * size, |last| last + 1);
        let more = found.len() > skip + size;
        let entries: Vec<_> = found.into_iter().skip(skip).take(size).collect();
        let base = self.path.split('?').next().unwrap_or_default();
        let uri = |page: usize, token: Option<String>| {
            let mut query: Pairs = self
                .query
                .iter()
                .filter(|(name, _)| !matches!(name.as_str(), "PageSize" | "Page" | "PageToken"))
                .cloned()
                .collect();
            query.extend([("PageSize".to_owned(), size.to_string()), ("Page".to_owned(), page.to_string())]);
            query.extend(token.map(|token| ("PageToken".to_owned(), token)));
            format!("{base}?{}", serde_html_form::to_string(query).unwrap_or_default())
        };
        let next = entries.last().filter(|_| more).map(|(sid, _)| uri(page + 1, Some(format!("PA{sid}"))));
        let start = page * size;
        let mut envelope = Map::from_iter([
            ("first_page_uri".to_owned(), uri(0, None).into()),
            ("next_page_uri".to_owned(), next.into()),
            // The previous page is always given by number, since a token only leads forward.
            ("previous_page_uri".to_owned(), page.checked_sub(1).map(|page| uri(page, None)).into()),
            ("uri".to_owned(), self.path.clone().into()),
            ("page".to_owned(), page.into()),
            ("page_size".to_owned(), size.into()),
            ("start".to_owned(), start.into()),
            ("end".to_owned(), (start + entries.len().saturating_sub(1)).into()),
        ]);
        envelope.insert(name.to_owned(), entries.into_iter().map(|(_, entry)| entry).collect());
        envelope.into()
    }
}

/// Handles every request to the API.
pub(super) async fn enter(State(twilio): State<Twilio>, request: Request) -> Response {
    let stage = &twilio.0.stage;
    let at = stage.clock.now();
    let started = tokio::time::Instant::now();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.unwrap_or_default();
    let trouble = stage.troubles.strike("twilio", at, TroubleKind::is_inbound);
    let known = twilio.knows(&parts.headers);
    let response = match trouble.and_then(TroubleKind::before) {
        Some(instead) => instead,
        None => {
            let done = twilio.dispatch(&parts, &body, known).unwrap_or_else(Refusal::into_response);
            match trouble {
                Some(TroubleKind::BadGatewayAfter) => {
                    (StatusCode::BAD_GATEWAY, "<html>502 Bad Gateway</html>").into_response()
                }
                _ => done,
            }
        }
    };
    let cdn = parts.uri.path().starts_with("/sim/twilio/cdn/");
    let verdict = match (cdn, known) {
        (true, None) => "none needed",
        // A client that follows a redirect with the password would pass it to third parties.
        (true, Some(_)) => "credentials where none are needed",
        (false, Some(true)) => "basic auth",
        (false, Some(false)) => "wrong credentials",
        (false, None) => "no credentials",
    };
    let (head, answer) = response.into_parts();
    let answer = to_bytes(answer, LARGEST).await.unwrap_or_default();
    let lost = matches!(trouble, Some(TroubleKind::Timeout | TroubleKind::Reset));
    let shown = if lost { (0, Bytes::new()) } else { (head.status.as_u16(), answer.clone()) };
    twilio.record(WireEntry {
        number: 0,
        at,
        from: "handbell".into(),
        to: if cdn { "twilio-cdn" } else { "twilio" }.into(),
        method: parts.method.to_string(),
        url: format!("{}{}", stage.origin(), parts.uri),
        headers: shown_headers(&parts.headers),
        body: cut(&String::from_utf8_lossy(&body)),
        status: shown.0,
        answer: shown_body(&head.headers, &shown.1),
        verdict: verdict.into(),
        millis: started.elapsed().as_millis() as u64,
    });
    match trouble {
        Some(TroubleKind::Timeout) => tokio::time::sleep(HANG).await,
        Some(TroubleKind::Slow) => stage.answer_slowly("twilio", at).await,
        Some(TroubleKind::Reset) => {
            let broken =
                stream::iter([Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset))]);
            return Response::new(Body::from_stream(broken));
        }
        _ => {}
    }
    Response::from_parts(head, Body::from(answer))
}

/// Records a person's action with a phone in the wire log.
pub(super) async fn record_phone(State(twilio): State<Twilio>, request: Request, next: Next) -> Response {
    let at = twilio.now();
    let started = tokio::time::Instant::now();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.unwrap_or_default();
    let (method, uri, headers) = (parts.method.clone(), parts.uri.clone(), shown_headers(&parts.headers));
    let response = next.run(Request::from_parts(parts, Body::from(body.clone()))).await;
    let (head, answer) = response.into_parts();
    let answer = to_bytes(answer, LARGEST).await.unwrap_or_default();
    twilio.record(WireEntry {
        number: 0,
        at,
        from: "phone".into(),
        to: "twilio".into(),
        method: method.to_string(),
        url: format!("{}{uri}", twilio.0.stage.origin()),
        headers,
        body: cut(&String::from_utf8_lossy(&body)),
        status: head.status.as_u16(),
        answer: shown_body(&head.headers, &answer),
        verdict: "none needed".into(),
        millis: started.elapsed().as_millis() as u64,
    });
    Response::from_parts(head, Body::from(answer))
}

fn shown_headers(headers: &HeaderMap) -> Vec<(String, String)> {
    let shown = headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "authorization" | "cookie" | "proxy-authorization"));
    shown
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

/// Returns a body for the wire log, without the bytes of files.
fn shown_body(headers: &HeaderMap, body: &[u8]) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("text/plain");
    match kind.starts_with("text/") || kind.starts_with("application/json") {
        true => cut(&String::from_utf8_lossy(body)),
        false => format!("({kind}, {} bytes)", body.len()),
    }
}

impl Twilio {
    pub(super) fn record(&self, entry: WireEntry) {
        self.0.stage.wire.record(entry);
        self.0.stage.touch();
    }

    /// Whether the credentials are right; `None` if there are none.
    fn knows(&self, headers: &HeaderMap) -> Option<bool> {
        let value = headers.get(header::AUTHORIZATION)?.to_str().unwrap_or_default();
        let right = || {
            let (scheme, encoded) = value.split_once(' ')?;
            let plain = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
            let (user, password) = plain.split_once(':')?;
            let account = &self.0.stage.account;
            let user = user == account.twilio_account || user == format!("SK{}", "f".repeat(32));
            Some(scheme.eq_ignore_ascii_case("basic") && user && password == account.twilio_token)
        };
        Some(right().unwrap_or(false))
    }

    fn dispatch(&self, parts: &Parts, body: &[u8], known: Option<bool>) -> Answer {
        let path = parts.uri.path().strip_prefix("/sim/twilio").unwrap_or_default();
        if let Some(token) = path.strip_prefix("/cdn/") {
            return Ok(self.cdn(&parts.method, token));
        }
        let form = parts
            .headers
            .get(header::CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
        let ask = Ask {
            method: parts.method.clone(),
            path: parts.uri.query().map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")),
            query: serde_html_form::from_str(parts.uri.query().unwrap_or_default()).unwrap_or_default(),
            // Twilio reads only forms. A JSON body has no fields for it.
            form: if form { serde_html_form::from_bytes(body).unwrap_or_default() } else { Vec::new() },
        };
        let segments: Vec<_> = path.split('/').skip(1).collect();
        let [VERSION, "Accounts", account, rest @ ..] = segments.as_slice() else {
            return Err(Refusal::not_found(&ask));
        };
        // Media and recordings need credentials, too, as on an account that has enabled their protection.
        if *account != self.account() || known != Some(true) {
            return Err(Refusal::code(20003));
        }
        match rest {
            ["Messages.json"] => self.messages(&ask),
            ["Messages", message, "Media.json"] => self.media_list(&ask, message),
            ["Messages", message, "Media", media] => self.media(&ask, message, media),
            ["Messages", file] => self.message(&ask, name(&ask, file)?),
            ["Calls.json"] => self.calls(&ask),
            ["Calls", file] => self.call(&ask, name(&ask, file)?),
            ["Recordings.json"] => self.recordings(&ask),
            ["Recordings", file] => self.recording(&ask, file),
            ["IncomingPhoneNumbers.json"] => self.numbers(&ask),
            ["IncomingPhoneNumbers", file] => self.number(&ask, name(&ask, file)?),
            _ => Err(Refusal::not_found(&ask)),
        }
    }
}

fn name<'a>(ask: &Ask, file: &'a str) -> Result<&'a str, Refusal> {
    file.strip_suffix(".json").ok_or_else(|| Refusal::not_found(ask))
}
