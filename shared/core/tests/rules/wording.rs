//! Every sentence, word for word; and data that tries to format, link or mention.

use handbell_core::config::Plan;
use handbell_core::delivery::DeliveryId::{self, Numbered};
use handbell_core::delivery::{
    Content, Delivery, DirectMessage, Invitation, Message, Progress, Receipt, SpaceMessage,
};
use handbell_core::incident::{Attribution, Phase};
use handbell_core::wording::{self, Values, escape_markdown, plain};
use insta::assert_snapshot;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use crate::deliveries::{call, dispatch, sms};
use crate::house::{House, chance, morning, words};

fn dana() -> Attribution {
    Attribution { who: "dana_1@example.com".to_owned(), at: morning() }
}

fn after(seconds: i64) -> Timestamp {
    morning() + SignedDuration::from_secs(seconds)
}

fn plan() -> Plan {
    let plan = json!({
        "space": { "title": "{button} {incident} {time}", "reuse": "per-incident" },
        "steps": [
            { "post": { "markdown": "# {button}\n\nPressed {count} times since {time}. {unknown}\n", "file": "files/a.png", "label": "Status of {button}" } },
            {
                "sms": [{ "to": ["+352691496401"], "text": "{button}: come, {incident}.\n" }],
                "call": [{ "to": ["+352691496402"], "say": "{button} was pressed {count} times. It is {time}." }],
                "post": { "file": "files/form.pdf" },
            },
        ],
    });
    serde_json::from_value(plan).expect("a plan")
}

#[test]
fn posts_word_for_word() {
    let words = words();
    assert_snapshot!(wording::button_label(&words), @"the button Green power");
    assert_snapshot!(wording::phone_label("+352691496401"), @"+352691496401 (by phone)");
    assert_snapshot!(wording::pressed_again(6, &words), @"**Green power** was pressed again, the 6th time.");
    assert_snapshot!(wording::pressed_after_acknowledgement(3, &dana(), &words), @r"**Green power** was pressed again, the 3rd time, although dana\_1@example.com had acknowledged at 08:00.");
    assert_snapshot!(wording::late(morning(), after(400), &words), @"A late press of **Green power**: made at 08:00, 6 min ago, and only received now. It takes no step; press again if help is still needed.");
    assert_snapshot!(wording::nobody_answered(morning(), &words), @"Nobody has acknowledged since 08:00. The next step is taken.");
    assert_snapshot!(wording::wanted_next(&wording::phone_label("+352691496401"), &words), @r"+352691496401 \(by phone\) asked for the next step.");
    assert_snapshot!(wording::acknowledged(&dana(), &words), @r"✅ **dana\_1@example.com** has it since 08:00.");
    assert_snapshot!(wording::cancelled(&dana(), &words), @r"Cancelled by dana\_1@example.com at 08:00. No help is needed.");
    assert_snapshot!(wording::resolved(&dana(), &words), @r"Resolved by dana\_1@example.com at 08:00.");
}

#[test]
fn the_time_since_an_event_is_shown() {
    let ago = |seconds| {
        wording::late(morning(), after(seconds), &words())
            .split(", ")
            .nth(1)
            .map(str::to_owned)
            .unwrap_or_default()
    };
    let all = [0, 119, 120, 7199, 7200, 172_799, 172_800, 864_000].map(ago);
    assert_eq!(
        all,
        [
            "0 s ago",
            "119 s ago",
            "2 min ago",
            "119 min ago",
            "2 h ago",
            "47 h ago",
            "2 days ago",
            "10 days ago"
        ]
    );
}

#[test]
fn ordinals() {
    let ordinal = |number| {
        wording::pressed_again(number, &words()).rsplit(' ').nth(1).map(str::to_owned).unwrap_or_default()
    };
    for number in 1..=113_u64 {
        let ending = match number {
            11..=13 | 111..=113 => "th",
            _ if number % 10 == 1 => "st",
            _ if number % 10 == 2 => "nd",
            _ if number % 10 == 3 => "rd",
            _ => "th",
        };
        assert_eq!(ordinal(number), format!("{number}{ending}"));
    }
    assert_eq!(
        [1, 2, 3, 4, 11, 21, 101, 112].map(ordinal),
        ["1st", "2nd", "3rd", "4th", "11th", "21st", "101st", "112th"]
    );
}

