//! What can be read but can't work: the mistakes that a type can't tell.

mod alerts;
mod lines;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::{Cmx, CmxApi, Config, Plan, Source, Step, Zone, is_address, is_phone_number, is_sender};
use crate::occupancy::zone::Rule;

/// Something in a configuration that can be read but can't work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where: keys and list positions from the top, such as `plans`, `green`, `steps`, `2`, `sms`.
    pub path: Vec<String>,
    /// What is wrong and what to do, for a person.
    pub message: String,
}

/// Everything in the configuration that can't work, in the order of the file. `file_exists` tells whether a file
/// that the configuration names is there.
pub fn problems(config: &Config, file_exists: &dyn Fn(&str) -> bool) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut say = |path: &[&str], message: String| {
        found.push(Problem { path: path.iter().map(|part| (*part).to_owned()).collect(), message });
    };
    if TimeZone::get(&config.timezone).is_err() {
        say(
            &["timezone"],
            format!("there is no time zone {:?}; write an IANA name such as Europe/Paris", config.timezone),
        );
    }
    if let Some(twilio) = &config.twilio {
        let account = &twilio.account;
        if account.len() != 34 || !account.starts_with("AC") {
            say(
                &["twilio", "account"],
                "a Twilio account is AC and 32 letters or digits; copy it from Twilio's console".into(),
            );
        }
        if !is_sender(&twilio.from) {
            say(&["twilio", "from"], number_advice(&twilio.from));
        }
    } else {
        let phones =
            |plan: &Plan| plan.steps.iter().any(|step| !step.sms.is_empty() || !step.call.is_empty());
        if !config.admins.sms.is_empty() || config.plans.values().any(phones) {
            say(
                &["twilio"],
                "somebody is to be texted or called, but there is no `twilio` to do it with".into(),
            );
        }
    }
    for (index, number) in config.admins.sms.iter().enumerate() {
        if !is_phone_number(number) {
            say(&["admins", "sms", &index.to_string()], number_advice(number));
        }
    }
    for (index, address) in config.admins.webex.iter().enumerate() {
        if !is_address(address) {
            say(&["admins", "webex", &index.to_string()], format!("{address:?} is no mail address"));
        }
    }
    for (name, plan) in &config.plans {
        plan_problems(name, plan, file_exists, &mut say);
    }
    zones_and_sites(config, file_exists, &mut say);
    lines::problems(config, &mut say);
    alerts::problems(config, file_exists, &mut say);
    for (name, button) in &config.buttons {
        if config.plans.get(&button.plan).is_some_and(|plan| plan.steps.is_empty()) {
            say(
                &["plans", &button.plan, "steps"],
                "a plan that a button runs needs at least one step".into(),
            );
        }
        if !config.plans.contains_key(&button.plan) {
            let known = config.plans.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            say(
                &["buttons", name, "plan"],
                format!("there is no plan {:?}; the plans are: {known}", button.plan),
            );
        }
        if button.token.names().next().is_none() {
            say(&["buttons", name, "token"], "a button needs at least one token".into());
        }
        if button.debounce.0.is_negative() {
            say(&["buttons", name, "debounce"], "`debounce` can't be less than nothing".into());
        }
        if button.max_age.0 < SignedDuration::from_secs(1) {
            say(
                &["buttons", name, "max_age"],
                "`max_age` is at least a second; with less, every press would be late".into(),
            );
        }
        if !is_name(name) {
            say(&["buttons", name], format!("a button's {NAME_ADVICE}; use `label` for what people read"));
        }
    }
    found
}

const NAME_ADVICE: &str = "name is 1 to 60 letters, digits, - and _";

