//! Reports of a device's own state: the battery, the temperature, the firmware.

use serde_json::Value;

/// What a device measures or tells of itself.
const STATES: [&str; 44] = [
    "bat",
    "batt",
    "battery",
    "batv",
    "batvoltage",
    "battv",
    "vbat",
    "vbatt",
    "vdd",
    "vcc",
    "voltage",
    "batterylevel",
    "batteryvoltage",
    "batterypercent",
    "batterypercentage",
    "batterystatus",
    "batterylow",
    "lowbattery",
    "temp",
    "temperature",
    "temperatureboard",
    "boardtemperature",
    "devicetemperature",
    "tempc",
    "tempcsht",
    "hum",
    "humidity",
    "humsht",
    "relativehumidity",
    "pressure",
    "light",
    "illuminance",
    "rssi",
    "snr",
    "linkquality",
    "lqi",
    "uptime",
    "firmware",
    "firmwareversion",
    "fwversion",
    "hardwareversion",
    "hwversion",
    "softwareversion",
    "poweroutagecount",
];

/// What says which device it is, how it is set up, or when it reported. Alone, it tells nothing of its state.
const IDENTITIES: [&str; 25] = [
    "device",
    "deviceid",
    "devicename",
    "deviceclass",
    "devicemodel",
    "devicestatus",
    "model",
    "sensormodel",
    "manufacturer",
    "vendor",
    "sn",
    "serial",
    "serialnumber",
    "version",
    "ipsoversion",
    "tslversion",
    "payloadversion",
    "lorawanclass",
    "frequencyband",
    "subband",
    "soundkey",
    "soundack",
    "time",
    "timestamp",
    "lastseen",
];

/// Returns true if every field tells the device's own state, and at least one does: nobody pressed. The names are those of the
/// decoders for Browan, Dragino and Milesight buttons (TheThingsNetwork/lorawan-devices, Milesight-IoT/SensorDecoders), of
/// The Things Stack's normalized payload, and of Zigbee2MQTT.
pub(super) fn tells_only_state(payload: &Value) -> bool {
    let Some(fields) = payload.as_object() else { return false };
    let mut states = 0;
    for (name, value) in fields {
        let name = plain(name);
        let is_state = STATES.contains(&name.as_str()) && !value.is_null();
        let is_known = is_state || IDENTITIES.contains(&name.as_str()) || tells_only_state(value);
        // Browan's button sends `status: 0` once an hour, with the temperature of its board (vendor/browan/tbpb100.js).
        let is_browan = name == "status" && *value == 0 && fields.contains_key("temperatureBoard");
        if !is_known && !is_browan {
            return false;
        }
        states += usize::from(is_state || value.is_object());
    }
    states > 0
}

/// A name without separators and numbers: `TempC_SHT41` is `tempcsht`, `temperature_1` is `temperature`.
fn plain(name: &str) -> String {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    name.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()
}
