//! Whom a step reaches, and how: people in the way that each of them prefers, bare numbers, nobody at all.

use std::collections::BTreeMap;

use handbell_core::config::Severity::Critical;
use handbell_core::delivery::DeliveryId;
use handbell_core::delivery::{Message, PhoneMessage};
use handbell_core::incident::decide::Decision;
use handbell_core::oncall::parse_rules;
use serde_json::{Value, json};

use crate::night::{Night, three_steps, usual};

/// An alert whose first step is this one.
fn stepping(step: Value) -> (Night, Decision) {
    let mut night = night(step);
    let decision = night.mail(Critical);
    (night, decision)
}

fn night(step: Value) -> Night {
    let mut plan = three_steps();
    plan["steps"] = json!([step]);
    Night::with(plan)
}

fn page(to: Value) -> Value {
    json!({ "page": [{ "to": to }] })
}

#[test]
fn a_team_is_paged_in_its_order_and_invited_to_the_space() {
    let (night, decision) = stepping(page(json!([{ "team": "network" }])));
    assert_eq!(night.pages(&decision), [usual("dana"), usual("robin")].concat());
    let lines = night.lines(&decision);
    for email in ["dana@example.com", "robin@example.com"] {
        assert_eq!(lines.iter().filter(|line| **line == format!("invite {email}")).count(), 1);
    }
}

#[test]
fn a_person_who_is_named_twice_is_paged_once() {
    let (night, decision) =
        stepping(page(json!([{ "person": "robin" }, { "team": "network" }, { "team": "servers" }])));
    assert_eq!(night.pages(&decision), [usual("robin"), usual("dana"), usual("alex")].concat());
    let (night, decision) = stepping(
        json!({ "sms": [{ "to": [{ "person": "robin" }, { "team": "network" }], "text": "Look" }] }),
    );
    assert_eq!(night.pages(&decision), ["sms robin", "sms dana"]);
    let (night, decision) = stepping(
        json!({ "call": [{ "to": [{ "person": "robin" }, { "team": "network" }], "say": "Look" }] }),
    );
    assert_eq!(night.pages(&decision), ["call robin", "call dana"]);
}

#[test]
fn a_bare_number_is_paged_like_a_person_without_rules() {
    let (night, decision) = stepping(page(json!(["+352691496401"])));
    assert_eq!(night.pages(&decision), usual("+352691496401"));
}

#[test]
fn each_person_is_reached_by_their_own_rules() {
    let mut night = night(page(json!([{ "team": "network" }])));
    let dana = night.roster.people.get_mut("dana").unwrap();
    dana.rules = parse_rules("mail; webex after 1m; call after 3m every 2m x2").unwrap();
    let decision = night.mail(Critical);
    let mut wanted = ["notify dana", "direct dana in 1m", "call dana in 3m", "call dana in 5m"]
        .map(str::to_owned)
        .to_vec();
    wanted.extend(usual("robin"));
    assert_eq!(night.pages(&decision), wanted);
}

#[test]
fn unverified_contacts_are_not_used() {
    let mut night = night(page(json!([{ "person": "dana" }])));
    let dana = night.roster.people.get_mut("dana").unwrap();
    dana.email.as_mut().unwrap().verified_at = None;
    let decision = night.mail(Critical);
    assert_eq!(night.pages(&decision), usual("dana"));
    assert!(
        !night.lines(&decision).contains(&"invite dana@example.com".to_owned()),
        "it may be a stranger's address"
    );
}

#[test]
fn texts_and_calls_go_to_peoples_first_phones() {
    let step = json!({
        "sms": [{ "to": ["+352691496401", { "person": "dana" }], "text": "Look" }],
        "call": [{ "to": [{ "team": "network" }], "say": "Look", "times": 2, "every": "1m" }],
    });
    let (night, decision) = stepping(step);
    assert_eq!(
        night.pages(&decision),
        ["sms +352691496401", "sms dana", "call dana", "call dana in 1m", "call robin", "call robin in 1m"]
    );
    let calls = decision.dispatches.iter().flat_map(|dispatch| dispatch.deliveries.values());
    let until: Vec<bool> = calls
        .filter(|delivery| matches!(delivery.message, Message::Phone(PhoneMessage::Call { .. })))
        .filter_map(|delivery| delivery.recipient.as_ref().map(|recipient| recipient.until_answered))
        .collect();
    assert_eq!(until, [true; 4], "until somebody answers");
}

