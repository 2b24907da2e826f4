//! Sources of alerts: an address for mail, a mailbox that is read, a web form; and what their mails mean.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Form, Hours, SecretName, Span, Tokens};

/// How mail comes in and goes out, for all sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MailDomain {
    /// The domain whose mail SES receives: `in.example.com`.
    pub domain: String,
    /// The sender of incident reports and pages. SES must have verified it.
    pub from: String,
    /// Signs links in mails, and the addresses that answers go to; at least 32 characters.
    pub links: SecretName,
}

/// Something that alerts: a monitoring system's mails, or people with a web form.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct AlertSource {
    /// The name that people read. The default is its name here.
    #[serde(default)]
    pub label: Option<String>,
    /// The plan that its alerts run.
    pub plan: String,
    /// How bad its alerts are, where no rule says otherwise.
    #[serde(default)]
    pub severity: Severity,
    /// Severities with a plan of their own.
    #[serde(default)]
    pub plans: BTreeMap<Severity, String>,
    /// The secret part of its address, before the `@`. A list of two during a rotation.
    #[serde(default)]
    pub address: Option<Tokens>,
    /// A mailbox on another server that Handbell reads, where SES receives nothing.
    #[serde(default)]
    pub mailbox: Option<Mailbox>,
    /// Serves the web form `/alert/NAME`.
    #[serde(default)]
    pub form: Option<Form>,
    /// What its mails mean; the first that fits counts. Of those that fit none, a mail whose subject holds one of the words OK,
    /// UP, RECOVERY, RECOVERED or RESOLVED ends what it is about, unless it also speaks of trouble, asks, or says "not".
    #[serde(default)]
    pub rules: Vec<MailRule>,
    /// What every other mail means.
    #[serde(default)]
    pub otherwise: Meant,
    /// Addresses that get the incident report, in addition to the sender of the mail.
    #[serde(default)]
    pub report_to: Vec<String>,
    /// More new alerts than this within ten minutes become one incident, so that phones don't ring for each of them.
    #[serde(default = "thirty")]
    pub flood_after: u32,
    /// Quiet hours: alerts of these severities wait until they are over.
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
    Form(&'a Form),
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
            plan: _,
            severity: _,
            plans: _,
            rules: _,
            otherwise: _,
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

/// How bad it is, the worst first.
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
    /// All, the worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::Error, Self::Warning, Self::Info];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }

    /// The severity of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.name().eq_ignore_ascii_case(name))
    }
}

/// What a mail means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Meant {
    /// An alert.
    #[default]
    Raise,
    /// Somebody has it.
    Acknowledge,
    /// It is over.
    Resolve,
    /// Nothing.
    Ignore,
}

/// A rule for a source's mails: what a mail has to contain, and what it means then. Everything given has to match.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MailRule {
    /// A regular expression that matches a part of the subject: `(?i)^problem: (?<host>\S+)/(?<service>.+)$`.
    #[serde(default)]
    pub subject: Option<String>,
    /// The same for the text.
    #[serde(default)]
    pub body: Option<String>,
    /// The same for the sender's address.
    #[serde(default)]
    pub from: Option<String>,
    /// One of these words is in the subject or the text, as a whole word in any case.
    #[serde(default)]
    pub words: Vec<String>,
    /// What it means.
    #[serde(rename = "do", default)]
    pub meant: Meant,
    /// How bad it is.
    #[serde(default)]
    pub severity: Option<Severity>,
    /// Another plan than the source's.
    #[serde(default)]
    pub plan: Option<String>,
    /// What it is about, made of the expressions' named groups: `{host}/{service}`. Mails about the same are one incident.
    /// Without it, the sender and the subject without numbers and words such as `Re:`, PROBLEM and RECOVERY.
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
    /// The name to log in with.
    pub user: String,
    /// The password.
    #[serde(default)]
    pub password: Option<SecretName>,
    /// An OAuth access token instead of a password (Gmail, Microsoft 365). Something has to keep the secret fresh.
    #[serde(default)]
    pub oauth: Option<SecretName>,
    /// The folder to read. Only IMAP.
    #[serde(default = "inbox")]
    pub folder: String,
    /// Where mails go once they are stored. Without it IMAP leaves them where they are, marked as read. POP3 deletes them.
    #[serde(default)]
    pub move_to: Option<String>,
}

fn inbox() -> String {
    "INBOX".to_owned()
}

/// When phones stay silent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// The quiet hours.
    pub hours: Hours,
    /// For which severities; warning and info, if absent.
    #[serde(default = "mild")]
    pub severities: Vec<Severity>,
}

fn mild() -> Vec<Severity> {
    vec![Severity::Warning, Severity::Info]
}

/// Asks the person who has the incident whether that is still so, and opens it again without an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// After the acknowledgement, and after each confirmation.
    pub after: Span,
    /// The time to answer. After it, the incident is open again and escalates.
    pub within: Span,
}

/// The plan begins again from its first step when nobody has acknowledged this long after its last one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Again {
    /// After the last step.
    pub after: Span,
    /// How many times.
    #[serde(default = "three")]
    pub times: u32,
}

fn three() -> u32 {
    3
}

/// How many have to say "I have it" before nobody else is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Need {
    /// This many people.
    People(u32),
    /// One of each of these teams.
    Teams(Vec<String>),
}

impl Default for Need {
    fn default() -> Self {
        Self::People(1)
    }
}
