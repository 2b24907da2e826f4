//! Whole numbers where the configuration allows something else, too.

use serde::de::{Error, Expected, Unexpected};

/// Advice for a number that isn't written as a whole number.
const ADVICE: &str = "a whole number is written in digits, with no 0 in front and no point";

/// Returns the number if it isn't too large.
pub(super) fn of_unsigned<E: Error>(number: u64) -> Result<u32, E> {
    u32::try_from(number).map_err(|_| E::custom(format!("{number} is too large; {} is the most", u32::MAX)))
}

/// Returns the number if it is neither negative nor too large.
pub(super) fn of_signed<E: Error>(number: i64, expected: &dyn Expected) -> Result<u32, E> {
    u32::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), expected))
}

/// The error for a fraction. YAML also reads a number with a 0 in front as one, and `050` may be 50 or, in base 8, 40.
pub(super) fn refused<E: Error>(number: f64) -> E {
    E::custom(format!("{ADVICE}; write {number:.0} if that is what you mean"))
}
