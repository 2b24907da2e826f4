//! What is open in a table and would lose its entry if this configuration were deployed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use handbell_core::config::Config;
use handbell_core::incident::{Kind, Subject};
use handbell_store::Store;
use handbell_store::table::{DueRow, SHARDS};
use jiff::Timestamp;
use serde::Serialize;

use crate::directory::{self, Around, At};
use crate::failure::Failure;

/// An entry that is missing from the configuration while something of it is open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Orphan {
    /// Where it stood, such as `zones.shoes`. After several renames, the oldest name.
    pub path: String,
    /// Its open incidents, each with its reference and its name.
    pub incidents: Vec<String>,
    /// Number of its open conversations.
    pub conversations: u64,
    /// The line to write in its new entry, if it was renamed: `was: shoes`.
    pub write: String,
}

/// Compares what is open with the configuration. `table` is the name of a table in AWS, or the address of a runner.
pub async fn compare(config: &Config, table: &str, around: &Around<'_>) -> Result<Vec<Orphan>, Failure> {
    let is_runner = table.contains("://");
    let at = At { runner: is_runner.then(|| table.to_owned()) };
    let variable = |name: &str| match name {
        "HANDBELL_TABLE" => Some(table.to_owned()).filter(|_| !is_runner),
        _ => (around.variable)(name),
    };
    let directory = directory::open(&at, &Around { variable: &variable, ..*around }).await?;
    orphans(&config.clone().under_state_names(), &directory.store).await
}

/// Everything that is open is in the index of due rows.
async fn orphans(config: &Config, store: &Store) -> Result<Vec<Orphan>, Failure> {
    let mut found: BTreeMap<String, Orphan> = BTreeMap::new();
    for shard in 0..SHARDS {
        let rows = store.due_index().due(shard, Timestamp::MAX, usize::MAX).await;
        for (row, _) in rows.map_err(directory::unreachable)? {
            let DueRow::State(subject) = row else { continue };
            let Some(section) = section(subject.kind()).filter(|_| !subject.is_in(config)) else { continue };
            let path = format!("{section}.{}", subject.own_name());
            let orphan = found.entry(path.clone()).or_insert_with(|| Orphan {
                path,
                incidents: Vec::new(),
                conversations: 0,
                write: format!("was: {}", subject.own_name()),
            });
            match subject.kind() {
                Kind::Customer => orphan.conversations += 1,
                _ => orphan.incidents.extend(incident(&subject, store).await?),
            }
        }
    }
    Ok(found.into_values().collect())
}

/// The incident of a subject in words; none if it ended meanwhile.
async fn incident(subject: &Subject, store: &Store) -> Result<Option<String>, Failure> {
    let incident = store.incidents().incident(subject).await.map_err(directory::unreachable)?;
    Ok(incident.filter(|incident| !incident.phase.is_final()).map(|incident| {
        let name = incident.label.as_deref().unwrap_or(subject.own_name());
        format!("{} {}", incident.reference(), handbell_core::wording::plain(name))
    }))
}

fn section(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Button => Some("buttons"),
        Kind::Zone => Some("zones"),
        Kind::SilentSite => Some("sites"),
        Kind::Waiting | Kind::Customer => Some("lines"),
        Kind::Alert => Some("sources"),
        Kind::Notice => None,
    }
}

/// Formats them for a terminal.
pub fn render(file: &str, table: &str, orphans: &[Orphan]) -> String {
    let mut out = String::new();
    for Orphan { path, incidents, conversations, write } in orphans {
        let mut open = incidents.clone();
        if *conversations > 0 {
            open.push(format!("{conversations} conversation(s)"));
        }
        let _ = writeln!(
            out,
            "{file}: there is no {path} any more, and in {table} this is open: {}",
            open.join(", ")
        );
        let _ = writeln!(
            out,
            "  If it was renamed, write `{write}` in its new entry. If it was removed, people are told that it is over."
        );
    }
    out
}
