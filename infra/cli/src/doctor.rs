//! `handbell doctor cmx`: asks each site once, shows what it said, and says of each zone what it makes of that.

pub mod lines;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use handbell_boot::Environment;
use handbell_core::config::{Cmx, Config, Site, Source, Zone};
use handbell_outbound::floor::{Counts, Floor, Unknown, terms};
use jiff::Timestamp;
use secrecy::SecretString;

use crate::check::nearest;
use crate::laptop::Laptop;

/// A person waits, so it may take longer than a poll.
const WITHIN: Duration = Duration::from_secs(60);
/// So many places are listed; a mall has hundreds.
const LISTED: usize = 40;

/// What can be asked of `handbell doctor cmx`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  handbell doctor cmx --config handbell.yaml --secrets file:secrets.json
      asks every site of the configuration once, CMX or not
  handbell doctor cmx --config handbell.yaml --secrets file:secrets.json --site shop
      one of them
  handbell doctor cmx --runner http://127.0.0.1:8080
      the stand-in CMX of the runner on this laptop, which needs no secrets
  AWS_REGION=eu-west-1 handbell doctor cmx --config handbell.yaml --secrets ssm:/handbell/secrets
      the secrets as they are in AWS; credentials from the environment

It shows each request with what came back, each zone with its count or with why there is none
and what to do, and the places that the site knows. Nothing is stored and nobody is told.
The exit code is 1 if a zone has no count.")]
pub struct Options {
    /// Only this site
    #[arg(long, value_name = "NAME")]
    pub site: Option<String>,
    /// The configuration; the demo's if absent
    #[arg(long, value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,
    /// Ask the stand-in CMX of the runner on this laptop, in the place of every CMX
    #[arg(long, value_name = "URL")]
    pub runner: Option<String>,
    /// The secrets: file:secrets.json or ssm:/handbell/secrets
    #[arg(long, env = "HANDBELL_SECRETS", value_name = "WHERE")]
    pub secrets: Option<String>,
    /// How the world reaches Handbell, for the sites that call it
    #[arg(long, env = "HANDBELL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// For people.
    pub text: String,
    /// So many zones have a count.
    pub counted: usize,
    /// So many have none.
    pub unknown: usize,
}

