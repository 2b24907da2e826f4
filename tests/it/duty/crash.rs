//! The handlers of alerts die before and after each of their awaits takes effect, once each: somebody is woken once all the same.

use std::collections::BTreeMap;

use handbell_core::delivery::{Dispatch, DispatchKey, MAX_UNKNOWN, MailMessage, Message, Progress};
use handbell_core::incident::{Incident, Phase};
use handbell_local::gate::Moment;

use super::mailbox::{PASSING, Server, reads};
use super::{ADDRESS, DANA, DUTY, ELI, problem};
use crate::world::World;

/// What happens while a handler dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    /// A mail comes in: a space, a card, a text and a call.
    Mail,
    /// The same mail is in a mailbox.
    Mailbox,
    /// Dana acknowledges by text.
    Acknowledgement,
    /// The incident is resolved by text: the incident report goes to the space and to the sender of the mail.
    End,
}

impl Scene {
    /// Returns true if Dana sees that her text was received. Otherwise she sends it again, as people do.
    fn taken_in(self, phase: Phase) -> bool {
        match self {
            Self::Mail | Self::Mailbox => true,
            Self::Acknowledgement => phase == Phase::Acknowledged,
            Self::End => phase == Phase::Resolved,
        }
    }
}

/// Plays a scene and lets the handler die at request `number`. Returns how many requests there were, and whether it died.
async fn play(scene: Scene, number: usize, moment: Moment) -> (usize, bool) {
    // Nobody else is called meanwhile: a repeated message could not be told from a message to the next person.
    let config = DUTY.replace("after: 5m", "after: 2h");
    let server = Server::with(vec![problem()], PASSING);
    let config = if scene == Scene::Mailbox { reads(&config, &server) } else { config };
    let world = World::staffed(&config).await;
    if matches!(scene, Scene::Acknowledgement | Scene::End) {
        world.mail(&problem()).await;
    }
    if scene == Scene::End {
        world.text_from(DANA, "ack").await;
        world.pass(30).await;
    }
    world.gate.kill_at(number, moment);
    match scene {
        Scene::Mail => drop(world.mail_with(ADDRESS, "", &problem()).await),
        Scene::Mailbox => {
            // Only the poll dies here. What follows from a mail dies in the other scene.
            world.advance(61).await;
            world.runner.cloud.tick_due().await;
        }
        Scene::Acknowledgement => world.text_from(DANA, "ack").await,
        Scene::End => world.text_from(DANA, "done").await,
    }
    if scene != Scene::Mailbox {
        world.pass(20).await;
    }
    let seen = world.gate.seen();
    // What the dead handler left behind is found within a lease, a pause and two ticks.
    world.pass(4 * 60).await;
    if !scene.taken_in(world.alert().await.phase) {
        world.text_from(DANA, if scene == Scene::End { "done" } else { "ack" }).await;
        world.pass(60).await;
    }
    check(&world, scene, &format!("{scene:?} at {number} {moment:?}")).await;
    if scene == Scene::Mailbox {
        let lies = server.folder("INBOX").len() + server.folder("Done").len();
        assert_eq!(lies, 1, "at {number} {moment:?}: the mail is still there, and once");
    }
    world.read_all();
    (seen, world.gate.deaths() > 0)
}

async fn check(world: &World, scene: Scene, here: &str) {
    let incident = world.alert().await;
    let wanted = match scene {
        Scene::Mail | Scene::Mailbox => Phase::Open,
        Scene::Acknowledgement => Phase::Acknowledged,
        Scene::End => Phase::Resolved,
    };
    assert_eq!((incident.phase, incident.epoch, incident.step), (wanted, 1, 1), "{here}");
    assert_eq!(incident.count, 1, "{here}: one mail");
    assert!(incident.phase.is_final() || incident.wake_at.is_some(), "{here}: it is looked at again");

    let mut copies: BTreeMap<String, u32> = BTreeMap::new();
    for mark in world.marks() {
        *copies.entry(mark).or_default() += 1;
    }
    for (mark, count) in &copies {
        assert_eq!(*count, 1, "{here}: {mark} stands there {count} times");
    }
    let reference = incident.reference();
    let spaces = world.spaces();
    let ours: Vec<_> = spaces.iter().filter(|space| space["title"] == reference.as_str()).collect();
    assert_eq!(ours.len(), 1, "{here}: one space of the incident: {spaces:#?}");
    let paged = world.texts(DANA).into_iter().filter(|text| text.starts_with("Monitoring: PROBLEM")).count();
    assert_eq!((paged, world.calls(DANA)), (1, 1), "{here}: one text, one call");
    assert!(world.texts(ELI).is_empty() && world.calls(ELI) == 0, "{here}: nobody else is woken");
    let (state, _) = world.shown();
    let shown = match scene {
        Scene::Mail | Scene::Mailbox => "Nobody has it yet",
        Scene::Acknowledgement => "Dana has it",
        Scene::End => "Resolved",
    };
    assert!(state.starts_with(shown), "{here}: the card says {state}");
    assert_eq!(world.people(&reference), ["dana@example.com"], "{here}");
    let posts = world.posts(&reference);
    let with =
        |file: &str| posts.iter().filter(|post| post.ends_with(&format!("[{reference}.{file}]"))).count();
    assert_eq!((with("eml"), with("txt")), (1, usize::from(scene == Scene::End)), "{here}: {posts:#?}");

    letters(world, here, &settled(world, &incident, here).await);
    assert!(world.runner.cloud.queue().dead().is_empty(), "{here}: no dead letter");
}

