//! A simulated Cisco CMX: the vendor's API, and zones whose counts can be set.

mod api;
pub mod day;
mod floor;

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, put};
use handbell_core::config::{Config, Source};
use serde_json::{Value, json};

use super::Stage;
use floor::Spot;

/// Password that the simulated CMX accepts for every user.
pub const PASSWORD: &str = "local-cmx-password";
/// Limit of a count: more than any floor holds, and still fast to list.
pub const MOST: u32 = 50_000;

/// The simulated CMX. It stands for all sites with a CMX; a user sees only the devices of the user's sites. Cheap to clone.
#[derive(Clone)]
pub struct Cmx(Arc<Inner>);

struct Inner {
    stage: Stage,
    /// The users of all sites.
    users: Vec<String>,
    time_zone: jiff::tz::TimeZone,
    state: Mutex<Playing>,
}

struct Playing {
    /// The zones, by name.
    spots: Vec<Spot>,
    day: Option<Day>,
}

/// Progress of a simulated day.
struct Day {
    zone: String,
    minute: u32,
    of: u32,
}

/// Shows a day on the page until it is dropped.
pub struct DayShown(Cmx);

impl Cmx {
    /// Creates a CMX with the configuration's zones, each a third full.
    pub fn new(stage: Stage, config: &Config) -> Self {
        let users = config.sites.values().filter_map(|site| match site.source() {
            Some(Source::Cmx(cmx)) => Some(cmx.user.clone()),
            _ => None,
        });
        let users = users.collect();
        let spots = Spot::all(config);
        let time_zone = config.time_zone();
        Self(Arc::new(Inner { stage, users, time_zone, state: Mutex::new(Playing { spots, day: None }) }))
    }

    /// Serves the API under `/sim/cmx/api/` and the zones under `/sim/cmx/zones`.
    pub fn router(&self) -> Router {
        let hands = Router::new()
            .route("/sim/cmx/zones/{zone}", put(play))
            .layer(from_fn_with_state(self.clone(), api::record_play));
        Router::new()
            .route("/sim/cmx/api/{*path}", any(api::enter))
            // Not in the wire log: the page asks continuously, which would hide everything else.
            .route("/sim/cmx/zones", get(async |State(cmx): State<Self>| axum::Json(cmx.view())))
            .merge(hands)
            .with_state(self.clone())
    }

    /// Sets the number of customers' devices in a zone, in addition to those that the zone excludes. Returns whether the
    /// zone exists.
    pub fn set(&self, zone: &str, count: u32) -> bool {
        let known = {
            let mut state = self.lock();
            let spot = state.spots.iter_mut().find(|spot| spot.name == zone);
            spot.map(|spot| spot.count = count.min(MOST)).is_some()
        };
        if known {
            self.0.stage.touch();
        }
        known
    }

    /// Returns the zones for the page and `GET /sim/cmx/zones`.
    pub fn view(&self) -> Value {
        let state = self.lock();
        let zones = state.spots.iter().map(|spot| {
            let mut zone = json!({
                "name": spot.name,
                "label": spot.label,
                "site": spot.site,
                "capacity": spot.capacity,
                "count": spot.count,
                "levels": spot.levels,
            });
            if let Some(day) = state.day.as_ref().filter(|day| day.zone == spot.name) {
                zone["day"] = json!({ "zone": day.zone, "minute": day.minute, "of": day.of });
            }
            zone
        });
        zones.collect()
    }

    /// Returns the names of the zones, for error messages.
    pub fn names(&self) -> Vec<String> {
        self.lock().spots.iter().map(|spot| spot.name.clone()).collect()
    }

    /// Returns the counts of a Saturday in this zone, in the given number of minutes, or `None` if the zone doesn't exist.
    pub fn saturday(&self, zone: &str, minutes: u32) -> Option<Vec<u32>> {
        let state = self.lock();
        let spot = state.spots.iter().find(|spot| spot.name == zone)?;
        Some(day::saturday(&spot.levels, spot.capacity, minutes))
    }

    /// Shows a day on the page. Returns `None` if a day is already shown.
    pub fn show_day(&self, zone: &str, of: u32) -> Option<DayShown> {
        {
            let mut state = self.lock();
            if state.day.is_some() {
                return None;
            }
            state.day = Some(Day { zone: zone.to_owned(), minute: 0, of });
        }
        self.0.stage.touch();
        Some(DayShown(self.clone()))
    }

    /// Whether a day is shown on the page.
    pub fn plays_a_day(&self) -> bool {
        self.lock().day.is_some()
    }

    /// Creates the answer for an unknown zone.
    pub fn unknown(&self, zone: &str) -> Response {
        let names = self.names();
        let known = if names.is_empty() {
            "the configuration has none whose site is a CMX".to_owned()
        } else {
            format!("the zones are: {}", names.join(", "))
        };
        (StatusCode::NOT_FOUND, format!("there is no zone {zone:?}; {known}\n")).into_response()
    }

    fn lock(&self) -> MutexGuard<'_, Playing> {
        self.0.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl DayShown {
    /// Sets the minute of the day, counted from 1.
    pub fn at(&self, minute: u32) {
        if let Some(day) = self.0.lock().day.as_mut() {
            day.minute = minute;
        }
    }
}

impl Drop for DayShown {
    fn drop(&mut self) {
        self.0.lock().day = None;
        self.0.0.stage.touch();
    }
}

/// Handles `PUT /sim/cmx/zones/{zone}` with `{"count": 87}`.
async fn play(State(cmx): State<Cmx>, Path(zone): Path<String>, body: Bytes) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let count = body["count"].as_u64().and_then(|count| u32::try_from(count).ok());
    let Some(count) = count.filter(|count| *count <= MOST) else {
        let what = format!("write {{\"count\": 87}}: a whole number of devices, 0 to {MOST}\n");
        return (StatusCode::BAD_REQUEST, what).into_response();
    };
    if !cmx.set(&zone, count) {
        return cmx.unknown(&zone);
    }
    StatusCode::NO_CONTENT.into_response()
}
