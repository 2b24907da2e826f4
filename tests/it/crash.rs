//! A handler dies before and after each of its awaits takes effect, once each, and what must always hold still holds.

use std::collections::BTreeMap;

use handbell_core::delivery::Progress;
use handbell_core::incident::Phase;
use handbell_local::gate::Moment;
use serde_json::json;

use crate::duty::DANA;
use crate::world::World;

/// What happens while a handler dies, and what must be true at the end.
struct Scene {
    name: &'static str,
    /// Number of presses before the handler dies.
    before: u32,
    /// A phone is answered and key 1 pressed while the handler dies, instead of a press.
    acknowledge: bool,
}

const SCENES: [Scene; 4] = [
    Scene {
        name: "the first press makes a space, adds people and posts a picture",
        before: 0,
        acknowledge: false,
    },
    Scene { name: "the second press texts and posts a form", before: 1, acknowledge: false },
    Scene { name: "the third press calls and adds somebody", before: 2, acknowledge: false },
    Scene { name: "a key acknowledges", before: 3, acknowledge: true },
];

/// Plays a scene and lets the handler die at request `number`. Returns how many requests there were.
async fn play(scene: &Scene, number: usize, moment: Moment) -> (usize, bool) {
    let world = World::new().await;
    for press in 0..scene.before {
        world.press_as("green", &format!("early-{press}")).await;
        world.settle().await;
    }
    if scene.acknowledge {
        world.answer(DANA).await;
    }
    world.gate.kill_at(number, moment);
    if scene.acknowledge {
        let path = "/sim/phones/%2B12025550111/keys";
        world
            .send("POST", path, &[("content-type", "application/json")], json!({ "digits": "1" }).to_string())
            .await;
    } else {
        // The sender gets an error and sends the same press again, as a button's cloud does.
        let mut answer = world.press_as("green", "the-press").await;
        for _ in 0..5 {
            if answer.status == 200 {
                break;
            }
            answer = world.press_as("green", "the-press").await;
        }
        assert_eq!(
            answer.body,
            format!("OK {}\n", scene.before + 1),
            "{} at {number} {moment:?}",
            scene.name
        );
    }
    world.pass(20).await;
    let seen = world.gate.seen();
    if scene.acknowledge && world.incident().await.phase != Phase::Acknowledged {
        // Nobody presses a key again after the call has ended. A person who hears that it failed sends a text instead.
        let heard = world.heard(DANA).pop().unwrap_or_default();
        assert!(heard.contains("an application error has occurred"), "{number} {moment:?}: {heard}");
        world.text_from(DANA, "ack").await;
    }
    // What the dead handler left behind is found within a lease, a pause and two ticks.
    world.pass(8 * 60).await;
    check(&world, scene, number, moment).await;
    world.read_all();
    (seen, world.gate.deaths() > 0)
}

async fn check(world: &World, scene: &Scene, number: usize, moment: Moment) {
    let here = format!("{} at {number} {moment:?}", scene.name);
    let mut copies: BTreeMap<String, u32> = BTreeMap::new();
    for mark in world.marks() {
        *copies.entry(mark).or_default() += 1;
    }
    for (mark, count) in &copies {
        assert_eq!(*count, 1, "{here}: {mark} stands there {count} times");
    }
    let incident = world.incident().await;
    let presses = if scene.acknowledge { scene.before } else { scene.before + 1 };
    assert_eq!(incident.count, u64::from(presses), "{here}");
    assert!(
        incident.phase.is_final() || incident.wake_at.is_some(),
        "{here}: an unfinished incident is due in the future"
    );
    for dispatch in world.dispatches().await {
        for (id, delivery) in &dispatch.deliveries {
            let settled = matches!(delivery.progress, Progress::Sent | Progress::Cancelled);
            assert!(settled, "{here}: {} is {:?}", dispatch.reference_tag(*id), delivery.progress);
        }
        assert!(dispatch.facts.is_empty(), "{here}: facts are published");
        assert!(dispatch.lease.is_free(), "{here}: nobody holds it");
    }
    assert_eq!(world.spaces().len(), 1, "{here}: one space");
    let posts = world.posts("Green Power").join("\n");
    assert!(posts.contains("dashboard.png"), "{here}: {posts}");
    if scene.acknowledge {
        assert_eq!(incident.phase, Phase::Acknowledged, "{here}");
        assert!(!world.rings(DANA), "{here}: it is hung up");
    }
    if presses >= 2 {
        assert!(posts.contains("form.pdf"), "{here}: {posts}");
        let mut texts = world.texts(DANA);
        // Dana's own text, and the reply to it.
        texts
            .retain(|text| !(scene.acknowledge && (text == "ack: received" || text.contains("you have it"))));
        assert_eq!(texts, ["Check Webex: delivered"], "{here}");
        assert_eq!(world.texts("+12025550112"), ["Check Webex: delivered"], "{here}");
    }
    if presses >= 3 {
        assert_eq!(world.calls(DANA), 1, "{here}");
        assert!(world.people("Green Power").contains(&"dana@example.com".to_owned()), "{here}");
    }
    assert!(world.runner.cloud.queue().dead().is_empty(), "{here}: no dead letter");
}

