//! Names and values in any format.

use handbell_core::{
    button::{Gesture, Press},
    event_id::EventId,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::gesture::{gesture, is_false, is_no_press, is_own_report, letters};
use super::id::named;
use super::time::{pressed_before, time};
use super::{ButtonMessage, KEEP_COUNTER};

const SECOND: SignedDuration = SignedDuration::from_secs(1);
const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

/// Fields with a word for the gesture, in the order in which they are believed.
const GESTURES: [&str; 18] = [
    "gesture",
    "click",
    "clicktype",
    "press",
    "event",
    "etype",
    "type",
    "action",
    "buttonevent",
    "buttonaction",
    "buttonpress",
    "buttonclick",
    "buttonstate",
    "presstype",
    "pushtype",
    "clickevent",
    "eventtype",
    "pushevent",
];

/// Fields of which only "no press" is believed: as words for a gesture they are too vague.
const STATES: [&str; 4] = ["button", "state", "status", "buttonstatus"];

/// Fields that are true if somebody pressed.
const PRESSED: [&str; 20] = [
    "alarm",
    "alarmstatus",
    "alarmstate",
    "alarmflag",
    "alarmactive",
    "pressed",
    "ispressed",
    "buttonpressed",
    "pushed",
    "ispushed",
    "buttonpushed",
    "clicked",
    "buttonclicked",
    "sos",
    "sosalarm",
    "sosevent",
    "panic",
    "panicalarm",
    "emergency",
    "buttonalarm",
];

/// When the button was pressed, and then, less exactly, when that was reported.
const TIMES: [&str; 22] = [
    "pressedat",
    "clickedat",
    "presstime",
    "pressedtime",
    "clicktime",
    "triggeredat",
    "occurredat",
    "eventtime",
    "eventtimestamp",
    "reportedtime",
    "at",
    "time",
    "timestamp",
    "timestampms",
    "timestamputc",
    "ts",
    "datetime",
    "date",
    "reportedat",
    "publishedat",
    "sentat",
    "receivedat",
];

/// How long ago the button was pressed, in seconds unless the name ends in milliseconds. `timeDiff` is Flic's (Flic Hub SDK
/// and fliclib, "timeDiff").
const AGES: [&str; 12] = [
    "timediff",
    "age",
    "ageseconds",
    "agesec",
    "ages",
    "ago",
    "secondsago",
    "secsago",
    "clickageseconds",
    "pressage",
    "buttonage",
    "eventage",
];

/// Fields that hold other fields. `obj` is in the sample of the Flic Hub SDK.
const WRAPPERS: [&str; 7] = ["obj", "event", "data", "payload", "message", "params", "button"];

/// Names and values; the body's before the query's. Names are compared without case, underscores and hyphens: users of
/// bt.tn write `DEVICEID`, `deviceId` and `device_id`.
#[derive(Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    fn add(&mut self, name: &str, value: String) {
        self.0.push((plain(name), value));
    }

    /// Adds the fields of an object, and those of the objects in it that describe the press.
    pub(super) fn add_json(&mut self, value: &Value) {
        for (name, value) in value.as_object().into_iter().flatten() {
            match value {
                // Zigbee2MQTT clears `action` after a press (Zigbee2MQTT documentation, "MQTT topics and messages").
                Value::Null if plain(name) == "action" => self.add(name, "none".to_owned()),
                Value::String(text) if text.is_empty() && plain(name) == "action" => {
                    self.add(name, "none".to_owned())
                }
                Value::Object(_) => self.add_inner(name, value),
                Value::String(text) if text.starts_with('{') && is_wrapper(name) => {
                    self.add_inner(name, &serde_json::from_str(text).unwrap_or_default());
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                    if let Some(value) = scalar(value) {
                        self.add(name, value);
                    }
                }
            }
        }
    }

    /// Adds what an inner object says of the press. Its ids are the device's or the message's, so they are left out.
    fn add_inner(&mut self, outer: &str, value: &Value) {
        for (name, value) in value.as_object().into_iter().flatten() {
            let Some(value) = scalar(value) else { continue };
            if is_wrapper(outer) && !matches!(plain(name).as_str(), "id" | "counter" | "name" | "deviceid") {
                self.add(name, value);
            } else if matches!(plain(name).as_str(), "status" | "event" | "type" | "action" | "value") {
                // Milesight's `button_event: { status: … }`.
                self.add(outer, value);
            }
        }
    }

    pub(super) fn add_form(&mut self, form: &[u8]) {
        let pairs: Vec<(String, String)> = serde_html_form::from_bytes(form).unwrap_or_default();
        for (name, value) in pairs {
            self.add(&name, value);
        }
    }

    /// Returns all values under any of these names, those of the first name first. Empty values and unfilled
    /// placeholders are skipped: as an id, they would make all presses the same.
    fn all<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
        names
            .iter()
            .flat_map(|name| self.0.iter().filter(move |(given, _)| given == name))
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty() && !value.contains(['<', '{']))
    }

    fn get<'a>(&'a self, names: &'a [&str]) -> Option<&'a str> {
        self.all(names).next()
    }

    fn is_true(&self, name: &str) -> bool {
        self.all(&[name]).any(|value| value.eq_ignore_ascii_case("true") || value == "1")
    }

    /// Returns the word under `event`.
    pub(super) fn event(&self) -> Option<&str> {
        self.get(&["event"])
    }

    /// Returns what the fields say. Without a word on the gesture, and unless they say themselves that nobody pressed, they
    /// are a press.
    pub(super) fn message(&self, now: Timestamp) -> ButtonMessage {
        if self.denies() {
            return ButtonMessage::NoPress { battery: self.battery() };
        }
        ButtonMessage::Press(Press {
            id: self.id(),
            gesture: self.gesture().unwrap_or_default(),
            at: self.at(now),
            battery: self.battery(),
        })
    }

    pub(super) fn battery(&self) -> Option<String> {
        self.get(&[
            "battery",
            "batterylevel",
            "batteryvoltage",
            "buttonbatterystatus",
            "batterypercentage",
            "batv",
            "bat",
            "vbat",
        ])
        .map(battery)
    }

    /// Returns when the button was pressed. An age comes first: a button out of range reports late, and the time beside its
    /// age is that of the report.
    fn at(&self, now: Timestamp) -> Option<Timestamp> {
        self.age(now).or_else(|| self.all(&TIMES).find_map(|value| time(value, now)))
    }

    fn age(&self, now: Timestamp) -> Option<Timestamp> {
        let queued = self.all(&["isqueued", "wasqueued", "queued"]).next();
        if queued.is_some_and(is_false) {
            return None;
        }
        self.0.iter().find_map(|(name, value)| pressed_before(value, unit_of_age(name)?, now))
    }

    /// Returns the id of the press. bt.tn's tags (bt.tn documentation, "HTTP action") identify the button with `ID`,
    /// not the press. So if another of its tags is present, `id` is no id of a press. Shelly's `${info.id}` is the
    /// device as well. Counting a repeated press twice is better than merging two presses.
    fn id(&self) -> Option<EventId> {
        if let Some(counter) =
            self.get(&["counter"]).filter(|counter| counter.bytes().all(|byte| byte.is_ascii_digit()))
        {
            let device = self.get(&["deviceid", "id", "name"]).unwrap_or_default();
            return named(format!("bttn:{device}:{counter}"), KEEP_COUNTER);
        }
        if self.0.iter().any(|(name, _)| {
            ["name", "deviceid", "counter", "etype", "counterp", "counterl", "countern"]
                .contains(&name.as_str())
        }) {
            return None;
        }
        let id = self.get(&["id"]).filter(|id| !id.to_ascii_lowercase().starts_with("shelly"))?;
        named(format!("id:{id}"), EventId::KEEP)
    }

    pub(super) fn gesture(&self) -> Option<Gesture> {
        // Flic Hub SDK documentation, `buttonSingleOrDoubleClickOrHold`. Hold comes last, since it may cancel.
        for (name, gesture) in [
            ("issingleclick", Gesture::Single),
            ("isdoubleclick", Gesture::Double),
            ("ishold", Gesture::Hold),
        ] {
            if self.is_true(name) {
                return Some(gesture);
            }
        }
        let old = &GESTURES[..7];
        self.all(old)
            .find_map(|word| gesture(word).or_else(|| letters(word)))
            .or_else(|| self.all(&GESTURES[7..]).find_map(gesture))
    }

    /// Returns true if the fields say themselves that nobody pressed, and nothing in them says otherwise.
    pub(super) fn denies(&self) -> bool {
        self.gesture().is_none() && self.denied_by(is_no_press)
    }

    /// Like [`Fields::denies`], for what a LoRaWAN button measured and sent.
    pub(super) fn denies_as_uplink(&self) -> bool {
        self.gesture().is_none() && self.denied_by(|word| is_no_press(word) || is_own_report(word))
    }

    fn denied_by(&self, is_no_press: impl Fn(&str) -> bool) -> bool {
        let mut denied = false;
        for (name, value) in &self.0 {
            let name = name.trim_matches(|c: char| c.is_ascii_digit());
            let value = value.trim();
            if value.is_empty() || value.contains(['<', '{']) {
                continue;
            }
            if PRESSED.contains(&name) {
                if !is_false(value) {
                    return false;
                }
                denied = true;
            } else if GESTURES.contains(&name) || STATES.contains(&name) {
                denied |= value.eq_ignore_ascii_case("false") || is_no_press(value);
            }
        }
        denied
    }
}

/// Returns the unit of a field that tells the age of a press. Flic's Android and iOS libraries report `clickAge` in milliseconds.
fn unit_of_age(name: &str) -> Option<SignedDuration> {
    let without_unit = ["milliseconds", "millis", "ms"].iter().find_map(|unit| name.strip_suffix(unit));
    let of_milliseconds = |name: &str| name == "clickage" || AGES.contains(&name);
    match without_unit {
        _ if name == "clickage" => Some(MILLISECOND),
        Some(name) if of_milliseconds(name) => Some(MILLISECOND),
        Some(_) | None => AGES.contains(&name).then_some(SECOND),
    }
}

fn is_wrapper(name: &str) -> bool {
    WRAPPERS.contains(&plain(name).trim_matches(|c: char| c.is_ascii_digit()))
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn battery(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(20).collect()
}
