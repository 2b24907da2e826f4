//! Mistakes in a configuration, and what its author reads about them.

use handbell_core::config::{Config, problems};
use insta::assert_snapshot;
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "timezone": "Europe/Paris",
        "webex": { "token": { "secret": "webex" } },
        "twilio": { "account": format!("AC{}", "f".repeat(32)), "token": { "secret": "twilio" }, "from": "+33644606827" },
        "admins": { "webex": ["admin@example.com"], "sms": ["+33644606828"] },
        "plans": { "power": {
            "space": { "title": "Green Power", "moderators": ["a@example.com"] },
            "steps": [
                { "post": { "markdown": "Help", "file": "files/here.png" } },
                { "sms": [{ "to": ["+352691496401"], "text": "Check Webex", "from": "Handbell" }], "after": "5m" },
                { "call": [{ "to": ["+352691496401"], "say": "Please check Webex." }], "people": { "participants": ["c@example.com"] } },
            ],
        } },
        "buttons": { "green": { "plan": "power", "token": { "secret": "button-green" } } },
    })
}

/// The problems of the good configuration after something in it was changed: `where: what`, line by line.
fn said(change: impl FnOnce(&mut Value)) -> String {
    let mut value = good();
    change(&mut value);
    let config: Config = serde_json::from_value(value).expect("it can be read");
    let found = problems(&config, &|file| file == "files/here.png");
    found
        .iter()
        .map(|problem| format!("{}: {}", problem.path.join("."), problem.message))
        .collect::<Vec<_>>()
        .join("\n")
}

fn step(value: &mut Value, number: usize) -> &mut Value {
    &mut value["plans"]["power"]["steps"][number]
}

#[test]
fn a_good_configuration_has_no_problems() {
    assert_eq!(said(|_| ()), "");
}

