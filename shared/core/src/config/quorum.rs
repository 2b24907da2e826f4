//! How many people, or which teams, have to acknowledge.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::whole_number;

/// The acknowledgements after which nobody else is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Quorum {
    /// This number of people.
    People(u32),
    /// One member of each of these teams.
    Teams(Vec<String>),
}

impl Default for Quorum {
    fn default() -> Self {
        Self::People(1)
    }
}

impl<'de> Deserialize<'de> for Quorum {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Quorum;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of people such as 2, or a list of teams such as [network, database]")
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Quorum, E> {
                whole_number::of_unsigned(number).map(Quorum::People)
            }
            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Quorum, E> {
                whole_number::of_signed(number, &self).map(Quorum::People)
            }
            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Quorum, E> {
                Err(whole_number::refused(number))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, teams: A) -> Result<Quorum, A::Error> {
                Deserialize::deserialize(SeqAccessDeserializer::new(teams)).map(Quorum::Teams)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
