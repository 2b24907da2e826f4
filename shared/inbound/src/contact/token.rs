//! The token in a form's page: it says that we gave the page out, for this form and not long ago, and tells one submission
//! from another.

use jiff::Timestamp;

use crate::link::{matches, seal};

/// The token of a page with the form: `time.nonce.signature`, with the time in seconds.
///
/// It is no secret and no proof of a person, for anybody may fetch the page. It stops forms that are sent from elsewhere or
/// kept for later, and a second press of the same page's button is known by its nonce.
#[derive(Clone, Copy, Debug)]
pub struct Token;

/// Why a token is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stale {
    /// It is ours, but its page is older than [`Token::HOURS`], or of a clock that is far ahead. A new page helps.
    #[error("this page is too old")]
    Expired,
    /// It isn't ours, or not for this form.
    #[error("this form is not ours")]
    Forged,
}

impl Token {
    /// How long a token is good, in hours.
    pub const HOURS: i64 = 24;

    /// How far the clock of the machine that issued it may be ahead, in minutes.
    const SKEW: i64 = 5;

    /// The token for a page that is given out now. The form is a line's name, or what
    /// [`page_of`](crate::alert_form::page_of) gives.
    ///
    /// The nonce must be another for each page: 1 to 64 letters, digits, `-` and `_`. A token with any other is forged when
    /// it comes back.
    #[must_use]
    pub fn issue(secret: &[u8], form: &str, now: Timestamp, nonce: &str) -> String {
        let time = now.as_second().to_string();
        let signature = seal(secret, &["contact\0", form, "\0", &time, "\0", nonce]);
        format!("{time}.{nonce}.{signature}")
    }

    /// The nonce of a token that one of the secrets made for this form: two of them while one takes the place of the other.
    /// An empty secret matches nothing.
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
