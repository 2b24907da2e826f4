//! `handbell explain`: says what a mail would do, why, and to which incident it would go.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use handbell_core::alert::mail::{
    AuthVerdict, AuthVerdicts, Judged, Judgement, MailKey, MeantBy, ParsedMail, ReadBy, explain, title,
};
use handbell_core::config::{AlertSource, Config, MailMeaning};
use handbell_core::incident::{Incident, Subject};
use handbell_inbound::mail::{parse, verdicts_in};
use serde::Serialize;

use crate::directory::{self, Around, At, Directory, known, unreachable};
use crate::failure::Failure;

/// Options of `handbell explain`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  handbell explain mail.eml --config handbell.yaml
      say what a mail would do to the only source of the configuration
  handbell explain mail.eml --config handbell.yaml --source monitoring
      the same for one of several sources
  handbell explain mail.eml --source demo --runner http://127.0.0.1:8080
      also look the incident up in the runner on this laptop
  HANDBELL_TABLE=handbell AWS_REGION=eu-west-1 handbell explain mail.eml --config handbell.yaml
      also look the incident up in AWS, with credentials from the environment

mail.eml is a mail as it arrived, with its headers: what a mail program saves as a file. A mail
without SES's own headers counts as one from a mailbox, whose sender is trusted.

The command sends nothing and changes nothing. Without --runner and HANDBELL_TABLE it needs no
table, and shows the key of the incident instead of its state.

--json prints {does, subject, source, because, key, incident, open}. does is raise, join, acknowledge, end,
nothing, doubtful or quarantine; key and incident are null if the mail has none; open is the incident's
reference, or null if none is open or no table was asked.")]
pub struct Options {
    /// Print JSON instead
    #[arg(long)]
    pub json: bool,
    /// The source that the mail is for; needed if the configuration has several
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The configuration file; if absent, the demo's, or else handbell.yaml in the current folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The runner on this laptop, or the table HANDBELL_TABLE in AWS.
    #[command(flatten)]
    pub at: At,
    /// The mail
    #[arg(value_name = "MAIL")]
    pub file: PathBuf,
}

/// What a mail would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// What it would do, in one word.
    pub does: &'static str,
    /// Its subject, or the first line of a mail without one.
    pub subject: String,
    /// Name of the source.
    pub source: String,
    /// What decided it.
    pub because: String,
    /// The key of the problem.
    pub key: Option<String>,
    /// The subject of the incident that the key stands for.
    pub incident: Option<String>,
    /// Reference of the open incident to which the mail would go.
    pub open: Option<String>,
    /// Whether a table was asked.
    #[serde(skip)]
    pub asked: bool,
}

/// Explains the mail in `bytes`. Asks a table only if the options or the environment name one.
pub async fn run(
    options: &Options,
    config: &Config,
    bytes: &[u8],
    around: &Around<'_>,
) -> Result<Explained, Failure> {
    let (name, source) = chosen(options, config)?;
    let names = config.state_names();
    let state_name = names.sources.state(name);
    let mail = parse(bytes);
    let verdicts = Some(verdicts_in(bytes)).filter(|verdicts| verdicts.virus != AuthVerdict::Absent);
    let judged = explain(source, &mail, &verdicts.unwrap_or_else(AuthVerdicts::of_mailbox));
    let key = key(&judged.judgement);
    let mut explained = Explained {
        does: does(&judged.judgement),
        subject: title(&mail),
        source: name.to_owned(),
        because: because(&judged, &mail, source),
        key: key.map(ToString::to_string),
        incident: key.map(|key| Subject::alert(state_name, &key.exact).as_str().to_owned()),
        open: None,
        asked: false,
    };
    if let Some(key) = key
        && (options.at.runner.is_some() || (around.variable)("HANDBELL_TABLE").is_some())
    {
        let directory = directory::open(&options.at, around).await?;
        explained.asked = true;
        if let Some(incident) = open(&directory, state_name, &judged.judgement, key).await? {
            explained.incident = Some(incident.subject.as_str().to_owned());
            explained.open = Some(incident.reference());
        }
    }
    Ok(explained)
}

fn chosen<'a>(options: &Options, config: &'a Config) -> Result<(&'a str, &'a AlertSource), Failure> {
    let mut names = config.sources.keys();
    let name = match (&options.source, names.next(), names.next()) {
        (Some(wanted), ..) => known("source", wanted, config.sources.keys())?,
        (None, Some(only), None) => only,
        (None, None, _) => {
            return Err(
                "the configuration has no sources, so no mail has a meaning; name another with --config"
                    .into(),
            );
        }
        (None, Some(_), Some(_)) => {
            let names: Vec<&str> = config.sources.keys().map(String::as_str).collect();
            return Err(
                format!("which source is the mail for? Add --source NAME: {}", names.join(", ")).into()
            );
        }
    };
    let source = config.sources.get_key_value(name);
    source
        .map(|(name, source)| (name.as_str(), source))
        .ok_or_else(|| format!("there is no source {name:?}").into())
}

