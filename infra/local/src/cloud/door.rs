//! The entry that the simulated SES and S3 share. It applies the current troubles and logs the requests.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::Timestamp;

use handbell_sim::Stage;
use handbell_sim::trouble::{HANG, TroubleKind};
use handbell_sim::wire::WireEntry;

/// Limit of a body in the wire log, in characters.
const SHOWN: usize = 16 * 1024;

/// The entry of one service.
pub(super) struct Door<'a> {
    /// Time, troubles and wire log.
    pub(super) stage: &'a Stage,
    /// Name of the service in the wire log and the troubles.
    pub(super) service: &'static str,
    /// Limit of a request or an answer, in bytes.
    pub(super) largest: usize,
    /// Creates the service's answer to too many requests.
    pub(super) throttled: fn() -> Response,
}

impl Door<'_> {
    /// Passes a request to the handler, unless the current trouble is a lost answer. The body is `None` if it exceeds the
    /// limit of the service.
    pub(super) async fn pass(
        self,
        request: Request,
        answer: impl FnOnce(&Parts, Option<&Bytes>, Timestamp) -> Response,
    ) -> Response {
        let stage = self.stage;
        let (at, begun) = (stage.clock.now(), tokio::time::Instant::now());
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, self.largest).await.ok();
        let trouble = stage.troubles.strike(self.service, at, TroubleKind::is_inbound);
        let response = match (trouble, trouble.and_then(TroubleKind::before)) {
            (Some(TroubleKind::TooMany), _) => (self.throttled)(),
            (_, Some(instead)) => instead,
            _ => {
                let done = answer(&parts, body.as_ref(), at);
                match trouble {
                    Some(TroubleKind::BadGatewayAfter) => {
                        (StatusCode::BAD_GATEWAY, "<html>502 Bad Gateway</html>").into_response()
                    }
                    _ => done,
                }
            }
        };
        let (mut head, said) = response.into_parts();
        let mut said = to_bytes(said, usize::MAX).await.unwrap_or_default();
        if parts.method == Method::HEAD {
            head.headers.insert(CONTENT_LENGTH, HeaderValue::from(said.len()));
            said = Bytes::new();
        }
        let silent = matches!(trouble, Some(TroubleKind::Timeout | TroubleKind::Reset));
        let headers = parts.headers.iter().filter(|(name, _)| !is_credential(name.as_str()));
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        stage.wire.record(WireEntry {
            number: 0,
            at,
            from: "handbell".into(),
            to: self.service.into(),
            method: parts.method.to_string(),
            url: format!("{}{}", stage.origin(), parts.uri),
            headers: headers.collect(),
            body: cut(&body.unwrap_or_default()),
            status: if silent { 0 } else { head.status.as_u16() },
            answer: if silent { String::new() } else { cut(&said) },
            verdict: "not checked".into(),
            millis: begun.elapsed().as_millis() as u64,
        });
        stage.touch();
        match trouble {
            Some(TroubleKind::Timeout) => tokio::time::sleep(HANG).await,
            Some(TroubleKind::Slow) => stage.answer_slowly(self.service, at).await,
            Some(TroubleKind::Reset) => {
                let end = Err::<Bytes, _>(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
                return Response::new(Body::from_stream(stream::iter([end])));
            }
            _ => {}
        }
        Response::from_parts(head, Body::from(said))
    }
}

fn is_credential(header: &str) -> bool {
    matches!(header, "authorization" | "x-amz-security-token" | "cookie")
}

/// Returns the beginning of a body for the wire log, as text.
pub(super) fn cut(bytes: &[u8]) -> String {
    // A character has at most four bytes, so there is no need to decode forty megabytes.
    let beginning = bytes.get(..SHOWN * 4).unwrap_or(bytes);
    String::from_utf8_lossy(beginning).chars().take(SHOWN).collect()
}
