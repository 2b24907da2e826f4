//! Checks the webhooks by which Webex reports the agents' messages: that they exist, are active, and call Handbell.

use handbell_app::HOOKS;
use handbell_core::config::Config;
use handbell_outbound::webex::Webhook;

use super::{Asked, Found, own_secret};

pub(super) async fn check(asked: &Asked<'_>, config: &Config, found: &mut Found) {
    let Some(name) = &config.webex.webhook else {
        let advice = "Add `webhook: { secret: webex-webhook }` under `webex`.";
        return found
            .wrong("`webex` has no `webhook`: Handbell doesn't receive the agents' messages", advice);
    };
    own_secret(asked, &name.secret, "the webhooks' secret", found);
    let all = match asked.webex.webhooks().await {
        Ok(all) => all,
        Err(failure) => {
            return found
                .wrong(&format!("the list of webhooks: {}", failure.why()), "Try again in a minute.");
        }
    };
    let sync = match asked.public_url {
        _ if asked.secrets.is_none() => {
            "On the laptop it is registered when Handbell first posts to Webex: press the button, or write as a customer.".to_owned()
        }
        Some(url) => format!("`handbell webhooks sync --url {url}` corrects it."),
        None => "`handbell webhooks sync --url https://…` corrects it (… is PublicUrl in the outputs of the stack).".to_owned(),
    };
    let is_ours = |hook: &&Webhook| match (asked.public_url, hook.target_url.as_deref()) {
        (Some(url), Some(target)) => target == format!("{url}/webex"),
        (None, Some(target)) => target.starts_with("https://") && target.ends_with("/webex"),
        (_, None) => false,
    };
    for (resource, event, _) in HOOKS {
        let about = |hook: &&Webhook| {
            hook.resource.as_deref() == Some(resource) && hook.event.as_deref() == Some(event)
        };
        let what = format!("webhook {resource} {event}");
        let ours: Vec<&Webhook> = all.iter().filter(about).filter(is_ours).collect();
        match ours[..] {
            [] => match all.iter().find(about).and_then(|hook| hook.target_url.as_deref()) {
                // It may belong to another program with the same token, so Handbell leaves it alone.
                Some(elsewhere) => {
                    found.wrong(
                        &format!("{what}: none calls Handbell (one calls {elsewhere}, and stays as it is)"),
                        &sync,
                    );
                }
                None => found.wrong(&format!("{what}: there is none"), &sync),
            },
            [hook] if hook.is_inactive() => {
                found.wrong(&format!("{what}: Webex has disabled it, after a hundred failures"), &sync);
            }
            [hook] => {
                let target = hook.target_url.as_deref().unwrap_or_default();
                found.good(&format!("{what}: active, calls {target}"));
            }
            _ => found.wrong(
                &format!("{what}: there are {} of them, so every event arrives more than once", ours.len()),
                &sync,
            ),
        }
    }
}
