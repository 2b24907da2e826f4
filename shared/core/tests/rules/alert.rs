//! An alert is raised: once, two hundred times, during a hold, and after everybody was called in vain.

use handbell_core::config::Severity::{self, Critical, Error, Info, Warning};
use handbell_core::delivery::{Message, SpaceMessage};
use handbell_core::incident::Phase;
use handbell_core::incident::command::Command;
use handbell_core::incident::decide::{Decision, Event, EventOutcome, begins_anew};
use jiff::SignedDuration;
use serde_json::json;

use crate::night::{Night, entry, form, held, mail, minutes, three_steps, usual};

#[test]
fn an_alert_opens_with_a_post_the_original_the_first_step_and_the_card() {
    let mut night = Night::with(three_steps());
    assert!(begins_anew(None, None, &Event::Alert(Box::new(mail(Critical))), night.now));
    let opened = night.mail(Critical);
    let name = night.incident().reference();
    let mut wanted = vec![
        "invite b@example.com".to_owned(),
        "post: 🔴 Critical: **db1/disk**\n\nReported by Nagios.\n\n> Only 1 % is free.".to_owned(),
        format!("original mail/1 as {name}.eml"),
        "invite dana@example.com".to_owned(),
    ];
    wanted.extend(usual("dana"));
    wanted.extend(["status".to_owned(), "report".to_owned()]);
    assert_eq!(night.lines(&opened), wanted);
    assert_eq!(
        (opened.outcome, opened.count, entry(&opened)),
        (EventOutcome::Counted, 1, "Nagios reported: db1/disk")
    );
    assert_eq!(night.stands(), (Phase::Open, 1, 0));
    assert_eq!((night.incident().label.as_deref(), night.incident().responses.card), (Some("db1/disk"), 1));
    let kinds: Vec<_> = opened.dispatches[0].facts.iter().map(|fact| fact.kind.as_str()).collect();
    assert_eq!(kinds, ["incident.opened", "alert.raised"]);
}

#[test]
fn there_is_one_card_at_a_time() {
    let mut night = Night::begun();
    let mut shown = vec![night.incident().responses.card];
    let mut taken_down = Vec::new();
    let moves: [fn(&mut Night) -> Decision; 4] = [
        |night| night.says("dana", Command::Escalate { step: None }),
        |night| night.says("dana", Command::EscalateTo { name: "technical".to_owned() }),
        |night| night.acknowledges("dana"),
        |night| night.says("dana", Command::Resolve),
    ];
    for next in moves {
        let decision = next(&mut night);
        let says = decision.dispatches.iter().flat_map(|dispatch| dispatch.deliveries.values());
        taken_down.extend(says.filter_map(|delivery| match delivery.message {
            Message::Space(SpaceMessage::RemoveCard { card }) => Some(card),
            _ => None,
        }));
        shown.push(night.incident().responses.card);
    }
    let last = shown.pop();
    assert_eq!((taken_down, last), (shown, Some(5)), "each takes the place of the one before");
}

#[test]
fn an_alert_of_a_form_has_no_original_and_names_who_reported_it() {
    let mut night = Night::with(three_steps());
    let opened = night.raise(form("Kim *K*", None));
    let lines = night.lines(&opened);
    assert!(lines[1].contains(r"Reported by Kim \*K\* in Nagios."), "{lines:?}");
    assert!(!lines.iter().any(|line| line.starts_with("original")), "{lines:?}");
}

#[test]
fn a_plan_without_steps_still_posts_the_alert() {
    let mut plan = three_steps();
    plan["steps"] = json!([]);
    let mut night = Night::with(plan);
    let opened = night.mail(Critical);
    assert!(night.pages(&opened).is_empty());
    assert_eq!(night.lines(&opened).last().map(String::as_str), Some("status"));
    assert_eq!(night.stands(), (Phase::Open, 0, 0));
    assert_eq!(night.sleep(360).len(), 1, "and is over by silence");
    assert_eq!(night.phase(), Phase::Lapsed);
}

#[test]
fn a_plan_can_switch_the_card_off() {
    let mut plan = three_steps();
    plan["card"] = json!(false);
    let mut night = Night::with(plan);
    let opened = night.mail(Critical);
    assert!(!night.lines(&opened).contains(&"status".to_owned()));
    let taken = night.acknowledges("dana");
    assert_eq!(night.lines(&taken), ["post: ✅ **dana** has it since 02:00."]);
}

#[test]
fn two_hundred_alerts_about_one_problem_are_one_incident_and_one_post_a_minute() {
    let mut night = Night::begun();
    let mut notes = Vec::new();
    for number in 1..200 {
        night.now += SignedDuration::from_secs(1);
        let joined = night.mail(Critical);
        assert_eq!((joined.outcome, joined.count), (EventOutcome::Counted, number + 1));
        assert!(night.pages(&joined).is_empty(), "nobody is called a second time");
        notes.extend(night.lines(&joined));
    }
    assert_eq!(
        notes,
        [61, 121, 181].map(|number| format!("post: Reported again, the {number}st time: db1/disk."))
    );
    assert_eq!((night.incident().epoch, night.incident().count), (1, 200));
    assert_eq!(night.stands(), (Phase::Open, 1, 0), "mails don't climb");
}

