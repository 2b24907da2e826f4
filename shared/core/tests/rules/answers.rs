//! Answers by text in the shapes in which people send them.

use handbell_core::incident::command::{IncidentSelector, MessageAuthor, WrittenCommand, parse, parse_from};
use jiff::SignedDuration;
use proptest::prelude::*;

use crate::house::chance;
use WrittenCommand::{Acknowledge, Cannot, Confirm, Done, Escalate, EscalateTo, Snooze, Who};

type Meaning = Option<(WrittenCommand, IncidentSelector)>;

fn only(asked: WrittenCommand) -> Meaning {
    Some((asked, IncidentSelector::Only))
}

fn number(asked: WrittenCommand, number: u16) -> Meaning {
    Some((asked, IncidentSelector::Number(number)))
}

fn snooze(minutes: i64) -> WrittenCommand {
    Snooze(SignedDuration::from_mins(minutes))
}

fn dana() -> MessageAuthor<'static> {
    MessageAuthor { name: Some("Dana Diaz"), ..MessageAuthor::default() }
}

#[track_caller]
fn all(texts: &[&str], wanted: &Meaning) {
    for text in texts {
        assert_eq!(&parse(text), wanted, "{text:?}");
    }
}

#[track_caller]
fn by_dana(texts: &[&str], wanted: &Meaning) {
    for text in texts {
        assert_eq!(&parse_from(text, &dana()), wanted, "{text:?}");
    }
}

#[test]
fn everyday_answers_acknowledge() {
    let texts = [
        "Acknowledged",
        "Acked",
        "Okay",
        "K",
        "k.",
        "kk",
        "y",
        "Y!",
        "yep",
        "Yup",
        "yeah",
        "I've got it",
        "I’ve got it!",
        "ive got it",
        "I got it",
        "we've got this",
        "Im on it",
        "I am on it",
        "i'm on this",
        "on my way",
        "I'm on my way.",
        "omw",
        "I'll take it",
        "I will take it",
        "taking it",
        "I'm handling it",
        "looking into it",
        "I'm looking",
        "working on it",
        "it's mine",
        "Roger that",
        "copy",
        "will do",
        "I do",
        "I acknowledge",
        "I acked it",
        "ok, on it",
        "Yes, I have it",
        "OK got it",
        "Ack, on my way",
        "ack it",
    ];
    all(&texts, &only(Acknowledge));
}

#[test]
fn emoji_acknowledge_or_change_nothing() {
    all(&["👍", "👍🏽", "👍👍", "👌", "✅", "✔️", "🆗", "🫡"], &only(Acknowledge));
    all(&["ack 👍", "👍 ack", "ack🙏", "ok 🙂", "on it 💪", "Got it 🏃‍♂️", "yes 👍"], &only(Acknowledge));
    all(&["done 👍", "done ✅", "Fixed 🎉"], &only(Done));
    all(
        &["👎", "❌", "🤔", "ok 🤔", "ack ❓", "ack ⁉️", "ack ❌", "ok 👎", "🤷", "ack ⏳", "can't 👍"],
        &None,
    );
}

#[test]
fn punctuation_quotes_and_formatting_characters_change_nothing() {
    let texts = [
        "\"ack\"",
        "“ack”",
        "'ack'",
        "‘Ack’",
        "«ack»",
        "ack:",
        "ack,",
        "ack;",
        "(ack)",
        "[ack]",
        "*ack*",
        "_ack_",
        "> ack",
        "- ack",
        "ａｃｋ",
        "ACK\u{200b}",
        "\u{feff}ack",
        "a\u{ad}ck",
        "\u{202a}ack\u{202c}",
        "ack\u{fe0f}",
        "{ack}",
    ];
    all(&texts, &only(Acknowledge));
}

