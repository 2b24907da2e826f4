//! "I have it", by every channel: the first person wins, the others are notified, and a repeated command counts once.

use handbell_core::incident::Phase;
use serde_json::json;

use super::{BOB, DANA, DUTY, ELI, problem};
use crate::world::World;

#[tokio::test]
async fn the_first_acknowledgement_wins_and_the_others_are_notified() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.pass(310).await;
    let number = world.alert().await.number();
    world.texts(DANA);
    world.texts(ELI);

    world.text_from(ELI, &format!("ack {number}")).await;
    assert_eq!(world.shown().0, "Eli has it");
    let told = world.new_texts(DANA);
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(told[0].contains("Eli has it since") && told[0].contains("You are not needed."), "{told:#?}");

    world.text_from(DANA, "ack").await;
    let told = world.new_texts(DANA);
    assert!(told[0].contains("Eli has it since"), "whoever comes second learns who was first: {told:#?}");
    assert_eq!(world.alert().await.taken_by.unwrap().who, "Eli");

    world.text_from(ELI, "done").await;
    assert!(world.new_texts(DANA)[0].contains("done, says Eli"));
    assert_eq!(world.alert().await.phase, Phase::Resolved);
    world.text_from(DANA, &format!("ack {}", world.alert().await.reference())).await;
    assert_eq!(world.alert().await.phase, Phase::Resolved, "an acknowledgement never un-resolves");
    assert!(world.new_texts(DANA)[0].contains("it is over already"));
    world.read_all();
}

#[tokio::test]
async fn the_number_tells_which_open_incident_is_meant() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.mail(&super::nagios("p2", "PROBLEM: web7/HTTP is CRITICAL", "timeout")).await;
    world.texts(DANA);
    world.text_from(DANA, "ack").await;
    let told = world.new_texts(DANA);
    assert!(told[0].starts_with("2 are open: "), "{told:#?}");
    assert!(world.alerts().await.iter().all(|alert| alert.phase == Phase::Open));

    let alerts = world.alerts().await;
    world.text_from(DANA, &format!("Ack {}.", alerts[1].number())).await;
    let now = world.alerts().await;
    assert_eq!((now[0].phase, now[1].phase), (Phase::Open, Phase::Acknowledged));
    world.text_from(DANA, "ack").await;
    assert!(
        world.alerts().await.iter().all(|alert| alert.phase == Phase::Acknowledged),
        "now there is only one"
    );
    world.read_all();
}

#[tokio::test]
async fn a_text_that_is_no_command_is_posted_in_the_space() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    let reference = world.alert().await.reference();
    world.text_from(DANA, "On the train, ten minutes").await;
    assert!(
        world.posts(&reference).iter().any(|post| post == "**Dana** (by text): On the train, ten minutes")
    );
    assert_eq!(world.alert().await.phase, Phase::Open);
    // A stranger's command changes nothing.
    world.text_from("+12025550177", "ack").await;
    assert_eq!(world.alert().await.phase, Phase::Open);
    world.read_all();
}

#[tokio::test]
async fn i_cant_escalates_at_once() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    assert_eq!(world.choose_on_card("dana@example.com", "I can't").await, 200);
    assert_eq!(world.calls(ELI), 1, "Eli rings at once");
    let (state, choices) = world.shown();
    assert_eq!(state, "Nobody has it yet");
    assert!(choices.contains(&"I have it".to_owned()), "{choices:?}");
    world.choose_on_card("eli@example.com", "I have it").await;
    assert_eq!(world.shown().0, "Eli has it");
    world.choose_on_card("eli@example.com", "I can't").await;
    assert_eq!((world.alert().await.phase, world.shown().0.as_str()), (Phase::Open, "Nobody has it yet"));
    world.read_all();
}

/// The word `escalation` in the space, and a team by its name.
#[tokio::test]
async fn the_word_escalation_escalates_and_a_name_pages_its_team() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    let reference = world.alert().await.reference();
    world.says_in_space("dana@example.com", "/escalate technical").await;
    assert!(world.texts(BOB)[0].starts_with("Please help: PROBLEM: db1/MySQL is CRITICAL"));
    assert_eq!(world.people(&reference), ["bob@example.com", "dana@example.com"]);
    assert_eq!(world.alert().await.step, 1, "the plan's own steps go on from where they are");
    world.says_in_space("dana@example.com", "escalation").await;
    assert_eq!((world.alert().await.step, world.calls(ELI)), (2, 1));
    world.says_in_space("dana@example.com", "who").await;
    let posts = world.posts(&reference);
    assert!(
        posts.iter().any(|post| post.contains("nobody has it yet") && post.contains("Dana")),
        "{posts:#?}"
    );
    world.says_in_space("dana@example.com", "I have it").await;
    world.says_in_space("dana@example.com", "escalate technical").await;
    let asked = world.texts(BOB).into_iter().filter(|text| text.starts_with("Please help")).count();
    assert_eq!(asked, 2, "help is wanted after an acknowledgement too");
    world.read_all();
}

