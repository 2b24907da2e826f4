//! The relay policy: whether an agent's message in a customer's space goes to the customer, is a command, or stays in the space.
//!
//! This is the only place that decides it, and it fails closed: in doubt, a message stays. A whisper that was sent can't be taken
//! back; an answer that stayed can be sent again with `/reply`.

mod command;
mod disguise;
mod markup;

use std::fmt;

pub use command::AgentCommand;
use disguise::Opening;
use markup::Page;

/// A message as Webex returns it (Webex, Messages resource).
#[derive(Clone, Copy)]
pub struct PostedMessage<'a> {
    /// The plain text. It may begin with the name by which Handbell is mentioned.
    pub text: Option<&'a str>,
    /// The same with its markup; none for a message without markup.
    pub html: Option<&'a str>,
    /// Number of attached files.
    pub files: usize,
    /// Ids of the people who are mentioned.
    pub mentioned_people: &'a [String],
    /// Groups that are mentioned, such as `all`.
    pub mentioned_groups: &'a [String],
    /// Its author.
    pub author: Author,
}

// What agents write must not reach logs.
impl fmt::Debug for PostedMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostedMessage")
            .field("author", &self.author)
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

/// Author of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// A person.
    Person,
    /// Handbell's own account: its own messages come back by the webhook.
    Ourselves,
    /// Another bot or app.
    Machine,
    /// A person in the space who is neither in the organisation nor named as an agent.
    Outsider,
}

/// Handbell's own account, as mentions name it.
#[derive(Clone, Copy, Debug)]
pub struct OwnAccount<'a> {
    /// Its id in Webex.
    pub id: &'a str,
    /// Its display name.
    pub name: &'a str,
}

/// Which messages go out without being asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RelayPolicy {
    /// Everything except whispers.
    Everything,
    /// Only what follows `/reply`.
    Explicit,
}

/// What Handbell's token shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// A person's token: the whole space.
    Everything,
    /// A bot's token: only messages that mention the bot (Webex, Bots guide).
    OnlyMentions,
}

/// Verdict on a message.
#[derive(Clone, PartialEq, Eq)]
pub enum RelayVerdict {
    /// It goes to the customer, with its files if it has any.
    Leaves {
        /// The text for the customer: no mention, no command, no invisible characters. Empty if there are only files.
        text: String,
    },
    /// It is a command for Handbell. Attached files stay.
    Command(AgentCommand),
    /// It stays in the space.
    Stays(KeptReason),
}

impl fmt::Debug for RelayVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaves { text } => write!(f, "Leaves({} characters)", text.chars().count()),
            Self::Command(command) => f.debug_tuple("Command").field(command).finish(),
            Self::Stays(why) => f.debug_tuple("Stays").field(why).finish(),
        }
    }
}

/// Why a message stays in the space.
#[derive(Clone, PartialEq, Eq)]
pub enum KeptReason {
    /// Handbell wrote it.
    Echo,
    /// A bot or an app wrote it.
    Machine,
    /// Its author doesn't speak for the team.
    Outsider,
    /// It, or a line of it, begins with a whisper mark.
    Whisper,
    /// It addresses somebody else in the space.
    Mention,
    /// It begins with a slash but is no command, or not a complete one: as the agent typed it, at most 20 characters.
    Unknown(String),
    /// It contains nothing that could be sent.
    Empty,
    /// It mentions Handbell, but not at the beginning; or only `/reply` is sent and it isn't one.
    NotAddressed,
}

impl fmt::Debug for KeptReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Echo => "Echo",
            Self::Machine => "Machine",
            Self::Outsider => "Outsider",
            Self::Whisper => "Whisper",
            Self::Mention => "Mention",
            Self::Unknown(_) => "Unknown(…)",
            Self::Empty => "Empty",
            Self::NotAddressed => "NotAddressed",
        })
    }
}

/// Decides where a message goes.
///
/// A message stays if Handbell, a machine or an outsider wrote it; if it mentions anybody but Handbell, in its text, its markup or
/// Webex's lists; if any of its lines begins with a whisper mark (`/w`, `/whisper`, `whisper:`, `note:`, `private:`), however it is
/// disguised; if it or a line begins with something like a slash that is no command; if the mention of Handbell isn't its
/// beginning. A bot needs that mention. `/reply` sends what follows it under either policy, but mentions and whisper marks hold it
/// back all the same.
pub fn judge(
    written: &PostedMessage<'_>,
    us: OwnAccount<'_>,
    sight: Visibility,
    policy: RelayPolicy,
) -> RelayVerdict {
    match written.author {
        Author::Ourselves => RelayVerdict::Stays(KeptReason::Echo),
        Author::Machine => RelayVerdict::Stays(KeptReason::Machine),
        Author::Outsider => RelayVerdict::Stays(KeptReason::Outsider),
        Author::Person => of_a_person(written, us, sight, policy).unwrap_or_else(RelayVerdict::Stays),
    }
}

