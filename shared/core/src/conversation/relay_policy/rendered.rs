//! What a message's markup says, for a phone that shows plain text: addresses of links, numbers of lists, quotes, strikethrough.

use super::markup::{attributes, decoded, is_ours, tag};

/// Indentation of a nested list.
const INDENT: &str = "   ";

/// Returns the text for a phone, without the mentions of Handbell at its beginning. None if the markup says nothing that the plain
/// text doesn't say as well.
pub(super) fn for_phone(html: &str, our_id: &str) -> Option<String> {
    let mut page = Page::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        page.write(&decoded(&rest[..at]));
        rest = &rest[at..];
        let Some((inside, after)) = tag(rest) else {
            page.write("<");
            rest = &rest[1..];
            continue;
        };
        rest = after;
        let name_end = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
        let name =
            inside.trim_start_matches('/').split(name_end).next().unwrap_or_default().to_ascii_lowercase();
        if name == "spark-mention" && is_ours(inside, our_id) && page.text.trim().is_empty() {
            // The mention that addresses Handbell isn't part of the answer.
            rest = &rest[rest.find('<').unwrap_or(rest.len())..];
        } else if inside.starts_with('/') {
            page.close(&name);
        } else {
            page.open(&name, inside);
        }
    }
    page.write(&decoded(rest));
    page.says_more.then(|| page.text.trim().to_owned())
}

#[derive(Default)]
struct Page {
    text: String,
    /// True if the plain text alone would not say everything.
    says_more: bool,
    /// Number of quotes around the current place.
    quotes: usize,
    /// The lists around the current place: the next number of each; none for one without numbers.
    lists: Vec<Option<u64>>,
    /// What the next line begins with, after its indentation: the number or the bullet of a list.
    marker: Option<String>,
    /// Preformatted text around the current place.
    pre: usize,
    /// The address of the current link, and where its words begin.
    link: Option<(String, usize)>,
}

impl Page {
    fn open(&mut self, name: &str, inside: &str) {
        let attribute = |wanted: &str| {
            let found = attributes(inside).into_iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| decoded(value))
        };
        self.says_more |=
            matches!(name, "a" | "ol" | "ul" | "li" | "blockquote" | "pre" | "del" | "s" | "strike" | "img");
        match name {
            "a" => self.link = attribute("href").map(|href| (href, self.text.len())),
            "ol" => {
                self.begin_list(Some(attribute("start").and_then(|start| start.parse().ok()).unwrap_or(1)))
            }
            "ul" => self.begin_list(None),
            "li" => {
                self.end_line();
                self.marker = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number = number.saturating_add(1);
                        format!("{}. ", number.saturating_sub(1))
                    }
                    Some(None) | None => "- ".to_owned(),
                });
            }
            "blockquote" => {
                self.end_paragraph();
                self.quotes += 1;
            }
            "pre" => {
                self.end_paragraph();
                self.pre += 1;
            }
            "del" | "s" | "strike" => self.write("~"),
            "img" => self.write(&attribute("alt").unwrap_or_default()),
            "td" | "th" => self.write(" "),
            "p" => self.end_paragraph(),
            name if !within_a_line(name) => self.end_line(),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "a" => self.end_link(),
            "ol" | "ul" => {
                self.end_line();
                self.lists.pop();
                self.end_paragraph();
            }
            "blockquote" => {
                self.end_line();
                self.quotes = self.quotes.saturating_sub(1);
                self.end_paragraph();
            }
            "pre" => {
                self.pre = self.pre.saturating_sub(1);
                self.end_paragraph();
            }
            "del" | "s" | "strike" => {
                let end = self.text.trim_end_matches(' ').len();
                self.text.truncate(end);
                self.write("~");
            }
            "p" => self.end_paragraph(),
            name if !within_a_line(name) => self.end_line(),
            _ => {}
        }
    }

    fn begin_list(&mut self, number: Option<u64>) {
        match self.lists.is_empty() {
            true => self.end_paragraph(),
            false => self.end_line(),
        }
        self.lists.push(number);
    }

    /// Puts the address behind the words of a link, unless they are the address.
    fn end_link(&mut self) {
        let Some((href, from)) = self.link.take() else { return };
        let words = self.text.get(from..).unwrap_or_default().trim();
        let lower = href.to_ascii_lowercase();
        let shown = match lower.split_once(':').map(|(scheme, _)| scheme) {
            Some("http" | "https") => href.as_str(),
            Some(scheme @ ("mailto" | "tel")) => &href[scheme.len() + 1..],
            // An address that a phone can't open says nothing to its owner.
            _ => return,
        };
        if words.is_empty() {
            let shown = shown.to_owned();
            self.write(&shown);
        } else if bare(words) != bare(shown) {
            let behind = format!(" ({shown})");
            let end = self.text.trim_end_matches(' ').len();
            self.text.truncate(end);
            self.text.push_str(&behind);
        }
    }

    /// Writes text. Outside of preformatted text, all white space is one space.
    fn write(&mut self, text: &str) {
        if self.pre > 0 {
            let mut lines = text.split('\n').peekable();
            while let Some(line) = lines.next() {
                if !line.is_empty() {
                    self.begin_line();
                    self.text.push_str(line);
                }
                if lines.peek().is_some() && !self.text.is_empty() {
                    self.text.push('\n');
                }
            }
            return;
        }
        for c in text.chars() {
            // A space that doesn't break is one that somebody typed.
            if c.is_whitespace() && c != '\u{a0}' {
                if !self.is_at_line_start() && !self.text.ends_with(' ') {
                    self.text.push(' ');
                }
            } else {
                self.begin_line();
                self.text.push(c);
            }
        }
    }

    fn is_at_line_start(&self) -> bool {
        self.text.is_empty() || self.text.ends_with('\n')
    }

    fn begin_line(&mut self) {
        if !self.is_at_line_start() {
            return;
        }
        self.text.push_str(&"> ".repeat(self.quotes));
        self.text.push_str(&INDENT.repeat(self.lists.len().saturating_sub(1)));
        if let Some(marker) = self.marker.take() {
            self.text.push_str(&marker);
        }
    }

    fn end_line(&mut self) {
        let end = self.text.trim_end_matches(' ').len();
        self.text.truncate(end);
        if !self.is_at_line_start() {
            self.text.push('\n');
        }
    }

    /// Ends a paragraph with an empty line, except within lists and quotes.
    fn end_paragraph(&mut self) {
        self.end_line();
        let within = !self.lists.is_empty() || self.quotes > 0;
        if !within && !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }
}

/// Returns an address without what people leave out when they type it.
fn bare(address: &str) -> String {
    let address = address.trim().to_lowercase();
    let address =
        ["https://", "http://"].iter().find_map(|scheme| address.strip_prefix(scheme)).unwrap_or(&address);
    address.strip_prefix("www.").unwrap_or(address).trim_end_matches('/').to_owned()
}

fn within_a_line(name: &str) -> bool {
    super::markup::WITHIN_A_LINE.contains(&name)
}
