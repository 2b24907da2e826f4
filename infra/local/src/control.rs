//! The control API of the page and the tests: causes troubles, moves time, and plays a day.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{post, put};
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until};

use crate::cloud::{Cloud, Task};
use handbell_sim::Stage;
use handbell_sim::cmx::{Cmx, DayShown, day};
use handbell_sim::trouble::{Trouble, TroubleKind};

/// Limit of a single move of the clock.
const FARTHEST: SignedDuration = SignedDuration::from_hours(24 * 400);

/// Longest wait for the calls of a minute: longer than any function's time-out.
const PATIENCE: Duration = Duration::from_secs(90);
/// Interval at which the calls are checked.
const GLANCE: Duration = Duration::from_millis(4);

#[derive(Clone)]
struct Control {
    stage: Stage,
    cloud: Cloud,
    cmx: Cmx,
    /// The task of the current or the last day.
    day: Arc<Mutex<Option<Task>>>,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlayDay {
    zone: String,
    #[serde(default = "whole_day")]
    minutes: u32,
    #[serde(default = "one_minute")]
    seconds: u64,
}

fn whole_day() -> u32 {
    day::MINUTES
}
fn one_minute() -> u64 {
    60
}

/// Routes `PUT` and `DELETE /sim/trouble`, `POST /sim/kill`, `POST /sim/clock`, `POST` and `DELETE /sim/cmx/day`.
pub fn router(stage: Stage, cloud: Cloud, cmx: Cmx) -> Router {
    Router::new()
        .route("/sim/trouble", put(make_trouble).delete(end_troubles))
        .route("/sim/kill", post(kill))
        .route("/sim/clock", post(advance))
        .route("/sim/cmx/day", post(play_day).delete(end_day))
        .with_state(Control { stage, cloud, cmx, day: Arc::default() })
}

async fn make_trouble(State(control): State<Control>, Json(trouble): Json<Trouble>) -> Response {
    if !matches!(trouble.vendor.as_str(), "webex" | "twilio" | "cmx" | "ses" | "s3") {
        return (StatusCode::BAD_REQUEST, "vendor is webex, twilio, cmx, ses or s3\n").into_response();
    }
    if !trouble.kind.fits(&trouble.vendor) {
        let what = "drop-callback is for twilio and webex, double-callback for twilio only; empty, no-content, \
            truncated and negative are for cmx only\n";
        return (StatusCode::BAD_REQUEST, what).into_response();
    }
    if !(0.0..=1.0).contains(&trouble.share) {
        return (StatusCode::BAD_REQUEST, "share is between 0 and 1\n").into_response();
    }
    if trouble.kind == TroubleKind::Slow
        && !trouble.seconds.is_some_and(|seconds| (1..=3600).contains(&seconds))
    {
        return (StatusCode::BAD_REQUEST, "slow needs seconds, 1 to 3600: how long each answer takes\n")
            .into_response();
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

async fn play_day(State(control): State<Control>, Json(play): Json<PlayDay>) -> Response {
    if !(60..=1440).contains(&play.minutes) || play.seconds > 86_400 {
        let what = "minutes are 60 to 1440, and seconds 86400 at most\n";
        return (StatusCode::BAD_REQUEST, what).into_response();
    }
    let Some(counts) = control.cmx.saturday(&play.zone, play.minutes) else {
        return control.cmx.unknown(&play.zone);
    };
    let Some(shown) = control.cmx.show_day(&play.zone, play.minutes) else {
        let what = "a day is being played; DELETE /sim/cmx/day ends it\n";
        return (StatusCode::CONFLICT, what).into_response();
    };
    let seconds = Duration::from_secs(play.seconds);
    let work = control.clone().saturday(play.zone, counts, shown, seconds);
    *control.running_day() = Some(Task::spawn(work));
    StatusCode::ACCEPTED.into_response()
}

async fn end_day(State(control): State<Control>) -> StatusCode {
    control.running_day().take();
    // The task ends a moment later. The answer waits for that, so that the caller can start another day.
    let last = Instant::now() + PATIENCE;
    while control.cmx.plays_a_day() && Instant::now() < last {
        sleep(GLANCE).await;
    }
    StatusCode::NO_CONTENT
}

impl Control {
    fn running_day(&self) -> MutexGuard<'_, Option<Task>> {
        self.day.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Sets each count and moves the clock to the next full minute, at which the zones are polled. The next count follows
    /// only when all calls of this poll are done, so that no count is missed and no call is late.
    async fn saturday(self, zone: String, counts: Vec<u32>, shown: DayShown, seconds: Duration) {
        self.calls_done().await;
        let (begun, of) = (Instant::now(), counts.len() as u32);
        for (minute, count) in (1..).zip(counts) {
            shown.at(minute);
            self.cmx.set(&zone, count);
            if self.cloud.advance(to_full_minute(self.stage.clock.now())).is_err() {
                return;
            }
            sleep_until(begun + seconds * minute / of).await;
            self.calls_done().await;
        }
    }

    /// Waits until no function runs and no call is due.
    async fn calls_done(&self) {
        let last = Instant::now() + PATIENCE;
        let mut quiet = 0;
        // Twice, since there may be a moment between a call and the next one that it causes.
        while quiet < 2 && Instant::now() < last {
            sleep(GLANCE).await;
            quiet = if self.cloud.is_quiet() { quiet + 1 } else { 0 };
        }
    }
}

/// Returns the time until the next full minute.
fn to_full_minute(now: Timestamp) -> SignedDuration {
    let next = Timestamp::from_second((now.as_second().div_euclid(60) + 1) * 60).unwrap_or(now);
    next.duration_since(now)
}

#[cfg(test)]
mod tests;
