//! `handbell doctor lines`: asks Webex and Twilio whether customers can reach the team, and says what to do where they can't.

mod hooks;
mod number;

use std::fmt::Write as _;

use clap::Args;
use handbell_boot::Environment;
use handbell_core::config::{Answers, Config, Line};
use handbell_outbound::twilio::Twilio;
use handbell_outbound::webex::{Person, Webex};
use secrecy::ExposeSecret as _;
use serde::Serialize;

use super::{Secrets, one_line, secrets};
use crate::check::nearest;
use crate::failure::Failure;
use crate::laptop::{Laptop, StandIns};

/// How short a secret of our own may be, in characters.
const SHORTEST: usize = 32;

/// What can be asked of `handbell doctor lines`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  handbell doctor lines --config handbell.yaml --secrets file:secrets.json \\
      --public-url https://bell.example.com
      all lines of the configuration
  handbell doctor lines --config handbell.yaml --secrets file:secrets.json --line support
      one of them, wherever its number leads
  handbell doctor lines --runner http://127.0.0.1:8080
      the stand-ins of the runner on this laptop, which need no secrets
  AWS_REGION=eu-west-1 handbell doctor lines --config handbell.yaml --secrets ssm:/handbell/secrets
      the secrets as they are in AWS; credentials from the environment

It asks Webex who our token is, which webhooks there are and who is in the team, and Twilio where
the number sends texts and calls. Nothing is changed and nobody is told. The exit code is 1 if
something is wrong (✗).

--json prints {wrong, \"findings\": [{about, result, text, advice}]}: about is a line, or webex for what all
lines share, and result good, note or wrong.")]
pub struct Options {
    /// Print JSON instead
    #[arg(long)]
    pub json: bool,
    /// Only this line
    #[arg(long, value_name = "NAME")]
    pub line: Option<String>,
    /// The configuration; the demo's if absent
    #[arg(long, value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,
    /// Ask the stand-ins of the runner on this laptop, in the place of Webex and Twilio
    #[arg(long, value_name = "URL")]
    pub runner: Option<String>,
    /// The secrets: file:secrets.json or ssm:/handbell/secrets
    #[arg(long, env = "HANDBELL_SECRETS", value_name = "WHERE")]
    pub secrets: Option<String>,
    /// How the world reaches Handbell: PublicUrl in the outputs of the stack
    #[arg(long, env = "HANDBELL_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// For people.
    #[serde(skip)]
    pub text: String,
    /// So many things are wrong.
    pub wrong: usize,
    /// One by one.
    pub findings: Vec<Finding>,
    /// What is being looked at: a line, or `webex` for what all lines share.
    #[serde(skip)]
    about: String,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// A line's name, or `webex` for what all lines share.
    pub about: String,
    /// What came of it.
    pub result: Verdict,
    /// What was found.
    pub text: String,
    /// What to do, if it is wrong.
    pub advice: Option<String>,
}

/// What came of looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is as it should be.
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

/// Whom to ask, and with what.
struct Asked<'a> {
    webex: Webex,
    twilio: Option<Twilio>,
    /// The address of Twilio's API, and our account there.
    twilio_at: (String, String),
    /// None on the laptop, whose secrets are good.
    secrets: Option<Secrets>,
    /// How the world reaches us, without a slash at the end.
    public_url: Option<&'a str>,
}

/// Asks about the lines. `variable` is the environment; the error says what has to be given.
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
            found.wrong(&format!("who our token is: {}", failure.why()), &advice);
            found.text.push_str("\nWithout Webex nobody answers, so nothing else was asked.\n");
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
        0 => "\nGood: customers reach the team.\n".to_owned(),
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
            Err("the configuration has no lines, so no customer reaches anybody; name another one with --config".into())
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
        let laptop = Laptop::reach(runner, "there are no stand-ins to ask").await?;
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
            "Webex and Twilio want a password: say where the secrets are (--secrets file:secrets.json, or \
                    HANDBELL_SECRETS), or ask the runner on this laptop with --runner http://127.0.0.1:8080"
                .into(),
        );
    };
    let secrets = secrets(place, variable).await?;
    let missing = |name: &str| format!("the secret {name:?} is not in the secrets document");
    let secret = |name: &str| secrets.get(name).cloned().ok_or_else(|| missing(name));
    // Of all that the environment tells, only where the vendors are.
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

