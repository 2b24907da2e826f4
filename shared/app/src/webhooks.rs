//! Webhooks at Webex: registered if they are missing, and switched on again if Webex has switched them off.

use std::sync::Arc;

use handbell_outbound::webex::NewWebhook;
use handbell_store::Missed;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use crate::Fault;
use crate::configuration::Configuration;
use crate::dependencies::{Access, Dependencies, Part, PublicUrl, Time, parts};
use crate::secrets::Secrets;
use crate::vendor::WebexAccount;

/// Pause after which a process tries once more to synchronise the webhooks.
const RETRIED_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// Webhooks that Handbell needs: the resource, the event, and whether only lines for customers need it.
pub const HOOKS: [(&str, &str, bool); 4] = [
    ("messages", "created", false),
    ("attachmentActions", "created", false),
    ("messages", "updated", true),
    ("messages", "deleted", true),
];

/// A webhook, and what was done with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSync {
    /// Resource and event of the webhook: `messages created`.
    pub about: String,
    /// The change.
    pub done: WebhookChange,
}

/// Change of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookChange {
    /// Nothing had to be changed.
    Fine,
    /// The webhook was missing and has been registered.
    Registered,
    /// Webex had switched the webhook off, and it is on again.
    SwitchedOn,
    /// Name and secret were written once more, since Webex shows neither for comparison.
    Renewed,
    /// There were two, and one was deleted.
    Removed,
}

/// Whether this process has synchronised the webhooks, and when it last tried in vain.
#[derive(Clone, Default)]
pub(crate) struct SyncedWebhooks(Arc<Mutex<Synced>>);

#[derive(Clone, Copy, Default)]
enum Synced {
    #[default]
    NotYet,
    FailedAt(Timestamp),
    Done,
}

impl Part for SyncedWebhooks {
    fn access(_: &mut Access) {}

    fn build(from: &Dependencies) -> Self {
        from.shared()
    }
}

parts! {
    /// Synchronises Handbell's webhooks at Webex.
    pub struct Webhooks {
        config: Configuration,
        secrets: Secrets,
        webex: WebexAccount,
        missed: Missed,
        synced: SyncedWebhooks,
        public_url: PublicUrl,
        time: Time,
    }
}

impl Webhooks {
    /// Registers webhooks that are missing, and switches on those that Webex has switched off. Before that, it records
    /// that something may have been missed.
    pub(crate) async fn repair(&self) -> Result<Vec<WebhookSync>, Fault> {
        self.register(false).await
    }

    /// Does the same, and writes name and secret of all webhooks once more: for a secret that was changed.
    pub async fn sync(&self) -> Result<Vec<WebhookSync>, Fault> {
        self.register(true).await
    }

    async fn register(&self, renew: bool) -> Result<Vec<WebhookSync>, Fault> {
        let Some(name) = &self.config.webex.webhook else { return Ok(Vec::new()) };
        let secret = self.secrets.get(&name.secret, self.time.now()).await?;
        let webex = self.webex.client().await?;
        let target = format!("{}/webex", self.public_url.get());
        let all = webex.webhooks().await?;
        let mut done = Vec::new();
        for (resource, event, for_customers) in HOOKS {
            if for_customers && self.config.lines.is_empty() {
                continue;
            }
            let (about, name) = (format!("{resource} {event}"), format!("Handbell: {resource} {event}"));
            let mut say = |what| done.push(WebhookSync { about: about.clone(), done: what });
            let mut ours = all.iter().filter(|hook| {
                hook.target_url.as_deref() == Some(&target)
                    && hook.resource.as_deref() == Some(resource)
                    && hook.event.as_deref() == Some(event)
            });
            match ours.next() {
                None => {
                    // Where Handbell never had a webhook, nothing was missed.
                    if all.iter().any(|hook| hook.target_url.as_deref() == Some(&target)) {
                        self.missed.remember_missed(true).await?;
                    }
                    let new = NewWebhook {
                        name,
                        target_url: target.clone(),
                        resource: resource.to_owned(),
                        event: event.to_owned(),
                        filter: None,
                        secret: secret.clone(),
                    };
                    webex.create_webhook(&new).await?;
                    tracing::info!(resource, event, "a webhook was registered at Webex");
                    say(WebhookChange::Registered);
                }
                Some(hook) if hook.is_inactive() => {
                    self.missed.remember_missed(true).await?;
                    webex.update_webhook(&hook.id, &name, &target, Some(&secret)).await?;
                    tracing::warn!(resource, event, "Webex had switched our webhook off; it is on again");
                    say(WebhookChange::SwitchedOn);
                }
                Some(hook) if renew => {
                    webex.update_webhook(&hook.id, &name, &target, Some(&secret)).await?;
                    say(WebhookChange::Renewed);
                }
                Some(_) => say(WebhookChange::Fine),
            }
            // A second webhook would report everything twice.
            for twin in ours {
                webex.delete_webhook(&twin.id).await?;
                say(WebhookChange::Removed);
            }
        }
        Ok(done)
    }

    /// Synchronises the webhooks once in a process's lifetime, or again a minute after it failed. They must exist before the process posts its first card,
    /// since nobody would hear its buttons.
    pub(crate) async fn ensure_once(&self) {
        // Others wait meanwhile: their cards would be posted before the webhooks exist.
        let mut synced = self.synced.0.lock().await;
        let now = self.time.now();
        match *synced {
            Synced::Done => return,
            Synced::FailedAt(at) if now.duration_since(at) < RETRIED_AFTER => return,
            Synced::FailedAt(_) | Synced::NotYet => {}
        }
        *synced = match self.repair().await {
            Ok(_) => Synced::Done,
            Err(fault) => {
                tracing::warn!(reason = %fault, "the webhooks at Webex could not be synchronised; this is retried in a minute");
                Synced::FailedAt(now)
            }
        };
    }
}
