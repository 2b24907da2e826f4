//! The entry of the API: credentials, troubles, the wire log, and filters and answers like CMX's.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Json, body};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::stream;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::floor::{Device, Spot, devices};
use super::{Cmx, PASSWORD};
use crate::trouble::{HANG, TroubleKind};
use crate::wire::WireEntry;

/// Limit of a request, larger than any real one.
const LARGEST: usize = 1 << 20;
/// Limit of an answer in the wire log, in characters: enough for a count and the beginning of a long list.
const KEPT: usize = 16 * 1024;

/// Counts of API version 3.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CountV3 {
    total_count: usize,
    associated_count: usize,
    probing_count: usize,
}

/// Counts of the older API versions.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CountV2 {
    device_type: &'static str,
    device_query_string: Option<String>,
    count: usize,
}

/// Handles every request to the API.
pub(super) async fn enter(State(cmx): State<Cmx>, request: Request) -> Response {
    let stage = &cmx.0.stage;
    let at = stage.clock.now();
    let started = tokio::time::Instant::now();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.unwrap_or_default();
    let trouble = stage.troubles.strike("cmx", at, TroubleKind::is_inbound);
    let user = cmx.user(&parts.headers);
    let response = match trouble.and_then(TroubleKind::before) {
        Some(instead) => instead,
        None => {
            let done = match &user {
                Some(Ok(user)) => cmx.dispatch(&parts, user, at),
                _ => (
                    StatusCode::UNAUTHORIZED,
                    [(header::WWW_AUTHENTICATE, "Basic realm=\"CMX\"")],
                    "<html>401 Unauthorized</html>",
                )
                    .into_response(),
            };
            match trouble {
                Some(TroubleKind::BadGatewayAfter) => {
                    (StatusCode::BAD_GATEWAY, "<html>502 Bad Gateway</html>").into_response()
                }
                _ => done,
            }
        }
    };
    let verdict = match user {
        Some(Ok(_)) => "basic auth",
        Some(Err(())) => "wrong credentials",
        None => "no credentials",
    };
    let (mut head, answer) = response.into_parts();
    let mut answer = to_bytes(answer, usize::MAX).await.unwrap_or_default();
    let mut broken = trouble == Some(TroubleKind::Reset);
    match trouble.filter(|_| head.status == StatusCode::OK) {
        Some(TroubleKind::Truncated) => {
            answer = answer.slice(..middle_of_a_number(&answer));
            head.headers.remove(header::CONTENT_LENGTH);
            // Half of a bare number is a number, too, so the connection must break to show the truncation.
            broken = answer.iter().all(u8::is_ascii_digit);
        }
        Some(TroubleKind::Negative) => {
            if let Ok(value) = serde_json::from_slice(&answer) {
                answer = Bytes::from(negative(value).to_string());
                head.headers.remove(header::CONTENT_LENGTH);
            }
        }
        _ => {}
    }
    let silent = matches!(trouble, Some(TroubleKind::Timeout | TroubleKind::Reset));
    cmx.record(WireEntry {
        number: 0,
        at,
        from: "handbell".into(),
        to: "cmx".into(),
        method: parts.method.to_string(),
        url: format!("{}{}", stage.origin(), parts.uri),
        headers: shown_headers(&parts.headers),
        body: cut(&body),
        status: if silent { 0 } else { head.status.as_u16() },
        answer: if silent { String::new() } else { cut(&answer) },
        verdict: verdict.into(),
        millis: started.elapsed().as_millis() as u64,
    });
    match trouble {
        Some(TroubleKind::Timeout) => tokio::time::sleep(HANG).await,
        Some(TroubleKind::Slow) => stage.answer_slowly("cmx", at).await,
        _ => {}
    }
    if broken {
        let begun = (trouble != Some(TroubleKind::Reset)).then_some(Ok(answer));
        let end = Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        return Response::new(Body::from_stream(stream::iter(begun.into_iter().chain([end]))));
    }
    Response::from_parts(head, Body::from(answer))
}

/// Records a change of a zone in the wire log.
pub(super) async fn record_play(State(cmx): State<Cmx>, request: Request, next: Next) -> Response {
    let at = cmx.0.stage.clock.now();
    let started = tokio::time::Instant::now();
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST).await.unwrap_or_default();
    let (method, uri, headers) = (parts.method.clone(), parts.uri.clone(), shown_headers(&parts.headers));
    let response = next.run(Request::from_parts(parts, Body::from(body.clone()))).await;
    let (head, answer) = response.into_parts();
    let answer = body::to_bytes(answer, LARGEST).await.unwrap_or_default();
    cmx.record(WireEntry {
        number: 0,
        at,
        from: "floor".into(),
        to: "cmx".into(),
        method: method.to_string(),
        url: format!("{}{uri}", cmx.0.stage.origin()),
        headers,
        body: cut(&body),
        status: head.status.as_u16(),
        answer: cut(&answer),
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

fn cut(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(KEPT).collect()
}

/// Returns the position at which to truncate a body so that a number is cut: after the first half of the first number value.
fn middle_of_a_number(body: &[u8]) -> usize {
    let is_digit = |at: usize| body.get(at).is_some_and(u8::is_ascii_digit);
    let begin = (0..body.len()).find(|at| is_digit(*at) && (*at == 0 || body[at - 1] == b':'));
    let Some(begin) = begin else { return body.len() / 2 };
    let length = (begin..).take_while(|at| is_digit(*at)).count();
    begin + (length / 2).max(1)
}

/// Negates every whole number in the value.
fn negative(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_i64().map_or(Value::Number(number), |number| (-number).into()),
        Value::Array(items) => items.into_iter().map(negative).collect(),
        Value::Object(fields) => fields.into_iter().map(|(key, value)| (key, negative(value))).collect(),
        other => other,
    }
}

/// Creates version 3's answer 400.
fn refused(message: &str) -> Response {
    let body = json!({ "success": false, "error": { "message": message } });
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "<html>404 Not Found</html>").into_response()
}

