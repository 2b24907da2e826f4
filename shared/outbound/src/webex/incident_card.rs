//! The card of an incident as an Adaptive Card: the problem, who has it, what comes next, and the choices.

use std::borrow::Cow;

use handbell_core::wording::incident::{Colour, IncidentCard};
use serde_json::{Value, json};

use super::actions::plain;
use crate::answer;

/// Maximum number of buttons that a card shows without hiding some (Adaptive Cards, actions).
const CHOICES_MAX: usize = 5;

/// Maximum number of facts. People don't read more, and a card has at most 80 KB (Webex, buttons and cards guide).
const FACTS_MAX: usize = 20;

/// Maximum number of characters of a text on the card.
const TEXT_MAX: usize = 500;

/// Returns the name of a colour in Adaptive Cards.
fn colour_name(colour: Colour) -> &'static str {
    match colour {
        Colour::Attention => "Attention",
        Colour::Warning => "Warning",
        Colour::Accent => "Accent",
        Colour::Good => "Good",
    }
}

/// Returns the card as an Adaptive Card of version 1.3, the latest that Webex shows. A pressed button submits
/// `{"handbell":"incident","incident":"H-7K3Q","epoch":2,"choice":"acknowledge"}`. At most 20 lines and 5 buttons are
/// shown.
pub fn incident_card(card: &IncidentCard) -> Value {
    let mut body = vec![
        json!({ "type": "TextBlock", "text": text(&card.title), "weight": "Bolder", "size": "Medium", "wrap": true }),
        json!({
            "type": "TextBlock", "text": text(&card.state), "color": colour_name(card.colour), "weight": "Bolder", "size": "Large",
            "spacing": "None", "wrap": true,
        }),
    ];
    let lines = card.lines.iter().take(FACTS_MAX);
    let facts: Vec<Value> =
        lines.map(|(title, value)| json!({ "title": text(title), "value": text(value) })).collect();
    if !facts.is_empty() {
        body.push(json!({ "type": "FactSet", "facts": facts }));
    }
    body.push(json!({
        "type": "TextBlock", "text": text(&card.reference), "isSubtle": true, "size": "Small",
        "horizontalAlignment": "Right",
    }));
    let choices = card.choices.iter().take(CHOICES_MAX);
    let actions: Vec<Value> = choices
        .map(|choice| {
            let data = json!({
                "handbell": "incident", "incident": card.reference, "epoch": card.epoch, "choice": choice.name(),
            });
            json!({ "type": "Action.Submit", "title": choice.label(), "data": data })
        })
        .collect();
    json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard", "version": "1.3", "body": body, "actions": actions,
    })
}

/// Returns data as a text of the card.
fn text(data: &str) -> String {
    let line = one_line(data);
    let escaped = plain(&line);
    // Escapes a line that would otherwise be a list item.
    let digits = escaped.bytes().take_while(u8::is_ascii_digit).count();
    let at = match escaped.as_bytes().get(digits) {
        Some(b'-' | b'+' | b'#' | b'>') if digits == 0 => Some(0),
        Some(b'.') if digits > 0 => Some(digits),
        _ => None,
    };
    match at {
        Some(at) => format!("{}\\{}", &escaped[..at], &escaped[at..]),
        None => escaped,
    }
}

fn one_line(data: &str) -> Cow<'_, str> {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let line =
        data.split(breaks).map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    Cow::Owned(answer::cut(&line, TEXT_MAX, |_| 1).into_owned())
}

#[cfg(test)]
mod tests {
    use handbell_core::wording::incident::IncidentChoice;
    use proptest::prelude::*;

    use super::*;

    fn card() -> IncidentCard {
        IncidentCard {
            title: "Help at till 3".into(),
            state: "Nobody has it yet".into(),
            colour: Colour::Attention,
            lines: vec![("Next".into(), "Eli's phone rings at 14:07 unless somebody has it".into())],
            choices: vec![IncidentChoice::Acknowledge, IncidentChoice::Done],
            reference: "H-7K3Q".into(),
            epoch: 2,
        }
    }

