//! Commands that an agent can give in a customer's space, and how they are written.

use std::fmt;

/// Maximum length of an unknown command that is repeated to the agent, in characters.
const TYPED: usize = 20;

/// Maximum length of a customer's name, in characters.
const NAME: usize = 60;

/// A command from an agent.
#[derive(Clone, PartialEq, Eq)]
pub enum AgentCommand {
    /// The agent has this customer.
    Claim,
    /// Nobody has this customer any more.
    Release,
    /// Close the conversation.
    Close {
        /// A note for the team.
        note: Option<String>,
    },
    /// What the customer wrote last needs no answer.
    NoReply,
    /// Name the customer: 1 to 60 characters in one line.
    Name(String),
    /// Send the prepared answer with this name.
    Canned(String),
    /// Call the agent and the customer, and connect them.
    Call,
    /// Show who the customer is.
    Who,
    /// Show what was said before.
    History,
    /// Export everything that is stored about this customer.
    Export,
    /// Opt this customer out of texts.
    OptOut,
    /// Erase this customer.
    Erase {
        /// True for `/erase yes`: the agent really means it.
        confirmed: bool,
    },
    /// List the commands.
    Help,
    /// Show the opening hours.
    Hours,
}

// Names of customers and notes about them must not reach logs.
impl fmt::Debug for AgentCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claim => "Claim",
            Self::Release => "Release",
            Self::Close { note: Some(_) } => "Close(…)",
            Self::Close { note: None } => "Close",
            Self::NoReply => "NoReply",
            Self::Name(_) => "Name(…)",
            Self::Canned(_) => "Canned(…)",
            Self::Call => "Call",
            Self::Who => "Who",
            Self::History => "History",
            Self::Export => "Export",
            Self::OptOut => "OptOut",
            Self::Erase { confirmed: true } => "Erase(confirmed)",
            Self::Erase { confirmed: false } => "Erase",
            Self::Help => "Help",
            Self::Hours => "Hours",
        })
    }
}

/// A parsed text that begins with a slash.
pub(super) enum Read<'t> {
    /// A text to send.
    Reply(&'t str),
    /// A command to run.
    Command(AgentCommand),
    /// An unknown command, as typed.
    Unknown(String),
}

/// Parses a trimmed text; none if it doesn't begin with a real slash.
///
/// A command that takes no words but gets some is unknown: `/call him tomorrow` is a note to the colleagues, not a call.
pub(super) fn read(text: &str) -> Option<Read<'_>> {
    let after = text.strip_prefix('/')?;
    let (word, rest) = after.split_at(after.find(char::is_whitespace).unwrap_or(after.len()));
    let rest = rest.trim();
    let words = || rest.split_whitespace().collect::<Vec<_>>().join(" ");
    let command = match (word.to_ascii_lowercase().as_str(), rest) {
        ("reply", reply) => return Some(Read::Reply(reply)),
        ("help", _) => AgentCommand::Help,
        ("close", note) => AgentCommand::Close { note: (!note.is_empty()).then(|| note.to_owned()) },
        ("name", name) if !name.contains('\n') && (1..=NAME).contains(&words().chars().count()) => {
            AgentCommand::Name(words())
        }
        ("canned", name) if !name.is_empty() => AgentCommand::Canned(words()),
        ("erase", answer) => AgentCommand::Erase {
            confirmed: ["yes", "confirm"].iter().any(|yes| answer.eq_ignore_ascii_case(yes)),
        },
        ("claim", "") => AgentCommand::Claim,
        ("noreply" | "no-reply", "") => AgentCommand::NoReply,
        ("release", "") => AgentCommand::Release,
        ("call", "") => AgentCommand::Call,
        ("who", "") => AgentCommand::Who,
        ("history", "") => AgentCommand::History,
        ("export", "") => AgentCommand::Export,
        ("optout" | "opt-out", "") => AgentCommand::OptOut,
        ("hours", "") => AgentCommand::Hours,
        (
            "claim" | "release" | "noreply" | "no-reply" | "call" | "who" | "history" | "export" | "optout"
            | "opt-out" | "hours",
            _,
        ) => {
            return Some(Read::Unknown(line(text)));
        }
        _ => return Some(Read::Unknown(typed(text))),
    };
    Some(Read::Command(command))
}

/// Returns the first word of a text, short enough to be repeated.
pub(super) fn typed(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().chars().take(TYPED).collect()
}

/// Returns the first line of a text, short enough to be repeated.
fn line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(TYPED).collect::<String>().trim_end().to_owned()
}
