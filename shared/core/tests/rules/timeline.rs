//! Commands in words: by text, by mail and in a space. The callers check that the sender was paged.

use std::collections::BTreeSet;

use handbell_core::incident::command::{Command, CommandChannel, IncidentSelector, WrittenCommand, parse};
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::house::chance;
use WrittenCommand::{Acknowledge, Cancel, Cannot, Confirm, Done, Escalate, EscalateTo, Help, Snooze, Who};

fn only(asked: WrittenCommand) -> Option<(WrittenCommand, IncidentSelector)> {
    Some((asked, IncidentSelector::Only))
}

fn number(asked: WrittenCommand, number: u16) -> Option<(WrittenCommand, IncidentSelector)> {
    Some((asked, IncidentSelector::Number(number)))
}

fn reference(asked: WrittenCommand, name: &str) -> Option<(WrittenCommand, IncidentSelector)> {
    Some((asked, IncidentSelector::Reference(name.to_owned())))
}

fn snooze(minutes: i64) -> WrittenCommand {
    Snooze(SignedDuration::from_mins(minutes))
}

fn to(name: &str) -> WrittenCommand {
    EscalateTo(name.to_owned())
}

#[track_caller]
fn all(texts: &[&str], wanted: &Option<(WrittenCommand, IncidentSelector)>) {
    for text in texts {
        assert_eq!(&parse(text), wanted, "{text:?}");
    }
}

#[test]
fn words_that_acknowledge_are_recognised() {
    let texts = [
        "ack",
        "Ack",
        "ACK",
        "/ack",
        "ack.",
        "ack!",
        "Ack!!",
        "  ack \n",
        "acknowledge",
        "ok",
        "OK",
        "Ok.",
        "yes",
        "Yes!",
        "I have it",
        "i have it.",
        "Got it",
        "got it!",
        "on it",
        "I'm on it",
        "I’m on it",
        "Mine",
        "/mine",
    ];
    all(&texts, &only(Acknowledge));
}

#[test]
fn words_that_decline_are_recognised() {
    all(
        &[
            "I can't",
            "i cant",
            "I can’t.",
            "I cannot",
            "i can not",
            "can't",
            "Can’t",
            "cannot",
            "/cannot",
            "I CAN'T!",
        ],
        &only(Cannot),
    );
}

#[test]
fn words_that_end_an_incident_are_recognised() {
    all(
        &["done", "Done.", "resolve", "resolved", "close", "Closed", "fixed", "Fixed!", "/resolve"],
        &only(Done),
    );
    all(&["cancel", "Cancel.", "false alarm", "False alarm!", "FALSE ALARM"], &only(Cancel));
}

#[test]
fn words_that_confirm_and_ask_are_recognised() {
    all(&["confirm", "still", "Still on it", "still mine.", "I still have it"], &only(Confirm));
    all(&["who", "Who?", "/who"], &only(Who));
    all(&["help", "Help?", "HELP!", "commands", "/help"], &only(Help));
}

#[test]
fn words_that_escalate_are_recognised() {
    all(&["next", "Next!", "next step", "Next step.", "esc", "escalate", "Escalation"], &only(Escalate));
    all(
        &["esc technical", "Escalate Technical", "/escalate TECHNICAL", "escalate to technical."],
        &only(to("technical")),
    );
    all(
        &["esc 123 technical", "esc123 technical", "escalate technical 123", "escalate to technical #123"],
        &number(to("technical"), 123),
    );
    all(&["escalate 123", "next 123", "next #123"], &number(Escalate, 123));
    all(&["esc H-7K3Q technical", "esc technical h-7k3q"], &reference(to("technical"), "H-7K3Q"));
}

