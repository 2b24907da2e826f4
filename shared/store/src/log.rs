//! The log: one row for each incident that is over, grouped by the month in which the incident opened.

use handbell_core::incident::Incident;
use handbell_core::incident::summary::Summary;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::table::{KEPT_SECONDS, Row, RowKey, set_expiry, text};
use crate::{Log, TableFault, read, write};

/// Returns the log row of an incident that is over; `None` while the incident goes on. The row is kept as long as the
/// incident's own rows.
pub(crate) fn row(incident: &Incident, now: Timestamp) -> Result<Option<Row>, TableFault> {
    if !incident.phase.is_final() {
        return Ok(None);
    }
    let summary = Summary::of(incident, now);
    let mut row = write(&summary, &RowKey::log(summary.opened_at, &summary.reference))?;
    set_expiry(&mut row, now, KEPT_SECONDS);
    Ok(Some(row))
}

impl Log {
    /// Returns the finished incidents that opened at or after `from` and before `to`, oldest first. They are kept for
    /// 400 days.
    ///
    /// Each month (UTC) in the range costs one query, so a caller that lets people choose `from` must limit it.
    pub async fn log(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Summary>, TableFault> {
        let (first, last) = (RowKey::log(from, "").sk, RowKey::log(to, "").sk);
        let mut found = Vec::new();
        for month in months(from, to) {
            let mut pages = self
                .query(&RowKey::log(month, "").pk)
                .key_condition_expression("pk = :pk AND sk BETWEEN :first AND :last")
                .expression_attribute_values(":first", text(&first))
                .expression_attribute_values(":last", text(&last))
                .consistent_read(true)
                .into_paginator()
                .send();
            while let Some(page) = pages.next().await {
                for row in page?.items.unwrap_or_default() {
                    found.push(read::<Summary>(row)?);
                }
            }
        }
        Ok(found)
    }
}

/// Returns one moment in each month from `from` to before `to`, oldest first; empty if the range is empty.
fn months(from: Timestamp, to: Timestamp) -> Vec<Timestamp> {
    let utc = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    let mut month = Some(from.to_zoned(TimeZone::UTC).date().first_of_month());
    let mut found = Vec::new();
    while let Some(first) = month.filter(|_| from < to)
        && let Some(at) = utc(first).filter(|at| *at < to)
    {
        found.push(at);
        month = first.last_of_month().tomorrow().ok();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn asked(from: &str, to: &str) -> Vec<String> {
        months(at(from), at(to)).into_iter().map(|month| RowKey::log(month, "").pk).collect()
    }

    #[test]
    fn the_key_of_a_row_states_when_the_incident_opened() {
        let key = RowKey::log(at("2026-11-14T10:40:05.25Z"), "H-7K3Q");
        assert_eq!((key.pk.as_str(), key.sk.as_str()), ("LOG#2026-11", "001794652805250#H-7K3Q"));
        assert_eq!(key.due(), None);
        // Rows are ordered by time. A key without a reference sorts before all incidents that opened at that moment.
        let before = RowKey::log(at("2026-11-14T10:40:05.25Z"), "");
        let after = RowKey::log(at("2026-11-14T10:40:05.251Z"), "");
        assert!(before.sk < key.sk && key.sk < after.sk);
    }

    #[test]
    fn each_month_is_queried_once() {
        assert_eq!(asked("2026-11-02T00:00:00Z", "2026-11-30T23:59:59Z"), ["LOG#2026-11"]);
        assert_eq!(
            asked("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"),
            ["LOG#2026-11"],
            "`to` isn't asked for"
        );
        assert_eq!(asked("2026-11-30T23:59:59Z", "2026-12-01T00:00:01Z"), ["LOG#2026-11", "LOG#2026-12"]);
        assert_eq!(
            asked("2026-11-30T00:00:00Z", "2027-02-01T12:00:00Z"),
            ["LOG#2026-11", "LOG#2026-12", "LOG#2027-01", "LOG#2027-02"]
        );
        assert!(asked("2026-11-02T00:00:00Z", "2026-11-02T00:00:00Z").is_empty());
        assert!(asked("2026-12-02T00:00:00Z", "2026-11-02T00:00:00Z").is_empty());
        assert_eq!(months(at("2026-10-31T23:00:00Z"), Timestamp::MAX).len(), (9999 - 2026) * 12 + 3);
    }
}
