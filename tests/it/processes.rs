//! End to end: the deployed function binaries as processes that speak the Runtime API, observed through the vendors' own read
//! requests.

mod duty;
mod laptop;

use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use handbell_core::incident::Phase;
use jiff::SignedDuration;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use laptop::{BUTTON, Chance, Laptop, configuration, count, heard, options, text, until};

const DANA: &str = "+12025550111";
const ELI: &str = "+12025550112";

// --- a first try ------------------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_presses_bring_a_space_a_text_and_a_spoken_call() {
    let laptop = Laptop::new().await;

    assert_eq!(laptop.press().await, (StatusCode::OK, "OK 1\n".into()));
    let space = until("a space", async || laptop.spaces().await.pop()).await;
    assert_eq!(space["title"], "Green Power");
    let first = until("the first post", async || laptop.said_in(&space).await.into_iter().next()).await;
    assert!(text(&first["text"]).starts_with("Help is needed"), "{first}");
    assert!(text(&first["markdown"]).contains("Somebody pressed the **green** button"), "{first}");
    assert!(text(&first["markdown"]).contains("Current status of the server"), "{first}");

    let picture =
        laptop.ask(Method::GET, &text(&first["files"][0])).bearer_auth(handbell_local::runner::WEBEX_TOKEN);
    let picture = picture.send().await.expect("the picture");
    assert_eq!(picture.headers()["content-type"], "image/png");
    assert!(
        picture.headers()["content-disposition"].to_str().is_ok_and(|name| name.contains("dashboard.png"))
    );
    let file = std::fs::read(configuration().with_file_name("files/dashboard.png")).expect("our picture");
    assert_eq!(picture.bytes().await.expect("its bytes"), file);

    let people = laptop.webex(&format!("memberships?roomId={}", text(&space["id"]))).await;
    let mut people: Vec<_> =
        people.iter().map(|one| (text(&one["personEmail"]), one["isModerator"] == true)).collect();
    people.sort();
    let expected = [("alice@example.com", true), ("bob@example.com", false), ("handbell@example.com", false)];
    assert_eq!(people, expected.map(|(email, moderator)| (email.to_owned(), moderator)));

    // The same button within two seconds would count as a bounce.
    laptop.runner.cloud.advance(SignedDuration::from_secs(10)).expect("time passes");
    assert_eq!(laptop.press().await, (StatusCode::OK, "OK 2\n".into()));
    let texts = until("two delivered texts", async || {
        let texts = laptop.twilio("Messages").await;
        (texts.len() == 2 && texts.iter().all(|text| text["status"] == "delivered")).then_some(texts)
    })
    .await;
    let mut reached: Vec<_> = texts.iter().map(|one| text(&one["to"])).collect();
    reached.sort();
    assert_eq!(reached, [DANA, ELI]);
    assert!(texts.iter().all(|one| text(&one["body"]).starts_with("Check Webex (H-")), "{texts:#?}");
    until("the space says what became of the texts", async || {
        let said = laptop.said_in(&space).await;
        said.iter().find(|one| text(&one["text"]).matches("✅ delivered").count() == 2).map(|_| ())
    })
    .await;

    laptop.runner.cloud.advance(SignedDuration::from_secs(10)).expect("time passes");
    assert_eq!(laptop.press().await, (StatusCode::OK, "OK 3\n".into()));
    let call = laptop.phone(DANA, "answer", Value::Null).await;
    let heard = call["heard"].to_string();
    assert!(heard.contains("Please check Webex. There is an escalation going on."), "{heard}");
    assert!(heard.contains("Press 1 if you have it."), "{heard}");
    let call = laptop.phone(DANA, "keys", json!({"digits": "1"})).await;
    assert!(call["heard"].to_string().contains("You have it."), "{call}");
    let taken = until("the space says who has it", async || {
        laptop.said_in(&space).await.into_iter().find(|one| text(&one["text"]).contains("has it since"))
    })
    .await;
    assert!(text(&taken["text"]).contains(DANA), "{taken}");
    let calls = laptop.twilio("Calls").await;
    assert_eq!(calls.len(), 1);
    assert_eq!((&calls[0]["to"], &calls[0]["status"]), (&json!(DANA), &json!("completed")));

    laptop.calm().await;
    laptop.everything_is_said_once().await;
    let facts: Vec<_> = laptop.runner.cloud.bus().facts().iter().map(|fact| fact.kind.clone()).collect();
    for (kind, times) in [("incident.opened", 1), ("button.pressed", 3), ("incident.acknowledged", 1)] {
        assert_eq!(facts.iter().filter(|fact| *fact == kind).count(), times, "{kind} in {facts:?}");
    }
}

