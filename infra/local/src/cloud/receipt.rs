//! Receiving by SES: a rule that puts a mail into the bucket and then calls the function, like the deployed rule.

mod verdict;

use std::io;
use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::bucket::{self, Bucket};
use super::compose::date;
use super::door::cut;
use super::invoke::Calls;
use super::mime::{Field, bare, field, several, split};
use super::sent_mail;
use super::template::Template;
use super::{ACCOUNT, REGION};
use handbell_sim::Stage;
use handbell_sim::wire::WireEntry;
pub use verdict::{Policy, Verdict, Verdicts};

/// The function that the rule calls.
pub const FUNCTION: &str = "mail-inbound";
/// Prefix of the object's key, before the mail's id.
pub const PREFIX: &str = "inbound/";
/// Limit of a mail, in bytes.
const LARGEST: usize = bucket::LARGEST;
/// Limit of the headers in the event, in bytes (SES, "headersTruncated").
const HEADERS: usize = 10 * 1024;

/// The envelope of a mail, independent of its headers.
#[derive(Clone)]
pub struct Envelope {
    /// `MAIL FROM`; empty for mail that must not be answered.
    pub from: String,
    /// `RCPT TO`, bare addresses.
    pub to: Vec<String>,
    /// The verdicts of SES.
    pub verdicts: Verdicts,
}

/// Why a mail was not received. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum NotReceived {
    /// The template lacks the function that the rule calls.
    #[error("template.yaml has no function {FUNCTION}, which the rule for inbound mail calls")]
    NoFunction,
    /// The bucket can't write its file.
    #[error("the mail can't be put into the bucket: {0}")]
    Bucket(#[from] io::Error),
}

/// The rule for inbound mail. Cheap to clone.
#[derive(Clone)]
pub struct Receipt {
    stage: Stage,
    template: Arc<Template>,
    calls: Calls,
    bucket: Bucket,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Query {
    #[serde(default)]
    to: Vec<String>,
    from: Option<String>,
    #[serde(default)]
    spam: Verdict,
    #[serde(default)]
    virus: Verdict,
    #[serde(default)]
    spf: Verdict,
    #[serde(default)]
    dkim: Verdict,
    #[serde(default)]
    dmarc: Verdict,
    #[serde(default)]
    policy: Policy,
    #[serde(default)]
    lost: bool,
}

impl Query {
    /// Parses the query. The error is a sentence for people.
    fn read(query: &str) -> Result<Self, String> {
        let query: Self = serde_html_form::from_str(query).map_err(|error| {
            format!(
                "The query can't be read: {error}. It is ?to=ADDRESS, and if wanted from=ADDRESS, lost=true, \
                 policy=none|quarantine|reject, and spam, virus, spf, dkim or dmarc=PASS|FAIL|GRAY|PROCESSING_FAILED."
            )
        })?;
        if query.to.is_empty() {
            return Err(
                "Nobody is named to whom the mail goes: add ?to=ADDRESS, several times if wanted.".into()
            );
        }
        let from = query.from.iter().filter(|from| !from.is_empty());
        for address in query.to.iter().chain(from) {
            sent_mail::address(address)
                .map_err(|why| format!("{address:?} is no address: {why} In a query a + is written %2B."))?;
        }
        Ok(query)
    }
}

impl Receipt {
    /// Creates a rule that puts mail into this bucket.
    pub fn new(template: Arc<Template>, stage: Stage, calls: Calls, bucket: Bucket) -> Self {
        Self { stage, template, calls, bucket }
    }

    /// Handles `POST /sim/mail?to=ADDRESS…` with a mail. Answers 202 with the id once the mail is in the bucket and the call
    /// is made.
    pub async fn handle(&self, request: Request) -> Response {
        let (at, begun) = (self.stage.clock.now(), tokio::time::Instant::now());
        let (parts, body) = request.into_parts();
        let mail = to_bytes(body, LARGEST).await.ok();
        let response = self.answer(parts.uri.query().unwrap_or_default(), mail.as_ref());
        let (head, answer) = response.into_parts();
        let answer = to_bytes(answer, LARGEST).await.unwrap_or_default();
        self.stage.wire.record(WireEntry {
            number: 0,
            at,
            from: "sender".into(),
            to: "ses".into(),
            method: parts.method.to_string(),
            url: format!("{}{}", self.stage.origin(), parts.uri),
            headers: Vec::new(),
            body: cut(&mail.unwrap_or_default()),
            status: head.status.as_u16(),
            answer: cut(&answer),
            verdict: "none needed".into(),
            millis: begun.elapsed().as_millis() as u64,
        });
        self.stage.touch();
        Response::from_parts(head, Body::from(answer))
    }

