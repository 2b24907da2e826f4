//! The names that an entry had before.

use std::fmt;

use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Earlier names of an entry, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum FormerNames {
    /// The entry was renamed once.
    One(String),
    /// The entry was renamed several times.
    Several(Vec<String>),
}

impl Default for FormerNames {
    fn default() -> Self {
        Self::Several(Vec::new())
    }
}

impl FormerNames {
    /// Returns all of them, the latest first.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Several(all) => all,
        }
    }

    /// Returns true if the entry was never renamed.
    pub fn is_empty(&self) -> bool {
        self.all().is_empty()
    }
}

impl<'de> Deserialize<'de> for FormerNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        /// The error for a name that YAML reads as something else, which may have another spelling.
        fn unquoted<T, E: Error>() -> Result<T, E> {
            Err(E::custom(
                "put the name in quotes: without them YAML reads it as a number or as true or false",
            ))
        }
        impl<'de> Visitor<'de> for Reader {
            type Value = FormerNames;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the earlier name, or a list of earlier names, the latest first")
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<FormerNames, E> {
                Ok(FormerNames::One(name.to_owned()))
            }
            fn visit_bool<E: Error>(self, _: bool) -> Result<FormerNames, E> {
                unquoted()
            }
            fn visit_i64<E: Error>(self, _: i64) -> Result<FormerNames, E> {
                unquoted()
            }
            fn visit_u64<E: Error>(self, _: u64) -> Result<FormerNames, E> {
                unquoted()
            }
            fn visit_f64<E: Error>(self, _: f64) -> Result<FormerNames, E> {
                unquoted()
            }
            fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<FormerNames, A::Error> {
                Deserialize::deserialize(SeqAccessDeserializer::new(names)).map(FormerNames::Several)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
