//! Zones: places that can be full, and when they are.

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use jiff::SignedDuration;

use super::{Hours, Span};

/// A place whose devices are counted once a minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// The site that counts it.
    pub site: String,
    /// The plan that is run when it is full.
    pub plan: String,
    /// How people call it: `Floor 2 / Shoes`; its name if absent.
    #[serde(default)]
    pub label: Option<String>,
    /// Which part of the site it is; the whole site if absent.
    #[serde(default, rename = "where")]
    pub place: Place,
    /// How many devices it holds when it is full. Levels in percent are percent of this.
    #[serde(default)]
    pub capacity: Option<u32>,
    /// So many devices, and it is an alert: one threshold and nothing more.
    #[serde(default)]
    pub at: Option<Amount>,
    /// It is getting full. 80 %, cleared at 70 %, if there is a capacity and no `at`; `never` does without.
    #[serde(default)]
    pub warn: Option<Threshold>,
    /// It is full. 95 %, cleared at 85 %, if there is a capacity and no `at`; `never` does without.
    #[serde(default)]
    pub alert: Option<Threshold>,
    /// How many polls in a row it takes.
    #[serde(default, rename = "for")]
    pub polls: Polls,
    /// So long after a level was told, it isn't told again; it waits.
    #[serde(default = "fifteen_minutes")]
    pub cooldown: Span,
    /// No count for so long: people are told that nothing is known.
    #[serde(default = "fifteen_minutes")]
    pub silent: Span,
    /// What "Snooze" means.
    #[serde(default = "thirty_minutes")]
    pub snooze: Span,
    /// When anybody wants to know; always if absent.
    #[serde(default)]
    pub hours: Option<Hours>,
    /// Devices that aren't customers.
    #[serde(default)]
    pub exclude: Exclude,
}

fn fifteen_minutes() -> Span {
    Span(SignedDuration::from_mins(15))
}
fn thirty_minutes() -> Span {
    Span(SignedDuration::from_mins(30))
}

/// Which part of a site. What can be said depends on the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// `Campus>Building>Floor>Zone`, or a part of it. CMX: the map's hierarchy, `/` is taken for `>`; CMX analytics and
    /// Spaces: a floor's name.
    #[serde(default)]
    pub hierarchy: Option<String>,
    /// CMX: `floorRefId`. Spaces: the floor's id. Meraki's Scanning API: the floor plan's id.
    #[serde(default)]
    pub floor: Option<String>,
    /// Only devices on this SSID. CMX v3 and the pushed ones: its name. Meraki: its number, 0 to 14.
    #[serde(default)]
    pub ssid: Option<String>,
    /// Meraki: the network, `L_…` or `N_…`.
    #[serde(default)]
    pub network: Option<String>,
    /// Meraki: only access points with this tag.
    #[serde(default)]
    pub tag: Option<String>,
    /// CMX Presence: the site's `aesUId`.
    #[serde(default)]
    pub presence_site: Option<String>,
}

/// Devices that aren't customers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Exclude {
    /// Whatever is on this SSID: the staff's. CMX v3 and the pushed ones: its name. Meraki: its number.
    #[serde(default)]
    pub ssid: Option<String>,
    /// So many devices are always there: tills, displays, the staff's own.
    #[serde(default)]
    pub devices: u32,
}

/// How many polls in a row it takes to believe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Polls {
    /// That it is busier.
    #[serde(default = "two")]
    pub up: u8,
    /// That it is quieter.
    #[serde(default = "three")]
    pub down: u8,
}

fn two() -> u8 {
    2
}
fn three() -> u8 {
    3
}

impl Default for Polls {
    fn default() -> Self {
        Self { up: two(), down: three() }
    }
}

/// A level: from where it holds and from where down it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Threshold {
    /// `never`: this level isn't used.
    Never(Never),
    /// `80%` or `80`; cleared ten percent below.
    At(Amount),
    /// `{ at: 80%, clear: 70% }`.
    Between {
        /// So many, and it holds.
        at: Amount,
        /// So many or fewer, and it is over.
        clear: Amount,
    },
}

/// The word `never`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Never {
    /// It isn't used.
    Never,
}

/// So many devices, or so many percent of the capacity: `80` or `80%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Devices.
    Devices(u32),
    /// Percent of the capacity.
    Percent(u32),
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Devices(count) => serializer.serialize_u32(*count),
            Self::Percent(percent) => serializer.collect_str(&format_args!("{percent}%")),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Amount;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number of devices such as 50, or a part of the capacity such as 80%")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amount, E> {
                u32::try_from(number)
                    .map(Amount::Devices)
                    .map_err(|_| E::invalid_value(de::Unexpected::Unsigned(number), &self))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amount, E> {
                u32::try_from(number)
                    .map(Amount::Devices)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
                let amount = match text.trim().strip_suffix('%') {
                    Some(percent) => percent.trim().parse().map(Amount::Percent),
                    None => text.trim().parse().map(Amount::Devices),
                };
                amount.map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "So many devices, or so many percent of the capacity: 80 or 80%",
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32 },
                { "type": "string", "pattern": "^\\s*\\d+\\s*%?\\s*$" }
            ]
        })
    }
}
