//! Measures the table's cost of an alert from its mail to its report: two steps with a text and a call each, an
//! acknowledgement and the end.

use std::time::Duration;

use handbell_boot::Error;
use serde_json::{Value, json};

use super::scene::{DANA, ELI, Hands, Scene, Surroundings, Time, config, plan};
use crate::count::{Bill, Counter};
use crate::progress;

/// Time until the second step, for which the queue's delay suffices without the schedule.
const AFTER: i64 = 80;
/// Limit of the time that a phone rings.
const RINGS: i64 = 70;
/// Time in which a phone notices that the clock was moved, in the machine's time.
const LIMIT: Duration = Duration::from_secs(10);
const PLAN: &str = "on-call";

/// Cost of one alert.
pub(super) struct Cost {
    /// The bills of the single events, and at the end that of the whole alert.
    pub(super) moments: Vec<Bill>,
    /// All of it.
    pub(super) whole: Bill,
    /// Number of texts and calls.
    pub(super) texts: usize,
    pub(super) calls: usize,
}

/// Lets two alerts come one after another, each from its mail to its report. The second one counts, since the first finds a
/// table without its plan and webhooks.
pub(super) async fn measure() -> Result<Cost, Error> {
    progress("counts what an alert writes, from its mail to its report");
    let counter = Counter::of_writes().await?;
    let page = |rota: &str| json!([{ "to": [{ "on_duty": rota }], "text": "{source}: {title}", "say": "{title}. It is {severity}." }]);
    let steps = json!([{ "page": page("first") }, { "page": page("second"), "after": format!("{AFTER}s") }]);
    let config = config(json!({ PLAN: plan(steps) }), None);
    let scene = Scene::start(
        &Hands::OneProcess,
        Time::Held,
        &config,
        Surroundings {
            port: counter.port(),
            variables: counter.before_aws(),
            ..Surroundings::answering_in(Duration::ZERO)
        },
    )
    .await?;
    scene.listen().await?;
    alert(&scene, &counter, "db1").await?;
    alert(&scene, &counter, "web7").await
}

async fn alert(scene: &Scene, counter: &Counter, host: &str) -> Result<Cost, Error> {
    scene.rest().await?;
    counter.forget(&scene.runner);
    let asked_before = scene.vendor.asked().len();
    let mut moments = Vec::new();
    let mut before = counter.bill("", &scene.runner);
    let mut next = |what: &'static str| {
        let now = counter.bill(what, &scene.runner);
        moments.push(now.clone().since(&before));
        before = now;
    };

    scene.mail(host, PLAN).await?;
    scene.pass(10).await?;
    next("The mail opens it; Dana gets a text and a call; space, post, card");
    scene.pass(RINGS - 10).await?;
    let hung_up = || phone(scene, DANA)["call"].is_null();
    scene.until(LIMIT, "Dana's phone still rings", hung_up).await?;
    scene.rest().await?;
    next("Dana's phone rings in vain");
    scene.pass(AFTER - RINGS + 10).await?;
    next("The second step: Eli gets a text and a call");
    person(scene, ELI, "answer", None).await?;
    scene.rest().await?;
    person(scene, ELI, "keys", Some(json!({ "digits": "1" }))).await?;
    scene.pass(10).await?;
    next("Eli presses 1 to acknowledge; the others are notified");
    person(scene, ELI, "text", Some(json!({ "to": "+12025550100", "body": "done" }))).await?;
    scene.pass(90).await?;
    next("Eli writes \"done\"; the report in the space and by mail");

    let told = scene.runner.cloud.mail().sent_mails().len();
    if told == 0 {
        return Err("an alert was over, and nobody got a report by mail".into());
    }
    let asked = scene.vendor.asked().split_off(asked_before);
    Ok(Cost {
        moments,
        whole: counter.bill("All of it", &scene.runner),
        texts: asked.iter().filter(|asked| !asked.call).count(),
        calls: asked.iter().filter(|asked| asked.call).count(),
    })
}

/// Performs a person's action with a phone.
async fn person(scene: &Scene, number: &str, what: &str, body: Option<Value>) -> Result<(), Error> {
    let url = format!("{}/sim/phones/{}/{what}", scene.address(), number.replace('+', "%2B"));
    let mut request = scene.http.post(url);
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await?.error_for_status()?;
    Ok(())
}

fn phone(scene: &Scene, number: &str) -> Value {
    let phones = scene.runner.twilio.view();
    let mut phones = phones.as_array().into_iter().flatten();
    phones.find(|phone| phone["number"] == number).cloned().unwrap_or_default()
}
