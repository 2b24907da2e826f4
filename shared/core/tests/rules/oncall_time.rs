//! Effects of time on an alert: steps, restarts, a snooze, the question, and lapsing.

use handbell_core::config::Severity::Critical;
use handbell_core::incident::Phase;
use handbell_core::incident::command::Command;
use handbell_core::incident::decide::{Decision, EventOutcome};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::night::{Night, entry, form, three_steps, usual};

fn when(came: &[(i64, Decision)]) -> Vec<i64> {
    came.iter().map(|(at, _)| *at).collect()
}

fn with(change: impl FnOnce(&mut Value)) -> Night {
    let mut plan = three_steps();
    change(&mut plan);
    Night::begun_with(plan)
}

/// At most three restarts, each ten minutes after the last step.
fn again() -> Night {
    with(|plan| plan["again"] = json!({ "after": "10m", "times": 2 }))
}

/// The question comes after an hour, with ten minutes to answer.
fn asks() -> Night {
    let mut night = with(|plan| plan["confirm"] = json!({ "after": "1h", "within": "10m" }));
    night.acknowledges("dana");
    night
}

#[test]
fn each_step_comes_its_time_after_the_one_before() {
    let mut night = Night::begun();
    let came = night.sleep(359);
    assert_eq!(when(&came), [5, 15]);
    assert_eq!(night.pages(&came[0].1).len(), 4);
    assert_eq!(night.stands(), (Phase::Open, 3, 0));
    assert_eq!(entry(&came[0].1), "Nobody had it in time; the next step was taken");
}

#[test]
fn an_early_wake_up_takes_no_step() {
    let mut night = Night::begun();
    for _ in 0..299 {
        night.now += SignedDuration::from_secs(1);
        assert_eq!(night.wake().next, None);
    }
    night.now += SignedDuration::from_secs(1);
    night.wake();
    assert_eq!(
        (night.stands(), night.now),
        ((Phase::Open, 2, 0), night.incident().step_at),
        "and on time it does"
    );
}

#[test]
fn after_a_late_wake_up_nobody_is_left_out() {
    let mut night = Night::begun();
    night.pass(60 * 24);
    let woken = night.wake();
    assert_eq!(night.pages(&woken), usual("robin"), "we were down: nobody has been told yet");
    assert_eq!(night.stands(), (Phase::Open, 2, 0));
    assert_eq!(when(&night.sleep(10)), [10], "the third counts from then");
}

#[test]
fn a_step_without_after_waits_for_a_request() {
    let mut night = with(|plan| {
        plan["steps"][1].as_object_mut().unwrap().remove("after");
    });
    assert!(night.sleep(359).is_empty());
    assert_eq!(night.stands(), (Phase::Open, 1, 0));
}

#[test]
fn the_plan_is_restarted_as_often_as_configured() {
    let mut night = again();
    let came = night.sleep(359);
    assert_eq!(when(&came), [5, 15, 25, 30, 40, 50, 55, 65]);
    assert_eq!(night.pages(&came[2].1), usual("dana"), "the first step");
    assert_eq!(night.stands(), (Phase::Open, 3, 2));
}

#[test]
fn a_plan_of_one_step_is_restarted_too() {
    let mut night = with(|plan| {
        plan["steps"].as_array_mut().unwrap().truncate(1);
        plan["again"] = json!({ "after": "10m" });
    });
    assert_eq!(when(&night.sleep(300)), [10, 20, 30], "three times, if nothing else is said");
}

#[test]
fn an_acknowledgement_after_a_restart_ends_the_calls() {
    let mut night = again();
    night.sleep(27);
    assert_eq!(night.stands(), (Phase::Open, 1, 1));
    night.acknowledges("dana");
    assert!(night.sleep(359).is_empty());
}

