//! The messages of findings.

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

/// Returns the most similar of the known words, if it is similar enough to have been meant.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    known
        .map(|known| (strsim::damerau_levenshtein(&word, &plain(known)), known))
        .filter(|(distance, known)| *distance <= (known.chars().count().max(3) / 3).min(3))
        .min()
        .map(|(_, known)| known)
}

pub(super) fn first_sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = text.find(". ").unwrap_or(text.len());
    text[..end].trim_end_matches('.').to_owned()
}
