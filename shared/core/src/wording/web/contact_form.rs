//! The form for customers.

/// After the message.
pub const THANKS: &str = "We got your message and will get back to you soon!";
/// Label of the customer's name.
pub const NAME: &str = "Your name";
/// Label of the customer's mail address.
pub const EMAIL: &str = "Mail";
/// Label of the customer's number.
pub const PHONE: &str = "Phone";
/// Label of the message.
pub const MESSAGE: &str = "Message";
/// The button.
pub const SEND: &str = "Send";
/// The hidden field was filled in.
pub const TRAPPED: &str =
    "Nothing is sent yet: a field that people don’t see was filled in. Please send it once more.";
/// The page has expired.
pub const TOO_OLD: &str = "This page was too old. Please send it once more.";
/// The number is one of Handbell's.
pub const OWN_NUMBER: &str = "This is our own number. Please write yours.";
/// Too many messages came from one place.
pub const TOO_MANY: &str = "Too many messages came from here. Please try again later, or call us.";

/// Says when answers come by text.
pub fn texts_note(number: &str) -> String {
    format!("Answers by text come from {number}. They begin once you have texted this number.")
}

/// Title of a form without one of its own.
pub fn title(line: &str) -> String {
    format!("Contact {line}")
}
