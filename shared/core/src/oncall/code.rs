//! Codes that prove that a phone or an address belongs to a person: what is stored of them, and how they are compared.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// How long a code can be used.
pub const VALID_FOR: SignedDuration = SignedDuration::from_mins(15);
/// Number of guesses that a code allows.
pub const MAX_GUESSES: u32 = 5;
/// Minimum time before another code is sent to the same address.
pub const RESEND_AFTER: SignedDuration = SignedDuration::from_mins(1);

/// What is stored of a code that was sent: enough to recognise the code, but not the code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Id of the person whose contact it proves.
    pub person: String,
    /// Random salt, so that equal codes don't look equal.
    pub salt: String,
    /// SHA-256 of salt, address and code, in hexadecimal.
    pub digest: String,
    /// When the code was requested.
    pub asked: Timestamp,
    /// End of its validity, exclusive.
    pub until: Timestamp,
    /// Number of guesses left.
    pub tries_left: u32,
}

// With salt and digest, anybody could try out six digits.
impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code").field("until", &self.until).finish_non_exhaustive()
    }
}

impl Code {
    /// Creates what is stored of a code for an address. `salt` is random and comes from the caller.
    pub fn new(person: &str, address: &str, code: &str, salt: &str, now: Timestamp) -> Self {
        Self {
            person: person.to_owned(),
            salt: salt.to_owned(),
            digest: digest(salt, address, code),
            asked: now,
            until: now.saturating_add(VALID_FOR).unwrap_or(Timestamp::MAX),
            tries_left: MAX_GUESSES,
        }
    }

    /// Returns true if this is the code. The comparison takes constant time. The caller checks whether the code is still valid.
    pub fn is(&self, address: &str, guess: &str) -> bool {
        let guess: String = guess.chars().filter(|c| !c.is_whitespace()).collect();
        let guessed = digest(&self.salt, address, &guess);
        let differs = |all, (one, other): (u8, u8)| std::hint::black_box(all | (one ^ other));
        guessed.len() == self.digest.len() && guessed.bytes().zip(self.digest.bytes()).fold(0, differs) == 0
    }
}

/// Returns six digits, made from the caller's randomness.
pub fn six_digits(chance: u128) -> String {
    format!("{:06}", chance % 1_000_000)
}

fn digest(salt: &str, address: &str, code: &str) -> String {
    crate::hex(&Sha256::digest(format!("code\0{salt}\0{address}\0{code}")))
}
