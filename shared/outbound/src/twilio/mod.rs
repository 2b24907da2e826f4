//! Twilio: texts and calls, and a look at which of them Twilio knows.

mod codes;

use std::borrow::Cow;
use std::fmt;

use http::Method;
use jiff::Timestamp;
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use codes::{Class, explain};

use crate::DEADLINE;
use crate::answer::{self, Answer, time};
use crate::failure::{Failure, Said};

const TWILIO: &str = "Twilio";

/// The most characters of a text (Twilio, Messages resource; error 21617 beyond).
pub const BODY_MAX: usize = 1600;

/// Within what, in seconds, a text may have to be delivered (Twilio, Messages resource, `ValidityPeriod`).
const VALIDITY: std::ops::RangeInclusive<u32> = 1..=36_000;

/// How long, in seconds, a phone may ring (Twilio, Calls resource, `Timeout`).
const TIMEOUT: std::ops::RangeInclusive<u32> = 1..=600;

/// How many of the newest a look sees.
const LOOK: &str = "50";

/// A call was to be cancelled that rings no more, or never did (Twilio, error dictionary).
const INVALID_CALL_STATE: u32 = 21220;

/// The Twilio REST API with one account.
#[derive(Clone)]
pub struct Twilio {
    http: reqwest::Client,
    base_url: String,
    account: String,
    user: String,
    password: SecretString,
}

impl fmt::Debug for Twilio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Twilio").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

/// A text to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Sms {
    /// A number in E.164.
    pub to: String,
    /// One of our numbers, a sender's name, or the id of a Messaging Service (`MG…`).
    pub from: String,
    /// What to say; goes through [`fit`].
    pub body: String,
    /// Where Twilio tells its fate. No underscore in the host's name (Twilio, Messages resource).
    pub status_callback: Option<String>,
    /// Seconds after which it is better not delivered at all, so that a late copy dies.
    pub validity: u32,
}

impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms").field("validity", &self.validity).finish_non_exhaustive()
    }
}

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
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// A text that Twilio knows, ours or one that came in (Twilio, Messages resource).
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// `SM…` or `MM…`.
    pub sid: String,
    /// What it says.
    #[serde(default)]
    pub body: Option<String>,
    /// `queued`, `sent`, `delivered`, `undelivered`, `failed`, `received` …
    #[serde(default)]
    pub status: Option<String>,
    /// When Twilio took it.
    #[serde(default, deserialize_with = "time")]
    pub date_created: Option<Timestamp>,
    /// `inbound`, or `outbound-api` and its like.
    #[serde(default)]
    pub direction: Option<String>,
    /// Who sent it.
    #[serde(default)]
    pub from: Option<String>,
    /// Who it is for.
    #[serde(default)]
    pub to: Option<String>,
    /// Why it failed: see [`explain`].
    #[serde(default)]
    pub error_code: Option<u32>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("sid", &self.sid)
            .field("status", &self.status)
            .finish_non_exhaustive()
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

#[derive(Deserialize)]
struct Accepted {
    sid: String,
}

// The lists aren't defaulted: an answer without one is no empty look.
#[derive(Deserialize)]
struct Messages {
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Calls {
    calls: Vec<CallSeen>,
}

/// What Twilio says besides the status of an error. Its `message` isn't read: it repeats the numbers.
#[derive(Deserialize)]
struct Complaint {
    #[serde(default)]
    code: Option<u32>,
}

/// Cuts a text to [`BODY_MAX`] and ends it with "…" if something is missing. A reference that must be found again
/// stands at the beginning. An emoji counts as two: Twilio doesn't say what a character is, and this is the safe side.
pub fn fit(body: &str) -> Cow<'_, str> {
    answer::cut(body, BODY_MAX, char::len_utf16)
}

impl Twilio {
    /// `base_url` is `https://api.twilio.com` but for the laptop and the tests. `user` is the account's sid with its auth
    /// token as `password`, or an API key (`SK…`) with its secret; `account` is the account's sid in either case
    /// (Twilio, API keys).
    ///
    /// An address or a password that can't be used is reported by every call.
    pub fn new(
        http: reqwest::Client,
        base_url: String,
        account: String,
        user: String,
        password: SecretString,
    ) -> Twilio {
        Twilio { http, base_url, account, user, password }
    }

