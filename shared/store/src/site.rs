//! Sites: state kept from poll to poll, all counts, the devices seen, and the lease on polling.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use handbell_core::incident::{Incident, Subject};
use handbell_core::occupancy::poll::{Counts, SiteState};
use handbell_core::occupancy::view::{BUCKET, bucket};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::table::{KEPT_SECONDS, Row, RowKey, number, set_expiry, text};
use crate::{Incidents, SightingBatches, Sites, TableFault, condition_held, read, write};

/// How long a worker may poll. The schedule starts a poll every minute, and the function ends before the lease does.
const POLL_LEASE: SignedDuration = SignedDuration::from_secs(55);
/// Seconds for which sightings of devices are kept: longer than any window over which devices are counted.
const SEEN_SECONDS: i64 = 3 * 3600;
/// Maximum number of rows in one batch (DynamoDB, BatchGetItem).
const BATCH: usize = 100;

/// The devices that one message of a site reported, by zone: eight bytes for each device, without a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRow {
    /// Devices by zone.
    pub seen: HashMap<String, Bytes>,
    /// Devices seen outside all zones.
    pub gone: Bytes,
    /// Time at which the message arrived, in milliseconds.
    pub at_ms: i64,
}

/// Binary attribute of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl serde::de::Visitor<'_> for Reader {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
                Ok(Bytes(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Reader)
    }
}

impl Sites {
    /// Claims the lease on polling. Returns false while another worker holds it. The lease of a worker that died runs
    /// out before the next minute.
    pub async fn claim_poll(&self, owner: &str, now: Timestamp) -> Result<bool, TableFault> {
        claim_exclusively(self.update_item(&RowKey::poll()), owner, now).await
    }

    /// Releases the lease, if `owner` still holds it.
    pub async fn release_poll(&self, owner: &str) -> Result<(), TableFault> {
        release_exclusively(self.update_item(&RowKey::poll()), owner).await
    }

    /// Returns the stored state of a site.
    pub async fn site(&self, name: &str) -> Result<Option<SiteState>, TableFault> {
        self.get(&RowKey::site(name)).await
    }

    /// Stores the state of a site after a poll. Returns false if another worker has written it since it was read
    /// (optimistic locking).
    pub async fn save_site(&self, name: &str, site: &SiteState) -> Result<bool, TableFault> {
        let answer = self
            .put_item(write(site, &RowKey::site(name))?)
            .condition_expression("attribute_not_exists(pk) OR version = :before")
            .expression_attribute_values(":before", number(site.version - 1))
            .send()
            .await;
        condition_held(answer)
    }

    /// Stores the counts of a few minutes for thirteen months. The call is idempotent.
    pub async fn keep_counts(&self, site: &str, counts: &Counts) -> Result<(), TableFault> {
        let mut row = write(counts, &RowKey::counts(site, counts.start))?;
        set_expiry(&mut row, counts.start, KEPT_SECONDS);
        self.put_item(row).send().await?;
        Ok(())
    }

    /// Returns the stored counts of one zone in each minute at or after `from` and before `to`, oldest first. The last
    /// few minutes come from the site's own row.
    pub async fn counts(
        &self,
        site: &str,
        zone: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<(Timestamp, Option<u32>)>, TableFault> {
        let (first, last) = (RowKey::counts(site, bucket(from)), RowKey::counts(site, to));
        let mut pages = self
            .query(&first.pk)
            .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
            .projection_expression("#start, zones.#zone")
            .expression_attribute_names("#start", "start")
            .expression_attribute_names("#zone", zone)
            .expression_attribute_values(":first", text(&first.sk))
            .expression_attribute_values(":last", text(&last.sk))
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for row in page?.items.unwrap_or_default() {
                found.extend(minutes(row, zone)?);
            }
        }
        if let Some(now) = self.site(site).await? {
            found.extend(now.counts.of(zone));
        }
        found.retain(|(at, _)| *at >= from && *at < to);
        Ok(found)
    }