#[test]
fn an_unknown_time_zone_is_reported() {
    assert_snapshot!(said(|config| config["timezone"] = json!("Europe/Pariss")), @r#"timezone: there is no time zone "Europe/Pariss"; write an IANA name such as Europe/Paris"#);
}

#[test]
fn mistakes_in_twilio_are_reported() {
    assert_snapshot!(said(|config| {
        config["twilio"]["account"] = json!("SK123");
    }), @r#"
        twilio.account: a Twilio account is AC and 32 letters or digits; copy it from Twilio's console
        "#);
}

#[test]
fn a_call_to_nobody_is_reported() {
    assert_snapshot!(said(|config| {
        step(config, 2)["call"][0]["to"] = json!([]);
    }), @r#"
        plans.power.steps.2.call.0.to: nobody is named here
        "#);
}

#[test]
fn empty_texts_are_reported() {
    assert_snapshot!(said(|config| {
        step(config, 1)["sms"][0]["text"] = json!("  ");
        step(config, 2)["call"][0]["say"] = json!("");
        config["plans"]["power"]["space"]["title"] = json!(" ");
    }), @"
        plans.power.space.title: a space needs a title
        plans.power.steps.1.sms.0.text: there are no words here
        plans.power.steps.2.call.0.say: there are no words here
        ");
}

#[test]
fn missing_files_are_reported() {
    assert_snapshot!(said(|config| {
        step(config, 0)["post"] = json!({ "file": "files/away.png" });
        step(config, 1)["post"] = json!({ "label": "Nothing to see" });
    }), @r#"
        plans.power.steps.0.post.file: there is no file "files/away.png" beside the configuration
        plans.power.steps.1.post: a post needs `markdown`, a `file`, or both
        "#);
}

#[test]
fn a_step_that_does_nothing_is_reported() {
    assert_snapshot!(said(|config| *step(config, 1) = json!({})), @"plans.power.steps.1: this step does nothing; give it a post, sms, call or people");
}

#[test]
fn a_buttons_plan_without_steps_is_reported() {
    assert_snapshot!(said(|config| {
        config["plans"]["power"]["steps"] = json!([]);
        config["plans"]["power"]["reset_after"] = json!("59s");
    }), @"
        plans.power.reset_after: reset_after is at least a minute
        plans.power.steps: a plan that a button runs needs at least one step
        ");
}

#[test]
fn mistakes_in_after_are_reported() {
    assert_snapshot!(said(|config| {
        step(config, 0)["after"] = json!("5m");
        step(config, 1)["after"] = json!("9s");
    }), @"
        plans.power.steps.0.after: the first step is taken by the first press; `after` belongs to a later one
        plans.power.steps.1.after: `after` is at least 10 seconds
        ");
}

#[test]
fn steps_that_would_come_after_the_end_are_reported() {
    assert_snapshot!(said(|config| {
        config["plans"]["power"]["reset_after"] = json!("10m");
        step(config, 2)["after"] = json!("5m");
    }), @"plans.power.steps.2.after: this step never comes: with nobody answering, the incident is over (`reset_after`) before it; make `reset_after` longer");
    assert_eq!(said(|config| config["plans"]["power"]["reset_after"] = json!("10m")), "");
}

#[test]
fn mistakes_in_buttons_are_reported() {
    assert_snapshot!(said(|config| {
        let token = json!({ "secret": "button-green" });
        config["buttons"] = json!({
            "": { "plan": "power", "token": token },
            "green button": { "plan": "power", "token": token },
            "lost": { "plan": "powr", "token": token },
            "mute": { "plan": "power", "token": [] },
            "quick": { "plan": "power", "token": token, "debounce": "-1s", "max_age": "0s" },
        });
    }), @r#"
        buttons.: a button's name is 1 to 60 letters, digits, - and _; use `label` for what people read
        buttons.green button: a button's name is 1 to 60 letters, digits, - and _; use `label` for what people read
        buttons.lost.plan: there is no plan "powr"; the plans are: power
        buttons.mute.token: a button needs at least one token
        buttons.quick.debounce: `debounce` can't be less than nothing
        buttons.quick.max_age: `max_age` is at least a second; with less, every press would be late
        "#);
}

/// Values that aren't in the form of their type, by their place in the configuration.
#[test]
fn malformed_numbers_and_addresses_cannot_be_read() {
    for (place, bad) in [
        ("/twilio/from", "0033644606827"),
        ("/plans/power/steps/1/sms/0/to/0", "+0352691496401"),
        ("/plans/power/steps/2/call/0/to/0", "691 496 401"),
    ] {
        let mut value = good();
        assert!(serde_json::from_value::<Config>(value.clone()).is_ok());
        *value.pointer_mut(place).expect(place) = json!(bad);
        assert!(serde_json::from_value::<Config>(value).is_err(), "{place}");
    }
    for (place, key, bad) in [
        ("/plans/power/steps/1/sms/0", "from", json!("A name that is too long")),
        ("/plans/power/steps/2/call/0", "from", json!("Handbell")),
        ("/plans/power/space", "moderators", json!(["a at example.com"])),
        ("/plans/power/space", "participants", json!(["a@localhost"])),
        ("", "admins", json!({ "webex": ["admin"] })),
        ("", "admins", json!({ "sms": ["112"] })),
    ] {
        let mut value = good();
        value.pointer_mut(place).expect(place)[key] = bad;
        assert!(serde_json::from_value::<Config>(value).is_err(), "{place} {key}");
    }
}

#[test]
fn unknown_keys_and_days_are_rejected() {
    let mut value = good();
    value["plans"]["power"]["steeps"] = json!([]);
    assert!(serde_json::from_value::<Config>(value).is_err());
    let mut value = good();
    value["plans"]["power"]["reset_after"] = json!("1d");
    assert!(serde_json::from_value::<Config>(value).is_err(), "a day has 23 to 25 hours; write hours");
}

/// The smallest configuration that counts devices: one site, one zone, one plan with a post, and no Twilio.
fn least() -> Value {
    json!({
        "webex": { "token": { "secret": "webex" } },
        "plans": { "crowd": { "space": { "title": "Crowd" }, "steps": [{ "post": { "markdown": "Open another till." } }] } },
        "sites": { "mall": { "cmx": { "url": "https://cmx.example.com", "user": "handbell", "password": { "secret": "cmx" } } } },
        "zones": { "shoes": { "site": "mall", "plan": "crowd", "at": 50 } },
    })
}

fn said_of(config: Value) -> String {
    let config: Config = serde_json::from_value(config).expect("it can be read");
    let found = problems(&config, &|file| file == "ca.pem");
    found
        .iter()
        .map(|problem| format!("{}: {}", problem.path.join("."), problem.message))
        .collect::<Vec<_>>()
        .join("\n")
}

/// The problems of these sites.
fn said_of_sites(sites: Value) -> String {
    let mut config = least();
    config["sites"].as_object_mut().unwrap().extend(sites.as_object().unwrap().clone());
    said_of(config)
}

/// The problems of these zones; each is `shoes` except for these keys.
fn said_of_zones(zones: Value) -> String {
    let mut config = sources();
    for (name, change) in zones.as_object().unwrap() {
        let mut zone = json!({ "site": "mall", "plan": "crowd" });
        zone.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        config["zones"][name] = zone;
    }
    said_of(config)
}

/// The smallest configuration, with a site for each of the sources.
fn sources() -> Value {
    let mut config = least();
    let cmx = |api: &str| json!({ "cmx": { "url": "https://cmx.example.com:8443", "user": "u", "password": { "secret": "cmx" }, "api": api } });
    for api in ["v1", "v2", "v3", "zones", "analytics", "presence"] {
        config["sites"][api] = cmx(api);
    }
    let key = json!({ "secret": "key" });
    config["sites"]["spaces"] = json!({ "spaces": { "key": key } });
    config["sites"]["meraki"] = json!({ "meraki": { "key": key } });
    config["sites"]["cmx-push"] = json!({ "cmx_push": { "key": key } });
    config["sites"]["meraki-push"] = json!({ "meraki_push": { "validator": key, "key": key } });
    config
}

#[test]
fn the_smallest_configuration_and_every_source_have_no_problems() {
    assert_eq!(said_of(least()), "");
    assert_eq!(said_of(sources()), "");
    let pin = format!("sha256:{}", ["AB"; 32].join(":"));
    let cmx = &least()["sites"]["mall"]["cmx"];
    let sites = json!({
        "own-ca": { "cmx": cmx, "ca": "ca.pem", "timeout": "20s" },
        "pinned": { "cmx": cmx, "pin": pin, "timeout": "1s" },
        "open": { "cmx": cmx, "insecure": true },
    });
    assert_eq!(said_of_sites(sites), "");
    let zones = json!({
        "a": { "capacity": 100 },
        "b": { "capacity": 100, "warn": "never", "alert": { "at": "90%", "clear": 50 }, "for": { "up": 1 } },
        "c": { "capacity": 100, "at": "50%", "cooldown": "0s", "silent": "2m", "snooze": "1m" },
        "d": { "at": 50, "where": { "hierarchy": "A>B", "floor": "1", "ssid": "Guests" }, "exclude": { "ssid": "Staff", "devices": 3 } },
        "e": { "at": 50, "site": "zones", "where": { "hierarchy": "A/B/C/D" } },
        "f": { "at": 50, "site": "presence", "where": { "presence_site": "1" } },
        "g": { "at": 50, "site": "analytics", "where": { "hierarchy": "Floor 2" } },
        "h": { "at": 50, "site": "spaces", "where": { "floor": "1" } },
        "i": { "at": 50, "site": "meraki", "where": { "network": "L_1", "tag": "shoes", "ssid": "14" }, "exclude": { "ssid": "0" } },
        "j": { "at": 50, "site": "meraki-push", "where": { "floor": "1", "ssid": "Guests" } },
        "k": { "at": 50, "site": "cmx-push", "where": { "hierarchy": "A>B" }, "exclude": { "ssid": "Staff" } },
        "l": { "at": 50, "hours": { "week": { "mon-fri": "09:00-20:00" } } },
    });
    assert_eq!(said_of_zones(zones), "");
}

#[test]
fn a_zones_plan_needs_no_steps_but_a_valid_name() {
    let mut config = least();
    config["plans"]["crowd"]["steps"] = json!([]);
    assert_eq!(said_of(config.clone()), "");
    config["plans"]["too many"] = config["plans"]["crowd"].clone();
    assert_eq!(said_of(config.clone()), "", "for buttons any name will do");
    config["zones"]["shoes"]["plan"] = json!("too many");
    assert_snapshot!(said_of(config), @"plans.too many: the name is 1 to 60 letters, digits, - and _ if a zone runs it");
}

#[test]
fn texts_need_twilio() {
    let mut config = least();
    config["plans"]["crowd"]["steps"][0]["sms"] = json!([{ "to": ["+352691496401"], "text": "Come" }]);
    assert_snapshot!(said_of(config), @"twilio: somebody is to be texted or called, but there is no `twilio` to do it with");
    let mut config = least();
    config["admins"] = json!({ "sms": ["+352691496401"] });
    assert_snapshot!(said_of(config), @"twilio: somebody is to be texted or called, but there is no `twilio` to do it with");
}

#[test]
fn mistakes_in_sites_are_reported() {
    let cmx = |url: &str| json!({ "url": url, "user": "u", "password": { "secret": "cmx" } });
    let good = cmx("https://cmx.example.com");
    let key = json!({ "secret": "key" });
    let pin = format!("sha256:{}", "ab".repeat(32));
    assert_snapshot!(said_of_sites(json!({
        "": { "cmx": good },
        "a~b": { "cmx": good },
        "both": { "cmx": good, "spaces": { "key": key } },
        "neither": {},
        "http": { "cmx": cmx("http://cmx.example.com") },
        "path": { "cmx": cmx("https://cmx.example.com/") },
        "user": { "cmx": cmx("https://me@cmx.example.com") },
        "host": { "cmx": cmx("https://") },
        "spaces": { "spaces": { "url": "https://dnaspaces.io/api", "key": key } },
        "meraki": { "meraki": { "url": "api.meraki.com", "key": key } },
        "slow": { "cmx": good, "timeout": "21s" },
        "quick": { "cmx": good, "timeout": "999ms" },
        "pin-short": { "cmx": good, "pin": "sha256:ab" },
        "pin-sha1": { "cmx": good, "pin": format!("sha1:{}", "ab".repeat(32)) },
        "pin-sign": { "cmx": good, "pin": format!("sha256:+a{}", "ab".repeat(31)) },
        "push": { "cmx_push": { "key": key, "window": "59s" } },
        "scan": { "meraki_push": { "validator": key, "key": key, "window": "0s" } },
        "ca": { "cmx": good, "ca": "away.pem" },
        "all": { "cmx": good, "ca": "ca.pem", "pin": pin },
        "any": { "cmx": good, "pin": pin, "insecure": true },
    })), @r#"
        sites.: a site's name is 1 to 60 letters, digits, - and _
        sites.all: `ca`, `pin` and `insecure` exclude one another; keep the one that is meant
        sites.any: `ca`, `pin` and `insecure` exclude one another; keep the one that is meant
        sites.a~b: a site's name is 1 to 60 letters, digits, - and _
        sites.both: a site has one of cmx, spaces, meraki, cmx_push and meraki_push
        sites.ca.ca: there is no file "away.pem" beside the configuration
        sites.host.cmx.url: an address begins with https:// and has no path: https://cmx.example.com
        sites.http.cmx.url: an address begins with https:// and has no path: https://cmx.example.com
        sites.meraki.meraki.url: an address begins with https:// and has no path: https://cmx.example.com
        sites.neither: a site has one of cmx, spaces, meraki, cmx_push and meraki_push
        sites.path.cmx.url: an address begins with https:// and has no path: https://cmx.example.com
        sites.pin-sha1.pin: a pin is sha256: and 64 hexadecimal digits
        sites.pin-short.pin: a pin is sha256: and 64 hexadecimal digits
        sites.pin-sign.pin: a pin is sha256: and 64 hexadecimal digits
        sites.push.cmx_push.window: `window` is at least a minute; with less, nobody would be counted
        sites.quick.timeout: `timeout` is 1 s to 20 s
        sites.scan.meraki_push.window: `window` is at least a minute; with less, nobody would be counted
        sites.slow.timeout: `timeout` is 1 s to 20 s
        sites.spaces.spaces.url: an address begins with https:// and has no path: https://cmx.example.com
        sites.user.cmx.url: an address begins with https:// and has no path: https://cmx.example.com
        "#);
}

#[test]
fn zones_name_existing_sites_and_plans() {
    assert_snapshot!(said_of_zones(json!({
        "": { "at": 50 },
        "second floor": { "at": 50 },
        "site": { "at": 50, "site": "moll" },
        "plan": { "at": 50, "plan": "crowds" },
    })), @r#"
        zones.: a zone's name is 1 to 60 letters, digits, - and _; use `label` for what people read
        zones.plan.plan: there is no plan "crowds"; the plans are: crowd
        zones.second floor: a zone's name is 1 to 60 letters, digits, - and _; use `label` for what people read
        zones.site.site: there is no site "moll"; the sites are: analytics, cmx-push, mall, meraki, meraki-push, presence, spaces, v1, v2, v3, zones
        "#);
}

#[test]
fn keys_that_a_source_cannot_use_are_reported() {
    let mut zones = serde_json::Map::new();
    let mut zone = |name: &str, site: &str, place: Value, exclude: Value| {
        zones.insert(name.to_owned(), json!({ "at": 50, "site": site, "where": place, "exclude": exclude }));
    };
    let none = || json!({});
    for api in ["v1", "v2", "zones", "analytics", "presence", "spaces"] {
        let place = match api {
            "zones" => json!({ "hierarchy": "A/B/C/D" }),
            "presence" => json!({ "presence_site": "1" }),
            _ => none(),
        };
        let mut by_ssid = place.clone();
        by_ssid["ssid"] = json!("Guests");
        zone(&format!("{api}-ssid"), api, by_ssid, none());
        zone(&format!("{api}-staff"), api, place, json!({ "ssid": "Staff" }));
    }
    for site in ["v3", "spaces", "cmx-push"] {
        zone(&format!("{site}-network"), site, json!({ "network": "L_1" }), none());
        zone(&format!("{site}-tag"), site, json!({ "tag": "shoes" }), none());
        zone(&format!("{site}-presence"), site, json!({ "presence_site": "1" }), none());
    }
    zone("v1-hierarchy", "v1", json!({ "hierarchy": "A>B" }), none());
    zone("v2-floor", "v2", json!({ "floor": "1" }), none());
    zone("zones-whole", "zones", none(), none());
    zone("presence-whole", "presence", none(), none());
    zone("presence-hierarchy", "presence", json!({ "presence_site": "1", "hierarchy": "A" }), none());
    zone("meraki-whole", "meraki", none(), none());
    zone("meraki-hierarchy", "meraki", json!({ "network": "L_1", "hierarchy": "A" }), none());
    zone("meraki-floor", "meraki", json!({ "network": "L_1", "floor": "1" }), none());
    zone("meraki-ssid", "meraki", json!({ "network": "L_1", "ssid": "Guests" }), none());
    zone("meraki-ssid-15", "meraki", json!({ "network": "L_1", "ssid": "15" }), none());
    zone("meraki-staff", "meraki", json!({ "network": "L_1" }), json!({ "ssid": "Staff" }));
    zone("meraki-push-hierarchy", "meraki-push", json!({ "hierarchy": "A" }), none());
    assert_snapshot!(said_of_zones(Value::Object(zones)), @"
        zones.analytics-ssid.where: this source can't tell SSIDs apart; leave `ssid` out
        zones.analytics-staff.exclude: this source can't tell SSIDs apart; use `devices` alone
        zones.cmx-push-network.where: `network` and `tag` are Meraki's
        zones.cmx-push-presence.where: CMX Presence needs `presence_site`, and nothing else knows it
        zones.cmx-push-tag.where: `network` and `tag` are Meraki's
        zones.meraki-floor.where: Meraki's count knows `network`, `ssid` and `tag`
        zones.meraki-hierarchy.where: Meraki's count knows `network`, `ssid` and `tag`
        zones.meraki-push-hierarchy.where: Meraki's Scanning API knows `network`, `floor`, `tag` and `ssid`
        zones.meraki-ssid.where: Meraki counts by the SSID's number, 0 to 14
        zones.meraki-ssid-15.where: Meraki counts by the SSID's number, 0 to 14
        zones.meraki-staff.exclude: Meraki counts by the SSID's number, 0 to 14
        zones.meraki-whole.where: Meraki needs the zone's `network`: L_… or N_…
        zones.presence-hierarchy.where: CMX Presence knows sites only
        zones.presence-ssid.where: this source can't tell SSIDs apart; leave `ssid` out
        zones.presence-staff.exclude: this source can't tell SSIDs apart; use `devices` alone
        zones.presence-whole.where: CMX Presence needs `presence_site`, and nothing else knows it
        zones.spaces-network.where: `network` and `tag` are Meraki's
        zones.spaces-presence.where: CMX Presence needs `presence_site`, and nothing else knows it
        zones.spaces-ssid.where: this source can't tell SSIDs apart; leave `ssid` out
        zones.spaces-staff.exclude: this source can't tell SSIDs apart; use `devices` alone
        zones.spaces-tag.where: `network` and `tag` are Meraki's
        zones.v1-hierarchy.where: this API of CMX counts the whole site; leave `where` out or use `api: v3`
        zones.v1-ssid.where: this source can't tell SSIDs apart; leave `ssid` out
        zones.v1-staff.exclude: this source can't tell SSIDs apart; use `devices` alone
        zones.v2-floor.where: this API of CMX counts the whole site; leave `where` out or use `api: v3`
        zones.v2-ssid.where: this source can't tell SSIDs apart; leave `ssid` out
        zones.v2-staff.exclude: this source can't tell SSIDs apart; use `devices` alone
        zones.v3-network.where: `network` and `tag` are Meraki's
        zones.v3-presence.where: CMX Presence needs `presence_site`, and nothing else knows it
        zones.v3-tag.where: `network` and `tag` are Meraki's
        zones.zones-ssid.where: this source can't tell SSIDs apart; leave `ssid` out
        zones.zones-staff.exclude: this source can't tell SSIDs apart; use `devices` alone
        zones.zones-whole.where: `api: zones` needs the zone's `hierarchy` at CMX: Campus/Building/Floor/Zone
        ");
}

#[test]
fn mistakes_in_levels_are_reported() {
    assert_snapshot!(said_of_zones(json!({
        "a-nothing": {},
        "b-never": { "capacity": 100, "warn": "never", "alert": "never" },
        "c-at-and-alert": { "at": 50, "alert": 60 },
        "d-at-and-warn": { "at": 50, "warn": "never" },
        "e-percent-at": { "at": "50%" },
        "f-percent-warn": { "warn": "80%", "alert": 50 },
        "g-percent-clear": { "alert": { "at": 50, "clear": "40%" } },
        "h-zero": { "at": 0 },
        "i-zero-percent": { "capacity": 100, "alert": "0%", "warn": "never" },
        "j-clear-at": { "alert": { "at": 50, "clear": 50 } },
        "k-clear-above": { "warn": { "at": 50, "clear": 60 } },
        "l-warn-after-alert": { "warn": 60, "alert": 60 },
        "m-alert-clear-below-warn": { "warn": { "at": 40, "clear": 38 }, "alert": { "at": 50, "clear": 30 } },
        "n-too-small": { "capacity": 2 },
        "o-empty": { "capacity": 0 },
    })), @"
        zones.a-nothing: this zone never tells anything; give it a `capacity`, or `at: 50`
        zones.b-never: this zone never tells anything; give it a `capacity`, or `at: 50`
        zones.c-at-and-alert.at: `at` is the one threshold of a zone; with `warn` or `alert`, leave it out
        zones.d-at-and-warn.at: `at` is the one threshold of a zone; with `warn` or `alert`, leave it out
        zones.e-percent-at.at: percent of what? Give the zone a `capacity`, or write a number of devices
        zones.f-percent-warn.warn: percent of what? Give the zone a `capacity`, or write a number of devices
        zones.g-percent-clear.alert: percent of what? Give the zone a `capacity`, or write a number of devices
        zones.h-zero.at: a level is at least one device
        zones.i-zero-percent.alert: a level is at least one device
        zones.j-clear-at.alert: `clear` must be less than `at`, or it would never be over
        zones.k-clear-above.warn: `clear` must be less than `at`, or it would never be over
        zones.l-warn-after-alert.warn: `warn` comes before `alert`, so it needs a smaller number
        zones.m-alert-clear-below-warn.alert: `alert` must be cleared before `warn` is: give it a `clear` that isn't smaller
        zones.n-too-small.warn: `warn` comes before `alert`, so it needs a smaller number
        zones.o-empty.capacity: a zone holds at least one device
        ");
}

#[test]
fn mistakes_in_a_zones_times_are_reported() {
    assert_snapshot!(said_of_zones(json!({
        "a-up": { "at": 50, "for": { "up": 0 } },
        "b-down": { "at": 50, "for": { "down": 0 } },
        "c-cooldown": { "at": 50, "cooldown": "-1s" },
        "d-silent": { "at": 50, "silent": "119s" },
        "e-snooze": { "at": 50, "snooze": "59s" },
        "f-timezone": { "at": 50, "hours": { "timezone": "Europe/Pariss", "week": {} } },
        "g-week": { "at": 50, "hours": { "week": { "mon-": "09:00-20:00" } } },
        "h-except": { "at": 50, "hours": { "week": {}, "except": { "2026-12-24": "noon" } } },
        "i-everything": { "at": "50%", "for": { "up": 0, "down": 0 }, "silent": "1s", "snooze": "0s" },
    })), @r#"
        zones.a-up.for: `for` is at least one poll
        zones.b-down.for: `for` is at least one poll
        zones.c-cooldown.cooldown: `cooldown` is at least 0 seconds
        zones.d-silent.silent: `silent` is at least 120 seconds
        zones.e-snooze.snooze: `snooze` is at least 60 seconds
        zones.f-timezone.hours.timezone: there is no time zone "Europe/Pariss"; write an IANA name such as Europe/Paris
        zones.g-week.hours.week.mon-: write a day (mon, tue, wed, thu, fri, sat, sun), several (mon-fri) or daily
        zones.h-except.hours.except.2026-12-24: write times such as "09:00-20:00", several with a comma between them, or closed
        zones.i-everything.at: percent of what? Give the zone a `capacity`, or write a number of devices
        zones.i-everything.for: `for` is at least one poll
        zones.i-everything.silent: `silent` is at least 120 seconds
        zones.i-everything.snooze: `snooze` is at least 60 seconds
        "#);
}

#[test]
fn amounts_are_numbers_or_percentages() {
    let read = |at: Value| {
        let mut config = least();
        config["zones"]["shoes"]["at"] = at;
        serde_json::from_value::<Config>(config).is_ok()
    };
    for good in [json!(50), json!("50"), json!(" 50 "), json!("50%"), json!("50 %")] {
        assert!(read(good.clone()), "{good}");
    }
    for bad in [
        json!(-1),
        json!(50.5),
        json!("-1"),
        json!("%"),
        json!("half"),
        json!(4_294_967_296_u64),
        json!("50%%"),
    ] {
        assert!(!read(bad.clone()), "{bad}");
    }
}

/// The problems of a text of the plan that a button runs.
fn said_of_text(text: &str) -> String {
    said(|config| step(config, 0)["post"]["markdown"] = json!(text))
}

#[test]
fn an_unknown_placeholder_is_reported_with_the_one_that_was_meant() {
    for (text, meant) in [
        ("{buton} was pressed", "{button}"),
        ("{Button}", "{button}"),
        ("{ count }", "{count}"),
        ("{cuont}", "{count}"),
        ("{incidnet}", "{incident}"),
        ("{tme}", "{time}"),
        ("a {b c} {TITLE}", "{title}"),
        ("{nmae}", "{button}"),
        ("{{cont}}", "{count}"),
    ] {
        let found = said_of_text(text);
        assert!(found.ends_with(&format!("did you mean `{meant}`?")), "{text}: {found}");
        assert_eq!(found.lines().count(), 1, "{text}: {found}");
    }
    assert_snapshot!(said_of_text("{what} {what}"), @"plans.power.steps.0.post.markdown: there is no placeholder `{what}`; here are `{button}`, `{title}`, `{count}`, `{time}`, `{incident}`");
}

#[test]
fn every_text_of_a_plan_is_checked_for_placeholders() {
    let found = said(|config| {
        let plan = &mut config["plans"]["power"];
        plan["space"]["title"] = json!("{titel}");
        plan["steps"][0]["post"]["label"] = json!("{x1}");
        plan["steps"][1]["sms"][0]["text"] = json!("{x2}");
        plan["steps"][2]["call"][0]["say"] = json!("{x3}");
        plan["steps"][2]["page"] = json!([{ "to": ["+352691496401"], "text": "{x4}", "say": "{x5}" }]);
        plan["escalate"] = json!({ "more": { "post": { "markdown": "{x6}" } } });
    });
    let paths: Vec<&str> = found.lines().filter_map(|line| line.split(": ").next()).collect();
    assert_eq!(
        paths,
        [
            "plans.power.space.title",
            "plans.power.steps.0.post.label",
            "plans.power.steps.1.sms.0.text",
            "plans.power.steps.2.call.0.say",
            "plans.power.steps.2.page.0.text",
            "plans.power.steps.2.page.0.say",
            "plans.power.escalate.more.post.markdown",
        ],
        "{found}"
    );
}

#[test]
fn braces_that_are_no_placeholder_are_left_alone() {
    for text in
        ["{", "}", "{}", "}{", "{{", "a { b } c", "{button", r#"{"a": 1}"#, "{3}", "{see below}", "\\d{1,3}"]
    {
        assert_eq!(said_of_text(text), "", "{text}");
    }
}

#[test]
fn a_placeholder_without_a_value_in_its_place_is_reported() {
    let zone = |config: &mut Value, capacity: bool| {
        config["sites"] = json!({ "s": { "meraki": { "key": { "secret": "m" } } } });
        config["zones"] =
            json!({ "z": { "site": "s", "plan": "power", "at": 50, "where": { "network": "N_1" } } });
        if capacity {
            config["zones"]["z"]["capacity"] = json!(100);
        }
    };
    assert_snapshot!(said_of_text("{capacity} {level} {usual} {severity} {button} {title}"), @r"
    plans.power.steps.0.post.markdown: `{capacity}` never has a value here: only zones have one, and no zone runs this plan
    plans.power.steps.0.post.markdown: `{level}` never has a value here: only zones have one, and no zone runs this plan
    plans.power.steps.0.post.markdown: `{usual}` never has a value here: only zones have one, and no zone runs this plan
    plans.power.steps.0.post.markdown: `{severity}` never has a value here: only alerts have one, and no source runs this plan
    ");
    let of_zone = |capacity, text: &str| {
        said(|config| {
            zone(config, capacity);
            step(config, 0)["post"]["markdown"] = json!(text);
        })
    };
    assert_eq!(of_zone(true, "{zone}: {count} of {capacity}, {level}, {usual}"), "");
    assert_snapshot!(of_zone(false, "{capacity}"), @"plans.power.steps.0.post.markdown: `{capacity}` never has a value here: no zone that runs this plan has a `capacity`");
    assert_snapshot!(said(|config| {
        zone(config, true);
        step(config, 2)["call"][0]["say"] = json!("{usual} {level}");
        config["plans"]["power"]["space"]["title"] = json!("{incident} {zone}");
    }), @r"
    plans.power.space.title: `{incident}` never has a value here: all incidents share this space; with `reuse: per-incident` each has its own
    plans.power.steps.2.call.0.say: `{usual}` never has a value here: a call doesn't know the usual count
    ");
}

#[test]
fn a_text_into_which_nothing_is_filled_has_no_placeholders() {
    let found = said(|config| {
        config["webex"]["webhook"] = json!({ "secret": "hook" });
        config["buttons"]["green"]["label"] = json!("{button}");
        config["lines"] = json!({ "support": {
            "number": "+12025550100", "agents": [{ "email": "dana@example.com" }],
            "label": "{line}", "lobby": "{line}", "canned": { "hours": "From 9 to {closing}" },
            "texts": { "welcome": "Hello {name}", "closing": "{ } Bye {" },
            "voice": { "announce": "This is {line}", "voicemail": "{name}" },
            "form": { "title": "{title}", "secret": "form" },
        } });
    });
    assert_eq!(found.lines().count(), 8, "{found}");
    assert!(found.lines().all(|line| line.contains("nothing is filled in here")), "{found}");
}