#[tokio::test]
async fn a_card_of_another_space_and_a_second_press_change_nothing() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.choose_on_card("dana@example.com", "I have it").await;
    let version = world.alert().await.version;
    world.choose_on_card("dana@example.com", "Done").await;
    assert!(world.alert().await.version > version);
    assert_eq!(world.alert().await.phase, Phase::Resolved);
    assert_eq!(world.shown().1, Vec::<String>::new(), "nothing is left to be done");
    world.read_all();
}

#[tokio::test]
async fn a_voicemail_or_an_undelivered_text_moves_on_at_once() {
    let world = World::staffed(&DUTY.replace("after: 5m", "after: 30m")).await;
    world.behave(DANA, json!({ "answers": "unreachable" })).await;
    world.mail(&problem()).await;
    world.pass(30).await;
    assert_eq!(world.alert().await.step, 2, "Dana can't be reached: Eli needn't wait for half an hour");
    assert_eq!(world.calls(ELI), 1);
    let reference = world.alert().await.reference();
    assert!(world.posts(&reference).iter().any(|post| post.starts_with("Nobody could be reached")));
    world.read_all();
}

#[tokio::test]
async fn if_nobody_is_on_call_the_admins_are_notified_and_the_team_is_paged() {
    let rotas = super::ROTAS.replace("people: [dana], starts: 2026", "people: [dana], starts: 2066");
    let files = [("people.csv", super::PEOPLE), ("rotas.yaml", rotas.as_str())];
    let world = World::with_files(DUTY, &files).await;
    world.mail(&problem()).await;
    assert_eq!((world.calls(DANA), world.calls(ELI)), (1, 1), "the team ops stands in");
    let reference = world.alert().await.reference();
    let posts = world.posts(&reference);
    assert!(posts.iter().any(|post| post.contains("Nobody is on call in ops")), "{posts:#?}");
    assert!(world.texts("+12025550119")[0].contains("nobody is on call in ops"));
    world.read_all();
}

#[tokio::test]
async fn one_acknowledgement_is_not_enough_where_two_are_needed() {
    let config = DUTY.replace("    escalate:", "    need: 2\n    escalate:");
    let world = World::staffed(&config).await;
    world.mail(&problem()).await;
    world.text_from(DANA, "ack").await;
    assert_eq!(world.alert().await.phase, Phase::Open);
    assert_eq!(world.shown().0, "Somebody has it, but one is not enough");
    world.text_from(DANA, "ack").await;
    assert_eq!(world.alert().await.phase, Phase::Open, "the same person twice is one");
    world.pass(310).await;
    assert_eq!(world.calls(ELI), 1, "others are still called");
    world.text_from(ELI, "ack").await;
    assert_eq!(world.alert().await.phase, Phase::Acknowledged);
    world.read_all();
}

#[tokio::test]
async fn the_person_who_has_it_is_asked_and_without_an_answer_it_is_reopened() {
    let config = DUTY.replace("    escalate:", "    confirm: { after: 30m, within: 10m }\n    escalate:");
    let world = World::staffed(&config).await;
    world.mail(&problem()).await;
    world.text_from(DANA, "ack").await;
    world.texts(DANA);
    world.pass(31 * 60).await;
    assert!(world.new_texts(DANA)[0].contains("are you still on it"));
    assert_eq!(
        world.shown(),
        (
            "Dana was asked: still on it?".to_owned(),
            vec!["Still on it".into(), "Done".into(), "I can't".into()]
        )
    );
    world.text_from(DANA, "confirm").await;
    assert_eq!(world.shown().0, "Dana has it");
    world.pass(31 * 60).await;
    world.pass(11 * 60).await;
    assert_eq!(world.alert().await.phase, Phase::Open, "nobody confirmed");
    assert_eq!(world.calls(ELI), 1, "and it climbs on");
    world.read_all();
}