    fn answer(&self, query: &str, mail: Option<&Bytes>) -> Response {
        let refuse = |status: StatusCode, why: String| (status, format!("{why}\n")).into_response();
        let query = match Query::read(query) {
            Ok(query) => query,
            Err(why) => return refuse(StatusCode::BAD_REQUEST, why),
        };
        let Some(mail) = mail else {
            let why = "The mail is larger than 40 MB, which is the most that SES takes.";
            return refuse(StatusCode::PAYLOAD_TOO_LARGE, why.into());
        };
        if mail.is_empty() {
            return refuse(
                StatusCode::BAD_REQUEST,
                "The body is empty; it is the mail itself, as raw MIME.".into(),
            );
        }
        let Query { spam, virus, spf, dkim, dmarc, policy, .. } = query;
        let envelope = Envelope {
            from: query.from.map_or_else(|| sender(mail), |from| bare(&from).to_owned()),
            to: query.to.iter().map(|to| bare(to).to_owned()).collect(),
            verdicts: Verdicts { spam, virus, spf, dkim, dmarc, policy },
        };
        match self.receive(&envelope, mail, query.lost) {
            Ok(id) => (StatusCode::ACCEPTED, Json(json!({ "messageId": id }))).into_response(),
            Err(why @ NotReceived::NoFunction) => refuse(StatusCode::SERVICE_UNAVAILABLE, why.to_string()),
            Err(why) => refuse(StatusCode::INTERNAL_SERVER_ERROR, why.to_string()),
        }
    }

    /// Receives a mail: puts it into the bucket under [`PREFIX`] and its id, and calls [`FUNCTION`] unless the call is
    /// `lost`. Returns SES's id, which is not the `Message-ID` header.
    pub fn receive(&self, envelope: &Envelope, mail: &[u8], lost: bool) -> Result<String, NotReceived> {
        let function = self.template.function(FUNCTION);
        if function.is_none() && !lost {
            return Err(NotReceived::NoFunction);
        }
        let (id, event) = self.store(envelope, mail)?;
        if let Some(function) = function.filter(|_| !lost) {
            self.calls.post(&function.name, event, function.retries);
        }
        self.stage.touch();
        Ok(id)
    }

    /// Puts a mail into the bucket under [`PREFIX`] and its id, without a call. Returns the id, and the event with which SES
    /// would call [`FUNCTION`].
    ///
    /// Fails if the bucket's file can't be written.
    pub fn store(&self, envelope: &Envelope, mail: &[u8]) -> Result<(String, Value), io::Error> {
        // Forty characters, like SES's ids.
        let id =
            format!("{}{}", uuid::Uuid::new_v4().simple(), &uuid::Uuid::new_v4().simple().to_string()[..8]);
        let own = self.own_head(envelope, &id, mail);
        let whole: Bytes = [own.as_bytes(), mail].concat().into();
        self.bucket.put(&format!("{PREFIX}{id}"), "application/octet-stream", &whole)?;
        let event = self.event(envelope, &id, &whole);
        Ok((id, event))
    }

