//! The AWS SDK's clients, from the environment alone: Lambda hands region and credentials over in variables, and looking
//! for them elsewhere costs milliseconds at each start.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::region::Region;

use crate::Environment;
use crate::web::ForAws;

/// What all clients share.
pub(crate) struct Aws {
    http: ForAws,
    region: Region,
    pub(crate) credentials: Credentials,
    dynamodb: Option<String>,
    sqs: Option<String>,
    events: Option<String>,
}

macro_rules! client {
    ($service:ident, $aws:expr, $endpoint:expr) => {{
        let mut config = $service::Config::builder()
            .behavior_version($service::config::BehaviorVersion::latest())
            .http_client($aws.http.clone())
            .region($aws.region.clone())
            .credentials_provider(SharedCredentialsProvider::new($aws.credentials.clone()))
            .sleep_impl(TokioSleep::new())
            .retry_config(
                RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)),
            )
            // The SDK has no deadlines of its own. The whole must end before the caller gives up on us.
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(Duration::from_secs(2))
                    .operation_timeout(Duration::from_secs(5))
                    .build(),
            );
        config.set_endpoint_url($endpoint.clone());
        $service::Client::from_conf(config.build())
    }};
}

impl Aws {
    pub(crate) fn new(environment: &Environment, http: reqwest::Client) -> Self {
        let (key, secret, session) = environment.credentials.clone();
        Self {
            http: ForAws(http),
            region: Region::new(environment.region.clone()),
            credentials: Credentials::new(key, secret, session, None, "environment"),
            dynamodb: environment.dynamodb_endpoint.clone(),
            sqs: environment.sqs_endpoint.clone(),
            events: environment.events_endpoint.clone(),
        }
    }

    pub(crate) fn http(&self) -> reqwest::Client {
        self.http.0.clone()
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        client!(aws_sdk_dynamodb, self, self.dynamodb)
    }

    pub(crate) fn sqs(&self) -> aws_sdk_sqs::Client {
        client!(aws_sdk_sqs, self, self.sqs)
    }

    pub(crate) fn events(&self) -> aws_sdk_eventbridge::Client {
        client!(aws_sdk_eventbridge, self, self.events)
    }
}