#[test]
fn a_plans_texts_are_filled_in() {
    let (plan, dispatch, words) = (plan(), dispatch([sms(), call()]), words());
    let content = |step| Content::Step { step, item: 0 };
    assert_snapshot!(wording::space_title(&plan, &dispatch, &words), @"Green power H-1JV6 2026-03-02 08:00");
    assert_snapshot!(wording::post(&content(1), Some(&plan), &dispatch, &words), @"
        # Green power

        Pressed 2 times since 08:00. {unknown}

        📎 *Status of Green power*
        ");
    assert_snapshot!(wording::post(&content(2), Some(&plan), &dispatch, &words), @"");
    assert_snapshot!(wording::sms(&content(2), Some(&plan), &dispatch, &words, "H-1234.2.0"), @"Green power: come, H-1JV6. (H-1234.2.0)");
    let own = Content::Text("Own {words}".to_owned());
    assert_eq!(wording::post(&own, Some(&plan), &dispatch, &words), "Own {words}");
    assert_eq!(wording::sms(&own, Some(&plan), &dispatch, &words, "H-1234.2.0"), "Own {words} (H-1234.2.0)");
    assert_eq!(
        wording::post(&content(7), Some(&plan), &dispatch, &words),
        "",
        "a step that the plan doesn't have"
    );
    assert_eq!(wording::post(&content(0), Some(&plan), &dispatch, &words), "");
}

#[test]
fn a_post_ends_with_its_reference_tag() {
    assert_snapshot!(wording::tagged_post("Words", "H-1234.2.0"), @"
        Words

        `H-1234.2.0`
        ");
    assert_snapshot!(wording::tagged_post("", "H-1234.2.0"), @"`H-1234.2.0`");
}

#[test]
fn a_call_speaks_of_the_incident_as_it_is_when_it_is_answered() {
    let mut house =
        House::with(json!({ "space": { "title": "A" }, "steps": [{ "post": { "markdown": "A" } }] }));
    house.press();
    let content = Content::Step { step: 2, item: 0 };
    let spoken =
        |house: &House| wording::spoken(&content, Some(&plan()), house.incident(), &words(), after(600));
    assert_snapshot!(spoken(&house), @"Green power was pressed 1 times. It is 08:10.");
    house.press();
    assert_snapshot!(spoken(&house), @"Green power was pressed 2 times. It is 08:10.");
}

#[test]
fn a_call_says_that_nobody_is_needed_any_more() {
    let mut house =
        House::with(json!({ "space": { "title": "A" }, "steps": [{ "post": { "markdown": "A" } }] }));
    house.press();
    let over = |house: &House| wording::spoken_when_over(house.incident(), &words());
    assert_eq!(over(&house), None);
    house.acknowledge("dana");
    assert_snapshot!(over(&house).unwrap_or_default(), @"This is Handbell. dana has it since 08:00. You are not needed. Goodbye.");
    for phase in [Phase::Resolved, Phase::Cancelled, Phase::Lapsed] {
        house.state.iter_mut().for_each(|incident| incident.phase = phase);
        assert_eq!(
            over(&house).as_deref(),
            Some("This is Handbell. The incident is over. You are not needed. Goodbye.")
        );
    }
}

#[test]
fn spoken_texts_word_for_word() {
    assert_snapshot!([wording::KEYS, wording::YOU_HAVE_IT, wording::NEXT_STEP, wording::NO_NEXT_STEP, wording::NOT_KNOWN].join("\n"), @"
        Press 1 if you have it. Press 2 for the next step now. Press 9 to hear this again.
        Thank you. You have it. The others are told. Goodbye.
        The next step is taken now. Goodbye.
        There is no further step to take, or somebody was faster. Goodbye.
        This is Handbell. There is no incident for this call. Goodbye.
        ");
}

fn receipt(status: &str, code: Option<u32>) -> Receipt {
    Receipt { why: None, rank: 1, status: status.into(), code, id: "id".to_owned(), last: false }
}

#[test]
fn the_delivery_summary_shows_each_state_of_a_delivery() {
    let mut lines = String::new();
    for progress in
        [Progress::Pending, Progress::Unknown, Progress::Sent, Progress::Dead, Progress::Cancelled]
    {
        for why in [None, Some("the number is *not* valid")] {
            let mut dispatch = dispatch([sms()]);
            let delivery = dispatch.deliveries.get_mut(&Numbered(0)).expect("it is there");
            delivery.progress = progress;
            delivery.why = why.map(str::to_owned);
            let line = wording::delivery_summary(&dispatch).unwrap_or_default();
            lines += &format!("{progress:?} {}: {}\n", why.is_some(), line.trim_end());
        }
    }
    assert_snapshot!(lines, @r"
        Pending false: SMS to +352691496401: about to be sent
        Pending true: SMS to +352691496401: will be tried again: the number is \*not\* valid
        Unknown false: SMS to +352691496401: not certain yet, being looked up
        Unknown true: SMS to +352691496401: not certain yet, being looked up
        Sent false: SMS to +352691496401: queued
        Sent true: SMS to +352691496401: queued
        Dead false: SMS to +352691496401: ❌ failed:
        Dead true: SMS to +352691496401: ❌ failed: the number is \*not\* valid
        Cancelled false: SMS to +352691496401: not needed any more
        Cancelled true: SMS to +352691496401: not needed any more
        ");
}

#[test]
fn the_delivery_summary_shows_each_vendor_status() {
    let mut lines = String::new();
    for (status, code) in [
        ("queued", None),
        ("sent", None),
        ("delivered", None),
        ("read", None),
        ("undelivered", Some(30003)),
        ("failed", Some(30007)),
        ("failed", None),
        ("ringing", None),
        ("busy", None),
        ("no-answer", None),
        ("in-progress", None),
        ("completed", None),
        ("canceled", None),
        ("<@all> new_word", Some(1)),
    ] {
        for progress in [Progress::Sent, Progress::Dead, Progress::Cancelled] {
            let mut dispatch = dispatch([call()]);
            dispatch.receipts.insert(Numbered(0), receipt(status, code));
            dispatch.deliveries.get_mut(&Numbered(0)).expect("it is there").progress = progress;
            let line = wording::delivery_summary(&dispatch).unwrap_or_default();
            if progress == Progress::Sent {
                lines += &format!("{line}\n");
            } else {
                assert!(
                    lines.ends_with(&format!("{line}\n")),
                    "the vendor's word counts more than ours: {line}"
                );
            }
        }
    }
    assert_snapshot!(lines, @r"
        Call to +352691496402: queued
        Call to +352691496402: sent
        Call to +352691496402: ✅ delivered
        Call to +352691496402: ✅ delivered
        Call to +352691496402: ❌ undelivered (Twilio 30003)
        Call to +352691496402: ❌ failed (Twilio 30007)
        Call to +352691496402: ❌ failed
        Call to +352691496402: ringing
        Call to +352691496402: ❌ busy
        Call to +352691496402: ❌ not answered
        Call to +352691496402: answered
        Call to +352691496402: ✅ answered, call ended
        Call to +352691496402: called off
        Call to +352691496402: &lt;@all&gt; new\_word (Twilio 1)
        ");
}

#[test]
fn the_delivery_summary_has_one_line_for_each_phone_and_each_failure() {
    let invite =
        |email: &str| Message::Space(SpaceMessage::Invite(Invitation::participant(email.parse().unwrap())));
    let content = || Content::Text("Words".to_owned());
    let mut dispatch = dispatch([
        invite("a@example.com"),
        invite("b_c@example.com"),
        Message::Space(SpaceMessage::Post { content: content() }),
        Message::Space(SpaceMessage::Post { content: content() }),
        Message::Direct(DirectMessage { email: "admin@example.com".parse().unwrap(), content: content() }),
        sms(),
        call(),
    ]);
    dispatch
        .deliveries
        .insert(DeliveryId::Summary, Delivery::new(Message::Space(SpaceMessage::DeliverySummary), morning()));
    for id in [Numbered(1), Numbered(3), Numbered(4), DeliveryId::Summary] {
        let delivery = dispatch.deliveries.get_mut(&id).expect("it is there");
        delivery.progress = Progress::Dead;
        delivery.why = Some("why".to_owned());
    }
    let report = wording::delivery_summary(&dispatch).unwrap_or_default();
    assert_snapshot!(report.replace("  \n", " (new line)\n"), @r"
        Adding b\_c@example.com: ❌ failed: why (new line)
        A post: ❌ failed: why (new line)
        Message to admin@example.com: ❌ failed: why (new line)
        SMS to +352691496401: about to be sent (new line)
        Call to +352691496402: about to be sent
        ");
    let failed: Vec<_> = [1, 3, 4].iter().map(|number| &dispatch.deliveries[&Numbered(*number)]).collect();
    assert_snapshot!(wording::not_delivered(&dispatch, &failed), @"Handbell could not deliver for incident H-1JV6: Adding b_c@example.com: ❌ failed: why; A post: ❌ failed: why; Message to admin@example.com: ❌ failed: why");
    assert!(
        failed[0].message == invite("b_c@example.com"),
        "to the admins this is plain text: `b_c`, not `b\\_c`"
    );
}

#[test]
fn there_is_no_delivery_summary_without_a_phone_or_a_failure() {
    let mut dispatch =
        dispatch([Message::Space(SpaceMessage::Post { content: Content::Text("Words".to_owned()) })]);
    assert_eq!(wording::delivery_summary(&dispatch), None);
    dispatch
        .deliveries
        .insert(DeliveryId::Summary, Delivery::new(Message::Space(SpaceMessage::DeliverySummary), morning()));
    assert_eq!(wording::delivery_summary(&dispatch), None);
    dispatch.record(Numbered(0), handbell_core::delivery::Outcome::Sent("id".to_owned()), morning());
    assert_eq!(dispatch.due(morning()), None, "and none is waited for");
}

fn values(button: &str) -> Values {
    Values {
        name: button.to_owned(),
        count: 6,
        time: "08:00".to_owned(),
        incident: "H-1234".to_owned(),
        level: String::new(),
        capacity: String::new(),
        usual: String::new(),
        title: button.to_owned(),
        severity: "",
    }
}

#[test]
fn unknown_placeholders_stay() {
    let fill = |template: &str| values("Green").fill(template, plain);
    for template in [
        "",
        "{",
        "}",
        "{}",
        "{ count }",
        "{Count}",
        "{unknown} {",
        "}{",
        "{{",
        "a { b } c",
        "{button",
        "é{ö}",
    ] {
        assert_eq!(fill(template), template);
    }
    assert_eq!(fill("{button}, {count}, {time}, {incident}"), "Green, 6, 08:00, H-1234");
    assert_eq!(fill("{{count}}"), "{6}");
    assert_eq!(fill("an open { and the {count}th time"), "an open { and the 6th time");
}

#[test]
fn hostile_data_is_escaped_in_markdown() {
    let hostile = "<@all> **{count}**\n# `x` [a](b) ![c](d) ~~e~~ | & \\* <b>";
    assert_snapshot!(values(hostile).fill("{button}", escape_markdown), @r"&lt;@all&gt; \*\*\{count\}\*\* \# \`x\` \[a\]\(b\) \!\[c\]\(d\) \~\~e\~\~ \| &amp; \\\* &lt;b&gt;");
    assert_snapshot!(wording::acknowledged(&Attribution { who: "<@personEmail:a@example.com>".to_owned(), at: morning() }, &words()), @"✅ **&lt;@personEmail:a@example.com&gt;** has it since 08:00.");
}

/// What a reader of markdown sees of escaped text; an error if a character in it does more than be seen.
fn seen(markdown: &str) -> Result<String, String> {
    let mut seen = String::new();
    let mut rest = markdown;
    while let Some(c) = rest.chars().next() {
        let entities = [("&lt;", '<'), ("&gt;", '>'), ("&amp;", '&')];
        if let Some((entity, c)) = entities.into_iter().find(|(entity, _)| rest.starts_with(entity)) {
            seen.push(c);
            rest = &rest[entity.len()..];
        } else if c == '\\' {
            let escaped = rest[1..]
                .chars()
                .next()
                .filter(char::is_ascii_punctuation)
                .ok_or("a backslash before nothing")?;
            seen.push(escaped);
            rest = &rest[2..];
        } else if "<>&`*_{}[]()#~|!\n\r".contains(c) {
            return Err(format!("{c:?} in {markdown:?}"));
        } else {
            seen.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    Ok(seen)
}

/// Any text, with more of the characters that could do harm.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("<@all>".to_owned()),
        Just("<@personEmail:a@example.com|A>".to_owned()),
        Just("{count}".to_owned()),
        Just("{button}".to_owned()),
        Just("```\n".to_owned()),
        Just("\\".to_owned()),
        Just("&lt;@all&gt;".to_owned()),
        "[-<>&`*_{}()#~|!\\\\\\[\\]\\r\\n @a-z]{1,6}",
        ".{0,6}",
    ];
    proptest::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(chance(1000))]

    #[test]
    fn escaped_data_is_shown_unchanged(text in hostile()) {
        let escaped = escape_markdown(&text);
        prop_assert!(!escaped.contains("<@") && !escaped.contains('<'));
        // A control character shows nothing, but what it separates stays apart.
        prop_assert_eq!(seen(&escaped), Ok(text.replace(|c: char| c.is_control(), " ")));
    }

    #[test]
    fn plain_data_stays_on_one_line(text in hostile()) {
        prop_assert_eq!(plain(&text).lines().count(), usize::from(!text.is_empty()));
    }

    /// Each placeholder is replaced by its value, once: what looks like a placeholder within a value stays as it is.
    #[test]
    fn values_never_nest_or_mention(button in hostile(), pieces in proptest::collection::vec(0..9_usize, 0..12)) {
        let values = values(&button);
        let escaped = escape_markdown(&button);
        let known = [
            ("{button}", escaped.as_str()), ("{count}", "6"), ("{time}", "08:00"), ("{incident}", "H-1234"),
            ("{unknown}", "{unknown}"), ("{", "{"), ("}", "}"), (" words ", " words "), ("ü", "ü"),
        ];
        let template: String = pieces.iter().map(|piece| known[*piece].0).collect();
        let wanted: String = pieces.iter().map(|piece| known[*piece].1).collect();
        let filled = values.fill(&template, escape_markdown);
        prop_assert_eq!(&filled, &wanted);
        prop_assert!(!filled.contains('<'));
    }

    /// Whatever the name of a vendor, a person or a button is: no sentence mentions anybody.
    #[test]
    fn no_sentence_mentions_anybody(text in hostile()) {
        let words = wording::Words { name: text.clone(), ..words() };
        let by = Attribution { who: text.clone(), at: morning() };
        let mut failed = dispatch([sms(), Message::Space(SpaceMessage::Rename { title: text.clone() })]);
        for delivery in failed.deliveries.values_mut() {
            delivery.progress = Progress::Dead;
            delivery.why = Some(text.clone());
        }
        let mut heard = dispatch([call()]);
        heard.receipts.insert(Numbered(0), receipt(&text, Some(1)));
        for sentence in [
            wording::pressed_again(2, &words),
            wording::pressed_after_acknowledgement(2, &by, &words),
            wording::late(morning(), after(400), &words),
            wording::wanted_next(&text, &words),
            wording::acknowledged(&by, &words),
            wording::cancelled(&by, &words),
            wording::resolved(&by, &words),
            wording::delivery_summary(&failed).unwrap_or_default(),
            wording::delivery_summary(&heard).unwrap_or_default(),
            wording::post(&Content::Step { step: 1, item: 0 }, Some(&plan()), &heard, &words),
        ] {
            prop_assert!(!sentence.contains('<'), "{}", sentence);
        }
    }
}

#[test]
fn a_long_post_is_cut_but_keeps_its_reference_tag() {
    let mark = "H-1JV6.2.0";
    let end = format!("\n\n`{mark}`");
    for words in ["&".repeat(8000), "é".repeat(8000), "🙂".repeat(3000), format!("a{}", "€".repeat(4000))]
    {
        let post = wording::tagged_post(&words, mark);
        let text = post.strip_suffix(&end).and_then(|text| text.strip_suffix('…')).expect("cut, and marked");
        assert!(post.len() <= 7439, "{} bytes", post.len());
        assert!(post.len() > 7430, "{} bytes: no more is cut than must be", post.len());
        assert!(words.starts_with(text));
    }
    for length in 7400..7500 {
        let words = "&".repeat(length);
        let post = wording::tagged_post(&words, mark);
        assert!(post.len() <= 7439 && post.ends_with(&end), "{length}");
        assert!(post.contains('…') || post.len() == length + end.len(), "{length}");
    }
    assert_eq!(wording::tagged_post("Words", mark), "Words\n\n`H-1JV6.2.0`");
    assert_eq!(wording::tagged_post("", mark), "`H-1JV6.2.0`");
}
