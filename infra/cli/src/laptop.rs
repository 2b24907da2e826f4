//! The connection of the other commands to the runner on a laptop. They know its address and ask it for the rest.

use handbell_boot::Environment;
use handbell_store::Store;
use jiff::Timestamp;
use reqwest::Url;
use serde::Deserialize;

use crate::failure::Failure;
use crate::settings::Settings;

/// Default address of the runner on this laptop.
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

/// The tokens that the simulated vendors accept. They are no secrets, since every real vendor refuses them.
#[derive(Clone, Deserialize)]
pub(crate) struct StandIns {
    pub(crate) webex: String,
    pub(crate) twilio: String,
    pub(crate) cmx: String,
}

impl Laptop {
    /// Connects to the runner at this address. `without` names the consequence if there is none: `there is no roster`.
    pub(crate) async fn reach(runner: &str, without: &str) -> Result<Self, Failure> {
        let sound = |url: &Url| !url.cannot_be_a_base() && url.query().is_none() && url.fragment().is_none();
        let base = Url::parse(runner).ok().filter(sound);
        let base = base.ok_or_else(|| format!("{runner:?} is not an address such as {RUNNER}"))?;
        let http = handbell_boot::client().map_err(|error| error.to_string())?;
        let answer = http.get(below(&base, "sim/connection")).send().await.map_err(|_| {
            Failure::unreachable(format!(
                "no runner answers at {runner}, so {without}. Start `handbell` in another terminal (and give its address with \
                 --runner), or set HANDBELL_TABLE for a table in AWS"
            ))
        })?;
        let told = answer.json().await.map_err(|_| {
            let what = format!("the program at {runner} is not a runner of this version");
            Failure::unreachable(format!("{what}; name its address with --runner"))
        })?;
        Ok(Self { base, told })
    }

    /// The system's time, which users can move on the laptop's page.
    pub(crate) fn now(&self) -> Timestamp {
        self.told.now
    }

    /// The tokens that the simulated vendors accept.
    pub(crate) fn secrets(&self) -> &StandIns {
        &self.told.secrets
    }

    /// Returns the settings of the runner's configuration; none from a runner of another version.
    pub(crate) async fn settings(&self) -> Result<Option<Settings>, Failure> {
        let http = handbell_boot::client().map_err(|error| error.to_string())?;
        let answer = http.get(below(&self.base, "sim/settings")).send().await;
        let answer = answer.map_err(|_| Failure::unreachable("the runner no longer answers"))?;
        Ok(answer.json().await.ok())
    }

    /// The address of a path of the runner, such as `sim/webex/v1`.
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
            // The command sends nothing to the queue or the bus.
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
