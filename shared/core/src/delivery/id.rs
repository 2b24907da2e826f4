//! The id of a delivery within its dispatch.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The id of a delivery within its dispatch. It never changes. As text it is `0`, `1` … or `r`: in the table, in reference tags and
/// in the URLs that vendors receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeliveryId {
    /// The delivery with this number, in the order in which they were added.
    Numbered(u32),
    /// The delivery summary. It comes last, since it shows the other deliveries.
    Summary,
}

/// The text isn't the id of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a delivery's id is a number without leading zeros, or r")]
pub struct NotADeliveryId;

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbered(number) => write!(f, "{number}"),
            Self::Summary => f.write_str("r"),
        }
    }
}

impl FromStr for DeliveryId {
    type Err = NotADeliveryId;

    fn from_str(text: &str) -> Result<Self, NotADeliveryId> {
        if text == "r" {
            return Ok(Self::Summary);
        }
        let number = text.parse().map_err(|_| NotADeliveryId)?;
        let id = Self::Numbered(number);
        // Each id has one text only: neither `+1` nor `01` is one.
        if id.to_string() == text { Ok(id) } else { Err(NotADeliveryId) }
    }
}

impl TryFrom<String> for DeliveryId {
    type Error = NotADeliveryId;

    fn try_from(text: String) -> Result<Self, NotADeliveryId> {
        text.parse()
    }
}

impl From<DeliveryId> for String {
    fn from(id: DeliveryId) -> Self {
        id.to_string()
    }
}
