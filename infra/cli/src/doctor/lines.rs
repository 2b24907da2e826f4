//! `handbell doctor lines`: asks Webex and Twilio whether customers can reach the team, and gives advice if they can't.

mod hooks;
mod number;

use std::fmt::Write as _;

use clap::Args;
use handbell_boot::Environment;
use handbell_core::config::{Answers, Config, Line};
use handbell_outbound::twilio::Twilio;
use handbell_outbound::webex::{Webex, WebexPerson};
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::{Secrets, one_line, secrets};
use crate::failure::Failure;
use crate::laptop::{Laptop, StandIns};
use handbell_core::nearest;

/// Minimum length of a secret that the user makes up, in characters.
const SHORTEST: usize = 32;

/// Options of `handbell doctor lines`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  handbell doctor lines --config handbell.yaml --secrets file:secrets.json \\
      --public-url https://bell.example.com
      check all lines of the configuration
  handbell doctor lines --config handbell.yaml --secrets file:secrets.json --line support
      check one line, at whatever address its number calls
  handbell doctor lines --runner http://127.0.0.1:8080
      ask the simulated Webex and Twilio of the runner on this laptop, which need no secrets
  AWS_REGION=eu-west-1 handbell doctor lines --config handbell.yaml --secrets ssm:/handbell/secrets
      use the secrets in AWS, with credentials from the environment

The command asks Webex whose token Handbell has, which webhooks exist and who is in the team, and
asks Twilio where the number sends texts and calls. It changes nothing and notifies nobody. The
exit code is 1 if something is wrong (✗).

--json prints {wrong, \"findings\": [{about, result, text, advice}]}. about is a line, or webex for what all
lines share; result is good, note or wrong.")]
pub struct Options {
    /// Print JSON instead
    #[arg(long)]
    pub json: bool,
    /// Only this line
    #[arg(long, value_name = "NAME")]
    pub line: Option<String>,
    /// The configuration file; if absent, the demo's, or else handbell.yaml in the current folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,
    /// Ask the simulated Webex and Twilio of the runner on this laptop
    #[arg(long, value_name = "URL")]
    pub runner: Option<String>,
    /// The secrets: file:secrets.json or ssm:/handbell/secrets
    #[arg(long, env = "HANDBELL_SECRETS", value_name = "WHERE")]
    pub secrets: Option<String>,
    /// The public address of Handbell: PublicUrl in the outputs of the stack
    #[arg(long, env = "HANDBELL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

/// Result of the check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The text for people.
    #[serde(skip)]
    pub text: String,
    /// Number of findings that are wrong.
    pub wrong: usize,
    /// The findings, in the order of the text.
    pub findings: Vec<Finding>,
    /// Subject of the next findings: a line, or `webex` for what all lines share.
    #[serde(skip)]
    about: String,
}

/// Result of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A line's name, or `webex` for what all lines share.
    pub about: String,
    /// Whether something has to be done.
    pub result: Verdict,
    /// What the check found.
    pub text: String,
    /// What to do, if the result is wrong.
    pub advice: Option<String>,
}

/// Verdict of one check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing is wrong.
    Good,
    /// Neither good nor wrong, but worth knowing.
    Note,
    /// Somebody has to do something.
    Wrong,
}

impl Found {
    fn good(&mut self, what: &str) {
        let _ = writeln!(self.text, "  ✓ {}", one_line(what));
        self.add(Verdict::Good, what, None);
    }

    fn note(&mut self, what: &str) {
        let _ = writeln!(self.text, "  · {}", one_line(what));
        self.add(Verdict::Note, what, None);
    }

    fn wrong(&mut self, what: &str, advice: &str) {
        self.wrong += 1;
        let _ = writeln!(self.text, "  ✗ {}\n    → {}", one_line(what), one_line(advice));
        self.add(Verdict::Wrong, what, Some(one_line(advice)));
    }

    fn add(&mut self, result: Verdict, what: &str, advice: Option<String>) {
        self.findings.push(Finding { about: self.about.clone(), result, text: one_line(what), advice });
    }
}

/// The clients and settings with which the lines are checked.
struct Asked<'a> {
    webex: Webex,
    twilio: Option<Twilio>,
    /// The base address of Twilio's API, and our account there.
    twilio_at: (String, String),
    /// `None` on the laptop, whose secrets need no check.
    secrets: Option<Secrets>,
    /// The public address of Handbell, without a slash at the end.
    public_url: Option<&'a str>,
}

