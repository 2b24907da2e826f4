//! Making trouble and moving time: the small control API that the page and the tests use.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{post, put};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::json;

use crate::cloud::Cloud;
use crate::sim::Stage;
use crate::sim::trouble::Trouble;

/// Time may be moved this far at once.
const FARTHEST: SignedDuration = SignedDuration::from_hours(24 * 400);

#[derive(Clone)]
struct Control {
    stage: Stage,
    cloud: Cloud,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Kill {
    function: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance: SignedDuration,
}

/// `PUT` and `DELETE /sim/trouble`, `POST /sim/kill`, `POST /sim/clock`.
pub fn router(stage: Stage, cloud: Cloud) -> Router {
    Router::new()
        .route("/sim/trouble", put(make_trouble).delete(end_troubles))
        .route("/sim/kill", post(kill))
        .route("/sim/clock", post(advance))
        .with_state(Control { stage, cloud })
}

async fn make_trouble(State(control): State<Control>, Json(trouble): Json<Trouble>) -> Response {
    if !matches!(trouble.vendor.as_str(), "webex" | "twilio") {
        return (StatusCode::BAD_REQUEST, "vendor is webex or twilio\n").into_response();
    }
    if !(0.0..=1.0).contains(&trouble.share) {
        return (StatusCode::BAD_REQUEST, "share is between 0 and 1\n").into_response();
    }
    control.stage.troubles.make(trouble, control.stage.clock.now());
    control.stage.touch();
    StatusCode::NO_CONTENT.into_response()
}

async fn end_troubles(State(control): State<Control>) -> StatusCode {
    control.stage.troubles.clear();
    control.stage.touch();
    StatusCode::NO_CONTENT
}

async fn kill(State(control): State<Control>, Json(kill): Json<Kill>) -> Response {
    if !control.cloud.template().functions.iter().any(|function| function.name == kill.function) {
        return (StatusCode::NOT_FOUND, format!("there is no function {:?}\n", kill.function))
            .into_response();
    }
    let killed = control.cloud.kill(&kill.function);
    control.stage.touch();
    Json(json!({ "killed": killed })).into_response()
}

async fn advance(State(control): State<Control>, Json(body): Json<Advance>) -> Response {
    if body.advance.is_negative() || body.advance > FARTHEST {
        return (StatusCode::BAD_REQUEST, "time moves forward, 400 days at most\n").into_response();
    }
    match control.cloud.advance(body.advance) {
        Ok(()) => Json(json!({ "now": control.stage.clock.now() })).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")).into_response(),
    }
}
