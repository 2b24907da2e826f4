//! Commands to the incident of an alert: acknowledge, decline, next step, snooze, resolve.

use handbell_core::config::Severity::Critical;
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::{Event, EventOutcome};
use handbell_core::incident::{Incident, Phase};
use serde_json::{Value, json};

use crate::night::{Night, actor, entry, everybody, form, minutes, three_steps, usual};

fn named(text: &str) -> Command {
    Command::EscalateTo { name: text.to_owned() }
}

fn who_has_it(incident: &Incident) -> Option<&str> {
    incident.taken_by.as_ref().map(|by| by.who.as_str())
}

fn needs(need: &Value) -> Night {
    let mut plan = three_steps();
    plan["need"] = need.clone();
    Night::begun_with(plan)
}

/// The attempts that the engine would still make of all that was decided before.
fn spared(night: &Night) -> Vec<String> {
    let all = everybody();
    let mut ids: Vec<String> = all.people.keys().cloned().collect();
    ids.retain(|id| {
        let responses = &night.incident().responses;
        responses.acks.iter().any(|ack| ack.person.as_ref() == Some(id)) || responses.cannot.contains(id)
    });
    ids
}

#[test]
fn the_first_person_who_acknowledges_has_it() {
    let mut night = Night::begun();
    night.pass(3);
    let taken = night.acknowledges("dana");
    assert_eq!(
        (taken.outcome, night.phase(), who_has_it(night.incident())),
        (EventOutcome::Done, Phase::Acknowledged, Some("dana"))
    );
    assert_eq!(entry(&taken), "dana has it");
    let number = night.incident().reference();
    assert_eq!(
        night.lines(&taken),
        [
            "status".to_owned(),
            format!("tell all but dana: db1/disk ({number}): dana has it since 02:03. You are not needed.")
        ]
    );
    assert!(
        taken.dispatches[0].is_last_word() && !night.incident().cancels(1, 2),
        "what it says itself is said"
    );
    assert!(night.incident().cancels(1, 1), "nobody else is called");
    assert_eq!(night.incident().responses.card, 2);
    assert_eq!(night.incident().responses.first.as_ref().map(|by| by.who.as_str()), Some("dana"));
    let late = night.acknowledges("robin");
    assert_eq!((late.outcome, late.next), (EventOutcome::Nothing, None), "the second gets nothing");
    let twice = night.acknowledges("dana");
    assert_eq!((twice.outcome, twice.next), (EventOutcome::Nothing, None));
    assert_eq!(who_has_it(night.incident()), Some("dana"));
    assert!(night.sleep(359).is_empty(), "no step comes any more");
}

#[test]
fn a_command_for_another_incident_changes_nothing() {
    let commands = [
        Command::Acknowledge,
        Command::Escalate { step: None },
        named("technical"),
        Command::Cannot,
        Command::Snooze { until: "2026-03-02T05:00:00Z".parse().unwrap() },
        Command::Confirm,
        Command::Resolve,
        Command::Cancel,
        Command::Note { text: "Words".to_owned() },
    ];
    for command in commands {
        let mut night = Night::begun();
        for epoch in [0, 2] {
            let said = night.apply(&Event::Command {
                by: actor("dana"),
                epoch: Some(epoch),
                command: command.clone(),
            });
            assert_eq!((said.outcome, said.next), (EventOutcome::Nothing, None), "{}", command.name());
        }
        night.says("dana", Command::Resolve);
        let said = night.says("dana", command.clone());
        assert_eq!(
            (said.outcome, said.next),
            (EventOutcome::Nothing, None),
            "{} after the end",
            command.name()
        );
        let mut nothing = Night::with(three_steps());
        assert_eq!(
            nothing.says("dana", command.clone()).outcome,
            EventOutcome::Nothing,
            "{}",
            command.name()
        );
    }
}

