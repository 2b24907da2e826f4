//! Polls of the sites, once a minute: load, count, decide, store, apply.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use handbell_core::config::{SiteConfig, Source, Zone};
use handbell_core::event_id::EventId;
use handbell_core::incident::Subject;
use handbell_core::incident::decide::Event;
use handbell_core::occupancy::poll::{Pending, Polled, SiteState as Remembered};
use handbell_core::occupancy::view::{BUCKET, TREND, WEEKS};
use handbell_core::occupancy::view::{POINTS, Signal, View, bucket, trend, usual, weeks_before};
use handbell_core::occupancy::zone::ZoneRule;
use handbell_inbound::sightings::{self, Sightings};
use handbell_store::{Incidents, SeenRow, Sites};
use jiff::{SignedDuration, Timestamp};

use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};
use crate::engine::apply::IncidentEngine;
use crate::occupancy::site_clients::SiteClients;
use crate::{Fault, Ids, Secrets};

/// Time-out for all requests to a site. Zones that weren't counted by then are unknown for this minute.
const WITHIN: Duration = Duration::from_secs(20);
/// Retention of a signal's event id. A signal is confirmed within a minute or two.
const KEEP: SignedDuration = SignedDuration::from_hours(48);
/// Number of subjects whose signals are applied concurrently.
const AT_ONCE: usize = 8;

/// Result of a poll for one zone, for the metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneSeen {
    /// Name of the zone.
    pub zone: String,
    /// Number of devices; none if it is unknown.
    pub count: Option<u32>,
    /// Number of devices at which the zone is full.
    pub capacity: Option<u32>,
}

/// Result of a poll, for the metrics.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PollSeen {
    /// Results of the zones.
    pub zones: Vec<ZoneSeen>,
    /// Whether another poll was still running, so that this one did nothing.
    pub busy: bool,
    /// Duration of the poll.
    pub took: SignedDuration,
}

parts! {
    /// Polls the sites.
    pub struct SitePoll {
        config: Configuration,
        engine: IncidentEngine,
        incidents: Incidents,
        sites: Sites,
        clients: SiteClients,
        secrets: Secrets,
        time: Time,
        ids: Ids,
    }
}

