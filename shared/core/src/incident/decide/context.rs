//! What a decision depends on besides state and event.

use crate::address::{EmailAddress, SmsSender};
use crate::config::{Admins, Button, Plan};
use crate::incident::Subject;
use crate::oncall::Roster;
use crate::wording::Words;

/// What a decision depends on besides state and event.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Subject of the incident.
    pub subject: &'a Subject,
    /// The pressed button, for a press.
    pub button: Option<&'a Button>,
    /// Name of the plan.
    pub plan_name: &'a str,
    /// The plan: the incident's own as it was when it opened, or today's for a new incident.
    pub plan: &'a Plan,
    /// Hash of the plan.
    pub plan_hash: &'a str,
    /// True if the subject is still in the configuration. A zone or a site that was removed must not stay open forever.
    pub watched: bool,
    /// Sender of texts and calls, unless the plan names another; none without Twilio.
    pub from: Option<&'a SmsSender>,
    /// Maximum number of calls that may begin in a second.
    pub calls_per_second: Option<u32>,
    /// The roster, for the people whom the plan names.
    pub roster: &'a Roster,
    /// The admins, who are notified when a step reaches nobody.
    pub admins: &'a Admins,
    /// Recipients of the report, in addition to the people who reported the incident.
    pub report_to: &'a [EmailAddress],
    /// Time zone and names for the texts.
    pub words: &'a Words,
}
