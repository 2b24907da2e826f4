//! Alerts that call people: how quickly many are called, that a flood loses none, what one costs, and that steps come in time.

mod called;
mod cost;
mod flood;
mod late;
mod report;
mod scene;
mod vendor;

use std::path::Path;

use handbell_boot::Error;

/// How much is played.
#[derive(Clone, Copy)]
pub(crate) struct Played {
    /// People who are called by one incident.
    people: usize,
    /// Alerts of the flood, and the seconds in which they come.
    flood: (usize, u64),
    /// Incidents with a second step, and the seconds in which they come.
    steps: (usize, u64),
    /// So many seconds after the first step the second comes: the shortest and the longest.
    after: (u64, u64),
}

impl Played {
    /// What goes on record.
    pub(crate) const WHOLE: Self = Self { people: 50, flood: (1000, 10), steps: (200, 60), after: (15, 150) };
    /// To see that it works.
    pub(crate) const SMALL: Self = Self { people: 20, flood: (50, 2), steps: (20, 5), after: (10, 20) };
}

/// Measures all of it, and gives the tables. With `release`, times are those of the real binaries there as well as those of
/// one process.
pub(crate) async fn measure(release: Option<&Path>, played: Played) -> Result<String, Error> {
    let mut hands = vec![scene::Hands::OneProcess];
    hands.extend(release.map(|release| scene::Hands::Binaries(release.to_owned())));
    let mut times = Vec::new();
    for hands in hands {
        let called = called::at_once(&hands, played.people).await?;
        let flood = flood::measure(&hands, played.flood).await?;
        let late = late::measure(&hands, played.steps, played.after).await?;
        times.push(report::Times { hands, called, flood, late });
    }
    let spread = called::spread(played.people).await?;
    let cost = cost::measure().await?;
    Ok(report::duty(played, &times, &spread, &cost))
}
