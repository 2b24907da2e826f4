//! Requests that claim to come from Twilio.

use crate::world::{Answer, World};
use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use super::people::OUR_NUMBER;

impl World {
    /// Sends a request with these parameters, signed as Twilio signs.
    pub(crate) async fn signed(&self, path: &str, params: &[(&str, &str)]) -> Answer {
        let account = ("AccountSid", "ACffffffffffffffffffffffffffffffff");
        let mut params: Vec<_> = params.iter().copied().chain([account]).collect();
        params.sort_unstable();
        let signed: String = params.iter().flat_map(|(name, value)| [*name, *value]).collect();
        let url = self.url(path);
        let mut mac = Hmac::<Sha1>::new_from_slice(handbell_local::runner::TWILIO_TOKEN.as_bytes()).unwrap();
        mac.update(format!("{url}{signed}").as_bytes());
        let signature = base64::prelude::BASE64_STANDARD.encode(mac.finalize().into_bytes());
        let body = reqwest::Url::parse_with_params("http://x/", &params).unwrap().query().unwrap().to_owned();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("x-twilio-signature", signature.as_str()),
        ];
        self.send("POST", path, &headers, body).await
    }

    /// A caller with this number, or with what Twilio sends instead of one.
    pub(crate) async fn signed_call(&self, from: &str) -> Answer {
        let sid = format!("CA{:032x}", from.len() * 4711);
        let params = [
            ("CallSid", sid.as_str()),
            ("From", from),
            ("To", OUR_NUMBER),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
        ];
        self.signed("/twilio/voice", &params).await
    }
}
