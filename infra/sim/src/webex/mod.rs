//! A simulated Webex: rooms, messages, people and webhooks in Webex's wire format, in memory.
//!
//! Each request passes the [`gate`]: authentication, troubles, the handler under one lock, the wire log. The handler of an
//! endpoint is a plain function `fn(&mut State, &Call) -> Result<Answer, Refusal>`, so the lock can't be held across an
//! await. The events that it passes to [`State::tell`] become webhook [`deliveries`] afterwards.

mod actions;
mod body;
mod call;
mod contents;
mod control;
mod deliveries;
mod format;
mod gate;
mod markdown;
mod memberships;
mod messages;
mod people;
mod person;
mod presence;
mod refusal;
mod rooms;
mod state;
mod teams;
#[cfg(test)]
mod tests;
mod view;
mod webhooks;
mod withheld;

use std::sync::{Arc, Mutex, MutexGuard};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Path, Request};
use axum::routing::{any, get, post};
use serde_json::Value;

use super::Stage;
use call::Act;
use state::State;

/// Base path of the API.
const BASE: &str = "/sim/webex/v1";

/// Limit of a message's file, as at Webex.
const MAX_FILE: usize = 100 * 1024 * 1024;

/// The simulated Webex. Cheap to clone.
#[derive(Clone)]
pub struct Webex(Arc<Inner>);

struct Inner {
    stage: Stage,
    state: Mutex<State>,
}

impl Webex {
    /// Creates a Webex that knows only Handbell.
    pub fn new(stage: Stage) -> Self {
        let state = State::new(stage.account.bot, stage.clock.now());
        Self(Arc::new(Inner { stage, state: Mutex::new(state) }))
    }

    /// Serves `/sim/webex/`: the API, the files for the page, and the control API.
    ///
    /// `PUT …/people/{email}/presence` takes `{"status": "active", "lastActivity": "2026-…Z"?}`, `PUT …/contents/trouble`
    /// takes `{"status": 423, "times": 2?, "retryAfter": 1?}`, and `POST …/webhooks/disable` nothing or
    /// `{"resource": "messages"}`. Each answers 204.
    pub fn router(&self) -> Router {
        let at = |path: &str| format!("{BASE}{path}");
        let webex = self.clone();
        Router::new()
            .route(&at("/rooms"), post(self.act(rooms::create)).get(self.act(rooms::list)))
            .route(
                &at("/rooms/{id}"),
                get(self.act(rooms::read)).put(self.act(rooms::update)).delete(self.act(rooms::delete)),
            )
            .route(&at("/rooms/{id}/meetingInfo"), get(self.act(rooms::meeting)))
            .route(&at("/memberships"), post(self.act(memberships::create)).get(self.act(memberships::list)))
            .route(
                &at("/memberships/{id}"),
                get(self.act(memberships::read))
                    .put(self.act(memberships::update))
                    .delete(self.act(memberships::delete)),
            )
            .route(&at("/messages"), post(self.act(messages::create)).get(self.act(messages::list)))
            .route(&at("/messages/direct"), get(self.act(messages::direct)))
            .route(
                &at("/messages/{id}"),
                get(self.act(messages::read))
                    .put(self.act(messages::update))
                    .delete(self.act(messages::delete)),
            )
            .route(&at("/people"), get(self.act(people::list)).post(self.act(people::administer)))
            .route(&at("/people/me"), get(self.act(people::me)))
            .route(
                &at("/people/{id}"),
                get(self.act(people::read))
                    .put(self.act(people::administer))
                    .delete(self.act(people::administer)),
            )
            .route(&at("/webhooks"), post(self.act(webhooks::create)).get(self.act(webhooks::list)))
            .route(
                &at("/webhooks/{id}"),
                get(self.act(webhooks::read))
                    .put(self.act(webhooks::update))
                    .delete(self.act(webhooks::delete)),
            )
            .route(&at("/attachment/actions"), post(self.act(actions::create)))
            .route(&at("/attachment/actions/{id}"), get(self.act(actions::read)))
            .route(&at("/teams"), post(self.act(teams::create)).get(self.act(teams::list)))
            .route(
                &at("/teams/{id}"),
                get(self.act(teams::read)).put(self.act(teams::update)).delete(self.act(teams::delete)),
            )
            .route(&at("/team/memberships"), post(self.act(teams::join)).get(self.act(teams::members)))
            .route(
                &at("/team/memberships/{id}"),
                get(self.act(teams::member)).put(self.act(teams::change)).delete(self.act(teams::leave)),
            )
            .route(&at("/contents/{id}"), get(self.act(contents::read)))
            .route(&at("/{*rest}"), any(self.act(call::no_such_place)))
            .route(
                "/sim/webex/files/{id}",
                get(move |Path(id): Path<String>| async move { contents::show(&webex.state(), &id) }),
            )
            .method_not_allowed_fallback(self.act(call::wrong_method))
            .merge(control::router(self.clone()))
            .layer(DefaultBodyLimit::max(MAX_FILE + 1024 * 1024))
    }

    /// Returns the spaces with their messages for the page, the oldest first.
    pub fn view(&self) -> Value {
        view::spaces(&self.state())
    }

    /// Wraps a handler for axum.
    fn act(
        &self,
        act: Act,
    ) -> impl Fn(Option<Path<String>>, Request) -> gate::Serving + Clone + Send + Sync + 'static {
        let webex = self.clone();
        move |path, request| {
            let webex = webex.clone();
            Box::pin(
                async move { webex.serve(act, path.map(|Path(id)| id).unwrap_or_default(), request).await },
            )
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
