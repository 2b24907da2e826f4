//! Measures on-call alerts: the speed of many calls, a flood without losses, the cost of an alert, and the punctuality of
//! steps.

mod called;
mod cost;
mod flood;
mod late;
mod report;
mod scene;
mod vendor;

use std::path::Path;

use handbell_boot::Error;

/// How many, and within how many seconds.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    count: usize,
    seconds: u64,
}

/// Size of the measurement.
#[derive(Clone, Copy)]
pub(crate) struct Played {
    /// Number of people that one incident calls.
    people: usize,
    /// Alerts in the flood.
    flood: Load,
    /// Incidents with a second step.
    steps: Load,
    /// Shortest and longest time between the first and the second step, in seconds.
    after: (u64, u64),
}

impl Played {
    /// The measurement for docs/benchmark.md.
    pub(crate) const WHOLE: Self = Self {
        people: 50,
        flood: Load { count: 1000, seconds: 10 },
        steps: Load { count: 200, seconds: 60 },
        after: (15, 150),
    };
    /// A small measurement to check the benchmark itself.
    pub(crate) const SMALL: Self = Self {
        people: 20,
        flood: Load { count: 50, seconds: 2 },
        steps: Load { count: 20, seconds: 5 },
        after: (10, 20),
    };
}

/// Runs all measurements and returns the tables. With `release`, also measures the times of the binaries there, besides
/// those of one process.
pub(crate) async fn measure(release: Option<&Path>, played: Played) -> Result<String, Error> {
    let mut hands = vec![scene::Hands::OneProcess];
    hands.extend(release.map(|release| scene::Hands::Binaries(release.to_owned())));
    let mut times = Vec::new();
    for hands in hands {
        let called = called::at_once(&hands, played.people).await?;
        let flood = flood::measure(&hands, played.flood).await?;
        let late = late::measure(&hands, played.steps, played.after.0..=played.after.1).await?;
        times.push(report::Times { hands, called, flood, late });
    }
    let spread = called::spread(played.people).await?;
    let cost = cost::measure().await?;
    Ok(report::on_call(played, &times, &spread, &cost))
}
