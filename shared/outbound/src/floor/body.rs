//! Response bodies that are no count, for all vendors, and the reasons to report.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Bound;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::error::Category;

use super::{SiteAnswer, Unknown};

/// Maximum length of a quotation from a vendor's text.
const QUOTE_MAX: usize = 200;

/// Maximum length of the excerpt of a body that helps to find an error.
const EXCERPT_MAX: usize = 300;

pub(super) fn no_count(why: impl Into<String>) -> Unknown {
    Unknown::NoCount(why.into())
}

/// Every status other than 200 is no count: 204 has no body, 206 has a part of it, and the others state an error.
pub(super) fn plain_yes(vendor: &str, answer: &SiteAnswer) -> Result<(), Unknown> {
    let code = answer.status.as_u16();
    let why = match code {
        200 => return Ok(()),
        204 => return Err(no_count(format!("{vendor} answered with nothing (HTTP 204)"))),
        401 | 403 if vendor == "CMX" => "the user or password is wrong, or the user may not ask this",
        401 | 403 => "the API key is wrong, has run out, or may not ask this",
        404 | 405 => "it doesn't know what we ask for: check the site's address and the zone's `where`",
        408 => "it took too long",
        429 => "it asks us to slow down",
        300..400 => "it sends us elsewhere, and we don't follow: check the site's address",
        400..500 => "it doesn't take our question",
        500.. => "it is in trouble",
        _ => "that is no count",
    };
    let theirs = std::str::from_utf8(&answer.body).ok().and_then(complaint);
    let theirs = theirs.map(|words| format!("; it says: {words}")).unwrap_or_default();
    Err(no_count(format!("{vendor} answered with HTTP {code}: {why}{theirs}")))
}

/// Returns the body as text, unless it is empty or a web page.
pub(super) fn text<'a>(vendor: &str, answer: &'a SiteAnswer) -> Result<&'a str, Unknown> {
    let Ok(text) = std::str::from_utf8(&answer.body) else {
        return Err(no_count(format!("{vendor}'s answer isn't text")));
    };
    let start = text.trim_start();
    if start.is_empty() {
        return Err(no_count(format!("{vendor}'s answer is empty")));
    }
    if start.starts_with('<') {
        return Err(no_count(format!(
            "a page came instead of {vendor}'s count: is the address right, or a login page or a gateway in between?"
        )));
    }
    Ok(text)
}

/// Parses a JSON document strictly.
pub(super) fn json<T: DeserializeOwned>(vendor: &str, text: &str) -> Result<T, Unknown> {
    serde_json::from_str(text).map_err(|error| match error.classify() {
        Category::Eof => no_count(format!("{vendor}'s answer breaks off")),
        Category::Syntax | Category::Io => no_count(format!("{vendor}'s answer isn't JSON")),
        Category::Data => match complaint(text) {
            Some(words) => no_count(format!("{vendor} says: {words}")),
            None => no_count(format!("{vendor}'s answer isn't the one we know: {}", said(&error))),
        },
    })
}

/// Parses an object, unless it reports that the request failed.
pub(super) fn object<T: DeserializeOwned>(vendor: &str, text: &str) -> Result<T, Unknown> {
    let Object(verdict): Object<Verdict> = json(vendor, text)?;
    if verdict.failed() {
        return Err(no_count(format!(
            "{vendor} says: {}",
            verdict.words().unwrap_or("no, and not why".into())
        )));
    }
    json(vendor, text).map(|Object(it)| it)
}

/// A JSON object with its keys. A derived `Deserialize` would also accept an array of the bare values.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Reader<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        from.deserialize_map(Reader(PhantomData))
    }
}

/// Returns serde's message without line and column, which are useless in a document of one line.
fn said(error: &serde_json::Error) -> String {
    let words = error.to_string();
    quoted(words.rsplit_once(" at line ").map_or(words.as_str(), |(words, _)| words))
}

/// What CMX (`success`, `error.message`) and Meraki (`errors`) report beside a count or instead of it.
#[derive(Deserialize)]
struct Verdict {
    success: Option<Value>,
    error: Option<Value>,
    errors: Option<Value>,
    message: Option<Value>,
}

impl Verdict {
    fn failed(&self) -> bool {
        self.success.as_ref().is_some_and(|success| *success != Value::Bool(true)) || self.error.is_some()
    }

    fn words(&self) -> Option<String> {
        let error = self.error.as_ref();
        let candidates = [
            error.and_then(|error| error.get("message")),
            error,
            self.errors.as_ref().and_then(|errors| errors.get(0)),
            self.message.as_ref(),
        ];
        candidates.into_iter().flatten().find_map(Value::as_str).map(quoted).filter(|words| !words.is_empty())
    }
}

fn complaint(text: &str) -> Option<String> {
    serde_json::from_str::<Object<Verdict>>(text).ok()?.0.words()
}

