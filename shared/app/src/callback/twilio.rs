//! Callbacks from Twilio: verification of the requests, and receipts of texts and calls.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::delivery::{DeliveryId, DispatchKey, Receipt, SUMMARY_PAUSE, VendorStatus};
use handbell_inbound::twilio::{
    CallStatus, Hook, MessageStatus, Params, SIGNATURE_HEADER, Signed, TwilioEvent, verify,
};
use handbell_outbound::twilio::explain;
use handbell_store::Receipts;
use http::{Request, Response, StatusCode};

use crate::configuration::Configuration;
use crate::conversation::customer::CustomerTexts;
use crate::dependencies::{PublicUrl, Time, parts};
use crate::engine::delivery_token::read_token;
use crate::engine::queue::Queue;
use crate::engine::work_item::WorkItem;
use crate::secrets::{Secrets, values};
use crate::{Failed, answer, header, path_and_query, refuse};

parts! {
    /// Takes Twilio's callbacks about texts.
    pub struct SmsInbound {
        requests: TwilioRequests,
        receipts: DeliveryReceipts,
        texts: CustomerTexts,
    }
}

impl SmsInbound {
    /// Answers `/twilio/sms`, a customer's text, and `/twilio/sms/status`, a receipt of a text that Handbell sent.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let done = async {
            let params = self.requests.params(&request).await?;
            match request.uri().path() {
                "/twilio/sms" => self.texts.take(&params).await,
                "/twilio/sms/status" => self.receipts.record(&params, Hook::TextStatus).await,
                _ => Err(Rejected::Unknown.into()),
            }
        };
        done.await.unwrap_or_else(|failed| refuse(&failed))
    }
}

parts! {
    /// Verifies requests from Twilio.
    pub(crate) struct TwilioRequests {
        config: Configuration,
        public_url: PublicUrl,
        secrets: Secrets,
        time: Time,
    }
}

impl TwilioRequests {
    /// Returns the parameters if Twilio signed them with one of our tokens.
    pub(crate) async fn params(&self, request: &Request<Bytes>) -> Result<Params, Failed> {
        let twilio = self.config.twilio.as_ref().ok_or(Rejected::Unknown)?;
        let signed = Signed {
            base: self.public_url.get(),
            path_and_query: path_and_query(request),
            signature: header(request, SIGNATURE_HEADER),
            content_type: header(request, "content-type"),
            body: request.body(),
        };
        let names = || {
            [Some(&twilio.token), twilio.second_token.as_ref()]
                .into_iter()
                .flatten()
                .map(|name| name.secret.as_str())
        };
        let read = |secrets: &_| verify(&signed, &twilio.account, &values(secrets, names()));
        let is_wrong = |read: &_| matches!(read, Err(Rejected::Forged)) && signed.signature.is_some();
        let read = self.secrets.verify(self.time.now(), read, is_wrong).await?;
        if let Err(Rejected::Malformed(why)) = &read {
            tracing::error!(
                reason = why,
                "a request that Twilio signed can't be read; a text comes by Twilio's records in five minutes"
            );
        }
        Ok(read?)
    }
}

parts! {
    /// Stores receipts of texts and calls.
    pub(crate) struct DeliveryReceipts {
        receipts: Receipts,
        queue: Queue,
        time: Time,
    }
}

impl DeliveryReceipts {
    /// Stores the receipt that a callback contains.
    pub(crate) async fn record(&self, params: &Params, hook: Hook) -> Result<Response<Bytes>, Failed> {
        let Some((key, id)) = params.query("d").and_then(read_token) else {
            return Err(Rejected::Unknown.into());
        };
        if hook == Hook::CallStatus && params.get("AnsweredBy").is_some_and(is_machine) {
            // Reported while the machine speaks, and again when the call is over. Both mean that the call reached a
            // voicemail.
            let TwilioEvent::CallStatus { sid, .. } = params.event(hook)? else {
                return Err(Rejected::Unknown.into());
            };
            let receipt = Receipt {
                // Whichever of the two comes first, the voicemail outranks the end of the call.
                rank: CallStatus::Completed.rank() + 1,
                last: true,
                status: VendorStatus::Voicemail,
                why: None,
                code: None,
                id: sid.into(),
            };
            return self.write(&key, id, &receipt).await;
        }
        if hook == Hook::CallStatus && params.get("CallStatus").is_none() {
            // A person has answered. The call's own request reports that.
            return Ok(answer(StatusCode::OK, ""));
        }
        let receipt = match params.event(hook)? {
            TwilioEvent::MessageStatus { sid, status, error_code } => Receipt {
                rank: status.rank(),
                last: status.is_final(),
                status: params
                    .get("MessageStatus")
                    .or_else(|| params.get("SmsStatus"))
                    .unwrap_or_default()
                    .into(),
                why: error_code.map(|code| explain(code).1.to_owned()),
                code: error_code,
                id: sid.into(),
            },
            TwilioEvent::CallStatus { sid, status, .. } => Receipt {
                rank: status.rank(),
                last: status.is_final(),
                status: params.get("CallStatus").unwrap_or_default().into(),
                why: None,
                code: None,
                id: sid.into(),
            },
            _ => return Err(Rejected::Unknown.into()),
        };
        // Before a text is sent or a call is answered, a receipt contains nothing that the delivery summary doesn't
        // show already. Storing it would cost as much as everything that follows.
        let earliest =
            if hook == Hook::TextStatus { MessageStatus::Sent.rank() } else { CallStatus::InProgress.rank() };
        if receipt.rank < earliest {
            return Ok(answer(StatusCode::OK, ""));
        }
        self.write(&key, id, &receipt).await
    }

    async fn write(
        &self,
        key: &DispatchKey,
        id: DeliveryId,
        receipt: &Receipt,
    ) -> Result<Response<Bytes>, Failed> {
        let now = self.time.now();
        let due = now + SUMMARY_PAUSE;
        if self.receipts.record_receipt(key, id, receipt, due).await? {
            tracing::info!(dispatch = ?key, delivery = %id, status = %receipt.status, "receipt");
            self.queue.enqueue(&[(WorkItem::Dispatch(key.clone()), due)], now).await;
        }
        if receipt.status.brought_nobody() {
            // The next attempt for the same person comes at once, not at its scheduled time. A repeated callback
            // expedites again: the worker that handled the first one may have died before this.
            self.receipts.expedite(key, due).await?;
        }
        Ok(answer(StatusCode::OK, ""))
    }
}

/// Returns whether a machine answered (Twilio, answering machine detection).
fn is_machine(answered_by: &str) -> bool {
    answered_by.starts_with("machine") || answered_by == "fax"
}
