//! What happens: one file per trigger. Each checks who speaks, lets the rules decide, commits, and only then answers.

mod alert;
mod button;
mod callback;
mod channel;
mod conversation;
mod engine;
mod health;
mod ids;
mod occupancy;
mod secrets;
mod web;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::config::{Button, Config, Plan};
use handbell_core::incident::decide::Event;
use handbell_core::incident::{Incident, Kind, Subject};
use handbell_core::wording::Words;
use handbell_outbound::floor::Pace;
use handbell_outbound::mailbox::Server;
use handbell_outbound::s3::Bucket;
use handbell_outbound::ses::Ses;
use handbell_outbound::twilio::Twilio;
use handbell_outbound::webex::Webex;
use handbell_store::{Fault as TableFault, Store};
use http::{Request, Response, StatusCode};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use tokio::sync::OnceCell;

pub use alert::mailbox::MailboxSeen;
pub use callback::reconcile::{HOOKS, HookDone, Hooked};
pub use engine::tick::Ticked;
pub use ids::Ids;
pub use occupancy::poll::{MakeSiteClient, PollSeen, ZoneSeen};
pub use secrets::{Fetch, Secrets};
pub use web::limits::SourceIp;

/// Ours or the network's: answered with a 5xx, tried again by whoever asked.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

impl From<TableFault> for Fault {
    fn from(fault: TableFault) -> Self {
        Self(fault.to_string())
    }
}

/// Why a request was not fulfilled: two kinds only.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failed {
    /// Theirs.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// Ours.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<TableFault> for Failed {
    fn from(fault: TableFault) -> Self {
        Self::Fault(fault.into())
    }
}

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

/// A plan of the configuration and its fingerprint.
#[derive(Debug)]
struct Known {
    plan: Arc<Plan>,
    hash: String,
}

/// Everything that a function needs to do its work.
pub struct App {
    config: Config,
    plans: BTreeMap<String, Known>,
    zone: TimeZone,
    places: Endpoints,
    store: Store,
    sqs: aws_sdk_sqs::Client,
    events: aws_sdk_eventbridge::Client,
    ses: Ses,
    http: reqwest::Client,
    bucket: Option<Bucket>,
    encrypt_mailbox: EncryptMailbox,
    make_site_client: MakeSiteClient,
    site_clients: Mutex<BTreeMap<String, reqwest::Client>>,
    paces: Mutex<BTreeMap<String, Pace>>,
    secrets: Secrets,
    clock: Clock,
    ids: Ids,
    me: OnceCell<callback::webex::BotIdentity>,
    hooked: OnceCell<()>,
    writers: Mutex<BTreeMap<String, conversation::agent::Writer>>,
}

/// Tells what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Gives a mailbox's server the certificates that the world believes in ([`Server::tls`]), so that nothing of it is said in
/// the clear. Fails only if TLS can't be set up at all.
pub type EncryptMailbox = Arc<dyn Fn(Server) -> Result<Server, Fault> + Send + Sync>;

/// What [`App::new`] is made from.
pub struct Dependencies {
    /// What people wrote.
    pub config: Config,
    /// Addresses.
    pub places: Endpoints,
    /// The table.
    pub store: Store,
    /// The queue's client.
    pub sqs: aws_sdk_sqs::Client,
    /// The bus's client.
    pub events: aws_sdk_eventbridge::Client,
    /// Sends mail.
    pub ses: Ses,
    /// Where mail lies that came in; none where the function's environment names no bucket.
    pub bucket: Option<Bucket>,
    /// Encrypts what is said to mailboxes.
    pub encrypt_mailbox: EncryptMailbox,
    /// For the vendors: no retries, no redirects.
    pub http: reqwest::Client,
    /// Makes clients for sites with certificates of their own.
    pub make_site_client: MakeSiteClient,
    /// Where secrets come from.
    pub fetch_secrets: Fetch,
    /// What time it is.
    pub clock: Clock,
    /// Where ids and chance come from.
    pub ids: Ids,
}

impl App {
    /// Puts the parts together. Does no I/O.
    pub fn new(dependencies: Dependencies) -> Self {
        let plans = dependencies.config.plans.iter().map(|(name, plan)| {
            let known = Known { hash: fingerprint(plan), plan: Arc::new(plan.clone()) };
            (name.clone(), known)
        });
        Self {
            plans: plans.collect(),
            zone: dependencies.config.time_zone(),
            config: dependencies.config,
            places: dependencies.places,
            store: dependencies.store,
            sqs: dependencies.sqs,
            events: dependencies.events,
            ses: dependencies.ses,
            bucket: dependencies.bucket,
            encrypt_mailbox: dependencies.encrypt_mailbox,
            http: dependencies.http,
            make_site_client: dependencies.make_site_client,
            site_clients: Mutex::default(),
            paces: Mutex::default(),
            secrets: Secrets::new(dependencies.fetch_secrets),
            clock: dependencies.clock,
            ids: dependencies.ids,
            me: OnceCell::new(),
            hooked: OnceCell::new(),
            writers: Mutex::default(),
        }
    }

