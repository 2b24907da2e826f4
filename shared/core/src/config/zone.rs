//! Zones: parts of a site whose devices are counted, and the counts at which they are full.

use serde::{Deserialize, Serialize};

use jiff::SignedDuration;

use super::{Amount, FormerNames, Hours, Span, Threshold};

/// A place whose devices are counted once a minute.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Zone {
    /// The site that counts its devices.
    pub site: String,
    /// The plan to run when the zone is busy.
    pub plan: String,
    /// The name that people read, such as `Floor 2 / Shoes`. The default is its name here.
    #[serde(default)]
    pub label: Option<String>,
    /// The name that the zone had before, or a list of such names, the latest first: an incident that is open stays with it.
    #[serde(default, skip_serializing_if = "FormerNames::is_empty")]
    pub was: FormerNames,
    /// The part of the site. The default is the whole site.
    #[serde(default, rename = "where")]
    pub place: Place,
    /// The number of devices at which the zone is full. Percentages refer to it.
    #[serde(default)]
    pub capacity: Option<u32>,
    /// A single threshold instead of `warn` and `alert`: a number of devices, or a percentage of the `capacity`.
    #[serde(default)]
    pub at: Option<Amount>,
    /// The count at which the zone is getting full. The default is 80 %, over at 70 %, if there is a `capacity` and no `at`.
    /// `never` turns the level off.
    #[serde(default)]
    pub warn: Option<Threshold>,
    /// The count at which the zone is full. The default is 95 %, over at 85 %, if there is a `capacity` and no `at`. `never` turns
    /// the level off.
    #[serde(default)]
    pub alert: Option<Threshold>,
    /// The number of polls in a row that change the level.
    #[serde(default, rename = "for")]
    pub polls: Polls,
    /// The minimum time before the same level is reported again.
    #[serde(default = "fifteen_minutes")]
    pub cooldown: Span,
    /// After this long without a count, people are notified that the count is unknown.
    #[serde(default = "fifteen_minutes")]
    pub silent: Span,
    /// Duration of "Snooze".
    #[serde(default = "thirty_minutes")]
    pub snooze: Span,
    /// The hours in which the zone is watched. The default is always.
    #[serde(default)]
    pub hours: Option<Hours>,
    /// Devices that don't belong to customers.
    #[serde(default)]
    pub exclude: Exclude,
}

fn fifteen_minutes() -> Span {
    Span(SignedDuration::from_mins(15))
}
fn thirty_minutes() -> Span {
    Span(SignedDuration::from_mins(30))
}

/// Part of a site. The keys that apply depend on the source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// `Campus>Building>Floor>Zone`, or a part of it. CMX: the map's hierarchy, in which `/` means `>`. CMX analytics and Spaces: a
    /// floor's name.
    #[serde(default)]
    pub hierarchy: Option<String>,
    /// CMX: `floorRefId`. Spaces: the floor's id. Meraki's Scanning API: the floor plan's id.
    #[serde(default)]
    pub floor: Option<String>,
    /// Only devices on this SSID. CMX v3 and pushed sources: its name. Meraki: its number, 0 to 14.
    #[serde(default)]
    pub ssid: Option<String>,
    /// Meraki: the network, `L_…` or `N_…`.
    #[serde(default)]
    pub network: Option<String>,
    /// Meraki: only access points with this tag.
    #[serde(default)]
    pub tag: Option<String>,
    /// CMX Presence: the site's `aesUId`.
    #[serde(default)]
    pub presence_site: Option<String>,
}

/// Devices that don't belong to customers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Exclude {
    /// Devices on this SSID, such as the staff's. CMX v3 and pushed sources: its name. Meraki: its number.
    #[serde(default)]
    pub ssid: Option<String>,
    /// The number of devices that are always present: tills, displays, the staff's own.
    #[serde(default)]
    pub devices: u32,
}

/// The number of polls in a row that change the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Polls {
    /// To a higher level.
    #[serde(default = "two")]
    pub up: u8,
    /// To a lower level.
    #[serde(default = "three")]
    pub down: u8,
}

fn two() -> u8 {
    2
}
fn three() -> u8 {
    3
}

impl Default for Polls {
    fn default() -> Self {
        Self { up: two(), down: three() }
    }
}
