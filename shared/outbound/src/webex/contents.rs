//! Files that came with a post: their metadata and their content.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, StatusCode};
use reqwest::Url;

use super::disposition::name;
use super::{WEBEX, Webex, sorted};
use crate::answer::{Answer, with_bytes};
use crate::failure::{Failure, VendorResult};
use crate::media::told_type;

/// A file fetched from a post.
#[derive(Clone, PartialEq, Eq)]
pub struct WebexContent {
    /// Name: no folders, no control characters, at most 100 characters, never empty.
    pub name: String,
    /// Media type according to Webex. Nobody has checked it: see [`crate::looks_like`].
    pub content_type: String,
    /// The content.
    pub bytes: Bytes,
}

impl fmt::Debug for WebexContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebexContent")
            .field("content_type", &self.content_type)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Metadata of a file that hasn't been fetched.
#[derive(Clone, PartialEq, Eq)]
pub struct About {
    /// See [`Fetched::name`].
    pub name: String,
    /// See [`Fetched::content_type`].
    pub content_type: String,
    /// Length in bytes, if Webex states it.
    pub length: Option<u64>,
}

impl fmt::Debug for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("About")
            .field("content_type", &self.content_type)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl Webex {
    /// Fetches a file that came with a post: `url` is an element of [`super::Message::files`]. The file may have at
    /// most `limit` bytes. Each of at most two requests may take [`crate::DEADLINE`] and one more second per MiB of the
    /// limit.
    ///
    /// While Webex scans the file for malware, this returns [`Failure::NotSent`] and may be retried. A file that Webex
    /// can't scan because it is encrypted is returned nevertheless (Webex, basics guide). An address that isn't one of
    /// Webex's files is refused without a request, because the request carries the token.
    pub async fn content(&self, url: &str, limit: u64) -> VendorResult<WebexContent> {
        let answer = self.ask_for(Method::GET, self.contents(url)?, limit).await?;
        let (name, content_type) = (name(&answer.headers), told_type(&answer.headers));
        Ok(WebexContent { name, content_type, bytes: answer.file(limit)? })
    }

    /// Returns the metadata of a file without fetching it. Failures are those of [`Webex::content`].
    pub async fn content_about(&self, url: &str) -> VendorResult<About> {
        let answer = self.ask_for(Method::HEAD, self.contents(url)?, 0).await?;
        let headers = &answer.headers;
        Ok(About { name: name(headers), content_type: told_type(headers), length: length(headers) })
    }

    /// Parses the address of one of Webex's files. Any other address would receive our token.
    fn contents(&self, url: &str) -> VendorResult<Url> {
        let foreign = || Failure::never_asked("the address of the file isn't one of Webex' files");
        // The path ends in a slash.
        let mut files = self.url(&["contents", "x"])?;
        if let Ok(mut path) = files.path_segments_mut() {
            path.pop().push("");
        }
        let url = Url::parse(url).map_err(|_| foreign())?;
        let inside = url.path().strip_prefix(files.path()).is_some_and(|id| !id.is_empty());
        let nobody = url.username().is_empty() && url.password().is_none();
        if inside && nobody && url.origin() == files.origin() { Ok(url) } else { Err(foreign()) }
    }

    async fn ask_for(&self, method: Method, url: Url, limit: u64) -> VendorResult<Answer> {
        let bytes = usize::try_from(limit).unwrap_or(usize::MAX);
        let ask = |url| Answer::within(WEBEX, self.request(method.clone(), url), with_bytes(limit), bytes);
        let mut answer = ask(url.clone()).await?;
        if answer.status == StatusCode::PRECONDITION_REQUIRED {
            let mut url = url;
            url.query_pairs_mut().append_pair("allow", "unscannable");
            answer = ask(url).await?;
        }
        if answer.status == StatusCode::GONE {
            let why = "Webex found the file infected or it is gone (HTTP 410)".to_owned();
            return Err(Failure::Refused { code: 410, why });
        }
        sorted(answer, false)
    }
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.trim().parse().ok()
}
