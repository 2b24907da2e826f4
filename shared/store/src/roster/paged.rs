//! Which incidents a phone was notified of, so that a bare "ok" in a text refers to one of them.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use jiff::Timestamp;

use crate::table::{Row, RowKey, number, set_expiry};
use crate::{EpochKey, Paged, PagedNotes, TableFault, read, write};

/// How long a notification is remembered, in seconds.
const KEPT_SECONDS: i64 = 30 * 86_400;
/// Maximum number of rows in one batch (DynamoDB, BatchWriteItem).
const BATCH: usize = 25;
/// Attempts at writing a batch, including the retries of rows that DynamoDB left unprocessed.
const ATTEMPTS: u32 = 6;
/// Pause before the first retry; it doubles each time.
const PAUSE: Duration = Duration::from_millis(20);

impl Paged {
    /// Returns the incidents that a phone was notified of within the last 30 days, newest first, including incidents
    /// that are over.
    pub async fn paged(&self, phone: &str) -> Result<Vec<EpochKey>, TableFault> {
        self.paged_since(phone, Timestamp::MIN).await
    }

    /// Returns the incidents that a phone was last notified of since a time, newest first.
    pub async fn paged_since(&self, phone: &str, since: Timestamp) -> Result<Vec<EpochKey>, TableFault> {
        let mut pages = self
            .query(&format!("PAGED#{phone}"))
            .key_condition_expression("pk = :pk")
            .consistent_read(true)
            .into_paginator()
            .send();
        let mut found: Vec<(i64, EpochKey)> = Vec::new();
        while let Some(page) = pages.next().await {
            for row in page?.items.unwrap_or_default() {
                let at = row.get("at_ms").and_then(|at| at.as_n().ok()?.parse().ok()).unwrap_or(0);
                if at >= since.as_millisecond() {
                    found.push((at, read(row)?));
                }
            }
        }
        found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Ok(found.into_iter().map(|(_, named)| named).collect())
    }
}

impl PagedNotes {
    /// Stores that phones were notified of incidents. The call is idempotent.
    pub async fn record_paged(&self, told: &[(String, EpochKey)], now: Timestamp) -> Result<(), TableFault> {
        // DynamoDB rejects a batch that contains the same row twice.
        let mut rows: BTreeMap<(String, String), Row> = BTreeMap::new();
        for (phone, named) in told {
            let key = RowKey::paged(phone, &named.subject, named.epoch);
            let mut row = write(named, &key)?;
            row.insert("at_ms".to_owned(), number(now.as_millisecond()));
            set_expiry(&mut row, now, KEPT_SECONDS);
            rows.insert((key.pk, key.sk), row);
        }
        let rows: Vec<Row> = rows.into_values().collect();
        for rows in rows.chunks(BATCH) {
            self.write_all(rows).await?;
        }
        Ok(())
    }

    async fn write_all(&self, rows: &[Row]) -> Result<(), TableFault> {
        let mut left = Vec::with_capacity(rows.len());
        for row in rows {
            let put = PutRequest::builder().set_item(Some(row.clone())).build();
            let put = put?;
            left.push(WriteRequest::builder().put_request(put).build());
        }
        for attempt in 0..ATTEMPTS {
            if attempt > 0 {
                tokio::time::sleep(PAUSE * 2_u32.pow(attempt - 1)).await;
            }
            left = self.batch_write(left).await?;
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(TableFault::Throttled("written"))
    }
}
