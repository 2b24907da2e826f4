//! Actions of customers with phones and of agents at Webex.

use std::path::Path;

use handbell_boot::{Error, read_configuration};
use handbell_local::runner::Runner;
use serde_json::{Value, json};

/// A line that can be measured: it has agents and a welcome text.
pub(crate) struct Line {
    /// Number of the line.
    pub(crate) number: String,
}

impl Line {
    /// Returns the first line that can be measured, if the configuration has one.
    pub(crate) fn of(config: &Path) -> Result<Option<Self>, Error> {
        let config = read_configuration(config)?;
        let mut lines = config.lines.values();
        let fits = lines
            .find(|line| !line.agents.is_empty() && line.texts.welcome.is_some() && line.hours.is_none());
        Ok(fits.map(|line| Self { number: line.number.to_string() }))
    }
}

/// Returns an unused phone number for each customer.
pub(crate) fn customer(number: usize) -> String {
    format!("+1202556{:04}", number % 10_000)
}

/// Returns the address of the runner.
pub(crate) fn origin(runner: &Runner) -> String {
    format!("http://{}", runner.address)
}

/// A text from a customer.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a> {
    pub(crate) from: &'a str,
    pub(crate) to: &'a str,
    pub(crate) body: &'a str,
}

/// Sends a text from a customer. Handbell has answered when this returns.
pub(crate) async fn text(http: &reqwest::Client, origin: &str, text: Text<'_>) -> Result<(), Error> {
    let Text { from, to, body } = text;
    let url = format!("{origin}/sim/phones/{}/text", from.replace('+', "%2B"));
    let sent = http.post(url).json(&json!({ "to": to, "body": body })).send().await?.error_for_status()?;
    let answer: Value = serde_json::from_slice(&sent.bytes().await?)?;
    if answer["error"].is_null() {
        Ok(())
    } else {
        Err(format!("Twilio got no good answer: {}", answer["error"]).into())
    }
}

/// A customer's space, with an agent who can answer.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// Number of the customer.
    pub(crate) customer: String,
    room: String,
    agent: String,
}

/// Returns all customers' spaces that have an agent.
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

/// Writes an answer of the agent to the customer.
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
