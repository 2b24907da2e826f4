//! The page of an action link: who may answer what, and why a link doesn't work.

pub use crate::wording::incident::I_HAVE_IT;

/// Button: the person can't.
pub const CANNOT: &str = "I can’t";
/// Button: the person has it, and can't go on.
pub const CANNOT_ANY_MORE: &str = "I can’t any more";
/// Button: the person who was asked still has it.
pub const STILL_HAVE_IT: &str = "I still have it";
/// Button: it is done.
pub const DONE: &str = "Done";
/// The incident needs nothing more.
pub const NOTHING_TO_DO: &str = "There is nothing more to do here.";
/// How a person is called whom the link doesn't name.
pub const SOMEBODY: &str = "Somebody";

/// Title: the link has expired.
pub const EXPIRED_TITLE: &str = "This link is too old";
/// The link has expired.
pub const EXPIRED: [&str; 2] = [
    "This link was good for seven days, and they are over. Nothing was changed.",
    "If it is still about something: look into the space, or answer the newest text or mail about it.",
];
/// Title: the link isn't signed by us.
pub const FORGED_TITLE: &str = "This link doesn't work";
/// The link isn't signed by us, or was cut off.
pub const FORGED: &str = "This link is not complete, or not ours. Nothing was changed.";
/// What to do then: the word to answer with stands between the two parts.
pub const COPY_ALL: [&str; 3] = [
    "Long links break in some mail programs: copy all of it, to the last character. Or answer the text or the mail with ",
    "ack",
    " instead.",
];
/// Title: the person is not in the roster any more.
pub const NOT_IN_ROSTER_TITLE: &str = "This link doesn't work any more";
/// The person is not in the roster any more.
pub const NOT_IN_ROSTER: [&str; 2] = [
    "The person to whom this link was sent is not in the roster any more. Nothing was changed.",
    "If you should be: tell the people who run Handbell.",
];
/// Title: the incident is over.
pub const OVER_TITLE: &str = "This is over";
/// The incident is over.
pub const OVER: [&str; 2] = [
    "What this link is about is over. Nothing was changed.",
    "If something is wrong again, a newer text or mail tells you, with a link of its own.",
];

/// Says that the link belongs to a person.
pub fn owned_by(name: &str) -> String {
    format!("This link is {name}’s own: anybody who has it answers by that name.")
}
