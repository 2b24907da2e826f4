//! What a customer's text and an agent's answer ask of AWS and of the vendors, and how long they take.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use handbell::runner::Runner;
use handbell::wire::WireEntry;
use handbell_boot::{Error, read_configuration};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::count::{Bill, Counter};
use crate::measure::{listen_to_webex, start};
use crate::progress;

/// How long the stand-in phones take for each step. Shorter, and one edit of the report would show two steps.
const PACE: Duration = Duration::from_millis(100);
/// When nothing has moved for so long, only time can help. Longer than a phone's step.
const STILL: Duration = Duration::from_millis(150);
/// Longer than anything takes here.
const LIMIT: Duration = Duration::from_secs(60);
/// Customers before those that are measured: processes start, and learn what they ask only once.
const REHEARSALS: usize = 2;

/// The places of some steps in [`Customers::steps`].
pub(crate) const FIRST_POSTED: usize = 0;
pub(crate) const ANSWER_TAKEN: usize = 2;
pub(crate) const AGAIN_POSTED: usize = 4;

/// What was measured of customers who come one after another.
pub(crate) struct Customers {
    /// How long each step took, for each customer.
    pub(crate) steps: Vec<Step>,
    /// What was asked for each step: of all customers the middle one.
    pub(crate) bills: Vec<Bill>,
}

/// From somebody's words to what comes of them.
pub(crate) struct Step {
    /// From where to where.
    pub(crate) what: &'static str,
    /// How long it took each time.
    pub(crate) took: Vec<Took>,
}

/// How long something took.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    /// From the front door on, without what the queue held back.
    pub(crate) whole: Duration,
    /// Of it, the time in which a stand-in (table, queue, bus, Webex, Twilio) was at work.
    pub(crate) stand_ins: Duration,
    /// What the queue held back, in the system's time. The clock was moved, nobody waited.
    pub(crate) held: Duration,
}

/// A line that can be measured: somebody is asked to answer, and the customer is welcomed.
pub(crate) struct Line {
    /// Our number.
    pub(crate) number: String,
}

impl Line {
    /// The first that can be measured; none if the configuration has none.
    pub(crate) fn of(config: &Path) -> Result<Option<Self>, Error> {
        let config = read_configuration(config)?;
        let mut lines = config.lines.values();
        let fits = lines
            .find(|line| !line.agents.is_empty() && line.texts.welcome.is_some() && line.hours.is_none());
        Ok(fits.map(|line| Self { number: line.number.clone() }))
    }
}

