//! The receiving server's checks of a mail: spam, virus, and who may send in the sender's name.

/// Result of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthVerdict {
    /// The check has passed.
    Pass,
    /// The check has not passed.
    Fail,
    /// Undecided: `GRAY` at SES.
    Gray,
    /// The check itself failed: `PROCESSING_FAILED` at SES.
    Failed,
    /// No result is known.
    #[default]
    Absent,
}

/// Results of the checks of one mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuthVerdicts {
    /// Passes if it is no spam.
    pub spam: AuthVerdict,
    /// Passes if it carries no virus.
    pub virus: AuthVerdict,
    /// Passes if the sending server may send for the envelope's sender.
    pub spf: AuthVerdict,
    /// Passes if a signature is valid.
    pub dkim: AuthVerdict,
    /// Passes if SPF or DKIM vouches for the sender that people see.
    pub dmarc: AuthVerdict,
    /// True if the envelope's sender is of the domain that people see. Only then does SPF vouch for it.
    pub aligned: bool,
    /// True if it was read from a mailbox. Its server had decided before it put the mail there, and reports nothing.
    pub by_mailbox: bool,
}

impl AuthVerdicts {
    /// Returns the verdicts of a mail that was read from a mailbox.
    pub fn of_mailbox() -> Self {
        Self { by_mailbox: true, ..Self::default() }
    }

    /// Returns true if the sender that people see is proven: by DMARC, or by SPF for the same domain.
    pub fn is_proven(&self) -> bool {
        self.dmarc == AuthVerdict::Pass
            || self.dmarc != AuthVerdict::Fail && self.aligned && self.spf == AuthVerdict::Pass
    }

    /// Returns why this mail must not end or silence anything, in words that follow "because"; `None` if it may.
    ///
    /// Raising an alert needs none of this: a person who knows the source's secret address may wake people, but not let them sleep
    /// on.
    pub fn doubt(&self) -> Option<&'static str> {
        if self.by_mailbox {
            return None;
        }
        if self.virus != AuthVerdict::Pass {
            Some("nobody vouches that it carries no virus")
        } else if self.spam != AuthVerdict::Pass {
            Some("it may be spam")
        } else if self.dmarc == AuthVerdict::Fail {
            Some("its sender's domain says that the mail isn't from there (DMARC)")
        } else if !self.is_proven() {
            Some("nothing proves its sender: neither DMARC, nor SPF for the domain that it shows")
        } else {
            None
        }
    }
}