/// Asks the sites. `files` is the folder that the configuration's file names start from.
pub async fn run(
    options: &Options,
    config: &Config,
    files: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
    now: Timestamp,
) -> Result<Found, String> {
    let chosen: Vec<(&str, &Site)> = match &options.site {
        None => config.sites.iter().map(|(name, site)| (name.as_str(), site)).collect(),
        Some(wanted) => {
            let names = || config.sites.keys().map(String::as_str);
            let Some((name, site)) = config.sites.get_key_value(wanted) else {
                let meant = nearest(wanted, names()).map(|meant| format!("; did you mean {meant:?}?"));
                let all = || format!("; the sites are: {}", names().collect::<Vec<_>>().join(", "));
                return Err(format!("there is no site {wanted:?}{}", meant.unwrap_or_else(all)));
            };
            vec![(name.as_str(), site)]
        }
    };
    if chosen.is_empty() {
        return Err("the configuration has no sites, so nobody counts; name another one with --config".into());
    }
    let asks =
        |site: &Site| matches!(site.source(), Some(Source::Cmx(_) | Source::Spaces(_) | Source::Meraki(_)));
    let secrets = match (&options.runner, &options.secrets) {
        (None, Some(place)) if chosen.iter().any(|(_, site)| asks(site)) => {
            Some(secrets(place, variable).await?)
        }
        (None, None) if chosen.iter().any(|(_, site)| asks(site)) => {
            return Err(
                "the sites want a password: say where the secrets are (--secrets file:secrets.json, or \
                 HANDBELL_SECRETS), or ask the runner on this laptop with --runner http://127.0.0.1:8080"
                    .into(),
            );
        }
        _ => None,
    };
    let has_cmx = chosen.iter().any(|(_, site)| matches!(site.source(), Some(Source::Cmx(_))));
    let laptop = match &options.runner {
        Some(runner) if has_cmx => Some(Laptop::reach(runner, "there is no stand-in to ask").await?),
        _ => None,
    };
    let mut found = Found { text: String::new(), counted: 0, unknown: 0 };
    for (name, site) in chosen {
        let zones: Vec<(&str, &Zone)> = config
            .zones
            .iter()
            .filter(|(_, zone)| zone.site == name)
            .map(|(name, zone)| (name.as_str(), zone))
            .collect();
        if !found.text.is_empty() {
            found.text.push('\n');
        }
        let _ = writeln!(found.text, "{name}: {}", title(site));
        match site.source() {
            None => {
                found.unknown += zones.len();
                found.text.push_str("  ✗ it must have exactly one of `cmx`, `spaces`, `meraki`, `cmx_push` and `meraki_push`\n");
            }
            Some(Source::CmxPush(push)) => {
                found.text.push_str(&cmx_tells(name, &push.key.secret, options.public_url.as_deref()));
            }
            Some(Source::MerakiPush(push)) => {
                let names = (push.validator.secret.as_str(), push.key.secret.as_str());
                found.text.push_str(&meraki_tells(name, names, options.public_url.as_deref()));
            }
            Some(source) => {
                let wanted = site.secrets().first().copied().unwrap_or_default();
                let floor = match (&options.runner, &laptop) {
                    (Some(_), Some(laptop)) if matches!(source, Source::Cmx(_)) => {
                        let base = laptop.url("sim/cmx");
                        handbell_boot::client().map_err(|error| error.to_string()).map(|http| {
                            Floor::new(
                                http,
                                source,
                                laptop.secrets().cmx.clone().into(),
                                site.timeout.0.unsigned_abs(),
                            )
                            .map(|floor| floor.at(base))
                        })
                    }
                    (Some(_), _) => {
                        Err("the laptop has no stand-in for it; ask it without --runner".to_owned())
                    }
                    (None, _) => match secrets.as_ref().and_then(|secrets| secrets.get(wanted)) {
                        None => Err(format!("the secret {wanted:?} is not in the secrets document")),
                        Some(secret) => {
                            let http =
                                handbell_boot::site_client(site, files).map_err(|error| error.to_string());
                            http.map(|http| {
                                Floor::new(http, source, secret.clone(), site.timeout.0.unsigned_abs())
                            })
                        }
                    },
                };
                match floor {
                    Ok(Some(floor)) if !zones.is_empty() => {
                        let counts = floor.count(&zones, now, WITHIN).await;
                        let known = counts.zones.values().filter(|count| count.is_ok()).count();
                        found.counted += known;
                        found.unknown += zones.len() - known;
                        found.text.push_str(&shown(site, &floor, &zones, &counts));
                    }
                    Ok(_) => {
                        found.text.push_str("  No zone names this site, so there is nothing to ask it.\n")
                    }
                    Err(why) => {
                        found.unknown += zones.len();
                        let _ = writeln!(found.text, "  ✗ not asked: {why}");
                    }
                }
            }
        }
    }
    let all = found.counted + found.unknown;
    let verdict = match (all, found.unknown) {
        (0, _) => "\nNothing was asked.\n".to_owned(),
        (_, 0) => format!("\nGood: {all} of {all} zones have a count.\n"),
        (_, unknown) => format!("\n{unknown} of {all} zones have no count.\n"),
    };
    found.text.push_str(&verdict);
    Ok(found)
}

type Secrets = std::collections::BTreeMap<String, SecretString>;

async fn secrets(place: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Secrets, String> {
    let in_aws = place.starts_with("ssm:");
    let environment = Environment::from(|name| match name {
        "HANDBELL_SECRETS" => Some(place.to_owned()),
        // Whoever only reads the secrets needs none of these.
        "HANDBELL_TABLE" | "HANDBELL_QUEUE_URL" | "HANDBELL_BUS" => Some(String::new()),
        "AWS_REGION" | "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" if !in_aws => Some(String::new()),
        _ => variable(name),
    });
    let environment = environment.map_err(|error| format!("the secrets {place} can't be read: {error}"))?;
    let fetch = handbell_boot::secrets(&environment).map_err(|error| error.to_string())?;
    fetch().await.map_err(|fault| fault.0)
}

fn title(site: &Site) -> String {
    match site.source() {
        Some(Source::Cmx(cmx)) => format!("CMX at {} (api {}, user {})", cmx.url, api(cmx), cmx.user),
        Some(Source::Spaces(spaces)) => format!("Cisco Spaces at {}", spaces.url),
        Some(Source::Meraki(meraki)) => format!("Meraki at {}", meraki.url),
        Some(Source::CmxPush(_)) => "a CMX that tells us".into(),
        Some(Source::MerakiPush(_)) => "Meraki tells us (Scanning API)".into(),
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

fn cmx_tells(site: &str, key: &str, public_url: Option<&str>) -> String {
    format!(
        "  Nothing can be asked: this CMX tells us of each device. Give it, under Manage > Notifications:\n\
         \x20   type      Location Update, one notification for all devices, message format JSON\n\
         \x20   URL       {}\n\
         \x20   header    Authorization: Bearer and the secret {key:?}\n\
         \x20 MAC hashing may be on. The counts come with the first message.\n",
        address(public_url, &format!("/cmx/{site}")),
    )
}

fn meraki_tells(site: &str, (validator, key): (&str, &str), public_url: Option<&str>) -> String {
    format!(
        "  Nothing can be asked: Meraki tells us of each device. Give it, under Network-wide > General > Location and scanning:\n\
         \x20   post URL  {}\n\
         \x20   secret    the secret {key:?}\n\
         \x20   version   3.0, radio type WiFi\n\
         \x20 And put the validator that it shows there into the secrets document as {validator:?}, before \"Validate server\".\n",
        address(public_url, &format!("/meraki/{site}")),
    )
}

/// What a site said, and what that is for its zones.
fn shown(site: &Site, floor: &Floor, zones: &[(&str, &Zone)], counts: &Counts) -> String {
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
                        "    → If somebody is there now, a name in `where` isn't the one on the map: what isn't found counts 0.\n",
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
                let _ = writeln!(out, "  ✗ {name}{label}: it wasn't asked for");
            }
        }
    }
    if !places.is_empty() {
        let more = places.len().saturating_sub(LISTED);
        places.truncate(LISTED);
        let more = if more == 0 { String::new() } else { format!(" and {more} more") };
        let _ = writeln!(out, "  It knows these places: {}{more}.", one_line(&places.join(", ")));
    }
    out
}

