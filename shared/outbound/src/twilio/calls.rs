//! Calls: placing, ending and looking them up.

use std::fmt;

use handbell_core::address::{E164, PhoneAddress};
use handbell_core::vendor_id::CallSid;
use http::Method;
use jiff::Timestamp;
use serde::Deserialize;

use super::{Accepted, Twilio};
use crate::answer::time;
use crate::failure::{Failure, VendorResult};

/// Allowed ringing times in seconds (Twilio, Calls resource, `Timeout`).
const TIMEOUT: std::ops::RangeInclusive<u32> = 1..=600;

/// Error for ending a call that no longer rings or is over (Twilio, error dictionary).
const INVALID_CALL_STATE: u32 = 21220;

/// A call to be placed.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// The number to call.
    pub to: E164,
    /// One of our numbers, or a verified one.
    pub from: E164,
    /// Address from which Twilio fetches the TwiML with POST once the call is answered.
    pub url: String,
    /// Address for Twilio's status callbacks: initiated, ringing, answered, completed.
    pub status_callback: Option<String>,
    /// Ringing time in seconds; 15 ends most calls before voice mail answers (Twilio, Calls resource).
    pub timeout: u32,
    /// Address to which Twilio posts as `AnsweredBy` whether a person or a machine has answered: `human`,
    /// `machine_start`, `fax`, `unknown`. The call goes on meanwhile. Detection costs a little per call (Twilio,
    /// answering machine detection).
    pub detect_machine: Option<String>,
}

impl Call {
    /// Creates a call that rings for 60 seconds, Twilio's default, and requests no callbacks.
    pub fn new(to: E164, from: E164, url: String) -> Call {
        Call { to, from, url, status_callback: None, timeout: 60, detect_machine: None }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// A call in Twilio's records (Twilio, Calls resource).
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct CallSeen {
    /// Sid.
    pub sid: CallSid,
    /// `queued`, `ringing`, `in-progress`, `completed`, `busy`, `failed`, `no-answer`, `canceled`.
    #[serde(default)]
    pub status: Option<String>,
    /// When Twilio accepted the call.
    #[serde(default, deserialize_with = "time")]
    pub date_created: Option<Timestamp>,
    /// `inbound`, `outbound-api` or similar.
    #[serde(default)]
    pub direction: Option<String>,
    /// Caller's number.
    #[serde(default)]
    pub from: Option<PhoneAddress>,
    /// Called number.
    #[serde(default)]
    pub to: Option<PhoneAddress>,
}

impl fmt::Debug for CallSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallSeen")
            .field("sid", &self.sid)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

// `calls` has no default: a response without the list is not an empty list.
#[derive(Deserialize)]
struct Calls {
    calls: Vec<CallSeen>,
}

impl Twilio {
    /// Places a call and returns its sid. The call is queued then: an account makes one call per second (Twilio, Calls
    /// resource).
    pub async fn place_call(&self, call: &Call) -> VendorResult<CallSid> {
        let timeout = call.timeout.clamp(*TIMEOUT.start(), *TIMEOUT.end()).to_string();
        let mut form = vec![
            ("To", call.to.as_str()),
            ("From", &call.from),
            ("Url", &call.url),
            ("Method", "POST"),
            ("Timeout", &timeout),
        ];
        if let Some(callback) = &call.status_callback {
            form.push(("StatusCallback", callback));
            form.push(("StatusCallbackMethod", "POST"));
            // By default, Twilio reports only the end of a call.
            form.extend(
                ["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event)),
            );
        }
        if let Some(callback) = &call.detect_machine {
            // Without `AsyncAmd` the person who answers would hear silence until the detection has finished.
            form.extend([("MachineDetection", "Enable"), ("AsyncAmd", "true")]);
            form.push(("AsyncAmdStatusCallback", callback));
            form.push(("AsyncAmdStatusCallbackMethod", "POST"));
        }
        let request = self.request(Method::POST, self.url(&["Calls.json"])?).form(&form);
        Ok(self.ask::<Accepted<CallSid>>(request).await?.sid)
    }

    /// Cancels a call that is still ringing. A call that was answered goes on, and one that is over is no failure. The
    /// call is idempotent.
    pub async fn cancel_call(&self, sid: &CallSid) -> VendorResult<()> {
        self.end_call(sid, "canceled").await
    }

    /// Ends a call, including one that was answered. A call that is already over is no failure. The call is idempotent.
    pub async fn hang_up(&self, sid: &CallSid) -> VendorResult<()> {
        self.end_call(sid, "completed").await
    }

    async fn end_call(&self, sid: &CallSid, status: &str) -> VendorResult<()> {
        let url = self.url(&["Calls", &format!("{sid}.json")])?;
        let request = self.request(Method::POST, url).form(&[("Status", status)]);
        match self.ask::<Accepted<CallSid>>(request).await {
            Ok(_) | Err(Failure::Refused { code: INVALID_CALL_STATE, .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// Returns the newest fifty calls to and from these numbers, newest first.
    pub async fn calls(&self, to: Option<&E164>, from: Option<&E164>) -> VendorResult<Vec<CallSeen>> {
        let url = self.look("Calls.json", to.map(E164::as_str), from.map(E164::as_str))?;
        Ok(self.ask::<Calls>(self.request(Method::GET, url)).await?.calls)
    }

    /// Returns a call by its sid.
    pub async fn call(&self, sid: &CallSid) -> VendorResult<CallSeen> {
        let url = self.url(&["Calls", &format!("{sid}.json")])?;
        self.ask(self.request(Method::GET, url)).await
    }
}
