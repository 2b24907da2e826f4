//! The relay policy: which of an agent's messages go to the customer, which are commands, and which stay.

use handbell_core::conversation::relay_policy::{
    AgentCommand, Author, KeptReason, OwnAccount, PostedMessage, RelayPolicy, RelayVerdict, Visibility, judge,
};
use proptest::prelude::*;

use crate::house::chance;

const US: OwnAccount<'static> = OwnAccount { id: "Y2lzY29zcGFyazovL3VzL1BFT1BMRS91cw", name: "Handbell" };
const ANNA: &str = "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9hbm5h";

const STAYS: &str = "stays: not addressed";
const WHISPER: &str = "stays: whisper";
const MENTION: &str = "stays: mention";
const EMPTY: &str = "stays: empty";

/// An agent's message, the verdict if everything goes out, and the verdict if only `/reply` does.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str)] = &[
    // Answers.
    ("Hello, we are open.",                     "leaves: Hello, we are open.", STAYS),
    ("  Hello \t ",                             "leaves: Hello", STAYS),
    ("\r\n\r\nHello\r\nyou\rthere",             "leaves: Hello⏎you⏎there", STAYS),
    ("Hello\u{2028}you",                        "leaves: Hello⏎you", STAYS),
    ("w/ fries",                                "leaves: w/ fries", STAYS),
    ("W/O onions",                              "leaves: W/O onions", STAYS),
    ("either/or",                               "leaves: either/or", STAYS),
    ("1/2 price",                               "leaves: 1/2 price", STAYS),
    ("½ price",                                 "leaves: ½ price", STAYS),
    ("and/or",                                  "leaves: and/or", STAYS),
    ("c/o Miller",                              "leaves: c/o Miller", STAYS),
    ("Yes / no?",                               "leaves: Yes / no?", STAYS),
    ("It is 24/7, /w or not",                   "leaves: It is 24/7, /w or not", STAYS),
    ("https://example.com/w",                   "leaves: https://example.com/w", STAYS),
    ("Our menu:\n/ soup\n/ fish",               "leaves: Our menu:⏎/ soup⏎/ fish", STAYS),
    ("Noted: ten o'clock",                      "leaves: Noted: ten o'clock", STAYS),
    ("notebook: x",                             "leaves: notebook: x", STAYS),
    ("Noted: ok",                               "leaves: Noted: ok", STAYS),
    ("Noted that: ok",                          "leaves: Noted that: ok", STAYS),
    ("Note that we open at 8:30",               "leaves: Note that we open at 8:30", STAYS),
    ("Note: 8:30",                              WHISPER, WHISPER),
    ("Private tours at 8:30",                   "leaves: Private tours at 8:30", STAYS),
    ("Note https://example.com",                "leaves: Note https://example.com", STAYS),
    ("Internally: x",                           "leaves: Internally: x", STAYS),
    ("Your note: x",                            "leaves: Your note: x", STAYS),
    ("A note to all guests: we close at six",   "leaves: A note to all guests: we close at six", STAYS),
    ("My notebook: x",                          "leaves: My notebook: x", STAYS),
    ("Noté : dix heures",                       "leaves: Noté : dix heures", STAYS),
    ("Note - x",                                "leaves: Note - x", STAYS),
    ("Note that we close at six: sharp",        "leaves: Note that we close at six: sharp", STAYS),
    ("Please note: we close at six",            "leaves: Please note: we close at six", STAYS),
    ("private",                                 "leaves: private", STAYS),
    ("Private parking is behind the house",     "leaves: Private parking is behind the house", STAYS),
    ("whisper it to me",                        "leaves: whisper it to me", STAYS),
    ("whispers: x",                             "leaves: whispers: x", STAYS),
    ("w: x",                                    "leaves: w: x", STAYS),
    ("Write to info@example.com",               "leaves: Write to info@example.com", STAYS),
    ("Write to all@all.com",                    "leaves: Write to all@all.com", STAYS),
    ("👩\u{200d}🍳 cooks ❤\u{fe0f}",            "leaves: 👩\u{200d}🍳 cooks ❤\u{fe0f}", STAYS),
    ("🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", "leaves: 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}", STAYS),
    ("می\u{200c}خواهم",                         "leaves: می\u{200c}خواهم", STAYS),
    ("a\u{200d}b\u{200b}c\u{202e}d\u{ad}e\u{fe0f}", "leaves: abcde\u{fe0f}", STAYS),
    ("see \u{fe0f}\u{e0041}\u{e0042}you",       "leaves: see you", STAYS),
    ("ノート、ありがとう",                       "leaves: ノート、ありがとう", STAYS),
    ("1. first\n2. second",                     "leaves: 1. first⏎2. second", STAYS),
    ("> You asked when.\nAt ten.",              "leaves: > You asked when.⏎At ten.", STAYS),
    (":) of course",                            "leaves: :) of course", STAYS),
    ("🅿 is free",                              "leaves: 🅿 is free", STAYS),
    // Answers by command.
    ("/reply Hello",                            "leaves: Hello", "leaves: Hello"),
    ("/REPLY\u{a0}Hello",                       "leaves: Hello", "leaves: Hello"),
    ("/reply\nHello\r\nyou",                    "leaves: Hello⏎you", "leaves: Hello⏎you"),
    ("\u{200b}\n /reply Hello",                 "leaves: Hello", "leaves: Hello"),
    ("/reply /etc/hosts is a file",             "leaves: /etc/hosts is a file", "leaves: /etc/hosts is a file"),
    ("/reply See:\n/etc/hosts",                 "leaves: See:⏎/etc/hosts", "leaves: See:⏎/etc/hosts"),
    ("/reply @handbell is our name",            "leaves: @handbell is our name", "leaves: @handbell is our name"),
    ("/reply",                                  EMPTY, EMPTY),
    ("/reply \u{200b}",                         EMPTY, EMPTY),
    ("/reply /w x",                             WHISPER, WHISPER),
    ("/reply note: x",                          WHISPER, WHISPER),
    ("/reply Hello\n/w he is odd",              WHISPER, WHISPER),
    ("/reply: Hello",                           "stays: unknown /reply:", "stays: unknown /reply:"),
    ("／reply Hello",                           "stays: unknown ／reply", "stays: unknown ／reply"),
    ("> /reply Hello",                          "stays: unknown >", "stays: unknown >"),
    // Whispers.
    ("/w he is odd",                            WHISPER, WHISPER),
    ("/W",                                      WHISPER, WHISPER),
    ("/w: x",                                   WHISPER, WHISPER),
    ("/w\u{a0}x",                               WHISPER, WHISPER),
    ("/w\nx",                                   WHISPER, WHISPER),
    ("/whisper x",                              WHISPER, WHISPER),
    ("/Whisper, x",                             WHISPER, WHISPER),
    ("whisper: x",                              WHISPER, WHISPER),
    ("Whisper : x",                             WHISPER, WHISPER),
    ("note: x",                                 WHISPER, WHISPER),
    ("NOTE: x",                                 WHISPER, WHISPER),
    ("note : x",                                WHISPER, WHISPER),
    ("note\u{202f}: x",                         WHISPER, WHISPER),
    ("note:x",                                  WHISPER, WHISPER),
    ("private: x",                              WHISPER, WHISPER),
    ("Private:",                                WHISPER, WHISPER),
    ("Notes: x",                                WHISPER, WHISPER),
    ("internal: x",                             WHISPER, WHISPER),
    ("INTERNAL : x",                            WHISPER, WHISPER),
    ("private note: x",                         WHISPER, WHISPER),
    ("Private-note: x",                         WHISPER, WHISPER),
    ("internal note: x",                        WHISPER, WHISPER),
    ("my notes: x",                             WHISPER, WHISPER),
    ("team note: x",                            WHISPER, WHISPER),
    ("note to self: x",                         WHISPER, WHISPER),
    ("Note to self:\nx",                        WHISPER, WHISPER),
    ("note to self:x",                          WHISPER, WHISPER),
    ("private note:5 bikes",                    WHISPER, WHISPER),
    ("\"note to self:\" x",                     WHISPER, WHISPER),
    ("note (for Bob): x",                       WHISPER, WHISPER),
    ("note 8:30: x",                            WHISPER, WHISPER),
    ("note for 8:30: x",                        WHISPER, WHISPER),
    ("**private note:** x",                     WHISPER, WHISPER),
    ("- note (Bob): x",                         WHISPER, WHISPER),
    ("Hello\nprivate note: x",                  WHISPER, WHISPER),
    ("Handbell private note: x",                WHISPER, WHISPER),
    ("/reply private note: x",                  WHISPER, WHISPER),
    ("ｉｎｔｅｒｎａｌ ｎｏｔｅ： x",                 WHISPER, WHISPER),
    ("prіvate nоte: x",                         WHISPER, WHISPER),
    ("\n\n  \t/w x",                            WHISPER, WHISPER),
    ("Hello\n/w but he is odd",                 WHISPER, WHISPER),
    ("Hello\r/w but he is odd",                 WHISPER, WHISPER),
    ("Hello\u{85}\\w but he is odd",            WHISPER, WHISPER),
    ("Hello\n\n  - note: he is odd",            WHISPER, WHISPER),
    ("> his words\nwhisper: mine",              WHISPER, WHISPER),
    ("> /w x",                                  WHISPER, WHISPER),
    (">> note: x",                              WHISPER, WHISPER),
    ("- /w x",                                  WHISPER, WHISPER),
    ("• private: x",                            WHISPER, WHISPER),
    ("1. /w x",                                 WHISPER, WHISPER),
    ("1) note: x",                              WHISPER, WHISPER),
    ("1\u{fe0f}\u{20e3} /w x",                  WHISPER, WHISPER),
    ("a) note: x",                              WHISPER, WHISPER),
    ("**/w** x",                                WHISPER, WHISPER),
    ("_note:_ x",                               WHISPER, WHISPER),
    ("**Note**: x",                             WHISPER, WHISPER),
    ("`/w` x",                                  WHISPER, WHISPER),
    ("\"/w\" x",                                WHISPER, WHISPER),
    ("“note”: x",                               WHISPER, WHISPER),
    ("(note: x)",                               WHISPER, WHISPER),
    ("# Note: x",                               WHISPER, WHISPER),
    ("🤫 note: x",                              WHISPER, WHISPER),
    ("🇱🇺 note: x",                             WHISPER, WHISPER),
    ("／w x",                                   WHISPER, WHISPER),
    ("／ｗ x",                                  WHISPER, WHISPER),
    ("∕w x",                                    WHISPER, WHISPER),
    ("⁄w x",                                    WHISPER, WHISPER),
    ("╱w x",                                    WHISPER, WHISPER),
    ("⧸w x",                                    WHISPER, WHISPER),
    ("⟋w x",                                    WHISPER, WHISPER),
    ("\\w x",                                   WHISPER, WHISPER),
    ("ノw x",                                   WHISPER, WHISPER),
    ("/ w x",                                   WHISPER, WHISPER),
    ("//w x",                                   WHISPER, WHISPER),
    ("ｎｏｔｅ： x",                             WHISPER, WHISPER),
    ("𝐧𝐨𝐭𝐞: x",                                 WHISPER, WHISPER),
    ("nоtе: x",                                 WHISPER, WHISPER),
    ("ΝΟΤΕ: x",                                 WHISPER, WHISPER),
    ("ԝһіѕреr: x",                              WHISPER, WHISPER),
    ("/ѡ x",                                    WHISPER, WHISPER),
    ("рrіvаtе꞉ x",                              WHISPER, WHISPER),
    ("PRİVATE: x",                              WHISPER, WHISPER),
    ("note︰ x",                                WHISPER, WHISPER),
    ("n\u{200b}o\u{ad}te: x",                   WHISPER, WHISPER),
    ("\u{202e}\u{feff}/\u{2060}w x",            WHISPER, WHISPER),
    ("\u{3164}\u{2800}/w x",                    WHISPER, WHISPER),
    ("/w\u{336} x",                             WHISPER, WHISPER),
    ("Handbell /w x",                           WHISPER, WHISPER),
    ("@Handbell: note: x",                      WHISPER, WHISPER),
    // Mistyped commands.
    ("/we will come",                           "stays: unknown /we", "stays: unknown /we"),
    ("/wx",                                     "stays: unknown /wx", "stays: unknown /wx"),
    ("/",                                       "stays: unknown /", "stays: unknown /"),
    ("//x",                                     "stays: unknown //x", "stays: unknown //x"),
    ("/ reply x",                               "stays: unknown /", "stays: unknown /"),
    ("\\claim",                                 "stays: unknown \\claim", "stays: unknown \\claim"),
    ("⁄close",                                  "stays: unknown ⁄close", "stays: unknown ⁄close"),
    ("**/foo** x",                              "stays: unknown **/foo**", "stays: unknown **/foo**"),
    ("/anextraordinarilylongcommand",           "stays: unknown /anextraordinarilylo", "stays: unknown /anextraordinarilylo"),
    ("Thank you!\n/close",                      "stays: unknown /close", "stays: unknown /close"),
    ("Thank you!\n//close",                     "stays: unknown //close", "stays: unknown //close"),
    ("@anna can you look?",                     MENTION, MENTION),
    ("＠anna can you look?",                    MENTION, MENTION),
    ("Hello @all",                              MENTION, MENTION),
    ("Hello <@personEmail:anna@example.com>",   MENTION, MENTION),
    ("> quoted\n@anna?",                        MENTION, MENTION),
    ("",                                        EMPTY, EMPTY),
    (" \u{200b}\u{3164}\n\u{a0}",               EMPTY, EMPTY),
    // Commands.
    ("/claim",                                  "does: claim", "does: claim"),
    (" /CLAIM\n",                               "does: claim", "does: claim"),
    ("/cl\u{200b}aim",                          "does: claim", "does: claim"),
    ("/claim him",                              "stays: unknown /claim him", "stays: unknown /claim him"),
    ("/release",                                "does: release", "does: release"),
    ("/close",                                  "does: close", "does: close"),
    ("/close  paid\nin cash ",                  "does: close (paid⏎in cash)", "does: close (paid⏎in cash)"),
    ("/close note: paid",                       "does: close (note: paid)", "does: close (note: paid)"),
    ("/close\nnote: paid",                      WHISPER, WHISPER),
    ("/name  Jean  Muller ",                    "does: name (Jean Muller)", "does: name (Jean Muller)"),
    ("/name",                                   "stays: unknown /name", "stays: unknown /name"),
    ("/name Jean\nHello Jean",                  "stays: unknown /name", "stays: unknown /name"),
    ("/canned opening hours",                   "does: canned (opening hours)", "does: canned (opening hours)"),
    ("/canned ",                                "stays: unknown /canned", "stays: unknown /canned"),
    ("/call",                                   "does: call", "does: call"),
    ("/call him tomorrow at noon",              "stays: unknown /call him tomorrow a", "stays: unknown /call him tomorrow a"),
    ("/who",                                    "does: who", "does: who"),
    ("/history",                                "does: history", "does: history"),
    ("/export",                                 "does: export", "does: export"),
    ("/optout",                                 "does: opt out", "does: opt out"),
    ("/opt-out",                                "does: opt out", "does: opt out"),
    ("/erase",                                  "does: ask about erasing", "does: ask about erasing"),
    ("/erase no",                               "does: ask about erasing", "does: ask about erasing"),
    ("/erase YES",                              "does: erase", "does: erase"),
    ("/erase confirm",                          "does: erase", "does: erase"),
    ("/help",                                   "does: help", "does: help"),
    ("/help me",                                "does: help", "does: help"),
    ("/hours",                                  "does: hours", "does: hours"),
];

