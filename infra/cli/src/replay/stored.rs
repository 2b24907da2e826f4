//! Reads the stored counts from the runner on this laptop, or from a table in AWS.

use handbell_boot::Environment;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;

use super::{Around, Options};
use crate::failure::Failure;
use crate::laptop::RUNNER;

/// A zone, and the names under which its counts are stored.
pub(super) struct StoredZone<'a> {
    pub(super) site: &'a str,
    pub(super) zone: &'a str,
    /// The zone's present name, by which the runner knows it.
    pub(super) name: &'a str,
}

pub(super) async fn stored(
    options: &Options,
    of: StoredZone<'_>,
    last: SignedDuration,
    around: &Around<'_>,
) -> Result<Vec<(Timestamp, Option<u32>)>, Failure> {
    match (&options.runner, (around.variable)("HANDBELL_TABLE")) {
        (None, Some(table)) => {
            let environment = Environment::from(|name| match name {
                // Reading the table needs neither.
                "HANDBELL_QUEUE_URL" | "HANDBELL_BUS" => Some(String::new()),
                _ => (around.variable)(name),
            });
            let advice =
                "to use a profile of the AWS CLI: eval \"$(aws configure export-credentials --format env)\"";
            let environment = environment.map_err(|error| {
                Failure::unreachable(format!("the table {table} can't be read: {error}\n({advice})"))
            })?;
            let failed = |error: &dyn std::fmt::Display| {
                Failure::unreachable(format!("the table {table} can't be read: {error}"))
            };
            let store = handbell_boot::store(&environment).map_err(|error| failed(&error))?;
            // Including the current minute.
            store
                .sites()
                .counts(of.site, of.zone, around.now - last, around.now)
                .await
                .map_err(|error| failed(&error))
        }
        (runner, _) => from_runner(runner.as_deref().unwrap_or(RUNNER), of.name, last).await,
    }
}

async fn from_runner(
    runner: &str,
    zone: &str,
    last: SignedDuration,
) -> Result<Vec<(Timestamp, Option<u32>)>, Failure> {
    let mut url = Url::parse(runner).map_err(|_| format!("{runner:?} is not an address such as {RUNNER}"))?;
    url.path_segments_mut()
        .map_err(|()| format!("{runner:?} is not an address such as {RUNNER}"))?
        .pop_if_empty()
        .extend(["sim", "cmx", "zones", zone, "counts"]);
    // The runner uses its own clock, which users can move on its page.
    url.query_pairs_mut().append_pair("last", &last.as_secs().to_string());
    let http = handbell_boot::client().map_err(|error| error.to_string())?;
    let answer = http.get(url).send().await.map_err(|_| {
        Failure::unreachable(format!(
            "no runner answers at {runner}, so there are no counts. Start `handbell` in another terminal (and give its address \
             with --runner), set HANDBELL_TABLE to read a table in AWS, or give counts with --csv"
        ))
    })?;
    let status = answer.status();
    let broken = |_| {
        let what = format!("the answer of the runner at {runner} can't be read");
        Failure::unreachable(format!("{what}; is it another version?"))
    };
    if !status.is_success() {
        let text = answer.text().await.map_err(broken)?;
        return Err(format!("the runner at {runner} answers {}: {}", status.as_u16(), text.trim()).into());
    }
    answer.json().await.map_err(broken)
}
