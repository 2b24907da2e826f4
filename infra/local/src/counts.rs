//! `GET /sim/cmx/zones/{zone}/counts`: the stored counts, for `handbell replay` on this laptop.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use handbell_core::config::{Config, StateNames};
use handbell_store::Store;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use handbell_sim::SimClock;

/// Default period.
const USUAL: SignedDuration = SignedDuration::from_hours(7 * 24);

#[derive(Clone)]
struct Counts {
    store: Store,
    clock: SimClock,
    /// Zones and their sites.
    zones: Vec<(String, String)>,
    /// The names under which their counts are stored.
    names: Arc<StateNames>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    /// Seconds before `to`, instead of `from`.
    last: Option<i64>,
}

/// Serves the counts of a zone from `from`, or from `last` seconds before `to`, to before `to`: `[["2026-11-14T10:40:00Z",
/// 87], …]`, the oldest first. Without `to`, they end at the system's time.
pub fn router(store: Store, clock: SimClock, config: &Config) -> Router {
    let zones = config.zones.iter().map(|(name, zone)| (name.clone(), zone.site.clone())).collect();
    Router::new().route("/sim/cmx/zones/{zone}/counts", get(counts)).with_state(Counts {
        store,
        clock,
        zones,
        names: Arc::new(config.state_names()),
    })
}

async fn counts(
    State(state): State<Counts>,
    Path(zone): Path<String>,
    Query(asked): Query<Asked>,
) -> Response {
    let Some((_, site)) = state.zones.iter().find(|(name, _)| *name == zone) else {
        let names: Vec<&str> = state.zones.iter().map(|(name, _)| name.as_str()).collect();
        let what = format!(
            "there is no zone {zone:?} in the runner's configuration; its zones are: {}\n",
            names.join(", ")
        );
        return (StatusCode::NOT_FOUND, what).into_response();
    };
    let to = asked.to.unwrap_or_else(|| state.clock.now());
    let last = asked.last.map_or(USUAL, SignedDuration::from_secs);
    let from = asked.from.or_else(|| to.checked_sub(last).ok()).filter(|from| *from < to);
    let Some(from) = from else {
        return (StatusCode::BAD_REQUEST, "`from` must be before `to`, and `last` more than 0 seconds\n")
            .into_response();
    };
    let (site, zone) = (state.names.sites.state(site), state.names.zones.state(&zone));
    match state.store.sites().counts(site, zone, from, to).await {
        Ok(counts) => Json(counts).into_response(),
        Err(fault) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{fault}\n")).into_response(),
    }
}
