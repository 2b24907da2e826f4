//! The token in a form's page: it proves that we served the page recently for this form, and distinguishes submissions.

use jiff::Timestamp;

use crate::link::{matches, seal};

/// The token of a page with a form: `time.nonce.signature`, with the time in seconds.
///
/// The token is neither a secret nor a proof of a person, since anyone may fetch the page. It stops forms that are
/// submitted from elsewhere or kept for later, and its nonce identifies a repeated submission of the same page.
#[derive(Clone, Copy, Debug)]
pub struct Token;

/// Why a token is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// The token is ours, but its page is older than [`Token::HOURS`], or its clock is far ahead. A new page helps.
    #[error("this page is too old")]
    Expired,
    /// The token isn't ours, or belongs to another form.
    #[error("this form is not ours")]
    Forged,
}

impl Token {
    /// How long a token is valid, in hours.
    pub const HOURS: i64 = 24;

    /// How far the clock of the issuing machine may be ahead, in minutes.
    const SKEW: i64 = 5;

    /// Issues the token for a page that is served now. The form is a line's name, or the result of
    /// [`page_of`](crate::alert_form::page_of).
    ///
    /// The nonce must be unique for each page: 1 to 64 letters, digits, `-` and `_`. A token with any other nonce is
    /// rejected as forged.
    #[must_use]
    pub fn issue(secret: &[u8], form: &str, now: Timestamp, nonce: &str) -> String {
        let time = now.as_second().to_string();
        let signature = seal(secret, &["contact\0", form, "\0", &time, "\0", nonce]);
        format!("{time}.{nonce}.{signature}")
    }

    /// Verifies a token that one of the secrets issued for this form, and returns its nonce. There are two secrets
    /// during a rotation. An empty secret matches nothing.
    pub fn verify(secrets: &[&str], form: &str, token: &str, now: Timestamp) -> Result<String, Stale> {
        let mut pieces = token.split('.');
        let (Some(time), Some(nonce), Some(signature), None) =
            (pieces.next(), pieces.next(), pieces.next(), pieces.next())
        else {
            return Err(Stale::Forged);
        };
        let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if !(1..=64).contains(&nonce.len()) || !nonce.bytes().all(safe) {
            return Err(Stale::Forged);
        }
        if !matches(secrets, &["contact\0", form, "\0", time, "\0", nonce], signature) {
            return Err(Stale::Forged);
        }
        let issued: i64 = time.parse().map_err(|_| Stale::Forged)?;
        let age = now.as_second().saturating_sub(issued);
        if (-Self::SKEW * 60..=Self::HOURS * 3600).contains(&age) {
            Ok(nonce.to_owned())
        } else {
            Err(Stale::Expired)
        }
    }
}
