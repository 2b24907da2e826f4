//! Incidents as CSV, for spreadsheets.

use handbell_core::incident::summary::{Summary, kind_name};
use jiff::{SignedDuration, Timestamp};

const HEADING: [&str; 15] = [
    "reference",
    "kind",
    "name",
    "plan",
    "severity",
    "opened_at",
    "taken_at",
    "taken_by",
    "ended_at",
    "end",
    "seconds_to_take",
    "seconds_to_end",
    "step",
    "rounds",
    "count",
];

/// Returns the heading and a line for each incident, as RFC 4180 requires. Unknown values are empty.
pub(super) fn table(summaries: &[Summary]) -> String {
    let mut out = line(HEADING.map(str::to_owned));
    out.extend(summaries.iter().map(|one| line(fields(one))));
    out
}

fn fields(one: &Summary) -> [String; 15] {
    let time = |at: Timestamp| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let seconds = |length: SignedDuration| length.as_secs().to_string();
    let taken = one.taken.as_ref();
    [
        one.reference.clone(),
        kind_name(one.kind).to_owned(),
        one.name.clone(),
        one.plan.clone(),
        one.severity.map(|severity| severity.name().to_owned()).unwrap_or_default(),
        time(one.opened_at),
        taken.map(|by| time(by.at)).unwrap_or_default(),
        taken.map(|by| by.who.clone()).unwrap_or_default(),
        time(one.ended_at),
        super::told::end(one.phase).to_owned(),
        one.to_take().map(seconds).unwrap_or_default(),
        seconds(one.to_end()),
        one.step.to_string(),
        one.rounds.to_string(),
        one.count.to_string(),
    ]
}

fn line<const N: usize>(fields: [String; N]) -> String {
    format!("{}\r\n", fields.map(|field| quoted(&harmless(&field))).join(","))
}

/// Puts an apostrophe before text that a spreadsheet would run as a formula (OWASP, CSV Injection).
fn harmless(field: &str) -> String {
    let apostrophe = if field.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) { "'" } else { "" };
    format!("{apostrophe}{field}")
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) || field.trim() != field {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
