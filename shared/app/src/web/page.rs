//! The pages that people see in a browser: one layout for all of them, what may stand in it, and what a browser is told.

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderValue, Request, Response, StatusCode};

use crate::{Ids, header as given, typed};

/// What every page tells the browser besides its policy: it is kept nowhere, framed by nobody, and its address, which may be
/// a secret, is handed on to nobody.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
];

/// A page without a script. The title is text, the body HTML.
pub(crate) fn page(title: &str, body: &str, status: StatusCode, ids: &Ids) -> Response<Bytes> {
    live_page(title, body, status, None, ids)
}

/// A page with a script of ours, which may ask where the page came from and nobody else.
pub(crate) fn live_page(
    title: &str,
    body: &str,
    status: StatusCode,
    script: Option<&'static str>,
    ids: &Ids,
) -> Response<Bytes> {
    let nonce = ids.unique();
    let (script, allowed) = match script {
        Some(script) => (
            format!("<script nonce=\"{nonce}\">\n{script}</script>\n"),
            format!("script-src 'nonce-{nonce}'; connect-src 'self'; "),
        ),
        None => (String::new(), String::new()),
    };
    let page = include_str!("page.html")
        .replace("{{nonce}}", &nonce)
        .replace("{{title}}", &escape(title))
        .replace("{{body}}", &format!("{body}{script}"));
    let policy = format!(
        "default-src 'none'; {allowed}style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'; \
         base-uri 'none'; require-trusted-types-for 'script'"
    );
    let mut response = typed(status, "text/html; charset=utf-8", page);
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Text as it may stand between tags and in an attribute. No brace stays, so that nothing is taken for a place of the layout.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '{' => escaped.push_str("&#123;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// False when a browser says that a page of somebody else's sends this. Browsers say so by themselves and scripts can't
/// (Fetch Metadata, `Sec-Fetch-Site`); whoever says nothing is an older browser. `Origin` is of no use here: it is `null`
/// where no referrer is told.
pub(crate) fn is_same_origin(request: &Request<Bytes>) -> bool {
    given(request, "sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"))
}

/// The last piece of a path. Programs that look at links, or carry them in a mail, may spell `:` and `~` in another way.
pub(crate) fn piece_of_path(piece: &str) -> String {
    piece.replace("%3A", ":").replace("%3a", ":").replace("%7E", "~").replace("%7e", "~")
}
