//! The functions: an event of AWS in, the right handler, an answer of AWS out.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use handbell_app::{Access, Dependencies, Part, SourceIp};
use handbell_store::table::RowKey;
use http::{Request, Response};
use jiff::SignedDuration;
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{Error, metrics, serve};

/// Says each function once: its type, its crate, what it is for, who calls it, and its handler in the app. A handler's kind
/// tells how the event is read and the answer written: `web` is API Gateway, `queue` the work queue, `mail` an event of SES,
/// and what a `schedule` saw becomes a metric.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident = $crate_name:literal: $kind:ident($handler:ident::$method:ident $(, $metric:path)?);)*) => {
        /// Who calls us: one for each crate under `functions/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Function {
            $($(#[$doc])* $name,)*
        }

        impl Function {
            /// All of them.
            pub const ALL: [Self; [$($crate_name),*].len()] = [$(Self::$name),*];

            /// Its name: of the crate, of the binary, and with other capitals of the resource in template.yaml.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $crate_name,)*
                }
            }

            /// All that its handler may do, as the handler's type tells it.
            pub fn access(self) -> Access {
                match self {
                    $(Self::$name => Access::of::<handbell_app::$handler>(),)*
                }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Debug)]
            pub enum $name {}

            impl Lambda for $name {
                type Handler = handbell_app::$handler;

                async fn handle(handler: &Self::Handler, _around: &Dependencies, call: Call<'_>) -> Done {
                    functions!(@$kind handler, _around, call, $method $(, $metric)?)
                }
            }
        )*

        impl Handlers {
            /// Handles one event by whichever function it is for.
            pub async fn handle(&self, function: Function, call: Call<'_>) -> Done {
                match function {
                    $(Function::$name => $name::handle(&*self.handler::<$name>(), &self.around, call).await,)*
                }
            }
        }

        /// Serves whichever function this is: the laptop's runner starts itself again as any of them.
        pub async fn serve_any(function: Function) -> Result<(), Error> {
            match function {
                $(Function::$name => serve::<$name>().await,)*
            }
        }
    };
    (@web $handler:ident, $around:ident, $call:ident, $method:ident) => {{
        let request = request($around, $call.payload)?;
        Ok(answer(&$handler.$method(request).await))
    }};
    (@queue $handler:ident, $_around:ident, $call:ident, $method:ident) => {
        batch($call.payload, async |rows| $handler.$method(rows, $call.left).await).await
    };
    (@schedule $handler:ident, $around:ident, $call:ident, $method:ident, $metric:path) => {{
        let seen = $handler.$method().await.map_err(|fault| fault.to_string())?;
        $metric(&seen, $call.deployed, ($around.clock)());
        Ok(Value::Null)
    }};
    (@mail $handler:ident, $_around:ident, $call:ident, $method:ident) => {{
        $handler.$method($call.payload).await.map_err(|fault| fault.to_string())?;
        Ok(Value::Null)
    }};
}

functions! {
    /// A button's web request.
    ButtonPress = "button-press": web(ButtonPress::answer);
    /// Twilio: a text, the receipt of one of ours.
    SmsInbound = "sms-inbound": web(SmsInbound::answer);
    /// Twilio: a call, a key, the receipt of a call.
    VoiceInbound = "voice-inbound": web(VoiceInbound::answer);
    /// Webex: a message, a card, a membership.
    WebexEvent = "webex-event": web(WebexEvent::answer);
    /// Whether Handbell is alive.
    Health = "health": web(Health::answer);
    /// The queue: rows that are due.
    Deliver = "deliver": queue(Deliver::deliver);
    /// Every minute: rows that the queue missed.
    Tick = "tick": schedule(Tick::tick, metrics::tick);
    /// Every minute: how many devices there are.
    CmxPoll = "cmx-poll": schedule(SitePoll::poll, metrics::poll);
    /// CMX or Meraki: which devices there are.
    Sightings = "sightings": web(SightingsPush::answer);
    /// Webex: the picture on a card.
    Chart = "chart": web(ChartPicture::answer);
    /// A customer's browser: the web form.
    Contact = "contact": web(ContactForm::answer);
    /// Twilio or a customer's phone: a file that an agent sent.
    File = "file": web(FileLink::answer);
    /// SES: a mail has come in and lies in the bucket.
    MailInbound = "mail-inbound": mail(MailInbound::take);
    /// Every minute: mail in mailboxes elsewhere.
    MailboxPoll = "mailbox-poll": schedule(MailboxPoll::poll, metrics::mailboxes);
    /// A browser: the form of an alert, a ticket's page, the button in a mail.
    Form = "form": web(AlertForm::answer);
}

impl Function {
    /// The function of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }
}

/// All functions in one process. Each handler is made when it is called first, and stays.
pub struct Handlers {
    around: Dependencies,
    made: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Handlers {
    pub(crate) fn new(around: Dependencies) -> Self {
        Self { around, made: Mutex::default() }
    }

    fn handler<L: Lambda>(&self) -> Arc<L::Handler> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let made = made
            .entry(TypeId::of::<L::Handler>())
            .or_insert_with(|| Arc::new(L::Handler::build(&self.around)));
        Arc::clone(made).downcast().unwrap_or_else(|_| Arc::new(L::Handler::build(&self.around)))
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
    /// What handles its events.
    type Handler: Part + Send + Sync + 'static;

    /// Handles one event.
    fn handle(
        handler: &Self::Handler,
        around: &Dependencies,
        call: Call<'_>,
    ) -> impl Future<Output = Done> + Send;
}

/// API Gateway's event as a request; its body decoded, as signatures are made over what was sent.
fn request(around: &Dependencies, payload: &str) -> Result<Request<Bytes>, String> {
    let request = lambda_http::request::from_str(payload)
        .map_err(|error| format!("not an event of an HTTP API: {error}"))?;
    if let Some(url) =
        request.stage_variables_ref().and_then(|variables| variables.first("HANDBELL_PUBLIC_URL"))
    {
        around.reached_at(url);
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
async fn batch(payload: &str, deliver: impl AsyncFnOnce(&[RowKey]) -> Vec<bool>) -> Done {
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
    let done = deliver(&rows).await;
    let again: Vec<Value> = ids
        .iter()
        .zip(done)
        .filter(|(_, done)| !done)
        .map(|(id, _)| json!({ "itemIdentifier": id }))
        .collect();
    Ok(json!({ "batchItemFailures": again }))
}
