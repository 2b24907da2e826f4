//! SES: accepts mail in the SDK's wire format (API version 2), keeps it for the page and the tests, and sends nothing. Mail
//! to the inbound domain is delivered to the receipt rule, though.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};

use axum::Json;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

pub use super::mime::Attachment;
pub use super::sent_mail::SentMail;

use super::door::Door;
use super::receipt::{Envelope, Receipt, Verdicts};
use super::{REGION, lock, mime, sent_mail};
use handbell_sim::Stage;

/// The only operation: SES API v2, SendEmail.
const PATH: &str = "/aws/ses/v2/email/outbound-emails";
/// Number of mails that are kept.
const KEPT: usize = 500;
/// Limit of a request, in bytes. Base64 makes a mail of 40 MB larger.
const LARGEST: usize = 64 * 1024 * 1024;

/// SES. Cheap to clone.
#[derive(Clone)]
pub struct Mail {
    stage: Stage,
    sent: Arc<Mutex<VecDeque<SentMail>>>,
    /// The inbound domain, if any.
    inbound_domain: Arc<Mutex<Option<String>>>,
    receipt: Arc<OnceLock<Receipt>>,
}

impl Mail {
    /// Creates an SES without mail.
    pub fn new(stage: Stage) -> Self {
        Self { stage, sent: Arc::default(), inbound_domain: Arc::default(), receipt: Arc::default() }
    }

    /// Sets the inbound domain, whose mail goes to the receipt rule of [`Mail::arrives_by`]. Without a domain, no mail does.
    pub fn inbound_domain(&self, domain: Option<String>) {
        *lock(&self.inbound_domain) = domain;
    }

    /// Sets the receipt rule for mail to the inbound domain. It can be set only once.
    pub(super) fn arrives_by(&self, receipt: Receipt) {
        _ = self.receipt.set(receipt);
    }

    /// Returns the last 500 mails, the oldest first.
    pub fn sent_mails(&self) -> Vec<SentMail> {
        lock(&self.sent).iter().cloned().collect()
    }

    /// Returns the mails for the page and `GET /sim/mail`, the newest last.
    pub fn view(&self) -> Value {
        json!(self.sent_mails())
    }

    /// Answers a request of the SDK, unless the current trouble is a lost answer.
    pub async fn handle(&self, request: Request) -> Response {
        let door = Door { stage: &self.stage, service: "ses", largest: LARGEST, throttled };
        door.pass(request, |parts, body, at| self.answer(parts, body, at)).await
    }

    fn answer(&self, parts: &Parts, body: Option<&Bytes>, at: Timestamp) -> Response {
        if parts.method != Method::POST || parts.uri.path() != PATH {
            return error(
                StatusCode::NOT_FOUND,
                "NotFoundException",
                "the laptop's SES knows only SendEmail of its version 2",
            );
        }
        let asked = body.ok_or("the mail is larger than 40 MB".to_owned());
        match asked.and_then(|body| sent_mail::read(body, at)) {
            Ok((sent, mail)) => {
                let id = sent.id.clone();
                {
                    let mut kept = lock(&self.sent);
                    kept.push_back(sent.clone());
                    if kept.len() > KEPT {
                        kept.pop_front();
                    }
                }
                self.come_in(&sent, mail);
                Json(json!({ "MessageId": id })).into_response()
            }
            Err(why) => error(StatusCode::BAD_REQUEST, "BadRequestException", &why),
        }
    }

    /// Delivers a mail to its recipients in the inbound domain. Nothing here ends a loop of automatic answers.
    fn come_in(&self, sent: &SentMail, mail: Vec<u8>) {
        let (Some(domain), Some(receipt)) = (lock(&self.inbound_domain).clone(), self.receipt.get()) else {
            return;
        };
        let ours = |address: &&str| {
            address.rsplit_once('@').is_some_and(|(_, other)| other.eq_ignore_ascii_case(&domain))
        };
        let to: Vec<String> =
            sent.to.iter().map(|to| mime::bare(to)).filter(ours).map(str::to_owned).collect();
        if to.is_empty() {
            return;
        }
        // Bounces go to the envelope's sender, not to the sender in the header.
        let from = format!("{}@{REGION}.amazonses.com", sent.id);
        let envelope = Envelope { from, to, verdicts: Verdicts::default() };
        if let Err(why) = receipt.receive(&envelope, &mail, false) {
            tracing::warn!(mail = sent.id, %why, "a mail to our own domain did not come in");
        }
    }
}

/// Creates an error as the SDK reads it: the type in a header, the message in the body.
fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    (status, [("x-amzn-errortype", kind)], Json(json!({ "message": message }))).into_response()
}

fn throttled() -> Response {
    let refused =
        error(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Maximum sending rate exceeded.");
    ([("retry-after", "1")], refused).into_response()
}

#[cfg(test)]
#[path = "mail_tests.rs"]
mod tests;