/// All deaths of a scene, in several worlds at once, since each mostly waits.
async fn every_death(scene: &'static Scene) {
    let (requests, died) = play(scene, usize::MAX / 4, Moment::Before).await;
    assert!(!died && requests > 3, "{}: {requests} requests", scene.name);
    let mut deaths = 0;
    for number in 0..requests {
        for moment in [Moment::Before, Moment::After] {
            let (_, died) = play(scene, number, moment).await;
            deaths += usize::from(died);
        }
    }
    assert!(deaths > requests, "{}: of {requests} requests, {deaths} deaths", scene.name);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_die_at_every_await_of_the_first_press() {
    every_death(&SCENES[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_die_at_every_await_of_texts_and_a_post() {
    every_death(&SCENES[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_die_at_every_await_of_a_call() {
    every_death(&SCENES[2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_die_at_every_await_of_an_acknowledgement() {
    every_death(&SCENES[3]).await;
}

/// A zone fills up: two polls, a card with a text, and a choice. The handler may die at every request of poll, delivery and choice.
async fn play_crowd(choose: bool, number: usize, moment: Moment) -> (usize, bool) {
    let world = World::with(crate::occupancy::FLOOR).await;
    world.devices("shoes", 97).await;
    world.pass(65).await;
    if choose {
        world.minutes(2).await;
        world.gate.kill_at(number, moment);
        let card = world.cards("Floor team").remove(0);
        world.choose("alice@example.com", &card, "On my way").await;
        world.pass(20).await;
    } else {
        world.gate.kill_at(number, moment);
        world.minutes(1).await;
    }
    let seen = world.gate.seen();
    world.minutes(4).await;
    if choose && world.zone_incident("shoes").await.is_some_and(|incident| incident.taken_by.is_none()) {
        // Webex doesn't state whether it repeats a webhook that nobody accepted. A person who sees no reaction presses again.
        let card = world.cards("Floor team").remove(0);
        world.choose("alice@example.com", &card, "On my way").await;
        world.settle().await;
    }
    let here = format!("occupancy, choose {choose}, at {number} {moment:?}");
    let mut copies: BTreeMap<String, u32> = BTreeMap::new();
    for mark in world.marks() {
        *copies.entry(mark).or_default() += 1;
    }
    assert!(copies.values().all(|count| *count == 1), "{here}: {copies:?}");
    assert_eq!(world.cards("Floor team").len(), 1, "{here}: {:#?}", world.posts("Floor team"));
    assert_eq!(world.texts(DANA), ["Floor 2 / Shoes: 97 of 100 (alert): delivered"], "{here}");
    let incident = world.zone_incident("shoes").await.expect("an incident");
    assert_eq!((incident.epoch, incident.step), (1, 2), "{here}");
    if choose {
        assert_eq!(incident.phase, Phase::Acknowledged, "{here}");
    }
    let site = world.runner.store.sites().site("store").await.unwrap().expect("the site's row");
    assert!(site.pending.is_empty(), "{here}: {:?}", site.pending);
    world.devices("shoes", 10).await;
    world.minutes(3).await;
    let posts = world.posts("Floor team");
    let clears = posts.iter().filter(|post| post.contains("is calm again")).count();
    assert_eq!(clears, 1, "{here}: {posts:#?}");
    (seen, world.gate.deaths() > 0)
}

async fn every_death_of_a_crowd(choose: bool) {
    let (requests, died) = play_crowd(choose, usize::MAX / 4, Moment::Before).await;
    assert!(!died && requests > 5, "{requests} requests");
    let mut deaths = 0;
    for number in 0..requests {
        let (before, after) = tokio::join!(
            play_crowd(choose, number, Moment::Before),
            play_crowd(choose, number, Moment::After)
        );
        deaths += usize::from(before.1) + usize::from(after.1);
    }
    assert!(deaths > requests, "of {requests} requests, {deaths} deaths");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_die_at_every_await_of_a_poll() {
    every_death_of_a_crowd(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_die_at_every_await_of_a_choice() {
    every_death_of_a_crowd(true).await;
}
