//! AWS IoT 1-Click: a button's event as AWS describes it.

use handbell_core::{button::Press, event_id::EventId};
use jiff::Timestamp;
use serde_json::Value;

use super::fields::{battery, scalar};
use super::gesture::gesture;
use super::id::named;
use super::time::time;

/// Reads the event of AWS IoT 1-Click (AWS IoT 1-Click developer guide, "Events"). The service has been discontinued,
/// but rules that imitate it still use its format.
pub(super) fn one_click(value: &Value, now: Timestamp) -> Option<Press> {
    let clicked = value["deviceEvent"].get("buttonClicked")?.as_object()?;
    let word = clicked.get("clickType").and_then(Value::as_str).unwrap_or_default();
    let reported = clicked.get("reportedTime").and_then(Value::as_str);
    let id = match (value["deviceInfo"]["deviceId"].as_str(), reported) {
        (Some(device), Some(reported)) => named(format!("aws:{device}:{reported}"), EventId::KEEP),
        _ => None,
    };
    Some(Press {
        id,
        gesture: gesture(word).unwrap_or_default(),
        at: reported.and_then(|text| time(text, now)),
        battery: scalar(&value["deviceInfo"]["remainingLife"]).as_deref().map(battery),
    })
}
