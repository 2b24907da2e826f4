//! EventBridge Scheduler: calls functions at full minutes of the system's time.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::invoke::Calls;
use super::lock;
use super::template::Template;
use handbell_sim::Stage;

/// All schedules of the template.
pub struct Schedule {
    stage: Stage,
    calls: Calls,
    entries: Mutex<Vec<Entry>>,
}

struct Entry {
    function: String,
    retries: u32,
    every: Duration,
    next: Timestamp,
}

impl Schedule {
    /// Creates the schedules. The first call is at the next full minute (or hour …).
    pub fn new(template: &Template, stage: Stage, calls: Calls) -> Self {
        let now = stage.clock.now();
        let entries = template.functions.iter().flat_map(|function| {
            function.schedules.iter().map(|every| Entry {
                function: function.name.clone(),
                retries: function.retries,
                every: *every,
                next: after(now, *every),
            })
        });
        Self { entries: Mutex::new(entries.collect()), stage, calls }
    }

    /// Returns the time of the next call.
    pub fn next(&self) -> Option<Timestamp> {
        lock(&self.entries).iter().map(|entry| entry.next).min()
    }

    /// Makes every due call, one after another, in the order of their times, and returns their number. If time was moved by
    /// more than one interval, each missed call is made once.
    pub async fn fire_due(&self) -> usize {
        let mut fired = 0;
        while let Some((function, retries, at)) = self.take() {
            self.calls.event(&function, event(&function, at), retries).await;
            fired += 1;
        }
        fired
    }

    /// Returns the next due call, and advances its schedule.
    fn take(&self) -> Option<(String, u32, Timestamp)> {
        let now = self.stage.clock.now();
        let mut entries = lock(&self.entries);
        let entry = entries.iter_mut().filter(|entry| entry.next <= now).min_by_key(|entry| entry.next)?;
        let at = entry.next;
        entry.next = at + entry.every;
        Some((entry.function.clone(), entry.retries, at))
    }

    /// Makes the due calls forever.
    pub(super) async fn run(&self) {
        while let Some(next) = self.next() {
            self.stage.sleep_until(next).await;
            self.fire_due().await;
        }
    }
}

/// Returns the next multiple of the interval since the epoch.
fn after(now: Timestamp, every: Duration) -> Timestamp {
    let (now, every) = (now.as_second(), every.as_secs() as i64);
    Timestamp::from_second((now / every + 1) * every).unwrap_or(Timestamp::MAX)
}

/// Creates the event that the scheduler sends if the template names no input.
fn event(function: &str, at: Timestamp) -> Value {
    let (region, account) = (super::REGION, super::ACCOUNT);
    json!({
        "version": "0",
        "id": uuid::Uuid::new_v4().to_string(),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": account,
        "time": at.to_string(),
        "region": region,
        "resources": [format!("arn:aws:scheduler:{region}:{account}:schedule/default/{function}")],
        "detail": "{}",
    })
}

#[cfg(test)]
mod tests {
    use super::super::invoke::Hands;
    use super::super::tests::stage;
    use super::*;
    use jiff::SignedDuration;
    use std::sync::Arc;

    #[tokio::test]
    async fn missed_minutes_are_made_good_in_order() {
        let (stage, heard) = (stage(), Arc::new(Mutex::new(Vec::<String>::new())));
        let ear = heard.clone();
        let hands = Hands::InProcess(Arc::new(move |function, event| {
            lock(&ear).push(format!("{function} {}", event["time"].as_str().unwrap_or_default()));
            Box::pin(async { Err("a tick that fails isn't called again".to_owned()) })
        }));
        let calls = Calls::new(hands, stage.clone());
        let schedule = Schedule::new(&Template::embedded().unwrap(), stage.clone(), calls.clone());
        let first = schedule.next().unwrap();
        assert_eq!(first.as_second() % 60, 0);
        stage.clock.advance(SignedDuration::from_mins(5));
        let fired = schedule.fire_due().await;
        let every = ["cmx-poll", "mailbox-poll", "tick"];
        assert!((15..=18).contains(&fired), "{fired}: a real minute may end just now");
        assert_eq!(schedule.fire_due().await, 0);
        let mut heard = lock(&heard).clone();
        assert!(
            heard.is_sorted_by_key(|call| call.rsplit_once(' ').map(|(_, time)| time.to_owned())),
            "{heard:?}"
        );
        heard.sort();
        let minutes = (0..fired / every.len()).map(|n| first + Duration::from_secs(60 * n as u64));
        let minutes: Vec<_> = minutes.collect();
        let expected = every.iter().flat_map(|name| minutes.iter().map(move |at| format!("{name} {at}")));
        assert_eq!(heard, expected.collect::<Vec<_>>());
        assert_eq!(calls.dead().len(), fired);
    }
}
