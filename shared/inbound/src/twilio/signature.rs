//! Twilio's signatures: the parts of a request that are signed, and their verification.

use std::{borrow::Cow, collections::BTreeSet, fmt};

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::params::{Params, decode};
use crate::{is_form, signature};

/// Header that contains the signature (Twilio documentation, "Webhooks security").
pub const SIGNATURE_HEADER: &str = "x-twilio-signature";

/// A request that claims to come from Twilio, as the parts that are signed.
#[derive(Clone, Copy)]
pub struct Signed<'a> {
    /// Public address that Twilio calls, from the configuration and not from the request: the sender controls the
    /// `Host` header. `https://bell.example.com`, with a path if there is one before ours.
    pub base: &'a str,
    /// Path and query as received, still percent-encoded: `/twilio/sms?d=42`.
    pub path_and_query: &'a str,
    /// Value of [`SIGNATURE_HEADER`].
    pub signature: Option<&'a str>,
    /// Value of the `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// The raw body.
    pub body: &'a [u8],
}

impl Signed<'_> {
    /// Returns whether one of the tokens signed this request. Twilio signs the URL, then each distinct name with each
    /// of its distinct values in byte order; for a body that isn't a form, it signs the URL alone, which then contains
    /// the body's SHA-256 (Twilio documentation, "Webhooks security").
    #[must_use]
    pub fn is_genuine(&self, tokens: &[&str]) -> bool {
        // Strict decoding: trailing bits must be zero, so one signature has one spelling.
        let Some(given) = self.signature.and_then(|text| BASE64_STANDARD.decode(text).ok()) else {
            return false;
        };
        if !self.body_is_covered() {
            return false;
        }
        let params = if is_form(self.content_type) { sorted(&decode(self.body)) } else { String::new() };
        self.urls().iter().any(|url| {
            let message = format!("{url}{params}");
            tokens.iter().any(|token| signature::matches(token, message.as_bytes(), &given))
        })
    }

    fn query(&self) -> &str {
        let without_fragment = before(self.path_and_query, '#');
        without_fragment.split_once('?').map_or("", |(_, query)| query)
    }

    /// Whether the signature covers the body. The parameters of a form are signed. Any other body is signed only
    /// through its hash in the URL, so a body without that hash is rejected.
    fn body_is_covered(&self) -> bool {
        if is_form(self.content_type) {
            return true;
        }
        let query = decode(self.query().as_bytes());
        let mut hashes =
            query.iter().filter(|(name, _)| name == "bodySHA256").map(|(_, hash)| hash).peekable();
        if hashes.peek().is_none() {
            return self.body.is_empty();
        }
        let ours = handbell_core::hex(&Sha256::digest(self.body));
        hashes.all(|hash| bool::from(hash.as_bytes().ct_eq(ours.as_bytes())))
    }

    /// Returns each URL that Twilio may have signed for this request. Twilio's back ends disagree about the port: voice
    /// over HTTPS drops it, messaging keeps it, and some add the default one (Twilio documentation, "Webhooks
    /// security", "A few notes"; Twilio's own libraries try both). User and password are never part of it, nor is the
    /// fragment, which contains the connection overrides. The host is in lower case, as in Twilio's libraries.
    fn urls(&self) -> Vec<String> {
        let Some((scheme, rest)) = self.base.split_once("://") else {
            return Vec::new();
        };
        let scheme = scheme.to_ascii_lowercase();
        let rest = before(before(rest, '#'), '?');
        let (authority, prefix) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let prefix = prefix.trim_end_matches('/');
        let host_and_port = authority.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        // In `[::1]` the colons belong to the host.
        let (host, port) = match host_and_port.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (host_and_port.as_str(), None),
        };
        let default = match scheme.as_str() {
            "https" | "wss" => "443",
            _ => "80",
        };
        let port = port.filter(|port| !port.is_empty()).unwrap_or(default);
        let ours = before(self.path_and_query, '#');
        let mut paths: Vec<Cow<'_, str>> = vec![Cow::from(format!("{prefix}{ours}"))];
        // In some set-ups, API Gateway keeps the stage or mapping key that the base already contains.
        if !prefix.is_empty() && ours.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/')) {
            paths.push(Cow::from(ours));
        }
        paths
            .iter()
            .flat_map(|path| [format!("{scheme}://{host}{path}"), format!("{scheme}://{host}:{port}{path}")])
            .collect()
    }

    pub(super) fn params(&self) -> Params {
        let form = if is_form(self.content_type) { decode(self.body) } else { Vec::new() };
        Params::new(form, decode(self.query().as_bytes()))
    }
}

// The body contains a person's text and number, and the query contains our signed ids.
impl fmt::Debug for Signed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("base", &self.base)
            .field("body", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Concatenates each distinct name with each of its distinct values, in byte order and without separators.
fn sorted(params: &[(String, String)]) -> String {
    let distinct: BTreeSet<_> = params.iter().collect();
    distinct.into_iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]).collect()
}

fn before(text: &str, mark: char) -> &str {
    text.split(mark).next().unwrap_or_default()
}
