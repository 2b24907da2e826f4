//! The handlers, one file per trigger. Each authenticates the caller, lets the core decide, commits, and only then
//! answers.

mod alert;
mod bucket;
mod button;
mod callback;
mod channel;
mod configuration;
mod conversation;
mod deliver;
mod dependencies;
mod engine;
mod fault;
mod health;
mod ids;
mod occupancy;
mod secrets;
mod tick;
mod vendor;
mod web;
mod webhooks;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::config::SiteConfig;
use handbell_outbound::mailbox::Server;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;

pub use alert::*;
pub use button::press::ButtonPress;
pub use callback::twilio::SmsInbound;
pub use callback::voice::VoiceInbound;
pub use callback::webex::WebexEvent;
pub use configuration::Configuration;
pub use conversation::contact::ContactForm;
pub use conversation::file::FileLink;
pub use deliver::Deliver;
pub use dependencies::{Access, BucketAccess, Dependencies, Lazy, Part, SharedCache};
pub use engine::work_item::WorkItem;
pub use fault::{Failed, Fault};
pub use health::Health;
pub use ids::Ids;
pub use occupancy::chart::ChartPicture;
pub use occupancy::poll::{PollSeen, SitePoll, ZoneSeen};
pub use occupancy::sightings::SightingsPush;
pub use secrets::{Fetch, Secrets};
pub use tick::{Tick, Ticked};
pub use web::limits::SourceIp;
pub use webhooks::{HOOKS, WebhookChange, WebhookSync, Webhooks};

/// Addresses of the services that Handbell uses. All of them come from outside.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// URL of Handbell without a trailing slash: `https://bell.example.com`. A function that API Gateway calls learns
    /// it from the stage's variables with the first request: in its environment it would be a circular dependency.
    pub public_url: Arc<OnceLock<String>>,
    /// URL of Webex's API: `https://webexapis.com/v1`.
    pub webex_url: String,
    /// URL of Twilio's API: `https://api.twilio.com`.
    pub twilio_url: String,
    /// URL of the stand-in CMX on a laptop, which replaces every CMX in the configuration.
    pub cmx_url: Option<String>,
    /// URL of the work queue.
    pub queue_url: String,
    /// Name of the event bus.
    pub bus: String,
    /// Folder that the configuration's file names start from.
    pub files: PathBuf,
}

/// Returns the current time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Adds the publicly trusted certificates to a mailbox's server ([`Server::tls`]), so that the connection is encrypted.
/// Fails only if TLS can't be set up at all.
pub type EncryptMailbox = Arc<dyn Fn(Server) -> Result<Server, Fault> + Send + Sync>;

/// Makes the HTTP client for a site with its own certificates. The folder contains the certificates' files.
pub type MakeSiteClient = Arc<dyn Fn(&SiteConfig, &Path) -> Result<reqwest::Client, Fault> + Send + Sync>;

/// Returns a response of plain text.
fn answer(status: StatusCode, body: impl Into<Bytes>) -> Response<Bytes> {
    typed(status, "text/plain; charset=utf-8", body)
}

fn typed(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response.headers_mut().insert(http::header::CACHE_CONTROL, http::HeaderValue::from_static("no-store"));
    response
}

/// Returns the response for a failure. It tells the caller as little as helps.
fn refuse(failed: &Failed) -> Response<Bytes> {
    match failed {
        Failed::Rejected(Rejected::Forged) => answer(StatusCode::FORBIDDEN, "Forbidden\n"),
        Failed::Rejected(Rejected::Unknown) => answer(StatusCode::NOT_FOUND, "Not found\n"),
        Failed::Rejected(Rejected::Malformed(why)) => answer(StatusCode::BAD_REQUEST, format!("{why}\n")),
        Failed::Fault(fault) => {
            tracing::error!(reason = %fault, "not stored; the caller is asked to retry");
            answer(StatusCode::SERVICE_UNAVAILABLE, "Not stored. Try again.\n")
        }
    }
}

fn header<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// Returns the path and the query as they arrived, which signatures are made over.
fn path_and_query(request: &Request<Bytes>) -> &str {
    request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
}
