//! The format of names, and the advice for those that don't fit.

pub(super) const NAME_ADVICE: &str = "name is 1 to 60 letters, digits, - and _";

/// Returns true if the name may be part of table keys and addresses.
pub(super) fn is_name(name: &str) -> bool {
    (1..=60).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