type Query = Vec<(String, String)>;

/// Returns the devices that match all filters.
fn filtered<'a>(devices: Vec<Device<'a>>, query: &Query) -> Result<Vec<Device<'a>>, Box<Response>> {
    let mut left = devices;
    for (name, value) in query {
        match name.as_str() {
            "mapHierarchy" => {
                let name = literal(value);
                left.retain(|device| name.as_ref().is_some_and(|name| device.spot.hierarchy.contains(name)));
            }
            "floorRefId" => left.retain(|device| device.spot.floor_id == *value),
            "ssid" => left.retain(|device| device.ssid() == Some(value)),
            "username" => left.retain(|device| device.username() == *value),
            "manufacturer" => left.retain(|device| device.maker() == value),
            "macAddressSearch" => left.retain(|device| device.mac().contains(value.as_str())),
            "associatedOnly" if value == "true" => left.retain(Device::associated),
            "probingOnly" if value == "true" => left.retain(|device| !device.associated()),
            "associatedOnly" | "probingOnly" => {}
            "macAddress" | "ipAddress" if query.len() > 1 => {
                let what = format!("{name} can not be combined with another filter parameter");
                return Err(Box::new(refused(&what)));
            }
            "macAddress" => left.retain(|device| device.mac() == *value),
            "ipAddress" => left.retain(|device| device.ip().as_ref() == Some(value)),
            // CMX's spelling.
            _ => return Err(Box::new(refused("Unkown filter parameter being used"))),
        }
    }
    Ok(left)
}

/// Returns the literal text of a hierarchy, which CMX treats as a regular expression. Only literal expressions are supported
/// here: as at CMX, an unescaped bracket matches nothing.
fn literal(expression: &str) -> Option<String> {
    let mut name = String::new();
    let mut rest = expression.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => name.push(rest.next()?),
            '^' | '$' | '*' | '+' | '?' | '(' | ')' | '[' | ']' | '{' | '}' | '|' => return None,
            plain => name.push(plain),
        }
    }
    Some(name)
}

