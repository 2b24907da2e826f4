//! Phone numbers as people type them, read as E.164 without guessing a country.

use super::calling_code;
use crate::address::E164;

/// What is wrong with a number that a person typed. The words are for that person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadNumber {
    /// Nothing was typed.
    #[error("write your phone number")]
    Empty,
    /// It contains something that belongs to no number.
    #[error("write only the number, without letters, as in +352 691 49 64 01")]
    NotANumber,
    /// It has no country code.
    #[error("write the number with + and the country code, as in +352 691 49 64 01")]
    NoCountry,
    /// No number of that country looks like this.
    #[error("that number isn't complete, or has a digit too many; write it as in +352 691 49 64 01")]
    Length,
    /// Whether the zero in brackets belongs to the number depends on the country.
    #[error(
        "write the number without brackets, as you would dial it from another country, as in +39 06 1234 5678"
    )]
    Zero,
}

/// Countries whose numbers keep their leading zero when called from abroad: Italy, San Marino, the Vatican, Ivory Coast, the Congo.
const KEEP_ZERO: [&str; 5] = ["+39", "+378", "+379", "+225", "+242"];

/// Converts a number that a person typed to E.164.
///
/// International numbers begin with `+` or `00`; a `(0)` after the country code is dropped. Ten digits, or eleven with a leading 1,
/// are a number of North America only if `home`, one of Handbell's own numbers, is one. Anything else is an error: the country is
/// never guessed.
pub fn read_number(text: &str, home: &E164) -> Result<E164, BadNumber> {
    let mut typed = String::new();
    for c in text.trim().chars() {
        match c {
            '0'..='9' | '+' | '(' | ')' => typed.push(c),
            ' '
            | '.'
            | '-'
            | '/'
            | '\t'
            | '\u{a0}'
            | '\u{2007}'
            | '\u{202f}'
            | '\u{2010}'..='\u{2015}'
            | '\u{2212}' => {}
            // Invisible characters come along when a number is copied from an address book.
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => {}
            '＋' => typed.push('+'),
            _ => return Err(BadNumber::NotANumber),
        }
    }
    if !typed.contains(|c: char| c.is_ascii_digit()) {
        return Err(BadNumber::Empty);
    }
    let (typed, zero) = match typed.split_once("(0)") {
        Some((before, after)) => (format!("{before}{after}"), Some(digits(before)?)),
        None => (typed, None),
    };
    let number = digits(&typed)?;
    let international =
        number.strip_prefix('+').or_else(|| number.strip_prefix("00")).map(|rest| format!("+{rest}"));
    let Some(number) = international else {
        let number = national(&number, home).filter(|_| zero.is_none());
        return number.and_then(|number| number.parse().ok()).ok_or(BadNumber::NoCountry);
    };
    if number.starts_with("+0") {
        return Err(BadNumber::NoCountry);
    }
    let code = calling_code(&number).ok_or(BadNumber::Length)?;
    if let Some(before) = zero {
        let before = before.strip_prefix("00").map_or(before.clone(), |rest| format!("+{rest}"));
        if before != code || KEEP_ZERO.contains(&code) {
            return Err(BadNumber::Zero);
        }
    }
    // ITU-T E.164: fifteen digits at most.
    let complete =
        if code == "+1" { is_north_american(&number[2..]) } else { (8..=16).contains(&number.len()) };
    if !complete {
        return Err(BadNumber::Length);
    }
    number.parse().map_err(|_| BadNumber::Length)
}

/// Returns the digits, with a plus before them if there is one. Brackets may be anywhere; a plus may not.
fn digits(typed: &str) -> Result<String, BadNumber> {
    let bare: String = typed.chars().filter(|c| !matches!(c, '(' | ')')).collect();
    match bare.rfind('+') {
        None | Some(0) => Ok(bare),
        Some(_) => Err(BadNumber::NotANumber),
    }
}

fn national(digits: &str, home: &str) -> Option<String> {
    if calling_code(home) != Some("+1") {
        return None;
    }
    let ten = if digits.len() == 11 { digits.strip_prefix('1')? } else { digits };
    is_north_american(ten).then(|| format!("+1{ten}"))
}

/// Returns true for an area code and a number of the North American plan: neither begins with 0 or 1, and no area code has a 9 in
/// its middle (NANPA).
fn is_north_american(digits: &str) -> bool {
    match digits.as_bytes() {
        [b'2'..=b'9', b'0'..=b'8', _, b'2'..=b'9', rest @ ..] => rest.len() == 6,
        _ => false,
    }
}
