//! The placeholders in the texts of a plan, and their values.

use jiff::Timestamp;

use super::occupancy;
use super::words::{Words, clock};
use crate::delivery::Dispatch;
use crate::incident::{Incident, reference};
use crate::template::{Piece, Placeholder};

/// Values of the placeholders.
#[derive(Clone, Debug)]
pub struct Values {
    /// `{button}`, `{zone}` or `{customer}`.
    pub name: String,
    /// `{count}`.
    pub count: u64,
    /// `{time}`.
    pub time: String,
    /// `{incident}`.
    pub incident: String,
    /// `{level}` of a zone.
    pub level: String,
    /// `{capacity}` of a zone.
    pub capacity: String,
    /// `{usual}` count of a zone.
    pub usual: String,
    /// `{title}` of an alert; the name of anything else.
    pub title: String,
    /// `{severity}` of an alert.
    pub severity: &'static str,
}

impl Values {
    /// Returns the values for a dispatch.
    pub fn of(dispatch: &Dispatch, words: &Words) -> Self {
        Self {
            name: words.name.clone(),
            count: dispatch.of_incident().map_or(0, |of| of.count),
            time: clock(dispatch.at, words),
            incident: reference(&dispatch.key.subject, dispatch.key.epoch),
            level: dispatch.view().and_then(|view| view.level).map_or("", occupancy::level).to_owned(),
            capacity: number(dispatch.view().and_then(|view| view.capacity)),
            usual: number(dispatch.view().and_then(|view| view.usual)),
            title: words.title(),
            severity: words.severity(),
        }
    }

    /// Returns the values as the incident is now, for a call that has just been answered.
    pub fn now(incident: &Incident, words: &Words, now: Timestamp) -> Self {
        Self {
            name: words.name.clone(),
            count: incident.count,
            time: clock(now, words),
            incident: incident.reference(),
            level: incident.occupancy.as_ref().map_or("", |now| occupancy::level(now.level)).to_owned(),
            capacity: number(incident.occupancy.as_ref().and_then(|now| now.capacity)),
            usual: number(None),
            title: words.title(),
            severity: words.severity(),
        }
    }

    /// Fills in the placeholders, each value passed through `escape`. Unknown placeholders stay as they are.
    pub fn fill(&self, template: &str, escape: fn(&str) -> String) -> String {
        let piece = |piece| match piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Braces(name) => Placeholder::of_name(name)
                .map_or_else(|| format!("{{{name}}}"), |known| self.value(known, escape)),
        };
        Piece::of(template).into_iter().map(piece).collect()
    }

    fn value(&self, placeholder: Placeholder, escape: fn(&str) -> String) -> String {
        match placeholder {
            Placeholder::Name => escape(&self.name),
            Placeholder::Title => escape(&self.title),
            Placeholder::Severity => escape(self.severity),
            Placeholder::Level => escape(&self.level),
            Placeholder::Capacity => escape(&self.capacity),
            Placeholder::Usual => escape(&self.usual),
            Placeholder::Count => self.count.to_string(),
            Placeholder::Time => escape(&self.time),
            Placeholder::Incident => escape(&self.incident),
        }
    }
}

/// Returns the number, or `unknown`.
fn number(number: Option<u32>) -> String {
    number.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
}
