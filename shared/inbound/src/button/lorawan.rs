//! LoRaWAN buttons, behind any of the usual network servers.
//!
//! A network server reports much more than uplinks: joins, downlinks, positions, its own view of the device. And a button
//! sends more than presses: most report the battery once a day.

use std::borrow::Cow;

use handbell_core::{button::Press, event_id::EventId};
use jiff::Timestamp;
use serde_json::Value;

use super::ButtonMessage;
use super::fields::{Fields, battery, scalar};
use super::id::named;
use super::state::tells_only_state;
use super::time::time;

/// ChirpStack's events, except for `up` (ChirpStack documentation, "Integrations", "Event types"). `error` is of version 3.
const CHIRPSTACK_EVENTS: [&str; 8] =
    ["join", "ack", "txack", "log", "status", "location", "integration", "error"];

/// A network server's message.
enum Report<'a> {
    Uplink(Uplink<'a>),
    /// Anything else.
    Other {
        battery: Option<String>,
    },
}

impl Report<'_> {
    const OTHER: Self = Self::Other { battery: None };
}

/// What a device sent.
#[derive(Default)]
struct Uplink<'a> {
    /// The server's id of it, the same in each repetition.
    id: Option<String>,
    at: Option<String>,
    port: Option<&'a Value>,
    decoded: Option<Cow<'a, Value>>,
}

/// Reads a network server's message; `None` if it isn't one. `event` is the query's `event`.
pub(super) fn message(value: &Value, event: Option<&str>, now: Timestamp) -> Option<ButtonMessage> {
    let report = the_things_stack(value)
        .or_else(|| chirpstack(value, event))
        .or_else(|| helium(value))
        .or_else(|| thingpark(value))
        .or_else(|| loriot(value))
        .or_else(|| aws_iot_core(value))?;
    Some(match report {
        Report::Uplink(uplink) => uplink.message(now),
        Report::Other { battery } => ButtonMessage::NoPress { battery },
    })
}

/// Returns true for an event of ChirpStack that is no uplink, whatever the body's encoding.
pub(super) fn is_other_chirpstack_event(event: &str) -> bool {
    CHIRPSTACK_EVENTS.contains(&event)
}

impl Uplink<'_> {
    fn message(self, now: Timestamp) -> ButtonMessage {
        let mut fields = Fields::default();
        if let Some(decoded) = &self.decoded {
            fields.add_json(decoded);
        }
        // Port 0 carries MAC commands only (LoRaWAN L2 1.0.4 specification, section 4.3.2).
        let is_own = self.port.and_then(scalar).is_some_and(|port| port == "0")
            || fields.denies_as_uplink()
            || fields.gesture().is_none() && self.decoded.as_deref().is_some_and(tells_only_state);
        if is_own {
            return ButtonMessage::NoPress { battery: fields.battery() };
        }
        ButtonMessage::Press(Press {
            id: self.id.and_then(|id| named(id, EventId::KEEP)),
            gesture: fields.gesture().unwrap_or_default(),
            at: self.at.as_deref().and_then(|at| time(at, now)),
            battery: fields.battery(),
        })
    }
}

/// Reads a message of The Things Stack (The Things Stack documentation, "Data formats"). `f_cnt` is omitted when it is 0, and
/// restarts when the device rejoins. `received_at` doesn't restart, and is the same when the stack retries, and in
/// `uplink_normalized`, which the stack sends besides `uplink_message`.
fn the_things_stack(value: &Value) -> Option<Report<'_>> {
    let kinds = value.as_object()?;
    let uplink =
        ["uplink_message", "uplink_normalized"].iter().find_map(|kind| kinds.get(*kind)?.as_object());
    let Some(uplink) = uplink else {
        // Each kind of message has an object of its own.
        let mut others = kinds.iter().filter(|(name, value)| value.is_object() && *name != "end_device_ids");
        return (value["end_device_ids"].is_object() && others.next().is_some()).then_some(Report::OTHER);
    };
    let device = value["end_device_ids"]["device_id"].as_str().unwrap_or_default();
    let count = uplink.get("f_cnt").and_then(Value::as_u64).unwrap_or(0);
    let received = value["received_at"].as_str().or_else(|| uplink.get("received_at")?.as_str());
    Some(Report::Uplink(Uplink {
        id: received.map(|received| format!("ttn:{device}:{count}:{received}")),
        at: received.map(str::to_owned),
        port: uplink.get("f_port"),
        decoded: uplink
            .get("decoded_payload")
            .or_else(|| uplink.get("normalized_payload"))
            .map(Cow::Borrowed),
    }))
}

