//! Reads and writes people as CSV: `id,name,email,phones,timezone,language,teams,rules`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use csv::{ReaderBuilder, StringRecord, Terminator, WriterBuilder};
use handbell_core::address::E164;
use handbell_core::oncall::{Contact, Person, Roster, is_name, parse_rules, rules_text};
use jiff::tz::TimeZone;

use handbell_core::nearest;

/// The columns. All but the first two are optional.
const COLUMNS: [&str; 8] = ["id", "name", "email", "phones", "timezone", "language", "teams", "rules"];
/// Limit of people in a file.
const MOST: usize = 10_000;

/// A mistake in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line, counted from 1.
    pub line: u64,
    /// The column's name. Empty if the mistake concerns the whole line.
    pub column: String,
    /// The mistake and the advice, for people.
    pub what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, what } = self;
        if column.is_empty() {
            write!(f, "line {line}: {what}")
        } else {
            write!(f, "line {line}, {column}: {what}")
        }
    }
}

/// The people of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The columns of the file. Fields without a column don't change.
    pub columns: BTreeSet<String>,
    /// The people with their teams, in the order of the file. No contact is verified.
    pub people: Vec<(Person, Vec<String>)>,
}

/// Reads a file, or returns all of its mistakes. The columns may have any order, and commas or semicolons between them.
pub fn read(text: &str) -> Result<File, Vec<Mistake>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let heading = text.lines().next().unwrap_or_default();
    let semicolons = !heading.contains(',') && heading.contains(';');
    let mut reader = ReaderBuilder::new()
        .delimiter(if semicolons { b';' } else { b',' })
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut records = reader.records();
    let broken = |error: &csv::Error| Mistake {
        line: error.position().map_or(1, csv::Position::line),
        column: String::new(),
        what: format!("this is not valid CSV: {error}"),
    };
    let columns = match records.next() {
        None => return Err(vec![heading_mistake("the file is empty")]),
        Some(Err(error)) => return Err(vec![broken(&error)]),
        Some(Ok(heading)) => columns(&heading)?,
    };
    let mut mistakes = Vec::new();
    let mut people: Vec<(Person, Vec<String>)> = Vec::new();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for record in records {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                mistakes.push(broken(&error));
                continue;
            }
        };
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let line = record.position().map_or(1, |begins| line_of(text, begins.byte()));
        let mut say = |column: &str, what: String| {
            mistakes.push(Mistake { line, column: column.to_owned(), what });
        };
        if record.len() > columns.len() {
            let advice = "put a field that contains a comma in quotes: \"text; call after 2m\"";
            say("", format!("the line has {} fields for {} columns; {advice}", record.len(), columns.len()));
            continue;
        }
        let row = |column: &str| {
            let place = columns.iter().position(|known| known == column);
            place.and_then(|place| record.get(place)).unwrap_or_default().trim()
        };
        let (person, teams) = person(&row, &mut say);
        if let Some(first) = seen.get(&person.id) {
            say("id", format!("{:?} occurs twice; the first is in line {first}", person.id));
        }
        seen.insert(person.id.clone(), line);
        people.push((person, teams));
    }
    if people.is_empty() && mistakes.is_empty() {
        mistakes.push(heading_mistake("the file contains no people"));
    }
    if people.len() > MOST {
        mistakes.push(heading_mistake(&format!("the file contains more than {MOST} people")));
    }
    if mistakes.is_empty() {
        Ok(File { columns: columns.into_iter().collect(), people })
    } else {
        Err(mistakes)
    }
}

/// The line of a record, counted from 1. For the reader, a record begins with the empty lines before it.
fn line_of(text: &str, byte: u64) -> u64 {
    let begins = usize::try_from(byte).unwrap_or(usize::MAX).min(text.len());
    let empty = text.bytes().skip(begins).take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    1 + text.bytes().take(begins + empty).filter(|byte| *byte == b'\n').count() as u64
}

fn heading_mistake(what: &str) -> Mistake {
    let what = format!("{what}; the first line must be {}", COLUMNS.join(","));
    Mistake { line: 1, column: String::new(), what }
}

