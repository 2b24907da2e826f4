//! The relay policy: whether an agent's message in a customer's space goes to the customer, is a command, or stays in the space.
//!
//! This is the only place that decides it, and it fails closed: in doubt, a message stays. A whisper that was sent can't be taken
//! back; an answer that stayed can be sent again with `/reply`.

mod colleague;
mod command;
mod disguise;
mod doubt;
mod markup;
mod rendered;

use std::fmt;

use colleague::{Address, Colleagues};
pub use command::AgentCommand;
use disguise::{Opening, Reader};
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

/// The rules of one line.
#[derive(Clone, Copy)]
pub struct LineRules<'a> {
    /// Which messages go out without being asked to.
    pub policy: RelayPolicy,
    /// Beginnings of lines that make a whisper, in addition to those of every line: `nota:`, `[internal]`.
    pub whispers: &'a [String],
    /// Names of colleagues: of the people of the line, and of everybody who was ever seen in the space.
    pub colleagues: &'a [String],
}

// Names of people must not reach logs.
impl fmt::Debug for LineRules<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineRules").field("policy", &self.policy).finish_non_exhaustive()
    }
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
    /// It names a colleague after an `@`, though Webex made no mention of it.
    Colleague,
    /// It reads like a whisper or like words to a colleague, but isn't certainly one. `/reply` sends it.
    Doubtful,
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
            Self::Colleague => "Colleague",
            Self::Doubtful => "Doubtful",
            Self::Unknown(_) => "Unknown(…)",
            Self::Empty => "Empty",
            Self::NotAddressed => "NotAddressed",
        })
    }
}

/// Decides where a message goes.
///
/// A message stays if Handbell, a machine or an outsider wrote it; if it mentions anybody but Handbell, in its text, its markup or
/// Webex's lists; if any of its lines begins with a whisper mark (`/w`, `/whisper`, `whisper:`, `note:`, `private:`, or one of the
/// line's own), however it is disguised; if an `@` stands before the name of a colleague; if it or a line begins with something like
/// a slash that is no command; if it reads like a whisper or like words to a colleague; if the mention of Handbell isn't its
/// beginning. A bot needs that mention. `/reply` sends what follows it under either policy, and what is only in doubt, but mentions,
/// colleagues' names after an `@` and whisper marks hold it back all the same.
pub fn judge(
    written: &PostedMessage<'_>,
    us: OwnAccount<'_>,
    sight: Visibility,
    rules: LineRules<'_>,
) -> RelayVerdict {
    match written.author {
        Author::Ourselves => RelayVerdict::Stays(KeptReason::Echo),
        Author::Machine => RelayVerdict::Stays(KeptReason::Machine),
        Author::Outsider => RelayVerdict::Stays(KeptReason::Outsider),
        Author::Person => {
            let eyes = Eyes {
                policy: rules.policy,
                reader: Reader::new(us.name, rules.whispers),
                colleagues: Colleagues::new(rules.colleagues),
            };
            of_a_person(written, us, sight, &eyes).unwrap_or_else(RelayVerdict::Stays)
        }
    }
}

/// Returns true if the verdict may depend on the names of colleagues: the message has an `@`, or begins a line like one to them.
pub fn may_name_colleagues(written: &PostedMessage<'_>) -> bool {
    let shown = markup::read(written.html.unwrap_or_default(), "").rest;
    [written.text.unwrap_or_default(), &shown].into_iter().any(|text| {
        let text = disguise::joined(text);
        disguise::lines(&text).any(|line| {
            line.contains('@')
                || line
                    .split_whitespace()
                    .take(4)
                    .any(|word| word.contains(|c: char| ":,;?->→–—|]»".contains(c)))
        })
    })
}

/// What a message is read with.
struct Eyes {
    policy: RelayPolicy,
    reader: Reader,
    colleagues: Colleagues,
}

impl Eyes {
    /// Returns an error if a line begins with a whisper mark.
    fn whispers(&self, text: &str) -> Result<(), KeptReason> {
        match disguise::lines(text).any(|line| self.reader.opening(&line) == Opening::Whisper) {
            true => Err(KeptReason::Whisper),
            false => Ok(()),
        }
    }

    /// Returns an error if an `@` stands before the name of a colleague.
    fn names_a_colleague(&self, text: &str) -> Result<(), KeptReason> {
        match disguise::lines(text).any(|line| self.colleagues.addressed(&line) == Address::Colleague) {
            true => Err(KeptReason::Colleague),
            false => Ok(()),
        }
    }

