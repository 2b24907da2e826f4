//! The functions: an event of AWS in, the right handler, an answer of AWS out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use handbell_app::{App, SourceIp};
use handbell_store::table::RowKey;
use http::{Request, Response};
use jiff::SignedDuration;
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::metrics;

/// Who calls us: one for each crate under `functions/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// A button's web request.
    ButtonPress,
    /// Twilio: a text, the receipt of one of ours.
    SmsInbound,
    /// Twilio: a call, a key, the receipt of a call.
    VoiceInbound,
    /// Webex: a message, a card, a membership.
    WebexEvent,
    /// Is it alive.
    Health,
    /// The queue: rows that are due.
    Deliver,
    /// Every minute: what was missed.
    Tick,
    /// Every minute: how many devices there are.
    CmxPoll,
    /// CMX or Meraki: which devices there are.
    Sightings,
    /// Webex: the picture on a card.
    Chart,
    /// A customer's browser: the web form.
    Contact,
    /// Twilio or a customer's phone: a file that an agent sent.
    File,
    /// SES: a mail has come in and lies in the bucket.
    MailInbound,
    /// Every minute: mail in mailboxes elsewhere.
    MailboxPoll,
    /// A browser: the form of an alert, a ticket's page, the button in a mail.
    Form,
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::ButtonPress,
        Self::SmsInbound,
        Self::VoiceInbound,
        Self::WebexEvent,
        Self::Health,
        Self::Deliver,
        Self::Tick,
        Self::CmxPoll,
        Self::Sightings,
        Self::Chart,
        Self::Contact,
        Self::File,
        Self::MailInbound,
        Self::MailboxPoll,
        Self::Form,
    ];

    /// Its name: of the crate, of the binary, and with other capitals of the resource in template.yaml.
    pub fn name(self) -> &'static str {
        match self {
            Self::ButtonPress => "button-press",
            Self::SmsInbound => "sms-inbound",
            Self::VoiceInbound => "voice-inbound",
            Self::WebexEvent => "webex-event",
            Self::Health => "health",
            Self::Deliver => "deliver",
            Self::Tick => "tick",
            Self::CmxPoll => "cmx-poll",
            Self::Sightings => "sightings",
            Self::Chart => "chart",
            Self::Contact => "contact",
            Self::File => "file",
            Self::MailInbound => "mail-inbound",
            Self::MailboxPoll => "mailbox-poll",
            Self::Form => "form",
        }
    }

    /// The function of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }

    /// Whether it fetches secrets and connects to the table before its first call. Health has no secrets, and File no table:
    /// its role would be refused there at each start.
    pub(crate) fn warms_up(self) -> bool {
        !matches!(self, Self::Health | Self::File)
    }
}

/// One call of a function.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// What the function is called where it runs, for the metrics.
    pub deployed: &'a str,
    /// The event, as AWS gives it.
    pub payload: &'a str,
    /// How much time there is for it.
    pub left: SignedDuration,
}

/// What a call gives back; the error is a function error: AWS tries again.
pub type Done = Result<Value, String>;

/// A function as it is deployed. Each has a type of its own, so that a binary holds only what it does.
pub trait Lambda {
    /// Which it is.
    const FUNCTION: Function;

