//! Files that came with a post: what they are, and what is in them.

use std::fmt;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, Method, StatusCode};
use reqwest::Url;

use super::disposition::name;
use super::{WEBEX, Webex, sorted};
use crate::answer::{Answer, with_bytes};
use crate::failure::{Failure, Said};
use crate::media::told_type;

/// A file as it came with a post.
#[derive(Clone, PartialEq, Eq)]
pub struct Fetched {
    /// What it is called: no folders, no control characters, at most 100 characters, never empty.
    pub name: String,
    /// Its media type as Webex tells it; nobody has checked it: see [`crate::looks_like`].
    pub content_type: String,
    /// What is in it.
    pub bytes: Bytes,
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched")
            .field("content_type", &self.content_type)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// What is known of a file before it is fetched.
#[derive(Clone, PartialEq, Eq)]
pub struct About {
    /// As [`Fetched::name`].
    pub name: String,
    /// As [`Fetched::content_type`].
    pub content_type: String,
    /// Its length in bytes, if Webex tells it.
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
    /// A file that came with a post: `url` is one of [`super::Message::files`]. It may have at most `limit` bytes, and
    /// takes, for each of at most two requests, [`crate::DEADLINE`] and a second more for each MiB of the limit.
    ///
    /// While Webex looks for malware in it, this is [`Failure::NotSent`] and may be asked again. What Webex can't look
    /// into, as it is encrypted, comes nevertheless (Webex, basics guide). An address that isn't one of Webex' files is
    /// refused unasked: the token goes along.
    pub async fn content(&self, url: &str, limit: u64) -> Said<Fetched> {
        let answer = self.ask_for(Method::GET, self.contents(url)?, limit).await?;
        let (name, content_type) = (name(&answer.headers), told_type(&answer.headers));
        Ok(Fetched { name, content_type, bytes: answer.file(limit)? })
    }

    /// What a file is, without fetching it. Failures are those of [`Webex::content`].
    pub async fn content_about(&self, url: &str) -> Said<About> {
        let answer = self.ask_for(Method::HEAD, self.contents(url)?, 0).await?;
        let headers = &answer.headers;
        Ok(About { name: name(headers), content_type: told_type(headers), length: length(headers) })
    }

    /// The address, if it is one of Webex' files: another one would learn our token.
    fn contents(&self, url: &str) -> Said<Url> {
        let foreign = || Failure::never_asked("the address of the file isn't one of Webex' files");
        // Ends in a slash.
        let mut files = self.url(&["contents", "x"])?;
        if let Ok(mut path) = files.path_segments_mut() {
            path.pop().push("");
        }
        let url = Url::parse(url).map_err(|_| foreign())?;
        let inside = url.path().strip_prefix(files.path()).is_some_and(|id| !id.is_empty());
        let nobody = url.username().is_empty() && url.password().is_none();
        if inside && nobody && url.origin() == files.origin() { Ok(url) } else { Err(foreign()) }
    }

    async fn ask_for(&self, method: Method, url: Url, limit: u64) -> Said<Answer> {
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
