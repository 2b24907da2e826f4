//! Writes scalars and keys as YAML that every parser reads as text.

use std::fmt::Write as _;

pub(super) fn pair(out: &mut String, indent: usize, key: &str, value: &str) {
    let _ = write!(out, "{:indent$}{key}: ", "");
    if value.contains('\n') && fits_block(value) {
        let body = value.trim_end_matches('\n');
        let keep = match value.len() - body.len() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        let _ = writeln!(out, "|{keep}");
        let rest = if keep == "+" { &value[..value.len() - 1] } else { body };
        for line in rest.split('\n') {
            let pad = if line.is_empty() { 0 } else { indent + 2 };
            let _ = writeln!(out, "{:pad$}{line}", "");
        }
    } else {
        let _ = writeln!(out, "{}", scalar(value));
    }
}

/// Whether a block scalar preserves the text exactly.
fn fits_block(text: &str) -> bool {
    !text.starts_with([' ', '\t', '\n'])
        && text.split('\n').all(|line| line.trim_matches([' ', '\t']).is_empty() == line.is_empty())
        && text.chars().all(|c| c == '\n' || c == '\t' || printable(c))
}

fn printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{fdff}' | '\u{fe00}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

pub(super) fn key(name: &str) -> String {
    let safe = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
            .contains(&name.to_ascii_lowercase().as_str());
    if safe { name.into() } else { scalar(name) }
}

/// Writes text in double quotes, unless it is a plain name, path or address.
pub(super) fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.contains(['-', '@', '/'])
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_@/.".contains(c));
    if plain {
        return text.into();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if printable(c) => out.push(c),
            c => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}
