//! SES's verdicts about inbound mail, in its own words.

use serde::{Deserialize, Serialize};

/// A verdict of SES.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Verdict {
    /// The check passed.
    #[default]
    Pass,
    /// The mail is spam, contains a virus, or has a forged sender.
    Fail,
    /// The check neither passed nor failed: there is no signature or no policy.
    Gray,
    /// SES could not complete the check.
    ProcessingFailed,
}

impl Verdict {
    /// Returns the word for `Authentication-Results`.
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Gray => "none",
            Self::ProcessingFailed => "temperror",
        }
    }
}

/// A domain's DMARC policy for forged mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Nothing.
    #[default]
    None,
    /// Quarantine the mail.
    Quarantine,
    /// Reject the mail.
    Reject,
}

/// All verdicts about a mail. SES accepts the mail in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Spam.
    pub spam: Verdict,
    /// Viruses.
    pub virus: Verdict,
    /// SPF of the envelope's sender.
    pub spf: Verdict,
    /// DKIM signature.
    pub dkim: Verdict,
    /// DMARC of the visible sender.
    pub dmarc: Verdict,
    /// The domain's policy, which SES reports only if DMARC fails.
    pub policy: Policy,
}