#[tokio::test]
async fn after_a_snooze_the_same_step_is_taken_again() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.text_from(DANA, "snooze 20m").await;
    assert!(world.shown().0.starts_with("Snoozed by Dana until"));
    world.pass(19 * 60).await;
    assert_eq!((world.calls(DANA), world.calls(ELI)), (1, 0));
    world.pass(2 * 60).await;
    assert_eq!(world.alert().await.phase, Phase::Open);
    assert_eq!(world.calls(DANA), 2);
    world.read_all();
}

/// A new number is called only after its owner has entered the code that it received.
#[tokio::test]
async fn a_new_phone_is_verified_by_its_code_before_it_is_called() {
    use handbell_core::delivery::{Body, Content, Delivery, Dispatch, DispatchKey, Message, PhoneMessage};
    use handbell_core::incident::Subject;
    use handbell_core::oncall::code::Code;
    use jiff::SignedDuration;

    let world = World::staffed(DUTY).await;
    let store = &world.runner.store;
    let mut dana = store.people().person("dana").await.unwrap().unwrap();
    let before = dana.version;
    dana.phones[0].verified_at = None;
    store.roster_editor().put_person(&dana, Some(before)).await.unwrap();
    world.mail(&problem()).await;
    assert_eq!(world.calls(DANA), 0, "nobody knows yet whose number it is");
    assert_eq!(world.sent_mails().len(), 1, "so Dana gets a mail");

    let now = world.now();
    assert!(store.codes().ask_code(DANA, &Code::new("dana", DANA, "042137", "salt", now)).await.unwrap());
    let key = DispatchKey { subject: Subject::notice(DANA), epoch: 1, number: 1 };
    let mut dispatch = Dispatch::new(key, Body::Notice, now);
    let content = Content::Text("042137 is your code".to_owned());
    dispatch.add(Delivery::new(
        Message::Phone(PhoneMessage::Text { to: DANA.parse().unwrap(), from: None, content }),
        now,
    ));
    assert!(
        store.notices().put_notice(&dispatch, "code-1", SignedDuration::from_hours(1), now).await.unwrap()
    );
    assert!(
        !store.notices().put_notice(&dispatch, "code-1", SignedDuration::from_hours(1), now).await.unwrap(),
        "once"
    );
    world.pass(70).await;
    assert!(world.new_texts(DANA)[0].starts_with("042137 is your code"));
    world.text_from(DANA, "111111").await;
    assert!(world.new_texts(DANA)[0].contains("This is not the code. 4 tries are left."));
    world.text_from(DANA, "042 137").await;
    assert!(world.new_texts(DANA)[0].contains("Handbell may now call and text you here."));
    world.mail(&super::nagios("n2", "PROBLEM: another thing", "x")).await;
    assert_eq!(world.calls(DANA), 1);
    world.read_all();
}

/// The next way is tried at once although it was planned for later, and a later attempt is still pending.
#[tokio::test]
async fn an_undelivered_text_expedites_the_call_that_was_planned_for_later() {
    let people =
        super::PEOPLE.replace("ops,text; call\neli", "ops,text; call after 10m; call after 20m\neli");
    let files = [("people.csv", people.as_str()), ("rotas.yaml", super::ROTAS)];
    let world = World::with_files(&DUTY.replace("after: 5m", "after: 30m"), &files).await;
    world.behave(DANA, json!({ "behaviour": "off" })).await;
    world.mail(&problem()).await;
    world.pass(60).await;
    assert_eq!(world.calls(DANA), 1, "the text can't be delivered: the call needn't wait for ten minutes");
    world.read_all();
}

/// A text without a callback counts as a reply all the same, and isn't taken for a customer's first text.
#[tokio::test]
async fn an_acknowledgement_without_a_callback_is_fetched() {
    let config = DUTY.replace(
        "sources:",
        "lines:\n  support: { number: \"+12025550100\", texts: { welcome: Thanks for signing up! } }\nsources:",
    );
    let world = World::staffed(&config).await;
    world.mail(&problem()).await;
    world.text_from(DANA, "ack").await;
    assert_eq!(world.alert().await.phase, Phase::Acknowledged);
    world.pass(11 * 60).await;
    assert!(world.texts(DANA).iter().all(|text| !text.contains("Thanks for signing up")), "no customer");
    assert_eq!(world.spaces().len(), 1, "and no customer's space");
    world.read_all();
}