    #[test]
    fn a_card_says_who_what_and_what_next() {
        assert_eq!(
            incident_card(&card()),
            json!({
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard", "version": "1.3",
                "body": [
                    { "type": "TextBlock", "text": "Help at till 3", "weight": "Bolder", "size": "Medium", "wrap": true },
                    { "type": "TextBlock", "text": "Nobody has it yet", "color": "Attention", "weight": "Bolder",
                      "size": "Large", "spacing": "None", "wrap": true },
                    { "type": "FactSet", "facts": [
                        { "title": "Next", "value": "Eli's phone rings at 14:07 unless somebody has it" },
                    ] },
                    { "type": "TextBlock", "text": "H-7K3Q", "isSubtle": true, "size": "Small",
                      "horizontalAlignment": "Right" },
                ],
                "actions": [
                    { "type": "Action.Submit", "title": "I have it", "data":
                      { "handbell": "incident", "incident": "H-7K3Q", "epoch": 2, "choice": "acknowledge" } },
                    { "type": "Action.Submit", "title": "Done", "data":
                      { "handbell": "incident", "incident": "H-7K3Q", "epoch": 2, "choice": "done" } },
                ],
            })
        );
        let bare = incident_card(&IncidentCard { lines: vec![], ..card() });
        assert_eq!(bare["body"].as_array().unwrap().len(), 3);
        for (colour, name) in
            [(Colour::Warning, "Warning"), (Colour::Good, "Good"), (Colour::Accent, "Accent")]
        {
            assert_eq!(incident_card(&IncidentCard { colour, ..card() })["body"][1]["color"], name);
        }
    }

    #[test]
    fn data_formats_nothing_and_links_nowhere() {
        for (data, expected) in [
            ("**all** is [fine](https://x)", "\\*\\*all\\*\\* is \\[fine\\]\\(https://x\\)"),
            ("{{DATE(2026-11-21T10:00:00Z)}}", "{{DATE\\(2026-11-21T10:00:00Z\\)}}"),
            ("one\r\n\n- two\u{2028}three", "one - two three"),
            ("- no list", "\\- no list"),
            ("1. no list", "1\\. no list"),
            ("2026 was fine", "2026 was fine"),
            ("# no title", "\\# no title"),
        ] {
            assert_eq!(text(data), expected);
        }
        let nasty = "a*b\r\nc";
        let shown = incident_card(&IncidentCard {
            title: nasty.into(),
            state: nasty.into(),
            lines: vec![(nasty.into(), nasty.into())],
            reference: "H_1".into(),
            ..card()
        });
        for at in ["/body/0/text", "/body/1/text", "/body/2/facts/0/title", "/body/2/facts/0/value"] {
            assert_eq!(shown.pointer(at).unwrap(), "a\\*b c", "{at}");
        }
        assert_eq!(shown["body"][3]["text"], "H\\_1");
        assert_eq!(shown["actions"][0]["data"]["incident"], "H_1", "what comes back is as it was");
    }

    #[test]
    fn too_much_is_left_out() {
        let line = ("*".repeat(10_000), "é".repeat(10_000));
        let much = incident_card(&IncidentCard {
            title: "x".repeat(10_000),
            lines: vec![line; 100],
            choices: vec![IncidentChoice::Cannot; 9],
            ..card()
        });
        assert_eq!(much["actions"].as_array().unwrap().len(), 5);
        assert_eq!(much["body"][2]["facts"].as_array().unwrap().len(), 20);
        assert!(much["body"][0]["text"].as_str().unwrap().ends_with('…'));
        assert!(much.to_string().len() < 80 * 1024);
    }

    proptest! {
        #[test]
        fn data_is_one_line_without_formatting(data in any::<String>()) {
            let shown = text(&data);
            prop_assert!(!shown.contains(char::is_control));
            for c in ['*', '_', '[', '`'] {
                let bare = shown.match_indices(c).any(|(at, _)| !shown[..at].ends_with('\\'));
                prop_assert!(!bare, "{shown}");
            }
        }
    }
}
