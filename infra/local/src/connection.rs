//! `GET /sim/connection`: the names and secrets with which another program uses the runner's table and vendors.

use axum::routing::get;
use axum::{Json, Router};
use handbell_sim::{Stage, cmx};
use serde_json::{Value, json};

use crate::cloud::{REGION, table};

/// Serves the system's time, the table, and the secrets of the simulated vendors, which every real vendor refuses: `{"now":
/// "…", "table": "handbell", "region": "eu-west-1", "secrets": {"webex": "…", "twilio": "…", "cmx": "…"}}`.
pub fn router(stage: Stage) -> Router {
    Router::new().route("/sim/connection", get(async move || Json(connection(&stage))))
}

fn connection(stage: &Stage) -> Value {
    json!({
        "now": stage.clock.now(), "table": table::NAME, "region": REGION,
        "secrets": {
            "webex": stage.account.webex_token, "twilio": stage.account.twilio_token, "cmx": cmx::PASSWORD,
        },
    })
}
