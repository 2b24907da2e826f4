//! Metrics as CloudWatch reads them out of the log (embedded metric format).

use handbell_app::{PollSeen, Ticked};
use jiff::Timestamp;
use serde_json::json;

/// One line on standard output: CloudWatch makes metrics of it that the template's alarms watch.
pub(crate) fn tick(ticked: &Ticked, function: &str, at: Timestamp) {
    let line = json!({
        "_aws": {
            "Timestamp": at.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": "Handbell",
                "Dimensions": [["FunctionName"]],
                "Metrics": [
                    { "Name": "TickCompleted", "Unit": "Count" },
                    { "Name": "OldestDueSeconds", "Unit": "Seconds" },
                ],
            }],
        },
        "FunctionName": function,
        "TickCompleted": 1,
        "OldestDueSeconds": ticked.oldest_seconds,
        "Kicked": ticked.kicked,
    });
    println!("{line}");
}

/// One line for the poll, and one for each zone.
pub(crate) fn poll(seen: &PollSeen, function: &str, at: Timestamp) {
    let line = json!({
        "_aws": {
            "Timestamp": at.as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": "Handbell",
                "Dimensions": [["FunctionName"]],
                "Metrics": [
                    { "Name": "PollCompleted", "Unit": "Count" },
                    { "Name": "PollMilliseconds", "Unit": "Milliseconds" },
                    { "Name": "ZonesUnknown", "Unit": "Count" },
                ],
            }],
        },
        "FunctionName": function,
        "PollCompleted": u8::from(!seen.busy),
        "PollMilliseconds": seen.took.as_millis() as i64,
        "ZonesUnknown": seen.zones.iter().filter(|zone| zone.count.is_none()).count(),
    });
    println!("{line}");
    for zone in &seen.zones {
        let Some(count) = zone.count else { continue };
        let share = zone.capacity.filter(|capacity| *capacity > 0);
        let share = share.map(|capacity| f64::from(count) * 100.0 / f64::from(capacity));
        let metrics = [("Count", "Count", true), ("Share", "Percent", share.is_some())];
        let metrics: Vec<_> = metrics
            .iter()
            .filter(|metric| metric.2)
            .map(|metric| json!({ "Name": metric.0, "Unit": metric.1 }))
            .collect();
        let line = json!({
            "_aws": {
                "Timestamp": at.as_millisecond(),
                "CloudWatchMetrics": [{ "Namespace": "Handbell", "Dimensions": [["FunctionName", "Zone"]], "Metrics": metrics }],
            },
            "FunctionName": function,
            "Zone": zone.zone,
            "Count": count,
            "Share": share,
        });
        println!("{line}");
    }
}
