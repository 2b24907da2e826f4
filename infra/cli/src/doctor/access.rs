//! How the sites are reached: with the secrets, or as the stand-ins of the runner on this laptop.

use std::path::Path;

use handbell_boot::Environment;
use handbell_core::config::{Site, Source};
use handbell_outbound::floor::Floor;
use secrecy::SecretString;

use super::Options;
use crate::failure::Failure;
use crate::laptop::Laptop;

/// What is needed to ask.
pub(super) struct Access {
    /// The runner is asked, and no vendor.
    on_laptop: bool,
    /// None if no site wants it.
    laptop: Option<Laptop>,
    secrets: Option<Secrets>,
}

impl Access {
    /// To those of the sites that can be asked.
    pub(super) async fn to(
        sites: &[(&str, &Site)],
        options: &Options,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let answers = |site: &Site| {
            matches!(site.source(), Some(Source::Cmx(_) | Source::Spaces(_) | Source::Meraki(_)))
        };
        let any = sites.iter().any(|(_, site)| answers(site));
        let secrets = match (&options.runner, &options.secrets) {
            (None, Some(place)) if any => Some(secrets(place, variable).await?),
            (None, None) if any => {
                return Err(
                    "the sites want a password: say where the secrets are (--secrets file:secrets.json, or \
                     HANDBELL_SECRETS), or ask the runner on this laptop with --runner http://127.0.0.1:8080"
                        .into(),
                );
            }
            _ => None,
        };
        let has_cmx = sites.iter().any(|(_, site)| matches!(site.source(), Some(Source::Cmx(_))));
        let laptop = match &options.runner {
            Some(runner) if has_cmx => Some(Laptop::reach(runner, "there is no stand-in to ask").await?),
            _ => None,
        };
        Ok(Self { on_laptop: options.runner.is_some(), laptop, secrets })
    }

    /// The client for a site; `files` is the folder that the configuration's file names start from.
    pub(super) fn client(
        &self,
        site: &Site,
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
                Err("the laptop has no stand-in for it; ask it without --runner".to_owned())
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

/// The secrets document, by name.
pub(in crate::doctor) type Secrets = std::collections::BTreeMap<String, SecretString>;

/// Reads the secrets document.
pub(super) async fn secrets(
    place: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Secrets, Failure> {
    let in_aws = place.starts_with("ssm:");
    let environment = Environment::from(|name| match name {
        "HANDBELL_SECRETS" => Some(place.to_owned()),
        // Whoever only reads the secrets needs none of these.
        "HANDBELL_TABLE" | "HANDBELL_QUEUE_URL" | "HANDBELL_BUS" => Some(String::new()),
        "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" if !in_aws => Some(String::new()),
        _ => variable(name),
    });
    let environment = environment
        .map_err(|error| Failure::unreachable(format!("the secrets {place} can't be read: {error}")))?;
    let fetch = handbell_boot::secrets(&environment).map_err(|error| error.to_string())?;
    fetch().await.map_err(|fault| Failure::unreachable(fault.to_string()))
}
