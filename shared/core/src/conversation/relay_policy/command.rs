//! Commands: what an agent can tell us to do, and how it is written.

use std::fmt;

/// So much of a command that we don't know is repeated to the agent, in characters.
const TYPED: usize = 20;

/// A name for a customer has at most so many characters.
const NAME: usize = 60;

/// What an agent tells us to do.
#[derive(Clone, PartialEq, Eq)]
pub enum Command {
    /// This customer is mine.
    Claim,
    /// This customer is anybody's again.
    Release,
    /// The conversation is over.
    Close {
        /// What the team should know of it.
        note: Option<String>,
    },
    /// The customer has a name: 1 to 60 characters in one line.
    Name(String),
    /// Send the prepared answer of this name.
    Canned(String),
    /// Call the customer and me together.
    Call,
    /// Who is this?
    Who,
    /// What was said before?
    History,
    /// Everything that is kept of this customer.
    Export,
    /// This customer wants no more texts.
    OptOut,
    /// Forget this customer.
    Erase {
        /// They really mean it: `/erase yes`.
        confirmed: bool,
    },
    /// What can I write here?
    Help,
    /// When are we open?
    Hours,
}

// Names of customers and notes about them are for no log.
impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claim => "Claim",
            Self::Release => "Release",
            Self::Close { note: Some(_) } => "Close(…)",
            Self::Close { note: None } => "Close",
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

/// What a text that begins with a slash says.
pub(super) enum Read<'t> {
    /// Send this.
    Reply(&'t str),
    /// Do this.
    Command(Command),
    /// As typed.
    Unknown(String),
}

/// Reads a text that is trimmed; nothing if it doesn't begin with a real slash.
///
/// A command that takes no words and gets some is unknown: `/call him tomorrow` is a note to the colleagues, not a call.
pub(super) fn read(text: &str) -> Option<Read<'_>> {
    let after = text.strip_prefix('/')?;
    let (word, rest) = after.split_at(after.find(char::is_whitespace).unwrap_or(after.len()));
    let rest = rest.trim();
    let words = || rest.split_whitespace().collect::<Vec<_>>().join(" ");
    let command = match (word.to_ascii_lowercase().as_str(), rest) {
        ("reply", reply) => return Some(Read::Reply(reply)),
        ("help", _) => Command::Help,
        ("close", note) => Command::Close { note: (!note.is_empty()).then(|| note.to_owned()) },
        ("name", name) if !name.contains('\n') && (1..=NAME).contains(&words().chars().count()) => {
            Command::Name(words())
        }
        ("canned", name) if !name.is_empty() => Command::Canned(words()),
        ("erase", answer) => Command::Erase {
            confirmed: ["yes", "confirm"].iter().any(|yes| answer.eq_ignore_ascii_case(yes)),
        },
        ("claim", "") => Command::Claim,
        ("release", "") => Command::Release,
        ("call", "") => Command::Call,
        ("who", "") => Command::Who,
        ("history", "") => Command::History,
        ("export", "") => Command::Export,
        ("optout" | "opt-out", "") => Command::OptOut,
        ("hours", "") => Command::Hours,
        ("claim" | "release" | "call" | "who" | "history" | "export" | "optout" | "opt-out" | "hours", _) => {
            return Some(Read::Unknown(line(text)));
        }
        _ => return Some(Read::Unknown(typed(text))),
    };
    Some(Read::Command(command))
}

/// The first word of a text, short enough to be repeated.
pub(super) fn typed(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().chars().take(TYPED).collect()
}

/// The first line of a text, short enough to be repeated.
fn line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(TYPED).collect::<String>().trim_end().to_owned()
}