fn told(verdict: &RelayVerdict) -> String {
    match verdict {
        RelayVerdict::Leaves { text } => format!("leaves: {text}"),
        RelayVerdict::Command(command) => format!("does: {}", done(command)),
        RelayVerdict::Stays(KeptReason::Unknown(typed)) => format!("stays: unknown {typed}"),
        RelayVerdict::Stays(KeptReason::Echo) => "stays: echo".to_owned(),
        RelayVerdict::Stays(KeptReason::Machine) => "stays: machine".to_owned(),
        RelayVerdict::Stays(KeptReason::Outsider) => "stays: outsider".to_owned(),
        RelayVerdict::Stays(KeptReason::Whisper) => WHISPER.to_owned(),
        RelayVerdict::Stays(KeptReason::Mention) => MENTION.to_owned(),
        RelayVerdict::Stays(KeptReason::Empty) => EMPTY.to_owned(),
        RelayVerdict::Stays(KeptReason::NotAddressed) => STAYS.to_owned(),
    }
    .replace('\n', "⏎")
}

fn done(command: &AgentCommand) -> String {
    match command {
        AgentCommand::Claim => "claim".to_owned(),
        AgentCommand::Release => "release".to_owned(),
        AgentCommand::Close { note: Some(note) } => format!("close ({note})"),
        AgentCommand::Close { note: None } => "close".to_owned(),
        AgentCommand::Name(name) => format!("name ({name})"),
        AgentCommand::Canned(name) => format!("canned ({name})"),
        AgentCommand::Call => "call".to_owned(),
        AgentCommand::Who => "who".to_owned(),
        AgentCommand::History => "history".to_owned(),
        AgentCommand::Export => "export".to_owned(),
        AgentCommand::OptOut => "opt out".to_owned(),
        AgentCommand::Erase { confirmed: true } => "erase".to_owned(),
        AgentCommand::Erase { confirmed: false } => "ask about erasing".to_owned(),
        AgentCommand::Help => "help".to_owned(),
        AgentCommand::Hours => "hours".to_owned(),
    }
}

