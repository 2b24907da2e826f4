//! Reads `handbell.yaml`.

use std::path::{Path, PathBuf};

use handbell_core::config::Config;

/// The configuration is unusable. `handbell check` reports more.
#[derive(Debug, thiserror::Error)]
pub enum BadConfiguration {
    /// The file can't be read.
    #[error("the configuration {path} can't be read: {error}")]
    Unreadable {
        /// Path of the file.
        path: PathBuf,
        /// The cause.
        error: std::io::Error,
    },
    /// The content is invalid.
    #[error("the configuration {path} is invalid; run `handbell check {path}` to see all errors: {why}")]
    Senseless {
        /// Path of the file.
        path: PathBuf,
        /// The first error.
        why: String,
    },
}

/// Reads the configuration from a file.
pub fn read_configuration(path: &Path) -> Result<Config, BadConfiguration> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| BadConfiguration::Unreadable { path: path.to_owned(), error })?;
    // The type of the deserializer is erased: otherwise each type of the configuration is compiled again for each form in which
    // YAML writes a value, a quarter of a function's code.
    serde_saphyr::with_deserializer_from_str(&text, |yaml| {
        erased_serde::deserialize(&mut <dyn erased_serde::Deserializer>::erase(yaml))
            .map_err(serde::de::Error::custom)
    })
    .map_err(|error| BadConfiguration::Senseless { path: path.to_owned(), why: error.to_string() })
}
