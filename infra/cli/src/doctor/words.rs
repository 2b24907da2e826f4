//! Describes a site, its answers, and the advice about them.

use std::fmt::Write as _;

use handbell_core::config::{Cmx, MerakiPush, SiteConfig, Source, Zone};
use handbell_outbound::floor::{Floor, SiteCounts, Unknown, terms};

use handbell_core::nearest;

/// Limit of places in the list. A mall has hundreds.
const LISTED: usize = 40;

pub(super) fn title(site: &SiteConfig) -> String {
    match site.source() {
        Some(Source::Cmx(cmx)) => format!("CMX at {} (api {}, user {})", cmx.url, api(cmx), cmx.user),
        Some(Source::Spaces(spaces)) => format!("Cisco Spaces at {}", spaces.url),
        Some(Source::Meraki(meraki)) => format!("Meraki at {}", meraki.url),
        Some(Source::CmxPush(_)) => "CMX that pushes (Notifications)".into(),
        Some(Source::MerakiPush(_)) => "Meraki that pushes (Scanning API)".into(),
        None => "no source".into(),
    }
}

fn api(cmx: &Cmx) -> String {
    serde_json::to_value(cmx.api).ok().and_then(|api| api.as_str().map(str::to_owned)).unwrap_or_default()
}

fn address(public_url: Option<&str>, path: &str) -> String {
    let (base, advice) = match public_url {
        Some(url) => (url.trim_end_matches('/'), ""),
        None => ("https://…", "  (… is PublicUrl in the outputs of the stack, or give --public-url)"),
    };
    format!("{base}{path}{advice}")
}

pub(super) fn cmx_tells(site: &str, key: &str, public_url: Option<&str>) -> String {
    format!(
        "  There is nothing to ask: this CMX reports each device to Handbell. Enter there, under Manage > Notifications:\n\
         \x20   type      Location Update, one notification for all devices, message format JSON\n\
         \x20   URL       {}\n\
         \x20   header    Authorization: Bearer and the secret {key:?}\n\
         \x20 MAC hashing may be on. Counts begin with the first message.\n",
        address(public_url, &format!("/cmx/{site}")),
    )
}

pub(super) fn meraki_tells(site: &str, push: &MerakiPush, public_url: Option<&str>) -> String {
    let (validator, key) = (&push.validator.secret, &push.key.secret);
    format!(
        "  There is nothing to ask: Meraki reports each device to Handbell. Enter there, under Network-wide > General > \
         Location and scanning:\n\
         \x20   post URL  {}\n\
         \x20   secret    the secret {key:?}\n\
         \x20   version   3.0, radio type WiFi\n\
         \x20 Put the validator that Meraki shows there into the secrets document as {validator:?}, before \"Validate server\".\n",
        address(public_url, &format!("/meraki/{site}")),
    )
}

