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
    /// Twilio: a text, the fate of one of ours.
    SmsInbound,
    /// Twilio: a call, a key, the fate of a call.
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
}

impl Function {
    /// All of them.
    pub const ALL: [Self; 12] = [
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

/// Handles one event; `deployed` is what the function is called where it runs, for the metrics; `left` is how much time there is for it. The error is a function error: AWS tries again.
pub async fn handle(
    app: &App,
    function: Function,
    deployed: &str,
    payload: &str,
    left: SignedDuration,
) -> Result<Value, String> {
    match function {
        Function::Deliver => deliver(app, payload, left).await,
        Function::Tick => {
            let ticked = app.tick().await.map_err(|fault| fault.to_string())?;
            metrics::tick(&ticked, deployed, app.time());
            Ok(Value::Null)
        }
        Function::CmxPoll => {
            let seen = app.cmx_poll().await.map_err(|fault| fault.to_string())?;
            metrics::poll(&seen, deployed, app.time());
            Ok(Value::Null)
        }
        _ => {
            let request = request(app, payload)?;
            let response = match function {
                Function::ButtonPress => app.button_press(request).await,
                Function::SmsInbound => app.sms_inbound(request).await,
                Function::VoiceInbound => app.voice_inbound(request).await,
                Function::WebexEvent => app.webex_event(request).await,
                Function::Sightings => app.sightings(request).await,
                Function::Chart => app.chart(request).await,
                Function::Contact => app.contact(request).await,
                Function::File => app.file(request).await,
                _ => app.health().await,
            };
            Ok(answer(&response))
        }
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