/// Lets customers come one after another. Each texts for the first time, is answered, and texts again.
pub(crate) async fn measure(
    release: &Path,
    config: &Path,
    line: &Line,
    customers: usize,
) -> Result<Customers, Error> {
    progress(&format!("lets {customers} customers come one after another"));
    let counter = Counter::start().await?;
    let runner = Arc::new(start(release, config, counter.before_all(), PACE, false).await?);
    counter.stands_before(&runner);
    let http = handbell_boot::client()?;
    listen_to_webex(&runner, &http).await?;
    let desk = Desk { feeder: Feeder::start(&runner)?, counter, http, our: line.number.clone(), runner };
    let mut all: Vec<(Vec<(&'static str, Took)>, Vec<Bill>)> = Vec::new();
    for number in 0..REHEARSALS + customers {
        let played = desk.play(number).await?;
        if number >= REHEARSALS {
            all.push(played);
        }
    }
    let mut steps: Vec<Step> = Vec::new();
    let mut bills: Vec<Vec<Bill>> = Vec::new();
    for (tooks, own) in all {
        for (place, (what, took)) in tooks.into_iter().enumerate() {
            match steps.get_mut(place) {
                Some(step) => step.took.push(took),
                None => steps.push(Step { what, took: vec![took] }),
            }
        }
        for (place, bill) in own.into_iter().enumerate() {
            match bills.get_mut(place) {
                Some(known) => known.push(bill),
                None => bills.push(vec![bill]),
            }
        }
    }
    Ok(Customers { steps, bills: bills.into_iter().filter_map(middle).collect() })
}

/// A process more, or a status that came early, changes a bill: the one that asks the table neither most nor least counts.
fn middle(mut bills: Vec<Bill>) -> Option<Bill> {
    bills.sort_by(|one, other| one.table().cmp(&other.table()).then(one.write().total_cmp(&other.write())));
    let place = bills.len().checked_sub(1)? / 2;
    Some(bills.swap_remove(place))
}

/// Those who take part, and whoever counts.
struct Desk {
    runner: Arc<Runner>,
    http: reqwest::Client,
    counter: Counter,
    feeder: Feeder,
    our: String,
}

/// A moment, and what had been asked until then.
struct Seen {
    at: Instant,
    skipped: Skipped,
    bill: Bill,
}

type Fits<'a> = &'a (dyn Fn(&WireEntry) -> bool + Sync);

impl Desk {
    async fn play(&self, number: usize) -> Result<(Vec<(&'static str, Took)>, Vec<Bill>), Error> {
        let (mut tooks, mut bills) = (Vec::new(), Vec::new());
        let customer = customer(number);
        let (first, again, answer) =
            (format!("first{number:04}"), format!("again{number:04}"), format!("answer{number:04}"));

        let posted = |entry: &WireEntry| is_post(entry) && entry.body.contains(&first);
        let welcomed = |entry: &WireEntry| is_text(entry) && entry.body.contains(&customer[1..]);
        let begun = self.begin();
        let seen = self.until(self.customer_texts(&customer, &first), &[&posted, &welcomed]).await?;
        tooks.push(("a new customer's first text, until it is posted in their space", begun.took(&seen[0])));
        tooks.push(("the same, until Twilio has taken the welcome", begun.took(&seen[1])));
        self.settle().await?;
        bills.push(self.counter.bill("A new customer's first text and all that follows: space, first post, assignment, welcome, its fate", &self.runner));

        let accepted = |entry: &WireEntry| is_text(entry) && entry.body.contains(&answer);
        let shown = |entry: &WireEntry| {
            entry.from == "handbell"
                && entry.to == "webex"
                && entry.status == 200
                && entry.method == "PUT"
                && entry.body.contains("delivered")
        };
        let begun = self.begin();
        let seen = self.until(self.agent_answers(&customer, &answer), &[&accepted, &shown]).await?;
        tooks.push(("an agent's answer, until Twilio has taken it", begun.took(&seen[0])));
        tooks.push((
            "the same, until its delivery is shown, two steps of a phone (0.2 s) in it",
            begun.took(&seen[1]),
        ));
        bills.push(Bill { what: "An agent's answer, until Twilio has taken it", ..seen[0].bill.clone() });
        self.settle().await?;
        bills.push(self.counter.bill("An agent's answer and all that follows, its fate shown", &self.runner));

        let posted = |entry: &WireEntry| is_post(entry) && entry.body.contains(&again);
        let begun = self.begin();
        let seen = self.until(self.customer_texts(&customer, &again), &[&posted]).await?;
        tooks.push(("a known customer's text, until it is posted", begun.took(&seen[0])));
        bills.push(Bill { what: "A known customer's text, until it is posted", ..seen[0].bill.clone() });
        self.settle().await?;
        bills.push(self.counter.bill("A known customer's text and all that follows", &self.runner));
        Ok((tooks, bills))
    }

    fn begin(&self) -> Seen {
        self.counter.forget(&self.runner);
        self.seen()
    }

    fn seen(&self) -> Seen {
        Seen { at: Instant::now(), skipped: self.feeder.skipped(), bill: self.counter.bill("", &self.runner) }
    }

    /// Does something, and waits until each of these has been on the wire.
    async fn until(
        &self,
        what: impl Future<Output = Result<(), Error>>,
        wanted: &[Fits<'_>],
    ) -> Result<Vec<Seen>, Error> {
        let wire = self.runner.stage.wire.listen();
        let both = async { tokio::try_join!(what, self.see(wire, wanted)) };
        let seen = tokio::time::timeout(LIMIT, both).await;
        seen.map_err(|_| "what a customer or an agent wrote did not arrive within a minute")?
            .map(|((), seen)| seen)
    }

    async fn see(&self, mut wire: Receiver<WireEntry>, wanted: &[Fits<'_>]) -> Result<Vec<Seen>, Error> {
        let mut seen: Vec<Option<Seen>> = wanted.iter().map(|_| None).collect();
        while seen.iter().any(Option::is_none) {
            let entry = match wire.recv().await {
                Ok(entry) => entry,
                Err(RecvError::Lagged(_)) => continue,
                Err(RecvError::Closed) => return Err("the wire log has ended".into()),
            };
            for (fits, seen) in wanted.iter().zip(&mut seen) {
                if seen.is_none() && fits(&entry) {
                    *seen = Some(self.seen());
                }
            }
        }
        Ok(seen.into_iter().flatten().collect())
    }

    /// Nothing is to be done any more, now or later.
    async fn settle(&self) -> Result<(), Error> {
        let (begun, mut still) = (Instant::now(), Instant::now());
        while still.elapsed() < STILL * 2 {
            if begun.elapsed() > LIMIT {
                return Err("what follows from a text does not come to an end".into());
            }
            let depth = self.runner.cloud.queue().depth();
            if depth.visible + depth.delayed + depth.in_flight + self.runner.cloud.calls().running() > 0 {
                still = Instant::now();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    async fn customer_texts(&self, customer: &str, body: &str) -> Result<(), Error> {
        text(&self.http, &origin(&self.runner), (customer, &self.our), body).await
    }

    async fn agent_answers(&self, customer: &str, text: &str) -> Result<(), Error> {
        let place = rooms(&self.runner).into_iter().find(|place| place.customer == customer);
        let place = place.ok_or("nobody was asked to answer a customer")?;
        answer(&self.http, &origin(&self.runner), &place, text).await
    }
}

impl Seen {
    fn took(&self, end: &Self) -> Took {
        let skipped = end.skipped.real.saturating_sub(self.skipped.real);
        Took {
            whole: end.at.duration_since(self.at).saturating_sub(skipped),
            stand_ins: end.bill.stand_ins.saturating_sub(self.bill.stand_ins),
            held: Duration::try_from(end.skipped.held - self.skipped.held).unwrap_or_default(),
        }
    }
}

fn is_post(entry: &WireEntry) -> bool {
    let posts = entry.method == "POST" && entry.url.ends_with("/messages");
    entry.from == "handbell" && entry.to == "webex" && posts && entry.status == 200
}

fn is_text(entry: &WireEntry) -> bool {
    let sends = entry.method == "POST" && entry.url.ends_with("/Messages.json");
    entry.from == "handbell" && entry.to == "twilio" && sends && entry.status == 201
}

/// A number that nobody has, one for each customer.
pub(crate) fn customer(number: usize) -> String {
    format!("+1202556{:04}", number % 10_000)
}

/// Where the runner is reached.
pub(crate) fn origin(runner: &Runner) -> String {
    format!("http://{}", runner.address)
}

/// A customer sends a text; Handbell has answered when this returns.
pub(crate) async fn text(
    http: &reqwest::Client,
    origin: &str,
    (from, to): (&str, &str),
    body: &str,
) -> Result<(), Error> {
    let url = format!("{origin}/sim/phones/{}/text", from.replace('+', "%2B"));
    let sent = http.post(url).json(&json!({ "to": to, "body": body })).send().await?.error_for_status()?;
    let answer: Value = serde_json::from_slice(&sent.bytes().await?)?;
    if answer["error"].is_null() {
        Ok(())
    } else {
        Err(format!("Twilio got no good answer: {}", answer["error"]).into())
    }
}

/// A customer's space, and somebody in it who can answer.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// The customer's number.
    pub(crate) customer: String,
    room: String,
    agent: String,
}

/// All customers' spaces in which there is an agent.
pub(crate) fn rooms(runner: &Runner) -> Vec<Place> {
    let view = runner.webex.view();
    let place = |space: &Value| {
        let people = space["people"].as_array()?.iter().filter_map(|person| person["email"].as_str());
        let mut agents = people.filter(|email| !email.starts_with("handbell@"));
        let customer = space["title"].as_str()?.to_owned();
        Some(Place { customer, room: space["id"].as_str()?.to_owned(), agent: agents.next()?.to_owned() })
    };
    view.as_array().into_iter().flatten().filter_map(place).collect()
}

/// The agent writes to the customer.
pub(crate) async fn answer(
    http: &reqwest::Client,
    origin: &str,
    place: &Place,
    text: &str,
) -> Result<(), Error> {
    let request =
        http.post(format!("{origin}/sim/webex/v1/messages")).bearer_auth(format!("person:{}", place.agent));
    request.json(&json!({ "roomId": place.room, "markdown": text })).send().await?.error_for_status()?;
    Ok(())
}

/// What was skipped so far.
#[derive(Clone, Copy, Default)]
struct Skipped {
    /// Of the machine's time, in which it was found out that nothing moves.
    real: Duration,
    /// Of the system's.
    held: SignedDuration,
}

/// Gives the queue's messages to their function at once, and moves the clock when all that is left is held back. Nothing
/// comes from the schedule.
struct Feeder {
    skipped: Arc<Mutex<Skipped>>,
    task: tokio::task::AbortHandle,
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Feeder {
    fn start(runner: &Arc<Runner>) -> Result<Self, Error> {
        let mut functions = runner.cloud.template().functions.iter();
        let function = functions.find(|function| function.queues).ok_or("no function works on the queue")?;
        let (name, batch) = (function.name.clone(), function.batch);
        let skipped: Arc<Mutex<Skipped>> = Arc::default();
        let (kept, cloud, stage) = (Arc::clone(&skipped), runner.cloud.clone(), runner.stage.clone());
        let task = tokio::spawn(async move {
            let mut still: Option<Instant> = None;
            loop {
                if cloud.queue().deliver(cloud.calls(), &name, batch).await {
                    still = None;
                    continue;
                }
                let held = cloud.queue().messages().into_iter().filter(|message| message.received == 0);
                let next = held.map(|message| message.visible_at).min();
                let since = *still.get_or_insert_with(Instant::now);
                match next.filter(|_| cloud.calls().running() == 0) {
                    None => still = None,
                    Some(next) if since.elapsed() >= STILL => {
                        let by = next.duration_since(stage.clock.now()) + SignedDuration::from_millis(1);
                        let by = by.max(SignedDuration::ZERO);
                        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                        kept.real += since.elapsed();
                        kept.held += by;
                        drop(kept);
                        if cloud.advance(by).is_err() {
                            return;
                        }
                        still = None;
                        continue;
                    }
                    Some(_) => {}
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        Ok(Self { skipped, task: task.abort_handle() })
    }

    fn skipped(&self) -> Skipped {
        *self.skipped.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
