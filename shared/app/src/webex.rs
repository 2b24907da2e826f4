//! Webex calls back: our own post comes by, which proves that it is there. And the webhook itself is kept alive.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::dispatch::{DispatchKey, Fate, Progress};
use handbell_inbound::webex::{Envelope, SIGNATURE_HEADER, verify};
use handbell_outbound::Failure;
use handbell_outbound::webex::NewWebhook;
use handbell_store::table::RowKey;
use http::{Request, Response, StatusCode};
use jiff::SignedDuration;

use crate::secrets::values;
use crate::{App, Failed, Fault, answer, header, refuse};

/// Who our token belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Me {
    pub(crate) id: String,
    /// A bot can't list what it posted in a group space.
    pub(crate) bot: bool,
    /// What we are called: a mention of us begins with it.
    pub(crate) name: String,
}

/// A message is tried to be read for two minutes.
const READ_TRIES: u32 = 12;
/// What Webex is to tell us of.
const RESOURCES: [&str; 2] = ["messages", "attachmentActions"];

impl App {
    /// Asked once in a process's life.
    pub(crate) async fn me(&self) -> Result<&Me, Fault> {
        self.me
            .get_or_try_init(async || {
                let me = self.webex().await?.me().await.map_err(|failure| Fault(failure.to_string()))?;
                Ok(Me {
                    bot: me.kind.as_deref() == Some("bot"),
                    name: me.display_name.unwrap_or_default(),
                    id: me.id,
                })
            })
            .await
    }

    /// `/webex`: a message, a card, a membership.
    pub async fn webex_event(&self, request: Request<Bytes>) -> Response<Bytes> {
        match self.heard(&request).await {
            Ok(()) => answer(StatusCode::OK, ""),
            Err(failed) => refuse(&failed),
        }
    }

    /// Only notes that there is a message: Webex wants its answer at once, and reading it may fail while Webex is down.
    async fn heard(&self, request: &Request<Bytes>) -> Result<(), Failed> {
        let envelope = self.envelope(request).await?;
        let now = self.now();
        match (envelope.resource.as_str(), envelope.event.as_str()) {
            ("messages", "created") => {
                // Whoever posted it is given the time to write that down.
                let soon = now + SignedDuration::from_secs(3);
                self.kick(&[(RowKey::heard(&envelope.data.id, 0), soon)], now).await;
                Ok(())
            }
            ("attachmentActions", "created") => {
                // Nothing but the queue holds a choice: if it isn't there, Webex shall come again.
                if self.kick(&[(RowKey::card(&envelope.data.id, 0), now)], now).await {
                    Ok(())
                } else {
                    Err(Fault("the queue took no choice".to_owned()).into())
                }
            }
            _ => Ok(()),
        }
    }

    /// Reads a message that we heard of; what can't be read now is read in ten seconds.
    pub(crate) async fn read_message(&self, id: &str, tries: u32) -> Result<(), Fault> {
        match self.own_post(id).await {
            Err(fault) if tries < READ_TRIES => {
                tracing::warn!(reason = %fault, "a message at Webex can't be read now; tried again in ten seconds");
                let now = self.now();
                self.kick(&[(RowKey::heard(id, tries + 1), now + SignedDuration::from_secs(10))], now).await;
                Ok(())
            }
            other => other,
        }
    }

    async fn envelope(&self, request: &Request<Bytes>) -> Result<Envelope, Failed> {
        let Some(name) = &self.config.webex.webhook else { return Err(Rejected::Unknown.into()) };
        let signature = header(request, SIGNATURE_HEADER);
        let secrets = self.secrets.all(self.now()).await?;
        match verify(signature, request.body(), &values(&secrets, [name.secret.as_str()])) {
            Err(Rejected::Forged) if signature.is_some() => {
                let secrets = self.secrets.newest(self.now()).await?;
                Ok(verify(signature, request.body(), &values(&secrets, [name.secret.as_str()]))?)
            }
            other => Ok(other?),
        }
    }