/// A message from a person that mentions nobody.
fn plain(text: &str) -> PostedMessage<'_> {
    PostedMessage {
        text: Some(text),
        html: None,
        files: 0,
        mentioned_people: &[],
        mentioned_groups: &[],
        author: Author::Person,
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\n', "<br>")
}

fn at(id: &str, label: &str) -> String {
    format!(r#"<spark-mention data-object-type="person" data-object-id="{id}">{label}</spark-mention>"#)
}

/// The message as a bot's token shows it: with the mention of the bot before it.
fn to_the_bot(text: &str, policy: RelayPolicy, markup: bool) -> RelayVerdict {
    let html = format!("<p>{} {}</p>", at(US.id, "Handbell"), escaped(text));
    let addressed = format!("Handbell {text}");
    let written = PostedMessage {
        html: markup.then_some(html.as_str()),
        mentioned_people: &[US.id.to_owned()],
        ..plain(&addressed)
    };
    judge(&written, US, Visibility::OnlyMentions, policy)
}

#[test]
fn every_message_of_the_table_gets_its_verdict() {
    assert!(TABLE.len() >= 100);
    let mut wrong = Vec::new();
    let mut check = |what: &str, typed: &str, verdict: RelayVerdict, expected: &str| {
        let told = told(&verdict);
        if told != expected {
            wrong.push(format!("{what} {typed:?}\n    {told:?}, not {expected:?}"));
        }
    };
    for (typed, everything, explicit) in TABLE {
        for (policy, expected) in [(RelayPolicy::Everything, everything), (RelayPolicy::Explicit, explicit)] {
            check(
                "a person's token:",
                typed,
                judge(&plain(typed), US, Visibility::Everything, policy),
                expected,
            );
            let html = format!("<p>{}</p>", escaped(typed));
            let with_markup = PostedMessage { html: Some(&html), ..plain(typed) };
            check("with markup:", typed, judge(&with_markup, US, Visibility::Everything, policy), expected);
            check("a bot's token:", typed, to_the_bot(typed, policy, true), expected);
            check("without markup:", typed, to_the_bot(typed, policy, false), expected);
            // A message that isn't addressed to the bot stays.
            let unaddressed = judge(&plain(typed), US, Visibility::OnlyMentions, policy);
            assert!(
                !matches!(unaddressed, RelayVerdict::Leaves { .. } | RelayVerdict::Command(_)),
                "{typed:?}"
            );
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

/// Markup, text, the people whom Webex lists as mentioned, and the verdict with a person's token.
#[test]
fn a_mention_of_somebody_else_keeps_a_message_in_the_space() {
    let us = || vec![US.id.to_owned()];
    let anna = || vec![ANNA.to_owned()];
    let nobody = Vec::new;
    let (here, her) = (at(US.id, "Handbell"), at(ANNA, "Anna"));
    let everybody =
        r#"<spark-mention data-object-type="groupMention" data-group-type="all">All</spark-mention>"#;
    let table: Vec<(String, &str, Vec<String>, &str)> = vec![
        // The mention of Handbell comes first, or the message stays.
        (format!("<p>{here} Hello</p>"), "Handbell Hello", us(), "leaves: Hello"),
        (format!("{here}, Hello"), "Handbell, Hello", us(), "leaves: Hello"),
        (format!("{here}: Hello"), "@handbell: Hello", us(), "leaves: Hello"),
        (format!("{here} :) Hello"), "Handbell :) Hello", us(), "leaves: :) Hello"),
        (format!("{here}{here} Hello"), "Handbell Handbell Hello", us(), "leaves: Hello"),
        (format!("{} Hello", at(US.id, "The Bell")), "The Bell Hello", us(), "leaves: Hello"),
        (format!("{here} Hello"), "Handbell Hello", nobody(), "leaves: Hello"),
        (format!("{here}/claim"), "Handbell/claim", us(), "does: claim"),
        (format!("{here} <b>/w</b> x"), "Handbell /w x", us(), WHISPER),
        (format!("{here}, note: x"), "Handbell, note: x", us(), WHISPER),
        (format!("Hello {here}"), "Hello Handbell", us(), STAYS),
        (format!("{here} ask {here}"), "Handbell ask Handbell", us(), STAYS),
        (format!("Handbell ask {here}"), "Handbell ask Handbell", us(), STAYS),
        (format!("{here} Hello"), "Hello", us(), STAYS),
        ("Handbell Hello".to_owned(), "Handbell Hello", us(), STAYS),
        (String::new(), "Hello Handbell", us(), STAYS),
        (String::new(), "Handbellish Hello", us(), STAYS),
        (String::new(), "Handbell Hello", us(), "leaves: Hello"),
        (String::new(), "Handbell is our name", nobody(), "leaves: Handbell is our name"),
        // A mention of anybody else, wherever it appears.
        (format!("{her} Hello"), "Anna Hello", anna(), MENTION),
        (String::new(), "Anna Hello", anna(), MENTION),
        (format!("{her} Hello"), "Anna Hello", nobody(), MENTION),
        (format!("{here} /reply {her} Hello"), "Handbell /reply Anna Hello", us(), MENTION),
        (format!("{her} /claim"), "Anna /claim", nobody(), MENTION),
        (format!("Hello {everybody}"), "Hello All", nobody(), MENTION),
        ("<SPARK-MENTION data-object-id='x'>x</SPARK-MENTION>".to_owned(), "x", nobody(), MENTION),
        ("Hello <spark-mention".to_owned(), "Hello", nobody(), MENTION),
        ("Hello <spark-mention>Anna</spark-mention>".to_owned(), "Hello Anna", nobody(), MENTION),
        (
            format!(
                "<spark-mention data-object-id={0} data-object-id=\"{ANNA}\">A</spark-mention> Hello",
                US.id
            ),
            "A Hello",
            us(),
            MENTION,
        ),
        (
            "Hello &lt;spark-mention".to_owned(),
            "Hello <spark-mention",
            nobody(),
            "leaves: Hello <spark-mention",
        ),
        // A whisper mark that only the markup shows.
        ("<code>/w</code> x".to_owned(), "x", nobody(), WHISPER),
        ("<p>Hello</p><p>note: x</p>".to_owned(), "Hello note: x", nobody(), WHISPER),
        ("<ul><li>Hello</li><li>&#47;w x</li></ul>".to_owned(), "Hello /w x", nobody(), WHISPER),
        ("<blockquote>Hello</blockquote>&#x2f;w x".to_owned(), "Hello /w x", nobody(), WHISPER),
        ("&bsol;foo x".to_owned(), "foo x", nobody(), "stays: unknown \\foo"),
        ("<b title='>'>private</b>&colon; x".to_owned(), "x", nobody(), WHISPER),
        ("a < b &amp; c > d".to_owned(), "a < b & c > d", nobody(), "leaves: a < b & c > d"),
        // A markup that shows something although there is no text.
        ("<p>Hello</p>".to_owned(), "", nobody(), EMPTY),
    ];
    for (html, text, mentioned_people, expected) in &table {
        let written = PostedMessage { html: Some(html), mentioned_people, ..plain(text) };
        let verdict = judge(&written, US, Visibility::Everything, RelayPolicy::Everything);
        assert_eq!(told(&verdict), *expected, "{html} | {text}");
        let a_bots = judge(&written, US, Visibility::OnlyMentions, RelayPolicy::Everything);
        match mentioned_people.is_empty() && !html.contains(US.id) {
            true => assert!(matches!(a_bots, RelayVerdict::Stays(_)), "{html} | {text}"),
            false => assert_eq!(a_bots, verdict, "{html} | {text}"),
        }
    }
    let groups = PostedMessage { mentioned_groups: &["all".to_owned()], ..plain("/reply Hello") };
    assert_eq!(told(&judge(&groups, US, Visibility::Everything, RelayPolicy::Explicit)), MENTION);
}

#[test]
fn a_mention_may_show_only_the_first_word_of_the_bots_name() {
    let us = OwnAccount { id: US.id, name: "Handbell Support" };
    for text in ["Handbell Hello", "Handbell Support Hello", "@Handbell Hello"] {
        let written = PostedMessage { mentioned_people: &[US.id.to_owned()], ..plain(text) };
        assert_eq!(
            told(&judge(&written, us, Visibility::OnlyMentions, RelayPolicy::Everything)),
            "leaves: Hello"
        );
    }
}

#[test]
fn messages_of_handbell_machines_and_outsiders_stay() {
    let authors = [
        (Author::Ourselves, "stays: echo"),
        (Author::Machine, "stays: machine"),
        (Author::Outsider, "stays: outsider"),
    ];
    for (author, expected) in authors {
        for text in ["Hello", "/reply Hello", "/claim", "/w x"] {
            let written = PostedMessage { author, files: 1, ..plain(text) };
            assert_eq!(told(&judge(&written, US, Visibility::Everything, RelayPolicy::Everything)), expected);
        }
    }
}

#[test]
fn files_go_with_the_text() {
    let table: &[(Option<&str>, &str, &str)] = &[
        (None, "leaves: ", STAYS),
        (Some(" \u{200b}"), "leaves: ", STAYS),
        (Some("Here it is"), "leaves: Here it is", STAYS),
        (Some("/reply"), "leaves: ", "leaves: "),
        (Some("/w look at this"), WHISPER, WHISPER),
        (Some("/claim"), "does: claim", "does: claim"),
    ];
    for (text, everything, explicit) in table {
        for (policy, expected) in [(RelayPolicy::Everything, everything), (RelayPolicy::Explicit, explicit)] {
            let written = PostedMessage { text: *text, files: 2, ..plain("") };
            assert_eq!(told(&judge(&written, US, Visibility::Everything, policy)), **expected, "{text:?}");
            let addressed = format!("Handbell {}", text.unwrap_or_default());
            let written =
                PostedMessage { files: 2, mentioned_people: &[US.id.to_owned()], ..plain(addressed.trim()) };
            assert_eq!(told(&judge(&written, US, Visibility::OnlyMentions, policy)), **expected, "{text:?}");
        }
    }
    let alone = PostedMessage { mentioned_people: &[US.id.to_owned()], ..plain("Handbell") };
    assert_eq!(told(&judge(&alone, US, Visibility::OnlyMentions, RelayPolicy::Everything)), EMPTY);
}

#[test]
fn a_customers_name_has_at_most_sixty_characters() {
    let judged = |name: String| judge(&plain(&name), US, Visibility::Everything, RelayPolicy::Everything);
    let name = "ä".repeat(60);
    assert_eq!(judged(format!("/name {name}")), RelayVerdict::Command(AgentCommand::Name(name.clone())));
    assert_eq!(told(&judged(format!("/name {name}ä"))), "stays: unknown /name");
}

#[test]
fn texts_of_messages_do_not_reach_logs() {
    let written = PostedMessage { html: Some("secret"), ..plain("secret") };
    let verdicts = ["secret", "/name secret", "/close secret", "/canned secret", "/secret"]
        .map(|text| judge(&plain(text), US, Visibility::Everything, RelayPolicy::Everything));
    assert!(!format!("{written:?} {verdicts:?}").contains("secret"));
}

/// Characters that aren't seen, and line ends.
fn nothing() -> impl Strategy<Value = String> {
    let characters = prop::sample::select(vec![
        ' ',
        '\t',
        '\n',
        '\r',
        '\u{85}',
        '\u{a0}',
        '\u{ad}',
        '\u{115f}',
        '\u{180e}',
        '\u{2003}',
        '\u{200b}',
        '\u{200d}',
        '\u{200e}',
        '\u{2028}',
        '\u{202e}',
        '\u{202f}',
        '\u{2060}',
        '\u{2066}',
        '\u{2800}',
        '\u{3000}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{e0041}',
        '>',
        '*',
        '_',
        '-',
        '"',
    ]);
    prop::collection::vec(characters, 0..12).prop_map(String::from_iter)
}

fn whisper_mark() -> impl Strategy<Value = String> {
    let marks = [
        "/w ",
        "/w",
        "/whisper ",
        "／ｗ ",
        "\\w ",
        "whisper:",
        "note:",
        "Note :",
        "PRIVATE:",
        "nоte：",
        "Notes: ",
        "internal: ",
        "private note: ",
        "Note to self: ",
        "note (for Bob): ",
    ];
    prop::sample::select(marks.to_vec()).prop_map(str::to_owned)
}

fn sight() -> impl Strategy<Value = Visibility> {
    prop_oneof![Just(Visibility::Everything), Just(Visibility::OnlyMentions)]
}

fn policy() -> impl Strategy<Value = RelayPolicy> {
    prop_oneof![Just(RelayPolicy::Everything), Just(RelayPolicy::Explicit)]
}

/// Markup made of the pieces that matter.
fn pieces() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "<",
        ">",
        "</",
        "&",
        "&#",
        "&#x2f;",
        "&lt;",
        "=",
        "\"",
        "'",
        "<p>",
        "<br>",
        "<spark-mention ",
        "</spark-mention>",
        "data-object-id=",
        "us",
        "Handbell",
        "/",
        "/w",
        "/reply ",
        "note",
        ":",
        "@",
        "\u{200b}",
        "\u{301}",
        "1.",
        "a)",
        "ノ",
    ])
    .prop_map(str::to_owned);
    prop::collection::vec(prop_oneof![known, any::<String>()], 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(chance(512))]

    #[test]
    fn nothing_panics(
        text in prop::option::of(pieces()), html in prop::option::of(pieces()), files in 0_usize..3, name in pieces(),
        mentioned in any::<bool>(), sight in sight(), policy in policy(),
    ) {
        let mentioned_people = if mentioned { vec!["us".to_owned()] } else { vec![] };
        let written = PostedMessage {
            text: text.as_deref(), html: html.as_deref(), files, mentioned_people: &mentioned_people, mentioned_groups: &[],
            author: Author::Person,
        };
        let _ = judge(&written, OwnAccount { id: "us", name: &name }, sight, policy);
    }

    #[test]
    fn no_whisper_goes_out(
        before in nothing(), mark in whisper_mark(), after in any::<String>(), earlier in prop::option::of("[a-z ]{0,9}"),
        files in 0_usize..2, sight in sight(), policy in policy(), mentioned in any::<bool>(),
    ) {
        let whisper = format!("{}{before}{mark}{after}", earlier.map(|line| line + "\n").unwrap_or_default());
        let us = [US.id.to_owned()];
        let (text, mentioned_people) =
            if mentioned { (format!("Handbell {whisper}"), &us[..]) } else { (whisper, &[][..]) };
        let written = PostedMessage { files, mentioned_people, ..plain(&text) };
        let verdict = judge(&written, US, sight, policy);
        prop_assert!(!matches!(verdict, RelayVerdict::Leaves { .. }), "{text:?}");
        // Not even if only the markup shows it.
        let html = escaped(&text);
        let written = PostedMessage { html: Some(&html), files, ..plain("Hello") };
        prop_assert!(!matches!(judge(&written, US, sight, policy), RelayVerdict::Leaves { .. }), "{html:?}");
    }

    #[test]
    fn no_mention_of_others_goes_out(
        text in pieces(), html in pieces(), files in 0_usize..2, where_known in 0..4, also_us in any::<bool>(),
        sight in sight(), policy in policy(), reply in any::<bool>(),
    ) {
        let text = if reply { format!("/reply {text}") } else { text };
        let mut people = if also_us { vec![US.id.to_owned()] } else { vec![] };
        let mut groups = vec![];
        let mut html = html;
        match where_known {
            0 => people.push(ANNA.to_owned()),
            1 => groups.push("all".to_owned()),
            2 => html.insert_str(0, &at(ANNA, "Anna")),
            _ => html = format!("{}{}", escaped(&html), at(ANNA, "Anna")),
        }
        let written = PostedMessage {
            html: Some(&html), files, mentioned_people: &people, mentioned_groups: &groups, ..plain(&text)
        };
        let verdict = judge(&written, US, sight, policy);
        prop_assert_eq!(verdict, RelayVerdict::Stays(KeptReason::Mention));
    }

    #[test]
    fn ordinary_text_goes_out_unchanged(text in "[A-Za-z][A-Za-z0-9 ,.!?äöü€]{0,60}[a-z.!?]") {
        let verdict = judge(&plain(&text), US, Visibility::Everything, RelayPolicy::Everything);
        prop_assert_eq!(&verdict, &RelayVerdict::Leaves { text: text.clone() });
        prop_assert_eq!(to_the_bot(&text, RelayPolicy::Everything, true), verdict);
    }
}
