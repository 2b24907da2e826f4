//! The runner on a laptop, as the other commands find it. They know its address; it tells them the rest.

use handbell_boot::Environment;
use handbell_store::Store;
use jiff::Timestamp;
use reqwest::Url;
use serde::Deserialize;

use crate::failure::Failure;

/// Where the runner on this laptop is, unless another place is named.
pub(crate) const RUNNER: &str = "http://127.0.0.1:8080";

/// A runner that has answered.
pub(crate) struct Laptop {
    base: Url,
    told: Told,
}

#[derive(Deserialize)]
struct Told {
    now: Timestamp,
    table: String,
    region: String,
    secrets: StandIns,
}

/// What the stand-in vendors take for Handbell: no secrets, since any other vendor refuses them.
#[derive(Clone, Deserialize)]
pub(crate) struct StandIns {
    pub(crate) webex: String,
    pub(crate) twilio: String,
    pub(crate) cmx: String,
}

impl Laptop {
    /// Asks the runner at this address. `without` says what there is not without a runner: `there is no roster`.
    pub(crate) async fn reach(runner: &str, without: &str) -> Result<Self, Failure> {
        let base = Url::parse(runner).ok().filter(|url| !url.cannot_be_a_base());
        let base = base.ok_or_else(|| format!("{runner:?} is no address such as {RUNNER}"))?;
        let http = handbell_boot::client().map_err(|error| error.to_string())?;
        let answer = http.get(below(&base, "sim/connection")).send().await.map_err(|_| {
            Failure::unreachable(format!(
                "there is no runner at {runner}, so {without}. Start `handbell` in another terminal (its address with \
                 --runner), or set HANDBELL_TABLE for a table in AWS"
            ))
        })?;
        let told = answer.json().await.map_err(|_| {
            let what = format!("what answers at {runner} is no runner of this version");
            Failure::unreachable(format!("{what}; name its address with --runner"))
        })?;
        Ok(Self { base, told })
    }

    /// The system's time: on the laptop's page, time can be moved.
    pub(crate) fn now(&self) -> Timestamp {
        self.told.now
    }

    /// What the stand-in vendors take for Handbell: no secrets, since any other vendor refuses them.
    pub(crate) fn secrets(&self) -> &StandIns {
        &self.told.secrets
    }

    /// An address of the runner, by its path: `sim/webex/v1`.
    pub(crate) fn url(&self, path: &str) -> String {
        below(&self.base, path).to_string()
    }

    /// The runner's table.
    pub(crate) fn store(&self) -> Result<Store, Failure> {
        let environment = Environment::from(|variable| match variable {
            "HANDBELL_TABLE" => Some(self.told.table.clone()),
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(self.url("aws/dynamodb")),
            "AWS_REGION" => Some(self.told.region.clone()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
            // Nothing is put into the queue or onto the bus.
            "HANDBELL_QUEUE_URL" | "HANDBELL_BUS" => Some(String::new()),
            _ => None,
        });
        let environment = environment.map_err(|error| error.to_string())?;
        Ok(handbell_boot::store(&environment)?)
    }
}

fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path.split('/'));
    }
    url
}
