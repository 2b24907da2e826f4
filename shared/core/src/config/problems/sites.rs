//! Checks of sites and zones.

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::advice::{NAME_ADVICE, is_name};
use crate::config::{Cmx, CmxApi, Config, SiteConfig, Source, Zone};
use crate::occupancy::zone::ZoneRule;

pub(super) fn site_problems(
    name: &str,
    site: &SiteConfig,
    file_exists: &dyn Fn(&str) -> bool,
    report: &mut dyn FnMut(&[&str], String),
) {
    let at = ["sites", name];
    if !is_name(name) {
        report(&at, format!("a site's {NAME_ADVICE}"));
    }
    let url = match site.source() {
        None => {
            report(&at, "a site has one of cmx, spaces, meraki, cmx_push and meraki_push".into());
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
        report(
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
        report(
            &[at[0], at[1], key, "window"],
            "`window` is at least a minute; with less, nobody would be counted".into(),
        );
    }
    if !(SignedDuration::from_secs(1)..=SignedDuration::from_secs(20)).contains(&site.timeout.0) {
        report(&[at[0], at[1], "timeout"], "`timeout` is 1 s to 20 s".into());
    }
    if let Some(pin) = &site.pin
        && pin_bytes(pin).is_none()
    {
        report(&[at[0], at[1], "pin"], "a pin is sha256: and 64 hexadecimal digits".into());
    }
    if let Some(ca) = &site.ca
        && !file_exists(ca)
    {
        report(&[at[0], at[1], "ca"], format!("there is no file {ca:?} beside the configuration"));
    }
    if [site.ca.is_some(), site.pin.is_some(), site.insecure].into_iter().filter(|given| *given).count() > 1 {
        report(&at, "`ca`, `pin` and `insecure` exclude one another; keep the one that is meant".into());
    }
}

pub(super) fn zone_problems(
    name: &str,
    zone: &Zone,
    config: &Config,
    timezone: &TimeZone,
    report: &mut dyn FnMut(&[&str], String),
) {
    let at = ["zones", name];
    if !is_name(name) {
        report(&at, format!("a zone's {NAME_ADVICE}; use `label` for what people read"));
    }
    match config.sites.get(&zone.site) {
        None => {
            let known = config.sites.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            report(
                &[at[0], at[1], "site"],
                format!("there is no site {:?}; the sites are: {known}", zone.site),
            );
        }
        Some(site) => {
            for (key, what) in site.source().into_iter().flat_map(|source| unfit(zone, source)) {
                report(&[at[0], at[1], key], what.to_owned());
            }
        }
    }
    match config.plans.get(&zone.plan) {
        None => {
            let known = config.plans.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            report(
                &[at[0], at[1], "plan"],
                format!("there is no plan {:?}; the plans are: {known}", zone.plan),
            );
        }
        Some(_) if !is_name(&zone.plan) => {
            report(&["plans", &zone.plan], format!("the {NAME_ADVICE} if a zone runs it"));
        }
        Some(_) => {}
    }
    for (path, what) in ZoneRule::of(zone, timezone).err().unwrap_or_default() {
        let path: Vec<&str> = at.into_iter().chain(path.iter().map(String::as_str)).collect();
        report(&path, what);
    }
}

/// Returns the keys of the zone that this source doesn't support, each with the reason.
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

/// Returns the bytes of a certificate's fingerprint: `sha256:` and 64 hexadecimal digits, with or without colons between them.
pub fn pin_bytes(pin: &str) -> Option<[u8; 32]> {
    let hex: String = pin.strip_prefix("sha256:")?.chars().filter(|c| *c != ':').collect();
    let mut bytes = [0; 32];
    if hex.len() != 64 || !hex.bytes().all(|c| c.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// Returns true for `https://host` or `https://host:port`.
fn is_base_address(url: &str) -> bool {
    url.strip_prefix("https://")
        .is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' ']))
}
