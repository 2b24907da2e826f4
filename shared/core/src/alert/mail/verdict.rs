//! What the receiving server found out about a mail: spam, virus, and who may send in the sender's name.

/// What a check came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verdict {
    /// It is as it should be.
    Pass,
    /// It isn't.
    Fail,
    /// It can't be told: `GRAY` at SES.
    Gray,
    /// The check itself went wrong: `PROCESSING_FAILED` at SES.
    Failed,
    /// Nothing is known of the check.
    #[default]
    Absent,
}

/// What was found out about one mail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Passes if it is no spam.
    pub spam: Verdict,
    /// Passes if it carries no virus.
    pub virus: Verdict,
    /// The sending server may send for the envelope's sender.
    pub spf: Verdict,
    /// A signature is right.
    pub dkim: Verdict,
    /// SPF or DKIM speak for the very sender that people see.
    pub dmarc: Verdict,
    /// The envelope's sender is of the very domain that people see: only then does SPF speak for it.
    pub aligned: bool,
    /// It was read from a mailbox, whose server had made up its mind before it put the mail there, and tells nothing.
    pub by_mailbox: bool,
}

impl Verdicts {
    /// Of a mail that was read from a mailbox.
    pub fn of_mailbox() -> Self {
        Self { by_mailbox: true, ..Self::default() }
    }

    /// The sender that people see is the one who sent it: by DMARC, or by SPF for the same domain.
    pub fn proven(&self) -> bool {
        self.dmarc == Verdict::Pass
            || self.dmarc != Verdict::Fail && self.aligned && self.spf == Verdict::Pass
    }

    /// Why this mail must not end or silence anything, in words that follow "because"; `None` if it may.
    ///
    /// Raising an alert needs none of this: whoever knows the source's secret address may wake people, but not let them
    /// sleep on.
    pub fn doubt(&self) -> Option<&'static str> {
        if self.by_mailbox {
            return None;
        }
        if self.virus != Verdict::Pass {
            Some("nobody vouches that it carries no virus")
        } else if self.spam != Verdict::Pass {
            Some("it may be spam")
        } else if self.dmarc == Verdict::Fail {
            Some("its sender's domain says that the mail isn't from there (DMARC)")
        } else if !self.proven() {
            Some("nothing proves its sender: neither DMARC, nor SPF for the domain that it shows")
        } else {
            None
        }
    }
}
