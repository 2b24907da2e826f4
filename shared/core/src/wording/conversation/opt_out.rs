//! Texts about customers who want no more texts.

use super::escape;
use crate::conversation::Agent;

/// An answer was not sent because the customer has opted out.
pub const NOT_SENT_STOP: &str =
    "🔕 **Not sent.** The customer texted STOP. Nothing can be sent until the customer texts START.";

/// Added to a customer's text that may be meant as a STOP.
pub const MAY_OPT_OUT: &str =
    "🔕 The customer may want no more texts. If so, write `/optout`; until then, answers are sent.";

/// Reports a STOP.
pub fn stopped(customer: &str) -> String {
    format!("🔕 {} texted STOP. Nothing can be sent until START.", escape(customer))
}

/// Reports a START.
pub fn started(customer: &str) -> String {
    format!("🔔 {} texted START. Texts are welcome again.", escape(customer))
}

/// Reminds of an earlier STOP, under what the customer writes.
pub fn is_opted_out() -> String {
    "🔕 This customer texted STOP earlier. Nothing can be sent until START.".to_owned()
}

/// Reports a STOP that Twilio knew and Handbell didn't.
pub fn refused_by_twilio() -> String {
    "🔕 Twilio says that this customer wants no more texts (21610). Nothing can be sent until the customer texts START.".to_owned()
}

/// Reports that an agent opted the customer out.
pub fn opted_out_by(agent: &Agent) -> String {
    format!(
        "🔕 {} switched texts to this customer off. They come on again when the customer texts START.",
        escape(&agent.name)
    )
}