#[test]
fn courtesies_change_nothing() {
    all(
        &[
            "ack pls",
            "please ack",
            "Ack. Thx",
            "ack, thanks!",
            "Thank you, got it",
            "Hi, ack",
            "Hello team. On it",
            "ack now",
            "ok thx",
        ],
        &only(Acknowledge),
    );
    all(&["snooze 2h please", "pls snooze 2h"], &only(snooze(120)));
    all(&["escalate please", "escalate now", "next pls", "escalate it", "Escalate. Thanks"], &only(Escalate));
    all(&["thx", "thanks", "please", "hi", "all", "for", "incident", "now"], &None);
}

#[test]
fn a_signature_below_or_after_the_command_changes_nothing() {
    let signed = [
        "Ack\n\nSent from my iPhone",
        "Ack\n-- \nDana Diaz\nIf this isn't for you, do not read it.",
        "Ack\r\n--\r\nDana",
        "ack\n___\nwhatever this says",
        "Ack\nVon meinem iPhone gesendet",
        "Ack\nEnvoyé de mon iPhone",
        "ack\nThx",
        "ack\nGet Outlook for iOS",
        "Ack\nDana Diaz",
        "Ack\n\nDana Diaz\nExample Inc.\n+1 202-555-0111",
        "ack\n-Dana",
        "Ack\nBest regards\nDana Diaz",
    ];
    all(&signed, &only(Acknowledge));
    by_dana(&signed, &only(Acknowledge));
    by_dana(
        &[
            "Ack\nDana",
            "ack\ndana",
            "Ack. Dana",
            "Ack - Dana",
            "ack, Dana Diaz",
            "Ack -DD",
            "Ack\nD.",
            "Dana: ack",
            "Ack\nDana Diaz\nSenior Engineer, Operations",
            "Ack\nThanks, Dana",
            "Ack\nDana Maria Diaz",
            "Acknowledged.\n\nBest,\nDana",
            "Ack\nMit freundlichen Grüßen\nDana Diaz",
        ],
        &only(Acknowledge),
    );
    by_dana(&["escalate\nDana", "Escalate. Dana"], &only(Escalate));
    let unsigned = [
        "Ack\nEli",
        "Ack. Tomorrow",
        "ok\nlater",
        "Ok\nTomorrow",
        "ok\nBusy",
        "I have it.\nBut I can't fix it",
        "ack\nnot yet",
        "ok\nDana can't",
        "Ack\nDana, not me",
        "Ok\nDriving",
        "ack\nor not",
        "yes\nno",
    ];
    by_dana(&unsigned, &None);
    all(&["Ok\nNot Me", "Ok\nCall Me Later", "Ack\nTomorrow", "Ack\nIs It Down?"], &None);
}

#[test]
fn the_number_stands_before_or_after_and_alone() {
    all(
        &[
            "421 ack",
            "421: ack",
            "ack:421",
            "ack-421",
            "ack - 421",
            "ack #421",
            "#421 ack",
            "421ack",
            "421",
            "421.",
            "#421",
            "ok 421",
            "421 👍",
            "incident 421 ack",
            "ack incident 421",
            "ack, 421 please",
            "ack -421",
            "{421} ack",
            "ack nr. 421",
            "ack ４２１",
            "yes, 421",
            "421 on it",
        ],
        &number(Acknowledge, 421),
    );
    all(&["421 done", "done: 421", "done-421", "421 fixed"], &number(Done, 421));
    all(&["421 can't", "can't: 421"], &number(Cannot, 421));
    all(&["42 ack"], &number(Acknowledge, 42));
    all(
        &["42", "7", "1", "1️⃣", "421 422", "ack 421 422", "4211", "ack 421?", "421?", "4.21", "ack 0"],
        &None,
    );
}

#[test]
fn the_reference_stands_before_or_after_with_or_without_the_number() {
    let wanted = Some((Acknowledge, IncidentSelector::Reference("H-4JCW".to_owned())));
    all(
        &[
            "ack H-4JCW 102",
            "ack 102 H-4JCW",
            "H-4JCW ack",
            "H-4JCW 102 ack",
            "ack H‑4JCW",
            "ack: (H-4JCW.2.1)",
            "H-4JCW",
            "ack h–4jcw 👍",
            "ack \"H-4JCW\"",
        ],
        &wanted,
    );
    all(&["ack H-4JCW H-7K3Q", "ack H-4JCW 102 103", "H-4JCW?"], &None);
}

