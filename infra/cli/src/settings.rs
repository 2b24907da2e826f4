//! Settings of the configuration that the commands about the roster need: from the file, or from the runner that uses it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::Args;
use handbell_core::config::Config;
use jiff::tz::TimeZone;
use serde::Deserialize;

use crate::failure::Failure;
use handbell_core::nearest;

/// The option that names the configuration.
#[derive(Args, Clone, Debug, Default)]
pub struct ConfigFile {
    /// The configuration file; if absent, the runner's, or else handbell.yaml in the current folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What a command about the roster knows of the configuration.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct Settings {
    /// IANA name of the time zone.
    pub timezone: String,
    /// The names of the alert sources, with their labels.
    pub sources: BTreeMap<String, Option<String>>,
    /// The people whom plans name by id, with the names of these plans.
    pub people: BTreeMap<String, BTreeSet<String>>,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let sources = config.sources.iter().map(|(name, source)| (name.clone(), source.label.clone()));
        let owned = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
        let people = config.people_in_plans().into_iter().map(|(id, plans)| (id.to_owned(), owned(plans)));
        Self { timezone: config.timezone.clone(), sources: sources.collect(), people: people.collect() }
    }
}

impl Settings {
    /// Returns the settings of the file that is named, or else those of the runner, or else of `handbell.yaml` in the current
    /// folder.
    pub(crate) fn find(file: &ConfigFile, runner: Option<&Self>) -> Result<Option<Self>, Failure> {
        let here = Path::new("handbell.yaml");
        let file = match (&file.config, runner) {
            (Some(file), _) => file.as_path(),
            (None, Some(settings)) => return Ok(Some(settings.clone())),
            (None, None) if here.is_file() => here,
            (None, None) => return Ok(None),
        };
        let config = handbell_boot::read_configuration(file).map_err(|error| error.to_string())?;
        Ok(Some(Self::from(&config)))
    }

    /// Returns the time zone in which people read times.
    pub(crate) fn time_zone(&self) -> TimeZone {
        TimeZone::get(&self.timezone).unwrap_or(TimeZone::UTC)
    }

    /// Returns the name of a source, given its name or its label.
    pub(crate) fn source(&self, wanted: &str) -> Result<&str, String> {
        if let Some((name, _)) = self.sources.get_key_value(wanted) {
            return Ok(name);
        }
        let same = |label: &str| label.trim().to_lowercase() == wanted.trim().to_lowercase();
        let mut labelled =
            self.sources.iter().filter(|(_, label)| label.as_deref().is_some_and(same)).map(|(name, _)| name);
        match (labelled.next(), labelled.next()) {
            (Some(name), None) => return Ok(name),
            (Some(_), Some(_)) => {
                return Err(format!("several sources have the label {wanted:?}; write the name of one"));
            }
            (None, _) => {}
        }
        let names: Vec<&str> = self.sources.keys().map(String::as_str).collect();
        let meant = nearest(wanted, names.iter().copied());
        let meant = meant.map_or(String::new(), |meant| format!("did you mean {meant:?}? "));
        Err(match names.as_slice() {
            [] => format!("there is no source {wanted:?}: the configuration has no sources"),
            names => {
                format!("there is no source {wanted:?}; {meant}the sources are {}", names.join(", "))
            }
        })
    }
}
