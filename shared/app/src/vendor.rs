//! Accounts at vendors: clients with the current secrets, each made on demand.

use std::sync::Arc;

use handbell_core::vendor_id::PersonId;
use handbell_outbound::twilio::Twilio;
use handbell_outbound::webex::Webex;
use secrecy::SecretString;
use tokio::sync::OnceCell;

use crate::configuration::Configuration;
use crate::dependencies::{Access, Dependencies, Part, Time};
use crate::{Fault, Secrets};

/// Identity of Handbell's account at Webex.
#[derive(Clone, Debug)]
pub(crate) struct BotIdentity {
    pub(crate) id: PersonId,
    /// Whether the account is a bot, which can't list its own posts in a group space.
    pub(crate) bot: bool,
    /// Display name, with which a mention of the account begins.
    pub(crate) name: String,
    /// Id of the account's organisation.
    pub(crate) org: Option<String>,
}

/// What a client of a vendor is made from.
#[derive(Clone)]
struct ClientParts {
    config: Configuration,
    secrets: Secrets,
    time: Time,
    http: reqwest::Client,
    url: String,
}

impl ClientParts {
    fn build(from: &Dependencies, url: &str) -> Self {
        Self {
            config: Configuration::build(from),
            secrets: Secrets::build(from),
            time: Time::build(from),
            http: from.http.clone(),
            url: url.to_owned(),
        }
    }

    async fn secret(&self, name: &str) -> Result<SecretString, Fault> {
        self.secrets.get(name, self.time.now()).await
    }
}

/// Handbell's account at Webex.
#[derive(Clone)]
pub(crate) struct WebexAccount {
    parts: ClientParts,
    identity: Arc<OnceCell<BotIdentity>>,
}

impl Part for WebexAccount {
    fn access(access: &mut Access) {
        Secrets::access(access);
    }

    fn build(from: &Dependencies) -> Self {
        Self { parts: ClientParts::build(from, &from.endpoints.webex_url), identity: from.shared() }
    }
}

impl WebexAccount {
    /// Returns a client with the current token.
    pub(crate) async fn client(&self) -> Result<Webex, Fault> {
        let ClientParts { config, http, url, .. } = &self.parts;
        let token = self.parts.secret(&config.webex.token.secret).await?;
        Ok(Webex::new(http.clone(), url.clone(), token))
    }

    /// Returns the identity of the account, which a process looks up once.
    pub(crate) async fn identity(&self) -> Result<&BotIdentity, Fault> {
        self.identity
            .get_or_try_init(async || {
                let me = self.client().await?.me().await?;
                Ok(BotIdentity {
                    bot: me.kind.as_deref() == Some("bot"),
                    name: me.display_name.unwrap_or_default(),
                    org: me.org_id,
                    id: me.id,
                })
            })
            .await
    }

    /// Returns the identity of the account, if it has been looked up.
    pub(crate) fn known_identity(&self) -> Option<&BotIdentity> {
        self.identity.get()
    }

    /// Returns the URL of a file in a message.
    pub(crate) fn content_url(&self, name: impl std::fmt::Display) -> String {
        format!("{}/contents/{name}", self.parts.url.trim_end_matches('/'))
    }
}

/// Handbell's account at Twilio.
#[derive(Clone)]
pub(crate) struct TwilioAccount {
    parts: ClientParts,
}

impl Part for TwilioAccount {
    fn access(access: &mut Access) {
        Secrets::access(access);
    }

    fn build(from: &Dependencies) -> Self {
        Self { parts: ClientParts::build(from, &from.endpoints.twilio_url) }
    }
}

impl TwilioAccount {
    /// Returns a client with the current token or key.
    pub(crate) async fn client(&self) -> Result<Twilio, Fault> {
        let ClientParts { config, http, url, .. } = &self.parts;
        let twilio = config.twilio.as_ref();
        let twilio = twilio.ok_or_else(|| Fault::from("the configuration has no `twilio`"))?;
        let (user, secret) = match &twilio.key {
            Some(key) => (key.sid.clone(), &key.secret),
            None => (twilio.account.clone(), &twilio.token.secret),
        };
        let password = self.parts.secret(secret).await?;
        Ok(Twilio::new(http.clone(), url.clone(), twilio.account.clone(), user, password))
    }
}
