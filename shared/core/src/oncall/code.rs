//! Codes that prove that a phone or an address is somebody's: what is kept of them, and what is compared.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// So long a code can be used.
pub const LASTS: SignedDuration = SignedDuration::from_mins(15);
/// So many guesses a code bears.
pub const TRIES: u32 = 5;
/// Another code for the same address is sent after this long at the earliest.
pub const AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// What is kept of a code that was sent: enough to know it again, and not the code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Whose contact it is to prove: a person's id.
    pub person: String,
    /// Chance, so that equal codes don't look equal.
    pub salt: String,
    /// Of salt, address and code: SHA-256 in hex.
    pub digest: String,
    /// When it was asked for.
    pub asked: Timestamp,
    /// It is good until then, exclusive.
    pub until: Timestamp,
    /// So many guesses are left.
    pub tries_left: u32,
}

// Six digits can be tried out by whoever has salt and digest.
impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code").field("until", &self.until).finish_non_exhaustive()
    }
}

impl Code {
    /// What is kept of a code for an address. `salt` is chance from outside.
    pub fn new(person: &str, address: &str, code: &str, salt: &str, now: Timestamp) -> Self {
        Self {
            person: person.to_owned(),
            salt: salt.to_owned(),
            digest: digest(salt, address, code),
            asked: now,
            until: now.saturating_add(LASTS).unwrap_or(Timestamp::MAX),
            tries_left: TRIES,
        }
    }

    /// Whether this is the code, in the same time wherever it differs. Whether it is still good is another question.
    pub fn is(&self, address: &str, guess: &str) -> bool {
        let guess: String = guess.chars().filter(|sign| !sign.is_whitespace()).collect();
        let guessed = digest(&self.salt, address, &guess);
        let differs = |all, (one, other): (u8, u8)| std::hint::black_box(all | (one ^ other));
        guessed.len() == self.digest.len() && guessed.bytes().zip(self.digest.bytes()).fold(0, differs) == 0
    }
}

/// Six digits, from chance that comes from outside.
pub fn six_digits(chance: u128) -> String {
    format!("{:06}", chance % 1_000_000)
}

fn digest(salt: &str, address: &str, code: &str) -> String {
    let digest = Sha256::digest(format!("code\0{salt}\0{address}\0{code}"));
    digest.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}