#[test]
fn all_names_every_incident() {
    all(
        &["ack all", "all ack", "ack both", "ack all of them", "yes all", "ack all 👍", "Ack all."],
        &Some((Acknowledge, IncidentSelector::All)),
    );
    all(&["done all"], &Some((Done, IncidentSelector::All)));
    all(&["all done"], &only(Done));
    all(&["ack all 421", "ack all H-4JCW", "ack all?", "all"], &None);
}

#[test]
fn the_plain_yes_of_many_languages_acknowledges() {
    let texts = [
        "ja", "Ja!", "jawohl", "oui", "Oui.", "sí", "si", "Sì", "sim", "evet", "da", "Да", "joo", "はい",
        "네", "ja 👍",
    ];
    all(&texts, &only(Acknowledge));
    all(&["ja 421", "oui 421", "421 sí"], &number(Acknowledge, 421));
    let speaks = |language| MessageAuthor { language: Some(language), ..MessageAuthor::default() };
    assert_eq!(parse_from("tak", &speaks("pl-PL")), only(Acknowledge));
    assert_eq!(parse_from("igen", &speaks("hu")), only(Acknowledge));
    assert_eq!(parse_from("tak", &speaks("da-DK")), None, "Danish for thanks");
    all(&["tak", "nein", "non", "nej", "não", "нет", "ja?", "nein ja", "oui non"], &None);
}

#[test]
fn declines_ends_and_questions_have_everyday_shapes_too() {
    all(
        &[
            "cant",
            "Cant.",
            "i cant take it",
            "can't do it",
            "I cannot take this",
            "can not",
            "can't right now",
            "unable",
            "Sent\u{200b}",
        ][..8],
        &only(Cannot),
    );
    all(&["it's fixed", "it is resolved", "fixed it", "all fixed", "Done, thanks"], &only(Done));
    all(&["I'm still on it", "still working on it", "yes, still on it"], &only(Confirm));
    all(&["who has it?", "who's on it", "Who is on call?", "whos got it"], &only(Who));
}

#[test]
fn a_snooze_is_for_a_length_of_time_in_words() {
    all(
        &["snooze for 30m", "snooze 30 mins", "snooze half an hour", "snooze for half an hour", "30m snooze"],
        &only(snooze(30)),
    );
    all(&["snooze an hour", "snooze 1 hour", "snooze for one hour", "snooze 1 hr"], &only(snooze(60)));
    all(
        &["snooze 1h 30m", "snooze 1 hour 30 minutes", "snooze 90", "snooze 1.5h", "snooze for 1,5h"],
        &only(snooze(90)),
    );
    all(&["snooze a quarter of an hour", "snooze fifteen minutes"], &only(snooze(15)));
    all(&["421 snooze for 30m", "snooze for 30m 421"], &number(snooze(30), 421));
    all(
        &[
            "snooze for",
            "snooze for ever",
            "snooze 25 hours",
            "snooze 30m?",
            "30m",
            "ack 30m",
            "ok 10 min",
            "ok in 10",
        ],
        &None,
    );
}

#[test]
fn a_negation_a_question_and_a_sentence_are_no_acknowledgement() {
    let texts = [
        "no",
        "not ok",
        "nope",
        "no way",
        "can't ack",
        "cannot ack",
        "don't ack",
        "no ack",
        "not acked",
        "not mine",
        "not on it",
        "I haven't got it",
        "I don't have it",
        "yes but no",
        "ack?",
        "is it acked?",
        "is it acked",
        "acked?",
        "who acked it",
        "did you ack",
        "has Eli acked",
        "Eli has it",
        "he's on it",
        "are you on it",
        "someone on it",
        "on it?",
        "ok?",
        "k?",
        "👍?",
        "is that ok",
        "not sure",
        "I can't say yes",
        "never mind",
        "ok, but tomorrow",
        "ack when I'm home",
        "take it",
        "working",
        "you take it",
        "Eli can take it",
        "should I ack",
        "I would ack",
        "I will not ack",
        "yes can't",
        "ack done",
        "ack, can't",
        "ok then what",
        "got it wrong",
        "it's not mine",
        "no problem",
        "yes and no",
        "ack or not",
    ];
    for text in texts {
        let found = parse(text);
        assert_ne!(found.as_ref().map(|(asked, _)| asked), Some(&Acknowledge), "{text:?}");
    }
}