    /// Returns the stored counts of one zone in the rows that begin at these times.
    pub async fn counts_at(
        &self,
        site: &str,
        zone: &str,
        starts: &[Timestamp],
    ) -> Result<Vec<(Timestamp, Option<u32>)>, TableFault> {
        let keys: Vec<RowKey> = starts.iter().map(|start| RowKey::counts(site, bucket(*start))).collect();
        let mut found = Vec::new();
        for keys in keys.chunks(BATCH) {
            for row in self.batch(&keys.iter().collect::<Vec<_>>()).await? {
                found.extend(minutes(row, zone)?);
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// Returns the devices that a site's messages have reported since a time, oldest first.
    pub async fn sightings_since(&self, site: &str, since: Timestamp) -> Result<Vec<SeenRow>, TableFault> {
        let first = RowKey::seen(site, since, "");
        let mut pages = self
            .query(&first.pk)
            .key_condition_expression("pk = :pk AND sk >= :first")
            .expression_attribute_values(":first", text(&first.sk))
            .consistent_read(true)
            .into_paginator()
            .send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            for row in page?.items.unwrap_or_default() {
                found.push(read(row)?);
            }
        }
        Ok(found)
    }
}

impl Incidents {
    /// Returns the latest incidents of several subjects. Subjects without one are left out.
    pub async fn incidents(&self, subjects: &[Subject]) -> Result<Vec<Incident>, TableFault> {
        let keys: Vec<RowKey> = subjects.iter().map(RowKey::incident).collect();
        let mut found = Vec::new();
        for keys in keys.chunks(BATCH) {
            for row in self.batch(&keys.iter().collect::<Vec<_>>()).await? {
                found.push(read(row)?);
            }
        }
        Ok(found)
    }
}

impl SightingBatches {
    /// Stores the devices that a message reported. The call is idempotent: the same message reports the same devices.
    pub async fn add_sightings(&self, site: &str, digest: [u8; 8], seen: &SeenRow) -> Result<(), TableFault> {
        let at = Timestamp::from_millisecond(seen.at_ms).unwrap_or_default();
        let digest = handbell_core::hex(&digest);
        let mut row = write(seen, &RowKey::seen(site, at, &digest))?;
        set_expiry(&mut row, at, SEEN_SECONDS);
        self.put_item(row).send().await?;
        Ok(())
    }
}

/// Claims an exclusive lease for as long as a poll may take.
pub(crate) async fn claim_exclusively(
    lease: UpdateItemFluentBuilder,
    owner: &str,
    now: Timestamp,
) -> Result<bool, TableFault> {
    let answer = lease
        .update_expression("SET #owner = :owner, lease_ms = :lease")
        .condition_expression("attribute_not_exists(pk) OR lease_ms <= :now OR #owner = :owner")
        .expression_attribute_names("#owner", "owner")
        .expression_attribute_values(":owner", text(owner))
        .expression_attribute_values(":now", number(now.as_millisecond()))
        .expression_attribute_values(":lease", number((now + POLL_LEASE).as_millisecond()))
        .send()
        .await;
    condition_held(answer)
}

/// Releases such a lease, if `owner` still holds it.
pub(crate) async fn release_exclusively(
    lease: UpdateItemFluentBuilder,
    owner: &str,
) -> Result<(), TableFault> {
    let answer = lease
        .update_expression("SET lease_ms = :zero")
        .condition_expression("#owner = :owner")
        .expression_attribute_names("#owner", "owner")
        .expression_attribute_values(":owner", text(owner))
        .expression_attribute_values(":zero", number(0))
        .send()
        .await;
    condition_held(answer).map(|_| ())
}

/// Returns the counts of one zone in a row, each with its minute.
fn minutes(mut row: Row, zone: &str) -> Result<Vec<(Timestamp, Option<u32>)>, TableFault> {
    // DynamoDB leaves `zones` out of a row that doesn't contain the zone.
    row.entry("zones".to_owned()).or_insert_with(|| AttributeValue::M(HashMap::new()));
    let counts: Counts = read(row)?;
    debug_assert!(counts.of(zone).count() <= (BUCKET.as_secs() / 60) as usize);
    Ok(counts.of(zone).collect())
}
