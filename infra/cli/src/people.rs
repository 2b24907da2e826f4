//! `handbell people`: manages the people in the roster, their phones and addresses, and how each wants to be reached.

pub mod csv;
pub mod import;
pub mod verify;

use std::fmt::{Display, Write as _};
use std::path::PathBuf;

use clap::Subcommand;
use handbell_core::oncall::{Contact, Roster, rules_text};
use handbell_store::RosterChange;
use serde_json::{Value, json};

use crate::directory::{self, Around, At, Directory, known, refused};
use crate::document::document;
use crate::failure::Failure;
use crate::settings::{ConfigFile, Settings};
use import::Import;

/// Subcommands of `handbell people`.
#[derive(Subcommand, Clone, Debug)]
pub enum Command {
    /// Import people from a CSV file: all of them, or none if a line is wrong
    #[command(after_help = "\
Examples:
  handbell people import people.csv --dry-run    show what would change, and change nothing
  handbell people import people.csv              new phones and addresses must be verified before use
  handbell people import people.csv --verified   you confirm that they are right; Handbell asks once
  HANDBELL_TABLE=handbell AWS_REGION=eu-west-1 handbell people import people.csv
                                                 the same in AWS; credentials from the environment

people.csv begins with the names of its columns. All but the first two are optional:
  id,name,email,phones,timezone,language,teams,rules
  dana,Dana Diaz,dana@example.com,+12025550111 +12025550121,,en-US,ops,text; call after 2m every 5m x3

Separate phones and teams with spaces; the preferred phone comes first. rules say how a person wants
to be reached: text, call, mail or webex, separated by semicolons, each optionally with `after 2m` and
`every 5m x3`. Without rules, a person gets a text at once, a call after 2 minutes, and two more calls
5 minutes apart. People who are not in the file, and fields without a column, don't change.")]
    Import {
        /// The file
        file: PathBuf,
        /// Only show what would change
        #[arg(long)]
        dry_run: bool,
        /// Confirm that these phones and addresses belong to these people
        #[arg(long)]
        verified: bool,
        /// Don't ask for confirmation
        #[arg(long)]
        yes: bool,
        /// Where the roster is.
        #[command(flatten)]
        at: At,
    },
    /// Print all people as the CSV that `import` reads
    #[command(after_help = "\
Examples:
  handbell people export > people.csv    edit it in a spreadsheet, and import it again")]
    Export {
        /// Where the roster is.
        #[command(flatten)]
        at: At,
    },
    /// List all people with their teams, phones and addresses; only verified ones (✓) are used
    #[command(after_help = "\
Examples:
  handbell people list
  handbell people list --json | jq -r '.people[] | select(.reachable | not).id'
                                            list the people without a verified phone or address

--json prints {\"people\": [{id, name, email, phones, teams, rules, reachable}]}. email and each of phones is
{address, verified_at}. email is null if there is none, and verified_at if it isn't verified.")]
    List {
        /// Print JSON instead
        #[arg(long)]
        json: bool,
        /// Where the roster is.
        #[command(flatten)]
        at: At,
    },
    /// Send a code to each unverified phone and address of a person
    #[command(after_help = "\
Examples:
  handbell people verify dana

The person answers a text with its code, and tells you the code of a mail:
  handbell people confirm dana 042137")]
    Verify {
        /// The person's id
        id: String,
        /// Where the roster is.
        #[command(flatten)]
        at: At,
    },
    /// Verify a phone or an address by the code that was sent to it
    #[command(after_help = "\
Examples:
  handbell people confirm dana 042137
  handbell people confirm dana 042137 --contact +12025550111    if several wait for a code

A code is valid for 15 minutes and for five attempts.")]
    Confirm {
        /// The person's id
        id: String,
        /// The six digits
        code: String,
        /// Only this phone or address
        #[arg(long, value_name = "ADDRESS")]
        contact: Option<String>,
        /// Where the roster is.
        #[command(flatten)]
        at: At,
    },
    /// Remove a person from the roster and from their teams
    #[command(after_help = "\
Examples:
  handbell people remove dana          show what depends on Dana, and ask
  handbell people remove dana --yes    for scripts

People who take turns in a rota, or stand in for somebody later, must be removed there first.")]
    Remove {
        /// The person's id
        id: String,
        /// Don't ask for confirmation
        #[arg(long)]
        yes: bool,
        /// The configuration, for the plans that name the person.
        #[command(flatten)]
        config: ConfigFile,
        /// Where the roster is.
        #[command(flatten)]
        at: At,
    },
}

impl Command {
    /// Returns true if the command prints JSON for a program.
    pub(crate) fn wants_json(&self) -> bool {
        match self {
            Self::List { json, .. } => *json,
            Self::Import { .. }
            | Self::Export { .. }
            | Self::Verify { .. }
            | Self::Confirm { .. }
            | Self::Remove { .. } => false,
        }
    }
}

/// Runs the command and returns the text to print.
pub async fn run(command: &Command, around: &Around<'_>) -> Result<String, Failure> {
    match command {
        Command::Import { file, dry_run, verified, yes, at } => {
            let named = |what: &dyn std::fmt::Display| format!("{}: {what}", file.display());
            let bytes = std::fs::read(file).map_err(|error| named(&error))?;
            let text = String::from_utf8(bytes)
                .map_err(|_| named(&"the file is not UTF-8; save it as \"CSV UTF-8\" in the spreadsheet"))?;
            let asked = Asked { dry_run: *dry_run, verified: *verified, yes: *yes };
            take_over(&text, &asked, &directory::open(at, around).await?, around.agreed)
                .await
                .map_err(|failure| failure.about(file.display()))
        }
        Command::Export { at } => Ok(csv::write(&roster(&directory::open(at, around).await?).await?)
            .map_err(|error| error.to_string())?),
        Command::List { at, json } => {
            let roster = roster(&directory::open(at, around).await?).await?;
            Ok(if *json { document(&everybody(&roster)) } else { list(&roster) })
        }
        Command::Verify { id, at } => verify::send(id, &directory::open(at, around).await?, around).await,
        Command::Confirm { id, code, contact, at } => {
            verify::confirm(id, code, contact.as_deref(), &directory::open(at, around).await?).await
        }
        Command::Remove { id, yes, config, at } => {
            let directory = directory::open(at, around).await?;
            let settings = Settings::find(config, directory.settings.as_ref())?;
            let agreed = |question: &str| *yes || (around.agreed)(question);
            remove(id, &directory, settings.as_ref(), &agreed).await
        }
    }
}

async fn roster(directory: &Directory) -> Result<Roster, Failure> {
    directory.store.people().roster().await.map_err(Failure::unreachable)
}

/// Options of an import.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) dry_run: bool,
    pub(crate) verified: bool,
    pub(crate) yes: bool,
}

