//! Facts about text messages: their SMS segments, opt-out words, the country of a number, and what may be sent there.

use crate::address::E164;

mod number;
mod opt_out;
mod thanks;

pub use number::{BadNumber, read_number};
pub use opt_out::{OptOutKeyword, opt_out_word, reads_like_opt_out};
pub use thanks::is_thanks;

/// Cost of a text. Texts are billed by SMS segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segments {
    /// Number of segments; 0 for an empty text.
    pub count: u32,
    /// The first character that isn't in GSM 03.38. It makes the segments less than half as long.
    pub unicode: Option<char>,
}

/// Basic table of GSM 03.38, without the escape. Each character takes one place.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿\
                     abcdefghijklmnopqrstuvwxyzäöñüà";

/// Extension table of GSM 03.38. Each character takes two places.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// Counts the segments of a text: 160 places in a single one, 153 in each of several; 70 and 67 UTF-16 units if a character isn't
/// in GSM 03.38 (Twilio, Messages resource). A character is never split.
pub fn segments(text: &str) -> Segments {
    let unicode = text.chars().find(|c| !BASIC.contains(*c) && !EXTENDED.contains(*c));
    let places = |c: char| match unicode {
        Some(_) => c.len_utf16(),
        None => 1 + usize::from(EXTENDED.contains(c)),
    };
    let (alone, each) = if unicode.is_some() { (70, 67) } else { (160, 153) };
    let count = match text.chars().map(places).sum::<usize>() {
        0 => 0,
        all if all <= alone => 1,
        _ => {
            let (full, _) = text.chars().map(places).fold((0, each), |(parts, used), more| {
                if used + more > each { (parts + 1, more) } else { (parts, used + more) }
            });
            full
        }
    };
    Segments { count, unicode }
}

/// Returns the country code of an E.164 number with its plus. No code is the beginning of another (ITU-T E.164, assigned country
/// codes).
pub fn calling_code(number: &str) -> Option<&str> {
    if !E164::is_valid(number) {
        return None;
    }
    let end = match number.as_bytes() {
        [_, b'1' | b'7', ..] => 2,
        [_, b'2', b'0' | b'7', ..]
        | [_, b'3', b'0'..=b'4' | b'6' | b'9', ..]
        | [_, b'4', b'0' | b'1' | b'3'..=b'9', ..]
        | [_, b'5', b'1'..=b'8', ..]
        | [_, b'6', b'0'..=b'6', ..]
        | [_, b'8', b'1' | b'2' | b'4' | b'6', ..]
        | [_, b'9', b'0'..=b'5' | b'8', ..] => 3,
        _ => 4,
    };
    number.get(..end)
}

/// Area codes of +1 outside of the United States and Canada, by country or territory (NANPA, area codes). Texts to them cost more,
/// and MMS doesn't reach them.
const ISLANDS: [(&str, &[&str]); 23] = [
    ("AG", &["268"]),
    ("AI", &["264"]),
    ("AS", &["684"]),
    ("BB", &["246"]),
    ("BM", &["441"]),
    ("BS", &["242"]),
    ("DM", &["767"]),
    ("DO", &["809", "829", "849"]),
    ("GD", &["473"]),
    ("GU", &["671"]),
    ("JM", &["658", "876"]),
    ("KN", &["869"]),
    ("KY", &["345"]),
    ("LC", &["758"]),
    ("MP", &["670"]),
    ("MS", &["664"]),
    ("PR", &["787", "939"]),
    ("SX", &["721"]),
    ("TC", &["649"]),
    ("TT", &["868"]),
    ("VC", &["784"]),
    ("VG", &["284"]),
    ("VI", &["340"]),
];

/// Returns where a number is, for prices: its country code and, for codes that several countries share, the country.
fn place(number: &str) -> Option<(&str, &str)> {
    let code = calling_code(number)?;
    let rest = &number[code.len()..];
    Some(match code {
        "+1" => {
            let area = rest.get(..3)?;
            let island = ISLANDS.iter().find(|(_, areas)| areas.contains(&area));
            (code, island.map_or("US, CA", |(name, _)| name))
        }
        "+7" if rest.starts_with(['6', '7']) => (code, "KZ"),
        _ => (code, ""),
    })
}

/// Price class of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PriceClass {
    /// Within a country. The United States and Canada count as one.
    Domestic,
    /// To another country, or from or to something that is no number.
    International,
}

/// Returns the price class of a text between two numbers. A sender that is no number is abroad everywhere.
pub fn price_class(from: &str, to: &str) -> PriceClass {
    match (place(from), place(to)) {
        (Some(from), Some(to)) if from == to => PriceClass::Domestic,
        _ => PriceClass::International,
    }
}

/// Returns true if this number may be texted: any number if the list is empty, else one that begins with an entry, such as `+352`,
/// `+1` or `+1876`.
///
/// An entry never matches within a country code: `+3` allows nothing.
pub fn may_text(to: &str, countries: &[String]) -> bool {
    let Some(code) = calling_code(to) else {
        return false;
    };
    countries.is_empty()
        || countries.iter().any(|entry| {
            let entry = entry.trim();
            entry.len() >= code.len() && to.starts_with(entry)
        })
}

/// Returns true if the sender is no subscriber, so that no reply can reach them: a short code, a name, a withheld number.
///
/// The shortest subscriber numbers have seven digits, including the country code. Anything shorter is a short code with a plus
/// before it.
pub fn is_short_code(number: &str) -> bool {
    !E164::is_valid(number) || number.len() < "+6834000".len()
}

/// How a file is sent to a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRoute {
    /// In the message itself.
    Mms,
    /// As a link in a text.
    Link,
}

/// Types that every phone shows, up to 5 MB (Twilio, Accepted content types for media).
const PICTURES: [&str; 4] = ["image/jpeg", "image/jpg", "image/png", "image/gif"];

/// Types that are delivered unchanged. Carriers accept up to 500 KB (Twilio, Accepted content types for media).
const CARRIED: [&str; 37] = [
    "application/pdf",
    "application/vcard",
    "application/vnd.apple.pkpass",
    "audio/3gpp",
    "audio/3gpp2",
    "audio/ac3",
    "audio/amr",
    "audio/amr-nb",
    "audio/basic",
    "audio/l24",
    "audio/mp4",
    "audio/mpeg",
    "audio/ogg",
    "audio/vnd.rn-realaudio",
    "audio/vnd.wave",
    "audio/webm",
    "image/bmp",
    "image/tiff",
    "text/calendar",
    "text/csv",
    "text/directory",
    "text/richtext",
    "text/rtf",
    "text/vcard",
    "text/x-vcard",
    "video/3gpp",
    "video/3gpp-tt",
    "video/3gpp2",
    "video/h261",
    "video/h263",
    "video/h263-1998",
    "video/h263-2000",
    "video/h264",
    "video/mp4",
    "video/mpeg",
    "video/quicktime",
    "video/webm",
];

/// Returns how a file of this type and length in bytes is sent from one number to another. MMS exists only between numbers of the
/// United States and Canada. A megabyte is a million bytes here, the smaller of its two meanings.
pub fn file_route(from: &str, to: &str, content_type: &str, length: u64) -> FileRoute {
    let reached =
        [from, to].iter().all(|number| place(number) == Some(("+1", "US, CA")) && number.len() == 12);
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let most = match kind.as_str() {
        kind if PICTURES.contains(&kind) => 5_000_000,
        kind if CARRIED.contains(&kind) => 500_000,
        _ => 0,
    };
    if reached && (1..=most).contains(&length) { FileRoute::Mms } else { FileRoute::Link }
}