// --- one binary, and the events that API Gateway makes ----------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_binary_reads_what_api_gateway_sends() {
    let laptop = Laptop::with(handbell_local::runner::RunnerOptions { automatic: false, ..options() }).await;
    let ask = async |event: Value| laptop.runner.cloud.calls().call("button-press", event).await;
    let told = async |event: Value| {
        let answer = ask(event).await.expect("an answer");
        (answer["statusCode"].as_u64(), text(&answer["body"]))
    };
    let ok = |count: u64| (Some(200), format!("OK {count}\n"));

    // `counter=7&deviceId=A`: a form arrives in base64, and the press is identified by its counter.
    let form = json!({"body": "Y291bnRlcj03JmRldmljZUlkPUE=", "isBase64Encoded": true});
    let kind = "application/x-www-form-urlencoded";
    assert_eq!(told(event("POST", BUTTON, kind, &form)).await, ok(1));
    assert_eq!(told(event("POST", BUTTON, kind, &form)).await, ok(1));

    let nobody = told(event("POST", "/b/no-such-button-on-this-laptop", kind, &form)).await;
    assert_eq!(nobody, (Some(404), "Not found\n".into()));

    for method in ["HEAD", "OPTIONS"] {
        assert_eq!(told(event(method, BUTTON, "", &json!({}))).await, (Some(200), String::new()), "{method}");
    }

    let flood = json!({"body": "x".repeat(300_000), "isBase64Encoded": false});
    let (status, why) = told(event("POST", BUTTON, "text/plain", &flood)).await;
    assert!(status == Some(400) && why.contains("longer than"), "{status:?} {why}");
    assert_eq!(laptop.incident().await.map(|incident| incident.count), Some(1), "none of these has pressed");

    // A body that can't be parsed is a press like any other: the secret is in the address.
    let garbage = json!({"body": "{\"counter\": 7, ", "isBase64Encoded": false});
    assert_eq!(told(event("POST", BUTTON, "application/json", &garbage)).await, ok(2));

    // An event that is no request is an error of the call, and the process continues.
    assert!(ask(json!({"hello": "world"})).await.is_err());
    assert_eq!(told(event("GET", &format!("{BUTTON}?id=after"), "", &json!({}))).await, ok(3));
}

/// An event of an HTTP API, payload version 2.0, as AWS documents it.
fn event(method: &str, target: &str, kind: &str, with: &Value) -> Value {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut event = json!({
        "version": "2.0", "routeKey": format!("{method} /b/{{token}}"), "rawPath": path, "rawQueryString": query,
        "headers": {"host": "bell.example.com", "content-type": kind, "x-forwarded-proto": "https", "x-forwarded-port": "443"},
        "requestContext": {
            "accountId": "123456789012", "apiId": "api", "domainName": "bell.example.com", "domainPrefix": "bell",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "bttn/2"},
            "requestId": "JKJaXmPLvHcESHA=", "routeKey": format!("{method} /b/{{token}}"), "stage": "$default",
            "time": "10/Mar/2026:05:16:23 +0000", "timeEpoch": 1_773_119_783_390_u64,
        },
        "pathParameters": {"token": path.trim_start_matches("/b/")},
        "isBase64Encoded": false,
    });
    for (name, value) in with.as_object().into_iter().flatten() {
        event[name] = value.clone();
    }
    event
}