#[test]
fn a_storm_keeps_the_timers_of_its_first_mail() {
    let mut night = Night::begun();
    for _ in 0..9 {
        night.now += SignedDuration::from_secs(30);
        night.mail(Critical);
    }
    night.now += SignedDuration::from_secs(30);
    assert_eq!(night.incident().wake_at, Some(night.now), "five minutes after the first");
    night.wake();
    assert_eq!(night.stands(), (Phase::Open, 2, 0));
}

#[test]
fn mails_about_an_acknowledged_incident_call_nobody() {
    let mut night = Night::begun();
    night.acknowledges("dana");
    night.pass(30);
    let joined = night.mail(Critical);
    assert_eq!(night.lines(&joined), ["post: Reported again, the 2nd time: db1/disk."]);
    assert_eq!(night.phase(), Phase::Acknowledged);
}

#[test]
fn after_the_end_the_same_problem_opens_another_incident() {
    for command in [Command::Resolve, Command::Cancel] {
        let mut night = Night::begun();
        night.says("dana", command);
        let opened = night.mail(Critical);
        assert_eq!((night.incident().epoch, night.stands()), (2, (Phase::Open, 1, 0)));
        assert_eq!(night.pages(&opened), usual("dana"));
    }
}

#[test]
fn a_higher_severity_is_posted_at_once() {
    let mut night = Night::with(three_steps());
    night.mail(Warning);
    night.now += SignedDuration::from_secs(5);
    let joined = night.mail(Critical);
    assert_eq!(
        night.lines(&joined),
        ["post: Reported again, the 2nd time: db1/disk. It is now 🔴 Critical.", "status"]
    );
    let joined = night.mail(Warning);
    assert!(joined.dispatches.is_empty());
    let severity = night.incident().alert.as_ref().map(|alert| alert.severity);
    assert_eq!(severity, Some(Critical), "the worst that was reported");
}

/// Raised at 02:00, with a hold for this many minutes.
fn quiet(severity: Severity, for_minutes: i64) -> (Night, Vec<String>) {
    let mut night = Night::with(three_steps());
    let opened = night.raise(held(severity, night.now + minutes(for_minutes)));
    let lines = night.lines(&opened);
    (night, lines)
}

#[test]
fn phones_ring_at_the_end_of_the_hold_and_never_before() {
    let (mut night, lines) = quiet(Warning, 300);
    assert!(lines[1].contains("No phone rings before 07:00 (quiet hours)."), "{lines:?}");
    let pages: Vec<_> =
        lines.iter().filter(|line| line.starts_with("sms") || line.starts_with("call")).collect();
    assert_eq!(pages, ["sms dana in 5h", "call dana in 5h 2m", "call dana in 5h 7m", "call dana in 5h 12m"]);
    assert!(lines.contains(&"status".to_owned()), "the space hears of it at once");
    let came: Vec<i64> = night.sleep(316).into_iter().map(|(at, _)| at).collect();
    assert_eq!(
        came,
        [300, 305, 315],
        "the card tells of the end of the hold, and the steps count from there"
    );
    assert_eq!(night.stands(), (Phase::Open, 3, 0));
}

#[test]
fn a_hold_longer_than_reset_after_does_not_end_the_incident() {
    let (mut night, _) = quiet(Warning, 600);
    assert!(night.sleep(599).is_empty());
    assert_eq!(night.stands(), (Phase::Open, 1, 0));
    let (mut night, _) = quiet(Warning, 600);
    night.pass(10);
    night.says("robin", Command::Note { text: "Probably the backup".to_owned() });
    assert!(night.sleep(589).is_empty(), "a word about it doesn't end it either");
    assert_eq!(night.stands(), (Phase::Open, 1, 0));
}

#[test]
fn a_hold_in_the_past_has_no_effect() {
    let (night, lines) = quiet(Warning, 0);
    assert!(lines.contains(&"sms dana".to_owned()), "{lines:?}");
    assert!(!lines[1].contains("No phone rings"), "{lines:?}");
    assert_eq!(night.incident().responses.hold, None);
}

#[test]
fn a_higher_severity_ends_the_hold() {
    let (mut night, _) = quiet(Warning, 300);
    night.pass(10);
    let before = night.incident().dispatches;
    let woken = night.mail(Critical);
    assert_eq!(night.pages(&woken), usual("dana"));
    let lines = night.lines(&woken);
    assert!(
        lines.contains(&"post: Reported again, the 2nd time: db1/disk. It is now 🔴 Critical.".to_owned())
    );
    assert!(
        lines.contains(&"invite b@example.com".to_owned()),
        "what is cancelled now had perhaps not yet invited the people of the space: {lines:?}"
    );
    assert!(lines.contains(&"status".to_owned()));
    assert_eq!(
        night.incident().cancelled_up_to,
        before,
        "nobody is called a second time at the end of the hold"
    );
    assert_eq!(night.incident().wake_at, Some(night.now + minutes(5)));
    assert_eq!(night.incident().responses.hold, None);
}

