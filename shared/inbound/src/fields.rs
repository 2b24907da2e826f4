//! A form as a browser sends it: its fields, each once, and their text tidied up.

use std::collections::BTreeMap;

use handbell_core::{Rejected, config::is_address};

use crate::is_form;

/// The longest email address, in bytes (RFC 5321, section 4.5.3.1.3: a path of 256 with its brackets).
pub const EMAIL_MAX: usize = 254;

/// The longest name, in characters.
pub const NAME_MAX: usize = 80;

/// A field that a person must mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The field's name in the form: `message`, `email` …
    pub field: &'static str,
    /// What to do about it: a sentence for the page. It repeats nothing of what was typed.
    pub why: String,
}

/// Why a form wasn't taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused<F> {
    /// No browser sends this from our page.
    Rejected(Rejected),
    /// A person can mend it. Holds what was typed, for the page to show again, and what is wrong with it.
    Wrong(Box<F>, Vec<Wrong>),
}

impl<F> From<Rejected> for Refused<F> {
    fn from(rejected: Rejected) -> Self {
        Self::Rejected(rejected)
    }
}

/// The fields of a form that was sent, by name.
pub(crate) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded` and nothing else.
    ///
    /// [`Rejected::Malformed`] for another type, a body longer than `limit` bytes, and a field that stands twice: no browser
    /// does that with our pages, and which of them counts would be anybody's guess.
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

    /// The field as it was sent; empty if it isn't there.
    pub(crate) fn take(&mut self, name: &str) -> String {
        self.0.remove(name).unwrap_or_default()
    }

    /// The field in one line; none if nothing stands in it.
    pub(crate) fn line(&mut self, name: &str) -> Option<String> {
        Some(one_line(&self.take(name))).filter(|text| !text.is_empty())
    }

    /// The field as text of several lines.
    pub(crate) fn text(&mut self, name: &str) -> String {
        lines(&self.take(name))
    }
}

/// More characters than that.
pub(crate) fn longer(text: &str, max: usize) -> bool {
    text.chars().count() > max
}

/// One address of a length that there can be, and nothing that would mean more than that in the header of a mail.
pub(crate) fn plausible(email: &str) -> bool {
    email.len() <= EMAIL_MAX
        && is_address(email)
        && !email.contains(['<', '>', '(', ')', '[', ']', ',', ';', ':', '"', '\\'])
}

/// Trimmed and in one line. A break or a tab becomes a space, since words stood on both sides of it.
fn one_line(text: &str) -> String {
    let line: String = lines(text).chars().map(|c| if c == '\n' { ' ' } else { c }).collect();
    line.trim().to_owned()
}

/// Trimmed, with `\n` between the lines: browsers send `\r\n` (HTML standard, "Form submission"), others `\r`.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{2028}', '\u{2029}'], "\n").replace('\t', " ");
    let kept: String = text.chars().filter(|c| *c == '\n' || !(c.is_control() || turns(*c))).collect();
    kept.trim().to_owned()
}

/// Characters that turn the direction of the writing around until they are closed, and so also of what stands behind the
/// text on a card. Arabic and Hebrew are written without them.
fn turns(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}
