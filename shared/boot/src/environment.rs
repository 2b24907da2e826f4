//! Reading of environment variables, which no other module does.

use std::path::PathBuf;

use crate::logging::Logging;

/// Settings from the environment.
#[derive(Clone)]
pub struct Environment {
    /// `HANDBELL_TABLE`: name of the table.
    pub table: String,
    /// `HANDBELL_QUEUE_URL`: address of the work queue.
    pub queue_url: String,
    /// `HANDBELL_BUS`: name of the event bus.
    pub bus: String,
    /// `HANDBELL_BUCKET`: bucket of received mail. Absent in a function that doesn't use it.
    pub bucket: Option<String>,
    /// `HANDBELL_CONFIG`: path of the configuration, `/opt/handbell/handbell.yaml` by default.
    pub config: PathBuf,
    /// `HANDBELL_PUBLIC_URL`: our public address. Functions behind API Gateway may learn it from the stage instead.
    pub public_url: Option<String>,
    /// `HANDBELL_SECRETS`: source of the secrets, `ssm:/path` or `file:path`. Absent in a function that needs none.
    pub secrets: Option<String>,
    /// `HANDBELL_WEBEX_URL`: address of Webex's API, `https://webexapis.com/v1` by default.
    pub webex_url: String,
    /// `HANDBELL_TWILIO_URL`: address of Twilio's API, `https://api.twilio.com` by default.
    pub twilio_url: String,
    /// `HANDBELL_CMX_URL`: set only by the local runner; replaces the address of every CMX in the configuration.
    pub cmx_url: Option<String>,
    /// `HANDBELL_CLOCK_FILE`: set only by the local runner; file that states how far time runs ahead, in milliseconds.
    pub clock_file: Option<PathBuf>,
    /// `AWS_REGION`.
    pub region: String,
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, as Lambda sets them.
    pub credentials: (String, String, Option<String>),
    /// `AWS_ENDPOINT_URL_DYNAMODB`, or `AWS_ENDPOINT_URL`.
    pub dynamodb_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SQS`, or `AWS_ENDPOINT_URL`.
    pub sqs_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_EVENTBRIDGE`, or `AWS_ENDPOINT_URL`.
    pub events_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SESV2`, or `AWS_ENDPOINT_URL`.
    pub ses_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_S3`, or `AWS_ENDPOINT_URL`. There, the bucket's name is the first part of the path.
    pub s3_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SSM`, or `AWS_ENDPOINT_URL`.
    pub ssm_endpoint: Option<String>,
}

/// A required variable that isn't set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the environment variable {0} is not set; template.yaml sets it for each function, `cargo run` on a laptop"
)]
pub struct Missing(String);

impl Logging {
    /// Reads the process's environment: `AWS_LAMBDA_LOG_LEVEL` (or `RUST_LOG`) and `AWS_LAMBDA_LOG_FORMAT`.
    pub(crate) fn read() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this is the place")]
        let variable = |name: &str| std::env::var(name).ok();
        Self {
            level: variable("AWS_LAMBDA_LOG_LEVEL").or_else(|| variable("RUST_LOG")),
            json: variable("AWS_LAMBDA_LOG_FORMAT").is_some_and(|format| format.eq_ignore_ascii_case("json")),
        }
    }
}

impl Environment {
    /// Reads the process's environment.
    pub fn read() -> Result<Self, Missing> {
        #[expect(clippy::disallowed_methods, reason = "this is the place")]
        Self::from(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// Reads from any source of variables.
    pub fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Missing> {
        let needed = |name: &str| variable(name).ok_or_else(|| Missing(name.to_owned()));
        let or = |name: &str, default: &str| variable(name).unwrap_or_else(|| default.to_owned());
        let endpoint = |service: &str| {
            variable(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| variable("AWS_ENDPOINT_URL"))
        };
        Ok(Self {
            table: needed("HANDBELL_TABLE")?,
            queue_url: needed("HANDBELL_QUEUE_URL")?,
            bus: needed("HANDBELL_BUS")?,
            bucket: variable("HANDBELL_BUCKET"),
            config: or("HANDBELL_CONFIG", "/opt/handbell/handbell.yaml").into(),
            public_url: variable("HANDBELL_PUBLIC_URL"),
            secrets: variable("HANDBELL_SECRETS"),
            webex_url: or("HANDBELL_WEBEX_URL", "https://webexapis.com/v1"),
            twilio_url: or("HANDBELL_TWILIO_URL", "https://api.twilio.com"),
            cmx_url: variable("HANDBELL_CMX_URL"),
            clock_file: variable("HANDBELL_CLOCK_FILE").map(Into::into),
            region: needed("AWS_REGION")?,
            credentials: (
                needed("AWS_ACCESS_KEY_ID")?,
                needed("AWS_SECRET_ACCESS_KEY")?,
                variable("AWS_SESSION_TOKEN"),
            ),
            dynamodb_endpoint: endpoint("DYNAMODB"),
            sqs_endpoint: endpoint("SQS"),
            events_endpoint: endpoint("EVENTBRIDGE"),
            ses_endpoint: endpoint("SESV2"),
            s3_endpoint: endpoint("S3"),
            ssm_endpoint: endpoint("SSM"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(endpoints: &[(&str, &str)]) -> Environment {
        Environment::from(|name| match name.strip_prefix("AWS_ENDPOINT_URL") {
            Some(_) => {
                endpoints.iter().find(|(set, _)| *set == name).map(|(_, endpoint)| (*endpoint).to_owned())
            }
            None => Some("x".into()),
        })
        .unwrap()
    }

    #[test]
    fn ses_uses_its_own_endpoint_or_that_of_all_services_or_the_default() {
        let (all, own) = (("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_SESV2", "http://ses"));
        assert_eq!(with(&[]).ses_endpoint, None);
        assert_eq!(with(&[all]).ses_endpoint.as_deref(), Some("http://all"));
        let both = with(&[all, own]);
        assert_eq!(both.ses_endpoint.as_deref(), Some("http://ses"));
        assert_eq!(both.sqs_endpoint.as_deref(), Some("http://all"));
    }

    #[test]
    fn the_bucket_is_optional() {
        let without = Environment::from(|name| (name != "HANDBELL_BUCKET").then(|| "x".into())).unwrap();
        assert_eq!((without.bucket, without.s3_endpoint.as_deref()), (None, Some("x")));
        let own = with(&[("AWS_ENDPOINT_URL_S3", "http://s3")]);
        assert_eq!((own.bucket.as_deref(), own.s3_endpoint.as_deref()), (Some("x"), Some("http://s3")));
        assert_eq!(own.ses_endpoint, None);
    }

    #[test]
    fn a_missing_variable_is_named() {
        let error = Environment::from(|name| (name != "HANDBELL_TABLE").then(|| "x".into())).err();
        assert_eq!(error, Some(Missing("HANDBELL_TABLE".into())));
    }
}
