//! `GET /sim/connection`: the names and secrets with which another program uses the runner's table and vendors.

use std::collections::BTreeMap;

use axum::routing::get;
use axum::{Json, Router};
use handbell_core::config::Config;
use handbell_sim::{Stage, cmx};
use serde_json::{Value, json};

use crate::cloud::{REGION, table};

/// Serves the system's time, the table, and the secrets of the simulated vendors, which every real vendor refuses: `{"now":
/// "…", "table": "handbell", "region": "eu-west-1", "secrets": {"webex": "…", "twilio": "…", "cmx": "…"}}`.
pub fn router(stage: Stage) -> Router {
    Router::new().route("/sim/connection", get(async move || Json(connection(&stage))))
}

/// Serves the settings of the configuration with which commands about the roster check names and times: `{"timezone": "…",
/// "sources": {"monitoring": "its label"}, "people": {"dana": ["a plan that names her"]}}` at `GET /sim/settings`.
pub fn settings_router(config: &Config) -> Router {
    let sources: BTreeMap<&String, &Option<String>> =
        config.sources.iter().map(|(name, source)| (name, &source.label)).collect();
    let settings =
        json!({ "timezone": config.timezone, "sources": sources, "people": config.people_in_plans() });
    Router::new().route("/sim/settings", get(async move || Json(settings)))
}

fn connection(stage: &Stage) -> Value {
    json!({
        "now": stage.clock.now(), "table": table::NAME, "region": REGION,
        "secrets": {
            "webex": stage.account.webex_token, "twilio": stage.account.twilio_token, "cmx": cmx::PASSWORD,
        },
    })
}
