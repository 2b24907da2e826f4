//! Mail addresses.

use serde::{Deserialize, Serialize};

use crate::checked_text::checked_text;

/// The text is no mail address. The words follow the text, and are for the person who wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is no mail address")]
pub struct BadEmailAddress;

/// One mail address, `dana@example.com`, without a name and without anything that has another meaning in the header of a
/// mail. Webex names people by it, too.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

checked_text!(EmailAddress, BadEmailAddress, BadEmailAddress, redacted);

impl EmailAddress {
    /// Maximum length, in bytes (RFC 5321, section 4.5.3.1.3: a path of 256 with its brackets).
    pub const MAX: usize = 254;

    /// Returns true if the text is a mail address.
    pub fn is_valid(text: &str) -> bool {
        let mut parts = text.split('@');
        let (Some(local), Some(domain), None) = (parts.next(), parts.next(), parts.next()) else {
            return false;
        };
        text.len() <= Self::MAX
            && !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !text.contains(|c: char| c.is_whitespace() || c.is_control() || r#"<>()[],;:"\"#.contains(c))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for EmailAddress {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EmailAddress".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r#"^[^@\s<>()\[\],;:"\\]+@[^@\s<>()\[\],;:"\\.][^@\s<>()\[\],;:"\\]*\.[^@\s<>()\[\],;:"\\]*$"#,
            "maxLength": Self::MAX,
            "examples": ["dana@example.com"],
            "description": "A mail address: dana@example.com"
        })
    }
}
