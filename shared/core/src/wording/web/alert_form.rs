//! The form for alerts.

use crate::config::Severity;

/// Label of the summary.
pub const WHAT: &str = "What is wrong?";
/// Note on the summary.
pub const WHAT_NOTE: &str = "In a line.";
/// Label of the details.
pub const MORE: &str = "More about it";
/// Note on the details.
pub const MORE_NOTE: &str = "If there is more to say. You can add lines later.";
/// Label of the severity.
pub const HOW_BAD: &str = "How bad is it?";
/// Label of the reporter's name.
pub const NAME: &str = "Who are you?";
/// Label of the reporter's mail address.
pub const EMAIL: &str = "Mail";
/// Note on the reporter's mail address.
pub const EMAIL_NOTE: &str = "If you want the report when it is over.";
/// The button.
pub const SEND: &str = "Report it";

/// The form has errors.
pub const CORRECT_FIELDS: &str = "Nothing is sent yet. Please correct the highlighted fields.";
/// The page has expired.
pub const TOO_OLD: &str = "Nothing is sent yet: this page was too old. Please send it once more.";
/// The hidden field was filled in.
pub const TRAPPED: &str =
    "Nothing is sent yet: a field that people don’t see was filled in. Please send it once more.";
/// Too many reports came from one place.
pub const TOO_MANY: &str =
    "Nothing was sent: too many reports came from here. Please call somebody, or try again in an hour.";
/// Title after the report.
pub const THANKS: &str = "Thank you";
/// After the report: the link to the reporter's page.
pub const STORED: &str = "It is stored. See what becomes of it";

/// Title of a form without one of its own.
pub fn title(source: &str) -> String {
    format!("Report trouble: {source}")
}

/// Notifies the admins that a form's limit is reached.
pub fn limit_reached(source: &str) -> String {
    format!("Too many reports come in by the form of {source}: some are not taken. See who sends them.")
}

/// How a reporter is called. The label keeps a typed name from passing for a colleague's.
pub fn reporter_label(name: &str) -> String {
    format!("{name} (reporter)")
}

/// Says what a severity means, in plain words.
pub fn severity_meaning(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Something is down, or somebody is in danger",
        Severity::Error => "Something doesn’t work as it should",
        Severity::Warning => "Something will break if nobody looks after it",
        Severity::Info => "Somebody should know, and it can wait",
    }
}
