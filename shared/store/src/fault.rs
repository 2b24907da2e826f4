//! Why the table could not be read or written.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};

/// What the SDK says of a failure.
pub type Cause = Box<dyn Error + Send + Sync>;

/// The table could not be read or written: try again.
///
/// Neither its message nor its `Debug` shows the SDK's error, which holds all that DynamoDB answered.
#[derive(thiserror::Error)]
pub enum TableFault {
    /// DynamoDB answered with an error.
    #[error("the table: {code}: {message}")]
    Refused {
        /// DynamoDB's name of the error.
        code: String,
        /// DynamoDB's own words.
        message: String,
        /// The SDK's error.
        source: Cause,
    },
    /// DynamoDB did not answer.
    #[error("the table: no answer ({kind})")]
    NoAnswer {
        /// How the request failed.
        kind: &'static str,
        /// The SDK's error.
        source: Cause,
    },
    /// A row isn't what the code takes it for.
    #[error("the table: a row {key} can't be read: {source}")]
    Unreadable {
        /// The row's sort key.
        key: String,
        /// What is wrong with the row.
        source: serde_dynamo::Error,
    },
    /// A value can't be made into a row.
    #[error("the table: a row can't be written: {0}")]
    Unwritable(#[source] serde_dynamo::Error),
    /// A request lacks something.
    #[error("the table: a request can't be built: {0}")]
    Incomplete(#[from] BuildError),
    /// DynamoDB left rows over, however often it was asked.
    #[error("the table: throttled: not all rows could be {0}")]
    Throttled(&'static str),
    /// Others wrote the same rows, however often it was tried.
    #[error("the table: {0} could not be written: too many at once")]
    Contended(&'static str),
}

impl fmt::Debug for TableFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<E, R> From<SdkError<E, R>> for TableFault
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        match error.code().map(str::to_owned) {
            Some(code) => {
                let message = error.message().unwrap_or("no message").to_owned();
                Self::Refused { code, message, source: error.into() }
            }
            None => Self::NoAnswer { kind: kind(&error), source: error.into() },
        }
    }
}

/// Describes the kind of a failure without its content, which may contain personal data.
fn kind<E, R>(error: &SdkError<E, R>) -> &'static str {
    match error {
        SdkError::ConstructionFailure(_) => "the request could not be built",
        SdkError::TimeoutError(_) => "timeout",
        SdkError::DispatchFailure(_) => "connection failed",
        SdkError::ResponseError(_) => "the answer could not be read",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::operation::get_item::GetItemError;
    use aws_sdk_dynamodb::types::error::ResourceNotFoundException;

    use super::*;

    #[test]
    fn a_fault_keeps_the_sdks_error_and_shows_little_of_it() {
        let missing = ResourceNotFoundException::builder().message("no such table").build();
        let error = SdkError::<_, String>::service_error(
            GetItemError::ResourceNotFoundException(missing),
            "an answer with what people wrote".to_owned(),
        );
        let fault = TableFault::from(error);
        let shown = format!("{fault} {fault:?}");
        assert!(!shown.contains("people wrote"), "{shown}");
        let source =
            fault.source().and_then(|source| source.downcast_ref::<SdkError<GetItemError, String>>());
        assert!(source.is_some_and(|source| source.as_service_error().is_some()));
    }
}
