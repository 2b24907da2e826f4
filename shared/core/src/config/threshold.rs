//! The counts at which a zone's level begins and is over.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, IntoDeserializer as _, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::whole_number;

/// A level: the count at which it begins, and the count at which it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Threshold {
    /// `never`: the level is off.
    Never(Never),
    /// `80%` or `80`. The level is over at ten percent of the capacity, or a tenth of the devices, less.
    At(Amount),
    /// `{ at: 80%, clear: 70% }`.
    Between {
        /// The count at which it begins.
        at: Amount,
        /// The count at which it is over.
        clear: Amount,
    },
}

/// The word `never`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Never {
    /// The level is off.
    Never,
}

/// A number of devices, or a percentage of the capacity: `80` or `80%`.
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
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of devices such as 50, or a part of the capacity such as 80%")
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Amount, E> {
                whole_number::of_unsigned(number).map(Amount::Devices)
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Amount, E> {
                whole_number::of_signed(number, &self).map(Amount::Devices)
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Amount, E> {
                Err(whole_number::refused(number))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
                let amount = match text.trim().strip_suffix('%') {
                    Some(percent) => percent.trim().parse().map(Amount::Percent),
                    None => text.trim().parse().map(Amount::Devices),
                };
                amount.map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl<'de> Deserialize<'de> for Threshold {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// `{ at: 80%, clear: 70% }`.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Between {
            at: Amount,
            clear: Amount,
        }
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Threshold;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("80, 80%, { at: 80%, clear: 70% } or never")
            }
            fn visit_u64<E: Error>(self, number: u64) -> Result<Threshold, E> {
                whole_number::of_unsigned(number).map(Amount::Devices).map(Threshold::At)
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Threshold, E> {
                whole_number::of_signed(number, &self).map(Amount::Devices).map(Threshold::At)
            }
            fn visit_f64<E: Error>(self, number: f64) -> Result<Threshold, E> {
                Err(whole_number::refused(number))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Threshold, E> {
                if text == "never" {
                    return Ok(Threshold::Never(Never::Never));
                }
                Amount::deserialize(text.into_deserializer()).map(Threshold::At)
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Threshold, A::Error> {
                let Between { at, clear } = Between::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Threshold::Between { at, clear })
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
            "description": "A number of devices, or a percentage of the capacity: 80 or 80%",
            "anyOf": [
                { "type": "integer", "minimum": 0, "maximum": 4_294_967_295_u32 },
                { "type": "string", "pattern": "^\\s*(\\d+\\s*%|0|[1-9]\\d*)\\s*$", "examples": ["80%"] }
            ]
        })
    }
}
