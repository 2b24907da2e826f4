//! Refusals in Webex's own words.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// A refusal of a request.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
    /// `Retry-After`, in seconds.
    pub(super) retry_after: Option<u32>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), retry_after: None }
    }

    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    pub(super) fn forbidden(message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    /// Creates the answer 404, also for objects that the caller may not see.
    pub(super) fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("Could not find a {what} with provided ID."))
    }

    pub(super) fn body(&self, tracking: &str) -> Value {
        json!({"message": self.message, "errors": [{"description": self.message}], "trackingId": tracking})
    }
}
