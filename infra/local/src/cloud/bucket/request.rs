//! Parses requests to S3 and checks the form of their signature.

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use sha2::{Digest as _, Sha256};

use super::super::REGION;
use super::shelf::hex;
use super::{Refusal, refuse};

/// The fields of the query. A name without a value has an empty value.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(parts: &Parts) -> Self {
        Self(serde_html_form::from_str(parts.uri.query().unwrap_or_default()).unwrap_or_default())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Refuses a request that S3 would refuse with any keys: unsigned, signed for another service or Region, or without the
/// header with the body's hash, which only S3 requires. Doesn't check the signature itself.
pub(super) fn check_signed(headers: &HeaderMap, query: &Query, body: &[u8]) -> Result<(), Refusal> {
    let Some(given) = text(headers, "authorization") else {
        if query.get("X-Amz-Signature").is_some() {
            return Ok(());
        }
        return refuse(StatusCode::FORBIDDEN, "AccessDenied", "Access Denied");
    };
    let malformed = |why: String| {
        let message = format!("The authorization header is malformed; {why}");
        refuse(StatusCode::BAD_REQUEST, "AuthorizationHeaderMalformed", message)
    };
    let scope = given.split_once("Credential=").and_then(|(_, rest)| rest.split(',').next());
    let scope: Vec<&str> = scope.unwrap_or_default().split('/').collect();
    let [_, _, region, service, "aws4_request"] = scope[..] else {
        return malformed("the credential is not access key/date/Region/service/aws4_request".into());
    };
    if service != "s3" {
        return malformed(format!("incorrect service \"{service}\". This endpoint belongs to \"s3\"."));
    }
    if region != REGION {
        return malformed(format!("the region '{region}' is wrong; expecting '{REGION}'"));
    }
    match text(headers, "x-amz-content-sha256") {
        None => {
            let message = "Missing required header for this request: x-amz-content-sha256";
            refuse(StatusCode::BAD_REQUEST, "InvalidRequest", message)
        }
        Some("UNSIGNED-PAYLOAD") => Ok(()),
        Some(streaming) if streaming.starts_with("STREAMING-") => {
            let message = "the laptop's S3 takes a body only in one piece, not as aws-chunked";
            refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message)
        }
        Some(hash) if hash == hex(&Sha256::digest(body)) => Ok(()),
        Some(_) => {
            let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
            refuse(StatusCode::BAD_REQUEST, "XAmzContentSHA256Mismatch", message)
        }
    }
}

/// Percent-decodes a path. Returns `None` if the result is not UTF-8.
pub(super) fn decoded(path: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::with_capacity(path.len()), path.bytes());
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let (high, low) =
                    (char::from(rest.next()?).to_digit(16)?, char::from(rest.next()?).to_digit(16)?);
                (high * 16 + low) as u8
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}
