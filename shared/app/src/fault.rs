//! Failures: the caller's, or our own.

use std::error::Error;

use handbell_core::Rejected;
use handbell_outbound::Failure;

/// A failure on our side or of the network. The caller gets a 5xx and retries.
///
/// Logs print a fault without its sources: a source may contain what people wrote.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The table could not be read or written.
    #[error(transparent)]
    Table(#[from] handbell_store::TableFault),
    /// A vendor refused a request, or the request failed.
    #[error(transparent)]
    Vendor(#[from] Failure),
    /// An operation of our own failed, with the cause.
    #[error("{message}")]
    Caused {
        /// What failed, in words that a log may contain.
        message: String,
        /// Cause of the failure.
        source: Box<dyn Error + Send + Sync>,
    },
    /// Something of our own is missing or busy.
    #[error("{0}")]
    Ours(String),
}

impl Fault {
    /// Creates a fault with its cause.
    pub fn caused(message: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Caused { message: message.into(), source: source.into() }
    }
}

impl From<String> for Fault {
    fn from(message: String) -> Self {
        Self::Ours(message)
    }
}

impl From<&str> for Fault {
    fn from(message: &str) -> Self {
        Self::Ours(message.to_owned())
    }
}

/// Reason why a request was not fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The caller's fault: the request was rejected.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// Our own fault.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<handbell_store::TableFault> for Failed {
    fn from(fault: handbell_store::TableFault) -> Self {
        Self::Fault(fault.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_keeps_its_cause() {
        let cause = std::io::Error::other("the disk is gone");
        let failed = Failed::from(Fault::caused("the file can't be read", cause));
        assert_eq!(failed.to_string(), "the file can't be read");
        assert_eq!(failed.source().map(ToString::to_string).as_deref(), Some("the disk is gone"));
        assert!(Fault::from("the queue took nothing").source().is_none());
    }
}