#[test]
fn a_target_that_names_nobody_is_reported_to_the_admins() {
    for (to, gap) in [
        (json!([{ "person": "nobody" }]), "Nobody is unknown, or has nobody who can be reached"),
        (json!([{ "team": "nobody" }]), "The team nobody is unknown, or has nobody who can be reached"),
        (
            json!([{ "on_duty": "ops" }]),
            "The person on call in ops is unknown, or has nobody who can be reached",
        ),
    ] {
        let (night, decision) = stepping(page(to));
        let lines = night.lines(&decision);
        assert!(lines.contains(&format!("post: ⚠️ {gap}.")), "{lines:?}");
        let told = lines.iter().filter(|line| line.contains("Correct the roster")).count();
        assert_eq!(told, 2, "the admins hear of it by both of their channels: {lines:?}");
        let notices = decision.dispatches[0].deliveries.values();
        assert_eq!(notices.filter(|delivery| delivery.admin_notice).count(), 2);
        assert!(decision.dispatches[0].facts.iter().any(|fact| fact.kind == "roster.gap"));
    }
}

#[test]
fn where_nobody_is_on_call_the_team_is_paged() {
    let mut night = night(page(json!([{ "on_duty": "ops" }])));
    let rota = json!({ "name": "ops", "timezone": "UTC", "team": "network" });
    night.roster.rotas.insert("ops".to_owned(), serde_json::from_value(rota).unwrap());
    let decision = night.mail(Critical);
    assert_eq!(
        night.pages(&decision)[2..],
        [usual("dana"), usual("robin")].concat(),
        "after the words to the admins"
    );
    let lines = night.lines(&decision);
    assert!(
        lines.contains(&"post: ⚠️ Nobody is on call in ops; the team network stands in.".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn the_person_on_call_is_looked_up_when_the_step_is_taken() {
    let mut plan = three_steps();
    plan["steps"] = json!([page(json!([{ "on_duty": "ops" }])), { "after": "5m", "page": [{ "to": [{ "on_duty": "ops" }] }] }]);
    let mut night = Night::with(plan);
    let turns =
        |person: &str, from: &str, until: &str| json!({ "from": from, "until": until, "person": person });
    let rota = json!({
        "name": "ops", "timezone": "UTC",
        "overrides": [
            turns("dana", "2026-03-02T00:00:00Z", "2026-03-02T01:05:00Z"),
            turns("robin", "2026-03-02T01:05:00Z", "2026-03-03T00:00:00Z"),
        ],
    });
    night.roster.rotas.insert("ops".to_owned(), serde_json::from_value(rota).unwrap());
    let opened = night.mail(Critical);
    assert_eq!(night.pages(&opened), usual("dana"));
    let came = night.sleep(5);
    assert_eq!(night.pages(&came[0].1), usual("robin"), "at the minute of the hand-over");
}

#[test]
fn a_person_without_a_phone_is_reported_where_one_is_needed() {
    for step in [
        json!({ "sms": [{ "to": [{ "person": "dana" }], "text": "Look" }] }),
        json!({ "call": [{ "to": [{ "person": "dana" }], "say": "Look" }] }),
    ] {
        let mut night = night(step);
        night.roster.people.get_mut("dana").unwrap().phones.clear();
        let decision = night.mail(Critical);
        let lines = night.lines(&decision);
        assert!(
            lines.iter().any(|line| line.starts_with("post: ⚠️ The phone of dana ")),
            "nobody would notice: {lines:?}"
        );
    }
}

/// The times of all calls, in seconds after now.
fn call_times(night: &Night, decision: &Decision) -> Vec<i64> {
    let all = decision.dispatches.iter().flat_map(|dispatch| dispatch.deliveries.values());
    let calls = all.filter(|delivery| matches!(delivery.message, Message::Phone(PhoneMessage::Call { .. })));
    let mut times: Vec<i64> = calls.map(|call| call.next_at.duration_since(night.now).as_secs()).collect();
    times.sort_unstable();
    times
}

fn numbers(many: usize) -> Vec<String> {
    (0..many).map(|number| format!("+3526914{number:05}")).collect()
}

#[test]
fn calls_begin_no_faster_than_the_account_allows() {
    for rate in [1, 2, 3, 100] {
        let mut night =
            night(json!({ "call": [{ "to": numbers(25), "say": "Look", "times": 2, "every": "5s" }] }));
        night.calls_per_second = Some(rate);
        let decision = night.mail(Critical);
        let times = call_times(&night, &decision);
        assert_eq!(times.len(), 50);
        let mut seconds: BTreeMap<i64, u32> = BTreeMap::new();
        times.iter().for_each(|second| *seconds.entry(*second).or_default() += 1);
        assert!(seconds.values().all(|calls| *calls <= rate), "{rate}: {seconds:?}");
        let last = times[49];
        assert!(last <= 5 + i64::from(50_u32.div_ceil(rate)), "but not slower than that: {rate}, {last}");
    }
    let mut night = night(json!({ "call": [{ "to": numbers(3), "say": "Look" }] }));
    let decision = night.mail(Critical);
    assert_eq!(call_times(&night, &decision), [0, 0, 0], "unless nothing is said");
}

#[test]
fn a_persons_calls_keep_their_order_when_they_are_spread() {
    let mut night = night(page(json!([{ "team": "network" }, { "team": "servers" }])));
    night.calls_per_second = Some(1);
    let decision = night.mail(Critical);
    for dispatch in &decision.dispatches {
        let mut last: BTreeMap<&str, (DeliveryId, jiff::Timestamp)> = BTreeMap::new();
        for (id, delivery) in &dispatch.deliveries {
            let Some(recipient) = &delivery.recipient else { continue };
            let this = (*id, delivery.next_at);
            if let Some(before) = last.insert(&recipient.id, this) {
                assert!(before.1 <= this.1, "{} {before:?} {this:?}", recipient.id);
            }
        }
    }
    let texts = night.pages(&decision).into_iter().filter(|line| line.starts_with("sms"));
    assert!(
        texts.clone().all(|line| !line.contains(" in ")),
        "texts don't wait for calls: {:?}",
        texts.collect::<Vec<_>>()
    );
}

#[test]
fn attempts_for_one_person_are_never_split() {
    let mut night = night(page(json!(numbers(13))));
    let decision = night.mail(Critical);
    assert_eq!(night.pages(&decision).len(), 52);
    let mut homes: BTreeMap<String, u32> = BTreeMap::new();
    for dispatch in &decision.dispatches {
        let pages = dispatch.deliveries.values().filter_map(|delivery| delivery.recipient.as_ref());
        assert!(pages.clone().count() <= 10, "a row stays small");
        for recipient in pages {
            assert_eq!(
                *homes.entry(recipient.id.clone()).or_insert(dispatch.key.number),
                dispatch.key.number
            );
        }
        assert!(dispatch.deliveries.contains_key(&DeliveryId::Summary), "each tells what became of its own");
    }
    assert_eq!(homes.len(), 13);
}

#[test]
fn a_person_with_many_attempts_has_a_dispatch_of_their_own() {
    let mut night = night(page(json!([{ "team": "network" }])));
    night.roster.people.get_mut("dana").unwrap().rules = parse_rules("call every 1m x15").unwrap();
    let decision = night.mail(Critical);
    let counts: Vec<usize> = decision
        .dispatches
        .iter()
        .map(|dispatch| dispatch.deliveries.values().filter(|delivery| delivery.recipient.is_some()).count())
        .collect();
    assert_eq!(counts, [15, 4]);
}

#[test]
fn texts_and_calls_to_one_number_are_attempts_for_the_same_person() {
    let step = json!({
        "sms": [{ "to": ["+352691496401"], "text": "Look" }],
        "call": [{ "to": ["+352691496401"], "say": "Look" }],
    });
    let (_, decision) = stepping(step);
    let aims: Vec<_> = decision.dispatches[0]
        .deliveries
        .values()
        .filter_map(|delivery| delivery.recipient.as_ref())
        .collect();
    assert_eq!(aims.len(), 2);
    assert!(aims.iter().all(|recipient| recipient.id == "+352691496401"));
    assert!(!aims[0].until_answered && aims[1].until_answered);
}

#[test]
fn a_later_step_waits_for_the_posts_of_the_one_before() {
    let mut night = Night::begun();
    let came = night.sleep(15);
    let after: Vec<_> = came.iter().map(|(_, decision)| decision.dispatches[0].previous_post).collect();
    assert_eq!(after, [Some(1), Some(2)]);
    assert_eq!(
        night.lines(&came[0].1).iter().filter(|line| line.starts_with("invite")).collect::<Vec<_>>(),
        ["invite robin@example.com"],
        "the people of the space are there already"
    );
}