/// Describes a site's answers and the result for each zone.
pub(super) fn shown(
    site: &SiteConfig,
    floor: &Floor,
    zones: &[(&str, &Zone)],
    counts: &SiteCounts,
) -> String {
    let mut out = String::new();
    for said in &counts.said {
        let _ = writeln!(out, "  GET {}", said.ask);
        let took = said.took.as_millis();
        let _ = match (&said.answer, said.status()) {
            (Err(why), _) => writeln!(out, "    no answer after {took} ms: {}", why.why()),
            (_, status) => {
                writeln!(out, "    {} in {took} ms: {}", status.unwrap_or_default(), said.excerpt())
            }
        };
    }
    let mut places: Vec<String> = counts.said.iter().flat_map(|said| said.places()).collect();
    places.sort();
    places.dedup();
    for (name, zone) in zones {
        let label = zone.label.as_ref().map(|label| format!(" ({label})")).unwrap_or_default();
        match counts.zones.get(*name) {
            Some(Ok(count)) => {
                let devices = if *count == 1 { "device" } else { "devices" };
                let _ = writeln!(out, "  ✓ {name}{label}: {count} {devices}");
                if *count == 0 && (zone.place.hierarchy.is_some() || zone.place.ssid.is_some()) {
                    out.push_str(
                        "    → If somebody is there now, a name in `where` differs from the map: an unknown place counts 0.\n",
                    );
                }
            }
            Some(Err(why)) => {
                let status = terms(floor.system(), zone).ok().and_then(|terms| {
                    let asked =
                        counts.said.iter().filter(|said| terms.iter().any(|term| term.ask == said.ask));
                    asked.filter_map(|said| said.status()).max()
                });
                let _ = writeln!(out, "  ✗ {name}{label}: {}", why.why());
                let _ = writeln!(out, "    → {}", advice(site, zone, why, status, &places));
            }
            None => {
                let _ = writeln!(out, "  ✗ {name}{label}: its count was not requested");
            }
        }
    }
    if !places.is_empty() {
        let more = places.len().saturating_sub(LISTED);
        places.truncate(LISTED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let _ = writeln!(out, "  The site knows these places: {}{more}.", one_line(&places.join(", ")));
    }
    out
}

/// Replaces the control characters of foreign text, which a terminal would obey.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Advice about a zone without a count.
fn advice(site: &SiteConfig, zone: &Zone, why: &Unknown, status: Option<u16>, places: &[String]) -> String {
    let secret = site.secrets().first().copied().unwrap_or_default().to_owned();
    let url = match site.source() {
        Some(Source::Cmx(cmx)) => cmx.url.as_str(),
        Some(Source::Spaces(spaces)) => spaces.url.as_str(),
        Some(Source::Meraki(meraki)) => meraki.url.as_str(),
        _ => "",
    };
    match (why, status) {
        (Unknown::NotAsked(_), _) => {
            "Its count was not requested: correct the configuration, or try again.".into()
        }
        (Unknown::NoAnswer(why), _) if why.contains("certificate") => {
            let host = url.trim_start_matches("https://").split(['/', ':']).next().unwrap_or_default();
            format!(
                "Give the site its `ca` or its `pin`. This shows the pin, unless somebody intercepts it: openssl s_client -connect \
                 {host}:443 </dev/null | openssl x509 -noout -fingerprint -sha256"
            )
        }
        (Unknown::NoAnswer(_), _) => {
            format!(
                "Try `curl -v {url}` here. Handbell in AWS must reach it, too: by a VPN or over the internet."
            )
        }
        (_, Some(401 | 403)) => match site.source() {
            Some(Source::Cmx(cmx)) => format!(
                "Check `user: {}` and the secret {secret:?}. For `api: v3`, `cmxos apiserver user` on the CMX creates the user.",
                cmx.user
            ),
            _ => format!("Check the secret {secret:?}: it is the API key, and may have expired."),
        },
        (_, Some(404 | 405)) => {
            "Check the site's `url` and, for a CMX, its `api`: older releases lack v3.".into()
        }
        (_, Some(429)) => "Wait a minute; another program uses up the rate limit.".into(),
        (_, Some(300..=399)) => format!("Check `url: {url}`: is it https, and the machine with the API?"),
        (_, Some(500..)) => {
            "The site has an error. Try again; if it persists, ask the site's operator.".into()
        }
        _ if !places.is_empty() => {
            let wanted = zone.place.hierarchy.as_deref().or(zone.place.floor.as_deref()).unwrap_or_default();
            let last =
                |place: &str| place.rsplit(['>', '/']).next().unwrap_or_default().trim().to_lowercase();
            let near = nearest(wanted, places.iter().map(String::as_str)).map(str::to_owned).or_else(|| {
                let wanted = last(wanted);
                let close = |place: &&String| strsim::damerau_levenshtein(&wanted, &last(place)) <= 1;
                places.iter().find(close).cloned()
            });
            match near {
                Some(near) => format!("Did you mean {:?}? Copy it exactly into `where`.", one_line(&near)),
                None => "Copy one of the places below exactly into `where`.".into(),
            }
        }
        _ => "Look at the answer above: does the API answer, or a gateway, a login page, another release?"
            .into(),
    }
}