#[test]
fn a_step_that_reached_nobody_escalates_at_once() {
    let mut night = Night::begun();
    night.pass(1);
    let escalated = night.nobody_reached(0, 1);
    assert_eq!((escalated.outcome, night.stands()), (EventOutcome::Done, (Phase::Open, 2, 0)));
    assert_eq!(night.pages(&escalated), usual("robin"));
    assert!(entry(&escalated).starts_with("Nobody could be reached"));
    assert!(night.lines(&escalated).contains(&"status".to_owned()));
    assert_eq!(night.nobody_reached(0, 1).outcome, EventOutcome::Nothing, "once");
    assert_eq!(when(&night.sleep(10)), [10], "the third counts from then");
}

#[test]
fn unreached_people_of_another_step_round_or_incident_change_nothing() {
    let mut night = again();
    for (round, step) in [(0, 0), (0, 2), (0, 4), (1, 1)] {
        assert_eq!(night.nobody_reached(round, step).next, None, "{round} {step}");
    }
    let of = |epoch| handbell_core::incident::decide::Event::Unreached { epoch, round: 0, step: 1 };
    assert_eq!(night.apply(&of(0)).next, None);
    assert_eq!(night.apply(&of(2)).next, None);
    night.sleep(26);
    assert_eq!(night.stands(), (Phase::Open, 1, 1));
    assert_eq!(night.nobody_reached(0, 1).next, None, "that was the round before");
    assert_eq!(night.nobody_reached(1, 1).outcome, EventOutcome::Done);
}

#[test]
fn a_step_that_reached_nobody_escalates_only_where_time_would() {
    let mut night = Night::begun();
    night.sleep(15);
    assert_eq!(night.nobody_reached(0, 3).next, None, "there is no fourth");
    let mut night = with(|plan| {
        plan["steps"][1].as_object_mut().unwrap().remove("after");
    });
    assert_eq!(night.nobody_reached(0, 1).next, None, "the second only comes when it is asked for");
    let mut night = Night::begun();
    night.acknowledges("dana");
    assert_eq!(night.nobody_reached(0, 1).next, None, "somebody has it");
    let mut night = again();
    night.sleep(15);
    night.nobody_reached(0, 3);
    assert_eq!(night.stands(), (Phase::Open, 1, 1), "the next round");
}

#[test]
fn early_steps_do_not_make_the_incident_lapse_earlier() {
    let mut night = with(|plan| plan["reset_after"] = json!("20m"));
    night.pass(4);
    night.nobody_reached(0, 1);
    night.pass(9);
    night.nobody_reached(0, 2);
    assert_eq!(night.stands(), (Phase::Open, 3, 0));
    assert!(night.sleep(19).is_empty());
    assert_eq!(night.phase(), Phase::Open);
}

#[test]
fn after_a_snooze_the_same_step_is_taken_again() {
    let mut night = Night::begun();
    night.pass(6);
    night.wake();
    assert_eq!(night.stands(), (Phase::Open, 2, 0));
    let snoozed = night.snoozes("robin", 30);
    assert_eq!((snoozed.outcome, night.phase()), (EventOutcome::Done, Phase::Acknowledged));
    assert_eq!(entry(&snoozed), "robin snoozed it until 02:36");
    assert_eq!(night.lines(&snoozed), ["status"]);
    assert!(night.incident().cancels(1, 2), "what was to be said before isn't");
    let came = night.sleep(30);
    assert_eq!(when(&came), [30]);
    assert_eq!(night.stands(), (Phase::Open, 2, 0));
    assert_eq!(night.pages(&came[0].1), usual("robin"));
    assert!(night.lines(&came[0].1).contains(&"post: The snooze is over, and it isn't resolved.".to_owned()));
    assert_eq!((&night.incident().taken_by, night.incident().responses.snoozed_until), (&None, None));
    assert_eq!(when(&night.sleep(10)), [10], "and it climbs on from there");
}

#[test]
fn a_snooze_longer_than_reset_after_is_kept() {
    let mut night = Night::begun();
    night.snoozes("dana", 60 * 12);
    night.pass(60);
    night.says("robin", Command::Note { text: "Waiting for the disk".to_owned() });
    let came = night.sleep(60 * 11);
    assert_eq!(when(&came), [60 * 11], "nobody was told that it counts as over");
    assert_eq!(night.stands(), (Phase::Open, 1, 0));
}

