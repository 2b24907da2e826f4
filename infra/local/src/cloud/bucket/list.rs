//! ListObjectsV2: the keys in pages, as XML.

use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Answer, Bucket, NAME, Query, refuse};

/// Limit of keys in a list (S3, ListObjectsV2).
const LISTED: usize = 1000;

impl Bucket {
    /// Answers with the keys that a query requests.
    pub(super) fn list(&self, query: &Query) -> Answer {
        let invalid = |message: &str| refuse(StatusCode::BAD_REQUEST, "InvalidArgument", message);
        if query.get("list-type") != Some("2") {
            let message = "the laptop's S3 lists only with list-type=2";
            return refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message);
        }
        if query.get("delimiter").is_some_and(|delimiter| !delimiter.is_empty()) {
            let message = "the laptop's S3 lists without delimiters";
            return refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented", message);
        }
        let at_most = match query.get("max-keys").filter(|count| !count.is_empty()).map(str::parse::<u32>) {
            None => LISTED,
            Some(Ok(count)) => (count as usize).min(LISTED),
            Some(Err(_)) => return invalid("Provided max-keys not an integer or within integer range"),
        };
        let token = query.get("continuation-token");
        let after = match token.map(|token| URL_SAFE_NO_PAD.decode(token).map(String::from_utf8)) {
            None => query.get("start-after").unwrap_or_default().to_owned(),
            Some(Ok(Ok(after))) if !after.is_empty() => after,
            Some(_) => return invalid("The continuation token provided is incorrect"),
        };
        let prefix = query.get("prefix").unwrap_or_default();
        let mut found: Vec<_> = self.shelf.after(prefix, &after).take(at_most + 1).collect();
        // A list of no keys is never truncated.
        let more = found.len() > at_most && at_most > 0;
        found.truncate(at_most);

        let urls = query.get("encoding-type") == Some("url");
        let shown = |text: &str| if urls { encoded(text) } else { escaped(text) };
        let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">".to_owned();
        let mut put = |name: &str, value: &str| xml.push_str(&format!("<{name}>{value}</{name}>"));
        put("Name", NAME);
        put("Prefix", &shown(prefix));
        if let Some(start) = query.get("start-after") {
            put("StartAfter", &shown(start));
        }
        if let Some(token) = token {
            put("ContinuationToken", &escaped(token));
        }
        if let Some((last, _)) = found.last().filter(|_| more) {
            put("NextContinuationToken", &URL_SAFE_NO_PAD.encode(last));
        }
        put("KeyCount", &found.len().to_string());
        put("MaxKeys", &at_most.to_string());
        if urls {
            put("EncodingType", "url");
        }
        put("IsTruncated", if more { "true" } else { "false" });
        for (key, object) in &found {
            let modified = object.modified.strftime("%Y-%m-%dT%H:%M:%S%.3fZ");
            let (key, etag, size) = (shown(key), escaped(&object.etag), object.size);
            put(
                "Contents",
                &format!(
                    "<Key>{key}</Key><LastModified>{modified}</LastModified><ETag>{etag}</ETag><Size>{size}</Size><StorageClass>STANDARD</StorageClass>"
                ),
            );
        }
        xml.push_str("</ListBucketResult>");
        Ok(([("content-type", "application/xml")], xml).into_response())
    }
}

fn encoded(text: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-._*/".contains(&byte);
    text.bytes()
        .map(|byte| if safe(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

pub(super) fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        c if c.is_control() => format!("&#{};", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}
