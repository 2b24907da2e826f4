//! The bucket of received mail, from the environment.

use handbell_outbound::s3::{Bucket, Keys};
use secrecy::SecretString;

use crate::{Environment, clock};

impl Environment {
    /// Returns the bucket, if the environment names one. This opens no connection.
    pub fn bucket(&self, http: reqwest::Client) -> Option<Bucket> {
        let name = self.bucket.clone()?;
        let (id, secret, session) = self.credentials.clone();
        let keys = Keys {
            id: SecretString::from(id),
            secret: SecretString::from(secret),
            session: session.map(SecretString::from),
        };
        let (endpoint, region) = (self.s3_endpoint.clone(), self.region.clone());
        Some(Bucket::new(http, endpoint, region, name, keys, clock::of_signatures()))
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    fn environment(unset: &'static str, endpoint: Option<String>) -> Environment {
        Environment::from(move |name| match name {
            _ if name == unset => None,
            "AWS_ENDPOINT_URL_S3" => endpoint.clone(),
            "AWS_ENDPOINT_URL" | "HANDBELL_CLOCK_FILE" => None,
            "AWS_REGION" => Some("eu-west-1".into()),
            "HANDBELL_BUCKET" => Some("mail".into()),
            name => Some(format!("x-{name}")),
        })
        .unwrap()
    }

    #[test]
    fn without_a_variable_there_is_no_bucket() {
        let http = || crate::client().unwrap();
        assert!(environment("HANDBELL_BUCKET", None).bucket(http()).is_none());
        assert!(environment("", None).bucket(http()).is_some());
    }

    /// Returns the request that the bucket receives without this variable.
    async fn asked(unset: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}/aws/s3", listener.local_addr().unwrap());
        let bucket = environment(unset, Some(endpoint)).bucket(crate::client().unwrap()).unwrap();
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = vec![0; 64 * 1024];
            let length = stream.read(&mut asked).await.unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\nabc";
            stream.write_all(answer.as_bytes()).await.unwrap();
            String::from_utf8_lossy(&asked[..length]).into_owned()
        };
        let (got, asked) = tokio::join!(bucket.get("inbound/1", 10), serve);
        assert_eq!(got.unwrap().as_deref(), Some(&b"abc"[..]));
        asked
    }

    #[tokio::test]
    async fn the_bucket_uses_the_endpoint_and_credentials_of_the_environment() {
        let said = asked("").await;
        assert!(said.starts_with("GET /aws/s3/mail/inbound/1 HTTP/1.1\r\n"), "{said}");
        assert!(said.contains("Credential=x-AWS_ACCESS_KEY_ID/"), "{said}");
        assert!(said.contains("/eu-west-1/s3/aws4_request"), "{said}");
        assert!(said.contains("x-amz-security-token: x-AWS_SESSION_TOKEN\r\n"), "{said}");
        assert!(!said.contains("x-AWS_SECRET_ACCESS_KEY"), "{said}");
        // Long-term keys have no session token.
        let said = asked("AWS_SESSION_TOKEN").await;
        assert!(!said.contains("x-amz-security-token"), "{said}");
    }

    #[test]
    fn signatures_use_the_machines_time() {
        let (signed, now) = ((clock::of_signatures())(), (clock::ahead_of(|| 0))());
        assert!(now.duration_since(signed) < SignedDuration::from_secs(5), "{signed} {now}");
    }
}
