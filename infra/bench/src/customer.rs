//! Measures the requests of a customer's text and an agent's answer to AWS and the vendors, and their time.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use handbell_boot::Error;
use handbell_local::runner::Runner;
use handbell_sim::wire::WireEntry;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::count::{Bill, Counter};
use crate::feeder::{Feeder, STILL, Skipped};
use crate::measure::{Start, listen_to_webex, start};
use crate::people::{Line, Text, answer, customer, origin, rooms, text};
use crate::progress;

/// Time that the simulated phones take for each step. With a shorter time, one edit of the delivery summary would show two
/// steps.
const PACE: Duration = Duration::from_millis(100);
/// Time-out, longer than any measured step.
const LIMIT: Duration = Duration::from_secs(60);
/// Number of customers before those that are measured, since processes start, and cache what they read only once.
const REHEARSALS: usize = 2;

/// Steps from which [`crate::report`] computes the time of the same messages one after another.
pub(crate) const FIRST_POSTED: &str = "a new customer's first text, until it is posted in their space";
pub(crate) const ANSWER_TAKEN: &str = "an agent's answer, until Twilio has taken it";
pub(crate) const AGAIN_POSTED: &str = "a known customer's text, until it is posted";

/// Results for customers who come one after another.
pub(crate) struct Customers {
    /// Time of each step, for each customer.
    pub(crate) steps: Vec<Step>,
    /// Requests of each step, of the median customer.
    pub(crate) bills: Vec<Bill>,
}

/// Time from a message to its effect.
pub(crate) struct Step {
    /// Description of the step.
    pub(crate) what: &'static str,
    /// Its time for each customer.
    pub(crate) took: Vec<Took>,
}

/// Time of a step.
#[derive(Clone, Copy)]
pub(crate) struct Took {
    /// Time from the front door, without the queue's delays.
    pub(crate) whole: Duration,
    /// The part in which a simulated service (table, queue, bus, Webex, Twilio) was at work.
    pub(crate) stand_ins: Duration,
    /// Delays of the queue, in the system's time. The clock was moved, so they took no real time.
    pub(crate) held: Duration,
}

/// Lets customers come one after another. Each sends a first text, gets an answer, and texts again.
pub(crate) async fn measure(
    release: &Path,
    config: &Path,
    line: &Line,
    customers: usize,
) -> Result<Customers, Error> {
    progress(&format!("lets {customers} customers come one after another"));
    let counter = Counter::start().await?;
    let runner = Arc::new(
        start(
            release,
            config,
            Start { port: counter.port(), overrides: counter.before_all(), ..Start::at_rest(PACE) },
        )
        .await?,
    );
    let http = handbell_boot::client()?;
    listen_to_webex(&runner, &http).await?;
    let scene = CustomerScene {
        feeder: Feeder::start(&runner)?,
        counter,
        http,
        our: line.number.to_string(),
        runner,
    };
    let mut rehearsed = Collected::default();
    for number in 0..REHEARSALS {
        scene.play(number, &mut rehearsed).await?;
    }
    let mut all = Collected::default();
    for number in REHEARSALS..REHEARSALS + customers {
        scene.play(number, &mut all).await?;
    }
    Ok(Customers { steps: all.steps, bills: all.bills.into_iter().filter_map(middle).collect() })
}

/// Measurements of each customer, by step.
#[derive(Default)]
struct Collected {
    steps: Vec<Step>,
    bills: Vec<Vec<Bill>>,
}

impl Collected {
    fn took(&mut self, what: &'static str, took: Took) {
        match self.steps.iter_mut().find(|step| step.what == what) {
            Some(step) => step.took.push(took),
            None => self.steps.push(Step { what, took: vec![took] }),
        }
    }

    fn asked(&mut self, what: &'static str, bill: Bill) {
        let bill = Bill { what, ..bill };
        match self.bills.iter_mut().find(|bills| bills.iter().any(|known| known.what == what)) {
            Some(bills) => bills.push(bill),
            None => self.bills.push(vec![bill]),
        }
    }
}

/// Returns the bill with the median number of requests to the table, since a new process or an early receipt changes a bill.
fn middle(mut bills: Vec<Bill>) -> Option<Bill> {
    bills.sort_by(|one, other| one.table().cmp(&other.table()).then(one.write().total_cmp(&other.write())));
    let place = bills.len().checked_sub(1)? / 2;
    Some(bills.swap_remove(place))
}

