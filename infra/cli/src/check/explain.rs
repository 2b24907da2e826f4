//! Translates the validator's errors into faults with messages for people.

use handbell_core::address::{BadE164, BadEmailAddress};
use handbell_core::nearest;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use super::fault::{Fault, What};
use super::schema::{is_about, known_keys, parts, refused_by};
use super::words::{first_sentence, listed, secret_advice, written_as_a_number, wrong_choice, wrong_type};

/// Translates one error of the validator into faults. `convertible` may first convert a value of the wrong type.
pub(super) fn explain(
    schema: &Value,
    error: &ValidationError<'_>,
    faults: &mut Vec<Fault>,
    convertible: &mut dyn FnMut(&[String], &[JsonType]) -> bool,
) {
    let path = parts(error.instance_path().as_str());
    let here = refused_by(schema, error);
    let mut add = |what: What, message: String| {
        faults.push(Fault { path: path.clone(), what, message, schema: here.clone() });
    };
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let known = known_keys(&here);
            for key in unexpected {
                let advice = match nearest(key, known.iter().map(String::as_str)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("the keys here are {}", listed(&known, "and")),
                };
                add(What::Unknown(key.clone()), format!("unknown key `{key}`; {advice}"));
            }
        }
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            let what = format!("/properties/{key}/description");
            let about = here.pointer(&what).and_then(Value::as_str).map(first_sentence);
            let whose = path.last().filter(|name| !name.bytes().all(|byte| byte.is_ascii_digit()));
            let whose = whose.map_or_else(|| "here".into(), |name| format!("in `{name}`"));
            let about = about.map(|about| format!(" ({about})")).unwrap_or_default();
            add(What::Missing(key.into()), format!("the key `{key}` is missing {whose}{about}"));
        }
        ValidationErrorKind::Type { kind } => {
            let wanted: Vec<JsonType> = match kind {
                TypeKind::Single(one) => vec![*one],
                TypeKind::Multiple(several) => several.iter().collect(),
            };
            if !convertible(&path, &wanted) {
                add(What::Wrong, wrong_type(&path, error, &wanted));
            }
        }
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            alternatives(schema, error, context, faults, convertible);
        }
        ValidationErrorKind::Enum { options } => {
            let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
            add(What::Wrong, wrong_choice(error.instance(), options.iter()));
        }
        ValidationErrorKind::Constant { expected_value } => {
            add(What::Wrong, wrong_choice(error.instance(), std::iter::once(&**expected_value)));
        }
        ValidationErrorKind::Pattern { .. } | ValidationErrorKind::MaxLength { .. } => {
            add(What::Wrong, wrong_pattern(error));
        }
        ValidationErrorKind::Minimum { limit } => {
            add(What::Wrong, format!("{} is too small; {limit} is the least", error.instance()));
        }
        ValidationErrorKind::Maximum { limit } => {
            add(What::Wrong, format!("{} is too large; {limit} is the most", error.instance()));
        }
        ValidationErrorKind::MinItems { limit: 1 } => {
            let name = path.last().map(String::as_str).unwrap_or_default();
            add(What::Wrong, format!("`{name}` is empty; it needs at least one entry"));
        }
        _ => add(What::Wrong, error.to_string()),
    }
}

/// Says how a text of this kind is written.
fn wrong_pattern(error: &ValidationError<'_>) -> String {
    let is = error.instance();
    if is_about(error, "EmailAddress") {
        format!("{is} {BadEmailAddress}")
    } else if is_about(error, "E164") || is_about(error, "SmsSender") {
        format!("{is} {BadE164}")
    } else if is_about(error, "Span") {
        format!("{is} is not a duration; write 30s, 5m, 6h or 1h 30m")
    } else if is_about(error, "Amount") {
        let advice = is.as_str().and_then(written_as_a_number).unwrap_or_else(|| AMOUNT.into());
        format!("{is} is not a number of devices; {advice}")
    } else {
        error.to_string()
    }
}

const AMOUNT: &str = "write a number of devices such as 50, or a part of the capacity such as 80%";
const THRESHOLD: &str = "write 80, 80%, { at: 80%, clear: 70% } or never";

