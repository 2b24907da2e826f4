//! People: whom a target names, and how a person is reached.

use handbell_core::config::{OnDuty, PersonName, Target, TeamName};
use handbell_core::oncall::code::{Code, six_digits};
use handbell_core::oncall::{
    AttemptAddress, Contact, Gap, MOST_ATTEMPTS, Person, Roster, Rota, Team, parse_rules, rules_text,
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

/// A person with a verified phone and a verified address.
pub(crate) fn person(id: &str) -> Person {
    let mut chars = id.bytes();
    let digit = chars.next().unwrap_or(b'a') % 10;
    reached_by(id, &[&format!("+1202555010{digit}")], Some(&format!("{id}@example.com")))
}

fn reached_by(id: &str, phones: &[&str], email: Option<&str>) -> Person {
    let verified_at = Some(Timestamp::UNIX_EPOCH);
    Person {
        id: id.to_owned(),
        name: id.to_owned(),
        email: email.map(|email| Contact { address: email.parse().unwrap(), verified_at }),
        phones: phones.iter().map(|phone| Contact { address: phone.parse().unwrap(), verified_at }).collect(),
        language: None,
        timezone: None,
        rules: Vec::new(),
        version: 1,
    }
}

pub(crate) fn roster(
    people: impl IntoIterator<Item = Person>,
    rotas: impl IntoIterator<Item = Rota>,
) -> Roster {
    Roster {
        people: people.into_iter().map(|person| (person.id.clone(), person)).collect(),
        rotas: rotas.into_iter().map(|rota| (rota.name.clone(), rota)).collect(),
        ..Roster::default()
    }
}

fn team(name: &str, members: &[&str]) -> Team {
    let members = members.iter().map(|id| (*id).to_owned()).collect();
    Team { name: name.to_owned(), label: None, members, version: 1 }
}

fn now() -> Timestamp {
    "2026-11-21T02:00:00Z".parse().unwrap()
}

fn on_duty(rota: &str) -> Target {
    Target::OnDuty(OnDuty { on_duty: rota.to_owned() })
}

fn in_team(team: &str) -> Target {
    Target::Team(TeamName { team: team.to_owned() })
}

fn one(person: &str) -> Target {
    Target::Person(PersonName { person: person.to_owned() })
}

/// The people, and the gap.
fn asked(roster: &Roster, target: &Target) -> (Vec<String>, Option<Gap>) {
    let who = roster.people_of(target, now());
    (who.people.iter().map(|person| person.id.clone()).collect(), who.gap)
}

fn told(person: &Person) -> Vec<String> {
    let attempts = person.attempts().into_iter();
    attempts
        .map(|one| {
            let to = match one.to {
                AttemptAddress::Text(number) => format!("text {number}"),
                AttemptAddress::Call(number) => format!("call {number}"),
                AttemptAddress::Mail(email) => format!("mail {email}"),
                AttemptAddress::Webex(email) => format!("webex {email}"),
            };
            format!("{to} {:#}", one.after)
        })
        .collect()
}

fn unverified(mut person: Person) -> Person {
    person.email.iter_mut().for_each(|email| email.verified_at = None);
    person.phones.iter_mut().for_each(|phone| phone.verified_at = None);
    person
}

#[test]
fn a_target_names_reachable_people() {
    let ops: Rota = serde_json::from_value(json!({
        "name": "ops", "timezone": "UTC", "team": "ops",
        "layers": [{ "people": ["dana"], "starts": "2026-01-05" }],
    }))
    .unwrap();
    let mut roster = roster(["dana", "eli", "fay"].map(person), [ops]);
    roster.teams.insert("ops".into(), team("ops", &["eli", "dana", "eli", "gone", "dana"]));
    let people = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    assert_eq!(asked(&roster, &on_duty("ops")), (people(&["dana"]), None));
    assert_eq!(asked(&roster, &in_team("ops")), (people(&["eli", "dana"]), None), "in order, each once");
    assert_eq!(asked(&roster, &one("fay")), (people(&["fay"]), None));
    assert_eq!(
        asked(&roster, &Target::Number("+12025550111".parse().unwrap())),
        (people(&[]), None),
        "a number is nobody in the roster"
    );
    for (target, words) in [
        (on_duty("opps"), "the person on call in opps"),
        (in_team("opps"), "the team opps"),
        (one("zoe"), "zoe"),
    ] {
        assert_eq!(asked(&roster, &target), (people(&[]), Some(Gap::Unknown { target: words.into() })));
    }
}

#[test]
fn if_nobody_is_on_call_the_team_is_named() {
    let rota = |team: Option<&str>| -> Rota {
        serde_json::from_value(json!({ "name": "ops", "timezone": "UTC", "team": team })).unwrap()
    };
    let gap = |instead: Option<&str>| {
        Some(Gap::NobodyOnDuty { rota: "ops".into(), instead: instead.map(str::to_owned) })
    };
    let mut known = roster(["dana", "eli"].map(person), [rota(Some("night"))]);
    assert_eq!(asked(&known, &on_duty("ops")), (vec![], gap(None)), "the team isn't there");
    known.teams.insert("night".into(), team("night", &["eli", "dana"]));
    assert_eq!(asked(&known, &on_duty("ops")), (vec!["eli".into(), "dana".into()], gap(Some("night"))));
    known.teams.insert("night".into(), team("night", &[]));
    assert_eq!(asked(&known, &on_duty("ops")), (vec![], gap(None)), "nobody is in the team");
    known.rotas.insert("ops".into(), rota(None));
    assert_eq!(asked(&known, &on_duty("ops")), (vec![], gap(None)), "it has no team");
}

#[test]
fn people_who_cannot_be_reached_are_not_named() {
    let mut roster = roster([unverified(person("dana")), person("eli")], []);
    roster.teams.insert("ops".into(), team("ops", &["dana", "eli"]));
    roster.teams.insert("alone".into(), team("alone", &["dana"]));
    assert_eq!(asked(&roster, &in_team("ops")), (vec!["eli".into()], None));
    assert_eq!(
        asked(&roster, &in_team("alone")),
        (vec![], Some(Gap::Unknown { target: "the team alone".into() }))
    );
    assert_eq!(asked(&roster, &one("dana")), (vec![], Some(Gap::Unknown { target: "dana".into() })));
    assert_eq!(told(&roster.people["dana"]), [""; 0]);
}

#[test]
fn without_rules_there_is_a_text_and_three_calls() {
    assert_eq!(
        told(&reached_by("dana", &["+12025550111"], Some("dana@example.com"))),
        ["text +12025550111 0s", "call +12025550111 2m", "call +12025550111 7m", "call +12025550111 12m"]
    );
    assert_eq!(
        told(&reached_by("dana", &[], Some("dana@example.com"))),
        ["mail dana@example.com 0s", "webex dana@example.com 0s"]
    );
}

#[test]
fn several_phones_are_called_in_turn() {
    let two = reached_by("dana", &["+12025550111", "+12025550121"], None);
    assert_eq!(
        told(&two),
        ["text +12025550111 0s", "call +12025550111 2m", "call +12025550121 7m", "call +12025550111 12m"]
    );
}

#[test]
fn only_verified_contacts_are_used() {
    let mut two = reached_by("dana", &["+12025550111", "+12025550121"], Some("dana@example.com"));
    two.phones[0].verified_at = None;
    two.rules = parse_rules("call; mail").unwrap();
    assert_eq!(told(&two), ["call +12025550121 0s", "mail dana@example.com 0s"]);
    two.email.as_mut().unwrap().verified_at = None;
    assert_eq!(told(&two), ["call +12025550121 0s"]);
    two.phones[1].verified_at = None;
    assert!(told(&two).is_empty() && !two.is_reachable());
}

#[test]
fn rules_without_a_verified_contact_fall_back_to_the_default() {
    let mut only_mail = reached_by("dana", &[], Some("dana@example.com"));
    only_mail.rules = parse_rules("text; call after 2m").unwrap();
    assert_eq!(told(&only_mail), ["mail dana@example.com 0s", "webex dana@example.com 0s"]);
    let mut only_phone = reached_by("dana", &["+12025550111"], None);
    only_phone.rules = parse_rules("mail").unwrap();
    assert_eq!(told(&only_phone).len(), 4);
}

#[test]
fn a_persons_rules_are_applied_in_order_of_time() {
    let mut dana = reached_by("dana", &["+12025550111"], Some("dana@example.com"));
    dana.rules = parse_rules("call after 4m every 5m x3; webex; mail; text after 9m").unwrap();
    assert_eq!(
        told(&dana),
        [
            "webex dana@example.com 0s",
            "mail dana@example.com 0s",
            "call +12025550111 4m",
            "call +12025550111 9m",
            "text +12025550111 9m",
            "call +12025550111 14m",
        ]
    );
    // A row that was written by other means.
    dana.rules[0].times = u32::MAX;
    assert_eq!(told(&dana).len(), MOST_ATTEMPTS);
}

#[test]
fn rules_are_read_as_people_write_them() {
    for (text, again) in [
        ("", ""),
        (" ; ", "!2: there is no rule before this semicolon"),
        ("text; call after 2m; call after 7m every 5m x3; mail; webex", ""),
        ("  TEXT ;call  after 90s;", "text; call after 1m 30s"),
        ("call every 5m x3 after 1h 30m", "call after 1h 30m every 5m x3"),
        ("text after 0s", "text"),
        ("text; sms", "!7: \"sms\" is no way to reach somebody; write text, call, mail or webex"),
        ("text; call after", "!7: after \"after\" comes a length of time such as 2m or 1h 30m"),
        ("call after soon", "!1: after \"after\" comes a length of time such as 2m or 1h 30m"),
        ("call after 2m after 3m", "!1: \"after\" stands here twice"),
        ("call 2m", "!1: \"2m\" can't be understood; a rule is such as: call after 7m every 5m x3"),
        ("call every 5m", "!1: say how often in all, twice or more: every 5m x3"),
        ("call every 5m x1", "!1: say how often in all, twice or more: every 5m x3"),
        ("call x3", "!1: say at what distance the 3 attempts come: every 5m x3"),
        ("call every 10s x3", "!1: attempts are at least 1m apart: write every 1m or more"),
        ("call every 5m x20", ""),
        ("text; call every 5m x20", "!7: with this rule there are 21 attempts; 20 is the most"),
        ("call after 25h", "!1: after the step comes at most 24h"),
        ("call after -2m", "!1: after the step comes at most 24h"),
        ("call after 23h every 31m x3", "!1: the last attempt comes at most 24h after the step"),
        ("text; ; mail", "!7: there is no rule before this semicolon"),
    ] {
        let read = match parse_rules(text) {
            Ok(rules) => rules_text(&rules),
            Err(bad) => format!("!{}: {bad}", bad.column),
        };
        let expected = if again.is_empty() { text } else { again };
        assert_eq!(read, expected, "{text:?}");
    }
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_rejected(text in "[a-z0-9; ]{0,40}|(text|call|mail|webex|after|every|x3|5m|;| ){0,12}") {
        if let Ok(rules) = parse_rules(&text) {
            let again = parse_rules(&rules_text(&rules));
            prop_assert_eq!(again.as_ref(), Ok(&rules), "{}", text);
        }
    }

    /// A person who can be reached is tried, by verified contacts alone, in order of time, at most twenty times.
    #[test]
    fn a_person_who_can_be_reached_is_tried(
        verified in proptest::collection::vec(any::<bool>(), 3),
        rules in "((text|call|mail|webex)( after [0-9]{1,3}m)?( every [1-9]m x[2-9])?; ){0,3}",
    ) {
        let mut dana = reached_by("dana", &["+12025550111", "+12025550121"], Some("dana@example.com"));
        let email = dana.email.iter_mut().map(|email| &mut email.verified_at);
        let contacts = dana.phones.iter_mut().map(|phone| &mut phone.verified_at).chain(email);
        for (verified_at, verified) in contacts.zip(&verified) {
            *verified_at = verified.then_some(Timestamp::UNIX_EPOCH);
        }
        dana.rules = parse_rules(rules.trim()).unwrap_or_default();
        let attempts = dana.attempts();
        prop_assert_eq!(attempts.is_empty(), verified.iter().all(|one| !one));
        prop_assert!(attempts.len() <= MOST_ATTEMPTS);
        prop_assert!(attempts.is_sorted_by_key(|one| one.after));
        for attempt in attempts {
            let to = match &attempt.to {
                AttemptAddress::Text(number) | AttemptAddress::Call(number) => number.as_str(),
                AttemptAddress::Mail(email) | AttemptAddress::Webex(email) => email.as_str(),
            };
            prop_assert!(dana.contacts().any(|(address, verified_at)| address == to && verified_at.is_some()));
            prop_assert!(attempt.after >= SignedDuration::ZERO);
        }
    }
}

#[test]
fn a_code_is_recognised_and_not_stored() {
    let code = Code::new("dana", "+12025550111", "042137", "salt", now());
    assert!(code.is("+12025550111", "042137"));
    assert!(code.is("+12025550111", " 042 137\n"), "as people type it");
    assert!(!code.is("+12025550112", "042137"), "another phone's code");
    for wrong in ["", "42137", "042138", "0421370", "٠٤٢١٣٧"] {
        assert!(!code.is("+12025550111", wrong), "{wrong}");
    }
    assert!(!serde_json::to_string(&code).unwrap().contains("042137"));
    assert!(!format!("{code:?}").contains(&code.digest));
    assert_eq!(code.until, "2026-11-21T02:15:00Z".parse::<Timestamp>().unwrap());
    assert_ne!(code.digest, Code::new("dana", "+12025550111", "042137", "pepper", now()).digest);
    assert_eq!([six_digits(7), six_digits(1_000_000), six_digits(u128::MAX)].map(|code| code.len()), [6; 3]);
}

#[test]
fn names_and_numbers_do_not_reach_logs() {
    let dana = person("dana");
    let logged = format!("{dana:?} {:?} {:?}", dana.phones, dana.attempts());
    assert!(!logged.contains("+1202") && !logged.contains('@'), "{logged}");
}
