//! Formats of names and numbers, and the advice for those that don't fit.

pub(super) const NAME_ADVICE: &str = "name is 1 to 60 letters, digits, - and _";

/// Returns true if the name may be part of table keys and addresses.
pub(super) fn is_name(name: &str) -> bool {
    (1..=60).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

pub(super) fn number_advice(number: &str) -> String {
    format!(
        "{number:?} is no phone number; write it with + and the country's code, digits only: +352691496401"
    )
}