// --- counting ---------------------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_presses_at_once_count_to_a_thousand() {
    let laptop = Laptop::with(handbell_local::runner::RunnerOptions { automatic: false, ..options() }).await;

    let press = async |number: u32| {
        let (status, told) = laptop.press_as(&format!("press {number}")).await;
        assert_eq!(status, StatusCode::OK, "{told}");
        count(&told)
    };
    let mut counts: Vec<u64> = stream::iter(1..=1000).map(press).buffer_unordered(64).collect().await;
    counts.sort_unstable();
    assert!(counts.into_iter().eq(1..=1000), "a gap or a repeat");

    // The same press, ten times at once, is one press with one answer.
    let same = stream::iter(0..10).map(|_| laptop.press_as("the same"));
    let told: Vec<_> = same.buffer_unordered(10).collect().await;
    assert_eq!(told, vec![(StatusCode::OK, "OK 1001\n".to_owned()); 10]);
    // And hours later too.
    laptop.runner.cloud.advance(SignedDuration::from_hours(5)).expect("time passes");
    assert_eq!(laptop.press_as("the same").await.1, "OK 1001\n");
    assert_eq!(laptop.incident().await.map(|incident| incident.count), Some(1001));
}

// --- SIGKILL ----------------------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliver_is_killed_again_and_again() {
    let laptop = Laptop::new().await;
    let mut chance = Chance(0xB311);
    let mut killed = 0;
    for number in 1..=24 {
        assert_eq!(laptop.press_until_stored(&format!("press {number}")).await, number);
        tokio::time::sleep(chance.pause(Duration::from_millis(150))).await;
        killed += laptop.kill("deliver").await;
        // Once, what the killed workers left behind is recovered, and the workers that recover it are killed too.
        if number == 12 {
            laptop.pass(SignedDuration::from_secs(45)).await;
        }
    }
    laptop.calm().await;
    laptop.everything_is_said_once().await;
    assert_eq!(laptop.incident().await.map(|incident| incident.count), Some(24));
    let deliveries =
        laptop.dispatches().await.into_iter().flat_map(|dispatch| dispatch.deliveries.into_values());
    let unknown = deliveries.filter(|delivery| delivery.unknowns > 0).count();
    assert!(killed > 0 && unknown > 0, "{killed} killed, {unknown} deliveries of which nobody knew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn button_press_is_killed_in_the_middle() {
    let laptop = Laptop::new().await;
    let press = async |number: u32| laptop.press_until_stored(&format!("press {number}")).await;
    let presses = stream::iter(1..=60).map(press).buffer_unordered(8).collect::<Vec<u64>>();
    let killing = async {
        let mut chance = Chance(0xFEED);
        let mut killed = 0;
        while killed < 12 {
            tokio::time::sleep(chance.pause(Duration::from_millis(120))).await;
            killed += laptop.kill("button-press").await;
        }
    };
    let (mut counts, ()) = futures_util::future::join(presses, killing).await;
    // A sender who retried got the count of the first time, if the press had been stored then.
    counts.sort_unstable();
    assert!(counts.iter().copied().eq(1..=60), "a gap or a repeat: {counts:?}");
    laptop.calm().await;
    laptop.everything_is_said_once().await;
}