/// Checks the lines. `variable` reads the environment; the error names the missing option.
pub async fn run(
    options: &Options,
    config: &Config,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Found, Failure> {
    let lines = chosen(options, config)?;
    let asked = whom(options, config, variable).await?;
    let mut found = Found { text: "Webex\n".to_owned(), about: "webex".to_owned(), ..Found::default() };
    let me = match asked.webex.me().await {
        Ok(me) => me,
        Err(failure) => {
            let advice =
                format!("Check the secret {:?}, and that Webex can be reached.", config.webex.token.secret);
            found.wrong(&format!("whose token this is: {}", failure.why()), &advice);
            found.text.push_str("\nWithout Webex nobody can answer, so nothing else was checked.\n");
            return Ok(found);
        }
    };
    token(&me, &lines, &mut found);
    hooks::check(&asked, config, &mut found).await;
    for (name, line) in lines {
        let label = line.label.as_deref().unwrap_or(name);
        name.clone_into(&mut found.about);
        let _ = writeln!(found.text, "\n{name}: {} ({})", one_line(label), line.number);
        team(&asked.webex, line, &me, &mut found).await;
        number::check(&asked, line, &mut found).await;
        form(&asked, name, line, &mut found);
    }
    let verdict = match found.wrong {
        0 => "\nGood: customers can reach the team.\n".to_owned(),
        1 => "\n1 thing is wrong.\n".to_owned(),
        wrong => format!("\n{wrong} things are wrong.\n"),
    };
    found.text.push_str(&verdict);
    Ok(found)
}

fn chosen<'a>(options: &Options, config: &'a Config) -> Result<Vec<(&'a str, &'a Line)>, String> {
    let names = || config.lines.keys().map(String::as_str);
    let Some(wanted) = &options.line else {
        let all: Vec<_> = config.lines.iter().map(|(name, line)| (name.as_str(), line)).collect();
        return if all.is_empty() {
            Err("the configuration has no lines, so customers reach nobody; name another configuration with --config".into())
        } else {
            Ok(all)
        };
    };
    let Some((name, line)) = config.lines.get_key_value(wanted) else {
        let meant = nearest(wanted, names()).map(|meant| format!("; did you mean {meant:?}?"));
        let all = || format!("; the lines are: {}", names().collect::<Vec<_>>().join(", "));
        return Err(format!("there is no line {wanted:?}{}", meant.unwrap_or_else(all)));
    };
    Ok(vec![(name, line)])
}

async fn whom<'a>(
    options: &'a Options,
    config: &Config,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Asked<'a>, Failure> {
    let http = handbell_boot::client().map_err(|error| error.to_string())?;
    let account = config.twilio.as_ref().map(|twilio| twilio.account.clone()).unwrap_or_default();
    if let Some(runner) = &options.runner {
        let laptop = Laptop::reach(runner, "there are no simulated vendors to ask").await?;
        let runner = runner.trim_end_matches('/');
        let base = laptop.url("sim/twilio");
        let StandIns { webex, twilio, .. } = laptop.secrets().clone();
        let twilio = Twilio::new(http.clone(), base.clone(), account.clone(), account.clone(), twilio.into());
        let webex = Webex::new(http, laptop.url("sim/webex/v1"), webex.into());
        let public_url = options.public_url.as_deref().map_or(runner, |url| url.trim_end_matches('/'));
        return Ok(Asked {
            webex,
            twilio: config.twilio.as_ref().map(|_| twilio),
            twilio_at: (base, account),
            secrets: None,
            public_url: Some(public_url),
        });
    }
    let Some(place) = &options.secrets else {
        return Err(
            "Webex and Twilio need a password: name the secrets with --secrets file:secrets.json or \
             HANDBELL_SECRETS, or ask the runner on this laptop with --runner http://127.0.0.1:8080"
                .into(),
        );
    };
    let secrets = secrets(place, variable).await?;
    let missing = |name: &str| format!("the secret {name:?} is not in the secrets document");
    let secret = |name: &str| secrets.get(name).cloned().ok_or_else(|| missing(name));
    // Of the environment, only the vendors' addresses are used.
    let environment = Environment::from(|name| {
        variable(name).or_else(|| Some(String::new())).filter(|value| {
            !(value.is_empty() && matches!(name, "HANDBELL_WEBEX_URL" | "HANDBELL_TWILIO_URL"))
        })
    });
    let environment = environment.map_err(|error| error.to_string())?;
    let webex = Webex::new(http.clone(), environment.webex_url, secret(&config.webex.token.secret)?);
    let twilio = match &config.twilio {
        None => None,
        Some(settings) => {
            let (user, name) = match &settings.key {
                Some(key) => (key.sid.clone(), &key.secret),
                None => (account.clone(), &settings.token.secret),
            };
            Some(Twilio::new(http, environment.twilio_url.clone(), account.clone(), user, secret(name)?))
        }
    };
    let public_url = options.public_url.as_deref().map(|url| url.trim_end_matches('/'));
    Ok(Asked {
        webex,
        twilio,
        twilio_at: (environment.twilio_url, account),
        secrets: Some(secrets),
        public_url,
    })
}

