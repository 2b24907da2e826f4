//! Sources of the secrets document: one SSM SecureString, or a file in the local environment.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use handbell_app::{Fault, Fetch};
use handbell_outbound::signing::{AwsRequest, sign};
use secrecy::SecretString;

use crate::Environment;
use crate::aws::Aws;

/// Whether this is a value of the local runner, which is public in its source and must never be used elsewhere.
fn is_of_the_laptop(value: &str) -> bool {
    const DEMO_BUTTON: &str = "sha256:e789951b10abb866ae0cc21261a2f672d52af7bca59d48679222b031414d4c00";
    value.starts_with("local-") || value.ends_with("-on-this-laptop") || value == DEMO_BUTTON
}

/// Returns how to fetch the document that `HANDBELL_SECRETS` names.
pub(crate) fn fetch(environment: &Environment, aws: &Aws) -> Fetch {
    let source = environment.secrets.clone().unwrap_or_default();
    let parameter = Parameter {
        endpoint: environment
            .ssm_endpoint
            .clone()
            .unwrap_or_else(|| format!("https://ssm.{}.amazonaws.com", environment.region)),
        region: environment.region.clone(),
        credentials: aws.credentials.clone(),
        http: aws.http(),
    };
    let parameter = Arc::new(parameter);
    Arc::new(move || {
        let (source, parameter) = (source.clone(), Arc::clone(&parameter));
        Box::pin(async move {
            if let Some(path) = source.strip_prefix("file:") {
                let text = tokio::fs::read(path).await.map_err(|error| {
                    Fault::caused(format!("the secrets file {path} can't be read: {error}"), error)
                })?;
                document(&text)
            } else if let Some(name) = source.strip_prefix("ssm:") {
                let secrets = document(parameter.get(name).await?.as_bytes())?;
                refuse_laptop_secrets(&secrets)?;
                Ok(secrets)
            } else {
                Err(Fault::from("HANDBELL_SECRETS is neither ssm:/path nor file:path"))
            }
        })
    })
}

fn document(text: &[u8]) -> Result<BTreeMap<String, SecretString>, Fault> {
    let plain: BTreeMap<String, String> =
        // The error's own text might quote a secret.
        serde_json::from_slice(text).map_err(|error| Fault::from(format!("the secrets document isn't a JSON object of strings (line {})", error.line())))?;
    Ok(plain.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect())
}

fn refuse_laptop_secrets(secrets: &BTreeMap<String, SecretString>) -> Result<(), Fault> {
    use secrecy::ExposeSecret;
    match secrets.iter().find(|(_, value)| is_of_the_laptop(value.expose_secret())) {
        Some((name, _)) => Err(Fault::from(format!(
            "the secret {name:?} is that of the local demo, which is public; set your own"
        ))),
        None => Ok(()),
    }
}

/// Client of the Systems Manager parameter store. It makes one signed request, since the SDK is larger than all of
/// Handbell.
struct Parameter {
    endpoint: String,
    region: String,
    credentials: Credentials,
    http: reqwest::Client,
}

impl Parameter {
    async fn get(&self, name: &str) -> Result<String, Fault> {
        let body = serde_json::json!({ "Name": name, "WithDecryption": true }).to_string();
        let headers =
            [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", "AmazonSSM.GetParameter")];
        let failed = |why: &str| Fault::from(format!("the secrets parameter {name} can't be fetched: {why}"));
        #[expect(clippy::disallowed_methods, reason = "AWS wants the machine's time in a signature")]
        let at = SystemTime::now();
        let signed = sign(&AwsRequest {
            credentials: &self.credentials,
            region: &self.region,
            service: "ssm",
            at,
            method: &http::Method::POST,
            url: &self.endpoint,
            headers: &headers,
            body: body.as_bytes(),
        });
        let signed = signed.ok_or_else(|| failed("it can't be signed"))?;
        let mut request = self.http.post(&self.endpoint).timeout(Duration::from_secs(3)).body(body);
        for (key, value) in headers {
            request = request.header(key, value);
        }
        for (key, value) in signed {
            request = request.header(key, value);
        }
        let answer = request.send().await.map_err(|_| failed("no connection"))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|_| failed("the answer broke off"))?;
        let body: serde_json::Value =
            serde_json::from_slice(&body).map_err(|_| failed("the answer can't be read"))?;
        match body["Parameter"]["Value"].as_str() {
            Some(value) => Ok(value.to_owned()),
            None => Err(failed(&format!("{status} {}", body["__type"].as_str().unwrap_or_default()))),
        }
    }
}
