//! An agent's message: a whisper never leaves, nor does a message to colleagues, and nothing leaves that was not written.
//!
//! An input has two lines and a text: flags (`e` only `/reply` leaves, `b` a bot's view, `m` Handbell is mentioned, `o`
//! another person is, `g` everybody is, `f` a file is attached), the markup, which is absent if the line is empty, and the
//! text.
#![no_main]

use handbell_core::conversation::relay_policy::{
    AgentCommand, Author, KeptReason, LineRules, OwnAccount, PostedMessage, RelayPolicy, RelayVerdict, Visibility, judge,
};
use handbell_fuzz::lines_and_body;
use libfuzzer_sys::fuzz_target;

const US: OwnAccount<'_> = OwnAccount { id: "us", name: "Handbell Bot" };

/// Beginnings of lines that are for the team only.
const MARKS: [&str; 12] = [
    "/w ",
    "/W\t",
    "/whisper ",
    "/Whisper: ",
    "whisper: ",
    "note: ",
    "NOTE : ",
    "private: ",
    "> /w ",
    "**note:** ",
    "／ｗ ",
    "\u{200b}/\u{ad}w ",
];

fn rules(policy: RelayPolicy) -> LineRules<'static> {
    LineRules { policy, whispers: &[], colleagues: &[] }
}

fuzz_target!(|input: &[u8]| {
    let ([flags, html], text) = lines_and_body::<2>(input);
    let text = String::from_utf8_lossy(text);
    let (policy, sight) = (
        if flags.contains('e') { RelayPolicy::Explicit } else { RelayPolicy::Everything },
        if flags.contains('b') { Visibility::OnlyMentions } else { Visibility::Everything },
    );
    let people: Vec<String> = [('m', "us"), ('o', "other")]
        .iter()
        .filter(|(flag, _)| flags.contains(*flag))
        .map(|(_, id)| (*id).into())
        .collect();
    let groups: Vec<String> = flags.contains('g').then(|| "all".into()).into_iter().collect();
    let written = PostedMessage {
        text: Some(&text),
        html: Some(html.as_str()).filter(|html| !html.is_empty()),
        files: flags.matches('f').count(),
        mentioned_people: &people,
        mentioned_groups: &groups,
        author: Author::Person,
    };
    let verdict = judge(&written, US, sight, rules(policy));

    for (author, why) in [(Author::Ourselves, KeptReason::Echo), (Author::Machine, KeptReason::Machine)] {
        assert_eq!(judge(&PostedMessage { author, ..written }, US, sight, rules(policy)), RelayVerdict::Stays(why));
    }
    if flags.contains('o') || !groups.is_empty() {
        assert_eq!(verdict, RelayVerdict::Stays(KeptReason::Mention));
    }
    let mentioned = flags.contains('m') || html.to_ascii_lowercase().contains("spark-mention");
    if sight == Visibility::OnlyMentions && !mentioned {
        assert!(matches!(verdict, RelayVerdict::Stays(_)), "a bot that isn't spoken to does something");
    }
    match &verdict {
        RelayVerdict::Leaves { text: out } => leaves(out, &written, policy),
        RelayVerdict::Command(AgentCommand::Name(name)) => {
            assert!((1..=60).contains(&name.chars().count()) && !name.contains('\n'));
        }
        RelayVerdict::Stays(KeptReason::Unknown(typed)) => assert!(typed.chars().count() <= 20),
        RelayVerdict::Command(_) | RelayVerdict::Stays(_) => {}
    }

    let mark = MARKS[input.len() % MARKS.len()];
    let stays = |written: PostedMessage<'_>, how: &str| {
        let verdict = judge(&written, US, sight, rules(policy));
        assert!(matches!(verdict, RelayVerdict::Stays(_)), "{mark:?} {how}");
    };
    let first = format!("{mark}{text}");
    stays(PostedMessage { text: Some(&first), ..written }, "begins the text");
    stays(PostedMessage { text: Some(&first), html: None, ..written }, "begins a text without markup");
    stays(PostedMessage { text: Some(&format!("{text}\n{first}")), ..written }, "begins a line of the text");
    stays(PostedMessage { text: Some(&format!("/reply {first}")), ..written }, "comes behind /reply");
    stays(PostedMessage { html: Some(&format!("<p>{mark}{html}")), ..written }, "begins the markup");
    stays(
        PostedMessage { html: Some(&format!("<p>a</p><p>{mark}{html}")), ..written },
        "begins a line of the markup",
    );
});

/// Checks the text that goes to a customer.
fn leaves(out: &str, written: &PostedMessage<'_>, policy: RelayPolicy) {
    let text = written.text.unwrap_or_default();
    assert_eq!(out, out.trim());
    assert!(!out.contains(|c: char| c.is_control() && c != '\n' && c != '\t'));
    assert!(!out.is_empty() || written.files > 0);
    if written.html.is_none() {
        // Every character that leaves was written, in this order. Line ends may differ, and control characters become spaces.
        let mut rest = text.chars();
        for c in out.chars().filter(|c| !matches!(c, '\n' | ' ')) {
            assert!(rest.any(|given| given == c), "{c:?} was never written");
        }
    }
    if policy == RelayPolicy::Explicit {
        // The visible text, without invisible characters between the letters.
        let seen: String = text.chars().filter(|c| c.is_ascii_graphic()).collect();
        assert!(seen.to_ascii_lowercase().contains("/reply"));
    }
    let again = PostedMessage { text: Some(out), html: None, mentioned_people: &[], ..*written };
    assert_ne!(
        judge(&again, US, Visibility::Everything, rules(RelayPolicy::Everything)),
        RelayVerdict::Stays(KeptReason::Whisper)
    );
}
