//! Sites: the providers of device counts, and how Handbell verifies who answers.

use serde::{Deserialize, Serialize};

use jiff::SignedDuration;

use super::{FormerNames, SecretName, Span};

/// A provider of device counts: exactly one of `cmx`, `cmx_push`, `meraki`, `meraki_push` and `spaces`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct SiteConfig {
    /// The name that the site had before, or a list of such names, the latest first: its counts and its state stay with it.
    #[serde(default, skip_serializing_if = "FormerNames::is_empty")]
    pub was: FormerNames,
    /// Polls a Cisco CMX.
    #[serde(default)]
    pub cmx: Option<Cmx>,
    /// Polls Cisco Spaces.
    #[serde(default)]
    pub spaces: Option<CiscoSpaces>,
    /// Polls the Meraki dashboard.
    #[serde(default)]
    pub meraki: Option<Meraki>,
    /// Receives each device from a Cisco CMX: `POST /cmx/{site}`.
    #[serde(default)]
    pub cmx_push: Option<CmxPush>,
    /// Receives each device from Meraki's Scanning API: `/meraki/{site}`.
    #[serde(default)]
    pub meraki_push: Option<MerakiPush>,
    /// Time-out of a request, 20 s at most.
    #[serde(default = "five_seconds")]
    pub timeout: Span,
    /// A file with the certificates (PEM) that signed the site's certificate, named relative to `handbell.yaml`.
    #[serde(default)]
    pub ca: Option<String>,
    /// The SHA-256 of the site's certificate: `sha256:` and 64 hexadecimal digits, colons allowed. Nothing else about the
    /// certificate is then checked.
    #[serde(default)]
    pub pin: Option<String>,
    /// Accepts any certificate. Anybody on the network path can read the password. Each start logs an error.
    #[serde(default)]
    pub insecure: bool,
}

fn five_seconds() -> Span {
    Span(SignedDuration::from_secs(5))
}

/// A Cisco CMX that Handbell polls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Cmx {
    /// `https://cmx.example.com`.
    pub url: String,
    /// A user of CMX's web pages; for `api: v3`, the user that `cmxos apiserver user` created.
    pub user: String,
    /// The password.
    pub password: SecretName,
    /// The API to use.
    #[serde(default)]
    pub api: CmxApi,
}

/// The APIs of CMX that return a count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum CmxApi {
    /// `location/v3/clients/count`: connected devices, by place, floor or SSID. One request for each distinct place.
    #[default]
    V3,
    /// `location/v2/clients/count`: all devices, connected or not, of the whole site.
    V2,
    /// `location/v1/clients/count`: the same in older releases.
    V1,
    /// `location/v1/clients/count/byzone`: all zones that are registered in CMX, in one request.
    Zones,
    /// `analytics/v1/now/connectedDetected` for the whole site, `…/clientCount` for floors.
    Analytics,
    /// `presence/v1/connected/count/today` of a CMX Presence site.
    Presence,
}

/// Cisco Spaces, which Handbell polls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CiscoSpaces {
    /// `https://dnaspaces.io` (US), `https://dnaspaces.eu` (EU) or `https://ciscospaces.sg` (SG).
    #[serde(default = "dnaspaces")]
    pub url: String,
    /// The API key.
    pub key: SecretName,
}

fn dnaspaces() -> String {
    "https://dnaspaces.io".into()
}

/// A Meraki dashboard that Handbell polls.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Meraki {
    /// `https://api.meraki.com`.
    #[serde(default = "api_meraki")]
    pub url: String,
    /// The API key.
    pub key: SecretName,
    /// The id of the organization. Sites of the same organization share its limit of ten requests per second.
    #[serde(default)]
    pub organization: Option<String>,
}

fn api_meraki() -> String {
    "https://api.meraki.com".into()
}

/// A CMX that pushes device sightings to Handbell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CmxPush {
    /// The secret that CMX sends in the header `Authorization: Bearer …`.
    pub key: SecretName,
    /// How long a device counts after it was last seen.
    #[serde(default = "ten_minutes")]
    pub window: Span,
}

/// Meraki's Scanning API, version 3, which pushes device sightings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MerakiPush {
    /// The validator that Meraki expects when it verifies the address.
    pub validator: SecretName,
    /// The secret that Meraki sends in each body.
    pub key: SecretName,
    /// How long a device counts after it was last seen.
    #[serde(default = "five_minutes")]
    pub window: Span,
}

fn ten_minutes() -> Span {
    Span(SignedDuration::from_mins(10))
}
fn five_minutes() -> Span {
    Span(SignedDuration::from_mins(5))
}

/// The source of a site's counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source<'a> {
    /// Handbell polls a CMX.
    Cmx(&'a Cmx),
    /// Handbell polls Cisco Spaces.
    Spaces(&'a CiscoSpaces),
    /// Handbell polls Meraki.
    Meraki(&'a Meraki),
    /// A CMX pushes sightings.
    CmxPush(&'a CmxPush),
    /// Meraki pushes sightings.
    MerakiPush(&'a MerakiPush),
}

impl SiteConfig {
    /// Returns the source; none if there is none or more than one.
    pub fn source(&self) -> Option<Source<'_>> {
        let all = [
            self.cmx.as_ref().map(Source::Cmx),
            self.spaces.as_ref().map(Source::Spaces),
            self.meraki.as_ref().map(Source::Meraki),
            self.cmx_push.as_ref().map(Source::CmxPush),
            self.meraki_push.as_ref().map(Source::MerakiPush),
        ];
        let mut given = all.into_iter().flatten();
        given.next().filter(|_| given.next().is_none())
    }

    /// Names of the secrets that the site needs.
    pub fn secrets(&self) -> Vec<&str> {
        match self.source() {
            Some(Source::Cmx(cmx)) => vec![&cmx.password.secret],
            Some(Source::Spaces(spaces)) => vec![&spaces.key.secret],
            Some(Source::Meraki(meraki)) => vec![&meraki.key.secret],
            Some(Source::CmxPush(push)) => vec![&push.key.secret],
            Some(Source::MerakiPush(push)) => vec![&push.validator.secret, &push.key.secret],
            None => Vec::new(),
        }
    }
}
