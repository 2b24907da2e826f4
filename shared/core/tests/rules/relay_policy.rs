//! The relay policy: which of an agent's messages go to the customer, which are commands, and which stay.

use handbell_core::conversation::relay_policy::{
    AgentCommand, Author, KeptReason, LineRules, OwnAccount, PostedMessage, RelayPolicy, RelayVerdict,
    Visibility, judge as judge_by, may_name_colleagues,
};
use proptest::prelude::*;

use crate::house::chance;

const US: OwnAccount<'static> = OwnAccount { id: "Y2lzY29zcGFyazovL3VzL1BFT1BMRS91cw", name: "Handbell" };
const ANNA: &str = "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9hbm5h";

/// Judges by the rules of a line without whispers or colleagues of its own.
fn judge(
    written: &PostedMessage<'_>,
    us: OwnAccount<'_>,
    sight: Visibility,
    policy: RelayPolicy,
) -> RelayVerdict {
    judge_by(written, us, sight, LineRules { policy, whispers: &[], colleagues: &[] })
}

const STAYS: &str = "stays: not addressed";
const DOUBT: &str = "stays: doubtful";
const COLLEAGUE: &str = "stays: colleague";
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
    ("Note that we close at six: sharp",        "leaves: Note that we close at six: sharp", STAYS),
    ("Please note: we close at six",            "leaves: Please note: we close at six", STAYS),
    ("private",                                 "leaves: private", STAYS),
    ("Private parking is behind the house",     "leaves: Private parking is behind the house", STAYS),
    ("whisper it to me",                        "leaves: whisper it to me", STAYS),
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
    ("whispers: x",                             WHISPER, WHISPER),
    ("Whispers : x",                            WHISPER, WHISPER),
    // What reads like a whisper stays, and `/reply` sends it.
    ("Note - x",                                DOUBT, STAYS),
    ("note – x",                                DOUBT, STAYS),
    ("NOTE—x",                                  DOUBT, STAYS),
    ("note -- x",                               DOUBT, STAYS),
    ("note > x",                                DOUBT, STAYS),
    ("note | x",                                DOUBT, STAYS),
    ("note; x",                                 DOUBT, STAYS),
    ("note / x",                                DOUBT, STAYS),
    ("note... x",                               DOUBT, STAYS),
    ("note\nhe is odd",                         DOUBT, STAYS),
    ("#note he is odd",                         DOUBT, STAYS),
    ("(note) x",                                DOUBT, STAYS),
    ("[Note] x",                                DOUBT, STAYS),
    ("<private> x",                             DOUBT, STAYS),
    ("{internal} x",                            DOUBT, STAYS),
    ("(notes) x",                               DOUBT, STAYS),
    ("(internal note) x",                       DOUBT, STAYS),
    ("[for internal use] x",                    DOUBT, STAYS),
    ("(w) x",                                   DOUBT, STAYS),
    ("w/ fries",                                DOUBT, STAYS),
    ("w/he is odd",                             DOUBT, STAYS),
    ("w: x",                                    DOUBT, STAYS),
    ("whispers - x",                            DOUBT, STAYS),
    ("FYI note: x",                             DOUBT, STAYS),
    ("fyi, team note: x",                       DOUBT, STAYS),
    ("FYI note - x",                            DOUBT, STAYS),
    ("psst, internal: x",                       DOUBT, STAYS),
    ("note to self he is odd",                  DOUBT, STAYS),
    ("Hello\n(note) he is odd",                 DOUBT, STAYS),
    ("> (nоte) x",                              DOUBT, STAYS),
    ("/reply (note) x",                         "leaves: (note) x", "leaves: (note) x"),
    ("/reply w/ fries",                         "leaves: w/ fries", "leaves: w/ fries"),
    ("Burger w/ fries",                         "leaves: Burger w/ fries", STAYS),
    ("Note-taking is free",                     "leaves: Note-taking is free", STAYS),
    ("Private (for two)",                       "leaves: Private (for two)", STAYS),
    ("(Noted, thank you)",                      "leaves: (Noted, thank you)", STAYS),
    ("Kindly note: we close at six",            "leaves: Kindly note: we close at six", STAYS),
    // An @ that calls somebody stays anywhere, and `/reply` sends it.
    ("He wants a refund, @Bob can you decide?", DOUBT, STAYS),
    ("cc @bob",                                 DOUBT, STAYS),
    ("ask @bob",                                DOUBT, STAYS),
    ("hey @bob he is odd",                      DOUBT, STAYS),
    ("FYI @bob@example.com",                    DOUBT, STAYS),
    ("He is odd (@bob)",                        DOUBT, STAYS),
    ("Hello\nHe is odd, ﹫bob?",                 DOUBT, STAYS),
    ("We follow up with @carol",                DOUBT, STAYS),
    ("Follow us @ourshop, @bob can you check?", DOUBT, STAYS),
    ("Follow us @ourshop",                      "leaves: Follow us @ourshop", STAYS),
    ("Follow us on Instagram: @our_shop!",      "leaves: Follow us on Instagram: @our_shop!", STAYS),
    ("We are @ourshop on Instagram",            "leaves: We are @ourshop on Instagram", STAYS),
    ("10 @ 5 EUR",                              "leaves: 10 @ 5 EUR", STAYS),
    ("10 @5 EUR",                               "leaves: 10 @5 EUR", STAYS),
    ("Meet you @ the shop",                     "leaves: Meet you @ the shop", STAYS),
    ("Bob: can you take this?",                 "leaves: Bob: can you take this?", STAYS),
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
    ("@anna can you look?",                     DOUBT, STAYS),
    ("＠anna can you look?",                    DOUBT, STAYS),
    ("Hello @all",                              DOUBT, STAYS),
    ("Hello <@personEmail:anna@example.com>",   DOUBT, STAYS),
    ("> quoted\n@anna?",                        DOUBT, STAYS),
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
        RelayVerdict::Stays(KeptReason::Colleague) => COLLEAGUE.to_owned(),
        RelayVerdict::Stays(KeptReason::Doubtful) => DOUBT.to_owned(),
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
        AgentCommand::NoReply => "no reply".to_owned(),
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