/// Reports which messages our token receives, and so what agents have to do.
fn token(me: &WebexPerson, lines: &[(&str, &Line)], found: &mut Found) {
    let name = me.display_name.as_deref().unwrap_or("an account without a name");
    if me.kind.as_deref() != Some("bot") {
        return found.good(&format!(
            "the token belongs to {name}, which is not a bot: it receives every message in its spaces"
        ));
    }
    let reply = if lines.iter().any(|(_, line)| line.answers == Answers::Explicit) {
        ", followed by /reply on a line with `answers: explicit`"
    } else {
        ""
    };
    found.note(&format!(
        "the token belongs to the bot {name}, which receives only messages that mention it: agents begin an answer to a customer \
         with a mention of the bot{reply}; everything else stays in Webex. With the token of a user or a service app, they just write."
    ));
}

/// Checks that a secret which the user makes up exists and is long enough.
fn own_secret(asked: &Asked<'_>, name: &str, what: &str, found: &mut Found) {
    let Some(secrets) = &asked.secrets else {
        return found.note(&format!("{what} is that of the runner"));
    };
    let advice = format!(
        "Put {SHORTEST} characters or more into the secrets document as {name:?}: openssl rand -hex 32"
    );
    match secrets.get(name).map(|secret| secret.expose_secret().chars().count()) {
        None => found.wrong(&format!("{what}: {name:?} is not in the secrets document"), &advice),
        Some(length) if length < SHORTEST => {
            found.wrong(&format!("{what} has {length} characters, which can be guessed"), &advice);
        }
        Some(_) => found.good(&format!("{what} is present, and long enough")),
    }
}

/// Checks that Webex knows the team and the agents of a line.
async fn team(webex: &Webex, line: &Line, me: &WebexPerson, found: &mut Found) {
    if let Some(team) = &line.team {
        match webex.team_members(team).await {
            Ok(mates) => match mates.iter().filter(|mate| mate.person_id != me.id).count() {
                0 => {
                    found.wrong("nobody but Handbell is in the team", "Add the agents to the team in Webex.")
                }
                others => found.good(&format!("the team can be read; without Handbell it has {others}")),
            },
            Err(failure) => {
                let us = me.emails.iter().flatten().next().map_or("Handbell's account", String::as_str);
                let advice = format!("`team` must be a team's id, and {us} a member of it: add it in Webex.");
                found.wrong(&format!("the members of the team: {}", failure.why()), &advice);
            }
        }
    }
    for agent in &line.agents {
        let email = &agent.email;
        match webex.person_by_email(email).await {
            Ok(Some(person)) if person.kind.as_deref() != Some("person") => {
                found.wrong(
                    &format!("{email} is not a person"),
                    "Messages from machines never reach customers; name a person.",
                );
            }
            Ok(Some(person)) => {
                let there = match person.is_there() {
                    Some(true) => "is present now",
                    Some(false) => "is not present now",
                    None => "is known; Webex doesn't report whether they are present",
                };
                found.good(&format!("{email} {there}"));
            }
            Ok(None) => found.note(&format!(
                "{email}: Webex finds nobody. It finds only people of Handbell's own organisation: if this person belongs to \
                 another, this entry is fine, but nobody is asked to answer because of it; else correct the address."
            )),
            Err(failure) => found.wrong(&format!("{email}: {}", failure.why()), "Try again in a minute."),
        }
    }
}

/// Checks the web form, and notes how to check the mail that answers it.
fn form(asked: &Asked<'_>, name: &str, line: &Line, found: &mut Found) {
    if let Some(form) = &line.form {
        own_secret(asked, &form.secret, "the form's secret", found);
        let base = asked.public_url.unwrap_or("https://…");
        found.note(&format!("the form is at {base}/contact/{name}"));
    }
    if let Some(mail) = &line.mail {
        found.note(&format!(
            "mail from {0}: only AWS knows whether it may be sent: aws sesv2 get-email-identity --email-identity {0} (or its \
             domain)",
            mail.from
        ));
    }
}

#[cfg(test)]
mod tests;