    /// Handles one event.
    fn handle(app: &App, call: Call<'_>) -> impl Future<Output = Done> + Send;
}

/// Functions that API Gateway calls: a request in, a response out.
macro_rules! web {
    ($($(#[$doc:meta])* $name:ident: $handler:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub enum $name {}

        impl Lambda for $name {
            const FUNCTION: Function = Function::$name;

            async fn handle(app: &App, call: Call<'_>) -> Done {
                let request = request(app, call.payload)?;
                Ok(answer(&app.$handler(request).await))
            }
        }
    )*};
}

web! {
    /// A button's web request.
    ButtonPress: button_press;
    /// Twilio: a text, the receipt of one of ours.
    SmsInbound: sms_inbound;
    /// Twilio: a call, a key, the receipt of a call.
    VoiceInbound: voice_inbound;
    /// Webex: a message, a card, a membership.
    WebexEvent: webex_event;
    /// CMX or Meraki: which devices there are.
    Sightings: sightings;
    /// Webex: the picture on a card.
    Chart: chart;
    /// A customer's browser: the web form.
    Contact: contact;
    /// Twilio or a customer's phone: a file that an agent sent.
    File: file;
    /// A browser: the form of an alert, a ticket's page, the button in a mail.
    Form: form;
}

/// Is it alive.
#[derive(Debug)]
pub enum Health {}

impl Lambda for Health {
    const FUNCTION: Function = Function::Health;

    async fn handle(app: &App, _: Call<'_>) -> Done {
        Ok(answer(&app.health().await))
    }
}

/// The queue: rows that are due.
#[derive(Debug)]
pub enum Deliver {}

impl Lambda for Deliver {
    const FUNCTION: Function = Function::Deliver;

    async fn handle(app: &App, call: Call<'_>) -> Done {
        deliver(app, call.payload, call.left).await
    }
}

/// Every minute: what was missed.
#[derive(Debug)]
pub enum Tick {}

impl Lambda for Tick {
    const FUNCTION: Function = Function::Tick;

    async fn handle(app: &App, call: Call<'_>) -> Done {
        let ticked = app.tick().await.map_err(|fault| fault.to_string())?;
        metrics::tick(&ticked, call.deployed, app.time());
        Ok(Value::Null)
    }
}

/// Every minute: how many devices there are.
#[derive(Debug)]
pub enum CmxPoll {}

impl Lambda for CmxPoll {
    const FUNCTION: Function = Function::CmxPoll;

    async fn handle(app: &App, call: Call<'_>) -> Done {
        let seen = app.cmx_poll().await.map_err(|fault| fault.to_string())?;
        metrics::poll(&seen, call.deployed, app.time());
        Ok(Value::Null)
    }
}

/// SES: a mail has come in and lies in the bucket.
#[derive(Debug)]
pub enum MailInbound {}

impl Lambda for MailInbound {
    const FUNCTION: Function = Function::MailInbound;

    async fn handle(app: &App, call: Call<'_>) -> Done {
        app.mail_inbound(call.payload).await.map_err(|fault| fault.to_string())?;
        Ok(Value::Null)
    }
}

/// Every minute: mail in mailboxes elsewhere.
#[derive(Debug)]
pub enum MailboxPoll {}

impl Lambda for MailboxPoll {
    const FUNCTION: Function = Function::MailboxPoll;

    async fn handle(app: &App, call: Call<'_>) -> Done {
        let seen = app.mailbox_poll().await.map_err(|fault| fault.to_string())?;
        metrics::mailboxes(&seen, call.deployed, app.time());
        Ok(Value::Null)
    }
}

/// Handles one event by whichever function it is for: on a laptop one process may be any of them.
pub async fn handle(app: &App, function: Function, call: Call<'_>) -> Done {
    match function {
        Function::ButtonPress => ButtonPress::handle(app, call).await,
        Function::SmsInbound => SmsInbound::handle(app, call).await,
        Function::VoiceInbound => VoiceInbound::handle(app, call).await,
        Function::WebexEvent => WebexEvent::handle(app, call).await,
        Function::Health => Health::handle(app, call).await,
        Function::Deliver => Deliver::handle(app, call).await,
        Function::Tick => Tick::handle(app, call).await,
        Function::CmxPoll => CmxPoll::handle(app, call).await,
        Function::Sightings => Sightings::handle(app, call).await,
        Function::Chart => Chart::handle(app, call).await,
        Function::Contact => Contact::handle(app, call).await,
        Function::File => File::handle(app, call).await,
        Function::MailInbound => MailInbound::handle(app, call).await,
        Function::MailboxPoll => MailboxPoll::handle(app, call).await,
        Function::Form => Form::handle(app, call).await,
    }
}

/// API Gateway's event as a request; its body decoded, as signatures are made over what was sent.
fn request(app: &App, payload: &str) -> Result<Request<Bytes>, String> {
    let request = lambda_http::request::from_str(payload)
        .map_err(|error| format!("not an event of an HTTP API: {error}"))?;
    if let Some(url) =
        request.stage_variables_ref().and_then(|variables| variables.first("HANDBELL_PUBLIC_URL"))
    {
        app.reached_at(url);
    }
    let mut request = request;
    if let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref()
        && let Some(source) = context.http.source_ip.clone()
    {
        request.extensions_mut().insert(SourceIp(source));
    }
    Ok(request.map(|body| match body {
        Body::Text(text) => text.into(),
        Body::Binary(bytes) => bytes.into(),
        _ => Bytes::new(),
    }))
}

fn answer(response: &Response<Bytes>) -> Value {
    let headers: serde_json::Map<String, Value> = response
        .headers()
        .iter()
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.into())))
        .collect();
    let text = std::str::from_utf8(response.body()).map(str::to_owned);
    json!({
        "statusCode": response.status().as_u16(),
        "headers": headers,
        "isBase64Encoded": text.is_err(),
        "body": text.unwrap_or_else(|_| STANDARD.encode(response.body())),
    })
}

#[derive(Deserialize)]
struct Batch {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    message_id: String,
    body: String,
}

/// Works on a batch; names those messages that have to come again, so that one bad row never stops the others.
async fn deliver(app: &App, payload: &str, left: SignedDuration) -> Result<Value, String> {
    let batch: Batch =
        serde_json::from_str(payload).map_err(|error| format!("not a batch of the queue: {error}"))?;
    let (mut rows, mut ids) = (Vec::new(), Vec::new());
    for record in &batch.records {
        match serde_json::from_str::<RowKey>(&record.body) {
            Ok(row) => {
                rows.push(row);
                ids.push(&record.message_id);
            }
            // Nobody but us writes here; coming again would not make it readable.
            Err(error) => {
                lambda_runtime::tracing::error!(%error, "a message in the work queue names no row; it is dropped")
            }
        }
    }
    let done = app.deliver(&rows, left).await;
    let again: Vec<Value> = ids
        .iter()
        .zip(done)
        .filter(|(_, done)| !done)
        .map(|(id, _)| json!({ "itemIdentifier": id }))
        .collect();
    Ok(json!({ "batchItemFailures": again }))
}