pub(crate) async fn take_over(
    text: &str,
    asked: &Asked,
    directory: &Directory,
    agreed: &dyn Fn(&str) -> bool,
) -> Result<String, Failure> {
    let file = csv::read(text).map_err(|mistakes| {
        let lines: Vec<String> = mistakes.iter().map(|mistake| format!("  {mistake}")).collect();
        format!("nothing was changed, because of {} mistake(s):\n{}", mistakes.len(), lines.join("\n"))
    })?;
    let roster = roster(directory).await?;
    let mut import = Import::of(&file, &roster, None);
    if asked.verified {
        let vouched = Import::of(&file, &roster, Some(directory.now));
        let vouched_for = |(_, verified_at): &(&str, _)| *verified_at == Some(directory.now);
        let waiting = vouched.people.iter().flat_map(|(one, _)| one.contacts()).filter(vouched_for).count();
        let question = format!(
            "Do the phones and addresses in this file belong to these people? {waiting} of them aren't verified yet, and will \
             receive alerts."
        );
        if !asked.dry_run && waiting > 0 && !asked.yes && !agreed(&question) {
            return Err("nothing was changed".into());
        }
        import = vouched;
    }
    let changes = import.changes();
    if !asked.dry_run {
        directory.store.roster_editor().change_roster(&changes).await.map_err(|why| refused(&why))?;
    }
    Ok(told(&import, asked.dry_run))
}

fn told(import: &Import, dry_run: bool) -> String {
    let new = import.people.iter().filter(|(_, before)| before.is_none()).count();
    let would = if dry_run { "Nothing was changed. It would be: " } else { "" };
    let mut out =
        format!("{would}{new} new, {} changed, {} as before.\n", import.people.len() - new, import.same);
    for (team, before) in &import.teams {
        let is = if before.is_some() { "is now" } else { "is new" };
        let _ = writeln!(out, "Team {} {is}: {}", team.name, team.members.join(", "));
    }
    let mut unverified = import.unverified().peekable();
    if unverified.peek().is_some() {
        out.push_str("Not verified, so not used yet (`handbell people verify` sends codes; --verified confirms them):\n");
    }
    for (person, address) in unverified {
        let _ = writeln!(out, "  {}: {address}", person.id);
    }
    out
}

/// All people, for programs.
fn everybody(roster: &Roster) -> Value {
    let people = roster.people.values().map(|person| {
        let teams = roster.teams.values().filter(|team| team.members.contains(&person.id));
        let teams: Vec<&str> = teams.map(|team| team.name.as_str()).collect();
        json!({
            "id": person.id, "name": person.name, "email": person.email.as_ref().map(contact),
            "phones": person.phones.iter().map(contact).collect::<Vec<_>>(), "teams": teams,
            "rules": rules_text(&person.rules), "reachable": person.is_reachable(),
        })
    });
    json!({ "people": people.collect::<Vec<_>>() })
}

