//! Which files are passed on between customers and agents, and whether their content fits their media type.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// Media type of a file without one.
const UNTOLD: &str = "application/octet-stream";

/// Maximum length of a media type in bytes. Longer ones are ignored.
const TYPE_MAX: usize = 200;

const ALLOWED: &[&str] = &[
    "application/msword",
    "application/pdf",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "image/bmp",
    "image/gif",
    "image/heic",
    "image/jpeg",
    "image/png",
    "image/webp",
    "text/csv",
    "text/plain",
    "text/vcard",
    "text/x-vcard",
    "video/3gpp",
    "video/mp4",
    "video/quicktime",
    "video/webm",
];

/// Playlists have audio types, but are texts that redirect players elsewhere.
const PLAYLISTS: &[&str] = &["audio/mpegurl", "audio/x-mpegurl", "audio/x-scpls"];

/// Returns whether a file of this media type is passed on to people: pictures, films, sounds, documents, contacts.
/// Files that run when opened (pages, SVG, scripts, programs) never are, nor archives, whose content nobody checks.
/// Parameters after the type don't matter. The type itself is only the sender's claim: see [`looks_like`].
pub fn allowed_media(content_type: &str) -> bool {
    let essence = essence(content_type);
    let sound =
        essence.strip_prefix("audio/").is_some_and(is_token) && !PLAYLISTS.contains(&essence.as_str());
    sound || ALLOWED.contains(&essence.as_str())
}

/// Returns whether the bytes of a picture or a document begin as its media type requires. Other types have no signature
/// that could be checked and return true. A picture of an unknown type returns false.
pub fn looks_like(content_type: &str, bytes: &[u8]) -> bool {
    let essence = essence(content_type);
    let at = |from: usize, what: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(what));
    match essence.as_str() {
        "application/pdf" => at(0, b"%PDF-"),
        "image/bmp" => at(0, b"BM"),
        "image/gif" => at(0, b"GIF87a") || at(0, b"GIF89a"),
        // ISO base media: the first box contains the brand.
        "image/heic" => {
            at(4, b"ftyp")
                && [b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"]
                    .iter()
                    .any(|brand| at(8, *brand))
        }
        "image/jpeg" => at(0, b"\xff\xd8\xff"),
        "image/png" => at(0, b"\x89PNG\r\n\x1a\n"),
        "image/webp" => at(0, b"RIFF") && at(8, b"WEBP"),
        "application/msword" | "application/vnd.ms-excel" | "application/vnd.ms-powerpoint" => {
            at(0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
        }
        essence if essence.starts_with("image/") => false,
        essence
            if essence.starts_with("application/vnd.openxmlformats")
                || essence.starts_with("application/vnd.oasis") =>
        {
            at(0, b"PK\x03\x04")
        }
        _ => true,
    }
}

/// Returns the media type of a response with its parameters, or a generic one if it has none.
pub(crate) fn told_type(headers: &HeaderMap) -> String {
    let told = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::trim);
    told.filter(|told| !told.is_empty() && told.len() <= TYPE_MAX).unwrap_or(UNTOLD).to_owned()
}

/// Returns the type without its parameters.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'+' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_and_documents_are_passed_on() {
        for allowed in [
            "image/jpeg",
            "IMAGE/PNG",
            "image/heic; q=1",
            "video/3gpp",
            "audio/mpeg",
            "audio/amr",
            "audio/ogg; codecs=opus",
            " text/plain ; charset=utf-8",
            "text/x-vcard",
            "application/pdf",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ] {
            assert!(allowed_media(allowed), "{allowed}");
        }
    }

    #[test]
    fn files_that_run_are_not_passed_on() {
        for refused in [
            "",
            "image/",
            "audio/",
            "audio/x y",
            "audio/mpeg, text/html",
            "audio/x-mpegurl",
            "image/svg+xml",
            "text/html",
            "text/javascript",
            "application/javascript",
            "application/xhtml+xml",
            "application/zip",
            "application/octet-stream",
            "application/x-msdownload",
            "application/vnd.android.package-archive",
            "application/vnd.ms-word.document.macroEnabled.12",
        ] {
            assert!(!allowed_media(refused), "{refused}");
        }
    }

    #[test]
    fn files_begin_as_their_type_requires() {
        let office = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        let known: [(&str, &[u8]); 10] = [
            ("image/jpeg", b"\xff\xd8\xff\xe0rest"),
            ("image/png; x=1", b"\x89PNG\r\n\x1a\nrest"),
            ("image/gif", b"GIF89a"),
            ("image/webp", b"RIFF\0\0\0\0WEBPVP8"),
            ("image/bmp", b"BM.."),
            ("image/heic", b"\0\0\0\x18ftypheic"),
            ("application/pdf", b"%PDF-1.7"),
            ("application/msword", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
            (office, b"PK\x03\x04"),
            ("text/plain", b"anything"),
        ];
        for (content_type, bytes) in known {
            assert!(looks_like(content_type, bytes), "{content_type}");
        }
        let picture = &known[0].1[..3];
        for (content_type, bytes) in [
            ("image/jpeg", &b"<html>"[..]),
            ("image/png", picture),
            ("application/pdf", b"MZ"),
            ("image/heic", b"\0\0\0\x18ftypisom"),
            ("image/heic", b"\0\0"),
            ("image/gif", b""),
            ("image/tiff", b"II*\0"),
            ("image/svg+xml", b"<svg"),
            (office, b"MZ"),
        ] {
            assert!(!looks_like(content_type, bytes), "{content_type}");
        }
    }
}