fn connected(devices: &[Device<'_>], at: impl Fn(&Spot) -> bool) -> usize {
    devices.iter().filter(|device| device.associated() && at(device.spot)).count()
}

impl Cmx {
    fn record(&self, entry: WireEntry) {
        self.0.stage.wire.record(entry);
        self.0.stage.touch();
    }

    /// Returns the user; an error for wrong credentials, `None` without credentials.
    fn user(&self, headers: &HeaderMap) -> Option<Result<String, ()>> {
        let value = headers.get(header::AUTHORIZATION)?.to_str().unwrap_or_default();
        let right = || {
            let (scheme, encoded) = value.split_once(' ')?;
            let plain = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
            let (user, password) = plain.split_once(':')?;
            let known = self.0.users.iter().any(|known| known == user);
            (scheme.eq_ignore_ascii_case("basic") && known && password == PASSWORD).then(|| user.to_owned())
        };
        Some(right().ok_or(()))
    }

    fn dispatch(&self, parts: &Parts, user: &str, now: Timestamp) -> Response {
        if parts.method != Method::GET {
            return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET")]).into_response();
        }
        let raw = parts.uri.query().unwrap_or_default();
        let query: Query = serde_html_form::from_str(raw).unwrap_or_default();
        let state = self.lock();
        let spots: Vec<&Spot> = state.spots.iter().filter(|spot| spot.user == user).collect();
        let devices = devices(&state.spots, user);
        let path = parts.uri.path().strip_prefix("/sim/cmx/api/").unwrap_or_default();
        match path {
            "location/v3/clients/count" => self.count_v3(devices, &query),
            "location/v3/clients" => self.clients_v3(devices, &query, now),
            "location/v2/clients/count" | "location/v1/clients/count" => self.count_v2(devices, &query, raw),
            "location/v2/clients" => self.clients_v2(devices, &query, now),
            "location/v1/clients/count/byzone" => self.zones(&spots, &devices, now),
            "location/v1/clients/count/byzone/detail" => self.zone(&spots, &devices, &query, now),
            // Includes detected devices that aren't connected.
            "analytics/v1/now/connectedDetected" => Json(json!({ "total": devices.len() })).into_response(),
            "analytics/v1/now/clientCount" => floors(&spots, &devices),
            "presence/v1/connected/count/today" => presence(&spots, &devices, &query),
            // No captured answers of these two exist; they only show that the API answers.
            "config/v1/maps/count" => {
                Json(json!({ "totalCampuses": 1, "totalFloors": floor_names(&spots).len() })).into_response()
            }
            "config/v1/version/image" => Json(json!({ "version": "CISCO_CMX-11.0.0-0" })).into_response(),
            _ => not_found(),
        }
    }

    fn count_v3(&self, devices: Vec<Device<'_>>, query: &Query) -> Response {
        let devices = match filtered(devices, query) {
            Ok(devices) => devices,
            Err(refused) => return *refused,
        };
        let (total_count, associated_count) = (devices.len(), connected(&devices, |_| true));
        let probing_count = total_count - associated_count;
        Json(CountV3 { total_count, associated_count, probing_count }).into_response()
    }

    fn clients_v3(&self, devices: Vec<Device<'_>>, query: &Query, now: Timestamp) -> Response {
        match filtered(devices, query) {
            Ok(devices) => {
                let clients = devices.iter().map(|device| device.v3(now, &self.0.time_zone));
                Json(clients.collect::<Value>()).into_response()
            }
            Err(refused) => *refused,
        }
    }

    fn count_v2(&self, devices: Vec<Device<'_>>, query: &Query, raw: &str) -> Response {
        match filtered(devices, query) {
            Ok(devices) => Json(CountV2 {
                device_type: "Wireless_Client",
                device_query_string: (!raw.is_empty()).then(|| raw.to_owned()),
                count: devices.len(),
            })
            .into_response(),
            Err(refused) => *refused,
        }
    }

    fn clients_v2(&self, devices: Vec<Device<'_>>, query: &Query, now: Timestamp) -> Response {
        match filtered(devices, query) {
            Ok(devices) if devices.is_empty() => StatusCode::NO_CONTENT.into_response(),
            Ok(devices) => {
                let clients = devices.iter().map(|device| device.v2(now, &self.0.time_zone));
                Json(clients.collect::<Value>()).into_response()
            }
            Err(refused) => *refused,
        }
    }

    fn duration(&self, now: Timestamp) -> Value {
        let moment =
            |at: Timestamp| at.to_zoned(self.0.time_zone.clone()).strftime("%Y/%m/%d %H:%M:%S").to_string();
        json!({ "start": moment(now - jiff::SignedDuration::from_mins(5)), "end": moment(now) })
    }

    fn zones(&self, spots: &[&Spot], devices: &[Device<'_>], now: Timestamp) -> Response {
        // Two of Handbell's zones can be one of CMX's.
        let mut zones: Vec<&Spot> = spots.to_vec();
        zones.sort_by_key(|spot| (&spot.hierarchy, spot.id));
        zones.dedup_by_key(|spot| &spot.hierarchy);
        let list = zones.iter().map(|spot| {
            json!({
                "zoneId": spot.id,
                "hierarchy": spot.hierarchy.replace('>', "/"),
                "zoneName": spot.hierarchy.rsplit('>').next(),
                "zoneCount": connected(devices, |at| spot.contains(at)),
            })
        });
        let list: Value = list.collect();
        let counts =
            json!({ "totalZones": zones.len(), "zoneCountList": list, "duration": self.duration(now) });
        Json(json!({ "ZoneCounts": counts })).into_response()
    }

    fn zone(&self, spots: &[&Spot], devices: &[Device<'_>], query: &Query, now: Timestamp) -> Response {
        let asked = query.iter().find(|(name, _)| name == "zoneId").map(|(_, id)| id);
        let Some(spot) = spots.iter().find(|spot| Some(&spot.id.to_string()) == asked) else {
            return not_found();
        };
        let there = devices.iter().filter(|device| device.associated() && spot.contains(device.spot));
        let there: Vec<_> = there.map(Device::mac).collect();
        // The trailing spaces in the keys are CMX's.
        let (count, duration) = (there.len(), self.duration(now));
        Json(json!({ "MacAddress": there, "Duration ": duration, "Count ": count })).into_response()
    }
}

fn floor_names<'a>(spots: &[&'a Spot]) -> Vec<&'a str> {
    let mut names: Vec<_> = spots.iter().map(|spot| spot.floor_name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn floors(spots: &[&Spot], devices: &[Device<'_>]) -> Response {
    let floors = floor_names(spots).into_iter().map(
        |name| json!({ "floorName": name, "value": connected(devices, |spot| spot.floor_name == name) }),
    );
    Json(json!({ "data": floors.collect::<Value>() })).into_response()
}

fn presence(spots: &[&Spot], devices: &[Device<'_>], query: &Query) -> Response {
    let Some((_, site)) = query.iter().find(|(name, _)| name == "siteId") else {
        return refused("siteId is missing");
    };
    let is_there = |spot: &Spot| spot.presence.as_ref() == Some(site);
    if !spots.iter().any(|spot| is_there(spot)) {
        return not_found();
    }
    Json(connected(devices, is_there)).into_response()
}
