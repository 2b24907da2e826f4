//! The messages of findings.

use handbell_core::nearest;
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::schema::is_about;

pub(super) const NAME_THE_SECRET: &str = "{ secret: NAME }";

pub(super) fn wrong_type(path: &[String], error: &ValidationError<'_>, wanted: &[JsonType]) -> String {
    if is_about(error, "SecretName") && !wanted.contains(&JsonType::String) {
        return secret_advice(path);
    }
    let named = path.last().map(String::as_str).unwrap_or_default();
    let name = match named {
        "" => "the file".to_owned(),
        index if index.bytes().all(|byte| byte.is_ascii_digit()) => "each item of this list".to_owned(),
        key => format!("`{key}`"),
    };
    let wants: Vec<&str> =
        wanted.iter().filter(|one| **one != JsonType::Null).map(|one| in_words(*one)).collect();
    if let Value::String(text) = error.instance().as_ref()
        && wanted.contains(&JsonType::Integer)
        && let Some(advice) = written_as_a_number(text)
    {
        return format!("{name} must be a whole number; {advice}");
    }
    let (is, advice) = match error.instance().as_ref() {
        Value::Null => ("its value is empty", "; fill it in"),
        Value::Object(_) if wanted.contains(&JsonType::Array) => {
            ("this is a mapping", "; begin each item with a dash")
        }
        Value::Object(_) => ("this is a mapping", ""),
        Value::Array(_) => ("this is a list", ""),
        _ if wanted.contains(&JsonType::Array) => ("this is a single value", "; put it in brackets: [ … ]"),
        _ if wanted.contains(&JsonType::Object) => {
            ("this is a single value", "; write its keys below it, indented")
        }
        _ => ("this is text", ""),
    };
    format!("{name} must be {}, but {is}{advice}", wants.join(" or "))
}

/// Returns advice for a number that isn't written as a whole one.
pub(super) fn written_as_a_number(text: &str) -> Option<String> {
    let text = text.trim();
    let plain = text.replace(['_', ','], "");
    let whole = plain.strip_suffix(".0").unwrap_or(&plain);
    let digits = whole.trim_start_matches(['+', '0']);
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return None;
    }
    if whole.is_empty() || !whole.trim_start_matches('+').bytes().all(|byte| byte.is_ascii_digit()) {
        return Some("write it in digits, without a sign or a point, such as 50".into());
    }
    let digits = if digits.is_empty() { "0" } else { digits };
    Some(if text == digits {
        format!("write {digits} without quotes")
    } else {
        format!("write {digits}, with no 0 in front, no point and no separator")
    })
}

fn in_words(one: JsonType) -> &'static str {
    match one {
        JsonType::Array => "a list",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "nothing",
        JsonType::Number => "a number",
        JsonType::Object => "a mapping (keys with values)",
        JsonType::String => "text",
    }
}

pub(super) fn secret_advice(path: &[String]) -> String {
    let key = path.last().map(String::as_str).unwrap_or_default();
    let key = if key.bytes().all(|byte| byte.is_ascii_digit()) { "it".into() } else { format!("`{key}`") };
    format!(
        "secrets don't belong in this file: write {key} as {NAME_THE_SECRET} and put its value into the secrets document"
    )
}

pub(super) fn wrong_choice<'a>(is: &Value, allowed: impl Iterator<Item = &'a Value>) -> String {
    let allowed: Vec<String> =
        allowed.map(|value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)).collect();
    let Some(is) = is.as_str() else { return format!("this must be one of {}", listed(&allowed, "or")) };
    match nearest(is, allowed.iter().map(String::as_str)) {
        Some(meant) => {
            format!("{is:?} is not allowed here; did you mean `{meant}`? Allowed: {}", listed(&allowed, "or"))
        }
        None => format!("{is:?} is not allowed here; allowed: {}", listed(&allowed, "or")),
    }
}

pub(super) fn listed(words: &[String], last: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [before @ .., end] if !before.is_empty() => format!("{} {last} {end}", before.join(", ")),
        all => all.concat(),
    }
}

pub(super) fn first_sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = text.find(". ").unwrap_or(text.len());
    text[..end].trim_end_matches('.').to_owned()
}