/// With Bob Smith (bob.smith@example.com), Zoë and 田中 among the colleagues, and `nota:`, `[intern]` and `Notiz` among the whispers.
#[rustfmt::skip]
const OF_THE_LINE: &[(&str, &str)] = &[
    ("He wants a refund, @Bob can you decide?",    COLLEAGUE),
    ("cc @bob",                                    COLLEAGUE),
    ("FYI @bob.smith@example.com",                 COLLEAGUE),
    ("ask @BobSmith",                              COLLEAGUE),
    ("ask @ Bob",                                  COLLEAGUE),
    ("ask @(Bob)",                                 COLLEAGUE),
    ("ask @**Bob**",                               COLLEAGUE),
    ("ask @Smith, please",                         COLLEAGUE),
    ("refund@Bob can you decide?",                 COLLEAGUE),
    ("ask ＠Ｂоb",                                  COLLEAGUE),
    ("ask @B\u{200b}ob",                           COLLEAGUE),
    ("ask @B\0ob",                                 COLLEAGUE),
    ("ask @zoe",                                   COLLEAGUE),
    ("ask @ZOË's desk",                            COLLEAGUE),
    ("@田中さん、お願いします",                       COLLEAGUE),
    ("Follow us @bob",                             COLLEAGUE),
    ("/reply He wants a refund, @Bob can you decide?", COLLEAGUE),
    ("/close @bob knows why",                      "does: close (@bob knows why)"),
    ("Write to bob@example.com",                   "leaves: Write to bob@example.com"),
    ("Write to info@bob.example.com",              "leaves: Write to info@bob.example.com"),
    ("Follow us @bobsleigh",                       "leaves: Follow us @bobsleigh"),
    ("Bob: can you take this?",                    DOUBT),
    ("bob smith: can you take this?",              DOUBT),
    ("**Bob:** can you take this?",                DOUBT),
    ("Bob, can you take this?",                    DOUBT),
    ("Bob - can you take this?",                   DOUBT),
    ("Bob -> can you take this?",                  DOUBT),
    ("[Bob] can you take this?",                   DOUBT),
    ("> You asked when.\nBob: do you know?",       DOUBT),
    ("zoe: do you know?",                          DOUBT),
    ("/reply Bob: your table is free",             "leaves: Bob: your table is free"),
    ("Bob's order is ready",                       "leaves: Bob's order is ready"),
    ("Bobsleigh: 5 EUR",                           "leaves: Bobsleigh: 5 EUR"),
    ("Smith: can be repaired",                     "leaves: Smith: can be repaired"),
    ("Best regards\nBob",                          "leaves: Best regards⏎Bob"),
    ("10 @ 5 EUR",                                 "leaves: 10 @ 5 EUR"),
    ("nota: x",                                    WHISPER),
    ("NOTA : x",                                   WHISPER),
    ("**nota:** x",                                WHISPER),
    ("Hello\n- notа: x",                           WHISPER),
    ("/reply nota: x",                             WHISPER),
    ("[intern] x",                                 WHISPER),
    ("> [Intern] x",                               WHISPER),
    ("intern: x",                                  WHISPER),
    ("Notiz: x",                                   WHISPER),
    ("n\0ota: x",                                  WHISPER),
    ("(nota) x",                                   DOUBT),
    ("Notiz - x",                                  DOUBT),
    ("kurze Notiz: x",                             DOUBT),
    ("Notable: x",                                 "leaves: Notable: x"),
    ("Intern parking is free",                     "leaves: Intern parking is free"),
];