/// Definitions that have several forms, and what to write.
const FORMS: [(&str, &str); 5] = [
    ("Amount", AMOUNT),
    ("Threshold", THRESHOLD),
    (
        "Target",
        "write a phone number such as \"+352691496401\", or one of { on_duty: ROTA }, { team: TEAM } and { person: ID }",
    ),
    ("Quorum", "write a number of people such as 2, or a list of teams such as [network, database]"),
    ("FormerNames", "write the earlier name, or a list of earlier names, the latest first"),
];

/// Returns true if all keys that this form doesn't have are nearly one that it has, or if it only lacks some.
fn is_nearly(schema: &Value, branch: &[ValidationError<'static>]) -> bool {
    branch.iter().all(|inner| match inner.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let known = known_keys(&refused_by(schema, inner));
            unexpected.iter().all(|key| nearest(key, known.iter().map(String::as_str)).is_some())
        }
        // A word or a number can't have been meant by a mapping.
        ValidationErrorKind::AnyOf { .. }
        | ValidationErrorKind::OneOfNotValid { .. }
        | ValidationErrorKind::Constant { .. }
        | ValidationErrorKind::Enum { .. } => false,
        _ => true,
    })
}

/// Explains a value for which several forms are allowed and none fits, by the form that was probably meant.
pub(super) fn alternatives(
    schema: &Value,
    error: &ValidationError<'_>,
    context: &[Vec<ValidationError<'static>>],
    faults: &mut Vec<Fault>,
    convertible: &mut dyn FnMut(&[String], &[JsonType]) -> bool,
) {
    let path = parts(error.instance_path().as_str());
    let mut wrong = |message| {
        faults.push(Fault {
            path: path.clone(),
            what: What::Wrong,
            message,
            schema: refused_by(schema, error),
        });
    };
    let form = FORMS.iter().find(|(definition, _)| is_about(error, definition)).map(|(_, advice)| *advice);
    let choices: Vec<&Value> = context
        .iter()
        .flatten()
        .flat_map(|inner| match inner.kind() {
            ValidationErrorKind::Constant { expected_value } => vec![&**expected_value],
            ValidationErrorKind::Enum { options } => options.as_array().into_iter().flatten().collect(),
            ValidationErrorKind::OneOfNotValid { context } => context
                .iter()
                .flatten()
                .filter_map(|inner| match inner.kind() {
                    ValidationErrorKind::Constant { expected_value } => Some(&**expected_value),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        })
        .collect();
    if !choices.is_empty() && form.is_none() {
        return wrong(wrong_choice(error.instance(), choices.into_iter()));
    }
    let wanted = |branch: &[ValidationError<'_>]| -> Vec<JsonType> {
        branch
            .iter()
            .filter(|inner| inner.instance_path() == error.instance_path())
            .flat_map(|inner| match inner.kind() {
                ValidationErrorKind::Type { kind: TypeKind::Single(one) } => vec![*one],
                ValidationErrorKind::Type { kind: TypeKind::Multiple(several) } => several.iter().collect(),
                _ => Vec::new(),
            })
            .collect()
    };
    // A branch with the right type is probably the one that was meant. Its own errors say more than "none fits".
    let fitting = || context.iter().filter(|branch| wanted(branch).is_empty());
    let meant = match form {
        None => fitting().min_by_key(|branch| branch.len()),
        // A mapping shows by a key of its own which form was meant.
        Some(_) if error.instance().is_object() => fitting().find(|branch| is_nearly(schema, branch)),
        // The last form is the one for a number that is written in another way.
        Some(_) => fitting().next_back(),
    };
    let is_number = error.instance().as_str().is_some_and(|text| written_as_a_number(text).is_some());
    if let Some(branch) = meant
        && !(form == Some(THRESHOLD) && !is_number && !error.instance().is_object())
    {
        for inner in branch {
            explain(schema, inner, faults, convertible);
        }
        return;
    }
    let types: Vec<JsonType> = context.iter().flat_map(|branch| wanted(branch)).collect();
    if convertible(&path, &types) {
        return;
    }
    if let Some(advice) = form {
        let number = error.instance().as_str().and_then(written_as_a_number);
        let number = number.filter(|_| types.contains(&JsonType::Integer));
        return wrong(number.unwrap_or_else(|| advice.to_owned()));
    }
    let secret = context.iter().flatten().any(|inner| is_about(inner, "SecretName"));
    wrong(if secret { secret_advice(&path) } else { wrong_type(&path, error, &types) });
}
