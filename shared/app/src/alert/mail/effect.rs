//! What became of mails.

/// What became of a mail to a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailEffect {
    /// It opened, joined, acknowledged or ended an incident.
    Applied,
    /// It would have ended or joined an incident, but none was open.
    Unmatched,
    /// It was ignored.
    Ignored,
}

/// What became of mails to sources, for the metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailsSeen {
    /// Number of mails to sources.
    pub taken: usize,
    /// Number of mails that would have ended or joined an incident, but none was open.
    pub unmatched: usize,
    /// Number of mails that were ignored.
    pub ignored: usize,
}

impl MailsSeen {
    pub(crate) fn count(&mut self, effect: Option<MailEffect>) {
        self.taken += usize::from(effect.is_some());
        self.unmatched += usize::from(effect == Some(MailEffect::Unmatched));
        self.ignored += usize::from(effect == Some(MailEffect::Ignored));
    }
}
