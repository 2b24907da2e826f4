//! The floor for the page: the counts of the simulated CMX, and Handbell's state of the zones.

use std::collections::BTreeMap;
use std::sync::Mutex;

use handbell_core::config::{Config, StateNames};
use handbell_core::incident::Subject;
use handbell_core::occupancy::poll::SiteState;
use handbell_store::Store;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use handbell_sim::cmx::Cmx;

/// Period of the page's charts.
const SHOWN: SignedDuration = SignedDuration::from_hours(6);

/// The zones for the page.
pub(crate) struct Floor {
    names: StateNames,
    /// Cache of each zone's points with the version of the site's row: the page asks ten times a second, and the points change
    /// once a minute.
    points: Mutex<BTreeMap<String, (u64, Value)>>,
}

impl Floor {
    pub(crate) fn new(config: &Config) -> Self {
        Self { names: config.state_names(), points: Mutex::default() }
    }

    async fn points(&self, store: &Store, site: &str, version: u64, zone: &str, now: Timestamp) -> Value {
        let kept = || self.points.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((_, points)) = kept().get(zone).filter(|(of, _)| *of == version) {
            return points.clone();
        }
        let points = store.sites().counts(site, zone, now - SHOWN, now + SignedDuration::from_mins(1)).await;
        let points = json!(points.unwrap_or_default());
        kept().insert(zone.to_owned(), (version, points.clone()));
        points
    }

    /// Returns the simulated zones, each with its level, its incident and its counts of the last hours.
    pub(crate) async fn zones(&self, cmx: &Cmx, store: &Store, now: Timestamp) -> Value {
        let mut zones = cmx.view();
        let mut sites: BTreeMap<String, SiteState> = BTreeMap::new();
        for zone in zones.as_array_mut().into_iter().flatten() {
            let text = |key: &str| zone[key].as_str().unwrap_or_default().to_owned();
            let (name, site_name) = (text("name"), text("site"));
            let name = self.names.zones.state(&name).to_owned();
            let site_name = self.names.sites.state(&site_name).to_owned();
            if !sites.contains_key(&site_name) {
                let site = store.sites().site(&site_name).await.ok().flatten().unwrap_or_default();
                sites.insert(site_name.clone(), site);
            }
            let site = &sites[&site_name];
            let watch = site.zones.get(&name).cloned().unwrap_or_default();
            let points = self.points(store, &site_name, site.version, &name, now).await;
            let incident = store.incidents().incident(&Subject::zone(&name)).await.ok().flatten();
            let open = incident.filter(|incident| !incident.phase.is_final());
            zone["level"] = json!(watch.level);
            zone["known"] =
                points.as_array().and_then(|all| all.last()).is_some_and(|last| !last[1].is_null()).into();
            zone["silent"] = watch.silent.into();
            zone["snoozed_until"] = json!(watch.snoozed_until);
            zone["points"] = points;
            zone["incident"] = open.map_or(Value::Null, |incident| {
                json!({
                    "state": incident.phase, "reference": incident.reference(),
                    "by": incident.taken_by.map(|by| by.who),
                })
            });
        }
        zones
    }
}