#[test]
fn a_snooze_ends_with_the_incident() {
    let mut night = Night::begun();
    night.snoozes("dana", 600);
    night.pass(5);
    night.says("dana", Command::Resolve);
    assert_eq!(
        (night.phase(), night.incident().wake_at, night.incident().heard_at),
        (Phase::Resolved, None, night.now)
    );
    assert!(night.sleep(700).is_empty());
}

#[test]
fn an_acknowledgement_ends_the_snooze() {
    let mut night = Night::begun();
    night.snoozes("dana", 30);
    night.pass(10);
    let taken = night.acknowledges("dana");
    assert_eq!(taken.outcome, EventOutcome::Done, "awake again, Dana takes it");
    assert_eq!((night.phase(), night.incident().responses.snoozed_until), (Phase::Acknowledged, None));
    assert!(night.sleep(300).is_empty(), "and no phone rings when the snooze would have been over");
}

#[test]
fn a_snooze_in_the_past_has_no_effect() {
    let mut night = Night::begun();
    for length in [0, -5] {
        assert_eq!(night.snoozes("dana", length).next, None);
    }
    night.says("dana", Command::Resolve);
    assert_eq!(night.snoozes("dana", 30).next, None);
}

#[test]
fn a_second_snooze_replaces_the_first() {
    let mut night = Night::begun();
    night.snoozes("dana", 120);
    night.pass(1);
    night.snoozes("robin", 30);
    assert_eq!(when(&night.sleep(30)), [30]);
    night.snoozes("robin", 30);
    night.pass(1);
    night.snoozes("robin", 120);
    assert_eq!(when(&night.sleep(120)), [120]);
    assert_eq!(night.stands(), (Phase::Open, 1, 0));
}

#[test]
fn the_person_who_has_it_is_asked_and_confirms() {
    for confirms in [Command::Confirm, Command::Acknowledge] {
        let mut night = asks();
        assert!(night.sleep(59).is_empty());
        let came = night.sleep(1);
        let lines = night.lines(&came[0].1);
        let (name, number) = (night.incident().reference(), night.incident().number());
        assert_eq!(
            lines,
            [
                format!(
                    "post: dana, are you still on it ({name})? Message *confirm* within 10 min, or it is open again. Text back: confirm {number}"
                ),
                format!(
                    "tell all but nobody: db1/disk ({name}): dana, are you still on it? Answer within 10 min, or it is open again: confirm {number}"
                ),
                "status".to_owned(),
            ]
        );
        assert!(came[0].1.dispatches[0].is_last_word(), "although somebody has it");
        assert_eq!((night.phase(), entry(&came[0].1)), (Phase::Acknowledged, "dana was asked: still on it?"));
        night.pass(9);
        let confirmed = night.says("dana", confirms);
        assert_eq!((confirmed.outcome, entry(&confirmed)), (EventOutcome::Done, "dana still has it"));
        assert_eq!(when(&night.sleep(60)), [60], "and is asked again an hour later");
        assert_eq!(night.phase(), Phase::Acknowledged);
    }
}

#[test]
fn the_question_by_text_has_no_markdown() {
    let mut plan = three_steps();
    plan["confirm"] = json!({ "after": "1h", "within": "10m" });
    let mut night = Night::begun_with(plan);
    night.acknowledges("dana_1");
    let came = night.sleep(60);
    let lines = night.lines(&came[0].1);
    assert!(lines[0].starts_with(r"post: dana\_1, are you"), "{lines:?}");
    assert!(lines[1].contains("): dana_1, are you still on it?"), "{lines:?}");
}

#[test]
fn a_person_who_does_not_answer_has_it_no_more() {
    let mut night = asks();
    let came = night.sleep(70);
    assert_eq!(when(&came), [60, 70]);
    assert_eq!((night.stands(), &night.incident().taken_by), ((Phase::Open, 2, 0), &None));
    assert_eq!(night.pages(&came[1].1), usual("robin"), "it climbs on");
    assert_eq!(entry(&came[1].1), "dana has not confirmed. It is open again.");
    assert_eq!(night.acknowledges("dana").outcome, EventOutcome::Done, "and may take it again");
    assert_eq!(when(&night.sleep(60)), [60], "and is asked again");
}

