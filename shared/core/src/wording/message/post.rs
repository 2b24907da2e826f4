//! What a post in a space says, and the title of the space.

use super::super::escape::{escape_markdown, plain};
use super::super::values::Values;
use super::super::words::Words;
use super::super::{conversation, incident};
use crate::config::Plan;
use crate::delivery::{Content, Dispatch};

/// Returns the title of an incident's space.
pub fn space_title(plan: &Plan, dispatch: &Dispatch, words: &Words) -> String {
    let opened_at = dispatch.of_incident().map_or(dispatch.at, |of| of.opened_at);
    let values = Values {
        time: opened_at.to_zoned(words.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string(),
        ..Values::of(dispatch, words)
    };
    values.fill(&plan.space.title, plain)
}

/// Returns what a post says, in Markdown. A file's label comes after the text.
pub fn post(content: &Content, plan: Option<&Plan>, dispatch: &Dispatch, words: &Words) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::Entry => dispatch
            .conversation_entry()
            .map_or_else(String::new, |entry| conversation::entry(entry, &words.zone)),
        Content::Page { .. } => plan
            .and_then(|plan| incident::page(content, plan, false))
            .map_or_else(String::new, |text| Values::of(dispatch, words).fill(text.trim_end(), plain)),
        // These texts depend on what Webex shows Handbell and on other dispatches, so the channel writes them.
        Content::TakenBack(_) | Content::FirstPost(_) => String::new(),
        Content::Step { step, .. } => {
            let post = plan.and_then(|plan| plan.step(*step)).and_then(|step| step.post.as_ref());
            let values = Values::of(dispatch, words);
            let label = post
                .and_then(|post| post.label.as_deref())
                .map(|label| format!("📎 *{}*", values.fill(label, escape_markdown)));
            let text = post
                .and_then(|post| post.markdown.as_deref())
                .map(|text| values.fill(text.trim_end(), escape_markdown));
            [text, label].into_iter().flatten().collect::<Vec<_>>().join("\n\n")
        }
    }
}

/// Maximum number of bytes of a post (Webex, Messages API).
const POST_MAX: usize = 7439;

/// Returns a post with the reference tag by which it can be found again.
pub fn tagged_post(markdown: &str, tag: &str) -> String {
    // A post that is too long loses its end, but never its tag.
    let room = POST_MAX - tag.len() - 8;
    let end = (0..=markdown.len().min(room)).rev().find(|end| markdown.is_char_boundary(*end)).unwrap_or(0);
    if end < markdown.len() {
        return format!("{}…\n\n`{tag}`", &markdown[..end]);
    }
    if markdown.is_empty() { format!("`{tag}`") } else { format!("{markdown}\n\n`{tag}`") }
}
