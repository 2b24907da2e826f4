//! The gate that every request passes: authentication, troubles, the endpoint, and the wire log.

use std::pin::Pin;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use super::body::{Said, hear};
use super::call::{Act, Answer, Call};
use super::format::cut;
use super::refusal::Refusal;
use super::{Webex, contents};
use crate::trouble::{HANG, TroubleKind};
use crate::wire::WireEntry;

/// A response that is being prepared.
pub(super) type Serving = Pin<Box<dyn Future<Output = Response> + Send>>;

impl Webex {
    /// Serves a request with the work of its endpoint.
    pub(super) async fn serve(&self, act: Act, id: String, request: Request) -> Response {
        let stage = &self.0.stage;
        let begun = tokio::time::Instant::now();
        let arrived = stage.clock.now();
        // Webex's times have milliseconds.
        let now = Timestamp::from_millisecond(arrived.as_millisecond()).unwrap_or(arrived);
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
            // Without a valid token, an invalid body doesn't matter.
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
                        let call = Call { caller, bot, id, url, query, body, upload, now };
                        self.work(act, &call, !ours && !method.is_safe())
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
        self.respond(response, after, arrived).await
    }

    /// Returns the response, or what a trouble turns it into after the work is done.
    async fn respond(
        &self,
        response: Response,
        trouble: Option<TroubleKind>,
        arrived: Timestamp,
    ) -> Response {
        match trouble {
            Some(TroubleKind::Timeout) => {
                tokio::time::sleep(HANG).await;
                StatusCode::GATEWAY_TIMEOUT.into_response()
            }
            Some(TroubleKind::Reset) => broken(),
            Some(TroubleKind::Slow) => {
                self.0.stage.answer_slowly("webex", arrived).await;
                response
            }
            _ => response,
        }
    }

    /// Executes the endpoint and starts the deliveries of webhooks. `played` is true for a person's change, which shows
    /// that they are active.
    fn work(&self, act: Act, call: &Call, played: bool) -> Result<Answer, Refusal> {
        let (result, deliveries) = {
            let mut state = self.state();
            let result = act(&mut state, call);
            if played && result.is_ok() {
                state.moved(&call.caller, call.now);
            }
            (result, state.deliveries())
        };
        for delivery in deliveries {
            let lost = |kind| kind == TroubleKind::DropCallback;
            if self.0.stage.troubles.strike("webex", call.now, lost).is_some() {
                continue;
            }
            self.0.stage.spawn(self.clone().deliver(delivery));
        }
        result
    }

    /// Returns the id of the person to whom the token belongs, and whether that person is a bot.
    fn caller(&self, token: &str, ours: bool, now: Timestamp) -> Option<(String, bool)> {
        let mut state = self.state();
        let id =
            if ours { state.me.clone() } else { state.find_person(token.strip_prefix("person:")?, now)? };
        let bot = state.person(&id).is_some_and(|person| person.bot);
        // Handbell's own account can only be used with its own token.
        (ours || id != state.me).then_some((id, bot))
    }

    /// Returns the URL of the simulated Webex: the runner's, or the one in the request.
    fn origin(&self, headers: &HeaderMap) -> String {
        let origin = self.0.stage.origin();
        if !origin.is_empty() {
            return origin;
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
        format!("http://{host}")
    }

    /// Shortens a text for the log, and removes the webhook secret.
    fn discreet(&self, text: &str) -> String {
        let secret = &self.0.stage.account.webex_secret;
        if secret.is_empty() {
            cut(text.as_bytes())
        } else {
            cut(text.replace(secret.as_str(), "…").as_bytes())
        }
    }
}

/// Creates an entry of the wire log. The caller fills in the rest.
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

/// Returns the response, and its body for the wire log.
fn answer(result: Result<Answer, Refusal>) -> (Response, String) {
    let tracking = format!("ROUTER_{}", Uuid::new_v4());
    let (status, value, next, wait) = match result {
        Ok(Answer::One(value)) => (StatusCode::OK, value, None, None),
        Ok(Answer::Page(items, next)) => (StatusCode::OK, json!({"items": items}), next, None),
        Ok(Answer::Done) => return (StatusCode::NO_CONTENT.into_response(), String::new()),
        Ok(Answer::File(file)) => {
            let shown = format!("({}, {} bytes)", file.kind, file.bytes.len());
            return (contents::serve(&file, "attachment"), shown);
        }
        Err(refusal) => (refusal.status, refusal.body(&tracking), None, refusal.retry_after),
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
    if let Some(seconds) = wait {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    (response, text)
}

/// Returns a response that ends, with its connection, before the announced length.
fn broken() -> Response {
    let breaks = futures_util::stream::once(std::future::ready(Err::<Bytes, _>(std::io::Error::other(
        "made trouble",
    ))));
    ([(header::CONTENT_LENGTH, "1000")], Body::from_stream(breaks)).into_response()
}
