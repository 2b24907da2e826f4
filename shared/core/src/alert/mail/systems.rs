//! The table of monitoring systems: how the subjects of their mails begin, change and end trouble.
//!
//! A form is the system's own template. Its placeholders are the slots of a subject:
//!
//! | slot | holds |
//! |---|---|
//! | `{name}` | what the mail is about; several of them make one name |
//! | `{state}`, `{type}` | the state, in the words that all systems share |
//! | `{old}` | the state before |
//! | `{labels}` | labels that all members of a group have in common, which change as the group grows |
//! | `{*}` | anything that tells nothing: a message, a duration, a count |

mod checkmk;
mod clouds;
mod form;
mod hardware;
mod monit;
mod servers;
mod template;
mod websites;

use super::ParsedMail;

use self::form::{Known, System};

/// All systems. The first form that fits decides.
fn all() -> impl Iterator<Item = &'static System> {
    [
        servers::SYSTEMS,
        checkmk::SYSTEMS,
        monit::SYSTEMS,
        clouds::SYSTEMS,
        websites::SYSTEMS,
        hardware::SYSTEMS,
    ]
    .into_iter()
    .flatten()
}

/// Returns the names of all systems in the table.
pub(super) fn known_systems() -> Vec<&'static str> {
    all().map(|system| system.name).collect()
}

/// Returns what the table says about a mail; none if no form fits. `subject` is in one line and without prefixes.
pub(super) fn find(mail: &ParsedMail, subject: &str) -> Option<Known> {
    let subject = subject.to_lowercase();
    all().filter(|system| system.may_have_sent(mail, &subject)).find_map(|system| {
        system.forms.iter().find_map(|form| {
            let slots = template::fit(form.subject, &subject)?;
            form.read(system, &slots, mail)
        })
    })
}
