//! One request and its answer: the part of HTTP that every vendor shares.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use reqwest::RequestBuilder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::failure::{self, Failure, Said};

/// A list of a thousand spaces has about half a megabyte; what is far beyond isn't an answer to us.
const BODY_MAX: usize = 8 * 1024 * 1024;

/// What came back: a status line at least.
pub(crate) struct Answer {
    vendor: &'static str,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Nothing if it broke off. After a plain no that doesn't matter, after a yes it does.
    body: Option<Bytes>,
}

impl Answer {
    /// Sends the request, once.
    pub(crate) async fn to(
        vendor: &'static str,
        request: RequestBuilder,
        deadline: Duration,
    ) -> Said<Answer> {
        let mut response = request
            .timeout(deadline)
            .send()
            .await
            .map_err(|error| Failure::without_answer(vendor, &error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let mut body = Some(BytesMut::new());
        loop {
            match response.chunk().await {
                Ok(None) => break,
                Ok(Some(chunk)) if body.as_ref().is_some_and(|b| b.len() + chunk.len() <= BODY_MAX) => {
                    if let Some(body) = &mut body {
                        body.extend_from_slice(&chunk);
                    }
                }
                Ok(Some(_)) | Err(_) => {
                    body = None;
                    break;
                }
            }
        }
        Ok(Answer { vendor, status, headers, body: body.map(BytesMut::freeze) })
    }

    /// How long the vendor asks us to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        failure::retry_after(&self.headers)
    }

    /// The body, if it can be read as what we expect.
    pub(crate) fn body<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(self.body.as_deref()?).ok()
    }

    /// The body of a yes. One that can't be read leaves us not knowing what was agreed to: captive portals and
    /// gateways say 200 too.
    pub(crate) fn agreed<T: DeserializeOwned>(&self) -> Said<T> {
        self.body().ok_or_else(|| {
            Failure::unknown(format!(
                "{} said yes (HTTP {}) but the rest of its answer can't be read",
                self.vendor,
                self.status.as_u16()
            ))
        })
    }
}

/// A time as vendors write it: RFC 3339 with `Z` or an offset (Webex), RFC 2822 (Twilio). One that can't be read is no
/// reason to lose the rest.
pub(crate) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = match serde_json::Value::deserialize(from)? {
        serde_json::Value::String(text) => text,
        _ => return Ok(None),
    };
    let rfc2822 = || jiff::fmt::rfc2822::parse(&text).ok().map(|zoned| zoned.timestamp());
    Ok(text.parse().ok().or_else(rfc2822))
}

/// Cuts to what a vendor takes, and shows that something is missing. `cost` is what one character counts for.
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