/// The runner, the line and the counter of the measurement.
struct CustomerScene {
    runner: Arc<Runner>,
    http: reqwest::Client,
    counter: Counter,
    feeder: Feeder,
    our: String,
}

/// A time, with the requests until then.
struct Seen {
    at: Instant,
    skipped: Skipped,
    bill: Bill,
}

type Fits<'a> = &'a (dyn Fn(&WireEntry) -> bool + Sync);

impl CustomerScene {
    async fn play(&self, number: usize, all: &mut Collected) -> Result<(), Error> {
        let customer = customer(number);
        let [first, answer, again] = ["first", "answer", "again"].map(|what| format!("{what}{number:04}"));

        let posted = |entry: &WireEntry| is_post(entry) && entry.body.contains(&first);
        let welcomed = |entry: &WireEntry| is_text(entry) && entry.body.contains(&customer[1..]);
        let begun = self.begin();
        let seen = self.until(self.customer_texts(&customer, &first), [&posted, &welcomed]).await?;
        all.took(FIRST_POSTED, begun.took(&seen[0]));
        all.took("the same, until Twilio has taken the welcome", begun.took(&seen[1]));
        let what = "A new customer's first text and all that follows: space, first post, assignment, welcome, its receipt";
        all.asked(what, self.settled().await?);

        let taken = |entry: &WireEntry| is_text(entry) && entry.body.contains(&answer);
        let begun = self.begin();
        let seen = self.until(self.agent_answers(&customer, &answer), [&taken, &is_shown]).await?;
        all.took(ANSWER_TAKEN, begun.took(&seen[0]));
        let what = "the same, until its delivery is shown, two steps of a phone (0.2 s) in it";
        all.took(what, begun.took(&seen[1]));
        all.asked("An agent's answer, until Twilio has taken it", seen[0].bill.clone());
        all.asked("An agent's answer and all that follows, its receipt shown", self.settled().await?);

        let posted = |entry: &WireEntry| is_post(entry) && entry.body.contains(&again);
        let begun = self.begin();
        let seen = self.until(self.customer_texts(&customer, &again), [&posted]).await?;
        all.took(AGAIN_POSTED, begun.took(&seen[0]));
        all.asked("A known customer's text, until it is posted", seen[0].bill.clone());
        all.asked("A known customer's text and all that follows", self.settled().await?);
        Ok(())
    }

    fn begin(&self) -> Seen {
        self.counter.forget(&self.runner);
        self.seen()
    }

    fn seen(&self) -> Seen {
        Seen { at: Instant::now(), skipped: self.feeder.skipped(), bill: self.counter.bill("", &self.runner) }
    }

    /// Does the work, and waits until each of these requests is in the wire log.
    async fn until<const N: usize>(
        &self,
        what: impl Future<Output = Result<(), Error>>,
        wanted: [Fits<'_>; N],
    ) -> Result<[Seen; N], Error> {
        let wire = self.runner.stage.wire.listen();
        let both = async { tokio::try_join!(what, self.see(wire, wanted)) };
        let seen = tokio::time::timeout(LIMIT, both).await;
        let ((), seen) = seen.map_err(|_| "what was written did not arrive within a minute")??;
        Ok(seen)
    }

    async fn see<const N: usize>(
        &self,
        mut wire: Receiver<WireEntry>,
        wanted: [Fits<'_>; N],
    ) -> Result<[Seen; N], Error> {
        let mut seen = [const { None }; N];
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
        Ok(seen.map(|seen| seen.unwrap_or_else(|| self.seen())))
    }

    /// Waits until no work is left, now or later, and returns the requests.
    async fn settled(&self) -> Result<Bill, Error> {
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
        Ok(self.counter.bill("", &self.runner))
    }

    async fn customer_texts(&self, customer: &str, body: &str) -> Result<(), Error> {
        text(&self.http, &origin(&self.runner), Text { from: customer, to: &self.our, body }).await
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

/// Whether the request edits the delivery summary to show a delivery.
fn is_shown(entry: &WireEntry) -> bool {
    let edits = entry.method == "PUT" && entry.body.contains("delivered");
    entry.from == "handbell" && entry.to == "webex" && edits && entry.status == 200
}

fn is_text(entry: &WireEntry) -> bool {
    let sends = entry.method == "POST" && entry.url.ends_with("/Messages.json");
    entry.from == "handbell" && entry.to == "twilio" && sends && entry.status == 201
}
