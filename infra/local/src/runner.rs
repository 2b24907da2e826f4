//! The runner: table, queue, bus, schedule, functions, stand-in vendors and page, put together behind one address.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use handbell_boot::{Environment, Function};
use handbell_core::config::{Config, Source};
use handbell_core::incident::Subject;
use handbell_store::Store;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::cloud::invoke::{Handler, Hands};
use crate::cloud::processes::{Launch, Log, Pool, Program};
use crate::cloud::template::Template;
use crate::cloud::{Cloud, CloudOptions};
use crate::gate::{self, Gate};
use crate::page::duty::{Duty, LocalSource, local_sources};
use crate::{connection, control, counts, floor, page};
use handbell_sim::cmx::{self, Cmx};
use handbell_sim::twilio::Twilio;
use handbell_sim::webex::Webex;
use handbell_sim::{SimAccount, Stage};

/// What the stand-in Webex takes for Handbell.
pub const WEBEX_TOKEN: &str = "local-webex-token";
/// What the stand-in Twilio takes for Handbell, and signs with.
pub const TWILIO_TOKEN: &str = "local-twilio-token";
/// What the stand-in Webex signs with.
pub const WEBEX_SECRET: &str = "local-webex-webhook-secret-for-this-laptop";

/// Who does the functions' work.
#[derive(Clone)]
pub enum Workers {
    /// Child processes of this program.
    Processes(Program),
    /// This very process: for tests that hold the clock, and whose gate kills.
    InProcess(Gate),
}

/// How the runner is started.
#[derive(Clone)]
pub struct RunnerOptions {
    /// The port on 127.0.0.1; 0 picks a free one.
    pub port: u16,
    /// The configuration.
    pub config: PathBuf,
    /// Keeps table and clock here; without it, in memory.
    pub data: Option<PathBuf>,
    /// Our own Webex token is a bot's.
    pub bot: bool,
    /// Who works.
    pub workers: Workers,
    /// How long phones and networks take for each step.
    pub pace: Duration,
    /// Queue and schedule run by themselves.
    pub automatic: bool,
    /// Variables for the functions that win over the runner's own: other vendors, real secrets.
    pub overrides: Vec<(String, String)>,
    /// The functions' log lines are shown.
    pub show_logs: bool,
    /// Time begins here and goes by only when it is moved: a test doesn't depend on how busy its machine is.
    pub held_at: Option<Timestamp>,
}

/// A button and its address on this laptop.
#[derive(Clone, Debug)]
pub struct LocalButton {
    /// Its name in the configuration.
    pub name: String,
    /// Path and token: `/b/…`.
    pub path: String,
}

/// A line, and what a customer needs to try it on this laptop. The page gets it as it stands here.
#[derive(Clone, Debug, serde::Serialize)]
pub struct LocalLine {
    /// Its name in the configuration.
    pub name: String,
    /// How people call it.
    pub label: String,
    /// The number that customers text and call, E.164.
    pub number: String,
    /// The path of its web form, if it has one: `/contact/…`.
    pub form: Option<String>,
}

/// The runner, running. Ends when dropped.
pub struct Runner {
    /// Where it is reached.
    pub address: SocketAddr,
    /// Time, wire log, troubles.
    pub stage: Stage,
    /// The stand-in Webex.
    pub webex: Webex,
    /// The stand-in Twilio.
    pub twilio: Twilio,
    /// The stand-in CMX.
    pub cmx: Cmx,
    /// The stand-in AWS.
    pub cloud: Cloud,
    /// The table, read as the functions read it.
    pub store: Store,
    /// The configuration's buttons.
    pub buttons: Vec<LocalButton>,
    /// The configuration's lines.
    pub lines: Vec<LocalLine>,
    /// The configuration's sources of alerts.
    pub sources: Vec<LocalSource>,
    server: tokio::task::AbortHandle,
    _scratch: Scratch,
}