fn key(judgement: &Judgement) -> Option<&MailKey> {
    match judgement {
        Judgement::Raise(raised) => Some(&raised.key),
        Judgement::Join { key, .. }
        | Judgement::Acknowledge { key }
        | Judgement::Resolve { key }
        | Judgement::Doubtful { key, .. } => Some(key),
        Judgement::Ignore { .. } | Judgement::Quarantine { .. } => None,
    }
}

fn does(judgement: &Judgement) -> &'static str {
    match judgement {
        Judgement::Raise(_) => "raise",
        Judgement::Join { doubt: Some(_), .. } | Judgement::Doubtful { .. } => "doubtful",
        Judgement::Join { .. } => "join",
        Judgement::Acknowledge { .. } => "acknowledge",
        Judgement::Resolve { .. } => "end",
        Judgement::Ignore { .. } => "nothing",
        Judgement::Quarantine { .. } => "quarantine",
    }
}

/// Returns what decided the meaning, in words that follow "because".
fn because(judged: &Judged, mail: &ParsedMail, source: &AlertSource) -> String {
    let reading = match judged.reading.by {
        ReadBy::System { name, form } => format!("it is a mail of {name}: {form}"),
        ReadBy::Grammar { slot } => {
            format!("its state {:?} stands {}", judged.reading.state, slot.describe())
        }
        ReadBy::Nothing => "no word of its subject stands where a state does, so it is trouble".to_owned(),
    };
    let decided = match (&judged.judgement, judged.by) {
        (Judgement::Ignore { why } | Judgement::Quarantine { why }, _) => why.clone(),
        (_, MeantBy::Rule(number)) => format!("rule {number} of its source says so"),
        (_, MeantBy::Otherwise) if source.otherwise != MailMeaning::Raise => {
            "it fits no rule of its source, whose `otherwise` says so".to_owned()
        }
        _ => reading,
    };
    match &judged.judgement {
        Judgement::Doubtful { why, .. } => format!("{decided}; but {why}"),
        Judgement::Join { doubt: Some(why), .. } => format!("{decided}; but {why}"),
        _ if mail.in_reply_to.is_empty() => decided,
        _ => {
            format!("{decided}; as a reply, it joins the incident of the earlier mail if both name the same")
        }
    }
}

/// Returns the open incident to which a mail with this key would go.
async fn open(
    directory: &Directory,
    source: &str,
    judgement: &Judgement,
    key: &MailKey,
) -> Result<Option<Incident>, Failure> {
    let incidents = directory.store.incidents();
    let mut found = Vec::new();
    let own = Subject::alert(source, &key.exact);
    if let Some(incident) =
        incidents.incident(&own).await.map_err(unreachable)?.filter(|incident| !incident.phase.is_final())
    {
        return Ok(Some(incident));
    }
    let Some(shared) = &key.shared else { return Ok(None) };
    for named in
        directory.store.mails().incidents_of_key(&shared.row_name(source)).await.map_err(unreachable)?
    {
        let incident = incidents.incident(&named.subject).await.map_err(unreachable)?;
        let agrees = |incident: &Incident| {
            !incident.phase.is_final()
                && incident.alert.as_ref().is_some_and(|alert| alert.agrees_with(Some(&shared.left_out)))
        };
        found.extend(incident.filter(agrees));
    }
    // As in the intake of mails: an end must not choose.
    let raises = matches!(judgement, Judgement::Raise(_) | Judgement::Join { .. });
    Ok(if found.len() == 1 || raises { found.pop() } else { None })
}

impl Explained {
    /// Returns the text for people.
    pub fn text(&self) -> String {
        let what = match self.does {
            "raise" if self.open.is_some() => "join an open incident and count as a further report",
            "raise" => "raise an alert, unless an incident with its key is open, which it then joins",
            "join" => "be posted in the open incident, and open none",
            "acknowledge" => "acknowledge an open incident",
            "end" => "end an open incident",
            "doubtful" => "change nothing, and be noted in an open incident",
            "quarantine" => "be put aside unread",
            _ => "do nothing",
        };
        let mut text = format!("This mail would {what}.\n\n");
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(text, "  {name:<9} {value}");
        };
        line("mail", &self.subject);
        line("source", &self.source);
        line("because", &self.because);
        if let (Some(key), Some(incident)) = (&self.key, &self.incident) {
            line("key", key);
            line("incident", incident);
        }
        match (&self.open, self.asked) {
            (Some(reference), _) => line("open", reference),
            (None, true) if self.key.is_some() && self.does != "raise" => {
                line("open", "none: it would have no effect, and `handbell doctor mail` would list it");
            }
            (None, true) if self.key.is_some() => line("open", "none: it would open one"),
            _ => {}
        }
        text
    }
}

#[cfg(test)]
mod tests;
