//! The page at `/`, which shows people the state of the system. It receives the state and every change, and acts only
//! through public addresses (`/b/…`, `/sim/…`).

pub mod duty;
mod plans;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::Stream;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::{Interval, MissedTickBehavior, interval};

use handbell_sim::Stage;
use handbell_sim::wire::WireEntry;

/// Returns the state that the page shows.
pub type State = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Value> + Send>> + Send + Sync>;

/// Content security policy: no foreign and no inline resources, so that text in a space can't become a script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Minimum interval between two states.
const BREATH: Duration = Duration::from_millis(100);

const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#0b6e5f"/><path d="M16 6a7 7 0 0 0-7 7v5l-2.5 4h19L23 18v-5a7 7 0 0 0-7-7Zm-3 17.5a3 3 0 0 0 6 0" fill="#fff"/></svg>"##;

/// The page's scripts: modules that import one another by these addresses.
const SCRIPTS: [(&str, &str); 43] = [
    ("/page/app.js", include_str!("page/app.js")),
    ("/page/ask.js", include_str!("page/ask.js")),
    ("/page/bells.js", include_str!("page/bells.js")),
    ("/page/calls.js", include_str!("page/calls.js")),
    ("/page/card.js", include_str!("page/card.js")),
    ("/page/chart.js", include_str!("page/chart.js")),
    ("/page/compose.js", include_str!("page/compose.js")),
    ("/page/copy.js", include_str!("page/copy.js")),
    ("/page/customers.js", include_str!("page/customers.js")),
    ("/page/dock.js", include_str!("page/dock.js")),
    ("/page/dom.js", include_str!("page/dom.js")),
    ("/page/duty.js", include_str!("page/duty.js")),
    ("/page/file.js", include_str!("page/file.js")),
    ("/page/floor.js", include_str!("page/floor.js")),
    ("/page/hood.js", include_str!("page/hood.js")),
    ("/page/incidents.js", include_str!("page/incidents.js")),
    ("/page/journey.js", include_str!("page/journey.js")),
    ("/page/keys.js", include_str!("page/keys.js")),
    ("/page/levels.js", include_str!("page/levels.js")),
    ("/page/lines.js", include_str!("page/lines.js")),
    ("/page/mail.js", include_str!("page/mail.js")),
    ("/page/mailbox.js", include_str!("page/mailbox.js")),
    ("/page/markdown.js", include_str!("page/markdown.js")),
    ("/page/message.js", include_str!("page/message.js")),
    ("/page/mime.js", include_str!("page/mime.js")),
    ("/page/next.js", include_str!("page/next.js")),
    ("/page/phones.js", include_str!("page/phones.js")),
    ("/page/plan.js", include_str!("page/plan.js")),
    ("/page/plans.js", include_str!("page/plans.js")),
    ("/page/presence.js", include_str!("page/presence.js")),
    ("/page/replies.js", include_str!("page/replies.js")),
    ("/page/roster.js", include_str!("page/roster.js")),
    ("/page/rota.js", include_str!("page/rota.js")),
    ("/page/sample.js", include_str!("page/sample.js")),
    ("/page/scenes.js", include_str!("page/scenes.js")),
    ("/page/spaces.js", include_str!("page/spaces.js")),
    ("/page/state.js", include_str!("page/state.js")),
    ("/page/steps.js", include_str!("page/steps.js")),
    ("/page/texts.js", include_str!("page/texts.js")),
    ("/page/time.js", include_str!("page/time.js")),
    ("/page/token.js", include_str!("page/token.js")),
    ("/page/troubles.js", include_str!("page/troubles.js")),
    ("/page/wire.js", include_str!("page/wire.js")),
];

