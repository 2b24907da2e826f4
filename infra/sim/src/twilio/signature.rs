//! Twilio's signature, implemented from its documentation alone, so that it checks Handbell's verification independently.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;

/// Returns the value of `X-Twilio-Signature`. `params` are the fields of the form; there are none for GET and JSON.
pub(super) fn sign(token: &str, url: &str, params: &[(String, String)]) -> String {
    let mut params: Vec<_> = params.iter().collect();
    params.sort();
    // A repeated value counts once, as in Twilio's libraries.
    params.dedup();
    // HMAC accepts keys of any length, so this can't fail.
    let mut mac = Hmac::<Sha1>::new_from_slice(token.as_bytes()).unwrap_or_else(|_| unreachable!());
    mac.update(signed_url(url).as_bytes());
    for (name, value) in params {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Returns the signed URL, without fragment and `user:password@`.
fn signed_url(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let host = rest[..end].rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{}", &rest[end..])
}

/// Voice omits the port from the signature of an HTTPS URL; messaging and plain HTTP keep it.
pub(super) fn without_https_port(url: &str) -> String {
    let Some(rest) = url.strip_prefix("https://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let host = match rest[..end].rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit()) => host,
        _ => &rest[..end],
    };
    format!("https://{host}{}", &rest[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(token: &str, url: &str, params: &[(&str, &str)]) -> String {
        let params: Vec<_> =
            params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        sign(token, url, &params)
    }

    #[test]
    fn published_vectors() {
        const CALL: &[(&str, &str)] = &[
            ("CallSid", "CA1234567890ABCDE"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
            ("To", "+18005551212"),
            ("Caller", "+14158675309"),
        ];
        const TWICE: &[(&str, &str)] = &[
            ("Sid", "CA123"),
            ("SidAccount", "AC123"),
            ("Digits", "5678"),
            ("Digits", "1234"),
            ("Digits", "1234"),
        ];
        const OTHER: &[(&str, &str)] = &[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675310"),
            ("Digits", "1234"),
            ("From", "+14158675310"),
            ("To", "+18005551212"),
        ];
        let json = "https://mycompany.com/myapp.php?foo=1&bar=2\
            &bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
        /// URL, parameters, signature.
        type Vector = (&'static str, &'static [(&'static str, &'static str)], &'static str);
        let vectors: &[Vector] = &[
            ("https://mycompany.com/myapp.php?foo=1&bar=2", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
            ("https://mycompany.com:443/myapp.php?foo=1&bar=2", CALL, "kvajT1Ptam85bY51eRf/AJRuM3w="),
            ("http://mycompany.com:80/myapp.php?foo=1&bar=2", CALL, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
            ("http://mycompany.com/myapp.php?foo=1&bar=2", CALL, "OyGYPqTF6ztdbRNCvuQO/oPvqQ4="),
            ("http://mycompany.com:1234/myapp.php?foo=1&bar=2", CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU="),
            ("https://mycompany.com/myapp.php?foo=1&bar=2", TWICE, "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
            (json, &[], "a9nBmqA0ju/hNViExpshrM61xv4="),
            ("https://example.com/myapp.php?foo=1&bar=2", OTHER, "L/OH5YylLD5NRKLltdqwSvS0BnU="),
        ];
        for (url, params, expected) in vectors {
            assert_eq!(signed("12345", url, params), *expected, "{url}");
        }
    }

    #[test]
    fn fragment_and_password_are_not_signed() {
        let plain = signed("t", "https://a.example/x?y=1", &[("B", "2")]);
        assert_eq!(signed("t", "https://u:p@a.example/x?y=1#rc=3", &[("B", "2")]), plain);
    }

    #[test]
    fn voice_drops_the_port_of_https_alone() {
        assert_eq!(without_https_port("https://a.example:443/x"), "https://a.example/x");
        assert_eq!(without_https_port("https://a.example:8443"), "https://a.example");
        assert_eq!(without_https_port("http://127.0.0.1:8080/x"), "http://127.0.0.1:8080/x");
        assert_eq!(without_https_port("https://a.example/x:1"), "https://a.example/x:1");
    }
}
