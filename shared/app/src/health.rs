//! Health check: `/health`.

use bytes::Bytes;
use handbell_store::Spaces;
use http::{Request, Response, StatusCode};

use crate::answer;
use crate::dependencies::parts;

parts! {
    /// Checks that Handbell can read its table.
    pub struct Health {
        spaces: Spaces,
    }
}

impl Health {
    /// Answers 200 when the table can be read, and 503 with the reason otherwise.
    pub async fn answer(&self, _: Request<Bytes>) -> Response<Bytes> {
        match self.spaces.space("health").await {
            Ok(_) => answer(StatusCode::OK, "OK\n"),
            Err(fault) => {
                tracing::error!(reason = %fault, "the table can't be read");
                answer(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "The table can't be read. Look at HANDBELL_TABLE and the function's log.\n",
                )
            }
        }
    }
}
