//! Requests from API Gateway (AWS documentation, "Working with AWS Lambda proxy integrations for HTTP APIs", format 2.0).
//!
//! Only what Handbell uses is read. The `Host` header is not: a sender may write anything there.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use handbell_app::{Dependencies, SourceIp};
use handbell_outbound::percent_encoded;
use http::{Method, Request};
use serde::Deserialize;

/// Characters that stand for themselves in a path, besides the unreserved ones (RFC 3986, section 3.3).
const OF_A_PATH: &str = "/!$&'()*+,;=:@%";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GatewayEvent {
    raw_path: String,
    #[serde(default)]
    raw_query_string: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: bool,
    request_context: RequestContext,
    #[serde(default)]
    stage_variables: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct RequestContext {
    http: HttpContext,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HttpContext {
    method: String,
    #[serde(default)]
    source_ip: Option<String>,
}

/// Converts API Gateway's event to a request. The body is decoded, since signatures cover the bytes that were sent.
/// Fails for what is no such event; headers that HTTP doesn't allow are left out.
pub(crate) fn request(around: &Dependencies, payload: &str) -> Result<Request<Bytes>, String> {
    let (request, public_url) = read(payload)?;
    if let Some(url) = public_url {
        around.set_public_url(&url);
    }
    Ok(request)
}

/// Returns the request, and Handbell's URL if the stage knows it.
fn read(payload: &str) -> Result<(Request<Bytes>, Option<String>), String> {
    let wrong = |error: &dyn std::fmt::Display| format!("not an event of an HTTP API: {error}");
    let event: GatewayEvent = serde_json::from_str(payload).map_err(|error| wrong(&error))?;
    let public_url = event.stage_variables.unwrap_or_default().remove("HANDBELL_PUBLIC_URL");
    let method: Method = event.request_context.http.method.parse().map_err(|error| wrong(&error))?;
    // API Gateway may have decoded the path.
    let mut path_and_query = percent_encoded(&decode_unreserved(&event.raw_path), OF_A_PATH);
    if !event.raw_query_string.is_empty() {
        path_and_query = format!("{path_and_query}?{}", event.raw_query_string);
    }
    let mut request = Request::builder().method(method).uri(path_and_query);
    for (name, value) in &event.headers {
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), http::HeaderValue::try_from(value))
        {
            request = request.header(name, value);
        }
    }
    if let Some(source) = event.request_context.http.source_ip {
        request = request.extension(SourceIp(source));
    }
    let body = match event.body {
        Some(body) if event.is_base64_encoded => STANDARD.decode(body).map_err(|error| wrong(&error))?.into(),
        Some(body) => Bytes::from(body),
        None => Bytes::new(),
    };
    Ok((request.body(body).map_err(|error| wrong(&error))?, public_url))
}

/// Decodes the unreserved characters of a path: `%2D` and `-` name the same resource (RFC 3986, section 6.2.2.2), and a
/// secret address must be found however its caller writes it.
fn decode_unreserved(path: &str) -> String {
    let mut parts = path.split('%');
    let mut decoded = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.map(char::from) {
            Some(c) if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~') => {
                decoded.push(c);
                decoded.push_str(&part[2..]);
            }
            Some(_) | None => {
                decoded.push('%');
                decoded.push_str(part);
            }
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event() -> serde_json::Value {
        json!({
            "version": "2.0", "rawPath": "/twilio/sms", "rawQueryString": "d=1&x=%20",
            "headers": { "content-type": "text/plain", "host": "bell.example.com" },
            "requestContext": { "http": { "method": "POST", "sourceIp": "192.0.2.1" }, "timeEpoch": 0 },
            "stageVariables": { "HANDBELL_PUBLIC_URL": "https://bell.example.com" },
            "body": "aGkh", "isBase64Encoded": true,
        })
    }

    #[test]
    fn a_request_is_what_was_sent() {
        let (request, url) = read(&event().to_string()).unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "/twilio/sms?d=1&x=%20");
        assert_eq!(request.headers()["content-type"], "text/plain");
        assert_eq!(request.extensions().get::<SourceIp>().unwrap().0, "192.0.2.1");
        assert_eq!(
            (request.body().as_ref(), url.as_deref()),
            (&b"hi!"[..], Some("https://bell.example.com"))
        );
    }

    #[test]
    fn a_host_that_no_url_can_have_changes_nothing() {
        for host in ["a.example.com,b.example.com", "bell.example.com:99999", "", "é", "[::1", "a b", "\n"] {
            let mut event = event();
            event["headers"]["host"] = host.into();
            let (request, _) = read(&event.to_string()).expect(host);
            assert_eq!(request.uri().path(), "/twilio/sms");
        }
    }

    #[test]
    fn a_path_that_was_decoded_is_encoded_again() {
        let mut event = event();
        event["rawPath"] = "/b/a b/é%".into();
        assert_eq!(read(&event.to_string()).unwrap().0.uri().path(), "/b/a%20b/%C3%A9%");
    }

    #[test]
    fn an_unreserved_character_is_the_same_encoded_and_not() {
        for (given, read_as) in [
            ("/b/a%2Db%2d%5F%7E%2e%41%7a%30", "/b/a-b-_~.Az0"),
            ("/alert/%66orm", "/alert/form"),
            ("/b/a%2Fb%3D%25%20", "/b/a%2Fb%3D%25%20"),
            ("/b/%2", "/b/%2"),
            ("/b/%", "/b/%"),
            ("/b/%+1%zz%é2D", "/b/%+1%zz%%C3%A92D"),
        ] {
            let mut event = event();
            event["rawPath"] = given.into();
            assert_eq!(read(&event.to_string()).unwrap().0.uri().path(), read_as, "{given}");
        }
    }

    #[test]
    fn what_is_no_request_is_said() {
        for broken in ["", "{}", "[]", "{\"rawPath\": \"/\"}"] {
            assert!(read(broken).unwrap_err().starts_with("not an event of an HTTP API"), "{broken}");
        }
        let mut event = event();
        event["body"] = "no base64!".into();
        assert!(read(&event.to_string()).is_err());
    }
}