    /// Does during the start what the first call would otherwise wait for: the secrets and a connection to the table.
    /// A failure here is no failure yet: the first call tries again and reports it.
    pub async fn warm_up(&self) {
        let (_, _) = tokio::join!(self.secrets.all(self.now()), self.store.space("warm-up"));
    }

    /// Learns how the world reaches us, if the environment didn't say. The first word counts.
    pub fn reached_at(&self, public_url: &str) {
        let _ = self.places.public_url.set(public_url.trim_end_matches('/').to_owned());
    }

    fn public_url(&self) -> &str {
        self.places.public_url.get().map_or("", String::as_str)
    }

    /// What time it is.
    pub fn time(&self) -> Timestamp {
        self.now()
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn button(&self, subject: &Subject) -> Option<(&str, &Button)> {
        let name = (subject.kind() == Kind::Button).then(|| subject.name())?;
        self.config.buttons.get_key_value(name).map(|(name, button)| (name.as_str(), button))
    }

    /// The plan that a new incident of the subject runs today; none if it is gone from the configuration.
    fn plan_of(&self, subject: &Subject) -> Option<(&String, &Known)> {
        let plan = match subject.kind() {
            Kind::Button => &self.config.buttons.get(subject.name())?.plan,
            Kind::Zone => &self.config.zones.get(subject.name())?.plan,
            Kind::Silence => {
                let (site, plan) = subject.silent()?;
                let mut zones = self.config.zones.values();
                &zones.find(|zone| zone.site == site && zone.plan == plan)?.plan
            }
            Kind::Waiting => &self.line(subject)?.1.waiting.as_ref()?.plan,
            Kind::Alert => &self.config.sources.get(subject.source()?)?.plan,
            Kind::Customer | Kind::Notice => return None,
        };
        self.plans.get_key_value(plan)
    }

    /// The same for what this event opens: a mail's rule or its severity may have a plan of its own.
    fn plan_for(&self, subject: &Subject, event: &Event) -> Option<(&String, &Known)> {
        match event {
            Event::Alert(raised) => self.plans.get_key_value(&raised.plan).or_else(|| self.plan_of(subject)),
            _ => self.plan_of(subject),
        }
    }

    /// An incident knows itself what it is about, where the configuration can't tell.
    fn words(&self, subject: &Subject, incident: Option<&Incident>) -> Words {
        let called = incident.and_then(|incident| incident.label.as_deref());
        let alert = incident.and_then(|incident| incident.alert.as_ref());
        let name = subject.source().unwrap_or(subject.name());
        let label = match subject.kind() {
            Kind::Button => self.config.buttons.get(name).and_then(|button| button.label.as_deref()),
            Kind::Zone => self.config.zones.get(name).and_then(|zone| zone.label.as_deref()),
            Kind::Silence => subject.silent().map(|(site, _)| site),
            Kind::Waiting => called.or(Some("A customer")),
            Kind::Customer => self.line(subject).map(|(name, line)| line.label.as_deref().unwrap_or(name)),
            Kind::Alert => self.config.sources.get(name).and_then(|source| source.label.as_deref()),
            Kind::Notice => Some("Handbell"),
        };
        Words {
            zone: self.zone.clone(),
            name: label.unwrap_or(name).to_owned(),
            alert: alert.map(|alert| (alert.title.clone(), alert.severity)),
        }
    }

    /// A plan by its name and fingerprint: today's, or from the table as it stood.
    async fn plan(&self, name: &str, hash: &str) -> Result<Arc<Plan>, Fault> {
        let known = self.plans.get(name);
        if let Some(known) = known.filter(|known| known.hash == hash) {
            return Ok(Arc::clone(&known.plan));
        }
        match self.store.plan(hash).await? {
            Some(plan) => Ok(Arc::new(plan)),
            // Never seen; today's words are better than none.
            None => known
                .map(|known| Arc::clone(&known.plan))
                .ok_or_else(|| Fault(format!("plan {name:?} is not known any more"))),
        }
    }

    async fn webex(&self) -> Result<Webex, Fault> {
        let token = self.secrets.get(&self.config.webex.token.secret, self.now()).await?;
        Ok(Webex::new(self.http.clone(), self.places.webex_url.clone(), token))
    }

    async fn twilio_client(&self) -> Result<Twilio, Fault> {
        let twilio = self.config.twilio.as_ref();
        let twilio = twilio.ok_or_else(|| Fault("the configuration has no `twilio`".to_owned()))?;
        let (user, secret) = match &twilio.key {
            Some(key) => (key.sid.clone(), &key.secret),
            None => (twilio.account.clone(), &twilio.token.secret),
        };
        let password: SecretString = self.secrets.get(secret, self.now()).await?;
        Ok(Twilio::new(
            self.http.clone(),
            self.places.twilio_url.clone(),
            twilio.account.clone(),
            user,
            password,
        ))
    }
}

/// The same plan has the same fingerprint, whatever else in the configuration changes.
fn fingerprint(plan: &Plan) -> String {
    use std::fmt::Write;
    let text = serde_json::to_vec(plan).unwrap_or_default();
    let digest = <sha2::Sha256 as sha2::Digest>::digest(text);
    digest.iter().take(12).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
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