#[test]
fn words_overheard_between_people_are_no_answer() {
    let overheard = MessageAuthor { overheard: true, ..dana() };
    for text in [
        "ok",
        "yes",
        "K",
        "👍",
        "ja",
        "421",
        "H-4JCW",
        "got it",
        "on my way",
        "looking",
        "ok, ack",
        "will do",
        "it's fixed",
        "✅",
    ] {
        assert!(parse(text).is_some(), "{text:?}");
        assert_eq!(parse_from(text, &overheard), None, "{text:?}");
    }
    for (text, asked) in [
        ("ack", Acknowledge),
        ("I have it", Acknowledge),
        ("on it 👀", Acknowledge.clone()),
        ("Ack, thanks", Acknowledge),
        ("mine", Acknowledge),
        ("done", Done),
        ("I can't", Cannot),
        ("esc", Escalate),
        ("snooze", snooze(30)),
        ("who", Who),
    ] {
        let found = parse_from(text, &overheard);
        let wanted = if text.contains('👀') { only(Acknowledge) } else { only(asked) };
        assert_eq!(found, wanted, "{text:?}");
    }
}

#[test]
fn a_name_is_no_negation() {
    for name in ["Nina No", "Never Later", "Nils But"] {
        let author = MessageAuthor { name: Some(name), ..MessageAuthor::default() };
        for text in ["ok no", "ack n", "ok. Never", "yes but", "ack\nNo", "ok later"] {
            assert_eq!(parse_from(text, &author), None, "{name}: {text:?}");
        }
    }
}

#[test]
fn the_name_of_a_step_is_one_word_with_its_dashes() {
    let to = |name: &str| only(EscalateTo(name.to_owned()));
    assert_eq!(parse("escalate second-line"), to("second-line"));
    assert_eq!(parse("esc to tier2, please"), to("tier2"));
    assert_eq!(parse("escalate all"), to("all"));
    assert_eq!(parse("esc to \"network\""), to("network"));
    assert_eq!(parse("escalate incident 421"), number(Escalate, 421));
    assert_eq!(parse_from("escalate dana", &dana()), to("dana"));
}

proptest! {
    #![proptest_config(chance(2000))]

    /// No word in front of or behind an answer turns it into an acknowledgement that contains a negation.
    #[test]
    fn a_negation_anywhere_is_no_acknowledgement(
        answer in "(ack|ok|yes|got it|on it|I have it|👍|421|ja|on my way)",
        negation in "(no|not|nope|never|don't|won't|can't|cannot|nein|non|isn't|hardly|neither)",
        joint in "( |, |\\. |\n| - )",
        before in any::<bool>(),
    ) {
        let text = if before { format!("{negation}{joint}{answer}") } else { format!("{answer}{joint}{negation}") };
        for author in [MessageAuthor::default(), dana()] {
            let found = parse_from(&text, &author);
            prop_assert!(found.as_ref().is_none_or(|(asked, _)| *asked != Acknowledge), "{:?} {:?}", text, found);
        }
    }

    /// Dressed in courtesies, punctuation, emoji and formatting characters, a command means the same.
    #[test]
    fn a_dressed_command_means_the_same(
        command in "(ack|acked|okay|got it|can't|done|esc|who|snooze 2h|on it|421|ack 421|421 done)",
        before in "(|\"|'|hi, |please |\u{200b}|🙏 |\\(|> )",
        after in "(|\"|'|!|, thanks| pls|\\. Thx| 🙏|\u{feff}|\\)|\nSent from my iPhone|\n-- \nEli, not Dana)",
    ) {
        prop_assert_eq!(parse(&format!("{before}{command}{after}")), parse(&command));
    }
}
