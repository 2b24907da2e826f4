//! What a text message says, and how its sender is named.

use super::super::escape::plain;
use super::super::incident;
use super::super::values::Values;
use super::super::words::Words;
use crate::config::Plan;
use crate::delivery::{Content, Dispatch};

/// Returns a text message with its reference tag.
pub fn sms(content: &Content, plan: Option<&Plan>, dispatch: &Dispatch, words: &Words, tag: &str) -> String {
    let text = match content {
        Content::Text(text) => text.clone(),
        Content::Entry | Content::TakenBack(_) | Content::FirstPost(_) => String::new(),
        Content::Page { .. } => {
            let text = plan.and_then(|plan| incident::page(content, plan, false)).unwrap_or_default();
            let text = Values::of(dispatch, words).fill(text.trim_end(), plain);
            return incident::page_text(&text, dispatch, tag);
        }
        Content::Step { step, item } => {
            let template = plan
                .and_then(|plan| plan.step(*step))
                .and_then(|step| step.sms.get(*item))
                .map_or("", |sms| sms.text.as_str());
            Values::of(dispatch, words).fill(template.trim_end(), plain)
        }
    };
    format!("{text} ({tag})")
}

/// Returns how the sender of a text is named as the actor of a command, if only the number is known.
pub fn texter_label(number: &str) -> String {
    format!("{number} (by text)")
}
