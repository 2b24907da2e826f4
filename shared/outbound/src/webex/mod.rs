//! Webex: spaces, the people in them, posts, and webhooks.

mod actions;
mod contents;
mod disposition;
mod files;
mod incident_card;
mod link;
mod people;
mod posts;
mod spaces;
mod teams;
mod webhooks;

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use http::{Method, StatusCode};
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub use actions::{Action, zone_card};
pub use contents::{About, WebexContent};
pub use files::{Attached, FILE_MAX, WebexFile};
pub use incident_card::incident_card;
pub use people::WebexPerson;
pub use posts::{MARKDOWN_MAX, Post, WebexMessage, fit};
pub use spaces::{Member, Room, TITLE_MAX, title};
pub use teams::{Teammate, WebexTeam};
pub use webhooks::{NewWebhook, Webhook};

use crate::DEADLINE;
use crate::answer::Answer;
use crate::failure::{Failure, VendorResult, masked};

const WEBEX: &str = "Webex";

/// Pause after a 429 or 423 of Webex without `Retry-After` (Webex Python SDK, rate limit handling).
pub const PAUSE: Duration = Duration::from_secs(15);

/// Maximum number of items on a page of a list; Webex clamps higher values (Webex, basics guide).
const PAGE: &str = "1000";

/// Number of items on a page of a list that is read back to a time, and mostly ends on its first page.
const BACK_PAGE: &str = "50";

/// Maximum number of pages; a longer list is a loop.
const PAGES_MAX: usize = 200;

/// Webex's REST API with one token.
#[derive(Clone)]
pub struct Webex {
    http: reqwest::Client,
    base_url: String,
    token: SecretString,
}

impl fmt::Debug for Webex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webex").field("base_url", &self.base_url).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Page<T> {
    // No default: a response without the list is not an empty list, and mistaking it for one would send messages twice.
    items: Vec<T>,
}

/// The part of Webex's error response that is read (Webex, basics guide).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Complaint {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    tracking_id: Option<String>,
}

impl Webex {
    /// `base_url` is `https://webexapis.com/v1`, except in the local environment and the tests.
    ///
    /// Every call reports an address or a token that can't be used.
    pub fn new(http: reqwest::Client, base_url: String, token: SecretString) -> Webex {
        Webex { http, base_url, token }
    }

    /// Returns our own account. Its messages must be ignored, or the bot answers itself forever (Webex, bots guide).
    pub async fn me(&self) -> VendorResult<WebexPerson> {
        self.get(self.url(&["people", "me"])?).await
    }

    /// Builds an address. Each id is one path segment, whatever characters it contains.
    fn url(&self, path: &[&str]) -> VendorResult<Url> {
        let mut url = Url::parse(&self.base_url)
            .map_err(|_| Failure::never_asked("the address of Webex in the settings is not an address"))?;
        if path.iter().any(|segment| matches!(*segment, "" | "." | "..")) {
            return Err(Failure::never_asked("there is no id to ask Webex about"));
        }
        url.path_segments_mut()
            .map_err(|()| Failure::never_asked("the address of Webex in the settings is not an address"))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url).bearer_auth(self.token.expose_secret())
    }

    /// Sends a request. Returns a success, or a 409 if the caller accepts one.
    async fn ask(
        &self,
        request: RequestBuilder,
        deadline: Duration,
        conflict_is_fine: bool,
    ) -> VendorResult<Answer> {
        sorted(Answer::to(WEBEX, request, deadline).await?, conflict_is_fine)
    }

    /// Deletes a resource. A missing one is no failure.
    async fn delete(&self, path: &[&str]) -> VendorResult<()> {
        match self.ask(self.request(Method::DELETE, self.url(path)?), DEADLINE, false).await {
            Ok(_) | Err(Failure::Refused { code: 404, .. }) => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    async fn get<T: DeserializeOwned>(&self, url: Url) -> VendorResult<T> {
        self.ask(self.request(Method::GET, url), DEADLINE, false).await?.agreed()
    }

    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: &serde_json::Value,
    ) -> VendorResult<T> {
        self.ask(self.request(method, url).json(body), DEADLINE, false).await?.agreed()
    }

    /// Reads a list page by page, until there are `enough` items or no more pages. An empty page needn't be the last
    /// (Webex, basics guide).
    async fn list<T: DeserializeOwned>(&self, first: Url, enough: usize) -> VendorResult<Vec<T>> {
        let mut all = self.list_until(first, |all: &[T]| all.len() >= enough).await?;
        all.truncate(enough);
        Ok(all)
    }

    /// Reads a list page by page, until the items are `enough` or there are no more pages.
    async fn list_until<T: DeserializeOwned>(
        &self,
        first: Url,
        enough: impl Fn(&[T]) -> bool,
    ) -> VendorResult<Vec<T>> {
        let mut all = Vec::new();
        let mut seen = HashSet::new();
        let mut url = first;
        while seen.len() < PAGES_MAX {
            if !seen.insert(url.clone()) {
                return Err(Failure::unknown("Webex returns the same page of a list repeatedly"));
            }
            let answer = self.ask(self.request(Method::GET, url.clone()), DEADLINE, false).await?;
            all.extend(answer.agreed::<Page<T>>()?.items);
            if enough(&all) {
                return Ok(all);
            }
            match link::next(&answer.headers, &url) {
                link::Next::None => return Ok(all),
                link::Next::Page(next) => url = next,
                // The request would send the token there.
                link::Next::Elsewhere => {
                    return Err(Failure::unknown("Webex's list continues at a foreign address"));
                }
            }
        }
        Err(Failure::unknown("Webex's list has no end"))
    }
}

