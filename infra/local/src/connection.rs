//! `GET /sim/connection`: by what names and secrets a program beside the runner reaches what the runner stands in for.

use axum::routing::get;
use axum::{Json, Router};
use handbell_sim::{Stage, cmx};
use serde_json::{Value, json};

use crate::cloud::{REGION, table};

/// The system's time, the table, and the secrets of the stand-in vendors, which are refused anywhere else:
/// `{"now": "…", "table": "handbell", "region": "eu-west-1", "secrets": {"webex": "…", "twilio": "…", "cmx": "…"}}`.
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
