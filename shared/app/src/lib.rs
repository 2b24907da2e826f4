//! What happens: one file per trigger. Each checks who speaks, lets the rules decide, commits, and only then answers.

mod alert;
mod bucket;
mod button;
mod callback;
mod channel;
mod configuration;
mod conversation;
mod engine;
mod fault;
mod health;
mod ids;
mod occupancy;
mod parts;
mod secrets;
mod vendor;
mod web;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::button::EventId;
use handbell_core::config::Plan;
use handbell_core::conversation::decide::Heard;
use handbell_core::conversation::{Address, Conversation};
use handbell_core::incident::Subject;
use handbell_core::incident::decide::Event;
use handbell_outbound::mailbox::Server;
use handbell_outbound::ses::Ses;
use handbell_outbound::twilio::Twilio;
use handbell_outbound::webex::Webex;
use handbell_store::table::RowKey;
use handbell_store::{Store, Table};
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use tokio::sync::OnceCell;

use alert::commands::{SpaceCommands, StaffTexts};
use alert::mail::sweep::MailSweep;
use alert::reply_address::ReplyAddresses;
use alert::status::IncidentStatus;
use callback::twilio::{DeliveryReceipts, TwilioRequests};
use conversation::apply::ConversationEngine;
use engine::apply::{Applied, Engine};
use engine::queue::Queue;
use parts::{PublicUrl, Time};
use vendor::{BotIdentity, TwilioAccount, WebexAccount};

pub use alert::*;
pub use bucket::BucketAccess;
pub use button::press::ButtonPress;
pub use callback::reconcile::{HOOKS, HookDone, Hooked};
pub use callback::voice::VoiceInbound;
pub use callback::webex::WebexEvent;
pub use configuration::Configuration;
pub use conversation::contact::ContactForm;
pub use conversation::file::FileLink;
pub use engine::tick::Ticked;
pub use fault::{Failed, Fault};
pub use health::Health;
pub use ids::Ids;
pub use occupancy::chart::ChartPicture;
pub use occupancy::poll::{PollSeen, SitePoll, ZoneSeen};
pub use occupancy::sightings::SightingsPush;
pub use occupancy::site_clients::MakeSiteClient;
pub use parts::{Access, Dependencies, Lazy, Part};
pub use secrets::{Fetch, Secrets};
pub use web::limits::SourceIp;

/// Where everything is. All of it comes from outside.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// How the world reaches us, without a slash at the end: `https://bell.example.com`. A function that API Gateway
    /// calls learns it from the stage's variables with its first request: in its environment it would be a circle.
    pub public_url: Arc<OnceLock<String>>,
    /// `https://webexapis.com/v1`.
    pub webex_url: String,
    /// `https://api.twilio.com`.
    pub twilio_url: String,
    /// The stand-in CMX on a laptop, in the place of every CMX that the configuration names.
    pub cmx_url: Option<String>,
    /// The work queue.
    pub queue_url: String,
    /// The event bus.
    pub bus: String,
    /// The folder that the configuration's file names start from.
    pub files: PathBuf,
}

/// Everything that a function needs to do its work.
pub struct App {
    config: Configuration,
    places: Endpoints,
    store: Store,
    queue: Queue,
    engine: Engine,
    conversations: ConversationEngine,
    twilio_requests: TwilioRequests,
    delivery_receipts: DeliveryReceipts,
    public_url: PublicUrl,
    webex: WebexAccount,
    twilio: TwilioAccount,
    mail_sweep: MailSweep,
    reply_addresses: ReplyAddresses,
    space_commands: SpaceCommands,
    staff_texts: StaffTexts,
    status: IncidentStatus,
    events: aws_sdk_eventbridge::Client,
    ses: Ses,
    secrets: Secrets,
    time: Time,
    ids: Ids,
    hooked: OnceCell<()>,
    writers: Mutex<BTreeMap<String, conversation::agent::Writer>>,
}

