//! Checks of `was`: an earlier name belongs to one entry alone.

use super::advice::{NAME_ADVICE, is_name};
use crate::config::{Config, FormerNames};

pub(super) fn problems(config: &Config, report: &mut dyn FnMut(&[&str], String)) {
    kind_problems("plans", &names(config.plans.iter().map(|(name, plan)| (name, &plan.was))), report);
    kind_problems("buttons", &names(config.buttons.iter().map(|(name, button)| (name, &button.was))), report);
    kind_problems("sites", &names(config.sites.iter().map(|(name, site)| (name, &site.was))), report);
    kind_problems("zones", &names(config.zones.iter().map(|(name, zone)| (name, &zone.was))), report);
    kind_problems("lines", &names(config.lines.iter().map(|(name, line)| (name, &line.was))), report);
    kind_problems("sources", &names(config.sources.iter().map(|(name, source)| (name, &source.was))), report);
}

/// An entry's name and its earlier names.
type Named<'a> = (&'a str, &'a [String]);

fn names<'a>(entries: impl Iterator<Item = (&'a String, &'a FormerNames)>) -> Vec<Named<'a>> {
    entries.map(|(name, was)| (name.as_str(), was.all())).collect()
}

fn kind_problems(kind: &str, entries: &[Named<'_>], report: &mut dyn FnMut(&[&str], String)) {
    for (index, (name, was)) in entries.iter().enumerate() {
        let at = [kind, name, "was"];
        for former in *was {
            // Plans may have any name, unless a zone runs them.
            if kind != "plans" && !is_name(former) {
                report(&at, format!("{former:?} was never a name here: a {NAME_ADVICE}"));
            }
            if former != name && entries.iter().any(|(other, _)| other == former) {
                report(&at, format!("{former:?} is the name of another entry; each keeps its own state"));
            }
            let earlier = entries[..index].iter().find(|(_, was)| was.contains(former));
            if let Some((other, _)) = earlier {
                report(
                    &at,
                    format!(
                        "{former:?} is also an earlier name of {other:?}; only one of them can have its state"
                    ),
                );
            }
        }
    }
}