/// The page's style sheets.
const STYLES: [(&str, &str); 8] = [
    ("/page/customers.css", include_str!("page/customers.css")),
    ("/page/duty.css", include_str!("page/duty.css")),
    ("/page/floor.css", include_str!("page/floor.css")),
    ("/page/hood.css", include_str!("page/hood.css")),
    ("/page/layout.css", include_str!("page/layout.css")),
    ("/page/phones.css", include_str!("page/phones.css")),
    ("/page/style.css", include_str!("page/style.css")),
    ("/page/webex.css", include_str!("page/webex.css")),
];

/// Serves the page and its resources.
pub fn router(stage: Stage, state: State) -> Router {
    let state = with_token(state, stage.account.bot);
    let whole = state.clone();
    let scripts = SCRIPTS.into_iter().fold(Router::new(), |router, (path, script)| {
        router.route(path, get(async move || file("text/javascript; charset=utf-8", script)))
    });
    let styles = STYLES.into_iter().fold(scripts, |router, (path, style)| {
        router.route(path, get(async move || file("text/css; charset=utf-8", style)))
    });
    styles
        .route("/", get(async || file("text/html; charset=utf-8", include_str!("page/index.html"))))
        .route("/page/icon.svg", get(async || file("image/svg+xml", ICON)))
        .route("/page/state", get(async move || file("application/json", whole().await.to_string())))
        .route(
            "/page/events",
            get(async move || Sse::new(events(&stage, state.clone())).keep_alive(KeepAlive::default())),
        )
}

/// Adds `bot` to the state: whether Handbell's Webex token is a bot's, which receives only messages that mention it.
fn with_token(state: State, bot: bool) -> State {
    Arc::new(move || {
        let told = state();
        Box::pin(async move {
            let mut told = told.await;
            if let Some(told) = told.as_object_mut() {
                told.insert("bot".to_owned(), bot.into());
            }
            told
        })
    })
}

fn file(kind: &'static str, body: impl IntoResponse) -> Response {
    let headers = [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    (headers, body).into_response()
}

/// An open page, and what it must still receive.
struct Listener {
    state: State,
    changed: watch::Receiver<u64>,
    wire: broadcast::Receiver<WireEntry>,
    /// Whether the state has changed since it was sent.
    due: bool,
    /// Whether the page needs the whole wire log, because it is new or has missed entries.
    whole: bool,
}

/// Streams the state now and at every change, and every new entry of the wire log.
fn events(stage: &Stage, state: State) -> impl Stream<Item = Result<Event, Infallible>> + use<> {
    let listener =
        Listener { state, changed: stage.watch(), wire: stage.wire.listen(), due: true, whole: true };
    let mut breath = interval(BREATH);
    breath.set_missed_tick_behavior(MissedTickBehavior::Delay);
    futures_util::stream::unfold((listener, breath), async |(mut listener, mut breath)| {
        let event = listener.next(&mut breath).await?;
        Some((Ok(event), (listener, breath)))
    })
}

impl Listener {
    /// Returns the next event, or `None` once the stage is gone.
    async fn next(&mut self, breath: &mut Interval) -> Option<Event> {
        loop {
            tokio::select! {
                _ = breath.tick(), if self.due => return Some(self.state().await),
                changed = self.changed.changed(), if !self.due => {
                    changed.ok()?;
                    self.due = true;
                }
                entry = self.wire.recv() => match entry {
                    // The first state contains the log.
                    Ok(_) if self.whole => {}
                    Ok(entry) => return Some(event("wire", &entry)),
                    Err(RecvError::Lagged(_)) => (self.due, self.whole) = (true, true),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    /// Returns the current state, without the wire log if the page already has it.
    async fn state(&mut self) -> Event {
        self.changed.mark_unchanged();
        let mut state = (self.state)().await;
        self.due = false;
        if !std::mem::take(&mut self.whole)
            && let Some(state) = state.as_object_mut()
        {
            state.remove("wire");
        }
        event("state", &state)
    }
}

fn event(name: &str, data: &impl serde::Serialize) -> Event {
    let data = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).data(data)
}