/// Returns a success, or a 409 if the caller accepts one; everything else is a failure.
fn sorted(answer: Answer, conflict_is_fine: bool) -> VendorResult<Answer> {
    let pause = Some(answer.retry_after().unwrap_or(PAUSE));
    if let Some(failure) = Failure::of_status(WEBEX, answer.status, pause) {
        return Err(failure);
    }
    if answer.status.is_success() || (conflict_is_fine && answer.status == StatusCode::CONFLICT) {
        return Ok(answer);
    }
    Err(refused(answer.status, &answer.body().unwrap_or_default()))
}

/// Describes a clear refusal in our words, followed by Webex's own without anything that may identify a person, and the
/// tracking id for Webex's support.
fn refused(status: StatusCode, complaint: &Complaint) -> Failure {
    let code = status.as_u16();
    let ours = match code {
        400 => "Webex doesn't understand or doesn't allow this",
        401 => "Webex doesn't take our token: it is wrong, expired or was regenerated",
        403 => "our Webex account may not do this",
        404 => "Webex doesn't know it, or doesn't let us see it",
        405 => "Webex doesn't do this here",
        409 => "Webex says that it is done already",
        410 => "it is gone from Webex",
        413 => "it is too big for Webex",
        415 => "Webex doesn't take this kind of content",
        428 => "Webex can't check the file for malware",
        _ => "Webex refused it",
    };
    let theirs = complaint.message.as_deref().map(masked).filter(|words| !words.is_empty());
    let tracking = complaint.tracking_id.as_deref().filter(|id| {
        id.len() <= 80 && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
    });
    let mut why = format!("{ours} (HTTP {code}");
    if let Some(theirs) = theirs {
        why.push_str(&format!(": {theirs}"));
    }
    if let Some(tracking) = tracking {
        why.push_str(&format!(", tracking id {tracking}"));
    }
    why.push(')');
    Failure::Refused { code: code.into(), why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::disallowed_methods, reason = "it is never used to ask anybody")]
    fn webex(base: &str) -> Webex {
        let provider = rustls::crypto::ring::default_provider();
        let _ = provider.install_default();
        Webex::new(reqwest::Client::builder().build().unwrap(), base.to_owned(), "very-secret".into())
    }

    #[test]
    fn ids_stay_inside_their_segment() {
        let webex = webex("http://127.0.0.1:1/sim/webex/v1/");
        let url = |id| webex.url(&["messages", id]).map(String::from);
        assert_eq!(url("abc").unwrap(), "http://127.0.0.1:1/sim/webex/v1/messages/abc");
        assert_eq!(url("a/../b?c#d").unwrap(), "http://127.0.0.1:1/sim/webex/v1/messages/a%2F..%2Fb%3Fc%23d");
        for nothing in ["", ".", ".."] {
            assert!(matches!(url(nothing), Err(Failure::Refused { code: 0, .. })));
        }
    }

    #[test]
    fn debug_shows_no_token() {
        let shown = format!("{:?}", webex("https://webexapis.com/v1"));
        assert!(shown.contains("webexapis.com") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn a_refusal_identifies_nobody() {
        let complaint = Complaint {
            message: Some("User a@example.com not found".into()),
            tracking_id: Some("ROUTER_1-2".into()),
        };
        let Failure::Refused { code: 404, why } = refused(StatusCode::NOT_FOUND, &complaint) else {
            panic!()
        };
        assert_eq!(
            why,
            "Webex doesn't know it, or doesn't let us see it (HTTP 404: User … not found, tracking id ROUTER_1-2)"
        );
    }
}
