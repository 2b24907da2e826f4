//! Pages for requests that failed: what was stored, and what to do.

/// Title: nothing has this address.
pub const UNKNOWN_TITLE: &str = "There is nothing here";
/// Nothing has this address.
pub const UNKNOWN: &str = "Check the address: it may have been cut off. Nothing was changed.";
/// Title: the request was refused.
pub const NOT_SENT_TITLE: &str = "Nothing was sent";
/// The request comes from no page of Handbell's.
pub const FORGED: &str = "This didn’t come from a page of ours. Open the page anew and send it from there.";
/// Title: nothing may have been stored.
pub const FAULT_TITLE: &str = "Please send it again";
/// Nothing may have been stored.
pub const FAULT: &str = "Handbell can’t do this now, and it is not certain that anything was stored. Go back and send it once more: it counts \
                         once. If that fails too, call somebody.";

/// The request can't be read.
pub fn malformed(why: &str) -> String {
    format!("This can’t be read: {why}. Open the page anew and send it from there.")
}