/// Tells what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Gives a mailbox's server the certificates that the world believes in ([`Server::tls`]), so that nothing of it is said in
/// the clear. Fails only if TLS can't be set up at all.
pub type EncryptMailbox = Arc<dyn Fn(Server) -> Result<Server, Fault> + Send + Sync>;

impl Part for App {
    fn access(access: &mut Access) {
        access.everything = true;
    }

    fn build(from: &Dependencies) -> Self {
        Self {
            config: from.config.clone(),
            places: from.places.clone(),
            store: Store::from(Table::clone(&from.table)),
            queue: Queue::build(from),
            engine: Engine::build(from),
            conversations: ConversationEngine::build(from),
            twilio_requests: TwilioRequests::build(from),
            delivery_receipts: DeliveryReceipts::build(from),
            public_url: PublicUrl::build(from),
            webex: WebexAccount::build(from),
            twilio: TwilioAccount::build(from),
            mail_sweep: MailSweep::build(from),
            reply_addresses: ReplyAddresses::build(from),
            space_commands: SpaceCommands::build(from),
            staff_texts: StaffTexts::build(from),
            status: IncidentStatus::build(from),
            events: from.events.clone(),
            ses: from.ses.clone(),
            secrets: from.secrets.clone(),
            time: Time::build(from),
            ids: from.ids.clone(),
            hooked: OnceCell::new(),
            writers: Mutex::default(),
        }
    }
}

impl App {
    fn public_url(&self) -> &str {
        self.public_url.get()
    }

    fn now(&self) -> Timestamp {
        self.time.now()
    }

    async fn apply(&self, subject: &Subject, event: &Event, id: Option<&EventId>) -> Result<Applied, Fault> {
        self.engine.apply(subject, event, id).await
    }

    async fn plan(&self, name: &str, hash: &str) -> Result<Arc<Plan>, Fault> {
        self.engine.plan(name, hash).await
    }

    async fn enqueue(&self, rows: &[(RowKey, Timestamp)], now: Timestamp) -> bool {
        self.queue.enqueue(rows, now).await
    }

    async fn heard_from(
        &self,
        line: &str,
        address: &Address,
        heard: &Heard,
        id: Option<&str>,
    ) -> Result<Option<Conversation>, Fault> {
        self.conversations.heard_from(line, address, heard, id).await
    }

    async fn converse(
        &self,
        subject: &Subject,
        heard: &Heard,
        id: Option<&str>,
    ) -> Result<Option<Conversation>, Fault> {
        self.conversations.converse(subject, heard, id).await
    }

    async fn turn(
        &self,
        subject: &Subject,
        address: Option<&Address>,
        heard: &Heard,
        id: Option<&str>,
    ) -> Result<Option<Conversation>, Fault> {
        self.conversations.turn(subject, address, heard, id).await
    }

    async fn webex(&self) -> Result<Webex, Fault> {
        self.webex.client().await
    }

    async fn me(&self) -> Result<&BotIdentity, Fault> {
        self.webex.identity().await
    }

    async fn twilio_client(&self) -> Result<Twilio, Fault> {
        self.twilio.client().await
    }
}

/// An answer of plain text.
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

/// What a caller is told of a failure: as little as helps.
fn refuse(failed: &Failed) -> Response<Bytes> {
    match failed {
        Failed::Rejected(Rejected::Forged) => answer(StatusCode::FORBIDDEN, "Forbidden\n"),
        Failed::Rejected(Rejected::Unknown) => answer(StatusCode::NOT_FOUND, "Not found\n"),
        Failed::Rejected(Rejected::Malformed(why)) => answer(StatusCode::BAD_REQUEST, format!("{why}\n")),
        Failed::Fault(fault) => {
            tracing::error!(reason = %fault, "not stored; the caller is asked to try again");
            answer(StatusCode::SERVICE_UNAVAILABLE, "Not stored. Try again.\n")
        }
    }
}

fn header<'a>(request: &'a Request<Bytes>, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

/// The path and the query as they arrived: what signatures are made over.
fn path_and_query(request: &Request<Bytes>) -> &str {
    request.uri().path_and_query().map_or("/", http::uri::PathAndQuery::as_str)
}
