//! Is it alive: `/health`.

use bytes::Bytes;
use http::{Request, Response, StatusCode};

use crate::{App, answer};

impl App {
    /// 200 when the table can be read; 503 with the reason otherwise.
    pub async fn health(&self, _: Request<Bytes>) -> Response<Bytes> {
        match self.store.space("health").await {
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
