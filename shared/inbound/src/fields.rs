//! Submitted forms: their fields, each once, with cleaned text.

use std::collections::BTreeMap;

use handbell_core::Rejected;

use crate::is_form;

/// Maximum length of a name, in characters.
pub const NAME_MAX: usize = 80;

/// A field that a person must correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Name of the field in the form: `message`, `email` …
    pub field: &'static str,
    /// What to do about it: a sentence for the page, which never repeats the input.
    pub why: String,
}

/// Why a form was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormRefused<F> {
    /// No browser sends this from our page.
    Rejected(Rejected),
    /// A person can correct it. Contains the input, for the page to show again, and the errors in it.
    Wrong(Box<F>, Vec<Wrong>),
}

impl<F> From<Rejected> for FormRefused<F> {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

/// The fields of a submitted form, by name.
pub(crate) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded` and nothing else.
    ///
    /// Fails with [`Rejected::Malformed`] for another type, a body longer than `limit` bytes, and a duplicate field,
    /// which no browser sends from our pages and which would be ambiguous.
    pub(crate) fn read(content_type: Option<&str>, body: &[u8], limit: usize) -> Result<Self, Rejected> {
        if body.len() > limit {
            return Err(Rejected::Malformed(format!("the form is longer than {limit} bytes")));
        }
        if !is_form(content_type) {
            return Err(Rejected::Malformed("a form must be application/x-www-form-urlencoded".into()));
        }
        let pairs: Vec<(String, String)> = serde_html_form::from_bytes(body)
            .map_err(|_| Rejected::Malformed("the form can't be read".into()))?;
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            if fields.insert(name, value).is_some() {
                return Err(Rejected::Malformed("a field of the form stands there twice".into()));
            }
        }
        Ok(Self(fields))
    }

    /// Removes and returns a field unchanged; empty if it is missing.
    pub(crate) fn take(&mut self, name: &str) -> String {
        self.0.remove(name).unwrap_or_default()
    }

    /// Removes and returns a field as one line; `None` if it is empty.
    pub(crate) fn line(&mut self, name: &str) -> Option<String> {
        Some(one_line(&self.take(name))).filter(|text| !text.is_empty())
    }

    /// Removes and returns a field as text of several lines.
    pub(crate) fn text(&mut self, name: &str) -> String {
        lines(&self.take(name))
    }
}

/// Whether a text has more than `max` characters.
pub(crate) fn is_longer(text: &str, max: usize) -> bool {
    text.chars().count() > max
}

/// Trims a text and joins it into one line. A line break or a tab becomes a space, since it separates words.
fn one_line(text: &str) -> String {
    let line: String = lines(text).chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// Trims a text and normalises its line endings to `\n`: browsers send `\r\n` (HTML standard, "Form submission"), other
/// clients `\r`.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    // A control character shows nothing, but what it separated stays apart.
    let apart = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c });
    let kept: String = apart.filter(|c| !turns(*c)).collect();
    kept.trim().to_owned()
}

/// Whether a character reverses the direction of writing until it is closed, and so affects the text that follows on a
/// card. Arabic and Hebrew are written without them.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