    /// Returns an error if something looks like a mistyped command, like a mention that Webex didn't recognise, or like a whisper.
    fn slips(&self, text: &str) -> Result<(), KeptReason> {
        let mut first = true;
        for (typed, line) in text.lines().zip(disguise::lines(text)) {
            match self.reader.opening(&line) {
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

    /// Returns an error if something reads like a whisper or like words to a colleague.
    fn doubts(&self, text: &str) -> Result<(), KeptReason> {
        let called = disguise::lines(text).any(|line| disguise::calls_somebody(&line));
        match called || doubt::is_doubtful(text, &self.reader, &self.colleagues) {
            true => Err(KeptReason::Doubtful),
            false => Ok(()),
        }
    }
}

fn of_a_person(
    written: &PostedMessage<'_>,
    us: OwnAccount<'_>,
    sight: Visibility,
    eyes: &Eyes,
) -> Result<RelayVerdict, KeptReason> {
    let page = markup::read(written.html.unwrap_or_default(), us.id);
    let others = written.mentioned_people.iter().any(|id| id != us.id);
    if others || !written.mentioned_groups.is_empty() || page.mentions_others {
        return Err(KeptReason::Mention);
    }
    let typed = written.text.unwrap_or_default();
    let text = disguise::visible(typed);
    // A control character neither joins what is sent nor hides a whisper.
    let views = [disguise::joined(typed), disguise::visible(&page.rest), disguise::joined(&page.rest)];
    let shown = &views[1];
    for view in views.iter().chain([&text]) {
        eyes.whispers(view)?;
    }
    let text = disguise::visible(addressed(&text, &page, written, us, sight)?);
    let joined = disguise::joined(addressed(&views[0], &page, written, us, sight)?);
    let rendered = rendered::for_phone(written.html.unwrap_or_default(), us.id)
        .map(|rendered| disguise::visible(behind_mention(rendered.trim_start())));
    for view in rendered.iter().chain([&text]) {
        eyes.whispers(view)?;
    }

    if text.is_empty() {
        // Webex returns a text with every markup. Where it doesn't, it is unknown what would be sent.
        return match (written.files, eyes.policy) {
            _ if !shown.is_empty() => Err(KeptReason::Empty),
            (0, _) => Err(KeptReason::Empty),
            (_, RelayPolicy::Explicit) => Err(KeptReason::NotAddressed),
            (_, RelayPolicy::Everything) => Ok(RelayVerdict::Leaves { text }),
        };
    }
    let views = || views[1..].iter().chain([&text, &joined]).chain(&rendered);
    let for_phone = rendered.as_ref().unwrap_or(&text);
    match command::read(&text) {
        Some(command::Read::Command(command)) => return Ok(RelayVerdict::Command(command)),
        Some(command::Read::Unknown(typed)) => return Err(KeptReason::Unknown(typed)),
        Some(command::Read::Reply(reply)) => {
            let text = disguise::visible(match command::read(for_phone) {
                Some(command::Read::Reply(reply)) => reply,
                Some(command::Read::Command(_) | command::Read::Unknown(_)) | None => reply,
            });
            eyes.whispers(&text)?;
            views().try_for_each(|view| eyes.names_a_colleague(view))?;
            if text.is_empty() && written.files == 0 {
                return Err(KeptReason::Empty);
            }
            return Ok(RelayVerdict::Leaves { text });
        }
        None => {}
    }
    eyes.slips(&text)?;
    eyes.slips(shown)?;
    match eyes.policy {
        RelayPolicy::Everything => {
            views().try_for_each(|view| eyes.names_a_colleague(view))?;
            views().try_for_each(|view| eyes.doubts(view))?;
            Ok(RelayVerdict::Leaves { text: for_phone.clone() })
        }
        RelayPolicy::Explicit => Err(KeptReason::NotAddressed),
    }
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
    Ok(behind_mention(rest))
}

/// Returns what follows a mention: `@Handbell, we are open` and `@Handbell: we are open`; but a smiley stays whole.
fn behind_mention(rest: &str) -> &str {
    match rest.strip_prefix([',', ':']) {
        Some(after) if after.is_empty() || after.starts_with(char::is_whitespace) => after,
        _ => rest,
    }
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
