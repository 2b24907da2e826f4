//! Certificates that a site's client trusts: the public roots, the site's own CA, a pinned certificate, or any.
//!
//! The certificates beside this file are for 127.0.0.1 and valid for nothing else; the key may be public.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helping functions too")]

use std::path::Path;
use std::sync::Arc;

use handbell_boot::site_client;
use handbell_core::config::SiteConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates"))
}

fn certificate() -> CertificateDer<'static> {
    CertificateDer::from_pem_file(folder().join("server.pem")).unwrap()
}

/// Starts a site that answers clients that trust it, and returns its port.
async fn server() -> u16 {
    let key = PrivateKeyDer::from_pem_file(folder().join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n72")
                    .await;
                let _ = stream.shutdown().await;
            });
        }
    });
    port
}

fn site(with: Value) -> SiteConfig {
    let mut site =
        json!({ "cmx": { "url": "https://127.0.0.1", "user": "u", "password": { "secret": "cmx" } } });
    site.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
    serde_json::from_value(site).unwrap()
}

async fn asked(port: u16, with: Value) -> Result<String, ()> {
    let client = site_client(&site(with), folder()).unwrap();
    let answer = client.get(format!("https://127.0.0.1:{port}/")).send().await.map_err(|_| ())?;
    Ok(answer.text().await.unwrap())
}

#[tokio::test]
async fn an_unknown_certificate_is_trusted_only_if_configured() {
    let port = server().await;
    let digest = Sha256::digest(certificate());
    let pin = digest.iter().fold("sha256:".to_owned(), |pin, byte| format!("{pin}{byte:02x}"));
    let other = format!("sha256:{}", "0".repeat(64));
    let yes = Ok("72".to_owned());
    assert_eq!(asked(port, json!({})).await, Err(()), "the world's roots don't know it");
    assert_eq!(asked(port, json!({ "ca": "ca.pem" })).await, yes);
    assert_eq!(asked(port, json!({ "pin": pin })).await, yes);
    assert_eq!(asked(port, json!({ "pin": other })).await, Err(()), "another certificate is pinned");
    assert_eq!(asked(port, json!({ "insecure": true })).await, yes);
}

#[test]
fn a_file_without_certificates_and_an_invalid_pin_are_errors() {
    for with in [json!({ "ca": "server.key" }), json!({ "ca": "nothing.pem" }), json!({ "pin": "sha256:12" })]
    {
        let error = site_client(&site(with.clone()), folder()).expect_err("an error");
        assert!(
            error.to_string().contains("certificates") || error.to_string().contains("pin"),
            "{with}: {error}"
        );
    }
}
