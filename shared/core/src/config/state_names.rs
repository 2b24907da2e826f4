//! Renamed entries, and the names under which their state is stored.

use std::collections::{BTreeMap, BTreeSet};

use super::Config;
use super::former_names::FormerNames;

/// The renamed entries of one kind, such as the zones.
///
/// The state name of an entry is the oldest of its names. Subjects and keys in the table are made from it, so that nothing has to
/// be moved when an entry is renamed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renamed {
    /// State name by any name, present or former.
    state: BTreeMap<String, String>,
    /// Present name by state name.
    present: BTreeMap<String, String>,
}

impl Renamed {
    /// Finds the renamed entries. A former name that belongs to another entry doesn't count: no two entries may share their state.
    /// `handbell check` rejects it.
    fn among<'a>(entries: impl Iterator<Item = (&'a String, &'a FormerNames)>) -> Self {
        let entries: Vec<_> = entries.collect();
        let mut taken: BTreeSet<&str> = entries.iter().map(|(name, _)| name.as_str()).collect();
        let mut renamed = Self::default();
        for (name, was) in entries {
            let free = |former: &&String| *former == name || !taken.contains(former.as_str());
            let own: Vec<&String> = was.all().iter().filter(free).collect();
            let Some(oldest) = own.last().copied() else { continue };
            renamed.state.extend(own.iter().chain([&name]).map(|one| ((*one).clone(), oldest.clone())));
            renamed.present.insert(oldest.clone(), name.clone());
            taken.extend(own.into_iter().map(String::as_str));
        }
        renamed
    }

    /// Returns the state name of the entry with this name, present or former.
    pub fn state<'a>(&'a self, name: &'a str) -> &'a str {
        self.state.get(name).map_or(name, String::as_str)
    }

    /// Returns the present name of the entry with this state name.
    pub fn present<'a>(&'a self, state_name: &'a str) -> &'a str {
        self.present.get(state_name).map_or(state_name, String::as_str)
    }

    fn put<T>(&self, entries: &mut BTreeMap<String, T>) {
        let old = std::mem::take(entries);
        entries.extend(old.into_iter().map(|(name, entry)| (self.state(&name).to_owned(), entry)));
    }

    /// Replaces a reference to an entry.
    fn refer(&self, name: &mut String) {
        if let Some(state) = self.state.get(name) {
            name.clone_from(state);
        }
    }

    /// Keeps the present name of a renamed entry as its label, unless it has a label of its own.
    fn label(&self, state_name: &str, label: &mut Option<String>) {
        if label.is_none() {
            *label = self.present.get(state_name).cloned();
        }
    }
}

/// The renamed entries of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StateNames {
    /// Renamed plans.
    pub plans: Renamed,
    /// Renamed buttons.
    pub buttons: Renamed,
    /// Renamed sites.
    pub sites: Renamed,
    /// Renamed zones.
    pub zones: Renamed,
    /// Renamed lines.
    pub lines: Renamed,
    /// Renamed sources.
    pub sources: Renamed,
}

impl Config {
    /// Returns the renamed entries.
    pub fn state_names(&self) -> StateNames {
        StateNames {
            plans: Renamed::among(self.plans.iter().map(|(name, plan)| (name, &plan.was))),
            buttons: Renamed::among(self.buttons.iter().map(|(name, button)| (name, &button.was))),
            sites: Renamed::among(self.sites.iter().map(|(name, site)| (name, &site.was))),
            zones: Renamed::among(self.zones.iter().map(|(name, zone)| (name, &zone.was))),
            lines: Renamed::among(self.lines.iter().map(|(name, line)| (name, &line.was))),
            sources: Renamed::among(self.sources.iter().map(|(name, source)| (name, &source.was))),
        }
    }

    /// Returns the same configuration with every entry under its state name. People still read the present names: a renamed entry
    /// without a label gets its present name as its label.
    #[must_use]
    pub fn under_state_names(mut self) -> Self {
        let names = self.state_names();
        names.plans.put(&mut self.plans);
        names.buttons.put(&mut self.buttons);
        names.sites.put(&mut self.sites);
        names.zones.put(&mut self.zones);
        names.lines.put(&mut self.lines);
        names.sources.put(&mut self.sources);
        for plan in self.plans.values_mut() {
            // The fingerprint of a plan doesn't depend on its name.
            plan.was = FormerNames::default();
        }
        for (name, button) in &mut self.buttons {
            names.buttons.label(name, &mut button.label);
            names.plans.refer(&mut button.plan);
        }
        for (name, zone) in &mut self.zones {
            names.zones.label(name, &mut zone.label);
            names.sites.refer(&mut zone.site);
            names.plans.refer(&mut zone.plan);
        }
        for (name, line) in &mut self.lines {
            names.lines.label(name, &mut line.label);
            line.waiting.iter_mut().for_each(|waiting| names.plans.refer(&mut waiting.plan));
        }
        for (name, source) in &mut self.sources {
            names.sources.label(name, &mut source.label);
            names.plans.refer(&mut source.plan);
            source.plans.values_mut().for_each(|plan| names.plans.refer(plan));
            source
                .rules
                .iter_mut()
                .filter_map(|rule| rule.plan.as_mut())
                .for_each(|plan| names.plans.refer(plan));
        }
        self
    }
}
