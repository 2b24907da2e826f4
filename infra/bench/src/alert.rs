//! Requests of a press and of a whole alert to AWS and to the vendors.

use std::path::Path;
use std::time::Duration;

use handbell_boot::Error;
use handbell_local::runner::Runner;
use jiff::SignedDuration;

use crate::count::{Bill, Counter};
use crate::measure::{Start, listen_to_webex, press, settle, start};
use crate::progress;

/// Time that the simulated phones take for each step, as on a laptop.
const PACE: Duration = Duration::from_millis(600);
/// Time after which every incident of the demo is over.
const NEXT_DAY: SignedDuration = SignedDuration::from_hours(24);

/// Measures two presses with all that follows, twice: the first alert creates its space, every later one finds it.
pub(crate) async fn measure(release: &Path, config: &Path) -> Result<Vec<Bill>, Error> {
    let counter = Counter::start().await?;
    let runner = start(
        release,
        config,
        Start { port: counter.port(), overrides: counter.before_aws(), ..Start::at_rest(PACE) },
    )
    .await?;
    let http = handbell_boot::client()?;
    listen_to_webex(&runner, &http).await?;
    let mut bills = Vec::new();
    for (round, whole) in [
        "The first alert ever: two presses and all that follows",
        "A later alert: two presses and all that follows",
    ]
    .into_iter()
    .enumerate()
    {
        progress(if round == 0 {
            "counts what an alert asks of AWS"
        } else {
            "and what the next day's asks"
        });
        // These starts must not count as a part of the alert.
        warm(&runner, &http).await?;
        counter.forget(&runner);
        let mut presses = Vec::new();
        for number in ["first", "second"] {
            let before = counter.bill("", &runner);
            press(&runner, &http, &format!("alert-{round}-{number}")).await?;
            let what =
                if number == "first" { "The press that opens it, alone" } else { "The second press, alone" };
            presses.push(counter.bill(what, &runner).since(&before));
            settle(&runner).await;
        }
        let whole = counter.bill(whole, &runner);
        if round == 1 {
            bills.extend(presses);
        }
        bills.push(whole);
        runner.cloud.advance(NEXT_DAY)?;
    }
    Ok(bills)
}

/// Calls each function once, so that the starts of processes aren't counted.
async fn warm(runner: &Runner, http: &reqwest::Client) -> Result<(), Error> {
    for path in ["/b/nobody-has-this-token-on-any-laptop", "/twilio/sms/status", "/webex"] {
        http.post(format!("http://{}{path}", runner.address)).send().await?;
    }
    // A batch without messages.
    runner.cloud.calls().call("deliver", serde_json::json!({ "Records": [] })).await?;
    Ok(())
}