/// A name that can stand in keys of the table and in addresses.
fn is_name(name: &str) -> bool {
    (1..=60).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn zones_and_sites(
    config: &Config,
    file_exists: &dyn Fn(&str) -> bool,
    say: &mut dyn FnMut(&[&str], String),
) {
    for (name, site) in &config.sites {
        let at = ["sites", name.as_str()];
        if !is_name(name) {
            say(&at, format!("a site's {NAME_ADVICE}"));
        }
        let url = match site.source() {
            None => {
                say(&at, "a site has one of cmx, spaces, meraki, cmx_push and meraki_push".into());
                None
            }
            Some(Source::Cmx(cmx)) => Some(("cmx", &cmx.url)),
            Some(Source::Spaces(spaces)) => Some(("spaces", &spaces.url)),
            Some(Source::Meraki(meraki)) => Some(("meraki", &meraki.url)),
            Some(Source::CmxPush(_) | Source::MerakiPush(_)) => None,
        };
        if let Some((key, url)) = url
            && !is_base_address(url)
        {
            say(
                &[at[0], at[1], key, "url"],
                "an address begins with https:// and has no path: https://cmx.example.com".into(),
            );
        }
        let window = match site.source() {
            Some(Source::CmxPush(push)) => Some(("cmx_push", push.window)),
            Some(Source::MerakiPush(push)) => Some(("meraki_push", push.window)),
            _ => None,
        };
        if let Some((key, window)) = window
            && window.0 < SignedDuration::from_mins(1)
        {
            say(
                &[at[0], at[1], key, "window"],
                "`window` is at least a minute; with less, nobody would be counted".into(),
            );
        }
        if !(SignedDuration::from_secs(1)..=SignedDuration::from_secs(20)).contains(&site.timeout.0) {
            say(&[at[0], at[1], "timeout"], "`timeout` is 1 s to 20 s".into());
        }
        if let Some(pin) = &site.pin
            && pin_bytes(pin).is_none()
        {
            say(&[at[0], at[1], "pin"], "a pin is sha256: and 64 hexadecimal digits".into());
        }
        if let Some(ca) = &site.ca
            && !file_exists(ca)
        {
            say(&[at[0], at[1], "ca"], format!("there is no file {ca:?} beside the configuration"));
        }
        if [site.ca.is_some(), site.pin.is_some(), site.insecure].into_iter().filter(|given| *given).count()
            > 1
        {
            say(&at, "`ca`, `pin` and `insecure` exclude one another; keep the one that is meant".into());
        }
    }
    let timezone = config.time_zone();
    for (name, zone) in &config.zones {
        let at = ["zones", name.as_str()];
        if !is_name(name) {
            say(&at, format!("a zone's {NAME_ADVICE}; use `label` for what people read"));
        }
        match config.sites.get(&zone.site) {
            None => {
                let known = config.sites.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                say(
                    &[at[0], at[1], "site"],
                    format!("there is no site {:?}; the sites are: {known}", zone.site),
                );
            }
            Some(site) => {
                for (key, what) in site.source().into_iter().flat_map(|source| unfit(zone, source)) {
                    say(&[at[0], at[1], key], what.to_owned());
                }
            }
        }
        match config.plans.get(&zone.plan) {
            None => {
                let known = config.plans.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                say(
                    &[at[0], at[1], "plan"],
                    format!("there is no plan {:?}; the plans are: {known}", zone.plan),
                );
            }
            Some(_) if !is_name(&zone.plan) => {
                say(&["plans", &zone.plan], format!("the {NAME_ADVICE} if a zone runs it"));
            }
            Some(_) => {}
        }
        for (path, what) in Rule::of(zone, &timezone).err().unwrap_or_default() {
            let path: Vec<&str> = at.into_iter().chain(path.iter().map(String::as_str)).collect();
            say(&path, what);
        }
    }
}

/// What this source can't do for the zone, and the key that asks for it.
fn unfit(zone: &Zone, source: Source<'_>) -> Vec<(&'static str, &'static str)> {
    let place = &zone.place;
    let mut wrong = Vec::new();
    let mut refuse = |given: bool, key, what| {
        if given {
            wrong.push((key, what));
        }
    };
    let by_ssid = matches!(
        source,
        Source::Cmx(Cmx { api: CmxApi::V3, .. })
            | Source::Meraki(_)
            | Source::CmxPush(_)
            | Source::MerakiPush(_)
    );
    refuse(
        !by_ssid && zone.exclude.ssid.is_some(),
        "exclude",
        "this source can't tell SSIDs apart; use `devices` alone",
    );
    refuse(!by_ssid && place.ssid.is_some(), "where", "this source can't tell SSIDs apart; leave `ssid` out");
    let is_meraki = matches!(source, Source::Meraki(_) | Source::MerakiPush(_));
    refuse(
        !is_meraki && (place.network.is_some() || place.tag.is_some()),
        "where",
        "`network` and `tag` are Meraki's",
    );
    let presence = matches!(source, Source::Cmx(Cmx { api: CmxApi::Presence, .. }));
    refuse(
        presence != place.presence_site.is_some(),
        "where",
        "CMX Presence needs `presence_site`, and nothing else knows it",
    );
    let named = place.hierarchy.is_some();
    match source {
        Source::Cmx(Cmx { api: CmxApi::V1 | CmxApi::V2, .. }) => {
            refuse(
                named || place.floor.is_some(),
                "where",
                "this API of CMX counts the whole site; leave `where` out or use `api: v3`",
            );
        }
        Source::Cmx(Cmx { api: CmxApi::Zones, .. }) => {
            refuse(
                !named,
                "where",
                "`api: zones` needs the zone's `hierarchy` at CMX: Campus/Building/Floor/Zone",
            );
        }
        Source::Cmx(Cmx { api: CmxApi::Presence, .. }) => {
            refuse(named, "where", "CMX Presence knows sites only")
        }
        Source::Meraki(_) => {
            refuse(place.network.is_none(), "where", "Meraki needs the zone's `network`: L_… or N_…");
            refuse(
                named || place.floor.is_some(),
                "where",
                "Meraki's count knows `network`, `ssid` and `tag`",
            );
            let number = |ssid: &Option<String>| {
                ssid.as_ref().is_some_and(|ssid| ssid.parse::<u8>().is_ok_and(|number| number < 15))
            };
            for (key, ssid) in [("where", &place.ssid), ("exclude", &zone.exclude.ssid)] {
                refuse(ssid.is_some() && !number(ssid), key, "Meraki counts by the SSID's number, 0 to 14");
            }
        }
        Source::MerakiPush(_) => {
            refuse(named, "where", "Meraki's Scanning API knows `network`, `floor`, `tag` and `ssid`")
        }
        _ => {}
    }
    wrong
}

/// The bytes of a certificate's fingerprint: `sha256:` and 64 hexadecimal digits, colons between them allowed.
pub fn pin_bytes(pin: &str) -> Option<[u8; 32]> {
    let hex: String = pin.strip_prefix("sha256:")?.chars().filter(|sign| *sign != ':').collect();
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|sign| sign.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// `https://host` or `https://host:port`.
fn is_base_address(url: &str) -> bool {
    url.strip_prefix("https://")
        .is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']))
}

fn number_advice(number: &str) -> String {
    format!(
        "{number:?} is no phone number; write it with + and the country's code, digits only: +352691496401"
    )
}

fn plan_problems(
    name: &str,
    plan: &Plan,
    file_exists: &dyn Fn(&str) -> bool,
    say: &mut dyn FnMut(&[&str], String),
) {
    if plan.space.title.trim().is_empty() {
        say(&["plans", name, "space", "title"], "a space needs a title".into());
    }
    if plan.reset_after.0 < SignedDuration::from_mins(1) {
        say(&["plans", name, "reset_after"], "reset_after is at least a minute".into());
    }
    let space = &plan.space;
    for (list, people) in [("moderators", &space.moderators), ("participants", &space.participants)] {
        for (index, address) in people.iter().enumerate() {
            if !is_address(address) {
                say(
                    &["plans", name, "space", list, &index.to_string()],
                    format!("{address:?} is no mail address"),
                );
            }
        }
    }
    // How long after the last press a step comes, if all since then came by themselves.
    let mut quiet = SignedDuration::ZERO;
    for (number, step) in plan.steps.iter().enumerate() {
        let at = number.to_string();
        quiet = step.after.map_or(SignedDuration::ZERO, |after| quiet.saturating_add(after.0));
        if *step == Step::default() {
            say(
                &["plans", name, "steps", &at],
                "this step does nothing; give it a post, sms, call or people".into(),
            );
        }
        if let Some(after) = step.after {
            if number == 0 {
                say(
                    &["plans", name, "steps", &at, "after"],
                    "the first step is taken by the first press; `after` belongs to a later one".into(),
                );
            } else if after.0 < SignedDuration::from_secs(10) {
                say(&["plans", name, "steps", &at, "after"], "`after` is at least 10 seconds".into());
            } else if quiet >= plan.reset_after.0 {
                say(&["plans", name, "steps", &at, "after"], "this step never comes by itself: with nobody answering, the incident is over (`reset_after`) before it; make `reset_after` longer".into());
            }
        }
        if let Some(post) = &step.post {
            if post.markdown.is_none() && post.file.is_none() {
                say(
                    &["plans", name, "steps", &at, "post"],
                    "a post needs `markdown`, a `file`, or both".into(),
                );
            }
            if let Some(file) = &post.file
                && !file_exists(file)
            {
                say(
                    &["plans", name, "steps", &at, "post", "file"],
                    format!("there is no file {file:?} beside the configuration"),
                );
            }
        }
        for (list, index, to, from, words) in step
            .sms
            .iter()
            .enumerate()
            .map(|(index, sms)| ("sms", index, &sms.to, &sms.from, &sms.text))
            .chain(
                step.call
                    .iter()
                    .enumerate()
                    .map(|(index, call)| ("call", index, &call.to, &call.from, &call.say)),
            )
        {
            let item = index.to_string();
            for (place, target) in to.iter().enumerate() {
                if let Some(number) = target.number().filter(|number| !is_phone_number(number)) {
                    say(
                        &["plans", name, "steps", &at, list, &item, "to", &place.to_string()],
                        number_advice(number),
                    );
                }
            }
            if to.is_empty() {
                say(&["plans", name, "steps", &at, list, &item, "to"], "nobody is named here".into());
            }
            if let Some(from) = from
                && !(if list == "sms" { is_sender(from) } else { is_phone_number(from) })
            {
                say(&["plans", name, "steps", &at, list, &item, "from"], number_advice(from));
            }
            if words.trim().is_empty() {
                let key = if list == "sms" { "text" } else { "say" };
                say(&["plans", name, "steps", &at, list, &item, key], "there are no words here".into());
            }
        }
        if let Some(people) = &step.people {
            for (list, addresses) in
                [("moderators", &people.moderators), ("participants", &people.participants)]
            {
                for (index, address) in addresses.iter().enumerate() {
                    if !is_address(address) {
                        say(
                            &["plans", name, "steps", &at, "people", list, &index.to_string()],
                            format!("{address:?} is no mail address"),
                        );
                    }
                }
            }
        }
    }
}
