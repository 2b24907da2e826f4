//! Why the table could not be read or written.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::error::{BuildError, ProvideErrorMetadata, SdkError};
use serde_path_to_error::Segment;

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
    /// A row isn't what the code takes it for. The error of the deserializer may quote what people wrote, so neither it
    /// nor any value is kept.
    #[error("the table: a row {row} can't be read: {attribute}: {problem}")]
    Unreadable {
        /// Kind of the row.
        row: String,
        /// Path of the attribute.
        attribute: String,
        /// What is wrong with the attribute.
        problem: &'static str,
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

impl TableFault {
    pub(crate) fn unreadable(row: String, path: &serde_path_to_error::Path, message: &str) -> Self {
        // These errors are told apart by their words alone.
        let problem = if message.starts_with("missing field") {
            "missing"
        } else if message.starts_with("unknown variant") {
            "an unknown variant"
        } else if message.starts_with("invalid type") || message.starts_with("Expected") {
            "another type"
        } else {
            "an invalid value"
        };
        let missing = message.strip_prefix("missing field `").and_then(|name| name.strip_suffix('`'));
        let keys = path.iter().map(|segment| match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => name(key),
            Segment::Enum { variant } => name(variant),
            Segment::Unknown => "?".to_owned(),
        });
        let path: Vec<String> = keys.chain(missing.map(name)).collect();
        let attribute = if path.is_empty() { "the row".to_owned() } else { path.join(".") };
        Self::Unreadable { row, attribute, problem }
    }
}

/// Returns the key of a map if it looks like a name in our code. Other keys may be personal data.
fn name(key: &str) -> String {
    let ours = key.len() <= 30 && key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if ours { key.to_owned() } else { "?".to_owned() }
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

/// Returns whether a write was made. A condition that doesn't hold is an answer, and no fault.
pub(crate) fn condition_held<T, E, R>(answer: Result<T, SdkError<E, R>>) -> Result<bool, TableFault>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: fmt::Debug + Send + Sync + 'static,
{
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(false),
        Err(error) => Err(error.into()),
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
    use std::collections::BTreeMap;

    use aws_sdk_dynamodb::types::AttributeValue;
    use aws_sdk_dynamodb::types::error::ResourceNotFoundException;
    use handbell_core::conversation::Sender;
    use handbell_core::incident::Incident;

    use super::*;
    use crate::read;
    use crate::table::Row;

    fn row(attributes: impl IntoIterator<Item = (&'static str, AttributeValue)>) -> Row {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let key = [("pk", text("SENDER#+12025550123")), ("sk", text("SENDER"))];
        key.into_iter().chain(attributes).map(|(name, value)| (name.to_owned(), value)).collect()
    }

    #[test]
    fn an_unreadable_row_shows_where_it_is_wrong_and_no_value() {
        let words = || AttributeValue::S("Anna, 7 Mill Lane".to_owned());
        let version = ("version", AttributeValue::N("1".to_owned()));
        let shown = |row| {
            let fault = read::<Sender>(row).unwrap_err();
            assert!(fault.source().is_none());
            let shown = format!("{fault} {fault:?}");
            assert!(!shown.contains("Anna") && !shown.contains("2025550123"), "{shown}");
            fault.to_string()
        };
        assert_eq!(
            shown(row([version.clone(), ("opted_out", words())])),
            "the table: a row SENDER can't be read: opted_out: an invalid value"
        );
        assert_eq!(
            shown(row([("version", words())])),
            "the table: a row SENDER can't be read: version: another type"
        );
        assert_eq!(shown(row([])), "the table: a row SENDER can't be read: version: missing");
        let phase = [("subject", words()), ("phase", words())];
        let fault = read::<Incident>(row(phase)).unwrap_err();
        assert!(!fault.to_string().contains("Anna"), "{fault}");
        let nested = AttributeValue::M([("Anna, 7 Mill Lane".to_owned(), words())].into());
        let silent: Result<BTreeMap<String, BTreeMap<String, u32>>, _> =
            read([("zones".to_owned(), nested)].into());
        assert_eq!(
            silent.unwrap_err().to_string(),
            "the table: a row of an unknown kind can't be read: zones.?: another type"
        );
    }

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
