//! The floor for the page: what the stand-in CMX counts beside what Handbell knows of it.

use std::collections::BTreeMap;

use handbell_core::incident::Subject;
use handbell_core::poll::Site;
use handbell_store::Store;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::sim::cmx::Cmx;

/// The page's charts go back this far.
const SHOWN: SignedDuration = SignedDuration::from_hours(6);

/// The zones as the stand-in has them, each with its level, its incident and its counts of the last hours.
pub(crate) async fn zones(cmx: &Cmx, store: &Store, now: Timestamp) -> Value {
    let mut zones = cmx.view();
    let mut sites: BTreeMap<String, Site> = BTreeMap::new();
    for zone in zones.as_array_mut().into_iter().flatten() {
        let text = |key: &str| zone[key].as_str().unwrap_or_default().to_owned();
        let (name, site_name) = (text("name"), text("site"));
        if !sites.contains_key(&site_name) {
            let site = store.site(&site_name).await.ok().flatten().unwrap_or_default();
            sites.insert(site_name.clone(), site);
        }
        let watch = sites[&site_name].zones.get(&name).cloned().unwrap_or_default();
        let points = store.counts(&site_name, &name, now - SHOWN, now + SignedDuration::from_mins(1)).await;
        let points = points.unwrap_or_default();
        let incident = store.incident(&Subject::zone(&name)).await.ok().flatten();
        let open = incident.filter(|incident| !incident.phase.is_final());
        zone["level"] = json!(watch.level);
        zone["known"] = points.last().is_some_and(|(_, count)| count.is_some()).into();
        zone["silent"] = watch.silent.into();
        zone["snoozed_until"] = json!(watch.snoozed_until);
        zone["points"] = json!(points);
        zone["incident"] = open.map_or(Value::Null, |incident| {
            json!({
                "state": incident.phase, "reference": incident.reference(),
                "by": incident.taken_by.map(|by| by.who),
            })
        });
    }
    zones
}
