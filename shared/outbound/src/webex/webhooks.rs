//! Webhooks: how Webex tells us what happens.

use std::fmt;

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{PAGE, Webex};
use crate::failure::Said;

/// A webhook as it stands in Webex (Webex, Webhooks API). Its secret is left where it is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Opaque; never look inside.
    pub id: String,
    /// For people.
    #[serde(default)]
    pub name: Option<String>,
    /// Where it calls.
    #[serde(default)]
    pub target_url: Option<String>,
    /// `messages`, `memberships`, `attachmentActions`, `rooms` …
    #[serde(default)]
    pub resource: Option<String>,
    /// `created`, `updated`, `deleted` or `all`.
    #[serde(default)]
    pub event: Option<String>,
    /// Which of them.
    #[serde(default)]
    pub filter: Option<String>,
    /// `active`, or `inactive` after a hundred failures in five minutes: it never comes back by itself
    /// (Webex, webhooks guide).
    #[serde(default)]
    pub status: Option<String>,
}

impl Webhook {
    /// Whether Webex has switched it off.
    pub fn is_inactive(&self) -> bool {
        self.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("inactive"))
    }
}

/// A webhook to be made.
#[derive(Clone)]
pub struct NewWebhook {
    /// For people.
    pub name: String,
    /// Where it shall call.
    pub target_url: String,
    /// As in [`Webhook::resource`].
    pub resource: String,
    /// As in [`Webhook::event`].
    pub event: String,
    /// As in [`Webhook::filter`].
    pub filter: Option<String>,
    /// What it signs with.
    pub secret: SecretString,
}

impl fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWebhook")
            .field("name", &self.name)
            .field("resource", &self.resource)
            .field("event", &self.event)
            .finish_non_exhaustive()
    }
}

impl Webex {
    /// All webhooks of this token.
    pub async fn webhooks(&self) -> Said<Vec<Webhook>> {
        let mut url = self.url(&["webhooks"])?;
        url.query_pairs_mut().append_pair("max", PAGE);
        self.list(url, usize::MAX).await
    }

    /// Makes a webhook. Saying this twice makes two: list them first.
    pub async fn create_webhook(&self, new: &NewWebhook) -> Said<Webhook> {
        let mut body = json!({
            "name": new.name,
            "targetUrl": new.target_url,
            "resource": new.resource,
            "event": new.event,
            "secret": new.secret.expose_secret(),
        });
        if let Some(filter) = &new.filter {
            body["filter"] = filter.as_str().into();
        }
        self.send(Method::POST, self.url(&["webhooks"])?, &body).await
    }

    /// Puts a webhook right and switches it on. Resource, event and filter can't be changed (Webex, Webhooks API).
    /// Saying this twice does no harm.
    pub async fn update_webhook(
        &self,
        id: &str,
        name: &str,
        target_url: &str,
        secret: Option<&SecretString>,
    ) -> Said<Webhook> {
        let mut body = json!({ "name": name, "targetUrl": target_url, "status": "active" });
        if let Some(secret) = secret {
            body["secret"] = secret.expose_secret().into();
        }
        self.send(Method::PUT, self.url(&["webhooks", id])?, &body).await
    }

    /// Makes sure that a webhook is no more. Saying this twice does no harm.
    pub async fn delete_webhook(&self, id: &str) -> Said<()> {
        self.delete(&["webhooks", id]).await
    }
}
