//! Our accounts at vendors: clients with the secrets of this moment, made when somebody asks for one.

use std::sync::Arc;

use handbell_outbound::twilio::Twilio;
use handbell_outbound::webex::Webex;
use tokio::sync::OnceCell;

use crate::configuration::Configuration;
use crate::parts::{Access, Dependencies, Part, Time};
use crate::{Fault, Secrets};

/// Who our token at Webex belongs to.
#[derive(Clone, Debug)]
pub(crate) struct BotIdentity {
    pub(crate) id: String,
    /// A bot can't list what it posted in a group space.
    pub(crate) bot: bool,
    /// What we are called: a mention of us begins with it.
    pub(crate) name: String,
    /// Our organisation.
    pub(crate) org: Option<String>,
}

/// Our account at Webex.
#[derive(Clone)]
pub(crate) struct WebexAccount {
    config: Configuration,
    secrets: Secrets,
    time: Time,
    http: reqwest::Client,
    url: String,
    identity: Arc<OnceCell<BotIdentity>>,
}

impl Part for WebexAccount {
    fn access(access: &mut Access) {
        Secrets::access(access);
    }

    fn build(from: &Dependencies) -> Self {
        Self {
            config: Configuration::build(from),
            secrets: Secrets::build(from),
            time: Time::build(from),
            http: from.http.clone(),
            url: from.places.webex_url.clone(),
            identity: from.shared(),
        }
    }
}

impl WebexAccount {
    /// A client with the token of this moment.
    pub(crate) async fn client(&self) -> Result<Webex, Fault> {
        let token = self.secrets.get(&self.config.webex.token.secret, self.time.now()).await?;
        Ok(Webex::new(self.http.clone(), self.url.clone(), token))
    }

    /// Who we are there; asked once in a process's life.
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

    /// The same, if it has been asked.
    pub(crate) fn known_identity(&self) -> Option<&BotIdentity> {
        self.identity.get()
    }

    /// Where a file in a message lies.
    pub(crate) fn content_url(&self, name: impl std::fmt::Display) -> String {
        format!("{}/contents/{name}", self.url.trim_end_matches('/'))
    }
}

/// Our account at Twilio.
#[derive(Clone)]
pub(crate) struct TwilioAccount {
    config: Configuration,
    secrets: Secrets,
    time: Time,
    http: reqwest::Client,
    url: String,
}

impl Part for TwilioAccount {
    fn access(access: &mut Access) {
        Secrets::access(access);
    }

    fn build(from: &Dependencies) -> Self {
        Self {
            config: Configuration::build(from),
            secrets: Secrets::build(from),
            time: Time::build(from),
            http: from.http.clone(),
            url: from.places.twilio_url.clone(),
        }
    }
}

impl TwilioAccount {
    /// A client with the token or the key of this moment.
    pub(crate) async fn client(&self) -> Result<Twilio, Fault> {
        let twilio = self.config.twilio.as_ref();
        let twilio = twilio.ok_or_else(|| Fault::from("the configuration has no `twilio`"))?;
        let (user, secret) = match &twilio.key {
            Some(key) => (key.sid.clone(), &key.secret),
            None => (twilio.account.clone(), &twilio.token.secret),
        };
        let password = self.secrets.get(secret, self.time.now()).await?;
        Ok(Twilio::new(self.http.clone(), self.url.clone(), twilio.account.clone(), user, password))
    }
}
