//! An acknowledgement stops the calls, even if other events come at the same moment or too late.

use handbell_core::incident::Phase;
use handbell_local::gate::{Moment, Passing};

use super::{DANA, DUTY, ELI, nagios, problem};
use crate::world::World;

#[tokio::test]
async fn an_acknowledgement_hangs_up_every_phone_that_still_rings() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.pass(310).await;
    assert!(world.rings(ELI));
    world.text_from(DANA, "ack").await;
    assert!(!world.rings(ELI), "long before the phone would have fallen silent by itself");
    let reference = world.alert().await.reference();
    let posts = world.posts(&reference).join("\n");
    assert!(posts.contains("Call to Eli (+12025550112): called off"), "{posts}");
    world.read_all();
}

#[tokio::test]
async fn the_end_of_an_incident_hangs_up_the_phones_that_ring_for_it() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    assert!(world.rings(DANA));
    world.mail(&nagios("p2", "RECOVERY: db1/MySQL is OK", "Host: db1\r\nService: MySQL\r\nUp again")).await;
    assert_eq!(world.alert().await.phase, Phase::Resolved);
    assert!(!world.rings(DANA));
    world.read_all();
}

#[tokio::test]
async fn a_call_that_is_answered_in_the_moment_of_an_acknowledgement_says_who_has_it() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    let held = world.gate.hold(Moment::Before, |request| request.path.contains("/Calls/CA"));
    let answers = async {
        held.reached().await;
        let heard = world.answer(DANA).await;
        assert!(
            heard[0].contains("Dana has it since") && heard[0].contains("You are not needed"),
            "{heard:#?}"
        );
        drop(held);
    };
    tokio::join!(world.text_from(DANA, "ack"), answers);
    world.read_all();
}

/// A transaction that writes this, as it travels to the table.
fn writes(what: &'static str) -> impl Fn(&Passing) -> bool {
    move |request| {
        request.operation == "TransactWriteItems" && String::from_utf8_lossy(&request.body).contains(what)
    }
}

/// The next state has taken the second step.
const SECOND_STEP: &str = "\"step\":{\"N\":\"2\"}";
/// The next state is acknowledged.
const ACKNOWLEDGED: &str = "\"phase\":{\"S\":\"acknowledged\"}";

impl World {
    async fn waits_until(&self, phase: Phase) {
        self.until("the phase", async || self.alert().await.phase == phase).await;
    }

    /// Does everything that is due now, while another handler is held.
    async fn works(&self) {
        while self.runner.cloud.deliver_due().await + self.runner.cloud.tick_due().await > 0 {}
    }
}

/// A problem, half a minute before the second step.
async fn before_the_second_step() -> World {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.pass(270).await;
    assert_eq!((world.alert().await.step, world.calls(ELI)), (1, 0));
    world
}

/// The timer has decided on the second step, and the acknowledgement is written before that step is.
#[tokio::test]
async fn an_acknowledgement_that_overtakes_the_timer_keeps_the_next_step_from_being_taken() {
    let world = before_the_second_step().await;
    let held = world.gate.hold(Moment::Before, writes(SECOND_STEP));
    let overtakes = async {
        held.reached().await;
        world.text_at_once(DANA, "ack").await;
        world.waits_until(Phase::Acknowledged).await;
        drop(held);
    };
    tokio::join!(world.pass(60), overtakes);
    world.pass(600).await;
    let alert = world.alert().await;
    assert_eq!((alert.phase, alert.step), (Phase::Acknowledged, 1));
    assert_eq!((world.calls(ELI), world.texts(ELI).len()), (0, 0), "nobody is called who needn't be");
    world.read_all();
}

/// The acknowledgement has been decided, and the timer's step is written before it is.
#[tokio::test]
async fn an_acknowledgement_that_the_timer_overtakes_counts_and_hangs_up_ringing_calls() {
    let world = before_the_second_step().await;
    let held = world.gate.hold(Moment::Before, writes(ACKNOWLEDGED));
    let is_overtaken = async {
        held.reached().await;
        world.advance(40).await;
        world
            .until("the second step", async || {
                world.works().await;
                world.calls(ELI) == 1
            })
            .await;
        assert_eq!((world.alert().await.step, world.alert().await.phase), (2, Phase::Open));
        assert!(world.rings(ELI));
        drop(held);
    };
    tokio::join!(world.text_at_once(DANA, "ack"), is_overtaken);
    world.waits_until(Phase::Acknowledged).await;
    world.pass(5).await;
    assert!(!world.rings(ELI), "it is hung up");
    world.pass(600).await;
    let alert = world.alert().await;
    assert_eq!((alert.phase, alert.step), (Phase::Acknowledged, 2));
    assert_eq!(alert.taken_by.unwrap().who, "Dana");
    assert_eq!(world.calls(ELI), 1);
    world.read_all();
}

/// The step is written, and then the acknowledgement, before a worker has claimed the step's deliveries.
#[tokio::test]
async fn an_acknowledgement_between_a_step_and_its_deliveries_calls_nobody() {
    let world = before_the_second_step().await;
    let claim = |request: &Passing| {
        let body = String::from_utf8_lossy(&request.body);
        request.operation == "UpdateItem" && body.contains("ADD claims")
    };
    let held = world.gate.hold(Moment::Before, claim);
    let comes_between = async {
        held.reached().await;
        assert_eq!(world.alert().await.step, 2, "the step is taken");
        world.text_at_once(DANA, "ack").await;
        world.waits_until(Phase::Acknowledged).await;
        drop(held);
    };
    tokio::join!(world.pass(60), comes_between);
    world.pass(600).await;
    assert_eq!((world.calls(ELI), world.texts(ELI).len()), (0, 0));
    world.read_all();
}

#[tokio::test]
async fn of_two_people_at_once_one_has_it() {
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
async fn a_recovery_at_the_time_of_an_acknowledgement_ends_the_incident() {
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

/// Clocks that go back an hour must not call anybody early or twice: times are instants.
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