#[test]
fn where_two_are_needed_one_is_not_enough() {
    let mut night = needs(&json!(2));
    let first = night.acknowledges("dana");
    assert_eq!(
        (first.outcome, night.phase(), entry(&first)),
        (EventOutcome::Done, Phase::Open, "dana has it")
    );
    assert_eq!(night.incident().cancelled_up_to, 0, "the others are still called");
    assert_eq!(spared(&night), ["dana"], "but not who has it already");
    assert_eq!(night.lines(&first), ["status"]);
    let again = night.acknowledges("dana");
    assert_eq!((again.outcome, again.next), (EventOutcome::Nothing, None), "nobody counts twice");
    assert_eq!(night.sleep(5).len(), 1, "the steps go on");
    let second = night.acknowledges("robin");
    assert_eq!((second.outcome, night.phase()), (EventOutcome::Done, Phase::Acknowledged));
    assert_eq!(
        night.incident().cancelled_up_to + 1,
        night.incident().dispatches,
        "the last one silences all"
    );
    assert_eq!(spared(&night), ["dana", "robin"]);
    assert!(night.sleep(300).is_empty());
}

#[test]
fn without_a_card_a_post_names_who_is_missing() {
    let mut plan = three_steps();
    plan["need"] = json!(3);
    plan["card"] = json!(false);
    let mut night = Night::begun_with(plan);
    let first = night.acknowledges("dana");
    assert_eq!(
        night.lines(&first),
        ["post: ✅ **dana** has it since 02:00. Still needed: somebody else, somebody else."]
    );
    assert!(first.dispatches[0].is_last_word());
}

#[test]
fn one_of_each_team_is_needed_and_nobody_counts_twice() {
    let both = json!(["network", "servers"]);
    for (said, enough) in [
        (vec!["dana"], false),
        (vec!["robin"], false),
        (vec!["dana", "alex"], true),
        (vec!["dana", "robin"], true),
        (vec!["robin", "dana"], true),
        (vec!["robin", "alex"], true),
        (vec!["alex", "robin"], true),
        (vec!["dana", "somebody"], false),
        (vec!["robin", "somebody"], false),
    ] {
        let mut night = needs(&both);
        for who in &said {
            assert_eq!(night.phase(), Phase::Open, "{said:?}");
            night.acknowledges(who);
        }
        assert_eq!(night.phase() == Phase::Acknowledged, enough, "{said:?}");
    }
}

#[test]
fn the_order_of_acknowledgements_makes_no_difference() {
    let teams = [("a", vec!["one", "two"]), ("b", vec!["two", "three"]), ("c", vec!["one", "three"])];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut plan = three_steps();
        plan["need"] = json!(order.map(|place: usize| teams[place].0));
        let mut night = Night::with(plan);
        for (name, members) in &teams {
            let team = json!({ "name": name, "members": members });
            night.roster.teams.insert((*name).to_owned(), serde_json::from_value(team).unwrap());
        }
        night.mail(Critical);
        for place in order {
            assert_eq!(night.phase(), Phase::Open);
            let who = ["one", "two", "three"][place];
            let by = Actor { who: who.to_owned(), person: Some(who.to_owned()), how: CommandChannel::Text };
            night.apply(&Event::Command { by, epoch: None, command: Command::Acknowledge });
        }
        assert_eq!(night.phase(), Phase::Acknowledged, "each of them can stand for another team: {order:?}");
    }
}

#[test]
fn a_member_of_several_teams_stands_for_the_team_that_needs_them() {
    // Everybody is of `all`; only two are of `few`. A person in both must not be used up for the wrong one.
    for said in [["one", "two", "three"], ["three", "two", "one"], ["two", "three", "one"]] {
        let mut plan = three_steps();
        plan["need"] = json!(["all", "few", "some"]);
        let mut night = Night::with(plan);
        for (name, members) in [
            ("all", vec!["one", "two", "three"]),
            ("few", vec!["one", "two"]),
            ("some", vec!["one", "three"]),
        ] {
            let team = json!({ "name": name, "members": members });
            night.roster.teams.insert(name.to_owned(), serde_json::from_value(team).unwrap());
        }
        night.mail(Critical);
        for who in said {
            let by = Actor { who: who.to_owned(), person: Some(who.to_owned()), how: CommandChannel::Text };
            night.apply(&Event::Command { by, epoch: None, command: Command::Acknowledge });
        }
        assert_eq!(night.phase(), Phase::Acknowledged, "{said:?}");
    }
}

