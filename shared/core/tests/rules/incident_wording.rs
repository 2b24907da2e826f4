//! Texts about an alert, word for word; and that nothing in a mail can format, link or break anything.

use handbell_core::alert::EXCERPT_MAX;
use handbell_core::config::Severity::{self, Critical, Warning};
use handbell_core::delivery::DeliveryId::Numbered;
use handbell_core::delivery::{Body, Content, Dispatch, DispatchKey, OfIncident};
use handbell_core::incident::command::{Actor, CommandChannel};
use handbell_core::incident::{Attribution, Incident, Phase};
use handbell_core::oncall::Gap;
use handbell_core::wording::incident;
use insta::assert_snapshot;
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::json;

use crate::house::chance;
use crate::night::{Night, form, held, mail, minutes, three_steps};

fn night() -> Night {
    Night::begun()
}

fn dana(how: CommandChannel) -> Actor {
    Actor { who: "dana_1".to_owned(), person: Some("dana".to_owned()), how }
}

fn by(night: &Night) -> Attribution {
    Attribution { who: "dana_1".to_owned(), at: night.now }
}

fn post(text: &str) -> String {
    let mut raised = mail(Critical);
    text.clone_into(&mut raised.text);
    incident::alert_post(&raised, &night().words)
}

#[test]
fn the_first_post_shows_the_alert() {
    let night = night();
    let say = |raised| incident::alert_post(&raised, &night.words);
    assert_snapshot!(say(mail(Critical)), @r"
        🔴 Critical: **db1/disk**

        Reported by Nagios.

        > Only 1 % is free.
        ");
    assert_snapshot!(say(held(Warning, night.now + minutes(300))), @r"
        🟡 Warning: **db1/disk**

        Reported by Nagios. No phone rings before 07:00 (quiet hours).

        > Only 1 % is free.
        ");
    assert_snapshot!(say(form("Kim_1", None)), @r"
        🔴 Critical: **db1/disk**

        Reported by Kim\_1 in Nagios.

        > Only 1 % is free.
        ");
    let mut hostile = mail(Critical);
    hostile.alert.title = "**bold** [x](http://x) <@all> \n# big".to_owned();
    hostile.text = "> quoted\n\n\n\n<@all|all>\n  \n```code```\n".to_owned();
    assert_snapshot!(say(hostile), @r"
        🔴 Critical: **\*\*bold\*\* \[x\]\(http://x\) &lt;@all&gt;  \# big**

        Reported by Nagios.

        > &gt; quoted  
        >   
        > &lt;@all\|all&gt;  
        >   
        > \`\`\`code\`\`\`
        ");
    assert_eq!(post(" \n \n"), "🔴 Critical: **db1/disk**\n\nReported by Nagios.", "nothing was said");
}

#[test]
fn a_long_mail_is_cut_and_not_left_out() {
    let long = "x".repeat(5000);
    let quoted = |text: &str| post(text).split("> ").skip(1).map(str::to_owned).collect::<Vec<_>>().concat();
    let said = quoted(&long);
    assert_eq!(said.matches('x').count(), EXCERPT_MAX, "some machines write all in one line");
    assert!(said.ends_with('…'));
    let lines = "0123456789\n".repeat(1000);
    let said = quoted(&lines);
    assert_eq!(said.matches("0123456789").count(), EXCERPT_MAX / 10);
    assert!(said.ends_with('…'));
    let exactly = "x".repeat(EXCERPT_MAX);
    assert!(!quoted(&exactly).contains('…'));
    assert_eq!(quoted(&"é".repeat(EXCERPT_MAX + 1)).matches('é').count(), EXCERPT_MAX, "signs, not bytes");
}

#[test]
fn a_page_says_what_to_answer() {
    let night = night();
    let key = DispatchKey { subject: night.subject.clone(), epoch: 1, number: 3 };
    let dispatch = Dispatch::new(key, Body::Incident(OfIncident::new("duty", "hash", night.now)), night.now);
    let (name, number) = (night.incident().reference(), night.incident().number());
    let text = incident::page_text("Nagios: db1/disk", &dispatch, &dispatch.reference_tag(Numbered(0)));
    assert_eq!(text, format!("Nagios: db1/disk\nHave it? Answer: ack {number} ({name}.3.0)"));
    assert!((100..1000).contains(&number));
    let long = incident::page_text(&"ü".repeat(5000), &dispatch, "mark");
    assert_eq!(long.matches('ü').count(), 300);
    assert!(long.ends_with(&format!("ack {number} (mark)")), "what to answer is never cut");
}

#[test]
fn a_page_is_spoken_in_its_own_words_if_it_has_any() {
    let mut plan = three_steps();
    plan["steps"][0]["page"] =
        json!([{ "to": [], "text": "{title}" }, { "to": [], "text": "{title}", "say": "Hear: {title}" }]);
    let night = Night::with(plan);
    let page = |page_step, page, spoken| {
        incident::page(&Content::Page { step: page_step, item: page }, &night.plan, spoken).map(str::to_owned)
    };
    assert_eq!(page(1, 0, true).as_deref(), Some("{title}"));
    assert_eq!(page(1, 1, true).as_deref(), Some("Hear: {title}"));
    assert_eq!(page(1, 1, false).as_deref(), Some("{title}"));
    assert_eq!(page(2, 0, false).as_deref(), Some("{source}: {title}"), "if nothing else is said");
    assert_eq!(page(4, 0, false).as_deref(), Some("{source}: {title}"), "a step that has a name");
    for (step, place) in [(0, 0), (1, 2), (5, 0), (u32::MAX, 0)] {
        assert_eq!(page(step, place, false), None);
    }
    assert_eq!(incident::page(&Content::Text("Words".to_owned()), &night.plan, false), None);
}

#[test]
fn a_repeated_alert_is_posted() {
    let night = night();
    assert_snapshot!(incident::again(2, &mail(Critical), false, &night.words), @"Reported again, the 2nd time: db1/disk.");
    assert_snapshot!(incident::again(112, &mail(Severity::Error), true, &night.words), @"Reported again, the 112th time: db1/disk. It is now 🟠 Error.");
}

#[test]
fn timeline_entries_word_for_word() {
    let night = night();
    let until = night.now + minutes(90);
    let by = &dana(CommandChannel::Phone);
    let lines = [
        incident::raised(&mail(Critical).alert, &night.words),
        incident::has_it(by),
        incident::still_has_it(by),
        incident::wants_next(by),
        incident::escalated(by, "technical"),
        incident::cannot(by),
        incident::snoozed(by, until, &night.words),
        incident::ended(Phase::Resolved, by),
        incident::ended(Phase::Cancelled, by),
        incident::noted(by, "It is *only* the backup"),
        incident::escalated_by_time(),
        incident::asked("dana_1"),
        incident::lapsed(true),
        incident::lapsed(false),
        incident::NOBODY_REACHED.to_owned(),
        incident::SNOOZE_OVER.to_owned(),
    ];
    assert_snapshot!(lines.join("\n"), @r"
        Nagios reported: db1/disk
        dana_1 has it
        dana_1 still has it
        dana_1 asked for the next step
        dana_1 escalated to technical
        dana_1 can't
        dana_1 snoozed it until 03:30
        dana_1 resolved it
        dana_1 called it a false alarm
        dana_1: It is *only* the backup
        Nobody had it in time; the next step was taken
        dana_1 was asked: still on it?
        Nobody took it, and nothing more was heard of it. It counts as over.
        Nothing more was heard of it. It counts as over.
        Nobody could be reached: no text was delivered and no call was answered. The next step is taken now.
        The snooze is over, and it isn't resolved.
        ");
}

#[test]
fn posts_word_for_word() {
    let night = night();
    let by = &dana(CommandChannel::Mail);
    let missing = ["somebody of network".to_owned(), "somebody of _x_".to_owned()];
    let lines = [
        incident::escalated_post(by, "tech_1"),
        incident::cannot_post(by),
        incident::note(by, "It is\n*only* <@all> the backup"),
        incident::more_needed(&self::by(&night), &missing, &night.words),
        incident::not_confirmed("dana_1"),
    ];
    assert_snapshot!(lines.join("\n"), @r"
        dana\_1 asked for **tech\_1**.
        **dana\_1** can't. Others are called.
        **dana\_1** (by mail): It is \*only\* &lt;@all&gt; the backup
        ✅ **dana\_1** has it since 02:00. Still needed: somebody of network, somebody of \_x\_.
        dana\_1 has not confirmed. It is open again.
        ");
}

/// The texts of an incident whose reference and number are known.
fn texts(change: impl FnOnce(&mut Incident)) -> String {
    let night = night();
    let mut incident = night.incident().clone();
    change(&mut incident);
    let by = &by(&night);
    let lines = [
        incident::has_it_text(by, &incident, &night.words),
        incident::over_text(Phase::Resolved, by, &incident, &night.words),
        incident::over_text(Phase::Cancelled, by, &incident, &night.words),
        incident::still_on_it_text("dana_1", SignedDuration::from_secs(601), &incident),
        incident::nobody_took_it(&incident),
        incident::named(&incident),
    ];
    let (name, number) = (incident.reference(), incident.number());
    lines.join("\n").replace(&name, "NAME").replace(&number.to_string(), "NUMBER")
}

#[test]
fn texts_to_phones_word_for_word() {
    assert_snapshot!(texts(|_| ()), @"
        db1/disk (NAME): dana_1 has it since 02:00. You are not needed.
        db1/disk (NAME): done, says dana_1 at 02:00.
        db1/disk (NAME): called off by dana_1 at 02:00.
        db1/disk (NAME): dana_1, are you still on it? Answer within 11 min, or it is open again: confirm NUMBER
        Nobody took db1/disk (NAME). Look who was called, and why nobody answered.
        NUMBER db1/disk (NAME)
        ");
    let long = |incident: &mut Incident| {
        if let Some(alert) = &mut incident.alert {
            alert.title = format!("first\nsecond {}", "é".repeat(500));
        }
    };
    let texts = texts(long);
    assert_eq!(texts.lines().count(), 6, "a title is one line: {texts}");
    assert!(texts.lines().all(|line| line.chars().count() < 160), "{texts}");
}

#[test]
fn other_incidents_are_called_by_their_label_or_name() {
    let unnamed = texts(|incident| (incident.alert, incident.label) = (None, None));
    assert!(unnamed.starts_with("NAME: dana_1 has it"), "{unnamed}");
    let label = texts(|incident| (incident.alert, incident.label) = (None, Some("Ann".to_owned())));
    assert!(label.starts_with("Ann (NAME): dana_1 has it"), "{label}");
}

#[test]
fn the_question_is_posted_in_the_space() {
    let night = night();
    let (name, number) = (night.incident().reference(), night.incident().number());
    let text = incident::still_on_it("dana_1", SignedDuration::from_mins(10), night.incident());
    assert_snapshot!(text.replace(&name, "NAME").replace(&number.to_string(), "NUMBER"), @r"dana\_1, are you still on it (NAME)? Message *confirm* within 10 min, or it is open again. Text back: confirm NUMBER");
}

#[test]
fn gaps_in_the_roster_are_explained() {
    let night = night();
    let gaps = [
        Gap::NobodyOnDuty { rota: "ops_1".to_owned(), instead: Some("network".to_owned()) },
        Gap::NobodyOnDuty { rota: "ops_1".to_owned(), instead: None },
        Gap::Unknown { target: "the team x".to_owned() },
    ];
    let lines = gaps.iter().flat_map(|gap| {
        let notice =
            incident::gap_notice(gap, night.incident()).replace(&night.incident().reference(), "NAME");
        [incident::gap(gap), incident::gap_post(gap), notice]
    });
    assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
        nobody is on call in ops_1; the team network stands in
        ⚠️ Nobody is on call in ops\_1; the team network stands in.
        db1/disk (NAME): nobody is on call in ops_1; the team network stands in. Correct the roster: handbell oncall
        nobody is on call in ops_1, and nobody stands in
        ⚠️ Nobody is on call in ops\_1, and nobody stands in.
        db1/disk (NAME): nobody is on call in ops_1, and nobody stands in. Correct the roster: handbell oncall
        the team x is unknown, or has nobody who can be reached
        ⚠️ The team x is unknown, or has nobody who can be reached.
        db1/disk (NAME): the team x is unknown, or has nobody who can be reached. Correct the roster: handbell oncall
        ");
}

#[test]
fn each_severity_has_a_symbol_of_its_own() {
    let all = Severity::ALL.map(incident::severity);
    assert_snapshot!(all.join(", "), @"🔴 Critical, 🟠 Error, 🟡 Warning, 🔵 Info");
    assert!(incident::original_name(night().incident()).ends_with(".eml"));
}

proptest! {
    #![proptest_config(chance(500))]

    /// Whatever a mail contains: it stays a quotation, and mentions nobody.
    #[test]
    fn whatever_a_mail_contains_is_only_quoted(title in any::<String>(), text in any::<String>()) {
        let mut raised = mail(Critical);
        raised.alert.title = title;
        raised.text = text;
        let post = incident::alert_post(&raised, &night().words);
        let mut lines = post.lines();
        prop_assert!(lines.next().is_some_and(|first| first.starts_with("🔴 Critical: **")));
        prop_assert!(lines.next().is_some_and(str::is_empty));
        prop_assert_eq!(lines.next(), Some("Reported by Nagios."));
        prop_assert!(!post.contains('<'));
        let rest: Vec<&str> = lines.collect();
        prop_assert!(rest.iter().skip(1).all(|line| line.starts_with("> ")), "{:?}", rest);
    }
}
