//! The pages that people see in a browser: one layout for all of them, what they may contain, and the headers for the
//! browser.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::wording::web::error_page as texts;
use http::header::{self, HeaderName};
use http::{HeaderValue, Request, Response, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::{Failed, Ids, header as given, typed};

/// Headers of every page in addition to its content security policy and `no-store`. No site may frame the page, and the
/// browser passes its address, which may be a secret, on to nobody.
const HEADERS: [(HeaderName, &str); 4] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
];

/// Returns a page without a script.
pub(crate) fn page(title: &str, body: &Markup, status: StatusCode, ids: &Ids) -> Response<Bytes> {
    live_page(title, body, status, None, ids)
}

/// Returns a page with a script of Handbell's, which may send requests to the page's own origin only.
pub(crate) fn live_page(
    title: &str,
    body: &Markup,
    status: StatusCode,
    script: Option<&'static str>,
    ids: &Ids,
) -> Response<Bytes> {
    let nonce = ids.unique();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) }
            style nonce=(nonce) { (PreEscaped(include_str!("page.css"))) }
            main {
                h1 { (title) }
                (body)
                @if let Some(script) = script {
                    script nonce=(nonce) { (PreEscaped(script)) }
                }
            }
        }
    };
    let allowed = match script {
        Some(_) => format!("script-src 'nonce-{nonce}'; connect-src 'self'; "),
        None => String::new(),
    };
    let policy = format!(
        "default-src 'none'; {allowed}style-src 'nonce-{nonce}'; form-action 'self'; frame-ancestors 'none'; \
         base-uri 'none'; require-trusted-types-for 'script'"
    );
    let mut response = typed(status, "text/html; charset=utf-8", page.into_string());
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Returns the page for a request that failed: what was stored, and what to do.
pub(crate) fn error_page(failed: &Failed, ids: &Ids) -> Response<Bytes> {
    let (status, title, text) = match failed {
        Failed::Rejected(Rejected::Unknown) => {
            (StatusCode::NOT_FOUND, texts::UNKNOWN_TITLE, texts::UNKNOWN.to_owned())
        }
        Failed::Rejected(Rejected::Forged) => {
            (StatusCode::FORBIDDEN, texts::NOT_SENT_TITLE, texts::FORGED.to_owned())
        }
        Failed::Rejected(Rejected::Malformed(why)) => {
            (StatusCode::BAD_REQUEST, texts::NOT_SENT_TITLE, texts::malformed(why))
        }
        Failed::Fault(fault) => {
            tracing::error!(reason = %fault, "not stored; the sender is asked to send it again");
            (StatusCode::SERVICE_UNAVAILABLE, texts::FAULT_TITLE, texts::FAULT.to_owned())
        }
    };
    page(title, &html! { p { (text) } }, status, ids)
}

/// Returns false if the browser reports that another site's page sent the request. Browsers report that automatically,
/// and scripts can't change it (Fetch Metadata, `Sec-Fetch-Site`). A request without the header comes from an older
/// browser. `Origin` is of no use here: it is `null` where the referrer is withheld.
pub(crate) fn is_same_origin(request: &Request<Bytes>) -> bool {
    given(request, "sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"))
}

/// Returns the last piece of a path. Programs that check links, or carry them in a mail, may encode `:` and `~`.
pub(crate) fn piece_of_path(piece: &str) -> String {
    piece.replace("%3A", ":").replace("%3a", ":").replace("%7E", "~").replace("%7e", "~")
}
