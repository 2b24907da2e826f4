//! What is known when a vendor did not clearly accept a request.

use std::error::Error as _;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

/// What is known when a vendor did not clearly accept a request.
///
/// Look-ups (GET) use this type too. For them, every variant means that the look-up failed. A failed look-up is not an
/// empty look-up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// Certainly not accepted: DNS, connect, TLS, 429, 423, transient codes. The caller may retry after a pause.
    #[error("not sent: {why}")]
    NotSent {
        /// How long the vendor asked us to wait, between [`RETRY_AFTER_MIN`] and [`RETRY_AFTER_MAX`].
        retry_after: Option<Duration>,
        /// The reason, for people.
        why: String,
    },
    /// Certainly not accepted, now or later.
    #[error("refused: {why}")]
    Refused {
        /// Twilio's error code or the HTTP status; [`NEVER_ASKED`] if no request was made or there is no code.
        code: u32,
        /// The reason, in words that a person understands at 3 a.m.: "the number can't receive SMS (Twilio 21614)".
        why: String,
    },
    /// May have been accepted: time-out or reset after writing, 5xx, an unreadable response.
    #[error("outcome unknown: {why}")]
    Unknown {
        /// The reason, for people.
        why: String,
    },
}

/// Result of a call to a vendor.
pub type VendorResult<T> = Result<T, Failure>;

/// The `code` of a [`Failure::Refused`] for which no vendor was asked, such as a file that doesn't exist, or whose
/// vendor refuses in words only, as mail servers do.
pub const NEVER_ASKED: u32 = 0;

/// Shortest pause before a retry, even if a vendor asks for none (Webex Python SDK, rate limit handling).
pub const RETRY_AFTER_MIN: Duration = Duration::from_secs(1);

/// Longest pause before a retry, which Webex may ask for (Webex, basics guide). A longer `Retry-After` is reduced to
/// this.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3600);

impl Failure {
    /// Returns the reason, for people. It contains no number, no address and no secret.
    pub fn why(&self) -> &str {
        match self {
            Failure::NotSent { why, .. } | Failure::Refused { why, .. } | Failure::Unknown { why } => why,
        }
    }

    pub(crate) fn never_asked(why: impl Into<String>) -> Failure {
        Failure::Refused { code: NEVER_ASKED, why: why.into() }
    }

    pub(crate) fn unknown(why: impl Into<String>) -> Failure {
        Failure::Unknown { why: why.into() }
    }

    /// The failure of a request that ended without a status line.
    pub(crate) fn without_answer(vendor: &str, error: &reqwest::Error) -> Failure {
        // Only the innermost cause is reported: reqwest's own text contains the URL, and look-ups have phone numbers in
        // it.
        let cause = innermost(error);
        // Connection errors come first: a time-out can be one too, and without a connection nothing was written.
        if error.is_connect() {
            Failure::NotSent { retry_after: None, why: format!("{vendor} can't be reached ({cause})") }
        } else if error.is_builder() {
            Failure::never_asked(format!(
                "the request to {vendor} can't be built: check its address and token"
            ))
        } else if error.is_timeout() {
            Failure::unknown(format!("{vendor} did not answer in time"))
        } else {
            Failure::unknown(format!("the connection to {vendor} broke before the answer came ({cause})"))
        }
    }

    /// Returns the failure that a status alone implies; `None` for a clear success or a clear refusal.
    pub(crate) fn of_status(
        vendor: &str,
        status: StatusCode,
        retry_after: Option<Duration>,
    ) -> Option<Failure> {
        let code = status.as_u16();
        match code {
            200..300 => None,
            429 => Some(Failure::NotSent {
                retry_after,
                why: format!("{vendor} asks us to slow down (HTTP 429)"),
            }),
            423 => Some(Failure::NotSent {
                retry_after,
                why: format!("{vendor} has locked it for a moment (HTTP 423)"),
            }),
            425 => Some(Failure::NotSent {
                retry_after,
                why: format!("{vendor} asks for a retry a little later (HTTP 425)"),
            }),
            // Gateways also return 408 if the vendor behind them was slow.
            408 => Some(Failure::unknown(format!("{vendor} took too long (HTTP 408)"))),
            400..500 => None,
            500.. => Some(Failure::unknown(format!("{vendor} is in trouble (HTTP {code})"))),
            // A redirect may come from a server that has already processed the request.
            _ => Some(Failure::unknown(format!("{vendor} answered with something unexpected (HTTP {code})"))),
        }
    }
}

