//! No vendor call begins later than 8 s after the claim: an acknowledgement may have come meanwhile, and the lease runs out.
//!
//! Each test plays a scene up to one call to a vendor, and once more with the request before that call taking 9 s.

use std::sync::atomic::{AtomicUsize, Ordering};

use handbell_core::incident::Phase;
use handbell_local::gate::{Moment, Passing};
use handbell_sim::trouble::TroubleKind;
use http::Method;
use serde_json::json;

use crate::customer::people::{LINE, TOMMY};
use crate::duty::{DANA, DUTY, PEOPLE, ROTAS, problem};
use crate::occupancy::FLOOR;
use crate::world::World;

/// Maximum number of steps up to the point of a scene.
const STEPS: usize = 60;

/// Returns true for a request that changes nothing and may come at any time, or that runs beside the work in no fixed order.
fn is_beside(request: &Passing) -> bool {
    ["/aws/events", "/aws/sqs"].iter().any(|path| request.path.starts_with(path))
}

/// Returns true for a request that sends something, or changes something at a vendor.
fn tells(request: &Passing) -> bool {
    let vendor = ["/sim/webex/v1/", "/sim/twilio/", "/aws/ses/"];
    let hook = request.path.contains("/webhooks");
    request.method != Method::GET && !hook && vendor.iter().any(|path| request.path.starts_with(path))
}

fn has(request: &Passing, method: &Method, path: &str, body: &str) -> bool {
    request.method == *method
        && request.path.contains(path)
        && String::from_utf8_lossy(&request.body).contains(body)
}

fn posts(body: &'static str) -> impl Fn(&Passing) -> bool {
    move |request| has(request, &Method::POST, "/sim/webex/v1/messages", body)
}

fn asks(method: Method, path: &'static str) -> impl Fn(&Passing) -> bool {
    move |request| has(request, &method, path, "")
}

/// Returns true if a worker claims a dispatch.
fn claims(request: &Passing) -> bool {
    request.operation == "UpdateItem" && has(request, &Method::POST, "/aws/dynamodb", "ADD claims")
}

/// Returns true if the row of a dispatch is read.
fn reads_a_dispatch(request: &Passing) -> bool {
    request.operation == "GetItem" && has(request, &Method::POST, "/aws/dynamodb", "\"D#")
}

/// Returns true if a space is written to the table.
fn remembers_a_space(request: &Passing) -> bool {
    request.operation == "PutItem" && has(request, &Method::POST, "/aws/dynamodb", "\"SPACE#")
}

/// Plays the scene up to the target. Returns the step of the target, and after how many of the step's requests that could be slow
/// it comes.
async fn place_of(
    scene: &impl AsyncFn() -> World,
    target: &impl Fn(&Passing) -> bool,
    slow: impl Fn(&Passing) -> bool,
) -> (usize, usize) {
    let world = scene().await;
    for step in 0..STEPS {
        world.pause().await;
        world.gate.record();
        world.step().await;
        let requests = world.gate.recorded();
        if let Some(place) = requests.iter().position(target) {
            world.read_all();
            return (step, requests[..place].iter().filter(|request| slow(request)).count());
        }
    }
    panic!("the scene doesn't come to it");
}

/// Checks a target with nothing else beside it: the request right before it is slow.
async fn begins_in_time(scene: impl AsyncFn() -> World, target: impl Fn(&Passing) -> bool) {
    begins_in_time_after(|request| !is_beside(request), scene, target).await;
}

/// Checks a target that comes after the last request of this kind, and not beside it: that request is slow.
async fn begins_in_time_after(
    slow: impl Fn(&Passing) -> bool + Send + Sync + Copy + 'static,
    scene: impl AsyncFn() -> World,
    target: impl Fn(&Passing) -> bool,
) {
    let (step, place) = place_of(&scene, &target, slow).await;
    assert!(place > 0, "something comes first that can be slow");
    let number = AtomicUsize::new(0);
    let last = move |request: &Passing| slow(request) && number.fetch_add(1, Ordering::SeqCst) == place - 1;
    begins_in_time_in(step, scene, target, last).await;
}

/// Checks a target right after a claim, while other dispatches take their own course: every claim is slow.
async fn begins_in_time_after_claims(scene: impl AsyncFn() -> World, target: impl Fn(&Passing) -> bool) {
    let (step, place) = place_of(&scene, &target, claims).await;
    assert!(place > 0, "a claim comes first");
    begins_in_time_in(step, scene, target, claims).await;
}

/// A call that would begin late is left to the next claim, which makes it once.
async fn begins_in_time_in(
    step: usize,
    scene: impl AsyncFn() -> World,
    target: impl Fn(&Passing) -> bool,
    slow: impl Fn(&Passing) -> bool + Send + Sync + 'static,
) {
    let world = scene().await;
    for _ in 0..step {
        world.step().await;
    }
    world.pause().await;
    world.gate.record();
    let held = world.gate.hold(Moment::After, slow);
    let mut batch = std::pin::pin!(world.batch());
    tokio::select! {
        _ = &mut batch => panic!("the scene went another way than before"),
        () = held.reached() => {}
    }
    let in_time = world.gate.recorded().len();
    world.advance(9).await;
    drop(held);
    assert!(batch.await);
    let late: Vec<Passing> = world.gate.recorded().into_iter().skip(in_time).filter(tells).collect();
    assert!(late.is_empty(), "begun too late: {late:#?}");

    world.pass(150).await;
    let done: Vec<Passing> = world.gate.recorded().into_iter().filter(|request| target(request)).collect();
    assert_eq!(done.len(), 1, "the next claim does it: {done:#?}");
    world.read_all();
}