/// Reads an event of ChirpStack (ChirpStack documentation, "HTTP integration" and "Event types"; of version 3, the
/// application server's "Event types"). An event says in the query what it is. Where a proxy has dropped the query, its fields
/// do.
fn chirpstack<'a>(value: &'a Value, event: Option<&str>) -> Option<Report<'a>> {
    let has = |name: &str| value.get(name).is_some();
    let version_3 = value["devEUI"].is_string() && has("applicationID");
    if !(value["deviceInfo"].is_object() || value["deduplicationId"].is_string() || version_3) {
        return None;
    }
    let of_others = ["margin", "acknowledged", "fCntDown", "queueItemId", "downlinkId", "joinServerContext"];
    let is_other = match event {
        Some("up") => false,
        Some(event) if is_other_chirpstack_event(event) => true,
        Some(_) | None => of_others.iter().any(|name| has(name)) && !has("data") && !has("object"),
    };
    if is_other {
        let unavailable = value["batteryLevelUnavailable"] == true;
        let level = scalar(&value["batteryLevel"]).filter(|_| !unavailable);
        return Some(Report::Other { battery: level.as_deref().map(battery) });
    }
    let time = scalar(&value["time"]).or_else(|| scalar(&value["publishedAt"]));
    // In version 3, nothing but the time tells an uplink from that with the same counter after the next join.
    let id_3 = time.as_ref().zip(value["devEUI"].as_str());
    let id_3 = id_3.map(|(time, device)| format!("{device}:{}:{time}", value["fCnt"]));
    let json = value["objectJSON"].as_str().and_then(|text| serde_json::from_str(text).ok());
    Some(Report::Uplink(Uplink {
        id: value["deduplicationId"]
            .as_str()
            .map(str::to_owned)
            .or(id_3)
            .map(|id| format!("chirpstack:{id}")),
        at: time,
        port: value.get("fPort"),
        decoded: json.map(Cow::Owned).or_else(|| value.get("object").map(Cow::Borrowed)),
    }))
}

/// Reads a message of the Helium console (Helium documentation, "HTTP integration"). Its `id` is the device's.
fn helium(value: &Value) -> Option<Report<'_>> {
    value["dev_eui"].as_str()?;
    value.get("hotspots").or_else(|| value.get("reported_at"))?;
    if value["type"].as_str().is_some_and(|kind| kind.starts_with("join")) {
        return Some(Report::OTHER);
    }
    Some(Report::Uplink(Uplink {
        id: value["uuid"].as_str().map(|id| format!("helium:{id}")),
        at: scalar(&value["reported_at"]),
        port: value.get("port"),
        decoded: value["decoded"].get("payload").map(Cow::Borrowed),
    }))
}

/// Reads a message of Actility's ThingPark (ThingPark Wireless documentation, "LRC-AS tunnel interface").
fn thingpark(value: &Value) -> Option<Report<'_>> {
    let kinds = value.as_object()?;
    let Some(uplink) = kinds.get("DevEUI_uplink") else {
        let is_other = |name: &String| name.starts_with("DevEUI_");
        return kinds.keys().any(is_other).then_some(Report::OTHER);
    };
    let id = scalar(&uplink["DevEUI"]).zip(scalar(&uplink["FCntUp"])).zip(scalar(&uplink["Time"]));
    Some(Report::Uplink(Uplink {
        id: id.map(|((device, count), time)| format!("thingpark:{device}:{count}:{time}")),
        at: scalar(&uplink["Time"]),
        port: uplink.get("FPort"),
        decoded: uplink.get("payload").map(Cow::Borrowed),
    }))
}

/// Reads a message of LORIOT (LORIOT documentation, "Application output"). It sends `rx`, or `gw` with all gateways, or both.
fn loriot(value: &Value) -> Option<Report<'_>> {
    let device = value["EUI"].as_str()?;
    match value["cmd"].as_str()? {
        "rx" | "gw" => {}
        "tx" | "txd" | "mcast" | "join" | "location" => return Some(Report::OTHER),
        _ => return None,
    }
    let id = scalar(&value["fcnt"]).zip(scalar(&value["ts"]));
    Some(Report::Uplink(Uplink {
        id: id.map(|(count, at)| format!("loriot:{device}:{count}:{at}")),
        at: scalar(&value["ts"]),
        port: value.get("port"),
        decoded: value.get("decoded").map(Cow::Borrowed),
    }))
}

/// Reads an uplink of AWS IoT Core for LoRaWAN (AWS IoT Wireless developer guide, "Uplink message format").
fn aws_iot_core(value: &Value) -> Option<Report<'_>> {
    let device = value["WirelessDeviceId"].as_str()?;
    let uplink = value["WirelessMetadata"].get("LoRaWAN")?;
    let id = scalar(&uplink["FCnt"]).zip(scalar(&uplink["Timestamp"]));
    Some(Report::Uplink(Uplink {
        id: id.map(|(count, at)| format!("aws-lorawan:{device}:{count}:{at}")),
        at: scalar(&uplink["Timestamp"]),
        port: uplink.get("FPort"),
        decoded: None,
    }))
}