/// Quotes a text on one line, up to the maximum length.
pub(super) fn quoted(text: &str) -> String {
    cut(text, QUOTE_MAX)
}

/// Returns the beginning of a body on one line.
pub(super) fn excerpt(body: &[u8]) -> String {
    // A character has at most four bytes, so the rest of a long body is irrelevant.
    cut(&String::from_utf8_lossy(&body[..body.len().min(EXCERPT_MAX * 4)]), EXCERPT_MAX)
}

fn cut(text: &str, limit: usize) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut out: String = plain.take(limit + 1).collect();
    if let Some((at, _)) = out.char_indices().nth(limit) {
        out.truncate(at);
        out.pop();
        out.push('…');
    }
    out.trim().to_owned()
}

/// A number of devices: an integer that fits. `40.0`, `"40"` and `null` are none.
pub(super) struct Devices(pub(super) u32);

impl<'de> Deserialize<'de> for Devices {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Devices;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of devices")
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Devices, E> {
                u32::try_from(number)
                    .map(Devices)
                    .map_err(|_| E::custom(format_args!("{number} is more than there can be")))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Devices, E> {
                Err(E::custom(format_args!("{number} is less than nothing")))
            }
        }
        from.deserialize_u64(Reader)
    }
}

impl Devices {
    /// Parses an entry of a list only once it is picked. Errors in other entries don't matter.
    pub(super) fn of(vendor: &str, value: Option<&Value>) -> Result<u32, Unknown> {
        let wrong = |what: String| no_count(format!("{vendor}'s answer isn't the one we know: {what}"));
        let value = value.ok_or_else(|| wrong("the place has no count".into()))?;
        Devices::deserialize(value).map(|devices| devices.0).map_err(|error| wrong(said(&error)))
    }
}

/// Splits a hierarchy into its names. People and vendors separate them with `/` or `>`, with or without spaces.
pub(super) fn parts(hierarchy: &str) -> Vec<String> {
    hierarchy
        .split(['/', '>'])
        .map(|name| name.trim().to_lowercase())
        .filter(|name| !name.is_empty())
        .collect()
}

/// The places that an answer lists, indexed by name. The index is built once for all zones that look up their place in
/// it.
pub(super) struct PlaceIndex<T> {
    vendor: &'static str,
    listed: Vec<(Option<String>, T)>,
    /// Positions of each hierarchy in the list. The names of a hierarchy are reversed here, so that hierarchies with
    /// the same end are neighbours.
    backwards: BTreeMap<Vec<String>, Vec<usize>>,
    /// All names, for the error message when none fits. Usually one fits, so they are joined on demand.
    known: OnceCell<String>,
}

impl<T> PlaceIndex<T> {
    pub(super) fn new(vendor: &'static str, listed: Vec<(Option<String>, T)>) -> PlaceIndex<T> {
        let mut backwards: BTreeMap<Vec<String>, Vec<usize>> = BTreeMap::new();
        for (at, (name, _)) in listed.iter().enumerate() {
            if let Some(name) = name {
                backwards.entry(reversed(name)).or_default().push(at);
            }
        }
        PlaceIndex { vendor, listed, backwards, known: OnceCell::new() }
    }

    /// Returns the one place with this name, or with a hierarchy that ends in it. Two matches are an error: the count
    /// might be that of the wrong place.
    pub(super) fn find(&self, wanted: &str) -> Result<&T, Unknown> {
        let how_many = match self.matching_positions(&reversed(wanted))[..] {
            [at] => return Ok(&self.listed[at].1),
            [] => "no place",
            _ => "more than one place",
        };
        let (vendor, known) = (self.vendor, self.known.get_or_init(|| self.known_names()));
        Err(no_count(format!("{vendor} knows {how_many} {:?}; it knows: {known}", quoted(wanted))))
    }

    /// Returns the positions of the matching places, at most two, since two are already ambiguous.
    fn matching_positions(&self, names: &[String]) -> Vec<usize> {
        // An empty name would match every place.
        if names.is_empty() {
            return Vec::new();
        }
        if let Some(exactly) = self.backwards.get(names) {
            return exactly.iter().copied().take(2).collect();
        }
        let from_here = self.backwards.range::<[String], _>((Bound::Included(names), Bound::Unbounded));
        let ending = from_here.take_while(|(place, _)| place.starts_with(names));
        ending.flat_map(|(_, at)| at).copied().take(2).collect()
    }

    fn known_names(&self) -> String {
        let known: Vec<&str> =
            self.listed.iter().filter_map(|(name, _)| name.as_deref()).map(str::trim).collect();
        if known.is_empty() { "none".to_owned() } else { quoted(&known.join(", ")) }
    }
}

/// Returns a hierarchy's names, the last one first.
fn reversed(hierarchy: &str) -> Vec<String> {
    let mut names = parts(hierarchy);
    names.reverse();
    names
}
