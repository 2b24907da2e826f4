//! Webhooks: Webex's notifications of events.

use std::fmt;

use http::Method;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::{PAGE, Webex};
use crate::failure::VendorResult;

/// A webhook in Webex (Webex, Webhooks API). Its secret isn't read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    /// Opaque id; never parse it.
    pub id: String,
    /// Name, for people.
    #[serde(default)]
    pub name: Option<String>,
    /// Address that the webhook calls.
    #[serde(default)]
    pub target_url: Option<String>,
    /// `messages`, `memberships`, `attachmentActions`, `rooms` …
    #[serde(default)]
    pub resource: Option<String>,
    /// `created`, `updated`, `deleted` or `all`.
    #[serde(default)]
    pub event: Option<String>,
    /// Filter on the events.
    #[serde(default)]
    pub filter: Option<String>,
    /// `active`, or `inactive` after a hundred failures in five minutes. Webex never reactivates it automatically
    /// (Webex, webhooks guide).
    #[serde(default)]
    pub status: Option<String>,
}

impl Webhook {
    /// Whether Webex has deactivated the webhook.
    pub fn is_inactive(&self) -> bool {
        self.status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("inactive"))
    }
}

/// A webhook to be created.
#[derive(Clone)]
pub struct NewWebhook {
    /// Name, for people.
    pub name: String,
    /// Address that the webhook calls.
    pub target_url: String,
    /// See [`Webhook::resource`].
    pub resource: String,
    /// See [`Webhook::event`].
    pub event: String,
    /// See [`Webhook::filter`].
    pub filter: Option<String>,
    /// Secret with which Webex signs its calls.
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
    /// Returns all webhooks of this token.
    pub async fn webhooks(&self) -> VendorResult<Vec<Webhook>> {
        let mut url = self.url(&["webhooks"])?;
        url.query_pairs_mut().append_pair("max", PAGE);
        self.list(url, usize::MAX).await
    }

    /// Creates a webhook. The call isn't idempotent: list the webhooks first.
    pub async fn create_webhook(&self, new: &NewWebhook) -> VendorResult<Webhook> {
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

    /// Updates a webhook and activates it. Resource, event and filter can't be changed (Webex, Webhooks API). The call
    /// is idempotent.
    pub async fn update_webhook(
        &self,
        id: &str,
        name: &str,
        target_url: &str,
        secret: Option<&SecretString>,
    ) -> VendorResult<Webhook> {
        let mut body = json!({ "name": name, "targetUrl": target_url, "status": "active" });
        if let Some(secret) = secret {
            body["secret"] = secret.expose_secret().into();
        }
        self.send(Method::PUT, self.url(&["webhooks", id])?, &body).await
    }

    /// Deletes a webhook. A missing one is no failure. The call is idempotent.
    pub async fn delete_webhook(&self, id: &str) -> VendorResult<()> {
        self.delete(&["webhooks", id]).await
    }
}