#[test]
fn a_reopened_incident_needs_every_acknowledgement_again() {
    let mut plan = three_steps();
    plan["need"] = json!(2);
    plan["confirm"] = json!({ "after": "1h", "within": "10m" });
    let mut night = Night::begun_with(plan);
    night.acknowledges("dana");
    night.acknowledges("robin");
    night.sleep(70);
    assert_eq!(night.phase(), Phase::Open, "nobody confirmed");
    assert!(spared(&night).is_empty(), "so everybody is called");
    assert_eq!(night.acknowledges("dana").outcome, EventOutcome::Done);
    assert_eq!(night.phase(), Phase::Open);
    night.acknowledges("robin");
    assert_eq!(night.phase(), Phase::Acknowledged);
}

#[test]
fn a_person_who_cannot_escalates_at_once_and_is_called_no_more() {
    let mut night = Night::begun();
    night.pass(1);
    let refused = night.says("dana", Command::Cannot);
    assert_eq!((refused.outcome, night.stands()), (EventOutcome::Done, (Phase::Open, 2, 0)));
    assert_eq!(entry(&refused), "dana can't");
    assert_eq!(night.pages(&refused), usual("robin"));
    assert!(night.lines(&refused).contains(&"post: **dana** can't. Others are called.".to_owned()));
    assert!(night.lines(&refused).contains(&"status".to_owned()));
    assert_eq!(spared(&night), ["dana"]);
    assert_eq!(
        night.incident().wake_at.map(|at| at.duration_since(night.now)),
        Some(minutes(4)),
        "an early wake-up asks again"
    );
    assert!(night.sleep(9).is_empty(), "the third counts from the second");
    assert_eq!(night.sleep(1).len(), 1);
    assert_eq!(night.stands(), (Phase::Open, 3, 0));
    let twice = night.says("dana", Command::Cannot);
    assert_eq!((twice.outcome, twice.next), (EventOutcome::Nothing, None), "not twice");
}

#[test]
fn a_person_who_has_it_and_cannot_loses_it() {
    let mut night = Night::begun();
    night.acknowledges("dana");
    let others = night.says("robin", Command::Cannot);
    assert_eq!(
        (others.outcome, night.phase()),
        (EventOutcome::Nothing, Phase::Acknowledged),
        "Dana has it; Robin needn't"
    );
    let refused = night.says("dana", Command::Cannot);
    assert_eq!(
        (refused.outcome, night.stands(), who_has_it(night.incident())),
        (EventOutcome::Done, (Phase::Open, 2, 0), None)
    );
    assert_eq!(night.pages(&refused), usual("robin"));
    assert_eq!(night.says("dana", Command::Cannot).outcome, EventOutcome::Nothing);
    assert_eq!(night.acknowledges("dana").outcome, EventOutcome::Done, "but may yet");
    assert_eq!(who_has_it(night.incident()), Some("dana"));
    assert!(spared(&night) == ["dana"] && night.incident().responses.cannot.is_empty());
    assert_eq!(night.says("dana", Command::Cannot).outcome, EventOutcome::Done, "and lose it again");
    assert_eq!(night.stands(), (Phase::Open, 3, 0));
}

#[test]
fn the_person_who_has_it_is_known_by_each_of_their_names() {
    let by = |who: &str, how| Actor { who: who.to_owned(), person: Some("dana".to_owned()), how };
    let mut night = Night::begun();
    night.apply(&Event::Command {
        by: by("dana", CommandChannel::Phone),
        epoch: None,
        command: Command::Acknowledge,
    });
    let refused = Event::Command {
        by: by("Dana Example", CommandChannel::Card),
        epoch: None,
        command: Command::Cannot,
    };
    assert_eq!(night.apply(&refused).outcome, EventOutcome::Done);
    assert_eq!(night.phase(), Phase::Open);
}

#[test]
fn if_one_of_two_cannot_one_more_is_enough() {
    let mut night = needs(&json!(2));
    night.acknowledges("dana");
    night.acknowledges("robin");
    night.says("dana", Command::Cannot);
    assert_eq!((night.phase(), who_has_it(night.incident())), (Phase::Open, None));
    assert_eq!(spared(&night), ["dana", "robin"], "Robin has it still");
    night.acknowledges("alex");
    assert_eq!(night.phase(), Phase::Acknowledged);
}