// --- outages of the vendors -------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_outage_of_webex_for_five_minutes_loses_nothing() {
    let laptop = Laptop::new().await;
    let five_minutes = SignedDuration::from_mins(5);

    // Nothing exists yet: no space, and nobody in it.
    laptop.trouble(json!({"vendor": "webex", "kind": "502-before", "seconds": 300})).await;
    for number in 1..=3 {
        assert_eq!(
            laptop.press_as(&format!("first {number}")).await,
            (StatusCode::OK, format!("OK {number}\n"))
        );
    }
    // Phones don't wait for Webex.
    until("two texts", async || (laptop.twilio("Messages").await.len() == 2).then_some(())).await;
    until("a call", async || (laptop.twilio("Calls").await.len() == 1).then_some(())).await;
    laptop.pass(five_minutes).await;
    laptop.calm().await;
    laptop.everything_is_said_once().await;

    // The space exists, and the next incident meets the same outage.
    laptop.cancel("it was nothing").await;
    laptop.calm().await;
    laptop.trouble(json!({"vendor": "webex", "kind": "502-before", "seconds": 300})).await;
    for number in 1..=3 {
        assert_eq!(
            laptop.press_as(&format!("second {number}")).await,
            (StatusCode::OK, format!("OK {number}\n"))
        );
    }
    laptop.pass(five_minutes).await;
    laptop.calm().await;
    laptop.everything_is_said_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_of_webex_after_it_took_effect_doubles_nothing() {
    let laptop = Laptop::new().await;
    for (kind, share) in [("502-after", 1.0), ("502-after", 0.5), ("reset", 0.5)] {
        laptop.trouble(json!({"vendor": "webex", "kind": kind, "share": share, "seconds": 90})).await;
        for number in 1..=3 {
            let told = laptop.press_as(&format!("{kind} {share} {number}")).await;
            assert_eq!(told, (StatusCode::OK, format!("OK {number}\n")));
        }
        laptop.pass(SignedDuration::from_secs(90)).await;
        laptop.calm().await;
        laptop.everything_is_said_once().await;
        laptop.cancel(&format!("{kind} {share}")).await;
        laptop.calm().await;
    }
    laptop.everything_is_said_once().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_and_time_outs_of_twilio_lose_and_double_nothing() {
    let laptop = Laptop::new().await;
    for kind in ["429", "502-before", "502-after", "reset", "html", "timeout"] {
        laptop.trouble(json!({"vendor": "twilio", "kind": kind})).await;
        for number in 1..=3 {
            assert_eq!(
                laptop.press_as(&format!("{kind} {number}")).await,
                (StatusCode::OK, format!("OK {number}\n"))
            );
        }
        // A time-out lasts as long as Handbell's own patience; the other errors take five minutes.
        laptop
            .pass(if kind == "timeout" { SignedDuration::from_secs(1) } else { SignedDuration::from_mins(5) })
            .await;
        laptop.peace().await;
        laptop.calm().await;
        laptop.everything_is_said_once().await;
        laptop.cancel(kind).await;
        laptop.calm().await;
    }
}

// --- a restart --------------------------------------------------------------------------------------------------------

/// The vendors stay up while Handbell's whole laptop is switched off and on again: another laptop simulates them.
#[test]
fn count_and_space_continue_after_a_restart() {
    let data = tempfile::tempdir().expect("a folder");
    let vendors = tokio::runtime::Runtime::new().expect("a runtime");
    let others = vendors.block_on(Laptop::new());
    let theirs = |path: &str| format!("http://{}{path}", others.runner.address);
    let options = handbell_local::runner::RunnerOptions {
        data: Some(data.path().to_owned()),
        overrides: vec![
            ("HANDBELL_WEBEX_URL".into(), theirs("/sim/webex/v1")),
            ("HANDBELL_TWILIO_URL".into(), theirs("/sim/twilio")),
        ],
        ..options()
    };
    for (life, presses) in [(1, 1..=2), (2, 3..=4)] {
        // Everything that still runs ends with its runtime, including child processes.
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        runtime.block_on(async {
            let laptop = Laptop::with(options.clone()).await;
            for number in presses {
                assert_eq!(laptop.press_as(&format!("press {number}")).await.1, format!("OK {number}\n"));
            }
            laptop.calm().await;
            // Time was moved, and doesn't go back.
            assert!(life == 1 || laptop.runner.stage.clock.offset() >= SignedDuration::from_hours(1));
            laptop.runner.cloud.advance(SignedDuration::from_hours(1)).expect("time passes");
        });
    }
    vendors.block_on(async {
        let spaces = others.spaces().await;
        assert_eq!(spaces.len(), 1, "the same space: {spaces:#?}");
        let said = others.said_in(&spaces[0]).await;
        let pictures: Vec<_> =
            said.iter().filter(|one| one["files"].is_array()).map(|one| text(&one["text"])).collect();
        assert_eq!(pictures.len(), 3, "steps 1, 2 and 4 have files: {pictures:#?}");
        assert_eq!((others.twilio("Messages").await.len(), others.twilio("Calls").await.len()), (2, 1));
    });
}

// --- forgeries --------------------------------------------------------------------------------------------------------

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_twilio_did_not_sign_changes_nothing() {
    let laptop = Laptop::new().await;
    for number in 1..=3 {
        laptop.press_until_stored(&format!("press {number}")).await;
    }
    // Dana's phone is off the hook, so that a key would count.
    laptop.phone(DANA, "answer", Value::Null).await;
    until("two delivered texts", async || {
        let texts = laptop.twilio("Messages").await;
        (texts.len() == 2 && texts.iter().all(|text| text["status"] == "delivered")).then_some(())
    })
    .await;
    laptop.calm().await;

    let entries = laptop.runner.stage.wire.entries();
    let signed = |path: &str| {
        let found = entries.iter().rev().find(|entry| entry.from == "twilio" && entry.url.contains(path));
        let entry = found.unwrap_or_else(|| panic!("Twilio has called {path}"));
        let signature = entry
            .headers
            .iter()
            .find(|(name, _)| name == "x-twilio-signature")
            .map(|(_, value)| value.clone());
        (entry.url.clone(), entry.body.clone(), signature.expect("it is signed"))
    };
    let (texted, receipt, fate_signature) = signed("/twilio/sms/status");
    let (voiced, spoken, voice_signature) = signed("/twilio/voice?");
    let key_url = voiced.replace("/twilio/voice?", "/twilio/voice/key?") + "&s=3";
    let call_url = voiced.replace("/twilio/voice?", "/twilio/voice/status?");
    let failed = receipt.replace("delivered", "undelivered");
    let pressed = format!("{spoken}&Digits=1");
    assert_ne!(failed, receipt);

    let send = async |url: &str, body: &str, signature: Option<&str>| {
        let form = laptop
            .ask(Method::POST, url)
            .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8");
        let form =
            signature.into_iter().fold(form, |form, signature| form.header("x-twilio-signature", signature));
        heard(form.body(body.to_owned())).await.0
    };
    let (before, units) = (laptop.dispatches().await, laptop.runner.cloud.table().units().write);
    for (url, body, signature) in [
        (&texted, &failed, None),
        (&texted, &failed, Some("AAAAAAAAAAAAAAAAAAAAAAAAAAA=")),
        (&texted, &failed, Some(&*fate_signature)), // of another body
        (&format!("{texted}&x=1"), &receipt, Some(&*fate_signature)), // of another address
        (&voiced, &spoken, None),
        (&key_url, &pressed, None),
        (&key_url, &pressed, Some(&*voice_signature)),
        (&call_url, &spoken, None),
        (&call_url, &format!("{spoken}&CallStatus=completed"), Some(&*voice_signature)),
    ] {
        assert_eq!(send(url, body, signature).await, StatusCode::FORBIDDEN, "{url} {signature:?}");
    }
    // And webhooks that Webex did not sign.
    for signature in [None, Some("0123456789abcdef0123456789abcdef01234567")] {
        let post =
            laptop.ask(Method::POST, "/webex").json(&json!({"resource": "messages", "event": "created"}));
        let post =
            signature.into_iter().fold(post, |post, signature| post.header("x-spark-signature", signature));
        assert_eq!(heard(post).await.0, StatusCode::FORBIDDEN, "{signature:?}");
    }
    assert_eq!(laptop.dispatches().await, before, "no receipt was written");
    assert_eq!(laptop.runner.cloud.table().units().write, units, "nothing at all was written");
    assert_eq!(laptop.incident().await.map(|incident| incident.phase), Some(Phase::Open), "nobody has it");

    // The real receipt again is accepted, and is nothing new.
    assert_eq!(send(&texted, &receipt, Some(&fate_signature)).await, StatusCode::OK);
    assert_eq!(laptop.dispatches().await, before);
}
