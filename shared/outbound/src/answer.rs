//! One request and its response: the part of HTTP that all vendors share.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::DEADLINE;
use crate::failure::{self, Failure, VendorResult};

/// Maximum size of a response. A list of a thousand spaces has about half a megabyte.
const BODY_MAX: usize = 8 * 1024 * 1024;

/// Slowest supported transfer, up or down, in bytes per second.
const SLOWEST: u64 = 1024 * 1024;

/// Returns the time-out of a request that carries this number of bytes, in either direction.
pub(crate) fn with_bytes(length: u64) -> Duration {
    DEADLINE + Duration::from_secs(length.div_ceil(SLOWEST))
}

/// A response: a status line at least.
pub(crate) struct Answer {
    vendor: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Body,
}

/// What is known of the body. It doesn't matter after a clear refusal, but it does after a success.
enum Body {
    Whole(Bytes),
    TooLong,
    BrokeOff,
}

impl Answer {
    /// Sends the request once.
    pub(crate) async fn to(
        vendor: &'static str,
        request: RequestBuilder,
        deadline: Duration,
    ) -> VendorResult<Answer> {
        Answer::within(vendor, request, deadline, BODY_MAX).await
    }

    /// Sends the request once and reads at most this many bytes of the response.
    pub(crate) async fn within(
        vendor: &'static str,
        request: RequestBuilder,
        deadline: Duration,
        limit: usize,
    ) -> VendorResult<Answer> {
        let response = request
            .timeout(deadline)
            .send()
            .await
            .map_err(|error| Failure::without_answer(vendor, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        Ok(Answer { vendor, status, headers, body: read(response, limit).await })
    }

    /// Returns the body as a file. `limit` is the limit that was passed to [`Answer::within`].
    pub(crate) fn file(self, limit: u64) -> VendorResult<Bytes> {
        match self.body {
            Body::Whole(bytes) => Ok(bytes),
            Body::TooLong => Err(Failure::never_asked(format!("the file is larger than {}", size(limit)))),
            Body::BrokeOff => {
                Err(Failure::unknown(format!("{} did not send the file to its end", self.vendor)))
            }
        }
    }

    /// Returns how long the vendor asks us to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        failure::retry_after(&self.headers)
    }

    /// Returns the body, if it parses as the expected type.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Option<T> {
        match &self.body {
            Body::Whole(bytes) => serde_json::from_slice(bytes).ok(),
            Body::TooLong | Body::BrokeOff => None,
        }
    }

    /// Returns the body, if it is text.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.body {
            Body::Whole(bytes) => std::str::from_utf8(bytes).ok(),
            Body::TooLong | Body::BrokeOff => None,
        }
    }

    /// Returns the body of a successful response. If it can't be read, the outcome is unknown: captive portals and
    /// gateways return 200 too.
    pub(crate) fn agreed<T: DeserializeOwned>(&self) -> VendorResult<T> {
        self.body().ok_or_else(|| {
            Failure::unknown(format!(
                "{} accepted the request (HTTP {}), but the rest of its answer can't be read",
                self.vendor,
                self.status.as_u16()
            ))
        })
    }
}

async fn read(mut response: reqwest::Response, limit: usize) -> Body {
    // `Content-Length` is a hint; the limit holds without it too.
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Body::TooLong;
    }
    let mut body = BytesMut::new();
    loop {
        match response.chunk().await {
            Ok(None) => return Body::Whole(body.freeze()),
            Ok(Some(chunk)) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Body::TooLong,
            Err(_) => return Body::BrokeOff,
        }
    }
}

/// Formats a limit for people: 5 MB.
fn size(bytes: u64) -> String {
    const KB: u64 = 1024;
    match bytes {
        0..KB => format!("{bytes} bytes"),
        KB..1_000_000 => format!("{} KB", bytes.saturating_add(KB / 2) / KB),
        _ => format!("{} MB", bytes.saturating_add(KB * KB / 2) / (KB * KB)),
    }
}

/// Parses a vendor's time: RFC 3339 with `Z` or an offset (Webex), RFC 2822 (Twilio). An unreadable time is no reason
/// to lose the rest of the response.
pub(crate) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = match serde_json::Value::deserialize(from)? {
        serde_json::Value::String(text) => text,
        _ => return Ok(None),
    };
    let rfc2822 = || jiff::fmt::rfc2822::parse(&text).ok().map(|zoned| zoned.timestamp());
    Ok(text.parse().ok().or_else(rfc2822))
}

/// Cuts a text to a vendor's limit and marks the cut with "…". `cost` is how much one character counts.
pub(crate) fn cut(text: &str, limit: usize, cost: fn(char) -> usize) -> std::borrow::Cow<'_, str> {
    const MARK: char = '…';
    if text.chars().map(cost).sum::<usize>() <= limit {
        return text.into();
    }
    let room = limit - cost(MARK);
    let mut spent = 0;
    let kept = text.chars().take_while(|&c| {
        spent += cost(c);
        spent <= room
    });
    kept.chain([MARK]).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_formatted_for_people() {
        for (bytes, said) in [
            (10, "10 bytes"),
            (500 * 1024, "500 KB"),
            (5_000_000, "5 MB"),
            (5 * 1024 * 1024, "5 MB"),
            (100 * 1024 * 1024, "100 MB"),
            (u64::MAX, "17592186044415 MB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }

    #[test]
    fn long_transfers_have_longer_time_outs() {
        assert_eq!(with_bytes(0), DEADLINE);
        assert_eq!(with_bytes(1), DEADLINE + Duration::from_secs(1));
        assert_eq!(with_bytes(100 * 1024 * 1024), DEADLINE + Duration::from_secs(100));
    }
}