/// A folder for secrets and clock that is removed at the end, or the user's own.
struct Scratch {
    path: PathBuf,
    ours: bool,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.ours {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Starts everything; it serves until the [`Runner`] is dropped.
pub async fn start(options: RunnerOptions) -> Result<Runner, handbell_boot::Error> {
    let config = handbell_boot::read_configuration(&options.config)?;
    let http = handbell_boot::client()?;
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await.map_err(|error| {
        format!("port {} on this machine can't be used ({error}); choose another with --port, or 0 for any that is free", options.port)
    })?;
    let address = listener.local_addr()?;
    let origin = format!("http://{address}");

    let stage = Stage::new(account(&config, options.bot), options.pace, http);
    if let Some(at) = options.held_at {
        stage.clock.hold(at);
    }
    stage.origin.write().unwrap_or_else(|poisoned| poisoned.into_inner()).clone_from(&origin);
    let scratch = scratch(options.data.as_deref())?;
    let secrets = scratch.path.join("secrets.json");
    write_private(&secrets, &serde_json::to_vec_pretty(&local_secrets(&config))?)?;

    let mut env = vec![
        ("HANDBELL_CONFIG".to_owned(), options.config.display().to_string()),
        ("HANDBELL_SECRETS".to_owned(), format!("file:{}", secrets.display())),
        ("HANDBELL_WEBEX_URL".to_owned(), format!("{origin}/sim/webex/v1")),
        ("HANDBELL_TWILIO_URL".to_owned(), format!("{origin}/sim/twilio")),
        ("HANDBELL_CMX_URL".to_owned(), format!("{origin}/sim/cmx")),
        ("AWS_LAMBDA_LOG_FORMAT".to_owned(), "text".to_owned()),
    ];
    for (name, value) in &options.overrides {
        env.retain(|(own, _)| own != name);
        env.push((name.clone(), value.clone()));
    }

    let late = Arc::new(std::sync::OnceLock::new());
    let hands = match &options.workers {
        Workers::Processes(program) => {
            let template = Template::embedded()?;
            let launch = Launch { program: program.clone(), env: env.clone() };
            Hands::Processes(Pool::new(&template, launch, log(options.show_logs)))
        }
        Workers::InProcess(gate) => {
            Hands::InProcess(in_process(Arc::clone(&late), gate.clone(), &Template::embedded()?))
        }
    };
    let cloud = Cloud::start(CloudOptions {
        stage: stage.clone(),
        hands,
        data: options.data.clone(),
        clock_file: scratch.path.join("clock"),
        automatic: options.automatic,
    })
    .await?;
    cloud.mail().inbound_domain(config.mail.as_ref().map(|mail| mail.domain.clone()));

    let mut variables: BTreeMap<String, String> = cloud.env().into_iter().collect();
    variables.extend(env);
    let environment = Environment::from(|name| variables.get(name).cloned())?;
    let clock = stage.clock.clone();
    let app = handbell_boot::app(&environment, Arc::new(move || clock.now()), handbell_boot::random_ids())?;
    let _ = late.set(Arc::new(app));
    let store = handbell_boot::store(&environment)?;

    let webex = Webex::new(stage.clone());
    let twilio = Twilio::new(stage.clone());
    // What comes in on them goes to Handbell: texts, calls, and what became of a call.
    config.lines.values().for_each(|line| twilio.own(&line.number));
    // Those who are called answer to the number that called them.
    config.twilio.iter().for_each(|settings| twilio.own(&settings.from));
    let cmx = Cmx::new(stage.clone(), &config);
    let buttons = local_buttons(&config);
    let vendors = Vendors { webex: webex.clone(), twilio: twilio.clone(), cmx: cmx.clone() };
    let state = page_state(&stage, vendors, &cloud, &store, &config, &buttons);
    let router = Router::new()
        .merge(webex.router())
        .merge(twilio.router())
        .merge(cmx.router())
        .merge(control::router(stage.clone(), cloud.clone(), cmx.clone()))
        .merge(connection::router(stage.clone()))
        .merge(counts::router(store.clone(), stage.clock.clone(), &config))
        .merge(page::router(stage.clone(), state))
        .merge(cloud.router())
        .layer(from_fn(only_this_laptop));
    let router = match &options.workers {
        Workers::InProcess(gate) => router.layer(from_fn_with_state(gate.clone(), gate::pass)),
        Workers::Processes(_) => router,
    };
    let server = tokio::spawn(async move {
        let _ = axum::serve(listener, router).await;
    });
    let server = server.abort_handle();
    Ok(Runner {
        address,
        stage,
        webex,
        twilio,
        cmx,
        cloud,
        store,
        sources: local_sources(&config),
        buttons,
        lines: local_lines(&config),
        server,
        _scratch: scratch,
    })
}

/// Other people's web pages must not press buttons here: a request that a browser sends for another site is refused.
async fn only_this_laptop(request: Request, next: Next) -> Response {
    use axum::response::IntoResponse;
    let elsewhere = request.headers().get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    if elsewhere && request.method() != http::Method::GET {
        return (http::StatusCode::FORBIDDEN, "Another site's page can't act here.\n").into_response();
    }
    next.run(request).await
}

/// As many calls of a function at once as the template allows it; the others wait.
fn in_process(
    late: Arc<std::sync::OnceLock<Arc<handbell_app::App>>>,
    gate: Gate,
    template: &Template,
) -> Handler {
    let reserved = template.functions.iter().filter_map(|function| {
        Some((function.name.clone(), Arc::new(Semaphore::new(function.reserved?.max(1)))))
    });
    let reserved: BTreeMap<String, Arc<Semaphore>> = reserved.collect();
    Arc::new(move |name, payload| {
        let (app, gate) = (late.get().cloned(), gate.clone());
        let permits = reserved.get(&name).cloned();
        Box::pin(async move {
            let _permit = match &permits {
                Some(permits) => permits.acquire().await.ok(),
                None => None,
            };
            let app = app.ok_or("the runner is still starting")?;
            let function = Function::of_name(&name).ok_or_else(|| format!("there is no function {name}"))?;
            let payload = payload.to_string();
            let left = SignedDuration::from_secs(60);
            let call = handbell_boot::Call { deployed: &name, payload: &payload, left };
            gate.mortal(handbell_boot::handle(&app, function, call)).await
        })
    })
}

fn log(show: bool) -> Log {
    Arc::new(move |function, line| {
        if show {
            eprintln!("{function:>14} │ {line}");
        }
    })
}

fn account(config: &Config, bot: bool) -> SimAccount {
    let mut own_numbers: Vec<String> = config.twilio.iter().map(|twilio| twilio.from.clone()).collect();
    for step in config.plans.values().flat_map(|plan| &plan.steps) {
        own_numbers.extend(step.sms.iter().filter_map(|sms| sms.from.clone()));
        own_numbers.extend(step.call.iter().filter_map(|call| call.from.clone()));
    }
    own_numbers.sort();
    own_numbers.dedup();
    SimAccount {
        webex_token: WEBEX_TOKEN.into(),
        bot,
        webex_secret: WEBEX_SECRET.into(),
        twilio_account: config.twilio.as_ref().map(|twilio| twilio.account.clone()).unwrap_or_default(),
        twilio_token: TWILIO_TOKEN.into(),
        own_numbers,
    }
}

/// A value for every secret that the configuration names. All of them are refused anywhere but here.
pub fn local_secrets(config: &Config) -> BTreeMap<String, String> {
    let mut secrets = BTreeMap::new();
    let mut set = |name: &str, value: &str| secrets.insert(name.to_owned(), value.to_owned());
    for (name, button) in &config.buttons {
        for secret in button.token.names() {
            let hash = handbell_inbound::button::token_hash(&button_token(name));
            set(secret, &hash.iter().fold("sha256:".to_owned(), |hex, byte| format!("{hex}{byte:02x}")));
        }
        if let Some(header) = &button.header {
            set(&header.secret, &format!("local-{}-header", header.secret));
        }
    }
    set(&config.webex.token.secret, WEBEX_TOKEN);
    if let Some(webhook) = &config.webex.webhook {
        set(&webhook.secret, WEBEX_SECRET);
    }
    if let Some(twilio) = &config.twilio {
        set(&twilio.token.secret, TWILIO_TOKEN);
        if let Some(key) = &twilio.key {
            set(&key.secret, TWILIO_TOKEN);
        }
    }
    let forms = config.lines.values().filter_map(|line| line.form.as_ref());
    for form in forms.chain(config.sources.values().filter_map(|source| source.form.as_ref())) {
        let name = &form.secret;
        set(name, &format!("local-{name}-secret-of-a-form-on-this-laptop"));
    }
    if let Some(mail) = &config.mail {
        set(&mail.links.secret, &format!("local-{}-secret-of-the-links-on-this-laptop", mail.links.secret));
    }
    for (name, source) in &config.sources {
        for secret in source.address.iter().flat_map(|address| address.names()) {
            set(secret, &format!("duty-{name}"));
        }
        if let Some(mailbox) = &source.mailbox {
            for secret in mailbox.password.iter().chain(&mailbox.oauth) {
                set(&secret.secret, &format!("local-{}", secret.secret));
            }
        }
    }
    for site in config.sites.values() {
        for secret in site.secrets() {
            match site.source() {
                Some(Source::Cmx(_)) => set(secret, cmx::PASSWORD),
                _ => set(secret, &format!("local-{secret}")),
            };
        }
    }
    secrets
}

fn button_token(name: &str) -> String {
    format!("demo-{name}-button-on-this-laptop")
}

fn local_buttons(config: &Config) -> Vec<LocalButton> {
    config
        .buttons
        .keys()
        .map(|name| LocalButton { name: name.clone(), path: format!("/b/{}", button_token(name)) })
        .collect()
}

fn local_lines(config: &Config) -> Vec<LocalLine> {
    let lines = config.lines.iter().map(|(name, line)| LocalLine {
        name: name.clone(),
        label: line.label.clone().unwrap_or_else(|| name.clone()),
        number: line.number.clone(),
        form: line.form.is_some().then(|| format!("/contact/{name}")),
    });
    lines.collect()
}

fn scratch(data: Option<&Path>) -> std::io::Result<Scratch> {
    let (path, ours) = match data {
        Some(data) => (data.to_owned(), false),
        None => (std::env::temp_dir().join(format!("handbell-{}", uuid::Uuid::new_v4())), true),
    };
    std::fs::create_dir_all(&path)?;
    Ok(Scratch { path, ours })
}

/// Only the owner may read it, though these secrets are no secrets.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    std::fs::write(path, content)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// The stand-in vendors, for the page.
#[derive(Clone)]
struct Vendors {
    webex: Webex,
    twilio: Twilio,
    cmx: Cmx,
}

fn page_state(
    stage: &Stage,
    vendors: Vendors,
    cloud: &Cloud,
    store: &Store,
    config: &Config,
    buttons: &[LocalButton],
) -> page::State {
    let (stage, cloud, store) = (stage.clone(), cloud.clone(), store.clone());
    let plans: Vec<(String, String, String)> = config
        .buttons
        .iter()
        .map(|(name, button)| {
            (name.clone(), button.label.clone().unwrap_or_else(|| name.clone()), button.plan.clone())
        })
        .collect();
    let expected = expected_phones(config);
    let (buttons, lines) = (buttons.to_vec(), json!(local_lines(config)));
    let (points, duty) = (Arc::new(floor::Points::default()), Arc::new(Duty::new(config)));
    Arc::new(move || {
        let (points, duty) = (Arc::clone(&points), Arc::clone(&duty));
        let (stage, vendors, cloud, store) = (stage.clone(), vendors.clone(), cloud.clone(), store.clone());
        let (plans, buttons, expected) = (plans.clone(), buttons.clone(), expected.clone());
        let lines = lines.clone();
        Box::pin(async move {
            let mut shown = Vec::new();
            for ((name, label, plan), button) in plans.iter().zip(&buttons) {
                let incident = store.incident(&Subject::button(name)).await.ok().flatten();
                let state = incident.as_ref().and_then(|incident| serde_json::to_value(incident.phase).ok());
                shown.push(json!({
                    "name": name, "label": label, "url": button.path, "plan": plan,
                    "count": incident.as_ref().map_or(0, |incident| incident.count),
                    "state": state.unwrap_or_else(|| "idle".into()),
                    "reference": incident.as_ref().map(|incident| incident.reference()),
                    "by": incident.and_then(|incident| incident.taken_by).map(|by| by.who),
                }));
            }
            let functions: Vec<Value> =
                cloud.template().functions.iter().map(|function| json!({ "name": function.name })).collect();
            let now = stage.clock.now();
            let duty = duty.view(&store, now).await;
            let mut told = json!({
                "now": now, "ahead_seconds": stage.clock.offset().as_secs(),
                "buttons": shown, "lines": lines, "zones": floor::zones(&vendors.cmx, &store, &points, now).await, "spaces": vendors.webex.view(),
                "phones": with_expected(vendors.twilio.view(), &expected, &duty["people"]),
                "troubles": stage.troubles.list(now), "facts": cloud.bus().facts(), "mail": cloud.mail().view(), "functions": functions,
                "wire": stage.wire.entries(),
            });
            if let (Some(told), Value::Object(duty)) = (told.as_object_mut(), duty) {
                told.extend(duty);
            }
            told
        })
    })
}

/// The phones of the people in the plans and of those who answer customers: shown before they have been called.
fn expected_phones(config: &Config) -> Vec<String> {
    let steps = config.plans.values().flat_map(|plan| &plan.steps);
    let mut numbers: Vec<String> = steps
        .flat_map(|step| {
            step.sms.iter().flat_map(|sms| &sms.to).chain(step.call.iter().flat_map(|call| &call.to))
        })
        .filter_map(|target| target.number().map(str::to_owned))
        .collect();
    for line in config.lines.values() {
        numbers.extend(line.agents.iter().filter_map(|agent| agent.phone.clone()));
        numbers.extend(line.voice.forward.iter().chain(&line.voice.after_hours).cloned());
    }
    numbers.sort();
    numbers.dedup();
    numbers
}

/// The phones with those that are expected to ring, and the names of the people in the roster whose phones they are.
fn with_expected(view: Value, expected: &[String], people: &Value) -> Value {
    let mut phones = view.as_array().cloned().unwrap_or_default();
    let people = people.as_array().map_or(&[][..], Vec::as_slice);
    let of = |person: &Value| person["phones"].as_array().cloned().unwrap_or_default();
    let theirs: Vec<(String, &str)> = people
        .iter()
        .flat_map(|person| {
            let name = person["name"].as_str().unwrap_or_default();
            of(person).into_iter().filter_map(move |phone| Some((phone.as_str()?.to_owned(), name)))
        })
        .collect();
    for number in expected.iter().chain(theirs.iter().map(|(number, _)| number)) {
        if !phones.iter().any(|phone| phone["number"] == **number) {
            phones.push(json!({ "number": number, "texts": [], "call": null, "calls": [] }));
        }
    }
    for phone in &mut phones {
        if let Some((_, name)) = theirs.iter().find(|(number, _)| phone["number"] == **number) {
            phone["name"] = (*name).into();
        }
    }
    phones.sort_by_key(|phone| phone["number"].as_str().map(str::to_owned));
    phones.into()
}
