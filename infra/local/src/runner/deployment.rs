//! The functions as they are deployed, whose configuration can change while the table stays.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use handbell_boot::{Environment, Error, Handlers};
use handbell_core::config::Config;
use handbell_sim::SimClock;

use super::configured::local_secrets;
use super::scratch::write_private;

/// The handlers of this process; none until they are first deployed.
#[derive(Clone, Default)]
pub(super) struct Deployed(Arc<RwLock<Option<Arc<Handlers>>>>);

impl Deployed {
    pub(super) fn handlers(&self) -> Option<Arc<Handlers>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What a deployment of the functions is made from.
pub(super) struct Deployment {
    /// Path of the configuration.
    pub(super) config: PathBuf,
    /// Path of the secrets.
    pub(super) secrets: PathBuf,
    /// The functions' environment.
    pub(super) environment: Environment,
    pub(super) clock: SimClock,
    pub(super) deployed: Deployed,
}

impl Deployment {
    /// Starts the handlers with the configuration as the file has it now. Handlers that are at work end with the one they had.
    pub(super) fn deploy(&self) -> Result<(), Error> {
        let clock = self.clock.clone();
        let now = Arc::new(move || clock.now());
        let handlers = handbell_boot::handlers(&self.environment, now, handbell_boot::random_ids())?;
        *self.deployed.0.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(handlers));
        Ok(())
    }

    /// Adds the secrets that the configuration names for the first time. The others keep their values.
    pub(super) fn add_secrets(&self, config: &Config) -> Result<(), Error> {
        let mut secrets = local_secrets(config);
        if let Ok(known) = std::fs::read(&self.secrets) {
            secrets.extend(serde_json::from_slice::<BTreeMap<String, String>>(&known)?);
        }
        Ok(write_private(&self.secrets, &serde_json::to_vec_pretty(&secrets)?)?)
    }
}
