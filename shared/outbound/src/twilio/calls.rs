//! Calls: making them, and those that Twilio knows.

use std::fmt;

use http::Method;
use jiff::Timestamp;
use serde::Deserialize;

use super::{Accepted, Twilio, id};
use crate::answer::time;
use crate::failure::{Failure, Said};

/// How long, in seconds, a phone may ring (Twilio, Calls resource, `Timeout`).
const TIMEOUT: std::ops::RangeInclusive<u32> = 1..=600;

/// A call was to be ended that rings no more, or is over (Twilio, error dictionary).
const INVALID_CALL_STATE: u32 = 21220;

/// A call to be made.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// A number in E.164.
    pub to: String,
    /// One of our numbers, or one that was verified.
    pub from: String,
    /// Where Twilio fetches what to say once somebody answers, with POST.
    pub url: String,
    /// Where Twilio tells how it goes: initiated, ringing, answered, completed.
    pub status_callback: Option<String>,
    /// Seconds to let it ring; 15 to be faster than most voice mail (Twilio, Calls resource).
    pub timeout: u32,
    /// Where Twilio tells, with POST and as `AnsweredBy`, whether a person or a machine has answered: `human`, `machine_start`,
    /// `fax`, `unknown`. The call goes on meanwhile. It costs a little per call (Twilio, answering machine detection).
    pub detect_machine: Option<String>,
}

impl Default for Call {
    /// Rings for 60 seconds, as long as Twilio lets it without being told, and asks for nothing more.
    fn default() -> Call {
        Call {
            to: String::new(),
            from: String::new(),
            url: String::new(),
            status_callback: None,
            timeout: 60,
            detect_machine: None,
        }
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// A call that Twilio knows (Twilio, Calls resource).
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct CallSeen {
    /// `CA…`.
    pub sid: String,
    /// `queued`, `ringing`, `in-progress`, `completed`, `busy`, `failed`, `no-answer`, `canceled`.
    #[serde(default)]
    pub status: Option<String>,
    /// When Twilio took it.
    #[serde(default, deserialize_with = "time")]
    pub date_created: Option<Timestamp>,
    /// `inbound`, or `outbound-api` and its like.
    #[serde(default)]
    pub direction: Option<String>,
    /// Who calls.
    #[serde(default)]
    pub from: Option<String>,
    /// Who is called.
    #[serde(default)]
    pub to: Option<String>,
}

impl fmt::Debug for CallSeen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallSeen")
            .field("sid", &self.sid)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

// The list isn't defaulted: an answer without one is no empty look.
#[derive(Deserialize)]
struct Calls {
    calls: Vec<CallSeen>,
}

impl Twilio {
    /// Makes a call; gives its sid. It is queued then: an account makes one call a second (Twilio, Calls resource).
    pub async fn place_call(&self, call: &Call) -> Said<String> {
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
            // Twilio tells only of the end unless asked.
            form.extend(
                ["initiated", "ringing", "answered", "completed"].map(|event| ("StatusCallbackEvent", event)),
            );
        }
        if let Some(callback) = &call.detect_machine {
            // Without AsyncAmd whoever answers would hear silence until Twilio has made up its mind.
            form.extend([("MachineDetection", "Enable"), ("AsyncAmd", "true")]);
            form.push(("AsyncAmdStatusCallback", callback));
            form.push(("AsyncAmdStatusCallbackMethod", "POST"));
        }
        let request = self.request(Method::POST, self.url(&["Calls.json"])?).form(&form);
        Ok(self.ask::<Accepted>(request).await?.sid)
    }

    /// Makes sure that a call rings no more. One that was answered goes on, one that is over is no failure. Saying this
    /// twice does no harm.
    pub async fn cancel_call(&self, sid: &str) -> Said<()> {
        self.end_call(sid, "canceled").await
    }

    /// Makes sure that a call is over, also one that was answered. One that is over already is no failure. Saying this twice
    /// does no harm.
    pub async fn hang_up(&self, sid: &str) -> Said<()> {
        self.end_call(sid, "completed").await
    }

    async fn end_call(&self, sid: &str, status: &str) -> Said<()> {
        let url = self.url(&["Calls", &format!("{}.json", id(sid)?)])?;
        let request = self.request(Method::POST, url).form(&[("Status", status)]);
        match self.ask::<Accepted>(request).await {
            Ok(_) | Err(Failure::Refused { code: INVALID_CALL_STATE, .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// The newest fifty calls to and from these numbers; newest first.
    pub async fn calls(&self, to: Option<&str>, from: Option<&str>) -> Said<Vec<CallSeen>> {
        let url = self.look("Calls.json", to, from)?;
        Ok(self.ask::<Calls>(self.request(Method::GET, url)).await?.calls)
    }

    /// A call by its sid.
    pub async fn call(&self, sid: &str) -> Said<CallSeen> {
        let url = self.url(&["Calls", &format!("{}.json", id(sid)?)])?;
        self.ask(self.request(Method::GET, url)).await
    }
}