#[test]
fn at_the_plans_end_people_whose_calls_were_cancelled_are_called_again() {
    let mut plan = three_steps();
    plan["steps"] = json!([{ "page": [{ "to": [{ "team": "network" }] }] }]);
    let mut night = Night::begun_with(plan);
    night.acknowledges("dana");
    let refused = night.says("dana", Command::Cannot);
    assert_eq!(night.stands(), (Phase::Open, 1, 0));
    let pages = night.pages(&refused);
    assert!(pages.ends_with(&usual("robin")), "nobody else would be called any more: {pages:?}");
    assert_eq!(spared(&night), ["dana"]);
    night.says("robin", Command::Cannot);
    assert_eq!(night.phase(), Phase::Open);
}

#[test]
fn at_the_plans_end_a_person_who_cannot_calls_nobody_again_while_others_are_called() {
    let mut night = Night::begun();
    night.sleep(15);
    let refused = night.says("dana", Command::Cannot);
    let paged = night.pages(&refused);
    assert!(!paged.is_empty(), "the admins hear that nobody is left");
    assert!(paged.iter().all(|line| !line.contains("robin")), "Robin is being called: {paged:?}");
    assert_eq!(night.stands(), (Phase::Open, 3, 0));
}

#[test]
fn a_person_who_could_not_may_snooze_and_then_not_again() {
    let mut night = Night::begun();
    night.says("dana", Command::Cannot);
    night.snoozes("dana", 30);
    night.says("dana", Command::Cannot);
    assert_eq!((night.phase(), night.incident().responses.cannot.len()), (Phase::Open, 1));
    night.acknowledges("dana");
    assert!(night.incident().responses.cannot.is_empty());
}

#[test]
fn a_requested_next_step_comes_once() {
    let mut night = Night::begun();
    let next =
        Event::Command { by: actor("dana"), epoch: Some(1), command: Command::Escalate { step: Some(1) } };
    let escalated = night.apply(&next);
    assert_eq!(night.pages(&escalated), usual("robin"));
    assert_eq!(entry(&escalated), "dana asked for the next step");
    let fact = &escalated.dispatches[0].facts[0];
    assert_eq!((fact.kind.as_str(), fact.detail.get("to")), ("incident.escalated", None));
    assert_eq!(night.apply(&next).outcome, EventOutcome::Nothing, "asking twice climbs once");
    night.says("dana", Command::Escalate { step: None });
    assert_eq!(night.stands(), (Phase::Open, 3, 0));
    for step in [None, Some(3), Some(4)] {
        let past = night.says("dana", Command::Escalate { step });
        assert_eq!((past.outcome, past.next), (EventOutcome::Nothing, None), "there is no fourth");
    }
    let mut night = Night::begun();
    night.acknowledges("dana");
    assert_eq!(
        night.says("robin", Command::Escalate { step: None }).outcome,
        EventOutcome::Nothing,
        "somebody has it"
    );
}

#[test]
fn a_named_step_comes_in_addition() {
    let mut night = Night::begun();
    night.pass(1);
    let escalated = night.says("dana", named("Technical"));
    assert_eq!(night.pages(&escalated), usual("alex"));
    assert_eq!(entry(&escalated), "dana escalated to Technical");
    let fact = &escalated.dispatches[0].facts[0];
    assert_eq!(
        (fact.kind.as_str(), fact.detail.get("to").map(String::as_str)),
        ("incident.escalated", Some("technical"))
    );
    assert_eq!(escalated.dispatches[0].step(), Some(4), "after those of the plan");
    assert!(night.lines(&escalated).contains(&"post: dana asked for **Technical**.".to_owned()));
    assert_eq!(night.stands(), (Phase::Open, 1, 0));
    assert_eq!(night.sleep(3).len(), 0);
    assert_eq!(night.sleep(1).len(), 1, "the others come when they would have come");
    assert_eq!(night.stands(), (Phase::Open, 2, 0));
    night.acknowledges("robin");
    let again = night.says("robin", named("technical"));
    assert_eq!(night.pages(&again), usual("alex"), "whoever has it may want help");
    assert_eq!((night.phase(), who_has_it(night.incident())), (Phase::Acknowledged, Some("robin")));
    assert!(!night.incident().cancels(1, again.dispatches[0].key.number));
    assert!(night.sleep(300).is_empty(), "and nothing climbs");
}

