//! `handbell webhooks sync`: registers the webhooks by which Webex reports new messages, and prints the changes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::Args;
use handbell_app::{WebhookChange, WebhookSync};
use handbell_boot::{Clock, Environment};
use reqwest::Url;

use crate::failure::Failure;

/// Options of `handbell webhooks sync`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  eval \"$(aws configure export-credentials --format env)\"
      run this first to use a profile of the AWS CLI; other credentials in the environment also work
  AWS_REGION=eu-west-1 HANDBELL_TABLE=handbell handbell webhooks sync \\
      --config handbell.yaml --secrets ssm:/handbell/secrets --url https://bell.example.com
      use the table and the secrets in AWS

The URL is PublicUrl in the outputs of the stack, and the table is TableName. Handbell checks its
webhooks automatically every five minutes. Run this command if you don't want to wait, and after you
changed the secret: Webex doesn't show the secret that it has, so the command writes name and secret
again. Running it twice does no harm. `handbell doctor lines` checks without changing anything.")]
pub struct Options {
    /// The public address of Handbell; Webex calls URL/webex
    #[arg(long, env = "HANDBELL_PUBLIC_URL", value_name = "URL")]
    pub url: Option<String>,
    /// The configuration file; if absent, the demo's, or else handbell.yaml in the current folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The secrets: file:secrets.json or ssm:/handbell/secrets
    #[arg(long, env = "HANDBELL_SECRETS", value_name = "WHERE")]
    pub secrets: Option<String>,
    /// The table, in which the command notes that Handbell may have missed messages
    #[arg(long, env = "HANDBELL_TABLE", value_name = "NAME")]
    pub table: Option<String>,
}

/// Registers the webhooks and returns a line for each. `file` is the configuration; `variable` reads the environment.
pub async fn run(
    options: &Options,
    file: &Path,
    variable: &dyn Fn(&str) -> Option<String>,
    clock: Clock,
) -> Result<String, Failure> {
    let config = handbell_boot::read_configuration(file).map_err(|error| error.to_string())?;
    if config.webex.webhook.is_none() {
        return Err("the configuration has no `webex.webhook`: add `webhook: { secret: webex-webhook }` under `webex`".into());
    }
    let url = public_url(options.url.as_deref())?;
    let secrets = options.secrets.clone().ok_or(
        "Webex needs Handbell's token: name the secrets with --secrets ssm:/handbell/secrets or HANDBELL_SECRETS",
    )?;
    let table = options.table.clone().ok_or(
        "the command must note in the table that Handbell may have missed messages: name it with --table NAME or \
         HANDBELL_TABLE (TableName in the outputs of the stack)",
    )?;
    let environment = Environment::from(|name| match name {
        "HANDBELL_CONFIG" => Some(file.display().to_string()),
        "HANDBELL_PUBLIC_URL" => Some(url.clone()),
        "HANDBELL_SECRETS" => Some(secrets.clone()),
        "HANDBELL_TABLE" => Some(table.clone()),
        // The command sends nothing to the queue or the bus.
        "HANDBELL_QUEUE_URL" | "HANDBELL_BUS" => Some(String::new()),
        _ => variable(name),
    });
    let advice = "to use a profile of the AWS CLI: eval \"$(aws configure export-credentials --format env)\"";
    let environment = environment
        .map_err(|error| Failure::unreachable(format!("AWS can't be reached: {error}\n({advice})")))?;
    let webhooks = handbell_boot::webhooks(&environment, clock, handbell_boot::random_ids())
        .map_err(|error| error.to_string())?;
    let done = webhooks.sync().await.map_err(|fault| {
        Failure::unreachable(format!("the webhooks are not complete: {fault}\nChanges that were made stay; run the command again when this is fixed."))
    })?;
    Ok(told(&url, &done))
}

/// Returns the address without a slash at the end. Webex calls it from outside, so only a laptop's address may lack https.
fn public_url(given: Option<&str>) -> Result<String, String> {
    let Some(given) = given else {
        return Err("name the public address of Handbell with --url https://… or HANDBELL_PUBLIC_URL (PublicUrl in the \
                    outputs of the stack)"
            .into());
    };
    let wrong = || format!("{given:?} is not an address such as https://bell.example.com");
    let url = Url::parse(given).map_err(|_| wrong())?;
    let here = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    let fits = url.has_host() && (url.scheme() == "https" || (here && url.scheme() == "http"));
    if !fits || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
        return Err(wrong());
    }
    // Use the text as given, not the parsed URL: Handbell compares the addresses character by character.
    let url = given.trim().trim_end_matches('/');
    if url.ends_with("/webex") {
        return Err(format!("write {given:?} without /webex at the end; the command adds it"));
    }
    Ok(url.to_owned())
}

