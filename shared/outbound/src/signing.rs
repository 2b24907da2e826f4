//! Signing of requests to AWS (AWS, Signature Version 4).

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode,
};
use aws_sigv4::sign::v4;
use http::Method;

/// A request to AWS that has to be signed.
pub struct AwsRequest<'a> {
    /// Who asks.
    pub credentials: &'a Credentials,
    /// The region: `eu-west-1`.
    pub region: &'a str,
    /// The service, as signatures call it: `s3`.
    pub service: &'a str,
    /// The time of the signature.
    pub at: SystemTime,
    /// The method.
    pub method: &'a Method,
    /// The whole URL.
    pub url: &'a str,
    /// Headers that are signed.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// Returns the headers that the signature adds; none if the request can't be signed.
pub fn sign(request: &AwsRequest<'_>) -> Option<Vec<(String, String)>> {
    let mut settings = SigningSettings::default();
    if request.service == "s3" {
        // S3 uses the path as it is, neither encoded twice nor normalised, unlike all other services (Amazon S3,
        // authenticating requests).
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let identity = request.credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(request.region)
        .name(request.service)
        .time(request.at)
        .settings(settings)
        .build()
        .ok()?
        .into();
    let signable = SignableRequest::new(
        request.method.as_str(),
        request.url,
        request.headers.iter().copied(),
        SignableBody::Bytes(request.body),
    )
    .ok()?;
    let (instructions, _) = aws_sigv4::http_request::sign(signable, &params).ok()?.into_parts();
    Some(instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}