    /// Returns the headers that SES puts before the mail.
    fn own_head(&self, envelope: &Envelope, id: &str, mail: &[u8]) -> String {
        let Envelope { from, to, verdicts } = envelope;
        let (date, first) = (date(self.stage.clock.now()), to.first().map_or("", String::as_str));
        let helo = domain(from);
        let seen = sender(mail);
        let Verdicts { spam, virus, spf, dkim, dmarc, .. } = *verdicts;
        let (spam, virus) = (json!(spam), json!(virus));
        let (spam, virus) = (spam.as_str().unwrap_or_default(), virus.as_str().unwrap_or_default());
        let (spf, dkim, dmarc) = (spf.in_words(), dkim.in_words(), dmarc.in_words());
        let seen = domain(&seen);
        format!(
            "Return-Path: <{from}>\r\n\
             Received: from {helo} ({helo} [192.0.2.1])\r\n by inbound-smtp.{REGION}.amazonaws.com with SMTP id {id}\r\n \
             for {first};\r\n {date} (UTC)\r\n\
             X-SES-Spam-Verdict: {spam}\r\n\
             X-SES-Virus-Verdict: {virus}\r\n\
             Received-SPF: {spf} (spfCheck: laptop) client-ip=192.0.2.1; envelope-from={from}; helo={helo};\r\n\
             Authentication-Results: amazonses.com;\r\n spf={spf} (spfCheck: laptop) client-ip=192.0.2.1; envelope-from={from}; helo={helo};\r\n \
             dkim={dkim} header.i=@{seen};\r\n dmarc={dmarc} header.from={seen};\r\n"
        )
    }

    /// Creates the event as the rule's Lambda action sends it. It doesn't contain the result of the S3 action.
    fn event(&self, envelope: &Envelope, id: &str, mail: &[u8]) -> Value {
        let Envelope { from, to, verdicts } = envelope;
        let (fields, _) = split(mail);
        let fields: Vec<Field> = fields.into_iter().filter(|(name, _)| !name.is_empty()).collect();
        let mut left = Some(HEADERS);
        let shown: Vec<_> = fields
            .iter()
            .take_while(|(name, value)| {
                left = left.and_then(|left| left.checked_sub(name.len() + value.len() + 4));
                left.is_some()
            })
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let truncated = shown.len() < fields.len();
        let people = |name: &str| field(&fields, name).map(several);
        let addressed = ["to", "cc"].into_iter().filter_map(people).flatten();
        let destination: Vec<String> = addressed.map(|address| bare(&address).to_owned()).collect();
        let now = self.stage.clock.now().strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let status = |verdict: Verdict| json!({ "status": verdict });
        let mut receipt = json!({
            "timestamp": now,
            "processingTimeMillis": 400,
            "recipients": to,
            "spamVerdict": status(verdicts.spam),
            "virusVerdict": status(verdicts.virus),
            "spfVerdict": status(verdicts.spf),
            "dkimVerdict": status(verdicts.dkim),
            "dmarcVerdict": status(verdicts.dmarc),
            "action": {
                "type": "Lambda",
                "functionArn": format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}"),
                "invocationType": "Event",
            },
        });
        if verdicts.dmarc == Verdict::Fail {
            receipt["dmarcPolicy"] = json!(verdicts.policy);
        }
        json!({ "Records": [{
            "eventSource": "aws:ses",
            "eventVersion": "1.0",
            "ses": {
                "mail": {
                    "timestamp": now,
                    "source": from,
                    "messageId": id,
                    "destination": destination,
                    "headersTruncated": truncated,
                    "headers": shown,
                    "commonHeaders": common(&fields, from),
                },
                "receipt": receipt,
            },
        }] })
    }
}

/// Returns SES's `commonHeaders`, without those that the mail lacks.
fn common(fields: &[Field], from: &str) -> Value {
    let mut common = Map::from_iter([("returnPath".to_owned(), json!(from))]);
    for (name, header) in
        [("messageId", "message-id"), ("date", "date"), ("subject", "subject"), ("sender", "sender")]
    {
        common.extend(field(fields, header).map(|value| (name.to_owned(), json!(value))));
    }
    for (name, header) in
        [("from", "from"), ("to", "to"), ("cc", "cc"), ("bcc", "bcc"), ("replyTo", "reply-to")]
    {
        common.extend(field(fields, header).map(|value| (name.to_owned(), json!(several(value)))));
    }
    Value::Object(common)
}

/// Returns the visible sender's address, without the name.
fn sender(mail: &[u8]) -> String {
    let (fields, _) = split(mail);
    let from = field(&fields, "from").map(several).and_then(|from| from.into_iter().next());
    from.map(|from| bare(&from).to_owned())
        .filter(|from| sent_mail::address(from).is_ok())
        .unwrap_or_default()
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("unknown", |(_, domain)| domain)
}

#[cfg(test)]
#[path = "receipt_tests.rs"]
mod tests;
