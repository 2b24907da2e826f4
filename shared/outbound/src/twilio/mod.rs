//! Twilio: texts and calls, the files that come with them, and look-ups in Twilio's records.

mod calls;
mod codes;
mod fetch;
mod media;
mod texts;

use std::fmt;

use http::Method;
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use calls::{Call, CallSeen};
pub use codes::{Class, explain};
pub use fetch::TwilioMedia;
pub use media::MediaRef;
pub use texts::{BODY_MAX, MEDIA_MAX, Sms, TwilioMessage, fit};

use crate::DEADLINE;
use crate::answer::Answer;
use crate::failure::{Failure, VendorResult};

const TWILIO: &str = "Twilio";

/// Version of the API, with which every path begins.
const VERSION: &str = "2010-04-01";

/// Number of records that a look-up returns, newest first.
const LOOK: &str = "50";

/// Twilio's REST API with one account.
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

#[derive(Deserialize)]
struct Accepted<T> {
    sid: T,
}

/// The part of Twilio's error response that is read. Its `message` isn't: it repeats the phone numbers.
#[derive(Deserialize)]
struct Complaint {
    #[serde(default)]
    code: Option<u32>,
}

impl Twilio {
    /// `base_url` is `https://api.twilio.com`, except in the local environment and the tests. `user` is the account's
    /// sid with its auth token as `password`, or an API key (`SK…`) with its secret; `account` is the account's sid in
    /// either case (Twilio, API keys).
    ///
    /// Every call reports an address or a password that can't be used.
    pub fn new(
        http: reqwest::Client,
        base_url: String,
        account: String,
        user: String,
        password: SecretString,
    ) -> Twilio {
        Twilio { http, base_url, account, user, password }
    }

    fn url(&self, path: &[&str]) -> VendorResult<Url> {
        let no_address = || Failure::never_asked("the address of Twilio in the settings is not an address");
        let mut url = Url::parse(&self.base_url).map_err(|_| no_address())?;
        let account = id(&self.account)?;
        url.path_segments_mut()
            .map_err(|()| no_address())?
            .pop_if_empty()
            .extend([VERSION, "Accounts", account])
            .extend(path);
        Ok(url)
    }

    fn look(&self, list: &str, to: Option<&str>, from: Option<&str>) -> VendorResult<Url> {
        let mut url = self.url(&[list])?;
        // No filter by date: a queued message has no date of sending yet and would not be found.
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

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> VendorResult<T> {
        sorted(Answer::to(TWILIO, request, DEADLINE).await?)?.agreed()
    }

    /// Deletes a resource. A missing one is no failure.
    async fn delete(&self, path: &[&str]) -> VendorResult<()> {
        let request = self.request(Method::DELETE, self.url(path)?);
        match sorted(Answer::to(TWILIO, request, DEADLINE).await?) {
            Ok(_) | Err(Failure::Refused { code: 404 | 20404, .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}

/// Returns a successful response; everything else is a failure.
fn sorted(answer: Answer) -> VendorResult<Answer> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let code = answer.body::<Complaint>().and_then(|complaint| complaint.code);
    let retry_after = answer.retry_after();
    match (Failure::of_status(TWILIO, answer.status, retry_after), code) {
        // Whatever the status, such a request was never processed (Twilio, error dictionary).
        (_, Some(20429)) => Err(Failure::NotSent { retry_after, why: in_words(20429) }),
        (Some(Failure::NotSent { retry_after, .. }), Some(code)) if explain(code).0 == Class::Transient => {
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

/// Checks a sid. Sids consist of letters and digits; other characters would change the request.
fn id(sid: &str) -> VendorResult<&str> {
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
    fn sids_are_letters_and_digits() {
        assert_eq!(id("CA0123"), Ok("CA0123"));
        for wrong in ["", "..", "CA/..", "CA0?x", "CA%2e", "é"] {
            assert!(id(wrong).is_err(), "{wrong}");
        }
    }
}
