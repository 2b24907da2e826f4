//! Clients of sites, each with the certificates and the pace that the site needs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use handbell_core::config::{SiteConfig, Source};
use handbell_outbound::floor::{Floor, RequestPace};

use crate::dependencies::{Access, Dependencies, Part};
use crate::{Fault, MakeSiteClient};

/// Clients of sites, each made when its site is first polled.
#[derive(Clone)]
pub(crate) struct SiteClients {
    http: reqwest::Client,
    cmx_url: Option<String>,
    files: PathBuf,
    make_site_client: MakeSiteClient,
    site_clients: Arc<Mutex<BTreeMap<String, reqwest::Client>>>,
    paces: Arc<Mutex<BTreeMap<String, RequestPace>>>,
}

impl Part for SiteClients {
    fn access(_: &mut Access) {}

    fn build(from: &Dependencies) -> Self {
        Self {
            http: from.http.clone(),
            cmx_url: from.endpoints.cmx_url.clone(),
            files: from.endpoints.files.clone(),
            make_site_client: Arc::clone(&from.make_site_client),
            site_clients: Arc::default(),
            paces: Arc::default(),
        }
    }
}

impl SiteClients {
    /// Returns the client for a site: the shared client, or the site's own if it needs other certificates.
    pub(super) fn client(&self, name: &str, site: &SiteConfig) -> Result<reqwest::Client, Fault> {
        let of_laptop = matches!(site.source(), Some(Source::Cmx(_))) && self.cmx_url.is_some();
        if of_laptop || (site.ca.is_none() && site.pin.is_none() && !site.insecure) {
            return Ok(self.http.clone());
        }
        let mut clients = self.site_clients.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(client) = clients.get(name) {
            return Ok(client.clone());
        }
        if site.insecure {
            tracing::error!(
                site = name,
                "INSECURE: this site's certificate isn't checked. Anyone in between can read the password and forge counts. \
                 Give the site a `pin` or a `ca` instead."
            );
        }
        let client = (self.make_site_client)(site, &self.files)?;
        clients.insert(name.to_owned(), client.clone());
        Ok(client)
    }

    /// Returns the client that counts a site's devices, or none if the site can't be asked.
    pub(super) fn floor(
        &self,
        client: reqwest::Client,
        site: &SiteConfig,
        secret: secrecy::SecretString,
    ) -> Option<Floor> {
        let source = site.source()?;
        let timeout = Duration::try_from(site.timeout.0).ok()?;
        let mut floor = Floor::new(client, source, secret, timeout)?;
        match (source, &self.cmx_url) {
            (Source::Cmx(_), Some(url)) => floor = floor.at(url.clone()),
            (Source::Meraki(meraki), _) => {
                let organization = meraki.organization.clone().unwrap_or_else(|| meraki.key.secret.clone());
                let mut paces = self.paces.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                let pace =
                    paces.entry(organization).or_insert_with(handbell_outbound::floor::RequestPace::meraki);
                floor = floor.paced(pace.clone());
            }
            _ => {}
        }
        Some(floor)
    }
}
