//! API Gateway: turns a request into an event for the function of its route, and the function's answer into a response.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::invoke::Calls;
use super::template::{Parameters, Route, Template};
use handbell_sim::Stage;
use handbell_sim::wire::WireEntry;

/// Limit of a body, as in API Gateway.
const MAX_BODY: usize = 10 * 1024 * 1024;
/// Limit of a body in the wire log.
const SHOWN: usize = 8 * 1024;
/// Headers that API Gateway removes or rewrites.
const NOT_HANDED_ON: [&str; 6] = ["connection", "keep-alive", "te", "transfer-encoding", "upgrade", "cookie"];
/// Headers that the wire log doesn't show.
const SECRET: [&str; 2] = ["authorization", "cookie"];
/// Signature headers of the vendors. The simulated vendors log these requests themselves.
const SIGNED: [&str; 2] = ["x-twilio-signature", "x-spark-signature"];

/// The HTTP API of the template. Cheap to clone.
#[derive(Clone)]
pub struct Gateway {
    template: Arc<Template>,
    stage: Stage,
    calls: Calls,
}

impl Gateway {
    /// Creates an API with only the routes of the template.
    pub fn new(template: Arc<Template>, stage: Stage, calls: Calls) -> Self {
        Self { template, stage, calls }
    }

    /// Answers any request.
    pub async fn handle(&self, request: Request) -> Response {
        let (at, begun) = (self.stage.clock.now(), tokio::time::Instant::now());
        let (parts, body) = request.into_parts();
        let (given, answer) = match to_bytes(body, MAX_BODY).await {
            Ok(body) => (body.clone(), self.answer(&parts, &body, at).await),
            Err(_) => (Bytes::new(), message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")),
        };
        let refused = matches!(answer.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
        let signed = SIGNED.iter().any(|name| parts.headers.contains_key(*name));
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
        if refused || !signed {
            let browser = header(&parts.headers, "user-agent").starts_with("Mozilla/");
            self.stage.wire.record(WireEntry {
                number: 0,
                at,
                from: if browser { "browser" } else { "caller" }.into(),
                to: "handbell".into(),
                method: parts.method.to_string(),
                url: format!("{}{}", self.stage.origin(), parts.uri),
                headers: shown(&parts.headers),
                body: cut(&given),
                status: head.status.as_u16(),
                answer: cut(&body),
                verdict: if refused { "refused" } else { "none needed" }.into(),
                millis: begun.elapsed().as_millis() as u64,
            });
        }
        Response::from_parts(head, Body::from(body))
    }

    async fn answer(&self, parts: &Parts, body: &Bytes, at: Timestamp) -> Response {
        let Some((function, route, parameters)) = self.template.route(&parts.method, parts.uri.path()) else {
            return message(StatusCode::NOT_FOUND, "Not Found");
        };
        let event = self.event(parts, body, route, parameters, at);
        match self.calls.call(&function.name, event).await {
            Ok(answer) => read(&answer),
            Err(error) => {
                tracing::warn!(function = function.name, %error, "a function failed");
                message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }
        }
    }

    /// Creates the event, payload version 2.0.
    fn event(
        &self,
        parts: &Parts,
        body: &Bytes,
        route: &Route,
        parameters: Parameters,
        at: Timestamp,
    ) -> Value {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let source = peer.map_or_else(|| "127.0.0.1".to_owned(), |peer| peer.0.ip().to_string());
        let origin = self.stage.origin();
        let host = origin.split("://").nth(1).unwrap_or("127.0.0.1");
        let (path, query) = (parts.uri.path(), parts.uri.query().unwrap_or_default());
        let mut headers = joined(&parts.headers);
        headers.entry("host").or_insert_with(|| json!(host));
        headers.insert("content-length".into(), json!(body.len().to_string()));
        headers.insert("x-forwarded-for".into(), json!(source));
        headers.insert("x-forwarded-port".into(), json!(host.rsplit(':').next().unwrap_or("80")));
        headers.insert("x-forwarded-proto".into(), json!("http"));
        let trace = uuid::Uuid::new_v4().simple().to_string();
        headers.insert(
            "x-amzn-trace-id".into(),
            json!(format!("Root=1-{:08x}-{}", at.as_second(), &trace[..24])),
        );
        let mut event = json!({
            "version": "2.0",
            "routeKey": route.key(),
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "requestContext": {
                "accountId": super::ACCOUNT,
                "apiId": "local",
                "domainName": host,
                "domainPrefix": "local",
                "http": {
                    "method": parts.method.as_str(),
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": source,
                    "userAgent": header(&parts.headers, "user-agent"),
                },
                "requestId": uuid::Uuid::new_v4().to_string(),
                "routeKey": route.key(),
                "stage": "$default",
                "time": at.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
                "timeEpoch": at.as_millisecond(),
            },
            "isBase64Encoded": false,
        });
        let cookies: Vec<_> =
            parts.headers.get_all("cookie").iter().filter_map(|cookie| cookie.to_str().ok()).collect();
        if !cookies.is_empty() {
            event["cookies"] = cookies.iter().flat_map(|cookies| cookies.split("; ")).collect();
        }
        if !query.is_empty() {
            let pairs = serde_html_form::from_str::<Vec<(String, String)>>(query).unwrap_or_default();
            event["queryStringParameters"] = Value::Object(commas(pairs.into_iter()));
        }
        if !parameters.is_empty() {
            event["pathParameters"] = Value::Object(commas(parameters.into_iter()));
        }
        // On the laptop, every stage variable is the API's own address.
        if !self.template.stage_variables.is_empty() {
            let variables = self.template.stage_variables.iter().map(|name| (name.clone(), origin.clone()));
            event["stageVariables"] = Value::Object(commas(variables));
        }
        if !body.is_empty() {
            match std::str::from_utf8(body) {
                Ok(text) if is_text(header(&parts.headers, "content-type")) => event["body"] = json!(text),
                _ => {
                    event["body"] = json!(STANDARD.encode(body));
                    event["isBase64Encoded"] = json!(true);
                }
            }
        }
        event
    }
}

/// Whether API Gateway passes the body on as text. Other bodies, such as forms, arrive in base64.
fn is_text(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind.starts_with("text/")
        || matches!(kind.as_str(), "application/json" | "application/xml" | "application/javascript")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
}

/// Converts the function's answer: JSON with a `statusCode` is a response, any other JSON the body of a 200.
fn read(answer: &Value) -> Response {
    let Some(status) = answer["statusCode"].as_u64() else {
        return axum::Json(answer).into_response();
    };
    let body = answer["body"].as_str().unwrap_or_default();
    let body = match answer["isBase64Encoded"].as_bool() {
        Some(true) => STANDARD.decode(body).ok(),
        _ => Some(body.as_bytes().to_vec()),
    };
    let status = u16::try_from(status).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let (Some(status), Some(body)) = (status, body) else {
        return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
    };
    let mut response = (status, body).into_response();
    response.headers_mut().remove("content-type");
    let headers = answer["headers"].as_object().into_iter().flatten();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    let cookies = answer["cookies"].as_array().into_iter().flatten();
    let cookies = cookies.filter_map(|cookie| Some(("set-cookie", cookie.as_str()?)));
    for (name, value) in headers.chain(cookies) {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().entry("content-type").or_insert(kind);
    response
}

fn message(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({"message": text}))).into_response()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Returns the headers with lower-case names. Repeated headers are joined by commas.
fn joined(headers: &HeaderMap) -> Map<String, Value> {
    let handed_on = headers.iter().filter(|(name, _)| !NOT_HANDED_ON.contains(&name.as_str()));
    commas(
        handed_on
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())),
    )
}

fn commas(pairs: impl Iterator<Item = (String, String)>) -> Map<String, Value> {
    let mut map = Map::new();
    for (name, value) in pairs {
        let joined = match map.get(&name).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value,
        };
        map.insert(name, json!(joined));
    }
    map
}

fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let shown = headers.iter().filter(|(name, _)| !SECRET.contains(&name.as_str()));
    shown
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

fn cut(body: &[u8]) -> String {
    String::from_utf8_lossy(&body[..body.len().min(SHOWN)]).into_owned()
}

#[cfg(test)]
#[path = "gateway_tests.rs"]
mod tests;
