//! The one HTTP client, shared by AWS and the vendors: one TLS stack, one connection pool.

use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use rustls::{ClientConfig, RootCertStore};

use crate::Error;

/// Creates a client without retries and redirects: only the rules decide about retries.
///
/// Mozilla's root certificates are compiled in: reading the system's takes milliseconds at each start. A connection
/// that has been idle for ten seconds isn't reused, since a sandbox that was frozen wakes up with dead connections.
pub fn client() -> Result<reqwest::Client, Error> {
    client_with(tls()?)
}

/// Returns a TLS configuration that trusts Mozilla's root certificates, for HTTP and for mailboxes.
pub(crate) fn tls() -> Result<ClientConfig, Error> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Creates such a client with other trusted certificates.
pub(crate) fn client_with(tls: ClientConfig) -> Result<reqwest::Client, Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place that makes a client")]
    let builder = reqwest::Client::builder();
    Ok(builder
        .tls_backend_preconfigured(tls)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(3))
        .pool_idle_timeout(Duration::from_secs(10))
        .user_agent(concat!("Handbell/", env!("CARGO_PKG_VERSION")))
        .build()?)
}

/// The same client, adapted to the AWS SDK.
#[derive(Clone, Debug)]
pub(crate) struct ForAws(pub(crate) reqwest::Client);

impl HttpClient for ForAws {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        // Time-outs are set for operations and attempts, which covers the read time-out in the settings.
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for ForAws {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (parts, body) = request.into_parts();
            // All bodies that Handbell sends to AWS are in memory.
            let body = body.bytes().map(bytes::Bytes::copy_from_slice).unwrap_or_default();
            let request = http::Request::from_parts(parts, reqwest::Body::from(body));
            let request =
                reqwest::Request::try_from(request).map_err(|error| ConnectorError::user(error.into()))?;
            let failed = |error: reqwest::Error| {
                if error.is_timeout() {
                    ConnectorError::timeout(error.into())
                } else {
                    ConnectorError::io(error.into())
                }
            };
            let response = client.execute(request).await.map_err(failed)?;
            let mut answer = http::Response::new(());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = response.headers().clone();
            let body = response.bytes().await.map_err(failed)?;
            let answer = answer.map(|()| SdkBody::from(body));
            HttpResponse::try_from(answer).map_err(|error| ConnectorError::other(error.into(), None))
        })
    }
}
