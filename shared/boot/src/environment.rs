//! The environment variables: the only place that reads them.

use std::path::PathBuf;

/// What the environment says.
#[derive(Clone)]
pub struct Environment {
    /// `HANDBELL_TABLE`: the table's name.
    pub table: String,
    /// `HANDBELL_QUEUE_URL`: the work queue.
    pub queue_url: String,
    /// `HANDBELL_BUS`: the event bus.
    pub bus: String,
    /// `HANDBELL_BUCKET`: where mail lies that came in. Absent where a function has nothing to do with it.
    pub bucket: Option<String>,
    /// `HANDBELL_CONFIG`: the configuration, `/opt/handbell/handbell.yaml` by default.
    pub config: PathBuf,
    /// `HANDBELL_PUBLIC_URL`: how the world reaches us. Functions behind API Gateway may learn it from the stage instead.
    pub public_url: Option<String>,
    /// `HANDBELL_SECRETS`: `ssm:/path` or `file:path`. Absent where a function needs none.
    pub secrets: Option<String>,
    /// `HANDBELL_WEBEX_URL`: `https://webexapis.com/v1` by default.
    pub webex_url: String,
    /// `HANDBELL_TWILIO_URL`: `https://api.twilio.com` by default.
    pub twilio_url: String,
    /// `HANDBELL_CMX_URL`: set by the laptop's runner only; takes the place of every CMX of the configuration.
    pub cmx_url: Option<String>,
    /// `HANDBELL_CLOCK_FILE`: set by the laptop's runner only; how far time runs ahead, in milliseconds.
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
    /// `AWS_ENDPOINT_URL_S3`, or `AWS_ENDPOINT_URL`. The bucket's name is the first part of the path there.
    pub s3_endpoint: Option<String>,
    /// `AWS_ENDPOINT_URL_SSM`, or `AWS_ENDPOINT_URL`.
    pub ssm_endpoint: Option<String>,
}

/// A variable that must be set and isn't.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the environment variable {0} is not set; template.yaml sets it for each function, `cargo run` on a laptop"
)]
pub struct Missing(String);

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
    fn ses_is_at_its_own_endpoint_or_at_that_of_all_services_or_where_aws_has_it() {
        let (all, own) = (("AWS_ENDPOINT_URL", "http://all"), ("AWS_ENDPOINT_URL_SESV2", "http://ses"));
        assert_eq!(with(&[]).ses_endpoint, None);
        assert_eq!(with(&[all]).ses_endpoint.as_deref(), Some("http://all"));
        let both = with(&[all, own]);
        assert_eq!(both.ses_endpoint.as_deref(), Some("http://ses"));
        assert_eq!(both.sqs_endpoint.as_deref(), Some("http://all"));
    }

    #[test]
    fn the_bucket_is_a_functions_own_affair() {
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
