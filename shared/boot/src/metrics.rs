//! Metrics in CloudWatch's embedded metric format: one line of the log on standard output for each.

use handbell_app::{MailboxSeen, MailsSeen, PollSeen, Ticked};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Namespace of the metrics, which the template's alarms and dashboard use.
const NAMESPACE: &str = "Handbell";

/// Returns the part that tells CloudWatch which fields of a line are metrics: their names and units, and the
/// dimensions.
fn envelope(at: Timestamp, dimensions: &[&str], metrics: &[(&str, &str)]) -> Value {
    let metrics: Vec<Value> =
        metrics.iter().map(|(name, unit)| json!({ "Name": name, "Unit": unit })).collect();
    json!({
        "Timestamp": at.as_millisecond(),
        "CloudWatchMetrics": [{ "Namespace": NAMESPACE, "Dimensions": [dimensions], "Metrics": metrics }],
    })
}

/// Writes a line for the tick. `function` is the deployed name, which the alarms use.
pub(crate) fn tick(ticked: &Ticked, function: &str, at: Timestamp) {
    let metrics = [("TickCompleted", "Count"), ("OldestDueSeconds", "Seconds")];
    let line = json!({
        "_aws": envelope(at, &["FunctionName"], &metrics),
        "FunctionName": function,
        "TickCompleted": 1,
        "OldestDueSeconds": ticked.oldest_seconds,
        "Enqueued": ticked.enqueued,
    });
    println!("{line}");
}

/// Writes a line for the poll, and one for each zone whose count is known.
pub(crate) fn poll(seen: &PollSeen, function: &str, at: Timestamp) {
    let metrics =
        [("PollCompleted", "Count"), ("PollMilliseconds", "Milliseconds"), ("ZonesUnknown", "Count")];
    let line = json!({
        "_aws": envelope(at, &["FunctionName"], &metrics),
        "FunctionName": function,
        "PollCompleted": u8::from(!seen.busy),
        "PollMilliseconds": seen.took.as_millis() as i64,
        "ZonesUnknown": seen.zones.iter().filter(|zone| zone.count.is_none()).count(),
    });
    println!("{line}");
    for zone in &seen.zones {
        let Some(count) = zone.count else { continue };
        let capacity = zone.capacity.filter(|capacity| *capacity > 0);
        let share = capacity.map(|capacity| f64::from(count) * 100.0 / f64::from(capacity));
        let metrics = [("Count", "Count"), ("Share", "Percent")];
        let known = if share.is_some() { &metrics[..] } else { &metrics[..1] };
        let line = json!({
            "_aws": envelope(at, &["FunctionName", "Zone"], known),
            "FunctionName": function,
            "Zone": zone.zone,
            "Count": count,
            "Share": share,
        });
        println!("{line}");
    }
}

/// Writes a line for the mailboxes, including the number of those that couldn't be read.
pub(crate) fn mailboxes(seen: &MailboxSeen, function: &str, at: Timestamp) {
    let metrics = [
        ("MailboxPollCompleted", "Count"),
        ("MailsRead", "Count"),
        ("MailboxesFailed", "Count"),
        ("MailsUnmatched", "Count"),
        ("MailsIgnored", "Count"),
    ];
    let line = json!({
        "_aws": envelope(at, &["FunctionName"], &metrics),
        "FunctionName": function,
        "MailboxPollCompleted": 1,
        "Mailboxes": seen.mailboxes,
        "MailsRead": seen.read,
        "MailboxesFailed": seen.failed,
        "MailsUnmatched": seen.mails.unmatched,
        "MailsIgnored": seen.mails.ignored,
    });
    println!("{line}");
}

/// Writes a line for a mail that SES received, including those that would have ended or joined an incident, though none
/// was open.
pub(crate) fn mails(seen: &MailsSeen, function: &str, at: Timestamp) {
    let metrics = [("MailsTaken", "Count"), ("MailsUnmatched", "Count"), ("MailsIgnored", "Count")];
    let line = json!({
        "_aws": envelope(at, &["FunctionName"], &metrics),
        "FunctionName": function,
        "MailsTaken": seen.taken,
        "MailsUnmatched": seen.unmatched,
        "MailsIgnored": seen.ignored,
    });
    println!("{line}");
}
