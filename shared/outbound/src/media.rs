//! Which files are passed on between customers and agents, and whether they are what they say.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

/// The type of what has none.
const UNTOLD: &str = "application/octet-stream";

/// The most bytes of a media type. What is longer isn't one.
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

/// These sound like audio, but are texts that lead players elsewhere.
const PLAYLISTS: &[&str] = &["audio/mpegurl", "audio/x-mpegurl", "audio/x-scpls"];

/// Whether a file of this media type is passed on to people: pictures, films, sounds, documents, contacts. Never what
/// runs when it is opened (pages, SVG, scripts, programs), nor archives, into which nobody looks. Parameters behind the
/// type don't matter; who wrote the type is not believed either: see [`looks_like`].
pub fn allowed_media(content_type: &str) -> bool {
    let essence = essence(content_type);
    let sound =
        essence.strip_prefix("audio/").is_some_and(is_token) && !PLAYLISTS.contains(&essence.as_str());
    sound || ALLOWED.contains(&essence.as_str())
}

/// Whether the bytes of a picture or a document begin as their media type says. Other types have no beginning that
/// could be checked. A picture of a type that isn't known does not look like it.
pub fn looks_like(content_type: &str, bytes: &[u8]) -> bool {
    let essence = essence(content_type);
    let at = |from: usize, what: &[u8]| bytes.get(from..).is_some_and(|rest| rest.starts_with(what));
    match essence.as_str() {
        "application/pdf" => at(0, b"%PDF-"),
        "image/bmp" => at(0, b"BM"),
        "image/gif" => at(0, b"GIF87a") || at(0, b"GIF89a"),
        // ISO base media: the first box tells the brand.
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

/// The media type that a vendor's answer tells, with its parameters; one that says nothing if it tells none.
pub(crate) fn told_type(headers: &HeaderMap) -> String {
    let told = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::trim);
    told.filter(|told| !told.is_empty() && told.len() <= TYPE_MAX).unwrap_or(UNTOLD).to_owned()
}

/// The type without its parameters.
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
    fn people_get_pictures_and_documents() {
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
    fn people_get_nothing_that_runs() {
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
    fn files_begin_as_their_type_says() {
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