/// A button with one step.
fn button(step: &str) -> String {
    format!(
        "timezone: Europe/Paris\nwebex: {{ token: {{ secret: webex }} }}\n\
         twilio: {{ account: ACffffffffffffffffffffffffffffffff, token: {{ secret: twilio }}, from: \"+12025550100\" }}\n\
         admins: {{ webex: [carol@example.com] }}\nplans:\n  alarm: {{ space: {{ title: Alarm }}, steps: [{{ {step} }}] }}\n\
         buttons:\n  green: {{ plan: alarm, token: {{ secret: button-green }} }}\n"
    )
}

const CALL: &str = "call: [{ to: [\"+12025550111\"], say: Please check Webex. }]";
const SMS: &str = "sms: [{ to: [\"+12025550111\"], text: Check Webex }]";

async fn pressed(step: &str) -> World {
    let world = World::with(&button(step)).await;
    world.press("green").await;
    world
}

/// A customer has written, and an agent is in the customer's space.
async fn in_conversation(config: &str) -> World {
    let world = World::with(config).await;
    world.customer(TOMMY).texts("hi").await;
    world.read_all();
    world
}

/// An agent has written, and Handbell has received the webhook.
async fn said(world: World, text: &str) -> World {
    world.agent("alice@example.com", TOMMY).says_at_once(text).await;
    world.until("Webex tells us", async || world.runner.cloud.queue().depth().visible > 0).await;
    world
}

#[tokio::test]
async fn a_text_begins_in_time() {
    begins_in_time(async || pressed(SMS).await, asks(Method::POST, "/Messages.json")).await;
}

#[tokio::test]
async fn a_call_begins_in_time() {
    begins_in_time(async || pressed(CALL).await, asks(Method::POST, "/Calls.json")).await;
}

#[tokio::test]
async fn a_space_is_created_in_time() {
    let post = "post: { markdown: Help }";
    begins_in_time(async || pressed(post).await, asks(Method::POST, "/sim/webex/v1/rooms")).await;
}

#[tokio::test]
async fn a_post_begins_in_time() {
    begins_in_time(async || pressed("post: { markdown: Help }").await, posts("Help")).await;
}

#[tokio::test]
async fn an_invitation_begins_in_time() {
    let people = "people: { participants: [dana@example.com] }";
    begins_in_time(async || pressed(people).await, asks(Method::POST, "/sim/webex/v1/memberships")).await;
}

#[tokio::test]
async fn a_delivery_summary_begins_in_time() {
    begins_in_time(async || pressed(SMS).await, posts("")).await;
}

#[tokio::test]
async fn an_edit_of_the_delivery_summary_begins_in_time() {
    let scene = async || {
        let world = pressed(CALL).await;
        // The phone rings, as the summary shows; nobody answers.
        world.pass(5).await;
        assert!(world.rings(DANA));
        world
    };
    begins_in_time(scene, asks(Method::PUT, "/sim/webex/v1/messages/")).await;
}

#[tokio::test]
async fn a_notice_to_an_admin_begins_in_time() {
    let scene = async || {
        let world = World::with(&button(SMS)).await;
        world.behave("+12025550111", json!({ "behaviour": "refuse", "code": 21211 })).await;
        world.press("green").await;
        world
    };
    let word = |request: &Passing| posts("toPersonEmail")(request) && posts("SMS to")(request);
    begins_in_time(scene, word).await;
}

/// A post under a card is rejected if the card is gone. It is then posted on its own.
#[tokio::test]
async fn a_post_that_was_rejected_under_its_card_begins_in_time() {
    let scene = async || {
        let world = World::with(FLOOR).await;
        world.devices("shoes", 87).await;
        world.pass(125).await;
        let card = world.cards("Floor team").remove(0);
        world.read_all();
        assert_eq!(world.choose("alice@example.com", &card, "On my way").await, 200);
        world.until("Webex tells us", async || world.runner.cloud.queue().depth().visible > 0).await;
        // The command is read, and decided on.
        world.step().await;
        let path = format!("messages/{}", card["id"].as_str().unwrap());
        world.as_handbell("DELETE", &path, json!({})).await;
        world
    };
    let under_it = |request: &Passing| posts("parentId")(request);
    let by_itself = |request: &Passing| posts("is on the way since")(request) && !under_it(request);
    begins_in_time_after(under_it, scene, by_itself).await;
}