fn of_a_person(
    written: &PostedMessage<'_>,
    us: OwnAccount<'_>,
    sight: Visibility,
    policy: RelayPolicy,
) -> Result<RelayVerdict, KeptReason> {
    let page = markup::read(written.html.unwrap_or_default(), us.id);
    let others = written.mentioned_people.iter().any(|id| id != us.id);
    if others || !written.mentioned_groups.is_empty() || page.mentions_others {
        return Err(KeptReason::Mention);
    }
    let text = disguise::visible(written.text.unwrap_or_default());
    let shown = disguise::visible(&page.rest);
    whispers(&text, us)?;
    whispers(&shown, us)?;
    let text = disguise::visible(addressed(&text, &page, written, us, sight)?);
    whispers(&text, us)?;

    if text.is_empty() {
        // Webex returns a text with every markup. Where it doesn't, it is unknown what would be sent.
        return match (written.files, policy) {
            _ if !shown.is_empty() => Err(KeptReason::Empty),
            (0, _) => Err(KeptReason::Empty),
            (_, RelayPolicy::Explicit) => Err(KeptReason::NotAddressed),
            (_, RelayPolicy::Everything) => Ok(RelayVerdict::Leaves { text }),
        };
    }
    match command::read(&text) {
        Some(command::Read::Command(command)) => return Ok(RelayVerdict::Command(command)),
        Some(command::Read::Unknown(typed)) => return Err(KeptReason::Unknown(typed)),
        Some(command::Read::Reply(reply)) => {
            let text = disguise::visible(reply);
            whispers(&text, us)?;
            if text.is_empty() && written.files == 0 {
                return Err(KeptReason::Empty);
            }
            return Ok(RelayVerdict::Leaves { text });
        }
        None => {}
    }
    slips(&text, us)?;
    slips(&shown, us)?;
    match policy {
        RelayPolicy::Everything => Ok(RelayVerdict::Leaves { text }),
        RelayPolicy::Explicit => Err(KeptReason::NotAddressed),
    }
}

/// Returns an error if a line begins with a whisper mark.
fn whispers(text: &str, us: OwnAccount<'_>) -> Result<(), KeptReason> {
    match disguise::lines(text).any(|line| disguise::opening(&line, us.name) == Opening::Whisper) {
        true => Err(KeptReason::Whisper),
        false => Ok(()),
    }
}

/// Returns an error if something looks like a mistyped command, or like a mention that Webex didn't recognise.
fn slips(text: &str, us: OwnAccount<'_>) -> Result<(), KeptReason> {
    let mut first = true;
    for (typed, line) in text.lines().zip(disguise::lines(text)) {
        if disguise::calls_somebody(&line) {
            return Err(KeptReason::Mention);
        }
        match disguise::opening(&line, us.name) {
            Opening::Blank => continue,
            Opening::Slash { glued } if first || glued => {
                return Err(KeptReason::Unknown(command::typed(typed)));
            }
            Opening::Slash { .. } | Opening::Whisper | Opening::Words => {}
        }
        first = false;
    }
    Ok(())
}

/// Returns the text without the mention of Handbell, if that is at its beginning or may be missing.
fn addressed<'t>(
    text: &'t str,
    page: &Page,
    written: &PostedMessage<'_>,
    us: OwnAccount<'_>,
    sight: Visibility,
) -> Result<&'t str, KeptReason> {
    let listed = written.mentioned_people.iter().any(|id| id == us.id);
    if !listed && page.ours == 0 {
        return match sight {
            Visibility::Everything => Ok(text),
            Visibility::OnlyMentions => Err(KeptReason::NotAddressed),
        };
    }
    // Webex shows only the first word of a bot's name in a mention (Webex, Bots guide).
    let names = [us.name, us.name.split_whitespace().next().unwrap_or_default()];
    let has_markup = written.html.is_some_and(|html| !html.trim().is_empty());
    let mut rest = text;
    if has_markup {
        if page.leading.is_empty() || page.ours > page.leading.len() {
            return Err(KeptReason::NotAddressed);
        }
        for label in &page.leading {
            let label = disguise::visible(label);
            rest = std::iter::once(label.as_str())
                .chain(names)
                .find_map(|name| without(rest, name))
                .ok_or(KeptReason::NotAddressed)?;
        }
    } else {
        rest = names
            .into_iter()
            .filter_map(|name| without(rest, name))
            .find(|rest| !rest.starts_with(char::is_alphanumeric))
            .ok_or(KeptReason::NotAddressed)?;
    }
    // `@Handbell, we are open` and `@Handbell: we are open`; but a smiley stays whole.
    Ok(match rest.strip_prefix([',', ':']) {
        Some(after) if after.is_empty() || after.starts_with(char::is_whitespace) => after,
        _ => rest,
    })
}

/// Returns the text without this name at its beginning, in any case and with or without an `@`.
fn without<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let name = name.trim().trim_start_matches('@');
    let text = text.trim_start();
    let text = text.strip_prefix('@').unwrap_or(text);
    let mut rest = text.chars();
    for wanted in name.chars() {
        if !rest.next()?.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    (!name.is_empty()).then_some(rest.as_str())
}