/// Returns the columns in the order of the file.
fn columns(heading: &StringRecord) -> Result<Vec<String>, Vec<Mistake>> {
    let mut mistakes = Vec::new();
    let columns: Vec<String> = heading.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    for (place, name) in columns.iter().enumerate() {
        if !COLUMNS.contains(&name.as_str()) {
            let meant = nearest(name, COLUMNS.into_iter());
            let meant = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
            mistakes.push(heading_mistake(&format!("there is no column {name:?}{meant}")));
        } else if columns[..place].contains(name) {
            mistakes.push(heading_mistake(&format!("the column {name} occurs twice")));
        }
    }
    for needed in &COLUMNS[..2] {
        if !columns.iter().any(|name| name == needed) {
            mistakes.push(heading_mistake(&format!("the column {needed} is missing")));
        }
    }
    if mistakes.is_empty() { Ok(columns) } else { Err(mistakes) }
}

fn person<'a>(row: &dyn Fn(&str) -> &'a str, say: &mut dyn FnMut(&str, String)) -> (Person, Vec<String>) {
    let (id, name, email) = (row("id"), row("name"), row("email"));
    if !is_name(id) {
        say(
            "id",
            format!("{id:?} is not an id; write a short word of letters, digits, - and _, such as dana"),
        );
    }
    if name.is_empty() {
        say("name", "the name is missing; write the name that people know".to_owned());
    }
    let address = email.parse().ok().map(|address| Contact { address, verified_at: None });
    if !email.is_empty() && address.is_none() {
        say("email", format!("{email:?} is not a mail address"));
    }
    let mut phones: Vec<Contact<E164>> = Vec::new();
    for phone in row("phones").split_whitespace() {
        let Ok(address) = phone.parse::<E164>() else {
            let advice = "write it with + and the country code, without spaces: +12025550111";
            say("phones", format!("{phone:?} is not a phone number; {advice}"));
            continue;
        };
        if phones.iter().any(|known| known.address == address) {
            say("phones", format!("{phone} occurs twice"));
        }
        phones.push(Contact { address, verified_at: None });
    }
    let timezone = some(row("timezone"));
    if let Some(zone) = timezone.as_ref().filter(|zone| TimeZone::get(zone).is_err()) {
        say("timezone", format!("there is no time zone {zone:?}; write an IANA name such as Europe/Paris"));
    }
    let language = some(row("language"));
    if let Some(language) = language.as_ref().filter(|language| !is_language(language)) {
        say("language", format!("{language:?} is not a language; write one such as en-US or de-DE"));
    }
    let mut teams: Vec<String> = Vec::new();
    for team in row("teams").split_whitespace() {
        if !is_name(team) {
            say(
                "teams",
                format!("{team:?} is not a team name; write words such as ops, separated by spaces"),
            );
        }
        if !teams.iter().any(|known| known == team) {
            teams.push(team.to_owned());
        }
    }
    let rules = parse_rules(row("rules")).unwrap_or_else(|bad| {
        say("rules", format!("{bad} (at character {})", bad.column));
        Vec::new()
    });
    let (id, name, email) = (id.to_owned(), name.to_owned(), address);
    (Person { id, name, email, phones, language, timezone, rules, version: 0 }, teams)
}

fn some(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    parts.next().is_some_and(|first| (2..=3).contains(&first.len()) && letters(first))
        && parts.all(|part| (2..=8).contains(&part.len()) && letters(part))
}

/// Writes all people of the roster in the format that [`read`] reads.
pub fn write(roster: &Roster) -> Result<String, csv::Error> {
    let mut writer = WriterBuilder::new().terminator(Terminator::Any(b'\n')).from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for person in roster.people.values() {
        let teams = roster.teams.values().filter(|team| team.members.contains(&person.id));
        let teams: Vec<&str> = teams.map(|team| team.name.as_str()).collect();
        let phones: Vec<&str> = person.phones.iter().map(|phone| phone.address.as_str()).collect();
        writer.write_record([
            person.id.as_str(),
            &person.name,
            person.email.as_ref().map_or("", |email| &email.address),
            &phones.join(" "),
            person.timezone.as_deref().unwrap_or_default(),
            person.language.as_deref().unwrap_or_default(),
            &teams.join(" "),
            &rules_text(&person.rules),
        ])?;
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
