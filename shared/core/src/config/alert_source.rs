//! Sources of alerts (a mail address, a mailbox that Handbell reads, a web form), and the rules that give their mails a meaning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::address::EmailAddress;

use super::{FormConfig, FormerNames, Hours, SecretName, Span, Tokens};

/// Settings for incoming and outgoing mail, shared by all sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MailDomain {
    /// The domain whose mail SES receives: `in.example.com`.
    pub domain: String,
    /// The sender of incident reports and pages. SES must have verified it.
    pub from: EmailAddress,
    /// The secret that signs the links in mails and the addresses for replies; at least 32 characters.
    pub links: SecretName,
}

/// An origin of alerts: a monitoring system that sends mail, or people with a web form.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AlertSource {
    /// The name that people read. The default is its name here.
    #[serde(default)]
    pub label: Option<String>,
    /// The name that the source had before, or a list of such names, the latest first: its incidents that are open stay with it.
    #[serde(default, skip_serializing_if = "FormerNames::is_empty")]
    pub was: FormerNames,
    /// The plan to run for its alerts.
    pub plan: String,
    /// Severity of the alerts of its mails, unless a rule sets another.
    #[serde(default)]
    pub severity: Severity,
    /// Plans for particular severities, instead of `plan`.
    #[serde(default)]
    pub plans: BTreeMap<Severity, String>,
    /// The secret part of its mail address, before the `@`. A list of two during a rotation.
    #[serde(default)]
    pub address: Option<Tokens>,
    /// A mailbox on another server, which Handbell reads. For mail that SES can't receive.
    #[serde(default)]
    pub mailbox: Option<Mailbox>,
    /// Serves the web form `/alert/NAME`.
    #[serde(default)]
    pub form: Option<FormConfig>,
    /// Rules that say what a mail means. The first rule that matches applies. If none matches, the mail's subject decides: Handbell
    /// knows the mails of common monitoring systems, and looks for a state such as OK or RECOVERY in the places where a state stands.
    /// In doubt a mail ends nothing.
    #[serde(default)]
    pub rules: Vec<MailRule>,
    /// Meaning of a mail that no rule matches and whose subject tells no end.
    #[serde(default)]
    pub otherwise: MailMeaning,
    /// Addresses that are one sender, as lists of addresses: both machines of a cluster, or `alerts+*@example.com` for a sender
    /// whose address differs in each mail. `*` stands for any characters before the `@`. Only the sender that reported trouble can
    /// end it.
    #[serde(default)]
    pub one_sender: Vec<Vec<String>>,
    /// Addresses that get the incident report, in addition to the mail's sender or the form's reporter.
    #[serde(default)]
    pub report_to: Vec<EmailAddress>,
    /// If more new alerts than this arrive within ten minutes, the further ones become one incident, so that phones don't ring for
    /// each of them.
    #[serde(default = "thirty")]
    pub flood_after: u32,
    /// Quiet hours: alerts of the given severities wait until the hours are over.
    #[serde(default)]
    pub quiet: Option<Quiet>,
}

fn thirty() -> u32 {
    30
}

/// A way in which a source's alerts come in.
#[derive(Clone, Copy, Debug)]
pub enum WayIn<'a> {
    /// Mail to an address of ours.
    Address(&'a Tokens),
    /// A mailbox elsewhere.
    Mailbox(&'a Mailbox),
    /// The web form.
    Form(&'a FormConfig),
}

impl<'a> WayIn<'a> {
    /// What people write for each way, as it reads in a sentence.
    pub const NAMES: [&'static str; 3] = ["an `address`", "a `mailbox`", "a `form`"];

    /// The names of the secrets that it needs.
    pub fn secrets(self) -> Vec<&'a str> {
        match self {
            Self::Address(tokens) => tokens.names().collect(),
            Self::Mailbox(Mailbox { password, oauth, .. }) => {
                password.iter().chain(oauth).map(|name| name.secret.as_str()).collect()
            }
            Self::Form(form) => vec![form.secret.as_str()],
        }
    }
}

impl AlertSource {
    /// The ways in which its alerts come in.
    pub fn ways_in(&self) -> Vec<WayIn<'_>> {
        // Each field is named, so that the compiler asks here about a new one.
        let Self {
            address,
            mailbox,
            form,
            label: _,
            was: _,
            plan: _,
            severity: _,
            plans: _,
            rules: _,
            otherwise: _,
            one_sender: _,
            report_to: _,
            flood_after: _,
            quiet: _,
        } = self;
        let address = address.as_ref().map(WayIn::Address);
        let mailbox = mailbox.as_ref().map(WayIn::Mailbox);
        let form = form.as_ref().map(WayIn::Form);
        [address, mailbox, form].into_iter().flatten().collect()
    }
}

impl AlertSource {
    /// Returns the name of a sender: its address, or the first address of the list that says which senders are one.
    pub fn sender_name<'a>(&'a self, address: &'a str) -> &'a str {
        let fits = |pattern: &&String| fits_address(&pattern.to_lowercase(), &address.to_lowercase());
        let group = self.one_sender.iter().find(|group| group.iter().any(|pattern| fits(&pattern)));
        group.and_then(|group| group.first()).map_or(address, String::as_str)
    }
}

/// Returns true if the address fits a pattern in which `*` stands for any characters before the `@`.
fn fits_address(pattern: &str, address: &str) -> bool {
    let (Some((local_pattern, domain_pattern)), Some((local, domain))) =
        (pattern.rsplit_once('@'), address.rsplit_once('@'))
    else {
        return false;
    };
    if domain_pattern != domain {
        return false;
    }
    let Some((begin, end)) = local_pattern.split_once('*') else { return local_pattern == local };
    local.len() >= begin.len() + end.len() && local.starts_with(begin) && local.ends_with(end)
}

/// Severity of an alert, the worst first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Something is down.
    #[default]
    Critical,
    /// Something does not work as it should.
    Error,
    /// Something will break.
    Warning,
    /// Somebody should know.
    Info,
}

