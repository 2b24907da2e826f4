//! The last word of an incident whose subject is gone from the configuration.

use super::super::escape::{escape_markdown, plain};
use super::super::words::Words;
use crate::incident::{Incident, Kind, Subject};

/// Timeline: the subject is gone from the configuration.
pub const ORPHANED: &str = "It is gone from the configuration, and counts as over.";

/// Says in the space why the incident is over, and what to do if that is a mistake.
pub fn orphaned_post(incident: &Incident, words: &Words) -> String {
    let name = format!("**{}**", escape_markdown(name(incident, words)));
    format!("{} {}", gone(&name, &incident.subject), rename_hint(&incident.subject))
}

/// Says the same in a text or to the admins.
pub fn orphaned_text(incident: &Incident, words: &Words) -> String {
    let name = format!("{} ({})", plain(name(incident, words)), incident.reference());
    format!("{} {}", gone(&name, &incident.subject), rename_hint(&incident.subject).replace('`', ""))
}

/// Says what to write if the entry was only renamed.
pub fn rename_hint(subject: &Subject) -> String {
    format!(
        "If the {} was renamed, write `was: {}` in its new entry.",
        entry(subject.kind()),
        plain(subject.own_name())
    )
}

fn name<'a>(incident: &'a Incident, words: &'a Words) -> &'a str {
    incident.alert.as_ref().map_or(&words.name, |alert| &alert.title)
}

fn gone(name: &str, subject: &Subject) -> String {
    match subject.kind() {
        Kind::Zone => format!("{name} isn't watched any more: it is gone from the configuration."),
        Kind::SilentSite => {
            format!("The counts of {name} aren't awaited any more: the site is gone from the configuration.")
        }
        kind @ (Kind::Button | Kind::Waiting | Kind::Alert | Kind::Notice | Kind::Customer) => {
            format!("{name} isn't followed any more: the {} is gone from the configuration.", entry(kind))
        }
    }
}

/// What people call an entry of this kind.
fn entry(kind: Kind) -> &'static str {
    match kind {
        Kind::Button => "button",
        Kind::Zone => "zone",
        Kind::SilentSite => "site",
        Kind::Waiting | Kind::Customer => "line",
        Kind::Alert => "source",
        Kind::Notice => "entry",
    }
}
