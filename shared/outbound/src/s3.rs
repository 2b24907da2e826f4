//! Mail that Amazon SES has stored in an S3 bucket: reading, listing, writing and deleting it without S3's SDK.

mod listing;
mod signing;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use jiff::Timestamp;
use reqwest::Url;
use secrecy::SecretString;

pub use listing::Object;

use crate::DEADLINE;
use crate::answer::Answer;
use crate::encoding::percent_encoded;
use crate::failure::{Failure, VendorResult};

const S3: &str = "Amazon S3";

/// Time-out of reading or writing an object. Other requests have [`DEADLINE`].
pub const LARGE: Duration = Duration::from_secs(30);

/// Maximum length of a key in bytes (Amazon S3, object keys).
const KEY_MAX: usize = 1024;

/// Maximum number of objects on a page of a list (Amazon S3, ListObjectsV2).
const PAGE: usize = 1000;

/// Returns the time for signatures.
pub type SigningClock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// AWS credentials.
#[derive(Clone)]
pub struct Keys {
    /// Access key id: `AKIA…` or `ASIA…`.
    pub id: SecretString,
    /// Secret access key.
    pub secret: SecretString,
    /// Session token, if the credentials belong to a role.
    pub session: Option<SecretString>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("session", &self.session.is_some()).finish_non_exhaustive()
    }
}

/// An S3 bucket.
#[derive(Clone)]
pub struct Bucket {
    http: reqwest::Client,
    endpoint: Option<String>,
    region: String,
    name: String,
    keys: Keys,
    clock: SigningClock,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Bucket {
    /// `endpoint` is for the local environment and the tests: there, the bucket's name is the first part of the path.
    /// AWS itself has it in the host name.
    ///
    /// Every call reports an address, a name or keys that can't be used.
    pub fn new(
        http: reqwest::Client,
        endpoint: Option<String>,
        region: String,
        name: String,
        keys: Keys,
        clock: SigningClock,
    ) -> Bucket {
        Bucket { http, endpoint, region, name, keys, clock }
    }

    /// Returns the content of an object, `None` if there is no such object. An object larger than `max_bytes` is
    /// refused, and the reason says so.
    ///
    /// For a missing object, S3 returns 403 instead of 404 to a caller that may not list the bucket (Amazon S3,
    /// GetObject).
    pub async fn get(&self, key: &str, max_bytes: u64) -> VendorResult<Option<Bytes>> {
        let url = self.object(key)?;
        let request = self.signed(&Method::GET, &url, &[], &Bytes::new())?;
        let limit = usize::try_from(max_bytes).unwrap_or(usize::MAX);
        let answer = Answer::within(S3, request, LARGE, limit).await?;
        match missing(answer)? {
            Some(answer) => sorted(answer)?.file(max_bytes).map(Some),
            None => Ok(None),
        }
    }

    /// Stores an object, replacing an older one. The call is idempotent.
    pub async fn put(&self, key: &str, bytes: Bytes, content_type: &str) -> VendorResult<()> {
        let url = self.object(key)?;
        let request = self.signed(&Method::PUT, &url, &[("content-type", content_type)], &bytes)?;
        sorted(Answer::to(S3, request.body(bytes), LARGE).await?).map(drop)
    }

    /// Deletes an object. A missing object is no failure.
    pub async fn delete(&self, key: &str) -> VendorResult<()> {
        let url = self.object(key)?;
        let request = self.signed(&Method::DELETE, &url, &[], &Bytes::new())?;
        match missing(Answer::to(S3, request, DEADLINE).await?)? {
            Some(answer) => sorted(answer).map(drop),
            None => Ok(()),
        }
    }

    /// Returns at most `max` objects whose keys begin with `prefix`, ordered by the bytes of their keys and starting
    /// after `start_after`. Makes one request per thousand objects.
    pub async fn list(
        &self,
        prefix: &str,
        start_after: Option<&str>,
        max: usize,
    ) -> VendorResult<Vec<Object>> {
        let mut all: Vec<Object> = Vec::new();
        let mut after = start_after.map(str::to_owned);
        while all.len() < max {
            let page = self.page(prefix, after.as_deref(), (max - all.len()).min(PAGE)).await?;
            let last = page.objects.last().map(|object| object.key.clone());
            all.extend(page.objects);
            if !page.more {
                break;
            }
            // A page that doesn't advance would loop forever.
            if last <= after {
                return Err(Failure::unknown(format!("{S3} returns the same page of a list repeatedly")));
            }
            after = last;
        }
        all.truncate(max);
        Ok(all)
    }

    async fn page(&self, prefix: &str, after: Option<&str>, most: usize) -> VendorResult<listing::Page> {
        let mut url = self.bucket()?;
        // Keys may contain characters that XML can't represent.
        let mut query = format!("list-type=2&encoding-type=url&max-keys={most}");
        for (name, value) in [("prefix", Some(prefix)), ("start-after", after)] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                query.push_str(&format!("&{name}={}", percent_encoded(value, "")));
            }
        }
        url.set_query(Some(&query));
        let request = self.signed(&Method::GET, &url, &[], &Bytes::new())?;
        let answer = sorted(Answer::to(S3, request, DEADLINE).await?)?;
        answer.text().and_then(listing::read).ok_or_else(|| {
            Failure::unknown(format!("{S3} answered (HTTP 200), but its list of objects can't be read"))
        })
    }

    fn object(&self, key: &str) -> VendorResult<Url> {
        // URL parsing normalises these paths, so they would name another object.
        if key.is_empty() || key.len() > KEY_MAX || key.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(Failure::never_asked(format!("{S3} has no object of such a key")));
        }
        let mut url = self.bucket()?;
        let path = format!("{}{}", url.path(), percent_encoded(key, "/"));
        url.set_path(&path);
        Ok(url)
    }

    /// Returns the bucket's address; its path ends in a slash.
    fn bucket(&self) -> VendorResult<Url> {
        let wrong = |what: &str| {
            Failure::never_asked(format!("{what} of the bucket in the settings can't be used for {S3}"))
        };
        let plain = |text: &str, more: &[u8]| {
            let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || more.contains(&b);
            !text.is_empty() && text.len() <= 63 && text.bytes().all(fits)
        };
        let (name, region) = (&self.name, &self.region);
        if !plain(name, b".") || name.starts_with('.') {
            return Err(wrong("the name"));
        }
        if !plain(region, b"") {
            return Err(wrong("the region"));
        }
        let dns = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
        let text = match &self.endpoint {
            Some(endpoint) => format!("{}/{name}/", endpoint.trim_end_matches('/')),
            // S3's wildcard certificate doesn't cover a bucket name with a dot.
            None if name.contains('.') => format!("https://s3.{region}.{dns}/{name}/"),
            None => format!("https://{name}.s3.{region}.{dns}/"),
        };
        Url::parse(&text).ok().filter(Url::has_host).ok_or_else(|| wrong("the address"))
    }
}