#[tokio::test]
async fn a_page_by_mail_begins_in_time() {
    let scene = async || {
        let people = PEOPLE.replace("ops,text; call", "ops,mail");
        let files = [("people.csv", people.as_str()), ("rotas.yaml", ROTAS)];
        let world = World::with_files(DUTY, &files).await;
        world.mail_with(crate::duty::ADDRESS, "", &problem()).await;
        world
    };
    begins_in_time_after_claims(scene, asks(Method::POST, "/aws/ses/")).await;
}

/// Fetching the file takes time.
#[tokio::test]
async fn a_post_with_a_file_begins_in_time() {
    let scene = async || {
        let world = World::staffed(DUTY).await;
        world.mail_with(crate::duty::ADDRESS, "", &problem()).await;
        world
    };
    let fetches = |request: &Passing| request.method == Method::GET && request.path.starts_with("/aws/s3");
    begins_in_time_after(fetches, scene, posts(".eml\"")).await;
}

#[tokio::test]
async fn the_removal_of_an_old_card_begins_in_time() {
    let scene = async || {
        let world = World::staffed(DUTY).await;
        world.mail(&problem()).await;
        world.answer(DANA).await;
        world.key(DANA, "1").await;
        world
    };
    let removal = asks(Method::DELETE, "/sim/webex/v1/messages/");
    begins_in_time_after(reads_a_dispatch, scene, removal).await;
}

#[tokio::test]
async fn an_answer_to_a_customer_begins_in_time() {
    let scene = async || said(in_conversation(LINE).await, "hello").await;
    begins_in_time(scene, asks(Method::POST, "/Messages.json")).await;
}

#[tokio::test]
async fn an_answer_to_a_customer_by_mail_begins_in_time() {
    let scene = async || {
        let world = World::with(LINE).await;
        let fields = [("email", "tommy@example.org"), ("message", "Are you open?"), ("name", "Tommy")];
        assert_eq!(world.fill_in("support", &fields).await.status, 200);
        world.settle().await;
        world.read_all();
        world.agent("alice@example.com", "").says_at_once("Yes").await;
        world.until("Webex tells us", async || world.runner.cloud.queue().depth().visible > 0).await;
        world
    };
    begins_in_time(scene, asks(Method::POST, "/aws/ses/")).await;
}

#[tokio::test]
async fn a_call_that_connects_an_agent_with_a_customer_begins_in_time() {
    let scene = async || said(in_conversation(LINE).await, "/call").await;
    begins_in_time_after_claims(scene, asks(Method::POST, "/Calls.json")).await;
}

#[tokio::test]
async fn the_invitation_of_an_agent_to_a_customers_space_begins_in_time() {
    let scene = async || {
        let world = World::with(LINE).await;
        world.customer(TOMMY).texts_at_once("hi").await;
        world
    };
    begins_in_time(scene, asks(Method::POST, "/sim/webex/v1/memberships")).await;
}

#[tokio::test]
async fn a_post_in_the_lobby_begins_in_time() {
    let scene = async || {
        let world = World::with(LINE).await;
        for agent in ["alice@example.com", "bob@example.com"] {
            world.presence(agent, "inactive").await;
        }
        world.customer(TOMMY).texts_at_once("hi").await;
        world
    };
    begins_in_time_after(remembers_a_space, scene, posts("nobody of the team is there")).await;
}

#[tokio::test]
async fn the_post_that_a_customer_was_erased_begins_in_time() {
    let scene = async || {
        let world = in_conversation(LINE).await;
        world.agent("alice@example.com", TOMMY).says("/erase").await;
        world.read_all();
        said(world, "/erase yes").await
    };
    begins_in_time(scene, posts("")).await;
}

/// The same through the front door: each response of Webex takes 5 s, so that each claim has time for two.
#[tokio::test]
async fn with_a_slow_webex_everything_is_sent_once() {
    let world = World::new().await;
    world.trouble("webex", TroubleKind::Slow, Some(5));
    for _ in 0..2 {
        world.press("green").await;
        world.pass(120).await;
    }
    let posts = world.posts("Green Power");
    for file in ["[dashboard.png]", "[form.pdf]"] {
        assert_eq!(posts.iter().filter(|post| post.ends_with(file)).count(), 1, "{posts:#?}");
    }
    assert_eq!(world.people("Green Power"), ["alice@example.com*", "bob@example.com"]);
    assert_eq!(world.texts("+12025550111"), ["Check Webex: delivered"]);
    assert_eq!(world.spaces().len(), 1);
    world.read_all();
}

/// An acknowledgement arrives while Webex is slow: what has not begun by then is not sent.
#[tokio::test]
async fn nothing_begins_long_after_an_acknowledgement_however_slow_webex_is() {
    let world = World::new().await;
    world.trouble("webex", TroubleKind::Slow, Some(9));
    let listed = world.gate.hold(Moment::After, asks(Method::GET, "/sim/webex/v1/rooms"));
    let acknowledges = async {
        listed.reached().await;
        world.press_with("green", json!({ "click": "double" })).await;
        world.until("acknowledged", async || world.incident().await.phase == Phase::Acknowledged).await;
        drop(listed);
    };
    world.press("green").await;
    tokio::join!(world.pass(300), acknowledges);
    let posts = world.posts("Green Power").join("\n");
    assert!(!posts.contains("Help is needed"), "{posts}");
    world.read_all();
}
