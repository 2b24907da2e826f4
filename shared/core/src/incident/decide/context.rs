//! What the rules look at, beside state and event.

use crate::config::{Admins, Button, Plan};
use crate::incident::Subject;
use crate::oncall::Roster;
use crate::wording::Words;

/// What the rules look at, beside state and event.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// What it is about.
    pub subject: &'a Subject,
    /// The button, for a press.
    pub button: Option<&'a Button>,
    /// The plan's name.
    pub plan_name: &'a str,
    /// The plan: the incident's own as it stood, or today's for a new incident.
    pub plan: &'a Plan,
    /// Its fingerprint.
    pub plan_hash: &'a str,
    /// It still stands in the configuration: a zone or a site that nobody watches any more must not stay open for ever.
    pub watched: bool,
    /// The sender of texts and calls.
    pub from: &'a str,
    /// So many calls a second may begin.
    pub calls_per_second: Option<u32>,
    /// Who there is, where the plan names people.
    pub roster: &'a Roster,
    /// Who is told when nobody is there.
    pub admins: &'a Admins,
    /// Who gets the report beside those who reported it.
    pub report_to: &'a [String],
    /// How times are written and things are called.
    pub words: &'a Words,
}