impl Severity {
    /// All severities, the worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::Error, Self::Warning, Self::Info];

    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }

    /// Returns the severity with this name, in any case.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name().eq_ignore_ascii_case(name))
    }
}

/// Meaning of a mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MailMeaning {
    /// An alert: it opens an incident or joins one.
    #[default]
    Raise,
    /// An acknowledgement: somebody has the incident.
    Acknowledge,
    /// The end of the incident.
    Resolve,
    /// Nothing: the mail is ignored.
    Ignore,
}

/// A rule for a source's mails: conditions, and the meaning of a mail that meets all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MailRule {
    /// A regular expression that matches a part of the subject: `(?i)^problem: (?<host>\S+)/(?<service>.+)$`.
    #[serde(default)]
    pub subject: Option<String>,
    /// A regular expression that matches a part of the mail's text.
    #[serde(default)]
    pub body: Option<String>,
    /// A regular expression that matches a part of the sender's address.
    #[serde(default)]
    pub from: Option<String>,
    /// Words of which the subject or the text contains at least one, as a whole word in any case.
    #[serde(default)]
    pub words: Vec<String>,
    /// Meaning of a matching mail.
    #[serde(rename = "do", default)]
    pub meant: MailMeaning,
    /// Severity of the alert, instead of the source's.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// The plan to run, instead of the source's.
    #[serde(default)]
    pub plan: Option<String>,
    /// Key of the problem, made of the expressions' named groups: `{host}/{service}`. Mails with the same key belong to one
    /// incident. The default is the sender and the subject without its state, and without numbers that measure.
    #[serde(default)]
    pub key: Option<String>,
}

/// A mailbox on another server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Mailbox {
    /// `imaps://imap.example.com` or `pop3s://pop.example.com`, with `:port` if it isn't 993 or 995.
    pub url: String,
    /// The user name for the login.
    pub user: String,
    /// The password.
    #[serde(default)]
    pub password: Option<SecretName>,
    /// An OAuth access token instead of a password (Gmail, Microsoft 365). You have to keep the secret fresh.
    #[serde(default)]
    pub oauth: Option<SecretName>,
    /// The folder to read. Only IMAP.
    #[serde(default = "inbox")]
    pub folder: String,
    /// The folder to which Handbell moves stored mails. Without it, mails stay where they are, marked as read (IMAP), or are
    /// deleted (POP3).
    #[serde(default)]
    pub move_to: Option<String>,
}

fn inbox() -> String {
    "INBOX".to_owned()
}

/// Hours in which milder alerts wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// The quiet hours.
    pub hours: Hours,
    /// Severities whose alerts wait.
    #[serde(default = "mild")]
    pub severities: Vec<Severity>,
}

fn mild() -> Vec<Severity> {
    vec![Severity::Warning, Severity::Info]
}

/// Asks the person who acknowledged an incident whether they still have it, and reopens it without an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// The time after the acknowledgement, and after each confirmation, at which Handbell asks.
    pub after: Span,
    /// The time to answer. Without an answer, the incident is reopened and escalates.
    pub within: Span,
}

/// Restarts the plan at its first step when nobody has acknowledged for some time after the last step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PlanRepeat {
    /// The time to wait after the last step.
    pub after: Span,
    /// Maximum number of restarts.
    #[serde(default = "three")]
    pub times: u32,
}

fn three() -> u32 {
    3
}