    /// Our own post carries its mark; if we don't know yet that it arrived, now we do.
    async fn own_post(&self, id: &str) -> Result<(), Fault> {
        let message = match self.webex().await?.message(id).await {
            Ok(message) => message,
            // It is gone, or not for our eyes.
            Err(Failure::Refused { .. }) => return Ok(()),
            Err(failure) => return Err(Fault(failure.to_string())),
        };
        let me = self.me().await?;
        if message.person_id.as_deref() != Some(me.id.as_str()) {
            return self.answered_in_words(&message, &me.name).await;
        }
        let text = message.markdown.or(message.text).unwrap_or_default();
        let Some((reference, number, name)) = find_mark(&text) else { return Ok(()) };
        let Some(named) = self.store.named(&reference).await? else { return Ok(()) };
        let key = DispatchKey { subject: named.subject, epoch: named.epoch, number };
        let Some(dispatch) = self.store.dispatch(&key).await? else { return Ok(()) };
        let known = dispatch.deliveries.get(&name).is_none_or(|delivery| delivery.progress == Progress::Sent);
        if !known && dispatch.lease_ms > self.now().as_millisecond() {
            // Whoever posted it is about to write that down; only if that fails does this count.
            return Err(Fault("whoever posted this is still at work".into()));
        }
        if !known {
            let fate =
                Fate { rank: 1, status: "posted".into(), why: None, code: None, id: message.id, last: false };
            self.store.fate(&key, &name, &fate, self.now()).await?;
        }
        Ok(())
    }

    /// Registers our webhooks if they are missing, and wakes those that Webex has put to sleep. Best effort, every five
    /// minutes; and before a process shows its first card, since nobody would hear its buttons.
    pub(crate) async fn mend_webhooks(&self) {
        let Some(name) = &self.config.webex.webhook else { return };
        let mend = async {
            let secret = self.secrets.get(&name.secret, self.now()).await?;
            let webex = self.webex().await?;
            let target = format!("{}/webex", self.public_url());
            let failed = |failure: Failure| Fault(failure.to_string());
            let all = webex.webhooks().await.map_err(failed)?;
            for resource in RESOURCES {
                let name = format!("Handbell: {resource}");
                let ours = all.iter().find(|hook| {
                    hook.target_url.as_deref() == Some(&target) && hook.resource.as_deref() == Some(resource)
                });
                match ours {
                    None => {
                        let new = NewWebhook {
                            name,
                            target_url: target.clone(),
                            resource: resource.to_owned(),
                            event: "created".to_owned(),
                            filter: None,
                            secret: secret.clone(),
                        };
                        webex.create_webhook(&new).await.map_err(failed)?;
                        tracing::info!(resource, "a webhook was registered at Webex");
                    }
                    Some(hook) if hook.is_inactive() => {
                        webex
                            .update_webhook(&hook.id, &name, &target, Some(&secret))
                            .await
                            .map_err(failed)?;
                        tracing::warn!(resource, "Webex had switched our webhook off; it is on again");
                    }
                    Some(_) => {}
                }
            }
            Ok::<_, Fault>(())
        };
        if let Err(fault) = mend.await {
            tracing::warn!(reason = %fault, "the webhooks at Webex could not be looked after; tried again in five minutes");
        }
    }
}

/// `H-7K3Q.2.1` in a text, in its parts.
fn find_mark(text: &str) -> Option<(String, u32, String)> {
    text.rmatch_indices("H-").find_map(|(start, _)| {
        let mark = text[start..]
            .split(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '-' || sign == '.'))
            .next()?;
        let mut parts = mark.trim_end_matches('.').split('.');
        let (reference, number, name) = (parts.next()?, parts.next()?, parts.next()?);
        (reference.len() == 6 && parts.next().is_none()).then_some(())?;
        Some((reference.to_owned(), number.parse().ok()?, name.to_owned()))
    })
}