fn contact<A: Display>(contact: &Contact<A>) -> Value {
    json!({ "address": contact.address.to_string(), "verified_at": contact.verified_at })
}

fn list(roster: &Roster) -> String {
    if roster.people.is_empty() {
        return "Nobody is in the roster yet. `handbell people import --help` explains how to add people.\n"
            .into();
    }
    let width = |cells: &mut dyn Iterator<Item = usize>| cells.max().unwrap_or(0);
    let ids = width(&mut roster.people.keys().map(|id| id.chars().count()));
    let names = width(&mut roster.people.values().map(|person| person.name.chars().count()));
    let mut out = String::new();
    for person in roster.people.values() {
        let _ = write!(out, "{:ids$}  {:names$}", person.id, person.name);
        let phones = person.phones.iter().map(|phone| (phone.address.as_str(), phone.verified_at));
        let email = person.email.iter().map(|email| (email.address.as_str(), email.verified_at));
        for (address, verified_at) in phones.chain(email) {
            let _ =
                write!(out, "  {address}{}", if verified_at.is_some() { " ✓" } else { " (not verified)" });
        }
        out.push('\n');
        let indent = " ".repeat(ids + 2);
        let teams = roster.teams.values().filter(|team| team.members.contains(&person.id));
        let teams: Vec<&str> = teams.map(|team| team.name.as_str()).collect();
        if !teams.is_empty() {
            let _ = writeln!(out, "{indent}in {}", teams.join(", "));
        }
        if !person.rules.is_empty() {
            let _ = writeln!(out, "{indent}{}", rules_text(&person.rules));
        }
        if !person.is_reachable() {
            let _ =
                writeln!(out, "{indent}can't be reached: nothing is verified, so alerts skip this person");
        }
    }
    out
}

async fn remove(
    id: &str,
    directory: &Directory,
    settings: Option<&Settings>,
    agreed: &dyn Fn(&str) -> bool,
) -> Result<String, Failure> {
    let roster = roster(directory).await?;
    let id = known("person", id, roster.people.keys())?;
    let is_this = |person: &Option<String>| person.as_deref() == Some(id);
    let takes_turns = roster.rotas.values().filter(|rota| {
        rota.layers.iter().any(|layer| layer.people.iter().any(|person| person == id))
            || rota
                .overrides
                .iter()
                .any(|one| one.until > directory.now && (is_this(&one.person) || is_this(&one.instead_of)))
    });
    let rotas: Vec<&str> = takes_turns.map(|rota| rota.name.as_str()).collect();
    if !rotas.is_empty() {
        return Err(format!(
            "{id} takes turns in {}; remove them there first (handbell rotas import)",
            rotas.join(", ")
        )
        .into());
    }
    let question = format!("{}Remove {id}?", dependents(&roster, id, settings));
    if !agreed(&question) {
        return Err("nothing was changed".into());
    }
    let mut teams: Vec<_> = roster
        .teams
        .values()
        .filter(|team| team.members.iter().any(|member| member == id))
        .cloned()
        .collect();
    for team in &mut teams {
        team.members.retain(|member| member != id);
    }
    let mut changes = vec![RosterChange::NoPerson(id, roster.people[id].version)];
    changes.extend(teams.iter().map(|team| RosterChange::Team(team, Some(team.version))));
    directory.store.roster_editor().change_roster(&changes).await.map_err(|why| refused(&why))?;
    Ok(format!("{id} is removed.\n"))
}

/// Says what depends on a person, a line for each.
fn dependents(roster: &Roster, id: &str, settings: Option<&Settings>) -> String {
    let person = &roster.people[id];
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{} ({id}) has {} phone(s) and {}.",
        person.name,
        person.phones.len(),
        if person.email.is_some() { "a mail address" } else { "no mail address" }
    );
    for team in roster.teams.values().filter(|team| team.members.iter().any(|member| member == id)) {
        let reachable = roster.members(&team.name).iter().filter(|member| member.id != id).count();
        let _ = match reachable {
            0 => writeln!(out, "Team {}: nobody in it can be reached without {id}.", team.name),
            count => writeln!(out, "Team {}: {count} of it can still be reached.", team.name),
        };
        for rota in roster.rotas.values().filter(|rota| rota.team.as_ref() == Some(&team.name)) {
            let _ = writeln!(out, "  It gets the alerts of {} when nobody is on call.", rota.name);
        }
    }
    match settings {
        Some(settings) => {
            for plan in settings.people.get(id).into_iter().flatten() {
                let _ = writeln!(out, "Plan {plan} names {id}: its step would reach nobody.");
            }
        }
        None => out.push_str(
            "Plans that name the person were not looked up: name the configuration with --config.\n",
        ),
    }
    out
}

#[cfg(test)]
mod tests;
