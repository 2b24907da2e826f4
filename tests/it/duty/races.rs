//! Stop must stop: what comes at the same moment, or too late.

use handbell_core::incident::Phase;

use super::{DANA, DUTY, ELI, nagios, problem};
use crate::world::World;

/// The answered call says who has it, and hangs up.
#[tokio::test]
async fn an_acknowledgement_while_our_call_is_ringing() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.text_from(DANA, "ack").await;
    let heard = world.answer(DANA).await;
    assert!(heard[0].contains("Dana has it since") && heard[0].contains("You are not needed"), "{heard:#?}");
    world.read_all();
}

/// Ten at once: one has it, and the step that was due at that moment doesn't come.
#[tokio::test]
async fn an_acknowledgement_races_a_timer() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.pass(289).await;
    world.advance(1).await;
    world.text_from(DANA, "ack").await;
    world.pass(600).await;
    let alert = world.alert().await;
    assert_eq!(alert.phase, Phase::Acknowledged);
    // Either the timer was first and everybody was told, or it came too late and rang nobody.
    assert_eq!(world.calls(ELI), usize::from(alert.step == 2));
    world.read_all();
}

#[tokio::test]
async fn two_people_at_once_and_one_has_it() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.pass(310).await;
    let dana = "/sim/phones/%2B12025550111/text";
    let eli = "/sim/phones/%2B12025550112/text";
    let body = serde_json::json!({ "to": "+12025550100", "body": "ack" }).to_string();
    let headers = [("content-type", "application/json")];
    let both = tokio::join!(
        world.send("POST", dana, &headers, body.clone()),
        world.send("POST", eli, &headers, body.clone())
    );
    assert_eq!((both.0.status / 100, both.1.status / 100), (2, 2));
    world.settle().await;
    let taken = world.alert().await.taken_by.unwrap().who;
    let (first, second) = if taken == "Dana" { (DANA, ELI) } else { (ELI, DANA) };
    assert!(world.texts(first).iter().any(|text| text.contains("you have it")));
    assert!(world.texts(second).iter().any(|text| text.contains(&format!("{taken} has it since"))));
    world.read_all();
}

#[tokio::test]
async fn a_recovery_races_an_acknowledgement() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    let recovery = nagios("r1", "RECOVERY: db1/MySQL is OK", "up again");
    let ack = world.text_from(DANA, "ack");
    tokio::join!(ack, async {
        world.mail_with(super::ADDRESS, "", &recovery).await;
    });
    world.settle().await;
    assert_eq!(world.alert().await.phase, Phase::Resolved, "whichever was first");
    world.text_from(DANA, "ack").await;
    assert_eq!(world.alert().await.phase, Phase::Resolved);
    world.read_all();
}

/// Clocks that go an hour back must not call anybody early or twice: times are instants.
#[tokio::test]
async fn a_step_is_due_after_the_same_time_in_the_night_the_clocks_change() {
    // Two minutes before Paris goes from 02:00 to 03:00.
    let night = "2027-03-28T00:58:00Z".parse().unwrap();
    let files = [("people.csv", super::PEOPLE), ("rotas.yaml", super::ROTAS)];
    let world = World::at(night, DUTY, &files).await;
    world.mail(&problem()).await;
    world.pass(285).await;
    assert_eq!(world.calls(ELI), 0);
    world.pass(25).await;
    assert_eq!(world.calls(ELI), 1);
    world.read_all();
}
