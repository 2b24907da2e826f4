//! Measures a hundred customers at once: the time until every message has arrived, and its order.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use handbell_boot::Error;
use handbell_local::cloud::table::Units;
use handbell_local::runner::Runner;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::measure::{Start, listen_to_webex, start};
use crate::people::{Line, Place, Text, answer, customer, origin, rooms, text};
use crate::progress;

/// Number of texts of each customer.
pub(crate) const TEXTS: usize = 3;
/// Number of answers to each customer.
pub(crate) const ANSWERS: usize = 2;
/// Time that the simulated phones take for each step.
const PACE: Duration = Duration::from_millis(100);
/// Time-out, which is only reached if something is stuck.
const LIMIT: Duration = Duration::from_secs(600);
/// Interval at which the spaces are checked for agents.
const LOOK: Duration = Duration::from_millis(100);
/// Time without a change after which the system is at rest.
const STILL: Duration = Duration::from_secs(5);

/// Results of the measurement.
pub(crate) struct Rush {
    /// Number of conversations.
    pub(crate) conversations: usize,
    /// Time from the first text until the last one was posted and Twilio had accepted the last answer.
    pub(crate) took: Duration,
    /// Time until the receipts of all answers were shown, too.
    pub(crate) settled: Duration,
    /// Consumed capacity of the table.
    pub(crate) units: Units,
}

/// Lets all customers write at once. Fails if a message is lost, duplicated or out of order.
pub(crate) async fn measure(
    release: &Path,
    config: &Path,
    line: &Line,
    conversations: usize,
) -> Result<Rush, Error> {
    progress(&format!("lets {conversations} customers come at once"));
    let runner = start(release, config, Start { automatic: true, ..Start::at_rest(PACE) }).await?;
    let http = handbell_boot::client()?;
    listen_to_webex(&runner, &http).await?;
    let (tell, know) = watch::channel(BTreeMap::new());
    let pair = |customer| Numbers { customer, line: line.number.to_string() };

    // One customer comes first, to start the processes and register the other webhooks.
    let mut first = JoinSet::new();
    first.spawn(talk(http.clone(), origin(&runner), pair(conversations), know.clone()));
    all_written(&runner, &mut first, &tell).await?;
    all_said(&runner, conversations..conversations + 1).await?;

    runner.cloud.table().forget_units();
    let (begun, at) = (Instant::now(), runner.stage.clock.now());
    let mut talks = JoinSet::new();
    for number in 0..conversations {
        talks.spawn(talk(http.clone(), origin(&runner), pair(number), know.clone()));
    }
    all_written(&runner, &mut talks, &tell).await?;
    progress("everything is written; waits until everything has arrived");
    let (last, still) = all_said(&runner, 0..conversations).await?;
    Ok(Rush {
        conversations,
        took: Duration::try_from(last.duration_since(at)).unwrap_or_default(),
        settled: still.duration_since(begun),
        units: runner.cloud.table().units(),
    })
}

/// A customer's number among the customers, and the number that the customer texts.
struct Numbers {
    customer: usize,
    line: String,
}

/// Runs one conversation. Each text is sent after Handbell has answered Twilio about the previous one.
async fn talk(
    http: reqwest::Client,
    origin: String,
    numbers: Numbers,
    mut places: watch::Receiver<BTreeMap<String, Place>>,
) -> Result<(), Error> {
    let Numbers { customer: number, line } = numbers;
    let customer = customer(number);
    let says = async |which: usize| {
        let body = &tag(number, 't', which);
        text(&http, &origin, Text { from: &customer, to: &line, body }).await
    };
    says(0).await?;
    let place = places.wait_for(|places| places.contains_key(&customer)).await?.get(&customer).cloned();
    let place = place.ok_or("the space is gone")?;
    for which in 1..TEXTS.max(ANSWERS + 1) {
        if which <= ANSWERS {
            answer(&http, &origin, &place, &tag(number, 'a', which - 1)).await?;
        }
        if which < TEXTS {
            says(which).await?;
        }
    }
    Ok(())
}

/// Returns a unique text for a message.
fn tag(number: usize, who: char, which: usize) -> String {
    format!("c{number:04}{who}{which}")
}

