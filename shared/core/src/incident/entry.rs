//! The entry of the configuration that a subject is about.

use super::{Kind, Subject};
use crate::config::Config;

impl Subject {
    /// Returns true if the subject's entry is in this configuration, whose entries are [under their state
    /// names](Config::under_state_names). Otherwise nothing can happen any more to the subject's incident or conversation.
    pub fn is_in(&self, config: &Config) -> bool {
        let name = self.own_name();
        match self.kind() {
            Kind::Button => config.buttons.contains_key(name),
            Kind::Zone => config.zones.contains_key(name),
            Kind::SilentSite => config.sites.contains_key(name),
            Kind::Waiting | Kind::Customer => config.lines.contains_key(name),
            Kind::Alert => config.sources.contains_key(name),
            Kind::Notice => true,
        }
    }
}