impl SitePoll {
    /// Polls every site, none waiting for another. An error means that a site's state couldn't be read or written. The
    /// other sites were polled nevertheless.
    pub async fn poll(&self) -> Result<PollSeen, Fault> {
        let now = self.time.now();
        let owner = self.ids.unique();
        if self.config.sites.is_empty() {
            return Ok(PollSeen::default());
        }
        if !self.sites.claim_poll(&owner, now).await? {
            tracing::warn!("the previous poll is still running; this poll does nothing");
            return Ok(PollSeen { busy: true, ..PollSeen::default() });
        }
        // A poll counts for its minute, no matter when in the minute it runs. Otherwise fifteen minutes would be
        // fifteen or sixteen polls, by chance.
        let minute = Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now);
        let polls = self.config.sites.iter().map(async |(name, site)| {
            self.poll_site(name, site, minute).await.inspect_err(|fault| {
                tracing::error!(site = self.config.names().sites.present(name), reason = %fault, "a site's state can't be read or written; polled again in a minute");
            })
        });
        let done = join_all(polls).await;
        if let Err(fault) = self.sites.release_poll(&owner).await {
            tracing::warn!(reason = %fault, "the lease on polling could not be released; it runs out on its own");
        }
        let mut seen = PollSeen { took: self.time.now().duration_since(now), ..PollSeen::default() };
        for zones in done {
            seen.zones.extend(zones?);
        }
        Ok(seen)
    }

    async fn poll_site(&self, name: &str, site: &SiteConfig, now: Timestamp) -> Result<Vec<ZoneSeen>, Fault> {
        let mut before = self.sites.site(name).await?.unwrap_or_default();
        if before.has_polled(now) {
            self.apply_pending(name, before, now).await;
            return Ok(Vec::new());
        }
        let zones: Vec<(&str, &Zone, ZoneRule)> = self
            .config
            .zones
            .iter()
            .filter(|(_, zone)| zone.site == name)
            .filter_map(|(name, zone)| {
                Some((name.as_str(), zone, ZoneRule::of(zone, self.config.zone()).ok()?))
            })
            .collect();
        let (snoozed, counts) =
            tokio::join!(self.catch_up(name, &mut before, now), self.counts(name, site, &zones, now));
        let snoozed = snoozed?;
        let mut counts = counts?;
        let polled: Vec<Polled<'_>> = zones
            .iter()
            .map(|(zone_name, zone, rule)| Polled {
                name: zone_name,
                label: zone.label.as_deref().unwrap_or(zone_name),
                plan: &zone.plan,
                rule,
                capacity: zone.capacity,
                snooze_minutes: zone.snooze.0.as_mins(),
                count: counts.remove(*zone_name).unwrap_or_else(|| Err("it was not asked for".to_owned())),
                snoozed_until: snoozed.get(*zone_name).copied(),
            })
            .collect();
        for zone in &polled {
            if let Err(why) = &zone.count {
                tracing::warn!(
                    site = self.config.names().sites.present(name),
                    zone = self.config.names().zones.present(zone.name),
                    why,
                    "the count is unknown"
                );
            }
        }
        let seen = polled.iter().map(|zone| ZoneSeen {
            zone: self.config.names().zones.present(zone.name).to_owned(),
            count: zone.count.as_ref().ok().copied(),
            capacity: zone.capacity,
        });
        let seen = seen.collect();
        let (next, complete) = before.apply_poll(name, &polled, now);
        if let Some(complete) = complete {
            self.sites.keep_counts(name, &complete).await?;
        }
        if !self.sites.save_site(name, &next).await? {
            tracing::warn!(
                site = self.config.names().sites.present(name),
                "another poll has stored this site's state meanwhile; this poll doesn't count"
            );
            return Ok(Vec::new());
        }
        self.apply_pending(name, next, now).await;
        Ok(seen)
    }

    /// Reads the incidents of the zones that aren't calm, and of those whose row may be older than what people were told.
    /// Returns until when people have snoozed zones, by a choice on a card.
    async fn catch_up(
        &self,
        name: &str,
        site: &mut Remembered,
        now: Timestamp,
    ) -> Result<BTreeMap<String, Timestamp>, Fault> {
        let here = |zone: &str| self.config.zones.get(zone).is_some_and(|zone| zone.site == name);
        let moved = |zone: &&String| self.config.zones.contains_key(*zone) && !here(zone);
        for zone in site.zones.keys().filter(moved).cloned().collect::<Vec<_>>() {
            site.hand_over(&zone);
        }
        let behind = self.config.zones.keys().filter(|zone| here(zone) && site.is_behind(zone, now));
        let behind: BTreeSet<&str> = behind.map(String::as_str).collect();
        let busy = site.zones.iter().filter(|(_, watch)| watch.level.is_some());
        let wanted: BTreeSet<&str> =
            busy.map(|(zone, _)| zone.as_str()).chain(behind.iter().copied()).collect();
        if wanted.is_empty() {
            return Ok(BTreeMap::new());
        }
        let subjects: Vec<Subject> = wanted.into_iter().map(Subject::zone).collect();
        let incidents = self.incidents.incidents(&subjects).await?;
        for zone in behind {
            site.adopt(zone, incidents.iter().find(|incident| incident.subject.name() == zone));
        }
        Ok(incidents
            .into_iter()
            .filter_map(|incident| {
                let until = incident.occupancy?.snoozed_until?;
                Some((incident.subject.name().to_owned(), until))
            })
            .collect())
    }

    /// Returns the number of devices in each zone, or the reason why it is unknown. Only a fault of our own table is an
    /// error.
    async fn counts(
        &self,
        name: &str,
        site: &SiteConfig,
        zones: &[(&str, &Zone, ZoneRule)],
        now: Timestamp,
    ) -> Result<BTreeMap<String, Result<u32, String>>, Fault> {
        let all = |why: &str| -> BTreeMap<String, Result<u32, String>> {
            zones.iter().map(|(zone, ..)| ((*zone).to_owned(), Err(why.to_owned()))).collect()
        };
        let (secret, window) = match site.source() {
            None => return Ok(all("the configuration doesn't say where the counts come from")),
            Some(Source::CmxPush(push)) => (None, push.window.0),
            Some(Source::MerakiPush(push)) => (None, push.window.0),
            Some(Source::Cmx(cmx)) => (Some(&cmx.password.secret), SignedDuration::ZERO),
            Some(Source::Spaces(spaces)) => (Some(&spaces.key.secret), SignedDuration::ZERO),
            Some(Source::Meraki(meraki)) => (Some(&meraki.key.secret), SignedDuration::ZERO),
        };
        let Some(secret) = secret else {
            let batches = self.sites.sightings_since(name, now - window).await?;
            return Ok(present(&batches, zones).unwrap_or_else(|| {
                all(&format!("nothing was heard of it for {} minutes", window.as_mins()))
            }));
        };
        let floor = match (self.secrets.get(secret, now).await, self.clients.client(name, site)) {
            (Ok(secret), Ok(client)) => self.clients.floor(client, site, secret),
            (Err(fault), _) | (_, Err(fault)) => return Ok(all(&fault.to_string())),
        };
        let Some(floor) = floor else { return Ok(all("this source can't be asked")) };
        let wanted: Vec<(&str, &Zone)> = zones.iter().map(|(name, zone, _)| (*name, *zone)).collect();
        let counts = floor.count(&wanted, now, WITHIN).await;
        Ok(counts
            .zones
            .into_iter()
            .map(|(zone, count)| (zone, count.map_err(|unknown| unknown.why().to_owned())))
            .collect())
    }

    /// Applies the pending signals and confirms them. Signals that fail are applied again by the next poll.
    async fn apply_pending(&self, name: &str, site: Remembered, now: Timestamp) {
        if site.pending.is_empty() {
            return;
        }
        let mut confirmed = BTreeSet::new();
        // The signals of one subject are applied in their order. Different subjects don't wait for each other.
        let mut by_subject: BTreeMap<&Subject, Vec<&Pending>> = BTreeMap::new();
        for pending in &site.pending {
            by_subject.entry(&pending.subject).or_default().push(pending);
        }
        let queues: Vec<Vec<&Pending>> = by_subject.into_values().collect();
        for some in queues.chunks(AT_ONCE) {
            let applied = some.iter().map(async |queue| {
                let mut confirmed = Vec::new();
                for pending in queue {
                    match self.apply_one(name, &site, pending, now).await {
                        Ok(()) => confirmed.push(pending.id.clone()),
                        Err(fault) => {
                            tracing::error!(subject = pending.subject.as_str(), reason = %fault, "a signal could not be applied; the next poll retries it");
                            break;
                        }
                    }
                }
                confirmed
            });
            confirmed.extend(join_all(applied).await.into_iter().flatten());
        }
        if confirmed.is_empty() {
            return;
        }
        match self.sites.save_site(name, &site.confirm(&confirmed)).await {
            Ok(true) => {}
            Ok(false) | Err(_) => {
                tracing::warn!(
                    site = self.config.names().sites.present(name),
                    "applied signals could not be confirmed; they are repeated and count once"
                );
            }
        }
    }

    async fn apply_one(
        &self,
        site: &str,
        remembered: &Remembered,
        pending: &Pending,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let mut signal = pending.signal.clone();
        if let Signal::Rise { view, .. } | Signal::Remind { view } = &mut signal {
            let zone = pending.subject.name();
            // The usual count is worth knowing, but nobody waits for it.
            if let Err(fault) = self.complete(site, remembered, zone, view).await {
                tracing::warn!(zone, reason = %fault, "earlier counts can't be read; the card is shown without them");
            }
        }
        let id = EventId { key: pending.id.clone(), keep: KEEP };
        let applied = self.engine.apply(&pending.subject, &Event::Occupancy(signal), Some(&id)).await?;
        tracing::info!(
            subject = pending.subject.as_str(), outcome = ?applied.outcome,
            after = now.duration_since(remembered.polled_at.unwrap_or(now)).as_secs(), "signal applied"
        );
        Ok(())
    }

    /// Adds to a view the usual count at this time of the week, the trend, and the counts of the last hours.
    async fn complete(
        &self,
        site: &str,
        remembered: &Remembered,
        zone: &str,
        view: &mut View,
    ) -> Result<(), Fault> {
        let hours = self.config.zones.get(zone).and_then(|zone| zone.hours.as_ref());
        let named = hours.and_then(|hours| hours.timezone.as_deref());
        let timezone = named.and_then(|name| jiff::tz::TimeZone::get(name).ok());
        let timezone = timezone.unwrap_or_else(|| self.config.zone().clone());
        let last = bucket(view.at);
        let start = last - BUCKET * (POINTS as i32 - 1);
        let weeks: Vec<Timestamp> =
            (1..=WEEKS).map(|weeks| bucket(weeks_before(view.at, weeks, &timezone))).collect();
        let around: Vec<Timestamp> =
            weeks.iter().flat_map(|week| [*week - BUCKET, *week, *week + BUCKET]).collect();
        let (recent, before) = tokio::join!(
            self.sites.counts(site, zone, start, last),
            self.sites.counts_at(site, zone, &around)
        );
        let (mut recent, before) = (recent?, before?);
        recent.extend(remembered.counts.of(zone).filter(|(at, _)| *at >= last && *at <= view.at));
        view.start = start;
        view.points = (0..POINTS as i32)
            .map(|point| {
                let from = start + BUCKET * point;
                let inside = recent.iter().filter(|(at, _)| *at >= from && *at < from + BUCKET);
                inside.filter_map(|(_, count)| *count).max()
            })
            .collect();
        let known: Vec<(Timestamp, u32)> =
            recent.iter().filter_map(|(at, count)| Some((*at, (*count)?))).collect();
        let since = view.at - TREND * 2;
        let lately: Vec<_> = known.into_iter().filter(|(at, _)| *at >= since).collect();
        view.trend = trend(&lately, view.at);
        view.usual = usual(
            weeks
                .iter()
                .filter_map(|week| {
                    let near =
                        before.iter().filter(|(at, _)| *at >= *week - BUCKET && *at < *week + BUCKET * 2);
                    let counts: Vec<u64> = near.filter_map(|(_, count)| Some(u64::from((*count)?))).collect();
                    let mean = counts.iter().sum::<u64>().checked_div(counts.len() as u64)?;
                    u32::try_from(mean).ok()
                })
                .collect(),
        );
        Ok(())
    }
}

/// Returns the number of devices that were seen in each zone, or none if no sightings arrived.
fn present(
    batches: &[SeenRow],
    zones: &[(&str, &Zone, ZoneRule)],
) -> Option<BTreeMap<String, Result<u32, String>>> {
    if batches.is_empty() {
        return None;
    }
    let batches: Vec<(Timestamp, Sightings)> = batches
        .iter()
        .filter_map(|batch| {
            let unpack = |bytes: &handbell_store::Bytes| sightings::unpack(&bytes.0);
            let seen = batch.seen.iter().filter_map(|(zone, devices)| Some((zone.clone(), unpack(devices)?)));
            let sightings =
                Sightings { seen: seen.collect(), gone: unpack(&batch.gone)?, ..Sightings::default() };
            Some((Timestamp::from_millisecond(batch.at_ms).ok()?, sightings))
        })
        .collect();
    let counted = sightings::count(&batches);
    Some(
        zones
            .iter()
            .map(|(name, zone, _)| {
                let count = counted.get(*name).copied().unwrap_or_default();
                ((*name).to_owned(), Ok(count.saturating_sub(zone.exclude.devices)))
            })
            .collect(),
    )
}
