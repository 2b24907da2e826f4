use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use handbell_app::HOOKS;
use handbell_local::runner::{TWILIO_TOKEN, WEBEX_TOKEN};
use handbell_sim::twilio::Twilio as Phones;
use handbell_sim::webex::Webex as Spaces;
use handbell_sim::{SimAccount, Stage};

const ACCOUNT: &str = "ACffffffffffffffffffffffffffffffff";
const NUMBER: &str = "+12025550100";

fn config(line: Value) -> Config {
    serde_json::from_value(json!({
        "webex": { "token": { "secret": "webex" }, "webhook": { "secret": "webex-webhook" } },
        "twilio": { "account": ACCOUNT, "token": { "secret": "twilio" }, "from": NUMBER },
        "lines": { "support": line },
    }))
    .unwrap()
}

fn plain() -> Value {
    json!({ "number": NUMBER, "label": "Support", "agents": [{ "email": "alice@example.com" }] })
}

fn options() -> Options {
    Options { line: None, config: None, json: false, runner: None, secrets: None, public_url: None }
}

/// Simulated Webex and Twilio.
struct Stand {
    origin: String,
    http: reqwest::Client,
}

impl Stand {
    async fn new(bot: bool) -> Self {
        let account = SimAccount {
            webex_token: WEBEX_TOKEN.into(),
            bot,
            webex_secret: String::new(),
            twilio_account: ACCOUNT.into(),
            twilio_token: TWILIO_TOKEN.into(),
            own_numbers: vec![NUMBER.into(), "+120255501001".into()],
        };
        let http = handbell_boot::client().unwrap();
        let stage = Stage::new(account, Duration::ZERO, http.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        stage.origin.write().unwrap().clone_from(&origin);
        let router = Spaces::new(stage.clone()).router().merge(Phones::new(stage.clone()).router());
        let router = router.merge(handbell_local::connection::router(stage));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, http }
    }

    async fn webex(&self, path: &str, body: Value) -> Value {
        let url = format!("{}/sim/webex/{path}", self.origin);
        let answer = self.http.post(url).bearer_auth(WEBEX_TOKEN).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}");
        serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default()
    }

    async fn hook(&self, (resource, event, _): (&str, &str, bool), target: &str) {
        let hook = json!({ "name": "Handbell", "targetUrl": target, "resource": resource, "event": event, "secret": "x" });
        self.webex("v1/webhooks", hook).await;
    }

    async fn all_hooks(&self) {
        for about in HOOKS {
            self.hook(about, &format!("{}/webex", self.origin)).await;
        }
    }

    /// Changes a setting of the number.
    async fn lead(&self, field: &str, to: &str) {
        let numbers =
            format!("{}/sim/twilio/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers", self.origin);
        let asked = self.http.get(format!("{numbers}.json")).basic_auth(ACCOUNT, Some(TWILIO_TOKEN));
        let all: Value = asked.send().await.unwrap().json().await.unwrap();
        let all = all["incoming_phone_numbers"].as_array().unwrap();
        let number = all.iter().find(|number| number["phone_number"] == NUMBER).unwrap();
        let url = format!("{numbers}/{}.json", number["sid"].as_str().unwrap());
        let form = serde_html_form::to_string([(field, to)]).unwrap();
        let set = self.http.post(url).basic_auth(ACCOUNT, Some(TWILIO_TOKEN));
        let set = set.header("Content-Type", "application/x-www-form-urlencoded").body(form);
        assert!(set.send().await.unwrap().status().is_success());
    }

    async fn ask(&self, line: Value) -> Found {
        let options = Options { runner: Some(self.origin.clone()), ..options() };
        self.steady(run(&options, &config(line), &|_| None).await.unwrap())
    }

    /// Runs the check as an operator would: with secrets, and with the vendors' addresses in the environment.
    async fn ask_with(&self, secrets: Value, options: Options, line: Value) -> Result<Found, Failure> {
        let file = std::env::temp_dir().join(format!("handbell-secrets-{}.json", uuid::Uuid::new_v4()));
        std::fs::write(&file, secrets.to_string()).unwrap();
        let options = Options { secrets: Some(format!("file:{}", file.display())), ..options };
        let variable = |name: &str| match name {
            "HANDBELL_WEBEX_URL" => Some(format!("{}/sim/webex/v1", self.origin)),
            "HANDBELL_TWILIO_URL" => Some(format!("{}/sim/twilio", self.origin)),
            _ => None,
        };
        let found = run(&options, &config(line), &variable).await;
        std::fs::remove_file(&file).unwrap();
        found.map(|found| self.steady(found))
    }

    fn steady(&self, found: Found) -> Found {
        Found { text: found.text.replace(&self.origin, "https://laptop"), ..found }
    }
}

