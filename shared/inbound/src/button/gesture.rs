//! The vendors' words for a gesture, and for what is no press.
//!
//! Two mistakes cost unequally. A word that isn't known counts as one click, since an alert must not be lost. But `hold` may
//! be configured to cancel, so only a word that can mean nothing else is a long press.

use handbell_core::button::Gesture;

/// Parses the vendors' words for a gesture: Flic's `double_click`, AWS's `DOUBLE`, Shelly's `input.button_doublepush` and
/// `bthomedevice.long_push` (Shelly Gen2 API, "Webhook.ListSupported" and "BTHomeDevice"), BTHome's `hold_press` (BTHome
/// format, "Events"), Zigbee2MQTT's `1_hold`, Tasmota's `HOLD`, Milesight's `long press`, bt.tn's `long`.
pub(super) fn gesture(word: &str) -> Option<Gesture> {
    let word = plain(word);
    Some(match without_button(&word) {
        "click" | "clicked" | "single" | "singleclick" | "singlepush" | "singlepress" | "singleshortpush"
        | "push" | "pushed" | "press" | "pressed" | "short" | "shortpush" | "shortpress" | "shortclick" => {
            Gesture::Single
        }
        "double" | "doubleclick" | "doublepush" | "doublepress" | "doubleshortpush" => Gesture::Double,
        "triple" | "tripleclick" | "triplepush" | "triplepress" | "tripleshortpush" => Gesture::Triple,
        "hold" | "held" | "holdpress" | "long" | "longpush" | "longpress" | "longpressed" | "longclick"
        | "longhold" => Gesture::Hold,
        _ => return None,
    })
}

/// Parses the letters of Shelly's first generation (Shelly Gen1 API, "Button1").
pub(super) fn letters(word: &str) -> Option<Gesture> {
    Some(match word.to_ascii_lowercase().as_str() {
        "s" => Gesture::Single,
        "ss" => Gesture::Double,
        "sss" => Gesture::Triple,
        "l" => Gesture::Hold,
        _ => return None,
    })
}

/// Returns true for a word by which a message says itself that it reports no press: the release of a button, a sign of
/// life, or the battery. Hue's `short_release` isn't among them: it is the only sign of a click that many rules forward.
pub(super) fn is_no_press(word: &str) -> bool {
    let word = plain(word);
    matches!(
        without_button(&word),
        "none"
            | "null"
            | "idle"
            | "nopress"
            | "notpressed"
            | "unpressed"
            | "release"
            | "released"
            | "holdrelease"
            | "holdreleased"
            | "longrelease"
            | "longreleased"
            | "longpressrelease"
            | "longpushrelease"
            | "pressrelease"
            | "onpressrelease"
            | "offpressrelease"
            | "onholdrelease"
            | "offholdrelease"
            | "brightnessstop"
            | "heartbeat"
            | "keepalive"
            | "alive"
            | "battery"
            | "batterylevel"
            | "batteryreport"
            | "batterystatus"
            | "join"
            | "joined"
            | "joinaccept"
            | "joinrequest"
            | "ack"
            | "txack"
            | "status"
            | "statusreport"
    ) || matches!(word.as_str(), "buttonup" | "btnup")
}

/// Returns true for a word by which a LoRaWAN button says that it reported on its own: The Things Node's `interval` and
/// `setup`, and the like.
pub(super) fn is_own_report(word: &str) -> bool {
    matches!(
        plain(word).as_str(),
        "interval" | "setup" | "periodic" | "boot" | "startup" | "poweron" | "batterylow" | "lowbattery"
    )
}

/// Returns true for a value by which a field such as `alarm` or `pressed` says that nobody pressed.
pub(super) fn is_false(value: &str) -> bool {
    matches!(
        plain(value).as_str(),
        "false"
            | "no"
            | "off"
            | "0"
            | "none"
            | "normal"
            | "inactive"
            | "idle"
            | "clear"
            | "released"
            | "notpressed"
            | "noalarm"
    )
}

/// Returns a word in lower case, without separators and without the name of the component that a vendor puts before it.
fn plain(word: &str) -> String {
    let word = word.trim().to_ascii_lowercase();
    let word = ["input.", "bthomedevice.", "bthomesensor."]
        .iter()
        .find_map(|component| word.strip_prefix(component))
        .unwrap_or(&word);
    word.replace(['_', '-', ' ', '.', ':'], "")
}

/// Returns a word without the button that it may name, before or after: `button1hold` and `1hold` are `hold`.
fn without_button(word: &str) -> &str {
    let word = ["button", "btn"].iter().find_map(|name| word.strip_prefix(name)).unwrap_or(word);
    word.trim_matches(|c: char| c.is_ascii_digit())
}
