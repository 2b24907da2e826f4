//! What a site's row takes over from the incidents of its zones, because it can't know what people were told last: the zone was
//! counted under another site, or nobody polled the site for a while.

use jiff::{SignedDuration, Timestamp};

use super::SiteState;
use crate::incident::{Incident, Phase, Subject};
use crate::occupancy::zone::{Side, Watch};

/// Time without a poll after which the row may be older than the incidents. A site is polled every minute.
const MISSED: SignedDuration = SignedDuration::from_secs(90);

impl SiteState {
    /// Returns true if people may have been told something about this zone since the row was written. A signal that is pending
    /// tells them what the row knows.
    pub fn is_behind(&self, zone: &str, now: Timestamp) -> bool {
        let missed = self.polled_at.is_some_and(|at| now.duration_since(at) > MISSED);
        let subject = Subject::zone(zone);
        (missed || !self.zones.contains_key(zone))
            && !self.pending.iter().any(|pending| pending.subject == subject)
    }

    /// Takes over the level that people know of, for a zone that [`is_behind`](Self::is_behind). `incident` is the zone's latest.
    pub fn adopt(&mut self, zone: &str, incident: Option<&Incident>) {
        let open = incident.filter(|incident| !incident.phase.is_final());
        let told = open.and_then(|incident| Some((incident, incident.occupancy.as_ref()?)));
        match (told, self.zones.get_mut(zone)) {
            (Some((_, occupancy)), Some(watch)) if watch.level.is_some() => {
                watch.level = Some(occupancy.level);
            }
            (Some((incident, occupancy)), _) => {
                let watch = self.zones.entry(zone.to_owned()).or_default();
                watch.level = Some(occupancy.level);
                watch.since = Some(incident.opened_at);
                watch.peak = u32::try_from(incident.count).unwrap_or(u32::MAX);
            }
            // People closed it as a false alarm, which it stays while the zone is busy.
            (None, Some(_)) if incident.is_some_and(|incident| incident.phase == Phase::Cancelled) => {}
            (None, Some(watch)) => forget_level(watch),
            (None, None) => {}
        }
    }

    /// Forgets the level of a zone that another site counts now, so that nobody is told that it is gone.
    pub fn hand_over(&mut self, zone: &str) {
        if let Some(watch) = self.zones.get_mut(zone) {
            forget_level(watch);
        }
    }
}

fn forget_level(watch: &mut Watch) {
    if watch.level.take().is_some() {
        watch.since = None;
        watch.peak = 0;
        for side in [&mut watch.warn, &mut watch.alert] {
            *side = Side { told_at: side.told_at, ..Side::default() };
        }
    }
}
