//! The functions: each turns an AWS event into a call of its handler, and the result into an AWS response.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use handbell_app::{Access, Dependencies, Part, WorkItem};
use http::Response;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::gateway::request;
use crate::{Error, metrics, serve};

/// Declares each function once: its name, its crate, its purpose, its caller, and its handler in the app. The kind of a
/// handler determines how the event is read and the response written: `web` is API Gateway, `queue` the work queue,
/// `mail` an event of SES, and the result of a `schedule` or a `mail` becomes a metric.
macro_rules! functions {
    ($($(#[$doc:meta])* $name:ident = $crate_name:literal: $kind:ident($handler:ident::$method:ident $(, $metric:path)?);)*) => {
        /// The deployed functions: one for each crate under `functions/`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Function {
            $($(#[$doc])* $name,)*
        }

        impl Function {
            /// All functions.
            pub const ALL: [Self; [$($crate_name),*].len()] = [$(Self::$name),*];

            /// Returns the function's name: that of its crate and its binary and, in other capitalisation, of its
            /// resource in template.yaml.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $crate_name,)*
                }
            }

            /// Returns all permissions of the function's handler, as declared by the handler's type.
            pub fn access(self) -> Access {
                match self {
                    $(Self::$name => Access::of::<$handler>(),)*
                }
            }
        }

        $(
            pub use handbell_app::$handler;

            impl Lambda for $handler {
                const FUNCTION: Function = Function::$name;

                async fn handle(&self, _around: &Dependencies, call: Invocation<'_>) -> Done {
                    let handler = self;
                    functions!(@$kind handler, _around, call, $method $(, $metric)?)
                }
            }
        )*

        impl Handlers {
            /// Handles one event with the handler of `function`.
            pub async fn handle(&self, function: Function, call: Invocation<'_>) -> Done {
                match function {
                    $(Function::$name => self.handler::<$handler>().handle(&self.around, call).await,)*
                }
            }
        }

        /// Serves any function. The local runner starts itself again as each of them.
        pub async fn serve_any(function: Function) -> Result<(), Error> {
            match function {
                $(Function::$name => serve::<$handler>().await,)*
            }
        }
    };
    (@web $handler:ident, $around:ident, $call:ident, $method:ident) => {{
        let request = request($around, $call.payload)?;
        Ok(answer(&$handler.$method(request).await))
    }};
    (@queue $handler:ident, $_around:ident, $call:ident, $method:ident) => {
        batch($call.payload, async |items| $handler.$method(items, $call.left).await).await
    };
    (@schedule $handler:ident, $around:ident, $call:ident, $method:ident, $metric:path) => {{
        let seen = $handler.$method().await.map_err(|fault| fault.to_string())?;
        $metric(&seen, $call.deployed, ($around.clock)());
        Ok(Value::Null)
    }};
    (@mail $handler:ident, $around:ident, $call:ident, $method:ident, $metric:path) => {{
        let seen = $handler.$method($call.payload).await.map_err(|fault| fault.to_string())?;
        $metric(&seen, $call.deployed, ($around.clock)());
        Ok(Value::Null)
    }};
}

functions! {
    /// Web request of a button.
    ButtonPress = "button-press": web(ButtonPress::answer);
    /// Twilio: a received text, or the receipt of a sent one.
    SmsInbound = "sms-inbound": web(SmsInbound::answer);
    /// Twilio: a call, a pressed key, or the receipt of a call.
    VoiceInbound = "voice-inbound": web(VoiceInbound::answer);
    /// Webex: a message, a card submission or a membership.
    WebexEvent = "webex-event": web(WebexEvent::answer);
    /// Health check.
    Health = "health": web(Health::answer);
    /// The queue: processes due rows.
    Deliver = "deliver": queue(Deliver::deliver);
    /// Every minute: enqueues due rows that the queue missed.
    Tick = "tick": schedule(Tick::tick, metrics::tick);
    /// Every minute: polls the sites for device counts.
    CmxPoll = "cmx-poll": schedule(SitePoll::poll, metrics::poll);
    /// CMX or Meraki: pushed sightings of devices.
    Sightings = "sightings": web(SightingsPush::answer);
    /// Webex: the picture on a card.
    Chart = "chart": web(ChartPicture::answer);
    /// A customer's browser: the contact form.
    Contact = "contact": web(ContactForm::answer);
    /// Twilio or a customer's phone: a file that an agent sent.
    File = "file": web(FileLink::answer);
    /// SES: a received mail in the bucket.
    MailInbound = "mail-inbound": mail(MailInbound::take, metrics::mails);
    /// Every minute: mail in external mailboxes.
    MailboxPoll = "mailbox-poll": schedule(MailboxPoll::poll, metrics::mailboxes);
    /// A browser: the alert form, a ticket's page, or an action link.
    Form = "form": web(AlertForm::answer);
}

impl Function {
    /// Returns the function of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|function| function.name() == name)
    }
}

/// All functions in one process. Each handler is created when it is first called, and then kept.
pub struct Handlers {
    around: Dependencies,
    made: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl Handlers {
    pub(crate) fn new(around: Dependencies) -> Self {
        Self { around, made: Mutex::default() }
    }

    fn handler<L: Lambda>(&self) -> Arc<L> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let made = made.entry(TypeId::of::<L>()).or_insert_with(|| Arc::new(L::build(&self.around)));
        Arc::clone(made).downcast().unwrap_or_else(|_| Arc::new(L::build(&self.around)))
    }
}

/// One invocation of a function.
#[derive(Clone, Copy, Debug)]
pub struct Invocation<'a> {
    /// Name under which the function is deployed, for the metrics.
    pub deployed: &'a str,
    /// The AWS event.
    pub payload: &'a str,
    /// Time left for the invocation.
    pub left: SignedDuration,
}

/// Result of an invocation. An error is a function error, and AWS retries.
pub type Done = Result<Value, String>;

/// The handler of a deployed function. Each is a type of its own, so that a binary contains only its own code.
pub trait Lambda: Part + Send + Sync + 'static {
    /// The function that it handles.
    const FUNCTION: Function;

    /// Handles one event.
    fn handle(&self, around: &Dependencies, call: Invocation<'_>) -> impl Future<Output = Done> + Send;
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

/// Processes a batch. Returns the messages that must be delivered again, so that one bad row doesn't block the others.
async fn batch(payload: &str, deliver: impl AsyncFnOnce(&[WorkItem]) -> Vec<bool>) -> Done {
    let batch: Batch =
        serde_json::from_str(payload).map_err(|error| format!("not a batch of the queue: {error}"))?;
    let (mut items, mut ids) = (Vec::new(), Vec::new());
    for record in &batch.records {
        match serde_json::from_str::<WorkItem>(&record.body) {
            Ok(item) => {
                items.push(item);
                ids.push(&record.message_id);
            }
            // Only Handbell writes to this queue, and a retry would not make the message readable.
            Err(error) => {
                lambda_runtime::tracing::error!(%error, "a message in the work queue can't be read; it is dropped")
            }
        }
    }
    let done = deliver(&items).await;
    let again: Vec<Value> = ids
        .iter()
        .zip(done)
        .filter(|(_, done)| !done)
        .map(|(id, _)| json!({ "itemIdentifier": id }))
        .collect();
    Ok(json!({ "batchItemFailures": again }))
}
