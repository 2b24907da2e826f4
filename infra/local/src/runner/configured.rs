//! What the laptop adds to a configuration: a value for each secret, addresses, and an account at the vendors.

use std::collections::BTreeMap;

use handbell_core::config::{AlertSource, Config, Source, WayIn};
use handbell_sim::{SimAccount, cmx};

/// Handbell's token at the simulated Webex.
pub const WEBEX_TOKEN: &str = "local-webex-token";

/// Handbell's auth token at the simulated Twilio, which signs callbacks.
pub const TWILIO_TOKEN: &str = "local-twilio-token";

/// Secret with which the simulated Webex signs.
pub const WEBEX_SECRET: &str = "local-webex-webhook-secret-for-this-laptop";

/// A button and its address on this laptop.
#[derive(Clone, Debug)]
pub struct LocalButton {
    /// Name in the configuration.
    pub name: String,
    /// Path and token: `/b/…`.
    pub path: String,
}

/// A line, and what is needed to try it as a customer on this laptop. Sent to the page as it is.
#[derive(Clone, Debug, serde::Serialize)]
pub struct LocalLine {
    /// Name in the configuration.
    pub name: String,
    /// Label for people.
    pub label: String,
    /// The number that customers text and call, E.164.
    pub number: String,
    /// Path of its web form, if it has one: `/contact/…`.
    pub form: Option<String>,
}

pub(super) fn account(config: &Config, bot: bool) -> SimAccount {
    let mut own_numbers: Vec<String> = config.twilio.iter().map(|twilio| twilio.from.to_string()).collect();
    for step in config.plans.values().flat_map(|plan| &plan.steps) {
        own_numbers.extend(step.sms.iter().filter_map(|sms| sms.from.as_ref().map(ToString::to_string)));
        own_numbers.extend(step.call.iter().filter_map(|call| call.from.as_ref().map(ToString::to_string)));
    }
    own_numbers.sort();
    own_numbers.dedup();
    SimAccount {
        webex_token: WEBEX_TOKEN.into(),
        bot,
        webex_secret: WEBEX_SECRET.into(),
        twilio_account: config.twilio.as_ref().map(|twilio| twilio.account.clone()).unwrap_or_default(),
        twilio_token: TWILIO_TOKEN.into(),
        own_numbers,
    }
}

/// Returns a value for each secret that the configuration names. These values are refused everywhere else.
pub fn local_secrets(config: &Config) -> BTreeMap<String, String> {
    let mut secrets = BTreeMap::new();
    let mut set = |name: &str, value: &str| secrets.insert(name.to_owned(), value.to_owned());
    for (name, button) in &config.buttons {
        for secret in button.token.names() {
            let hash = handbell_inbound::button::token_hash(&button_token(name));
            set(secret, &format!("sha256:{}", handbell_core::hex(&hash)));
        }
        if let Some(header) = &button.header {
            set(&header.secret, &format!("local-{}-header", header.secret));
        }
    }
    set(&config.webex.token.secret, WEBEX_TOKEN);
    if let Some(webhook) = &config.webex.webhook {
        set(&webhook.secret, WEBEX_SECRET);
    }
    if let Some(twilio) = &config.twilio {
        set(&twilio.token.secret, TWILIO_TOKEN);
        if let Some(key) = &twilio.key {
            set(&key.secret, TWILIO_TOKEN);
        }
    }
    let forms = config.lines.values().filter_map(|line| line.form.as_ref());
    let sources = config.sources.values().flat_map(AlertSource::ways_in).flat_map(WayIn::secrets);
    for name in forms.map(|form| form.secret.as_str()).chain(sources) {
        set(name, &format!("local-{name}-secret-of-a-form-on-this-laptop"));
    }
    if let Some(mail) = &config.mail {
        set(&mail.links.secret, &format!("local-{}-secret-of-the-links-on-this-laptop", mail.links.secret));
    }
    for (name, source) in &config.sources {
        for secret in source.address.iter().flat_map(|address| address.names()) {
            set(secret, &format!("duty-{name}"));
        }
        if let Some(mailbox) = &source.mailbox {
            for secret in mailbox.password.iter().chain(&mailbox.oauth) {
                set(&secret.secret, &format!("local-{}", secret.secret));
            }
        }
    }
    for site in config.sites.values() {
        for secret in site.secrets() {
            match site.source() {
                Some(Source::Cmx(_)) => set(secret, cmx::PASSWORD),
                _ => set(secret, &format!("local-{secret}")),
            };
        }
    }
    secrets
}

fn button_token(name: &str) -> String {
    format!("demo-{name}-button-on-this-laptop")
}

pub(super) fn local_buttons(config: &Config) -> Vec<LocalButton> {
    config
        .buttons
        .keys()
        .map(|name| LocalButton { name: name.clone(), path: format!("/b/{}", button_token(name)) })
        .collect()
}

pub(super) fn local_lines(config: &Config) -> Vec<LocalLine> {
    let lines = config.lines.iter().map(|(name, line)| LocalLine {
        name: name.clone(),
        label: line.label.clone().unwrap_or_else(|| name.clone()),
        number: line.number.to_string(),
        form: line.form.is_some().then(|| format!("/contact/{name}")),
    });
    lines.collect()
}
