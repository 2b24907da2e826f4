//! Reads `handbell.yaml`.

use std::path::{Path, PathBuf};

use handbell_core::config::Config;

/// The configuration can't be used. `handbell check` tells more.
#[derive(Debug, thiserror::Error)]
pub enum BadConfiguration {
    /// It isn't there.
    #[error("the configuration {path} can't be read: {error}")]
    Unreadable {
        /// Where it was looked for.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It makes no sense.
    #[error("the configuration {path} makes no sense; run `handbell check {path}` for all of it: {why}")]
    Senseless {
        /// Where it is.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// The configuration in this file.
pub fn read_configuration(path: &Path) -> Result<Config, BadConfiguration> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| BadConfiguration::Unreadable { path: path.to_owned(), error })?;
    serde_saphyr::from_str(&text)
        .map_err(|error| BadConfiguration::Senseless { path: path.to_owned(), why: error.to_string() })
}
