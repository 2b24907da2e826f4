//! Why a request isn't fulfilled, in Webex' own words.

use axum::http::StatusCode;
use serde_json::{Value, json};

/// Why the work wasn't done, as Webex says it.
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

    /// Also the answer about things the caller may not see: they could as well not exist.
    pub(super) fn missing(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("Could not find a {what} with provided ID."))
    }

    pub(super) fn body(&self, tracking: &str) -> Value {
        json!({"message": self.message, "errors": [{"description": self.message}], "trackingId": tracking})
    }
}
