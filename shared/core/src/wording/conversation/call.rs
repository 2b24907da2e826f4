//! Texts about a customer's call.

use jiff::SignedDuration;

/// A customer calls.
pub const RINGS: &str = "calls, and is being connected.";

/// The most important words about a call. They stand out in the space.
pub(super) const MISSED: &str = "missed call";

/// Reports that a call is over.
pub fn call_ended(spoke: Option<SignedDuration>) -> String {
    match spoke {
        Some(spoke) => format!("the call is over, after {}.", length(spoke)),
        None => format!("{MISSED}: nobody took it."),
    }
}

/// Reports an agent's call to the customer.
pub fn agent_called(spoke: Option<SignedDuration>) -> String {
    match spoke {
        Some(spoke) => format!("called the customer. They spoke for {}.", length(spoke)),
        None => "called the customer, who did not answer.".to_owned(),
    }
}

/// A call is over, and how was never reported.
pub const CALL_UNREPORTED: &str = "the call is over. Twilio did not report whether anybody took it.";

/// Reports a voicemail.
pub fn voicemail(spoken: SignedDuration) -> String {
    format!("left a message of {}.", length(spoken))
}

/// Formats a duration: `3 min 20 s`.
pub(super) fn length(length: SignedDuration) -> String {
    match length.as_secs().max(0) {
        seconds @ ..60 => format!("{seconds} s"),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}