fn told(url: &str, done: &[WebhookSync]) -> String {
    let mut out = format!("Webex calls {url}/webex:\n");
    for WebhookSync { about, done } in done {
        let what = match done {
            WebhookChange::Fine => "unchanged",
            WebhookChange::Registered => "was missing; registered",
            WebhookChange::SwitchedOn => "was disabled by Webex; enabled again",
            WebhookChange::Renewed => "existed; name and secret written again",
            WebhookChange::Removed => "existed twice; one removed",
        };
        let _ = writeln!(out, "  {about:<26}{what}");
    }
    out
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use handbell_local::gate::Gate;
    use handbell_local::runner::{Runner, RunnerOptions, WEBEX_SECRET, WEBEX_TOKEN, Workers, start};

    fn demo() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/green-power/handbell.yaml")
    }

    async fn runner() -> Runner {
        start(RunnerOptions {
            port: 0,
            config: demo(),
            data: None,
            bot: false,
            workers: Workers::InProcess(Gate::default()),
            pace: Duration::ZERO,
            automatic: false,
            overrides: Vec::new(),
            held_at: None,
            show_logs: false,
        })
        .await
        .unwrap()
    }

    fn options() -> Options {
        Options { url: None, config: None, secrets: None, table: None }
    }

    async fn ask(options: &Options, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, Failure> {
        run(options, &demo(), variable, Arc::new(|| "2026-11-21T10:00:00Z".parse().unwrap())).await
    }

    #[tokio::test]
    async fn each_webhook_gets_a_line() {
        let runner = runner().await;
        let origin = format!("http://{}", runner.address);
        let secrets = std::env::temp_dir().join(format!("handbell-secrets-{}.json", uuid::Uuid::new_v4()));
        let document = serde_json::json!({ "webex": WEBEX_TOKEN, "webex-webhook": WEBEX_SECRET });
        std::fs::write(&secrets, document.to_string()).unwrap();
        let options = Options {
            url: Some(format!("{origin}/")),
            secrets: Some(format!("file:{}", secrets.display())),
            table: Some("handbell".into()),
            ..options()
        };
        let cloud = runner.cloud.env();
        let variable = |name: &str| match name {
            "HANDBELL_WEBEX_URL" => Some(format!("{origin}/sim/webex/v1")),
            _ => cloud.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()),
        };
        let options = Options { table: variable("HANDBELL_TABLE"), ..options };
        let steady = |text: String| text.replace(&origin, "http://laptop");
        let first = ask(&options, &variable).await.unwrap();
        insta::assert_snapshot!(steady(first), @"
        Webex calls http://laptop/webex:
          messages created          was missing; registered
          attachmentActions created was missing; registered
          messages updated          was missing; registered
          messages deleted          was missing; registered
        ");
        let again = ask(&options, &variable).await.unwrap();
        assert_eq!(again.matches("written again").count(), 4, "{again}");
        let http = handbell_boot::client().unwrap();
        let off = http.post(format!("{origin}/sim/webex/webhooks/disable")).send().await.unwrap();
        assert!(off.status().is_success());
        let on = ask(&options, &variable).await.unwrap();
        assert_eq!(on.matches("enabled again").count(), 4, "{on}");
        std::fs::remove_file(&secrets).unwrap();
    }

    #[tokio::test]
    async fn the_error_names_the_missing_option() {
        let nothing = ask(&options(), &|_| None).await.unwrap_err().to_string();
        assert!(nothing.contains("--url"), "{nothing}");
        let url = Options { url: Some("https://bell.example.com".into()), ..options() };
        let no_secrets = ask(&url, &|_| None).await.unwrap_err().to_string();
        assert!(no_secrets.contains("--secrets"), "{no_secrets}");
        let secrets = Options { secrets: Some("file:not-there.json".into()), ..url };
        let no_table = ask(&secrets, &|_| None).await.unwrap_err().to_string();
        assert!(no_table.contains("HANDBELL_TABLE"), "{no_table}");
        let table = Options { table: Some("handbell".into()), ..secrets };
        let no_region = ask(&table, &|_| None).await.unwrap_err().to_string();
        assert!(no_region.contains("AWS_REGION") && no_region.contains("export-credentials"), "{no_region}");
        let no_file = ask(&table, &|_| Some("x".into())).await.unwrap_err().to_string();
        assert!(no_file.contains("not-there.json") && no_file.contains("run the command again"), "{no_file}");
    }

    #[test]
    fn an_address_is_one_that_webex_can_call() {
        assert_eq!(public_url(Some("https://bell.example.com/")).as_deref(), Ok("https://bell.example.com"));
        assert_eq!(public_url(Some("http://127.0.0.1:8080")).as_deref(), Ok("http://127.0.0.1:8080"));
        for wrong in [
            "bell.example.com",
            "http://bell.example.com",
            "ftp://bell.example.com",
            "https://bell.example.com/?x=1",
            "https://bell.example.com/#x",
            "https://me@bell.example.com",
            "https://bell.example.com/webex",
            "",
        ] {
            assert!(public_url(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