/// What others wrote, without what a terminal would obey.
fn one_line(text: &str) -> String {
    text.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect()
}

/// What to do about it.
fn advice(site: &Site, zone: &Zone, why: &Unknown, status: Option<u16>, places: &[String]) -> String {
    let secret = site.secrets().first().copied().unwrap_or_default().to_owned();
    let url = match site.source() {
        Some(Source::Cmx(cmx)) => cmx.url.as_str(),
        Some(Source::Spaces(spaces)) => spaces.url.as_str(),
        Some(Source::Meraki(meraki)) => meraki.url.as_str(),
        _ => "",
    };
    match (why, status) {
        (Unknown::NotAsked(_), _) => "Nothing was asked for it; the configuration must change, or try again.".into(),
        (Unknown::NoAnswer(why), _) if why.contains("certificate") => {
            let host = url.trim_start_matches("https://").split(['/', ':']).next().unwrap_or_default();
            format!(
                "Give the site its `ca` or its `pin`; this shows the pin, if nobody is in between: openssl s_client -connect \
                 {host}:443 </dev/null | openssl x509 -noout -fingerprint -sha256"
            )
        }
        (Unknown::NoAnswer(_), _) => {
            format!("Try `curl -v {url}` here. In AWS, Handbell must reach it too: through a VPN or from the internet.")
        }
        (_, Some(401 | 403)) => match site.source() {
            Some(Source::Cmx(cmx)) => format!(
                "Check `user: {}` and the secret {secret:?}. For `api: v3`, `cmxos apiserver user` on the CMX makes the user.",
                cmx.user
            ),
            _ => format!("Check the secret {secret:?}: it is the API key, and may have run out."),
        },
        (_, Some(404 | 405)) => "Check the site's `url` and, at a CMX, its `api`: older releases lack v3.".into(),
        (_, Some(429)) => "Wait a minute; somebody else uses up the limit.".into(),
        (_, Some(300..=399)) => format!("Check `url: {url}`: is it https, and the machine with the API?"),
        (_, Some(500..)) => "It is the site's trouble. Try again; if it stays, ask whoever runs it.".into(),
        _ if !places.is_empty() => {
            let wanted = zone.place.hierarchy.as_deref().or(zone.place.floor.as_deref()).unwrap_or_default();
            let last = |place: &str| place.rsplit(['>', '/']).next().unwrap_or_default().trim().to_lowercase();
            let near = nearest(wanted, places.iter().map(String::as_str)).map(str::to_owned).or_else(|| {
                let wanted = last(wanted);
                let close = |place: &&String| strsim::damerau_levenshtein(&wanted, &last(place)) <= 1;
                places.iter().find(close).cloned()
            });
            match near {
                Some(near) => format!("Did you mean {:?}? Write it under `where` as it stands there.", one_line(&near)),
                None => "Write one of the places below under `where`, as it stands there.".into(),
            }
        }
        _ => "Look at the answer above: is it the API that answers, or a gateway, a login page, another release?".into(),
    }
}

#[cfg(test)]
mod tests;
