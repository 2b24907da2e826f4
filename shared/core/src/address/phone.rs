//! Phone numbers, and what a carrier may name in place of one.

use serde::{Deserialize, Serialize};

use crate::checked_text::checked_text;

/// The text is no phone number. The words follow the text, and are for the person who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no phone number; write it with + and the country's code, digits only: +352691496401")]
pub struct BadE164;

/// A phone number in E.164: a plus and 2 to 15 digits, the first not 0.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(String);

checked_text!(E164, BadE164, BadE164, redacted);

impl E164 {
    /// Returns true if the text is a phone number in E.164.
    pub(crate) fn is_valid(text: &str) -> bool {
        text.strip_prefix('+').is_some_and(|digits| {
            (2..=15).contains(&digits.len())
                && !digits.starts_with('0')
                && digits.bytes().all(|digit| digit.is_ascii_digit())
        })
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for E164 {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "E164".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^\+[1-9][0-9]{1,14}$",
            "examples": ["+352691496401"],
            "description": "A phone number with + and the country's code: +352691496401"
        })
    }
}

/// A phone as Twilio names it: the sender of a text, a caller, or the number that was texted or called.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum PhoneAddress {
    /// A number, which can be texted and called.
    Number(E164),
    /// Something else, to which no answer can go: a short code, a name, a client's or a SIP address, or a word such as
    /// `anonymous` for a withheld number.
    Other(String),
}

impl PhoneAddress {
    /// Returns the number, if it is one.
    pub fn number(&self) -> Option<&E164> {
        match self {
            Self::Number(number) => Some(number),
            Self::Other(_) => None,
        }
    }

    /// Returns what Twilio wrote.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Number(number) => number,
            Self::Other(text) => text,
        }
    }
}

impl From<String> for PhoneAddress {
    fn from(text: String) -> Self {
        text.parse().map_or_else(|_| Self::Other(text), Self::Number)
    }
}

impl From<&str> for PhoneAddress {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl From<E164> for PhoneAddress {
    fn from(number: E164) -> Self {
        Self::Number(number)
    }
}

impl From<PhoneAddress> for String {
    fn from(address: PhoneAddress) -> Self {
        match address {
            PhoneAddress::Number(number) => number.into(),
            PhoneAddress::Other(text) => text,
        }
    }
}

impl std::fmt::Display for PhoneAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::fmt::Debug for PhoneAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Number(_) => "Number(…)",
            Self::Other(_) => "Other(…)",
        })
    }
}
