//! Access to the sites: to the real ones with the secrets, or to the simulated CMX of the runner on this laptop.

use std::path::Path;

use handbell_boot::Environment;
use handbell_core::config::{SiteConfig, Source};
use handbell_outbound::floor::Floor;
use secrecy::SecretString;

use super::Options;
use crate::failure::Failure;
use crate::laptop::Laptop;

/// The secrets or the runner with which sites are asked.
pub(super) struct Access {
    /// Whether to ask the runner instead of the vendors.
    on_laptop: bool,
    /// `None` if no site needs the runner.
    laptop: Option<Laptop>,
    secrets: Option<Secrets>,
}

impl Access {
    /// Gets access to the sites that can be asked.
    pub(super) async fn to(
        sites: &[(&str, &SiteConfig)],
        options: &Options,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let answers = |site: &SiteConfig| {
            matches!(site.source(), Some(Source::Cmx(_) | Source::Spaces(_) | Source::Meraki(_)))
        };
        let any = sites.iter().any(|(_, site)| answers(site));
        let secrets = match (&options.runner, &options.secrets) {
            (None, Some(place)) if any => Some(secrets(place, variable).await?),
            (None, None) if any => {
                return Err(
                    "the sites need a password: name the secrets with --secrets file:secrets.json or \
                     HANDBELL_SECRETS, or ask the runner on this laptop with --runner http://127.0.0.1:8080"
                        .into(),
                );
            }
            _ => None,
        };
        let has_cmx = sites.iter().any(|(_, site)| matches!(site.source(), Some(Source::Cmx(_))));
        let laptop = match &options.runner {
            Some(runner) if has_cmx => Some(Laptop::reach(runner, "there is no simulated CMX to ask").await?),
            _ => None,
        };
        Ok(Self { on_laptop: options.runner.is_some(), laptop, secrets })
    }

    /// Creates the client for a site. File names in the configuration are relative to the folder `files`.
    pub(super) fn client(
        &self,
        site: &SiteConfig,
        source: Source<'_>,
        files: &Path,
    ) -> Result<Option<Floor>, String> {
        let timeout = site.timeout.0.unsigned_abs();
        match (&self.laptop, source) {
            (Some(laptop), Source::Cmx(_)) => {
                let http = handbell_boot::client().map_err(|error| error.to_string())?;
                let password = laptop.secrets().cmx.clone().into();
                Ok(Floor::new(http, source, password, timeout).map(|floor| floor.at(laptop.url("sim/cmx"))))
            }
            _ if self.on_laptop => {
                Err("the runner doesn't simulate this kind of site; ask it without --runner".to_owned())
            }
            _ => {
                let wanted = site.secrets().first().copied().unwrap_or_default();
                let secret = self.secrets.as_ref().and_then(|secrets| secrets.get(wanted));
                let secret =
                    secret.ok_or_else(|| format!("the secret {wanted:?} is not in the secrets document"))?;
                let http = handbell_boot::site_client(site, files).map_err(|error| error.to_string())?;
                Ok(Floor::new(http, source, secret.clone(), timeout))
            }
        }
    }
}

/// The secrets of the secrets document, by name.
pub(in crate::doctor) type Secrets = std::collections::BTreeMap<String, SecretString>;

/// Reads the secrets document.
pub(super) async fn secrets(
    place: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Secrets, Failure> {
    let in_aws = place.starts_with("ssm:");
    let environment = Environment::from(|name| match name {
        "HANDBELL_SECRETS" => Some(place.to_owned()),
        // Reading the secrets needs none of these.
        "HANDBELL_TABLE" | "HANDBELL_QUEUE_URL" | "HANDBELL_BUS" => Some(String::new()),
        "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" if !in_aws => Some(String::new()),
        _ => variable(name),
    });
    let environment = environment
        .map_err(|error| Failure::unreachable(format!("the secrets {place} can't be read: {error}")))?;
    let fetch = handbell_boot::secrets(&environment).map_err(|error| error.to_string())?;
    fetch().await.map_err(|fault| Failure::unreachable(fault.to_string()))
}