/// What our token lets us hear, and so what agents must do.
fn token(me: &Person, lines: &[(&str, &Line)], found: &mut Found) {
    let name = me.display_name.as_deref().unwrap_or("nobody that has a name");
    if me.kind.as_deref() != Some("bot") {
        return found.good(&format!(
            "our token is that of {name}, which is no bot: it hears everything in its spaces"
        ));
    }
    let reply = if lines.iter().any(|(_, line)| line.answers == Answers::Explicit) {
        ", and on a line with `answers: explicit` with /reply after it"
    } else {
        ""
    };
    found.note(&format!(
        "our token is that of the bot {name}, which hears only what mentions it: agents begin what shall go out with a mention \
         of it{reply}; everything else stays in Webex. With the token of a user or a service app they just write."
    ));
}

/// Whether a secret that somebody made up is there and long enough.
fn own_secret(asked: &Asked<'_>, name: &str, what: &str, found: &mut Found) {
    let Some(secrets) = &asked.secrets else {
        return found.note(&format!("{what} is the laptop's own"));
    };
    let advice = format!(
        "Put {SHORTEST} characters or more into the secrets document as {name:?}: openssl rand -hex 32"
    );
    match secrets.get(name).map(|secret| secret.expose_secret().chars().count()) {
        None => found.wrong(&format!("{what}: {name:?} is not in the secrets document"), &advice),
        Some(length) if length < SHORTEST => {
            found.wrong(&format!("{what} has {length} characters, which can be guessed"), &advice);
        }
        Some(_) => found.good(&format!("{what} is there, and long enough")),
    }
}

/// Who answers, as Webex knows them.
async fn team(webex: &Webex, line: &Line, me: &Person, found: &mut Found) {
    if let Some(team) = &line.team {
        match webex.team_members(team).await {
            Ok(mates) => match mates.iter().filter(|mate| mate.person_id != me.id).count() {
                0 => {
                    found.wrong("nobody is in the team but us", "Add those who answer to the team, in Webex.")
                }
                others => found.good(&format!("the team can be read; beside us it has {others}")),
            },
            Err(failure) => {
                let us = me.emails.iter().flatten().next().map_or("us", String::as_str);
                let advice = format!("`team` is a team's id, and {us} must be in it: add it in Webex.");
                found.wrong(&format!("who is in the team: {}", failure.why()), &advice);
            }
        }
    }
    for agent in &line.agents {
        let email = &agent.email;
        match webex.person_by_email(email).await {
            Ok(Some(person)) if person.kind.as_deref() != Some("person") => {
                found.wrong(&format!("{email} is no person"), "What machines write never leaves; name a person.");
            }
            Ok(Some(person)) => {
                let there = match person.is_there() {
                    Some(true) => "is there now",
                    Some(false) => "isn't there just now",
                    None => "is known; Webex doesn't tell us whether they are there",
                };
                found.good(&format!("{email} {there}"));
            }
            Ok(None) => found.note(&format!(
                "{email}: Webex finds nobody. Only people of our own organisation are found: fine if they aren't, but then \
                 nobody is asked to answer by this entry; else correct the address."
            )),
            Err(failure) => found.wrong(&format!("{email}: {}", failure.why()), "Try again in a minute."),
        }
    }
}

/// The web form, and the mail that answers it.
fn form(asked: &Asked<'_>, name: &str, line: &Line, found: &mut Found) {
    if let Some(form) = &line.form {
        own_secret(asked, &form.secret, "the form's secret", found);
        let base = asked.public_url.unwrap_or("https://…");
        found.note(&format!("the form is at {base}/contact/{name}"));
    }
    if let Some(mail) = &line.mail {
        found.note(&format!(
            "mail from {0}: only AWS can say whether it may go out: aws sesv2 get-email-identity --email-identity {0} (or its \
             domain)",
            mail.from
        ));
    }
}

#[cfg(test)]
mod tests;
