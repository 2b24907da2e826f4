//! Our webhooks at Webex: registered if they are missing, and switched on again if Webex has switched them off.

use std::sync::Arc;

use handbell_outbound::webex::NewWebhook;
use handbell_store::Missed;
use tokio::sync::OnceCell;

use crate::Fault;
use crate::configuration::Configuration;
use crate::parts::{Access, Dependencies, Part, PublicUrl, Time, parts};
use crate::secrets::Secrets;
use crate::vendor::WebexAccount;

/// What Webex is to tell us of: a resource, an event, and whether only those need it who answer customers.
pub const HOOKS: [(&str, &str, bool); 4] = [
    ("messages", "created", false),
    ("attachmentActions", "created", false),
    ("messages", "updated", true),
    ("messages", "deleted", true),
];

/// What was done with one of our webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSync {
    /// What it is about: `messages created`.
    pub about: String,
    /// What was done.
    pub done: WebhookChange,
}

/// What was done with a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookChange {
    /// It is as it should be.
    Fine,
    /// It was missing, and is there now.
    Registered,
    /// Webex had switched it off; it is on again.
    SwitchedOn,
    /// Name and secret were written once more, since nobody can see what they are.
    Renewed,
    /// There were two; one is gone.
    Removed,
}

/// Whether this process has looked after the webhooks.
#[derive(Clone, Default)]
pub(crate) struct SyncedWebhooks(Arc<OnceCell<()>>);

impl Part for SyncedWebhooks {
    fn access(_: &mut Access) {}

    fn build(from: &Dependencies) -> Self {
        from.shared()
    }
}

parts! {
    /// Looks after our webhooks at Webex.
    pub struct Webhooks {
        config: Configuration,
        secrets: Secrets,
        webex: WebexAccount,
        missed: Missed,
        looked_after: SyncedWebhooks,
        public_url: PublicUrl,
        time: Time,
    }
}

impl Webhooks {
    /// Registers our webhooks if they are missing, and switches on those that Webex has switched off. Before that it is
    /// written down that something may have been missed.
    pub(crate) async fn mend(&self) -> Result<Vec<WebhookSync>, Fault> {
        self.register(false).await
    }

    /// The same, and writes name and secret of all of them once more: for when the secret was changed.
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
                    // Where none of ours ever was, nothing was missed; with another token even less.
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
            // A second one would tell us everything twice.
            for twin in ours {
                webex.delete_webhook(&twin.id).await?;
                say(WebhookChange::Removed);
            }
        }
        Ok(done)
    }

    /// Looks after the webhooks once in a process's life: before it shows its first card they must be there, since nobody
    /// would hear its buttons.
    pub(crate) async fn ensure_once(&self) {
        let mend = async || {
            if let Err(fault) = self.mend().await {
                tracing::warn!(reason = %fault, "the webhooks at Webex could not be looked after; tried again in five minutes");
            }
        };
        self.looked_after.0.get_or_init(mend).await;
    }
}
