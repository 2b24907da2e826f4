//! What SES finds out about a mail that comes in, in its own words.

use serde::{Deserialize, Serialize};

/// What SES found out about one side of a mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// Nothing speaks against it.
    #[default]
    Pass,
    /// It is spam, has a virus, or isn't from whom it says.
    Fail,
    /// Nothing speaks for it either: there is no signature, or no policy.
    Gray,
    /// SES couldn't find out.
    ProcessingFailed,
}

impl Verdict {
    /// As mail servers write it to each other.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Gray => "none",
            Self::ProcessingFailed => "temperror",
        }
    }
}

/// What a domain wants done with mail that isn't its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Nothing.
    #[default]
    None,
    /// Put it aside.
    Quarantine,
    /// Don't take it.
    Reject,
}

/// Everything that SES found out about a mail. SES takes it all the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Spam.
    pub spam: Verdict,
    /// Viruses.
    pub virus: Verdict,
    /// SPF, of the envelope's sender.
    pub spf: Verdict,
    /// DKIM, the signature.
    pub dkim: Verdict,
    /// DMARC, of the sender whom people see.
    pub dmarc: Verdict,
    /// The domain's policy, of which SES only speaks when DMARC fails.
    pub policy: Policy,
}