#[test]
fn a_snooze_may_have_a_length() {
    all(&["snooze", "Snooze.", "/snooze"], &only(snooze(30)));
    all(&["snooze 45m", "Snooze 45 min", "snooze 45 minutes", "snooze 45", "SNOOZE 45M"], &only(snooze(45)));
    all(&["snooze 2h", "snooze 2 h", "snooze 2 hours", "snooze 120m", "snooze 1h60m"], &only(snooze(120)));
    all(&["snooze 1h30m"], &only(snooze(90)));
    all(&["snooze 24h"], &only(snooze(24 * 60)));
    all(
        &["snooze 123 2h", "snooze 2h 123", "snooze #123 2 hours", "snooze 2h #123", "snooze123 2h"],
        &number(snooze(120), 123),
    );
    all(&["snooze 123"], &number(snooze(30), 123));
    all(&["snooze H-7K3Q 2h", "snooze 2h h-7k3q"], &reference(snooze(120), "H-7K3Q"));
    for text in [
        "snooze 25h",
        "snooze 0m",
        "snooze 0",
        "snooze -5m",
        "snooze forever",
        "snooze 2h 3h",
        "snooze 123 456",
        "snooze it",
        "snooze 3 days",
    ] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

#[test]
fn a_command_may_name_its_incident() {
    all(
        &[
            "ack 123",
            "Ack 123.",
            "ack #123",
            "ack123",
            "ACK123",
            "ok 123",
            "yes 123",
            "got it 123",
            "Mine #123",
        ],
        &number(Acknowledge, 123),
    );
    all(&["ack 7"], &number(Acknowledge, 7));
    all(&["ack 9999"], &number(Acknowledge, 9999));
    all(
        &["ack H-7K3Q", "ack h-7k3q", "ack H-7K3Q.2.1", "ack #H-7K3Q", "ack (H-7K3Q)", "on it H-7K3Q."],
        &reference(Acknowledge, "H-7K3Q"),
    );
    all(&["ack 123 (H-7K3Q.1.0)", "ack 123 H-7K3Q"], &reference(Acknowledge, "H-7K3Q"));
    all(&["can't 123", "I can’t 123", "cannot #123"], &number(Cannot, 123));
    all(&["false alarm 123"], &number(Cancel, 123));
    all(&["still on it 123", "confirm 123", "still 123"], &number(Confirm, 123));
    all(&["next step 123"], &number(Escalate, 123));
    all(&["done 123", "fixed 123"], &number(Done, 123));
    all(&["who 123"], &number(Who, 123));
    for text in [
        "ack 12345",
        "ack 0x1",
        "ack H-7K3",
        "ack H-7K3Q2",
        "ack H-",
        "ack #",
        "ack 123 456",
        "ack -1",
        "42",
        "12345",
        "ack one",
    ] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

#[test]
fn sentences_are_no_commands() {
    let texts = [
        "",
        " ",
        ".",
        "/",
        "?",
        "!",
        "I don't ack",
        "I don't ack this",
        "not ack",
        "don't ack",
        "no ack",
        "ack later",
        "acking",
        "ack, but only until six",
        "I will ack",
        "going to ack later",
        "done with lunch, going to ack later",
        "done soon",
        "almost done",
        "not done",
        "not fixed",
        "closed for lunch",
        "who cares",
        "help is on the way",
        "help me",
        "ok I'll look",
        "ok then",
        "ok but not now",
        "yes and no",
        "yes we have a problem",
        "no",
        "nope",
        "a",
        "a 123",
        "A",
        "I have it on my list",
        "got it wrong",
        "on it's way",
        "mine is broken",
        "can't talk",
        "cannot say",
        "I can't find it",
        "I can't hear you",
        "still broken",
        "still waiting",
        "confirm what",
        "next week",
        "next time ack",
        "escalate to the manager now",
        "false alarm again",
        "a false alarm",
        "cancel my lunch",
        "resolve it",
        "snoozing",
        "who is it",
        "I have it.\nBut I can't fix it",
        "ack ack",
        "ok ok",
        "ackk",
        "yess",
        "mine?",
    ];
    assert!(texts.len() > 60);
    for text in texts {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

#[test]
fn a_question_is_no_command() {
    for text in [
        "ok?",
        "ack?",
        "Ack?!",
        "ack!?",
        "done?",
        "yes?",
        "got it?",
        "mine?",
        "fixed?",
        "false alarm?",
        "cancel?",
        "can't?",
        "next?",
        "snooze 2h?",
        "ack 123?",
        "still on it?",
    ] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

#[test]
fn a_hesitant_answer_is_no_command() {
    for text in ["ok...", "ok…", "ack..", "yes ... ", "done.."] {
        assert_eq!(parse(text), None, "{text:?}");
    }
}

#[test]
fn look_alike_characters_are_no_command() {
    // Cyrillic а and с, Arabic digits, a control character.
    for text in ["аck", "aсk", "ack ١٢٣", "ack\u{0}"] {
        assert_eq!(parse(text), None, "{text:?}");
    }
    assert_eq!(parse("ack\u{a0}123"), number(Acknowledge, 123), "a space is a space");
}

#[test]
fn a_long_text_is_no_command() {
    assert_eq!(parse(&format!("ack{}", " ".repeat(500))), only(Acknowledge), "what only looks long isn't");
    assert_eq!(parse(&format!("escalate {}", "x".repeat(80))), None);
}

#[test]
fn each_command_and_each_channel_has_a_name_of_its_own() {
    let commands = [
        Command::Acknowledge,
        Command::Escalate { step: None },
        Command::EscalateTo { name: String::new() },
        Command::Cannot,
        Command::Snooze { until: jiff::Timestamp::UNIX_EPOCH },
        Command::Confirm,
        Command::Resolve,
        Command::Cancel,
        Command::Note { text: String::new() },
    ];
    assert_eq!(commands.iter().map(Command::name).collect::<BTreeSet<_>>().len(), commands.len());
    let ways = [
        CommandChannel::Button,
        CommandChannel::Card,
        CommandChannel::Space,
        CommandChannel::Phone,
        CommandChannel::Text,
        CommandChannel::Mail,
        CommandChannel::Link,
        CommandChannel::Form,
        CommandChannel::Source,
    ];
    assert_eq!(ways.iter().map(|how| how.phrase()).collect::<BTreeSet<_>>().len(), ways.len());
}

proptest! {
    #![proptest_config(chance(2000))]

    #[test]
    fn no_text_causes_a_panic(text in any::<String>()) {
        parse(&text);
    }

    #[test]
    fn no_text_like_a_command_causes_a_panic(
        text in "(ack|snooze|esc|next|can't|got it|to|for|half|an|hour|h-|#|İ|ß|é|🔔|👍|[0-9]{1,20}|[ \t\n./!?()#-]|[hms]){0,12}",
    ) {
        if let Some((Snooze(length), _)) = parse(&text) {
            prop_assert!(length.is_positive() && length <= SignedDuration::from_hours(24), "{:?}", length);
        }
    }

    /// A text with one word more than the command is no command.
    #[test]
    fn a_command_with_one_more_word_is_none(
        command in "(ack|done|cancel|confirm|got it|false alarm|i can't|ok|yes|next)",
        // A shorter one may be a courtesy or a yes.
        more in "[a-z]{6,12}",
    ) {
        let whole = (command == "next" && more == "step") || more.starts_with("esc");
        prop_assume!(!whole);
        prop_assert_eq!(parse(&format!("{command} {more}")), None);
        prop_assert_eq!(parse(&format!("{more} {command}")), None, "{} {}", more, command);
    }

    #[test]
    fn every_number_and_every_reference_is_recognised(which in 100..1000_u16, name in "[0-9A-HJKMNP-TV-Z]{4}") {
        prop_assert_eq!(parse(&format!("ack {which}")), number(Acknowledge, which));
        prop_assert_eq!(parse(&format!("ack H-{name}")), reference(Acknowledge, &format!("H-{name}")));
        prop_assert_eq!(parse(&format!("snooze {which} 2h")), number(snooze(120), which));
    }
}
