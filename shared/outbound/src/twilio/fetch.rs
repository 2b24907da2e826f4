//! Fetching files from Twilio. Only Twilio's hosts are requested, and only the API receives the password.

use std::fmt;

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, Method};
use reqwest::{RequestBuilder, Url};

use super::{TWILIO, Twilio, sorted};
use crate::answer::{Answer, with_bytes};
use crate::failure::{Failure, VendorResult};
use crate::media::told_type;

/// Host of the API, except in the local environment. It receives the password.
const API: &str = "api.twilio.com";

/// Maximum number of redirects. Twilio redirects each picture to its file store.
const REDIRECTS_MAX: usize = 3;

/// A file fetched from Twilio.
#[derive(Clone, PartialEq, Eq)]
pub struct TwilioMedia {
    /// The content.
    pub bytes: Bytes,
    /// Media type according to Twilio. Nobody has checked it: see [`crate::looks_like`].
    pub content_type: String,
}

impl fmt::Debug for TwilioMedia {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioMedia")
            .field("bytes", &self.bytes.len())
            .field("content_type", &self.content_type)
            .finish()
    }
}

/// Classification of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The API itself, which receives the password.
    Api,
    /// A file store of Twilio, which doesn't receive the password.
    Store,
    /// Anywhere else.
    Foreign,
}

impl Twilio {
    /// Fetches a picture of a text, or a recording. The address comes from [`super::MediaRef::url`], Twilio's webhooks
    /// or [`Twilio::recording_url`]. The file may have at most `limit` bytes. Each of at most four requests may take
    /// [`crate::DEADLINE`] and one more second per MiB of the limit.
    ///
    /// Only Twilio's own hosts are requested, whatever an address or a redirect names; another address is refused
    /// without a request.
    pub async fn fetch(&self, url: &str, limit: u64) -> VendorResult<TwilioMedia> {
        let mut url = Url::parse(url).map_err(|_| foreign())?;
        for _ in 0..=REDIRECTS_MAX {
            let request = self.request_for(url.clone())?;
            let bytes = usize::try_from(limit).unwrap_or(usize::MAX);
            let answer = Answer::within(TWILIO, request, with_bytes(limit), bytes).await?;
            if let Some(next) = sent_on(&answer, &url) {
                url = next;
                continue;
            }
            let answer = sorted(answer)?;
            let content_type = told_type(&answer.headers);
            return Ok(TwilioMedia { bytes: answer.file(limit)?, content_type });
        }
        Err(Failure::unknown("Twilio sends us on and on for the file"))
    }

    fn request_for(&self, url: Url) -> VendorResult<RequestBuilder> {
        match self.place(&url) {
            Place::Api => Ok(self.request(Method::GET, url)),
            Place::Store => Ok(self.http.get(url)),
            Place::Foreign => Err(foreign()),
        }
    }

    fn place(&self, url: &Url) -> Place {
        if !url.username().is_empty() || url.password().is_some() {
            return Place::Foreign;
        }
        if Url::parse(&self.base_url).is_ok_and(|base| base.host().is_some() && base.origin() == url.origin())
        {
            return Place::Api;
        }
        let (Some(host), "https", None) = (url.host_str(), url.scheme(), url.port()) else {
            return Place::Foreign;
        };
        match host {
            API => Place::Api,
            _ if host.ends_with(".twilio.com") || host.ends_with(".twiliocdn.com") => Place::Store,
            _ => Place::Foreign,
        }
    }
}

fn foreign() -> Failure {
    Failure::never_asked("the address of the file isn't one of Twilio's")
}

/// Returns the target of a redirect. An unreadable target is none, and the response is a failure then.
fn sent_on(answer: &Answer, from: &Url) -> Option<Url> {
    if !matches!(answer.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    from.join(location(&answer.headers)?).ok()
}

fn location(headers: &HeaderMap) -> Option<&str> {
    headers.get(LOCATION)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "it is never used to ask anybody")]
    fn twilio(base: &str) -> Twilio {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().build().unwrap();
        Twilio::new(http, base.into(), "AC1".into(), "SK1".into(), "secret".into())
    }

    fn place(base: &str, url: &str) -> Place {
        twilio(base).place(&url.parse().unwrap())
    }

    /// Returns whether the request carries the password; `None` if no request is made.
    fn with_password(url: &str) -> Option<bool> {
        let request =
            twilio("https://api.twilio.com").request_for(url.parse().unwrap()).ok()?.build().unwrap();
        Some(request.headers().contains_key("authorization"))
    }

    #[test]
    fn a_file_store_does_not_receive_the_password() {
        assert_eq!(with_password("https://api.twilio.com/2010-04-01/x"), Some(true));
        assert_eq!(with_password("https://mms.twiliocdn.com/x"), Some(false));
        assert_eq!(with_password("https://example.com/x"), None);
    }

    #[test]
    fn only_twilio_is_requested() {
        let base = "https://api.twilio.com";
        for (url, expected) in [
            ("https://api.twilio.com/2010-04-01/x", Place::Api),
            ("https://API.twilio.com:443/x", Place::Api),
            ("https://mms.twiliocdn.com/x?Expires=1", Place::Store),
            ("https://media.us1.twilio.com/x", Place::Store),
            ("http://api.twilio.com/x", Place::Foreign),
            ("https://api.twilio.com:8443/x", Place::Foreign),
            ("http://mms.twiliocdn.com/x", Place::Foreign),
            ("https://mms.twiliocdn.com:8443/x", Place::Foreign),
            ("https://twilio.com.example.com/x", Place::Foreign),
            ("https://eviltwilio.com/x", Place::Foreign),
            ("https://api.twilio.com@example.com/x", Place::Foreign),
            ("https://user@api.twilio.com/x", Place::Foreign),
            ("https://:pass@mms.twiliocdn.com/x", Place::Foreign),
            ("https://169.254.169.254/latest", Place::Foreign),
            ("https://[::1]/x", Place::Foreign),
            ("https://api.twilio.com./x", Place::Foreign),
            ("file:///etc/passwd", Place::Foreign),
            ("data:text/plain,x", Place::Foreign),
        ] {
            assert_eq!(place(base, url), expected, "{url}");
        }
    }

    #[test]
    fn the_local_environment_is_requested_at_its_address() {
        let base = "http://127.0.0.1:8080/sim/twilio";
        for (url, expected) in [
            ("http://127.0.0.1:8080/sim/twilio/2010-04-01/x", Place::Api),
            ("http://127.0.0.1:8081/x", Place::Foreign),
            ("https://127.0.0.1:8080/x", Place::Foreign),
            ("http://localhost:8080/x", Place::Foreign),
            ("https://api.twilio.com/x", Place::Api),
        ] {
            assert_eq!(place(base, url), expected, "{url}");
        }
        assert_eq!(place("no address", "https://api.twilio.com/x"), Place::Api);
        assert_eq!(place("data:x", "data:x"), Place::Foreign);
    }
}
