//! The control API of the simulated Webex: presence, withheld files and disabled webhooks.
//!
//! It is not part of the vendor's API: it needs no token, and doesn't count as a handler's request.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{post, put};
use axum::{Json, Router};
use serde::Deserialize;

use super::Webex;
use super::presence::Played;
use super::withheld::Withheld;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct SwitchOff {
    /// Resource of the webhooks to disable; all if absent.
    #[serde(default)]
    resource: Option<String>,
}

/// Routes `PUT /sim/webex/people/{email}/presence`, `PUT /sim/webex/contents/trouble`, `POST /sim/webex/webhooks/disable`.
pub(super) fn router(webex: Webex) -> Router {
    Router::new()
        .route("/sim/webex/people/{email}/presence", put(presence))
        .route("/sim/webex/contents/trouble", put(withhold))
        .route("/sim/webex/webhooks/disable", post(switch_off))
        .with_state(webex)
}

async fn presence(
    State(webex): State<Webex>,
    Path(email): Path<String>,
    Json(played): Json<Played>,
) -> Response {
    let known = webex.state().play(&email, &played, webex.0.stage.clock.now());
    if !known {
        let what = "nobody can have this address: it is none, or begins with unknown or nobody\n";
        return (StatusCode::NOT_FOUND, what).into_response();
    }
    done(&webex)
}

async fn withhold(State(webex): State<Webex>, Json(withheld): Json<Withheld>) -> Response {
    if let Err(what) = withheld.check() {
        return (StatusCode::BAD_REQUEST, what).into_response();
    }
    webex.state().withheld = Some(withheld);
    done(&webex)
}

async fn switch_off(State(webex): State<Webex>, body: Bytes) -> Response {
    let asked = if body.is_empty() { Ok(SwitchOff::default()) } else { serde_json::from_slice(&body) };
    let asked = match asked {
        Ok(asked) => asked,
        Err(error) => {
            let what = format!("the body is empty or like {{\"resource\": \"messages\"}}: {error}\n");
            return (StatusCode::BAD_REQUEST, what).into_response();
        }
    };
    webex.state().switch_off(asked.resource.as_deref(), webex.0.stage.clock.now());
    done(&webex)
}

fn done(webex: &Webex) -> Response {
    webex.0.stage.touch();
    StatusCode::NO_CONTENT.into_response()
}
