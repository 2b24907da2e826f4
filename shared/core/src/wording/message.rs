//! What a message says, by channel: its own text, or the plan's with its placeholders filled in.

mod call;
mod post;
mod text;

pub use call::{
    KEYS, NEXT_STEP, NO_NEXT_STEP, NOT_KNOWN, YOU_HAVE_IT, phone_label, spoken, spoken_when_over,
};
pub use post::{post, space_title, tagged_post};
pub use text::{sms, texter_label};

use super::incident;
use crate::config::Plan;
use crate::delivery::{Content, Message};

/// Returns the plan's template of a text or a call. `instead_of` is the message that it replaces.
pub fn template<'a>(content: &Content, plan: &'a Plan, instead_of: &Message) -> Option<&'a str> {
    // A call that replaces a text is spoken, and a text that replaces a call is written.
    let text = instead_of.is_text();
    match content {
        Content::Page { .. } => incident::page(content, plan, text),
        Content::Step { step, item } => {
            let step = plan.step(*step)?;
            match text {
                true => step.sms.get(*item).map(|sms| sms.text.as_str()),
                false => step.call.get(*item).map(|call| call.say.as_str()),
            }
        }
        Content::Text(_) | Content::Entry | Content::FirstPost(_) | Content::TakenBack(_) => None,
    }
}
