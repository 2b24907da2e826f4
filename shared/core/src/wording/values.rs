//! The placeholders in the texts of a plan, and their values.

use jiff::Timestamp;

use super::occupancy;
use super::words::{Words, clock};
use crate::delivery::Dispatch;
use crate::incident::{Incident, reference};

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
        let mut filled = String::with_capacity(template.len());
        let mut rest = template;
        while let Some(start) = rest.find('{') {
            let (before, from) = rest.split_at(start);
            filled.push_str(before);
            // If another brace opens before this one closes, this one is plain text.
            let end = from[1..]
                .find(['{', '}'])
                .filter(|end| from[1..][*end..].starts_with('}'))
                .map_or(1, |end| end + 2);
            let value = match &from[..end] {
                "{button}" | "{zone}" | "{customer}" | "{source}" => escape(&self.name),
                "{title}" => escape(&self.title),
                "{severity}" => escape(self.severity),
                "{level}" => escape(&self.level),
                "{capacity}" => escape(&self.capacity),
                "{usual}" => escape(&self.usual),
                "{count}" => self.count.to_string(),
                "{time}" => escape(&self.time),
                "{incident}" => escape(&self.incident),
                other => other.to_owned(),
            };
            filled.push_str(&value);
            rest = &from[end..];
        }
        filled + rest
    }
}

/// Returns the number, or `unknown`.
fn number(number: Option<u32>) -> String {
    number.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
}