#[test]
fn an_unknown_step_name_changes_nothing() {
    let mut night = Night::begun();
    for name in ["", "manager", "tech", "technical ", "4"] {
        let said = night.says("dana", named(name));
        assert_eq!((said.outcome, said.next), (EventOutcome::Nothing, None), "{name:?}");
    }
}

#[test]
fn a_note_is_posted_and_cancels_nothing() {
    let mut night = Night::begun();
    night.pass(2);
    let note = night.says("dana", Command::Note { text: "It is *only* the backup".to_owned() });
    assert_eq!(night.lines(&note), [r"post: **dana** (by text): It is \*only\* the backup"]);
    assert_eq!(entry(&note), "dana: It is *only* the backup");
    assert_eq!((night.stands(), night.incident().cancelled_up_to), ((Phase::Open, 1, 0), 0));
    assert_eq!(night.sleep(3).len(), 1, "five minutes after the first step");
}

#[test]
fn resolve_and_cancel_end_the_incident() {
    for (command, phase, over, words) in [
        (Command::Resolve, Phase::Resolved, "done, says robin at 02:02.", "robin resolved it"),
        (Command::Cancel, Phase::Cancelled, "called off by robin at 02:02.", "robin called it a false alarm"),
    ] {
        let mut night = Night::begun();
        night.report_to = vec!["ops@example.com".parse().unwrap(), "NAGIOS@example.com".parse().unwrap()];
        night.pass(2);
        let ended = night.says("robin", command.clone());
        let number = night.incident().reference();
        assert_eq!(
            night.lines(&ended),
            [
                "status".to_owned(),
                format!("tell all but robin: db1/disk ({number}): {over}"),
                "protocol in 1m".to_owned(),
                "report to nagios@example.com in 1m".to_owned(),
                "report to ops@example.com in 1m".to_owned(),
            ],
            "each address once"
        );
        assert_eq!((night.phase(), entry(&ended), night.incident().wake_at), (phase, words, None));
        assert!(ended.dispatches[0].is_last_word() && night.incident().cancels(1, 1));
        let ended = night.state.clone();
        night.acknowledges("dana");
        night.says("dana", Command::Cannot);
        night.snoozes("dana", 30);
        night.says("dana", named("technical"));
        night.says("dana", Command::Note { text: "Words".to_owned() });
        night.nobody_reached(0, 1);
        night.pass(1000);
        night.wake();
        assert_eq!(night.state, ended, "nothing un-resolves it");
    }
}

#[test]
fn the_incident_report_goes_to_the_person_who_reported_it() {
    let mut night = Night::with(three_steps());
    night.report_to = vec![
        "kim@example.com".parse().unwrap(),
        "ops@example.com".parse().unwrap(),
        "ops@example.com".parse().unwrap(),
    ];
    night.raise(form("Kim", Some("kim@example.com")));
    let ended = night.says("dana", Command::Resolve);
    let lines = night.lines(&ended);
    let mails: Vec<_> = lines.iter().filter(|line| line.starts_with("report to")).collect();
    assert_eq!(mails, ["report to kim@example.com in 1m", "report to ops@example.com in 1m"]);
    let mut night = Night::with(three_steps());
    night.raise(form("Kim", None));
    let ended = night.says("dana", Command::Resolve);
    assert!(!night.lines(&ended).iter().any(|line| line.starts_with("report to")), "nobody to tell");
}

#[test]
fn a_machine_that_no_mail_may_answer_gets_no_incident_report() {
    let mut night = Night::with(three_steps());
    let mut raised = form("Kim", None);
    raised.alert.reporter = None;
    night.raise(raised);
    let ended = night.says("dana", Command::Resolve);
    assert!(!night.lines(&ended).iter().any(|line| line.starts_with("report to")));
}
