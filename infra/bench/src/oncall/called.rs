//! Measures many calls of one incident: the time until the last call, and the spreading of calls under a rate limit.

use std::time::{Duration, Instant};

use handbell_boot::Error;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::scene::{Hands, Scene, Surroundings, Time, config, plan};
use super::vendor::Asked;
use crate::progress;

/// Time that the vendor takes for each request.
pub(super) const ANSWERS_IN: Duration = Duration::from_millis(100);
/// Time-out, which is only reached if something is stuck.
const LIMIT: Duration = Duration::from_secs(60);
/// Phone that is called before the measured ones.
const FIRST: &str = "+12025550130";

/// Times of the calls since the mail's arrival.
pub(super) struct Called {
    /// Time until the vendor had each request.
    pub(super) handed: Vec<Duration>,
    /// Time until the vendor had accepted each.
    pub(super) taken: Vec<Duration>,
    /// Number of people who were called more than once.
    pub(super) twice: usize,
}

/// Time of each call since the mail's arrival, in the system's time.
pub(super) struct Spread(pub(super) Vec<SignedDuration>);

impl Spread {
    /// Returns the shortest and the longest time between two calls.
    pub(super) fn gaps(&self) -> Option<(SignedDuration, SignedDuration)> {
        let gaps = self.0.windows(2).map(|two| two[1] - two[0]);
        Some((gaps.clone().min()?, gaps.max()?))
    }

    /// Whether call n begins in second n, counted from the first.
    pub(super) fn is_one_a_second(&self) -> bool {
        self.seconds().into_iter().eq(0..self.0.len() as i64)
    }

    /// Returns the number of calls in a second, from the smallest to the largest: `1`, or `0 to 3`.
    pub(super) fn each_second(&self) -> String {
        let seconds = self.seconds();
        let of = |second: i64| seconds.iter().filter(|known| **known == second).count();
        let counts: Vec<usize> = (0..=seconds.last().copied().unwrap_or_default()).map(of).collect();
        match (counts.iter().min(), counts.iter().max()) {
            (Some(least), Some(most)) if least == most => least.to_string(),
            (Some(least), Some(most)) => format!("{least} to {most}"),
            _ => "none".to_owned(),
        }
    }

    fn seconds(&self) -> Vec<i64> {
        let first = self.0.first().copied().unwrap_or_default();
        self.0.iter().map(|offset| (*offset - first).as_secs()).collect()
    }
}

fn number(person: usize) -> String {
    format!("+1202557{person:04}")
}

fn plans(people: usize) -> Value {
    let everybody: Vec<String> = (0..people).map(number).collect();
    let say = "{title}. Press 1 if you have it.";
    json!({
        "everybody": plan(json!([{ "call": [{ "to": everybody, "say": say }] }])),
        "one": plan(json!([{ "call": [{ "to": [FIRST], "say": say }] }])),
    })
}

fn calls(asked: Vec<Asked>) -> Vec<Asked> {
    asked.into_iter().filter(|asked| asked.call && asked.to != FIRST).collect()
}

/// Calls the given number of people by one incident. Another incident comes first, since processes start, and cache what
/// they read only once.
pub(super) async fn at_once(hands: &Hands, people: usize) -> Result<Called, Error> {
    progress(&format!("calls {people} people by one incident, {}", hands.name()));
    let config = config(plans(people), None);
    let scene = Scene::start(hands, Time::Real, &config, Surroundings::answering_in(ANSWERS_IN)).await?;
    scene.listen().await?;
    scene.mail("rehearsal", "one").await?;
    let rehearsed = || scene.vendor.asked().iter().any(|asked| asked.taken.is_some());
    scene.until(LIMIT, "nobody was called", rehearsed).await?;
    scene.until(LIMIT, "the first alert has not come to rest", || scene.runner.cloud.is_quiet()).await?;

    let begun = Instant::now();
    scene.mail("db1", "everybody").await?;
    let done = || calls(scene.vendor.asked()).iter().filter(|asked| asked.taken.is_some()).count() >= people;
    scene.until(LIMIT, "not everybody was called", done).await?;
    let all = calls(scene.vendor.asked());
    let mut who: Vec<&str> = all.iter().map(|asked| asked.to.as_str()).collect();
    who.sort_unstable();
    who.dedup();
    if who.len() < people {
        return Err(format!("only {} of {people} people were called", who.len()).into());
    }
    let since = |at: Instant| at.duration_since(begun);
    Ok(Called {
        handed: all.iter().map(|asked| since(asked.handed)).collect(),
        taken: all.iter().filter_map(|asked| asked.taken.map(since)).collect(),
        twice: all.len() - who.len(),
    })
}

/// Makes the calls with a limit of one per second, in held time, so that the result doesn't depend on the machine's load.
pub(super) async fn spread(people: usize) -> Result<Spread, Error> {
    progress(&format!("calls {people} people, one each second of a clock that is moved"));
    let config = config(plans(people), Some(1));
    let scene =
        Scene::start(&Hands::OneProcess, Time::Held, &config, Surroundings::answering_in(Duration::ZERO))
            .await?;
    scene.listen().await?;
    let begun = scene.runner.stage.clock.now();
    scene.mail("db1", "everybody").await?;
    scene.pass(people as i64 + 10).await?;
    let all = calls(scene.vendor.asked());
    if all.len() != people {
        return Err(format!("{} calls began for {people} people", all.len()).into());
    }
    let mut offsets: Vec<SignedDuration> = all.iter().map(|asked| asked.at.duration_since(begun)).collect();
    offsets.sort_unstable();
    Ok(Spread(offsets))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(millis: &[i64]) -> Spread {
        Spread(millis.iter().map(|millis| SignedDuration::from_millis(*millis)).collect())
    }

    #[test]
    fn one_a_second_is_one_in_each_second_from_the_first_on() {
        assert!(spread(&[300, 1300, 2310]).is_one_a_second());
        assert!(!spread(&[300, 1300, 1310, 3300]).is_one_a_second(), "two in one second");
        assert!(!spread(&[300, 2300]).is_one_a_second(), "a second without a call");
        assert_eq!(spread(&[300, 1300, 1310, 3300]).each_second(), "0 to 2");
        assert_eq!(spread(&[0, 1000]).each_second(), "1");
        assert!(spread(&[]).is_one_a_second(), "nobody to call");
    }
}
