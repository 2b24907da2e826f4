//! Twilio's requests to Handbell: signed, with its time-outs, its retries, and the overrides in a URL's fragment.

use std::time::Duration;

use axum::http::StatusCode;
use reqwest::Url;
use uuid::Uuid;

use super::signature;
use super::{Pairs, Twilio};
use crate::trouble::TroubleKind;
use crate::wire::WireEntry;

/// URL and method of a webhook.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hook {
    pub(super) url: String,
    pub(super) post: bool,
}

/// The part of Twilio that calls. The two sign differently.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Side {
    Messaging,
    Voice,
}

/// Handbell's answer.
pub(super) struct Heard {
    pub(super) status: StatusCode,
    pub(super) content_type: String,
    pub(super) body: String,
}

/// A callback that waits for those before it.
pub(super) struct Callback {
    hook: Hook,
    side: Side,
    params: Pairs,
}

impl Twilio {
    /// Calls Handbell and returns its answer, if there was one.
    pub(super) async fn call_handbell(&self, hook: &Hook, side: Side, params: &Pairs) -> Option<Heard> {
        let stage = &self.0.stage;
        let trouble = stage.troubles.strike("twilio", stage.clock.now(), |kind| !kind.is_inbound());
        if trouble == Some(TroubleKind::DropCallback) {
            return None;
        }
        // All attempts for an event have the same token.
        let token = Uuid::new_v4().to_string();
        let heard = self.attempts(hook, side, params, &token).await;
        if trouble == Some(TroubleKind::DoubleCallback) {
            self.attempts(hook, side, params, &token).await;
        }
        heard
    }

    /// Calls Handbell later, in order with the other callbacks of this message or call, and ignores the answer.
    pub(super) fn queue_callback(&self, about: &str, hook: Hook, side: Side, params: Pairs) {
        let callback = Callback { hook, side, params };
        let mut state = self.lock();
        if let Some(queue) = state.outbox.get_mut(about) {
            queue.push_back(callback);
            return;
        }
        state.outbox.insert(about.to_owned(), [callback].into());
        drop(state);
        let (twilio, about) = (self.clone(), about.to_owned());
        self.0.stage.spawn(async move {
            loop {
                let next = {
                    let mut state = twilio.lock();
                    let next = state.outbox.get_mut(&about).and_then(|queue| queue.pop_front());
                    if next.is_none() {
                        state.outbox.remove(&about);
                    }
                    next
                };
                let Some(Callback { hook, side, params }) = next else { return };
                twilio.call_handbell(&hook, side, &params).await;
            }
        });
    }

    async fn attempts(&self, hook: &Hook, side: Side, params: &Pairs, token: &str) -> Option<Heard> {
        let (_, fragment) = hook.url.split_once('#').unwrap_or((&hook.url, ""));
        let rules = Rules::read(fragment);
        let mut left = rules.retries;
        loop {
            let outcome = self.attempt(hook, side, params, token, &rules).await;
            let why = match &outcome {
                Ok(heard) if heard.status.is_client_error() => "4xx",
                Ok(heard) if heard.status.is_server_error() => "5xx",
                Ok(_) => return outcome.ok(),
                Err(why) => why,
            };
            if left == 0 || !rules.on.iter().any(|on| on == why || on == "all") {
                return outcome.ok();
            }
            left -= 1;
        }
    }

    async fn attempt(
        &self,
        hook: &Hook,
        side: Side,
        params: &Pairs,
        token: &str,
        rules: &Rules,
    ) -> Result<Heard, &'static str> {
        let stage = &self.0.stage;
        let mut url = hook.url.split('#').next().unwrap_or_default().to_owned();
        let body = serde_html_form::to_string(params).unwrap_or_default();
        if !hook.post && !body.is_empty() {
            url = format!("{url}{}{body}", if url.contains('?') { '&' } else { '?' });
        }
        let Ok(parsed) = Url::parse(&url) else { return Err("url") };
        let signed = if side == Side::Voice { signature::without_https_port(&url) } else { url.clone() };
        let form: &[_] = if hook.post { params } else { &[] };
        let signature = signature::sign(&stage.account.twilio_token, &signed, form);
        let mut headers = vec![
            ("user-agent".to_owned(), "TwilioProxy/1.1".to_owned()),
            ("accept".to_owned(), "*/*".to_owned()),
            ("x-twilio-signature".to_owned(), signature),
            ("i-twilio-idempotency-token".to_owned(), token.to_owned()),
        ];
        let mut request = if hook.post {
            headers.push((
                "content-type".to_owned(),
                "application/x-www-form-urlencoded; charset=UTF-8".to_owned(),
            ));
            stage.http.post(parsed).body(body.clone())
        } else {
            stage.http.get(parsed)
        };
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let at = stage.clock.now();
        let started = tokio::time::Instant::now();
        let outcome = async {
            let answer = request.timeout(rules.limit).send().await?;
            let status = answer.status();
            let content_type = answer
                .headers()
                .get("content-type")
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned();
            Ok(Heard { status, content_type, body: answer.text().await? })
        }
        .await;
        let (status, answer) = match &outcome {
            Ok(heard) => (heard.status.as_u16(), heard.body.as_str()),
            Err(_) => (0, ""),
        };
        stage.wire.record(WireEntry {
            number: 0,
            at,
            from: "twilio".into(),
            to: "handbell".into(),
            method: if hook.post { "POST" } else { "GET" }.into(),
            url,
            headers,
            body: if hook.post { super::cut(&body) } else { String::new() },
            status,
            answer: super::cut(answer),
            verdict: "signed".into(),
            millis: started.elapsed().as_millis() as u64,
        });
        stage.touch();
        outcome.map_err(|error: reqwest::Error| if error.is_connect() { "ct" } else { "rt" })
    }
}

/// Settings in the fragment of a webhook's URL, which is never sent.
struct Rules {
    retries: u32,
    on: Vec<String>,
    limit: Duration,
}

impl Rules {
    fn read(fragment: &str) -> Self {
        let mut rules = Self { retries: 1, on: vec!["ct".into()], limit: Duration::from_secs(15) };
        for (name, value) in fragment.split('&').filter_map(|part| part.split_once('=')) {
            match (name, value.parse::<u64>()) {
                ("rc", Ok(retries)) => rules.retries = retries.min(5) as u32,
                ("rt" | "tt", Ok(millis)) => {
                    rules.limit = rules.limit.min(Duration::from_millis(millis.clamp(100, 15_000)))
                }
                ("rp", _) => rules.on = value.split(',').map(str::to_owned).collect(),
                _ => {}
            }
        }
        rules
    }
}

/// Whether Twilio accepts this URL for a webhook: absolute, HTTP or HTTPS, and no underscore in the host.
pub(super) fn acceptable(url: &str) -> bool {
    url.len() <= 4000
        && Url::parse(url).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.contains('_'))
        })
}

/// Returns the hook of an instruction's `action`, or else that of the document, if it has one.
pub(super) fn led(base: Option<&Hook>, action: Option<&str>, post: bool) -> Option<Hook> {
    match (base, action) {
        (Some(base), Some(action)) => base.to(action, post),
        (None, Some(action)) => Some(Hook { url: action.to_owned(), post }),
        (base, None) => base.cloned(),
    }
}

impl Hook {
    /// Resolves a URL in a document from this hook, like a browser.
    pub(super) fn to(&self, url: &str, post: bool) -> Option<Hook> {
        if acceptable(url) {
            return Some(Hook { url: url.to_owned(), post });
        }
        let url = Url::parse(&self.url).ok()?.join(url).ok()?;
        Some(Hook { url: url.into(), post })
    }
}
