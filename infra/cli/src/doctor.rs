//! `handbell doctor cmx`: asks each site once, shows the answers, and explains the result for each zone.

mod access;
pub mod lines;
pub mod mail;
mod words;

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use clap::Args;
use handbell_core::config::{Config, SiteConfig, Source, Zone};
use handbell_outbound::floor::Unknown;
use jiff::Timestamp;
use serde::Serialize;

use crate::failure::Failure;
use access::{Access, Secrets, secrets};
use handbell_core::nearest;
use words::{cmx_tells, meraki_tells, one_line, shown, title};

/// Time-out for all requests to a site. A person waits for the answer, so it is longer than that of a poll.
const WITHIN: Duration = Duration::from_secs(60);

/// Options of `handbell doctor cmx`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  handbell doctor cmx --config handbell.yaml --secrets file:secrets.json
      ask every site of the configuration once, whether or not it is a CMX
  handbell doctor cmx --config handbell.yaml --secrets file:secrets.json --site shop
      ask one site
  handbell doctor cmx --runner http://127.0.0.1:8080
      ask the simulated CMX of the runner on this laptop, which needs no secrets
  AWS_REGION=eu-west-1 handbell doctor cmx --config handbell.yaml --secrets ssm:/handbell/secrets
      use the secrets in AWS, with credentials from the environment

The command shows each request with its answer, each zone with its count or with the reason why
there is none and advice, and the places that the site knows. It stores nothing and notifies
nobody. The exit code is 1 if a zone has no count.

--json prints {counted, unknown, \"sites\": [{site, asked, why, zones}]}. zones is [{zone, count, why}]; count
is null if it is unknown. why says what is wrong, and is null if nothing is.")]
pub struct Options {
    /// Print JSON instead
    #[arg(long)]
    pub json: bool,
    /// Only this site
    #[arg(long, value_name = "NAME")]
    pub site: Option<String>,
    /// The configuration file; if absent, the demo's, or else handbell.yaml in the current folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,
    /// Ask the simulated CMX of the runner on this laptop instead of each CMX
    #[arg(long, value_name = "URL")]
    pub runner: Option<String>,
    /// The secrets: file:secrets.json or ssm:/handbell/secrets
    #[arg(long, env = "HANDBELL_SECRETS", value_name = "WHERE")]
    pub secrets: Option<String>,
    /// The public address of Handbell, for the sites that call it
    #[arg(long, env = "HANDBELL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

/// Result of the check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The text for people.
    #[serde(skip)]
    pub text: String,
    /// Number of zones with a count.
    pub counted: usize,
    /// Number of zones without a count.
    pub unknown: usize,
    /// Result of each site.
    pub sites: Vec<OfSite>,
}

/// Result of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OfSite {
    /// Name of the site in the configuration.
    pub site: String,
    /// Whether the site was asked. Sites that push their counts aren't.
    pub asked: bool,
    /// The reason why the site could not be asked.
    pub why: Option<String>,
    /// Result of each of its zones.
    pub zones: Vec<OfZone>,
}

/// Result of a zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfZone {
    /// Name of the zone in the configuration.
    pub zone: String,
    /// Number of devices, if it is known.
    pub count: Option<u32>,
    /// The reason why there is no count.
    pub why: Option<String>,
}

/// Asks the sites. File names in the configuration are relative to the folder `files`.
pub async fn run(
    options: &Options,
    config: &Config,
    files: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
    now: Timestamp,
) -> Result<Found, Failure> {
    let chosen = chosen(options, config)?;
    let access = Access::to(&chosen, options, variable).await?;
    let mut found = Found::default();
    for (name, site) in chosen {
        let zones = config.zones.iter().filter(|(_, zone)| zone.site == name);
        let zones: Vec<(&str, &Zone)> = zones.map(|(name, zone)| (name.as_str(), zone)).collect();
        if !found.text.is_empty() {
            found.text.push('\n');
        }
        let _ = writeln!(found.text, "{name}: {}", title(site));
        let mut of_site = OfSite { site: name.to_owned(), ..OfSite::default() };
        match site.source() {
            None => {
                let why = "the site must have exactly one of `cmx`, `spaces`, `meraki`, `cmx_push` and `meraki_push`";
                found.unknown += zones.len();
                let _ = writeln!(found.text, "  ✗ {why}");
                of_site.why = Some(why.to_owned());
            }
            Some(Source::CmxPush(push)) => {
                found.text.push_str(&cmx_tells(name, &push.key.secret, options.public_url.as_deref()));
            }
            Some(Source::MerakiPush(push)) => {
                found.text.push_str(&meraki_tells(name, push, options.public_url.as_deref()));
            }
            Some(source) => match access.client(site, source, files) {
                Ok(Some(client)) if !zones.is_empty() => {
                    let counts = client.count(&zones, now, WITHIN).await;
                    of_site.asked = true;
                    of_site.zones =
                        zones.iter().map(|(name, _)| OfZone::of(name, counts.zones.get(*name))).collect();
                    let known = of_site.zones.iter().filter(|zone| zone.count.is_some()).count();
                    found.counted += known;
                    found.unknown += zones.len() - known;
                    found.text.push_str(&shown(site, &client, &zones, &counts));
                }
                Ok(_) => found.text.push_str("  No zone belongs to this site, so there is nothing to ask.\n"),
                Err(why) => {
                    found.unknown += zones.len();
                    let _ = writeln!(found.text, "  ✗ not asked: {why}");
                    of_site.why = Some(why);
                }
            },
        }
        found.sites.push(of_site);
    }
    found.conclude();
    Ok(found)
}

/// Returns the site that `--site` names, or all sites.
fn chosen<'a>(options: &Options, config: &'a Config) -> Result<Vec<(&'a str, &'a SiteConfig)>, String> {
    let Some(wanted) = &options.site else {
        let all: Vec<_> = config.sites.iter().map(|(name, site)| (name.as_str(), site)).collect();
        return if all.is_empty() {
            Err("the configuration has no sites, so nothing is counted; name another configuration with --config".into())
        } else {
            Ok(all)
        };
    };
    let names = || config.sites.keys().map(String::as_str);
    let Some((name, site)) = config.sites.get_key_value(wanted) else {
        let meant = nearest(wanted, names()).map(|meant| format!("; did you mean {meant:?}?"));
        let all = || format!("; the sites are: {}", names().collect::<Vec<_>>().join(", "));
        return Err(format!("there is no site {wanted:?}{}", meant.unwrap_or_else(all)));
    };
    Ok(vec![(name.as_str(), site)])
}

impl Found {
    /// Appends the last line, which sums up the result.
    fn conclude(&mut self) {
        let all = self.counted + self.unknown;
        let verdict = match (all, self.unknown) {
            (0, _) => "\nNothing was asked.\n".to_owned(),
            (_, 0) => format!("\nGood: {all} of {all} zones have a count.\n"),
            (_, unknown) => format!("\n{unknown} of {all} zones have no count.\n"),
        };
        self.text.push_str(&verdict);
    }
}

impl OfZone {
    fn of(name: &str, count: Option<&Result<u32, Unknown>>) -> Self {
        let why = match count {
            Some(Ok(_)) => None,
            Some(Err(why)) => Some(one_line(why.why())),
            None => Some("its count was not requested".to_owned()),
        };
        Self { zone: name.to_owned(), count: count.and_then(|count| count.as_ref().ok().copied()), why }
    }
}

#[cfg(test)]
mod tests;
