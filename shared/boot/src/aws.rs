//! The AWS SDK's clients, configured from environment variables alone. Lambda sets region and credentials there, and
//! the SDK's default providers take milliseconds at each start.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_types::retry::RetryConfig;
use aws_smithy_types::timeout::TimeoutConfig;
use aws_types::region::Region;

use crate::web::ForAws;
use crate::{Environment, Error};

/// Time-out of sending a mail through SES.
const MAIL: Duration = Duration::from_secs(8);

/// Settings that all clients share.
pub(crate) struct Aws {
    http: ForAws,
    region: Region,
    pub(crate) credentials: Credentials,
    dynamodb: Option<String>,
    sqs: Option<String>,
    events: Option<String>,
    ses: Option<String>,
}

macro_rules! client {
    ($service:ident, $aws:expr, $endpoint:expr) => {
        client!(
            $service,
            $aws,
            $endpoint,
            RetryConfig::standard().with_max_attempts(3).with_initial_backoff(Duration::from_millis(50)),
            // The SDK has no time-outs of its own. The operation must end before the caller gives up.
            TimeoutConfig::builder()
                .operation_attempt_timeout(Duration::from_secs(2))
                .operation_timeout(Duration::from_secs(5))
                .build()
        )
    };
    ($service:ident, $aws:expr, $endpoint:expr, $retries:expr, $deadlines:expr) => {{
        let mut config = $service::Config::builder()
            .behavior_version($service::config::BehaviorVersion::latest())
            .http_client($aws.http.clone())
            .region($aws.region.clone())
            .credentials_provider(SharedCredentialsProvider::new($aws.credentials.clone()))
            .sleep_impl(TokioSleep::new())
            .retry_config($retries)
            .timeout_config($deadlines);
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
            ses: environment.ses_endpoint.clone(),
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

    /// Creates SES's client, which makes one attempt: a mail is a delivery to a person, so only the rules decide about
    /// a retry. The attempt may take 8 seconds, as with the other vendors.
    pub(crate) fn ses(&self) -> aws_sdk_sesv2::Client {
        client!(
            aws_sdk_sesv2,
            self,
            self.ses,
            RetryConfig::disabled(),
            TimeoutConfig::builder().operation_timeout(MAIL).build()
        )
    }
}

impl Environment {
    /// Creates SES's client (API version 2) as the functions use it: one attempt, 8 seconds. This opens no connection.
    ///
    /// Fails only if the TLS of the HTTP client can't be set up.
    pub fn ses(&self) -> Result<aws_sdk_sesv2::Client, Error> {
        Ok(Aws::new(self, crate::web::client()?).ses())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_sdk_sesv2::error::ProvideErrorMetadata;
    use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn environment(endpoint: String) -> Environment {
        Environment::from(move |name| match name {
            "AWS_ENDPOINT_URL_SESV2" => Some(endpoint.clone()),
            "AWS_REGION" => Some("eu-west-1".into()),
            name => Some(format!("x-{name}")),
        })
        .unwrap()
    }

    /// Starts a server that gives every request the same response, counts the requests, and keeps the first bytes of
    /// the last.
    async fn server(
        answer: &'static str,
    ) -> (String, Arc<AtomicUsize>, tokio::sync::watch::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let (seen, (tell, heard)) =
            (Arc::new(AtomicUsize::new(0)), tokio::sync::watch::channel(String::new()));
        let count = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut asked = vec![0; 64 * 1024];
                let length = stream.read(&mut asked).await.unwrap_or(0);
                count.fetch_add(1, Ordering::SeqCst);
                tell.send_replace(String::from_utf8_lossy(&asked[..length]).into_owned());
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        (origin, seen, heard)
    }

    async fn send(client: &aws_sdk_sesv2::Client) -> Result<Option<String>, (Option<String>, String)> {
        let data = |text: &str| Content::builder().data(text).build().unwrap();
        let message = Message::builder()
            .subject(data("Your order"))
            .body(Body::builder().text(data("It is ready.")).build())
            .build();
        client
            .send_email()
            .from_email_address("shop@example.com")
            .destination(Destination::builder().to_addresses("anna@example.com").build())
            .content(EmailContent::builder().simple(message).build())
            .send()
            .await
            .map(|sent| sent.message_id)
            .map_err(|error| (error.code().map(str::to_owned), format!("{error:?}")))
    }

    #[tokio::test]
    async fn a_mail_is_sent_to_the_endpoint_of_the_environment() {
        let (origin, seen, heard) = server(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\nconnection: close\r\n\r\n{\"MessageId\":\"0102\"}",
        )
        .await;
        let client = environment(format!("{origin}/aws/ses")).ses().unwrap();
        assert_eq!(send(&client).await, Ok(Some("0102".into())));
        assert_eq!(seen.load(Ordering::SeqCst), 1);
        let asked = heard.borrow().clone();
        assert!(asked.starts_with("POST /aws/ses/v2/email/outbound-emails HTTP/1.1\r\n"), "{asked}");
        assert!(asked.contains("/eu-west-1/ses/aws4_request"), "{asked}");
    }

    #[tokio::test]
    async fn a_mail_is_sent_once_whatever_fails() {
        for answer in [
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            "HTTP/1.1 429 Too Many Requests\r\nx-amzn-errortype: TooManyRequestsException\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{",
            "",
        ] {
            let (origin, seen, _) = server(answer).await;
            let (code, _) = send(&environment(origin).ses().unwrap()).await.expect_err("a failure");
            let throttled = answer.contains(" 429 ").then_some("TooManyRequestsException".to_owned());
            assert_eq!(code, throttled, "{answer}");
            assert_eq!(seen.load(Ordering::SeqCst), 1, "{answer}");
        }
    }

    #[test]
    fn an_attempt_may_take_eight_seconds() {
        let client = environment("http://127.0.0.1:1".into()).ses().unwrap();
        let timeouts = client.config().timeout_config().unwrap();
        assert_eq!(timeouts.operation_timeout(), Some(Duration::from_secs(8)));
        assert_eq!(client.config().retry_config().unwrap().max_attempts(), 1);
    }
}