#[test]
fn an_alert_that_is_not_worse_or_is_held_itself_does_not_end_the_hold() {
    for (first, second, for_itself) in
        [(Warning, Warning, false), (Warning, Info, false), (Warning, Error, true), (Info, Critical, true)]
    {
        let (mut night, _) = quiet(first, 300);
        night.pass(10);
        let until = night.now + minutes(290);
        let joined = night.raise(if for_itself { held(second, until) } else { mail(second) });
        assert!(night.pages(&joined).is_empty(), "{first:?} {second:?}");
        assert_eq!(night.incident().cancelled_up_to, 0);
        let came: Vec<i64> = night.sleep(300).into_iter().map(|(at, _)| at).collect();
        assert_eq!(came, [290, 295], "{first:?} {second:?}: the card, then the next step");
    }
}

#[test]
fn a_higher_severity_calls_nobody_once_somebody_has_it() {
    let (mut night, _) = quiet(Warning, 300);
    night.acknowledges("dana");
    night.pass(10);
    let joined = night.mail(Critical);
    assert!(night.pages(&joined).is_empty());
    assert_eq!(night.phase(), Phase::Acknowledged);
}

#[test]
fn an_incident_acknowledged_during_the_hold_rings_nobody() {
    let (mut night, _) = quiet(Warning, 300);
    night.acknowledges("dana");
    assert!(night.incident().cancels(1, 1));
    assert!(
        night
            .sleep(400)
            .iter()
            .all(|(_, decision)| decision.dispatches.iter().all(|one| one.step().is_none()))
    );
}

#[test]
fn a_step_requested_during_the_hold_comes_at_once() {
    let (mut night, _) = quiet(Warning, 600);
    let escalated = night.says("robin", Command::EscalateTo { name: "technical".to_owned() });
    assert_eq!(night.pages(&escalated), usual("alex"));
    let woken = night.sleep(604);
    assert_eq!(woken.len(), 1, "the card tells that the quiet time is over");
    assert!(night.pages(&woken[0].1).is_empty(), "the others wait as before, and it isn't over before");
    assert_eq!(night.sleep(1).len(), 1);
    assert_eq!(night.stands(), (Phase::Open, 2, 0));

    let (mut night, _) = quiet(Warning, 600);
    let next = night.says("robin", Command::Escalate { step: Some(1) });
    assert_eq!(night.pages(&next), usual("robin"));
    assert_eq!(night.incident().wake_at, Some(night.now + minutes(10)), "and the next counts from there");
}

#[test]
fn a_repeated_alert_after_the_end_of_the_plan_restarts_it() {
    let mut night = Night::begun();
    assert_eq!(night.sleep(15).len(), 2, "the second step and the third");
    assert_eq!(night.stands(), (Phase::Open, 3, 0));
    night.now += SignedDuration::from_secs(14 * 60 + 50);
    let joined = night.mail(Critical);
    assert_eq!(night.lines(&joined), ["post: Reported again, the 2nd time: db1/disk."]);
    night.now += SignedDuration::from_secs(10);
    let again = night.mail(Critical);
    assert_eq!(night.pages(&again), usual("dana"), "15 minutes after the last step, however short the pause");
    assert_eq!(night.stands(), (Phase::Open, 1, 1));
    let again = night.mail(Critical);
    assert!(again.dispatches.is_empty(), "once");
    night.sleep(5);
    assert_eq!(night.stands(), (Phase::Open, 2, 1), "and climbs as the first time");
}

#[test]
fn a_repeated_alert_restarts_the_plan_with_all_its_own_restarts() {
    let mut plan = three_steps();
    plan["again"] = json!({ "after": "10m", "times": 2 });
    let mut night = Night::begun_with(plan);
    let first = night.sleep(359).len();
    assert_eq!(night.stands(), (Phase::Open, 3, 2), "nobody came, and nothing is left");
    night.mail(Critical);
    assert_eq!(night.stands(), (Phase::Open, 1, 3));
    assert_eq!(night.sleep(359).len(), first, "as often as the first time");
    assert_eq!(night.stands(), (Phase::Open, 3, 5));
}

#[test]
fn a_repeated_alert_does_not_restart_a_plan_with_steps_left() {
    let mut plan = three_steps();
    plan["steps"][1]["after"] = json!("30m");
    let mut night = Night::begun_with(plan);
    night.pass(20);
    let joined = night.mail(Critical);
    assert!(night.pages(&joined).is_empty());
    assert_eq!(night.stands(), (Phase::Open, 1, 0));
}