/// Returns everything that was decided, once no worker works on it any more.
async fn settled(world: &World, incident: &Incident, here: &str) -> Vec<Dispatch> {
    let mut all = Vec::new();
    for number in 1..=incident.dispatches {
        let key = DispatchKey { subject: incident.subject.clone(), epoch: incident.epoch, number };
        let dispatch = world.runner.store.dispatches().dispatch(&key).await.unwrap().expect("a dispatch");
        for (id, delivery) in &dispatch.deliveries {
            let settled = matches!(delivery.progress, Progress::Sent | Progress::Cancelled);
            assert!(settled, "{here}: {} is {delivery:?}", dispatch.reference_tag(*id));
        }
        assert!(dispatch.facts.is_empty(), "{here}: facts are published");
        assert!(dispatch.lease.is_free(), "{here}: nobody holds it");
        all.push(dispatch);
    }
    all
}

/// A mail can't be looked up: it is sent again for each attempt with unknown outcome, and at most three times.
fn letters(world: &World, here: &str, dispatches: &[Dispatch]) {
    let sent = world.sent_mails();
    let mut wanted = 0;
    for dispatch in dispatches {
        for (id, delivery) in &dispatch.deliveries {
            if !matches!(delivery.message, Message::Mail(MailMessage::IncidentReport { .. })) {
                continue;
            }
            wanted += 1;
            let mark = dispatch.reference_tag(*id);
            let copies = sent.iter().filter(|letter| letter["headers"].to_string().contains(&mark)).count();
            let most = (1 + delivery.unknowns).min(MAX_UNKNOWN) as usize;
            assert!((1..=most).contains(&copies), "{here}: {copies} copies of {mark}, {delivery:?}");
        }
    }
    let resolved = usize::from(
        dispatches.iter().any(|dispatch| dispatch.of_incident().is_some_and(|of| of.ended.is_some())),
    );
    assert_eq!(wanted, resolved, "{here}: a report at the end, and only then");
    assert_eq!(sent.is_empty(), wanted == 0, "{here}: {sent:#?}");
}

/// All deaths of a scene. Nothing takes effect between the end of one request and the beginning of the next: to die after the one
/// is to die before the other, so that only the first has both. Each world mostly waits: two at once cost little more than one.
async fn every_death(scene: Scene) {
    let (requests, died) = play(scene, usize::MAX / 4, Moment::Before).await;
    assert!(!died && requests > 5, "{scene:?}: {requests} requests");
    let (_, died) = play(scene, 0, Moment::Before).await;
    assert!(died, "{scene:?}: the first request");
    let mut deaths = 0;
    for number in (0..requests).step_by(2) {
        let (one, other) =
            tokio::join!(play(scene, number, Moment::After), play(scene, number + 1, Moment::After));
        deaths += usize::from(one.1) + usize::from(other.1);
    }
    assert!(deaths + 5 > requests, "{scene:?}: of {requests} requests, {deaths} deaths");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_die_at_every_await_of_a_mail_and_its_page() {
    every_death(Scene::Mail).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_die_at_every_await_of_a_mailbox() {
    every_death(Scene::Mailbox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_die_at_every_await_of_an_acknowledgement_by_text() {
    every_death(Scene::Acknowledgement).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_may_die_at_every_await_of_the_end_and_its_incident_report() {
    every_death(Scene::End).await;
}