    /// Sends a text; gives its sid. It is accepted then, not delivered.
    pub async fn send_sms(&self, sms: &Sms) -> Said<String> {
        let body = fit(&sms.body);
        let validity = sms.validity.clamp(*VALIDITY.start(), *VALIDITY.end()).to_string();
        let service = sms.from.len() == 34 && sms.from.starts_with("MG");
        let mut form = vec![
            ("To", sms.to.as_str()),
            (if service { "MessagingServiceSid" } else { "From" }, &sms.from),
            ("Body", &body),
            ("ValidityPeriod", &validity),
        ];
        if let Some(callback) = &sms.status_callback {
            form.push(("StatusCallback", callback));
        }
        let request = self.request(Method::POST, self.url(&["Messages.json"])?).form(&form);
        Ok(self.ask::<Accepted>(request).await?.sid)
    }

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
        let request = self.request(Method::POST, self.url(&["Calls.json"])?).form(&form);
        Ok(self.ask::<Accepted>(request).await?.sid)
    }

    /// Makes sure that a call rings no more. One that was answered goes on, one that is over is no failure. Saying this
    /// twice does no harm.
    pub async fn cancel_call(&self, sid: &str) -> Said<()> {
        let url = self.url(&["Calls", &format!("{}.json", id(sid)?)])?;
        let request = self.request(Method::POST, url).form(&[("Status", "canceled")]);
        match self.ask::<Accepted>(request).await {
            Ok(_) | Err(Failure::Refused { code: INVALID_CALL_STATE, .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    /// The newest fifty texts to and from these numbers; newest first.
    pub async fn messages(&self, to: Option<&str>, from: Option<&str>) -> Said<Vec<Message>> {
        let url = self.look("Messages.json", to, from)?;
        Ok(self.ask::<Messages>(self.request(Method::GET, url)).await?.messages)
    }

    /// The newest fifty calls to and from these numbers; newest first.
    pub async fn calls(&self, to: Option<&str>, from: Option<&str>) -> Said<Vec<CallSeen>> {
        let url = self.look("Calls.json", to, from)?;
        Ok(self.ask::<Calls>(self.request(Method::GET, url)).await?.calls)
    }

    /// A text by its sid.
    pub async fn message(&self, sid: &str) -> Said<Message> {
        let url = self.url(&["Messages", &format!("{}.json", id(sid)?)])?;
        self.ask(self.request(Method::GET, url)).await
    }

    /// A call by its sid.
    pub async fn call(&self, sid: &str) -> Said<CallSeen> {
        let url = self.url(&["Calls", &format!("{}.json", id(sid)?)])?;
        self.ask(self.request(Method::GET, url)).await
    }

    fn url(&self, path: &[&str]) -> Said<Url> {
        let no_address = || Failure::never_asked("the address of Twilio in the settings is not an address");
        let mut url = Url::parse(&self.base_url).map_err(|_| no_address())?;
        let account = id(&self.account)?;
        url.path_segments_mut()
            .map_err(|()| no_address())?
            .pop_if_empty()
            .extend(["2010-04-01", "Accounts", account])
            .extend(path);
        Ok(url)
    }

    fn look(&self, list: &str, to: Option<&str>, from: Option<&str>) -> Said<Url> {
        let mut url = self.url(&[list])?;
        // No filter by date: what is queued has no date of sending yet, and would not be seen.
        for (name, number) in [("To", to), ("From", from)] {
            if let Some(number) = number {
                url.query_pairs_mut().append_pair(name, number);
            }
        }
        url.query_pairs_mut().append_pair("PageSize", LOOK);
        Ok(url)
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url).basic_auth(&self.user, Some(self.password.expose_secret()))
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Said<T> {
        let answer = Answer::to(TWILIO, request, DEADLINE).await?;
        if answer.status.is_success() {
            return answer.agreed();
        }
        let code = answer.body::<Complaint>().and_then(|complaint| complaint.code);
        let retry_after = answer.retry_after();
        match (Failure::of_status(TWILIO, answer.status, retry_after), code) {
            // Wherever it comes from, this one was never processed (Twilio, error dictionary).
            (_, Some(20429)) => Err(Failure::NotSent { retry_after, why: in_words(20429) }),
            (Some(Failure::NotSent { retry_after, .. }), Some(code))
                if explain(code).0 == Class::Transient =>
            {
                Err(Failure::NotSent { retry_after, why: in_words(code) })
            }
            (Some(failure), _) => Err(failure),
            (None, code) => {
                let code = code.unwrap_or_else(|| answer.status.as_u16().into());
                let why = in_words(code);
                Err(match explain(code).0 {
                    Class::Transient | Class::RetryOnce => Failure::NotSent { retry_after, why },
                    Class::Permanent | Class::Alarm => Failure::Refused { code, why },
                })
            }
        }
    }
}

/// Sids are letters and digits. Anything else would change what is asked.
fn id(sid: &str) -> Said<&str> {
    if !sid.is_empty() && sid.bytes().all(|b| b.is_ascii_alphanumeric()) {
        Ok(sid)
    } else {
        Err(Failure::never_asked("there is no sid to ask Twilio about"))
    }
}

fn in_words(code: u32) -> String {
    let words = explain(code).1;
    if code < 1000 { format!("{words} (Twilio, HTTP {code})") } else { format!("{words} (Twilio {code})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_what_twilio_takes() {
        assert!(matches!(fit("Check Webex"), Cow::Borrowed(_)));
        assert_eq!(fit(&"é".repeat(1600)), "é".repeat(1600));
        let cut = fit(&"é".repeat(1601)).into_owned();
        assert_eq!((cut.chars().count(), cut.ends_with("é…")), (1600, true));
        let emoji = fit(&"🔔".repeat(1000)).into_owned();
        assert_eq!(emoji.encode_utf16().count(), 1599);
    }

    #[test]
    fn sids_are_letters_and_digits() {
        assert_eq!(id("CA0123"), Ok("CA0123"));
        for wrong in ["", "..", "CA/..", "CA0?x", "CA%2e", "é"] {
            assert!(id(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn debug_shows_nobody() {
        let sms = Sms {
            to: "+12025550111".into(),
            from: "+12025550100".into(),
            body: "Check Webex".into(),
            status_callback: Some("https://x/?to=+12025550111".into()),
            validity: 600,
        };
        assert_eq!(format!("{sms:?}"), "Sms { validity: 600, .. }");
    }
}
