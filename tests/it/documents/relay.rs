//! The table of docs/customers.md that states what goes to the customer, checked against the relay policy.

use handbell_core::conversation::relay_policy::{
    Author, LineRules, OwnAccount, PostedMessage, RelayPolicy, RelayVerdict, Visibility, judge,
};

const OURS: &str = "handbell-id";
const MENTION: &str =
    r#"<spark-mention data-object-type="person" data-object-id="handbell-id">Handbell</spark-mention>"#;

/// A message from a row of the table.
struct Message {
    /// The text, with `@Handbell` where it mentions Handbell.
    typed: String,
    files: usize,
    mentions_a_colleague: bool,
    author: Author,
}

impl Message {
    fn of(typed: &str) -> Self {
        Self { typed: typed.to_owned(), files: 0, mentions_a_colleague: false, author: Author::Person }
    }

    /// Returns the policy's verdict, in the table's words.
    fn outcome(&self, sight: Visibility) -> &'static str {
        let text = self.typed.replace("@Handbell", "Handbell");
        let html = self.typed.replace("@Handbell", MENTION);
        let ours = self.typed.contains("@Handbell").then(|| OURS.to_owned());
        let other = self.mentions_a_colleague.then(|| "somebody-else".to_owned());
        let mentioned: Vec<String> = ours.into_iter().chain(other).collect();
        let written = PostedMessage {
            text: Some(&text),
            html: (html != text).then_some(html.as_str()),
            files: self.files,
            mentioned_people: &mentioned,
            mentioned_groups: &[],
            author: self.author,
        };
        let (whispers, colleagues) = (["nota:".to_owned()], ["Bob".to_owned()]);
        let rules =
            LineRules { policy: RelayPolicy::Everything, whispers: &whispers, colleagues: &colleagues };
        match judge(&written, OwnAccount { id: OURS, name: "Handbell" }, sight, rules) {
            RelayVerdict::Leaves { .. } => "leaves",
            RelayVerdict::Command(_) => "is carried out",
            RelayVerdict::Stays(_) => "stays",
        }
    }
}

/// Returns the code spans of a cell.
fn spans(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Returns the messages that the first cell of a row describes; none where more than the message decides.
fn meant(cell: &str) -> Option<Vec<Message>> {
    if cell.starts_with('`') {
        return Some(spans(cell).into_iter().map(Message::of).collect());
    }
    let one = |message: Message| Some(vec![message]);
    match cell.split_once(',').map_or(cell, |(start, _)| start) {
        "a file without words" => one(Message { files: 1, ..Message::of("") }),
        "a mention of a colleague" => {
            one(Message { mentions_a_colleague: true, ..Message::of("Bob knows this") })
        }
        "a mention of Handbell that isn't at the beginning" => one(Message::of("Ask @Handbell about it")),
        "a command" => one(Message::of("/claim")),
        "a slash and a word that is no command" => one(Message::of("/clam")),
        "anything by a bot" => one(Message { author: Author::Machine, ..Message::of("@Handbell Hello") }),
        start if start.starts_with("any line that begins with") => {
            let marks = spans(cell);
            assert_eq!(marks.len(), 5, "{cell}");
            let alone = marks.iter().map(|mark| Message::of(&format!("@Handbell {mark} not for them")));
            let below =
                marks.iter().map(|mark| Message::of(&format!("@Handbell Hello\n{mark} not for them")));
            Some(alone.chain(below).collect())
        }
        start if start.starts_with("anything by a person outside") => {
            one(Message { author: Author::Outsider, ..Message::of("@Handbell Hello") })
        }
        "a line that begins with a whisper word of the line" => {
            one(Message::of("@Handbell nota: not for them"))
        }
        "an answer in a thread" | "anything in another space" => None,
        _ => panic!("this test doesn't know the row {cell:?}"),
    }
}

/// Checks every row against the policy. Returns the differences, and how many messages were judged.
pub(super) fn differences(document: &str) -> (Vec<String>, usize) {
    let (mut wrong, mut judged) = (Vec::new(), 0);
    let rows = document.lines().skip_while(|line| !line.starts_with("| an agent writes")).skip(2);
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [cell, person, bot] = cells[..] else { panic!("{row}") };
        for message in meant(cell).unwrap_or_default() {
            for (sight, told) in [(Visibility::Everything, person), (Visibility::OnlyMentions, bot)] {
                judged += 1;
                let outcome = message.outcome(sight);
                if !told.starts_with(outcome) {
                    wrong.push(format!("{:?} {outcome} ({sight:?}), the table says: {told}", message.typed));
                }
            }
        }
    }
    (wrong, judged)
}
