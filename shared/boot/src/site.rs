//! HTTP clients for sites with their own certificates: self-signed, signed by a private CA, or not to be verified.

use std::path::Path;
use std::sync::Arc;

use handbell_core::config::{SiteConfig, pin_bytes};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{Error, web};

/// Creates the client for one site. `files` is the folder to which file names in the configuration are relative.
///
/// Fails if the file of certificates can't be read or contains none, or if the pin is invalid.
pub fn site_client(site: &SiteConfig, files: &Path) -> Result<reqwest::Client, Error> {
    let provider = Arc::new(ring::default_provider());
    let config =
        ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let config = if let Some(ca) = &site.ca {
        let path = files.join(ca);
        let unreadable =
            |why: &dyn std::fmt::Display| format!("the certificates {} can't be read: {why}", path.display());
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(&path).map_err(|error| unreadable(&error))? {
            roots.add(certificate.map_err(|error| unreadable(&error))?)?;
        }
        if roots.is_empty() {
            return Err(unreadable(&"the file contains none").into());
        }
        config.with_root_certificates(roots)
    } else if site.pin.is_some() || site.insecure {
        let pin = match &site.pin {
            Some(pin) => Some(pin_bytes(pin).ok_or("a pin is sha256: and 64 hexadecimal digits")?),
            None => None,
        };
        config.dangerous().with_custom_certificate_verifier(Arc::new(Believer { pin, provider }))
    } else {
        return web::client();
    };
    web::client_with(config.with_no_client_auth())
}

/// Accepts only the pinned certificate, or any certificate without a pin.
#[derive(Debug)]
struct Believer {
    pin: Option<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Believer {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match self.pin {
            Some(pin) if !bool::from(Sha256::digest(certificate).as_slice().ct_eq(&pin)) => {
                Err(CertificateError::ApplicationVerificationFailure.into())
            }
            _ => Ok(ServerCertVerified::assertion()),
        }
    }

    // The server must also prove that it has the certificate's key.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
