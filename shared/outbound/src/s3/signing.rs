//! Signing of requests to S3 (AWS, Signature Version 4; Amazon S3, authenticating requests).

use std::time::SystemTime;

use aws_credential_types::Credentials;
use bytes::Bytes;
use http::Method;
use reqwest::{RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};

use super::{Bucket, S3};
use crate::failure::{Failure, VendorResult};
use crate::signing::{AwsRequest, sign};

impl Bucket {
    /// Signs a request and returns it without its body.
    pub(super) fn signed(
        &self,
        method: &Method,
        url: &Url,
        headers: &[(&str, &str)],
        body: &Bytes,
    ) -> VendorResult<RequestBuilder> {
        let plain = |secret: &SecretString| secret.expose_secret().to_owned();
        let (id, secret) = (plain(&self.keys.id), plain(&self.keys.secret));
        let session = self.keys.session.as_ref().map(plain);
        let credentials = Credentials::new(id, secret, session, None, "handbell");
        let signed = sign(&AwsRequest {
            credentials: &credentials,
            region: &self.region,
            service: "s3",
            at: SystemTime::from((self.clock)()),
            method,
            url: url.as_str(),
            headers,
            body,
        });
        let signed = signed.ok_or_else(|| {
            Failure::never_asked(format!("the request to {S3} can't be signed: check the keys and the clock"))
        })?;
        let mut request = self.http.request(method.clone(), url.clone());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in &signed {
            request = request.header(name, value);
        }
        Ok(request)
    }
}

/// Decodes a key from a list, where S3 may encode a space as a plus. Returns `None` if the result isn't text.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(bytes.next()?).to_digit(16).and_then(|d| u8::try_from(d).ok());
                digit()? * 16 + digit()?
            }
            _ => byte,
        });
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Keys;
    use super::*;
    use crate::encoding::percent_encoded;

    type Headers = &'static [(&'static str, &'static str)];

    fn bucket(name: &str, region: &str) -> Bucket {
        let _ = rustls::crypto::ring::default_provider().install_default();
        #[expect(clippy::disallowed_methods, reason = "nothing is sent with it")]
        let http = reqwest::Client::builder().tls_certs_only([]).build().unwrap();
        let keys = Keys {
            id: "AKIAIOSFODNN7EXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".into(),
            session: None,
        };
        let clock = std::sync::Arc::new(|| "2013-05-24T00:00:00Z".parse().unwrap());
        Bucket::new(http, None, region.into(), name.into(), keys, clock)
    }

    #[test]
    fn requests_are_signed_as_amazons_examples_are() {
        // "Authenticating Requests: Using the Authorization Header" in Amazon S3's API reference.
        let examples: [(Method, &str, Headers, &'static [u8], &str); 3] = [
            (
                Method::GET,
                "/test.txt",
                &[("range", "bytes=0-9")],
                b"",
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (
                Method::PUT,
                "/test%24file.text",
                &[("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
                b"Welcome to Amazon S3.",
                "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
            ),
            (
                Method::GET,
                "/?max-keys=2&prefix=J",
                &[],
                b"",
                "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
            ),
        ];
        let bucket = bucket("examplebucket", "us-east-1");
        for (method, path, headers, body, signature) in examples {
            let url = Url::parse(&format!("https://examplebucket.s3.amazonaws.com{path}")).unwrap();
            let request = bucket.signed(&method, &url, headers, &Bytes::from_static(body)).unwrap();
            let request = request.build().unwrap();
            let told = request.headers().get("authorization").unwrap().to_str().unwrap();
            assert!(told.ends_with(&format!("Signature={signature}")), "{path}: {told}");
        }
    }

    #[test]
    fn the_address_of_a_bucket_depends_on_its_name_and_region() {
        for (name, region, expected) in [
            ("mail", "eu-west-1", "https://mail.s3.eu-west-1.amazonaws.com/a//%20b/"),
            ("mail.example.com", "eu-west-1", "https://s3.eu-west-1.amazonaws.com/mail.example.com/a//%20b/"),
            ("mail", "cn-north-1", "https://mail.s3.cn-north-1.amazonaws.com.cn/a//%20b/"),
        ] {
            assert_eq!(bucket(name, region).object("a// b/").unwrap().as_str(), expected);
        }
    }

    #[test]
    fn keys_are_encoded_as_the_signature_requires() {
        assert_eq!(percent_encoded("mail/ä b+c&d=e%20~x", "/"), "mail/%C3%A4%20b%2Bc%26d%3De%2520~x");
        assert_eq!(percent_encoded("a/b", ""), "a%2Fb");
        for wrong in ["%", "%4", "%zz", "%ff"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
        assert_eq!(decoded("a+b%2Fc%C3%A4").as_deref(), Some("a b/cä"));
    }

    proptest! {
        #[test]
        fn encoding_round_trips(text in any::<String>(), slashes in any::<bool>()) {
            let keep = if slashes { "/" } else { "" };
            prop_assert_eq!(decoded(&percent_encoded(&text, keep)), Some(text));
        }
    }
}