#[test]
fn an_answer_of_somebody_else_does_not_count() {
    let mut night = asks();
    night.sleep(60);
    for said in [Command::Confirm, Command::Acknowledge] {
        let other = night.says("robin", said);
        assert_eq!(
            (other.outcome, other.next),
            (EventOutcome::Nothing, None),
            "Robin doesn't know about Dana"
        );
    }
    night.mail(Critical);
    night.says("robin", Command::Note { text: "Dana?".to_owned() });
    assert_eq!(when(&night.sleep(10)), [10]);
    assert_eq!(night.phase(), Phase::Open);
}

#[test]
fn a_confirmation_before_the_question_puts_it_off() {
    let mut night = asks();
    night.pass(30);
    assert_eq!(night.says("dana", Command::Confirm).outcome, EventOutcome::Done);
    assert_eq!(when(&night.sleep(60)), [60]);
    let mut night = Night::begun();
    assert_eq!(night.says("dana", Command::Confirm).next, None, "nobody has it");
}

#[test]
fn without_a_confirmation_at_the_plans_end_people_are_called_again() {
    let mut plan = three_steps();
    plan["steps"] = json!([{ "page": [{ "to": [{ "team": "network" }] }] }]);
    plan["confirm"] = json!({ "after": "1h", "within": "10m" });
    let mut night = Night::begun_with(plan);
    night.acknowledges("dana");
    let came = night.sleep(70);
    assert_eq!(night.pages(&came[1].1).len(), 8, "Dana and Robin");
    assert_eq!(night.stands(), (Phase::Open, 1, 0));
}

#[test]
fn nobody_is_asked_during_a_snooze() {
    let mut night = asks();
    night.snoozes("dana", 120);
    assert_eq!(when(&night.sleep(120)), [120], "only the end of the snooze");
    assert_eq!(night.phase(), Phase::Open);
}

#[test]
fn an_alert_that_nobody_took_notifies_the_admins_when_it_lapses() {
    let mut night = Night::with(three_steps());
    night.report_to = vec!["ops@example.com".parse().unwrap()];
    night.mail(Critical);
    let came = night.sleep(15 + 360);
    assert_eq!(when(&came), [5, 15, 375], "six hours after the last step");
    assert_eq!((night.phase(), night.incident().wake_at), (Phase::Lapsed, None));
    let notice = format!("db1/disk ({})", night.incident().reference());
    let notice = format!("Nobody took {notice}. Look who was called, and why nobody answered.");
    assert_eq!(
        night.lines(&came[2].1),
        [
            "status".to_owned(),
            format!("direct admin@example.com: {notice}"),
            format!("sms +352691999999: {notice}"),
            "protocol".to_owned(),
            "report to nagios@example.com".to_owned(),
            "report to ops@example.com".to_owned(),
        ]
    );
    assert!(came[2].1.dispatches[0].is_last_word());
    assert!(night.acknowledges("dana").next.is_none() && night.wake().next.is_none());
}

#[test]
fn an_alert_that_somebody_had_lapses_without_notice_to_the_admins() {
    let mut night = Night::with(three_steps());
    night.raise(form("Kim", Some("kim@example.com")));
    night.acknowledges("dana");
    let came = night.sleep(360);
    assert_eq!(when(&came), [360]);
    assert_eq!(night.lines(&came[0].1), ["status", "protocol", "report to kim@example.com"]);
    assert_eq!(entry(&came[0].1), "Nothing more was heard of it. It counts as over.");
}

#[test]
fn an_alert_that_is_still_reported_does_not_lapse() {
    let mut night = Night::begun();
    night.acknowledges("dana");
    for _ in 0..10 {
        night.sleep(300);
        night.mail(Critical);
    }
    assert_eq!((night.phase(), night.incident().count), (Phase::Acknowledged, 11));
    night.sleep(360);
    assert_eq!(night.phase(), Phase::Lapsed);
}
