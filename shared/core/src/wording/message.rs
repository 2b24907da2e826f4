//! What a message says, by channel: its own words, or the plan's with their placeholders filled in.

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

/// The template of a text or a call of the plan; `instead_of` is the message whose place it takes.
pub fn template<'a>(content: &Content, plan: &'a Plan, instead_of: &Message) -> Option<&'a str> {
    // A call takes the place of a text, and says what is spoken; and the other way round.
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
        Content::Text(_) | Content::Entry | Content::FirstPost(_) | Content::TakenBack { .. } => None,
    }
}