/// Returns `None` if there is no such object. A missing bucket is a failure.
fn missing(answer: Answer) -> VendorResult<Option<Answer>> {
    if answer.status == StatusCode::NOT_FOUND && listing::code(&answer).as_deref() != Some("NoSuchBucket") {
        Ok(None)
    } else {
        Ok(Some(answer))
    }
}

/// Returns a successful response; everything else is a failure. S3's own words are left out: they contain keys.
fn sorted(answer: Answer) -> VendorResult<Answer> {
    if answer.status.is_success() {
        return Ok(answer);
    }
    let status = answer.status.as_u16();
    let name = listing::code(&answer).unwrap_or_default();
    let told = |words: &str| format!("{words} ({S3}, HTTP {status})");
    // The names come from S3's error responses.
    let words = match name.as_str() {
        "SlowDown" | "ServiceUnavailable" | "RequestLimitExceeded" => {
            let retry_after = answer.retry_after();
            return Err(Failure::NotSent { retry_after, why: told("we are asked to slow down") });
        }
        "NoSuchBucket" => "there is no such bucket",
        "AccessDenied" | "AllAccessDisabled" => "our role in AWS may not do this in the bucket",
        "RequestTimeTooSkewed" => "the clock of this machine is wrong",
        "ExpiredToken" | "InvalidAccessKeyId" | "InvalidToken" | "SignatureDoesNotMatch" => {
            "our credentials in AWS aren't taken"
        }
        "EntityTooLarge" => "the object is too large",
        "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException" => {
            "the bucket is in another region than the settings say"
        }
        _ => match Failure::of_status(S3, answer.status, answer.retry_after()) {
            Some(failure) => return Err(failure),
            None if status == 403 => "our role in AWS may not do this in the bucket",
            None => "it was refused",
        },
    };
    Err(Failure::Refused { code: status.into(), why: told(words) })
}