/// Returns `Retry-After` in seconds, within bounds; `None` if it is missing or isn't a number.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // More digits than fit are still a number, and a large one.
    let seconds = text.parse().unwrap_or(u64::MAX);
    Some(Duration::from_secs(seconds).clamp(RETRY_AFTER_MIN, RETRY_AFTER_MAX))
}

/// Removes from a vendor's own words everything that may identify a person: addresses, numbers, ids, and quoted text,
/// which may be our message.
pub(crate) fn masked(words: &str) -> String {
    let mut out = String::new();
    let mut quote = None;
    for word in words.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        if out.len() > 160 {
            out.push('…');
            break;
        }
        let open = word.chars().next().filter(|c| matches!(c, '"' | '\'' | '`' | '“' | '‘'));
        quote = quote.or(open.map(|c| match c {
            '“' => '”',
            '‘' => '’',
            same => same,
        }));
        let names_somebody = word.contains('@')
            || word.contains("://")
            || word.chars().count() > 24
            || word.chars().filter(char::is_ascii_digit).count() > 3;
        match quote {
            Some(end) => {
                out.push('…');
                let rest = word.trim_end_matches([',', '.', ';', ':', '!', '?', ')']);
                if rest.ends_with(end) && rest.chars().count() > 1 {
                    quote = None;
                }
            }
            None if names_somebody => out.push('…'),
            None => out.push_str(word),
        }
    }
    out
}

fn innermost(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else {
        return "no cause given".to_owned();
    };
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    masked(&cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(value: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().unwrap());
        retry_after(&headers).map(|d| d.as_secs())
    }

    #[test]
    fn retry_after_stays_within_bounds() {
        assert_eq!(after("7"), Some(7));
        assert_eq!(after(" 30 "), Some(30));
        assert_eq!(after("0"), Some(1));
        assert_eq!(after("86400"), Some(3600));
        assert_eq!(after("99999999999999999999999"), Some(3600));
        for malformed in ["", "soon", "-1", "+5", "1.5", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(after(malformed), None, "{malformed}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn masked_words_identify_nobody() {
        assert_eq!(masked("No such person: a@example.com"), "No such person: …");
        assert_eq!(masked("The 'To' number +12025550111 is not valid."), "The … number … is not valid.");
        assert_eq!(masked("Bad text \"Help is needed in hall\" (sorry)"), "Bad text … … … … … (sorry)");
        assert_eq!(masked("roomId Y2lzY29zcGFyazovL3VzL1JPT00v is unknown"), "roomId … is unknown");
        assert_eq!(masked("see http://x/?t=1"), "see …");
        assert!(masked(&"word ".repeat(1000)).len() < 200);
    }

    #[test]
    fn only_success_and_clear_refusals_are_left_to_the_client() {
        let says = |code: u16| Failure::of_status("Webex", StatusCode::from_u16(code).unwrap(), None);
        for plain in [200, 201, 202, 204, 400, 401, 403, 404, 409, 410, 415] {
            assert_eq!(says(plain), None, "{plain}");
        }
        for not_sent in [423, 425, 429] {
            assert!(matches!(says(not_sent), Some(Failure::NotSent { .. })), "{not_sent}");
        }
        for unknown in [301, 302, 303, 307, 408, 500, 501, 502, 503, 504, 599] {
            assert!(matches!(says(unknown), Some(Failure::Unknown { .. })), "{unknown}");
        }
    }
}