#[tokio::test]
async fn a_healthy_line_is_reported() {
    let stand = Stand::new(false).await;
    stand.all_hooks().await;
    let team = stand.webex("v1/teams", json!({ "name": "Support" })).await["id"].as_str().unwrap().to_owned();
    let member = json!({ "teamId": team, "personEmail": "bob@example.com" });
    stand.webex("v1/team/memberships", member).await;
    let mut line = plain();
    line["team"] = team.into();
    line["form"] = json!({ "secret": "contact-form" });
    line["mail"] = json!({ "from": "support@example.com" });
    let found = stand.ask(line).await;
    assert_eq!(found.wrong, 0);
    insta::assert_snapshot!(found.text, @"
    Webex
      ✓ the token belongs to Handbell, which is not a bot: it receives every message in its spaces
      · the webhooks' secret is that of the runner
      ✓ webhook messages created: active, calls https://laptop/webex
      ✓ webhook attachmentActions created: active, calls https://laptop/webex
      ✓ webhook messages updated: active, calls https://laptop/webex
      ✓ webhook messages deleted: active, calls https://laptop/webex

    support: Support (+12025550100)
      ✓ the team can be read; without Handbell it has 1
      ✓ alice@example.com is present now
      ✓ texts go to https://laptop/twilio/sms
      ✓ calls go to https://laptop/twilio/voice
      ✓ ends of calls go to https://laptop/twilio/voice/status
      · the form's secret is that of the runner
      · the form is at https://laptop/contact/support
      · mail from support@example.com: only AWS knows whether it may be sent: aws sesv2 get-email-identity --email-identity support@example.com (or its domain)

    Good: customers can reach the team.
    ");
}

#[tokio::test]
async fn every_problem_comes_with_advice() {
    let stand = Stand::new(false).await;
    stand.hook(HOOKS[0], "https://elsewhere.example.com/webex").await;
    stand.hook(HOOKS[1], &format!("{}/webex", stand.origin)).await;
    stand.webex("webhooks/disable", json!({})).await;
    stand.hook(HOOKS[2], &format!("{}/webex", stand.origin)).await;
    stand.hook(HOOKS[2], &format!("{}/webex", stand.origin)).await;
    stand.lead("SmsUrl", "https://demo.twilio.com/welcome/sms/reply").await;
    stand.lead("VoiceUrl", "").await;
    let mut line = plain();
    line["team"] = "Y2lzY29zcGFyazovL3VzL1RFQU0vbm9uZQ".into();
    line["agents"] = json!([
        { "email": "unknown@example.com" },
    ]);
    assert!(stand.ask(line.clone()).await.text.contains("On the laptop it is registered"));
    let secrets = json!({ "webex": WEBEX_TOKEN, "twilio": TWILIO_TOKEN, "webex-webhook": "k".repeat(32) });
    let url = Options { public_url: Some(stand.origin.clone()), ..options() };
    let found = stand.ask_with(secrets.clone(), url, line.clone()).await.unwrap();
    assert_eq!(found.wrong, 7);
    let told = json!(found);
    let wrong: Vec<&Value> =
        told["findings"].as_array().into_iter().flatten().filter(|one| one["result"] == "wrong").collect();
    assert_eq!(
        (wrong.len(), &wrong[0]["about"], &wrong[6]["about"]),
        (7, &"webex".into(), &"support".into()),
        "{told}"
    );
    assert!(wrong.iter().all(|one| one["advice"].is_string()), "{told}");
    let (before, after) = found.text.split_once(", tracking id").unwrap();
    let text = format!("{before}{}", &after[after.find(')').unwrap()..]);
    insta::assert_snapshot!(text, @r#"
    Webex
      ✓ the token belongs to Handbell, which is not a bot: it receives every message in its spaces
      ✓ the webhooks' secret is present, and long enough
      ✗ webhook messages created: none calls Handbell (one calls https://elsewhere.example.com/webex, and stays as it is)
        → `handbell webhooks sync --url https://laptop` corrects it.
      ✗ webhook attachmentActions created: Webex has disabled it, after a hundred failures
        → `handbell webhooks sync --url https://laptop` corrects it.
      ✗ webhook messages updated: there are 2 of them, so every event arrives more than once
        → `handbell webhooks sync --url https://laptop` corrects it.
      ✗ webhook messages deleted: there is none
        → `handbell webhooks sync --url https://laptop` corrects it.

    support: Support (+12025550100)
      ✗ the members of the team: Webex doesn't know it, or doesn't let us see it (HTTP 404: Could not find a team with provided ID.)
        → `team` must be a team's id, and handbell@example.com a member of it: add it in Webex.
      · unknown@example.com: Webex finds nobody. It finds only people of Handbell's own organisation: if this person belongs to another, this entry is fine, but nobody is asked to answer because of it; else correct the address.
      ✗ texts go to https://demo.twilio.com/welcome/sms/reply, not to Handbell
        → In Twilio's console, on the number's page under "A message comes in": Webhook, https://laptop/twilio/sms, HTTP POST.
      ✗ calls go nowhere
        → In Twilio's console, on the number's page under "A call comes in": Webhook, https://laptop/twilio/voice, HTTP POST.
      ✓ ends of calls go to https://laptop/twilio/voice/status

    7 things are wrong.
    "#);
    // Without a public address, every address with the right path counts as Handbell's.
    let anywhere = stand.ask_with(secrets, options(), line).await.unwrap();
    assert!(anywhere.text.contains("✗ webhook messages deleted: there is none"), "{}", anywhere.text);
    assert!(anywhere.text.contains("sync --url https://…`"), "{}", anywhere.text);
}

#[tokio::test]
async fn a_bot_s_token_is_explained() {
    let stand = Stand::new(true).await;
    stand.all_hooks().await;
    let found = stand.ask(plain()).await;
    assert_eq!(found.wrong, 0, "{}", found.text);
    assert!(found.text.contains("with a mention of the bot; everything"), "{}", found.text);
    let mut line = plain();
    line["answers"] = "explicit".into();
    line["agents"] = json!([{ "email": "handbell@webex.bot" }]);
    let found = stand.ask(line).await;
    assert!(found.text.contains("followed by /reply"), "{}", found.text);
    assert!(
        found.wrong == 1 && found.text.contains("✗ handbell@webex.bot is not a person"),
        "{}",
        found.text
    );
}

#[tokio::test]
async fn secrets_are_checked_and_not_shown() {
    let stand = Stand::new(false).await;
    stand.all_hooks().await;
    let mut line = plain();
    line["form"] = json!({ "secret": "contact-form" });
    let url = Options { public_url: Some(stand.origin.clone()), ..options() };
    let mut secrets = json!({ "webex": WEBEX_TOKEN, "twilio": TWILIO_TOKEN, "webex-webhook": "k".repeat(32), "contact-form": "hunter2" });
    let short = stand.ask_with(secrets.clone(), url.clone(), line.clone()).await.unwrap();
    assert_eq!(short.wrong, 1, "{}", short.text);
    assert!(
        short.text.contains("the form's secret has 7 characters") && !short.text.contains("hunter2"),
        "{}",
        short.text
    );
    secrets["contact-form"] = "f".repeat(32).into();
    let good = stand.ask_with(secrets.clone(), url.clone(), line.clone()).await.unwrap();
    assert_eq!(good.wrong, 0, "{}", good.text);
    secrets.as_object_mut().unwrap().remove("contact-form");
    let missing = stand.ask_with(secrets.clone(), url.clone(), line.clone()).await.unwrap();
    assert!(missing.text.contains("\"contact-form\" is not in the secrets document"), "{}", missing.text);
    secrets["twilio"] = "another".into();
    let stranger = stand.ask_with(secrets.clone(), url.clone(), plain()).await.unwrap();
    assert!(
        stranger.wrong == 1 && stranger.text.contains("✗ the settings of +12025550100"),
        "{}",
        stranger.text
    );
    secrets["webex"] = "another".into();
    let nobody = stand.ask_with(secrets.clone(), url.clone(), plain()).await.unwrap();
    assert!(nobody.wrong == 1 && nobody.text.contains("✗ whose token this is"), "{}", nobody.text);
    secrets.as_object_mut().unwrap().remove("webex");
    let no_token = stand.ask_with(secrets, url, line).await.unwrap_err().to_string();
    assert_eq!(no_token, "the secret \"webex\" is not in the secrets document");
}

#[tokio::test]
async fn the_error_names_the_missing_option() {
    let wrong = async |options: Options, config: &Config| {
        run(&options, config, &|_| None).await.unwrap_err().to_string()
    };
    let config = config(plain());
    let no_secrets = wrong(options(), &config).await;
    assert!(no_secrets.contains("--secrets") && no_secrets.contains("--runner"), "{no_secrets}");
    let no_line = wrong(Options { line: Some("suport".into()), ..options() }, &config).await;
    assert_eq!(no_line, "there is no line \"suport\"; did you mean \"support\"?");
    let none = Config { lines: Default::default(), ..config };
    assert!(wrong(options(), &none).await.contains("no lines"));
}
