//! A mistake with its place, and its presentation on a terminal.

use std::fmt::Write as _;

use serde::Serialize;

use super::words::NAME_THE_SECRET;

/// A mistake in a file, with its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The line, counted from 1.
    pub line: usize,
    /// The column, counted in characters from 1.
    pub column: usize,
    /// The path of keys, such as `plans.green-power.steps[0].sms`.
    pub path: String,
    /// The mistake and the advice, for people.
    pub message: String,
}

/// Formats the findings as text: `file:line:column: message`, the line itself, and a caret under the place.
pub fn render(file: &str, text: &str, findings: &[Finding]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    // A value in the place of a secret's name may be the secret itself, so terminals and build logs don't get it.
    let secrets: Vec<&Finding> =
        findings.iter().filter(|finding| finding.message.contains(NAME_THE_SECRET)).collect();
    let mut out = String::new();
    for finding in findings {
        let Finding { line, column, message, .. } = finding;
        let _ = writeln!(out, "{file}:{line}:{column}: {message}");
        let Some(source) = lines.get(line - 1) else { continue };
        let before = column.saturating_sub(1);
        let hidden =
            secrets.iter().filter(|secret| secret.line == *line).map(|secret| secret.column - 1).min();
        let shown: String = match hidden {
            Some(hidden) => source.chars().take(hidden).chain(['…']).collect(),
            None => source.chars().take(before.max(80) + 40).collect(),
        };
        let margin = line.to_string();
        let indent: String =
            source.chars().take(before).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let _ = writeln!(out, " {margin} | {shown}");
        let _ = writeln!(out, " {} | {indent}^", " ".repeat(margin.len()));
    }
    out
}
