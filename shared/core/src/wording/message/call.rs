//! What a call says, what its keys do, and how a caller is named.

use jiff::Timestamp;

use super::super::escape::plain;
use super::super::incident;
use super::super::values::Values;
use super::super::words::{Words, clock};
use crate::config::Plan;
use crate::delivery::Content;
use crate::incident::{Incident, Phase};

/// Returns what a call says about the incident as it is now.
pub fn spoken(
    content: &Content,
    plan: Option<&Plan>,
    incident: &Incident,
    words: &Words,
    now: Timestamp,
) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::Entry | Content::TakenBack(_) | Content::FirstPost(_) => String::new(),
        Content::Page { .. } => {
            let text = plan.and_then(|plan| incident::page(content, plan, true)).unwrap_or_default();
            Values::now(incident, words, now).fill(text, plain)
        }
        Content::Step { step, item } => {
            let template = plan
                .and_then(|plan| plan.step(*step))
                .and_then(|step| step.call.get(*item))
                .map_or("", |call| call.say.as_str());
            Values::now(incident, words, now).fill(template, plain)
        }
    }
}

/// Returns what a call says when nobody is needed any more; none while the incident is open.
pub fn spoken_when_over(incident: &Incident, words: &Words) -> Option<String> {
    let by = incident.taken_by.as_ref();
    match incident.phase {
        Phase::Open => None,
        Phase::Acknowledged => Some(format!(
            "This is Handbell. {} has it since {}. You are not needed. Goodbye.",
            by.map_or("Somebody", |by| by.who.as_str()),
            by.map_or_else(String::new, |by| clock(by.at, words))
        )),
        Phase::Resolved | Phase::Cancelled | Phase::Lapsed => {
            Some("This is Handbell. The incident is over. You are not needed. Goodbye.".into())
        }
    }
}

/// Says which keys to press.
pub const KEYS: &str = "Press 1 if you have it. Press 2 for the next step now. Press 9 to hear this again.";
/// Says that the person has the incident, after key 1.
pub const YOU_HAVE_IT: &str = "Thank you. You have it. The others are told. Goodbye.";
/// Says that the next step is taken, after key 2.
pub const NEXT_STEP: &str = "The next step is taken now. Goodbye.";
/// Says that there is no next step, after key 2 at the last step or when another person was faster.
pub const NO_NEXT_STEP: &str = "There is no further step to take, or somebody was faster. Goodbye.";
/// Says that Handbell knows no incident for this call.
pub const NOT_KNOWN: &str = "This is Handbell. There is no incident for this call. Goodbye.";

/// Returns how a phone is named as the actor of a command.
pub fn phone_label(number: &str) -> String {
    format!("{number} (by phone)")
}