/// Waits until everybody has written, and meanwhile reports the agents of the spaces.
async fn all_written(
    runner: &Runner,
    talks: &mut JoinSet<Result<(), Error>>,
    tell: &watch::Sender<BTreeMap<String, Place>>,
) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        tokio::select! {
            done = talks.join_next() => match done {
                Some(done) => done??,
                None => return Ok(()),
            },
            () = tokio::time::sleep(LOOK) => {
                if begun.elapsed() > LIMIT {
                    return Err(format!("{} customers got no space with somebody in it", talks.len()).into());
                }
                tell.send_replace(rooms(runner).into_iter().map(|place| (place.customer.clone(), place)).collect());
            }
        }
    }
}

/// Returns when the last message arrived, and when nothing changed any more. Only then is it certain that nothing came
/// twice.
async fn all_said(runner: &Runner, numbers: std::ops::Range<usize>) -> Result<(Timestamp, Instant), Error> {
    let begun = Instant::now();
    let mut still = Instant::now();
    while still.elapsed() < STILL {
        if begun.elapsed() > LIMIT {
            check(runner, numbers)?;
            return Err("everything has arrived, but the queue does not come to rest".into());
        }
        let depth = runner.cloud.queue().depth();
        if depth.visible + depth.delayed + depth.in_flight + runner.cloud.calls().running() > 0 {
            still = Instant::now();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let last = check(runner, numbers)?;
    Ok((last, still))
}

/// Checks that every message has arrived once and in order, and returns the time of the last one.
fn check(runner: &Runner, numbers: std::ops::Range<usize>) -> Result<Timestamp, Error> {
    let (spaces, phones) = (runner.webex.view(), runner.twilio.view());
    let mut last = Timestamp::MIN;
    let mut wrong = Vec::new();
    for number in numbers {
        let customer = customer(number);
        let posts = find(&spaces, "title", &customer).flat_map(|space| list(space, "messages"));
        let ours =
            posts.filter(|post| post["author"].as_str().is_some_and(|who| who.starts_with("handbell@")));
        let posted = tags(ours, "markdown", &format!("c{number:04}t"), "created");
        let texts = find(&phones, "number", &customer).flat_map(|phone| list(phone, "texts"));
        let out: Vec<&Value> = texts
            .filter(|text| text["direction"].as_str().is_some_and(|way| way.starts_with("outbound")))
            .collect();
        let taken = tags(out.iter().copied(), "body", &format!("c{number:04}a"), "at");
        let said: Vec<&str> = posted.iter().chain(&taken).map(|(tag, _)| tag.as_str()).collect();
        let texts = (0..TEXTS).map(|which| tag(number, 't', which));
        let expected: Vec<String> = texts.chain((0..ANSWERS).map(|which| tag(number, 'a', which))).collect();
        if said != expected {
            wrong.push(format!("expected {expected:?}, came {said:?}"));
        }
        if let Some(text) = out.iter().find(|text| text["status"] != "delivered") {
            wrong.push(format!("conversation {number} has a text that is {}", text["status"]));
        }
        let times = posted.iter().chain(&taken).filter_map(|(_, at)| at.parse::<Timestamp>().ok());
        last = times.fold(last, Timestamp::max);
    }
    match wrong.first() {
        None => Ok(last),
        Some(first) => {
            let many = wrong.len();
            Err(format!("in {many} conversations something was lost, came twice or out of order; in the first: {first}").into())
        }
    }
}

fn find<'a>(view: &'a Value, name: &'a str, wanted: &'a str) -> impl Iterator<Item = &'a Value> {
    view.as_array().into_iter().flatten().filter(move |one| one[name] == wanted)
}

fn list<'a>(view: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    view[name].as_array().into_iter().flatten()
}

/// Returns the tags with this prefix in order, each with its time.
fn tags<'a>(
    all: impl Iterator<Item = &'a Value>,
    text: &str,
    begins: &str,
    time: &str,
) -> Vec<(String, String)> {
    let found = |one: &Value| {
        let said = one[text].as_str()?;
        let tag = said.get(said.find(begins)?..)?.get(..=begins.len())?;
        Some((tag.to_owned(), one[time].as_str().unwrap_or_default().to_owned()))
    };
    all.filter_map(found).collect()
}