#[test]
fn what_names_a_colleague_or_begins_with_the_lines_own_whisper_word_stays() {
    let whispers = ["nota:", "[intern]", "Notiz"].map(str::to_owned);
    let colleagues = ["Bob Smith", "bob.smith", "Zoë", "田中"].map(str::to_owned);
    let rules = LineRules { policy: RelayPolicy::Everything, whispers: &whispers, colleagues: &colleagues };
    let mut wrong = Vec::new();
    for (typed, expected) in OF_THE_LINE {
        let html = format!("<p>{}</p>", escaped(typed));
        let addressed = format!("Handbell {typed}");
        let to_us = format!("<p>{} {}</p>", at(US.id, "Handbell"), escaped(typed));
        let us = [US.id.to_owned()];
        let views = [
            (plain(typed), Visibility::Everything),
            (PostedMessage { html: Some(&html), ..plain(typed) }, Visibility::Everything),
            (PostedMessage { mentioned_people: &us, ..plain(&addressed) }, Visibility::OnlyMentions),
            (
                PostedMessage { html: Some(&to_us), mentioned_people: &us, ..plain(&addressed) },
                Visibility::OnlyMentions,
            ),
        ];
        for (written, sight) in views {
            let told = told(&judge_by(&written, US, sight, rules));
            if told != *expected {
                wrong.push(format!("{typed:?} {sight:?}: {told:?}, not {expected:?}"));
            }
            assert!(
                may_name_colleagues(&written)
                    || ![COLLEAGUE, DOUBT].contains(expected)
                    || typed.contains("ot"),
                "{typed:?}: the names would not be looked up"
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

/// Markup, the plain text that Webex returns with it, and the text for the phone.
const RENDERED: &[(&str, &str, &str)] = &[
    (
        "<p>See <a href=\"https://example.com/prices?a=1&amp;b=2\">our price list</a>.</p>",
        "See our price list.",
        "See our price list (https://example.com/prices?a=1&b=2).",
    ),
    (
        "<p>See <a href=\"https://example.com/\">https://example.com</a></p>",
        "See https://example.com",
        "See https://example.com",
    ),
    ("<a href='http://example.com'>example.com</a>", "example.com", "example.com"),
    (
        "<a href=\"https://evil.example/\">example.com</a>",
        "example.com",
        "example.com (https://evil.example/)",
    ),
    ("<a href=\"mailto:info@example.com\">info@example.com</a>", "info@example.com", "info@example.com"),
    (
        "Write to <a href=\"mailto:info@example.com\">us</a> or <a href=\"tel:+352691000001\">call</a>",
        "Write to us or call",
        "Write to us (info@example.com) or call (+352691000001)",
    ),
    ("<a href=\"javascript:x\">Hello</a>", "Hello", "Hello"),
    ("<a href=\"https://example.com/a\"></a> Hello", "Hello", "https://example.com/a Hello"),
    ("<ol><li>first</li><li>second</li></ol>", "first second", "1. first⏎2. second"),
    ("<ol start=\"4\"><li>first</li>\n<li>second</li></ol>", "first second", "4. first⏎5. second"),
    (
        "<p>Bring:</p><ul><li>a lamp<ul><li>a bulb</li></ul></li><li><p>a bill</p></li></ul><p>Thanks</p>",
        "Bring: a lamp a bulb a bill Thanks",
        "Bring:⏎⏎- a lamp⏎   - a bulb⏎- a bill⏎⏎Thanks",
    ),
    ("<p><del>10</del> <s>9</s> 8 EUR</p>", "10 9 8 EUR", "~10~ ~9~ 8 EUR"),
    (
        "<blockquote><p>When<br>do you open?</p></blockquote><p>At ten.</p>",
        "When do you open? At ten.",
        "> When⏎> do you open?⏎⏎At ten.",
    ),
    ("<pre><code>a  1\n  b 2\n</code></pre>", "a  1\n  b 2", "a  1⏎  b 2"),
    ("Use <code>a  b</code>", "Use a  b", "Use a  b"),
    ("<p>We open at <strong>9</strong></p>", "We open at 9", "We open at 9"),
    ("<p>One</p><p>Two</p>", "One\nTwo", "One⏎Two"),
    (
        "<p>/reply See <a href=\"https://example.com/p\">this</a></p>",
        "/reply See this",
        "See this (https://example.com/p)",
    ),
];

#[test]
fn what_only_the_markup_says_is_written_for_a_phone() {
    for (html, text, expected) in RENDERED {
        let written = PostedMessage { html: Some(html), ..plain(text) };
        let verdict = judge(&written, US, Visibility::Everything, RelayPolicy::Everything);
        assert_eq!(told(&verdict), format!("leaves: {expected}"), "{html}");
        let (html, text) = (format!("{}: {html}", at(US.id, "Handbell")), format!("Handbell: {text}"));
        let us = [US.id.to_owned()];
        let written = PostedMessage { html: Some(&html), mentioned_people: &us, ..plain(&text) };
        let verdict = judge(&written, US, Visibility::OnlyMentions, RelayPolicy::Everything);
        assert_eq!(told(&verdict), format!("leaves: {expected}"), "{html}");
    }
    // What the phone would show is judged too.
    for html in [
        "<ol><li>Hello</li><li><a href=\"https://x.example\">note</a>: x</li></ol>",
        "<s>Hello</s><p>/w x</p>",
    ] {
        let written = PostedMessage { html: Some(html), ..plain("Hello x") };
        let verdict = judge(&written, US, Visibility::Everything, RelayPolicy::Everything);
        assert!(matches!(verdict, RelayVerdict::Stays(_)), "{html}");
    }
}

#[test]
fn a_control_character_neither_joins_words_nor_hides_a_whisper() {
    let table = [
        ("xx.yy\0live.com", "leaves: xx.yy live.com"),
        ("a\u{7}b\u{1b}c\u{7f}d\u{9f}e", "leaves: a b c d e"),
        ("\0Hello\0", "leaves: Hello"),
        ("n\0ote: x", WHISPER),
        ("/\0w x", WHISPER),
    ];
    for (typed, expected) in table {
        let verdict = judge(&plain(typed), US, Visibility::Everything, RelayPolicy::Everything);
        assert_eq!(told(&verdict), expected, "{typed:?}");
    }
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
