//! The name of a secret.

use serde::{Deserialize, Serialize};

/// The name of a secret in the secrets document. The secret itself is never in this file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SecretName {
    /// The name in the secrets document.
    pub secret: String,
}
