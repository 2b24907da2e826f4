//! Metrics as CloudWatch reads them out of the log (embedded metric format).

use handbell_app::Ticked;
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
