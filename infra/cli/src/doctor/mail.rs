//! `handbell doctor mail`: shows the last mails of each source that had no effect, and why.

use std::fmt::Write as _;

use clap::Args;
use handbell_core::config::Config;
use handbell_store::IdleMail;
use serde::Serialize;

use super::one_line;
use crate::directory::{self, Around, At, known, unreachable};
use crate::failure::Failure;
use crate::moment::shown;

/// Options of `handbell doctor mail`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  handbell doctor mail                        the sources of the demo, in the runner on this laptop
  handbell doctor mail --config handbell.yaml --source monitoring
      one source of a configuration
  HANDBELL_TABLE=handbell AWS_REGION=eu-west-1 handbell doctor mail --config handbell.yaml
      the sources in AWS, with credentials from the environment

The command lists the last 20 mails of each source that had no effect: ends and news of trouble of
which no incident was open, and mails that were ignored: by a rule or by `otherwise`, or because they
are automatic replies or bounces. An end in this list whose trouble is still open has another key
than the trouble; `handbell explain` shows both keys.

--json prints {\"sources\": [{source, mails}]}. mails is [{at, from, subject, why}], the oldest first.")]
pub struct Options {
    /// Print JSON instead
    #[arg(long)]
    pub json: bool,
    /// Only this source
    #[arg(long, value_name = "NAME")]
    pub source: Option<String>,
    /// The configuration file; if absent, the demo's, or else handbell.yaml in the current folder
    #[arg(long, value_name = "FILE")]
    pub config: Option<std::path::PathBuf>,
    /// The runner on this laptop, or the table HANDBELL_TABLE in AWS.
    #[command(flatten)]
    pub at: At,
}

/// Mails without effect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The text for people.
    #[serde(skip)]
    pub text: String,
    /// The mails of each source.
    pub sources: Vec<OfSource>,
}

/// Mails of a source that had no effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OfSource {
    /// Name of the source in the configuration.
    pub source: String,
    /// The mails, the oldest first.
    pub mails: Vec<IdleMail>,
}

/// Reads the mails that had no effect.
pub async fn run(options: &Options, config: &Config, around: &Around<'_>) -> Result<Found, Failure> {
    let only =
        options.source.as_ref().map(|wanted| known("source", wanted, config.sources.keys())).transpose()?;
    if config.sources.is_empty() {
        return Err(
            "the configuration has no sources, so it gets no mails; name another with --config".into()
        );
    }
    let directory = directory::open(&options.at, around).await?;
    let names = config.state_names();
    let mut found = Found::default();
    for source in config.sources.keys().filter(|name| only.is_none_or(|only| only == name.as_str())) {
        let mails =
            directory.store.mails().idle_mails(names.sources.state(source)).await.map_err(unreachable)?.mails;
        let _ = match mails.len() {
            0 => writeln!(found.text, "{source}: every mail had an effect"),
            1 => writeln!(found.text, "{source}: 1 mail had no effect"),
            count => writeln!(found.text, "{source}: the last {count} mails that had no effect"),
        };
        for mail in &mails {
            let from = mail.from.as_deref().unwrap_or("nobody");
            let at = shown(mail.at, &config.time_zone());
            let _ = writeln!(found.text, "  {at}  {} ({})", one_line(&mail.subject), one_line(from));
            let _ = writeln!(found.text, "    because {}", mail.why);
        }
        found.sources.push(OfSource { source: source.clone(), mails });
    }
    Ok(found)
}
