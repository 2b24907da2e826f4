//! Conversion of HTML to text that reads well on a phone: one line per block, links spelled out, quotes marked.

use mail_parser::decoders::html::add_html_token;

/// Elements that begin and end a line.
const BLOCKS: [&str; 26] = [
    "address",
    "article",
    "blockquote",
    "body",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "ul",
];

/// Elements whose content is invisible.
const UNSEEN: [&str; 6] = ["head", "style", "script", "template", "title", "noscript"];

/// Maximum length of a tag, in bytes. A longer one is treated as text.
const TAG_MAX: usize = 16 * 1024;

/// Maximum length of a link's address that is spelled out, in bytes.
const LINK_MAX: usize = 500;

/// Maximum depth of marked quotes.
const QUOTES_MAX: usize = 5;

/// Returns the text of an HTML page, in linear time.
pub fn to_text(html: &str) -> String {
    let mut page = Page::default();
    let mut rest = html;
    // An element that isn't closed now won't be closed later either. Without this list, each one would be searched for
    // to the end.
    let mut unclosed: Vec<&str> = Vec::new();
    while let Some(c) = rest.chars().next() {
        match c {
            '<' => rest = page.tag(rest, &mut unclosed),
            '&' => rest = page.entity(rest),
            _ => {
                let end = rest.find(['<', '&']).unwrap_or(rest.len());
                page.text(&rest[..end]);
                rest = &rest[end..];
            }
        }
    }
    page.out.trim().to_owned()
}

#[derive(Default)]
struct Page {
    out: String,
    /// Whether white space has been read since the last word.
    blank: bool,
    quotes: usize,
    preformatted: usize,
    /// Address of the open link, and where its text begins.
    link: Option<(String, usize)>,
}

impl Page {
    /// Reads a tag at the beginning, or text if it is none, and returns the rest.
    fn tag<'a>(&mut self, html: &'a str, unclosed: &mut Vec<&'static str>) -> &'a str {
        if let Some(comment) = html.strip_prefix("<!--") {
            let end = if unclosed.contains(&"!--") { None } else { comment.find("-->") };
            return end.map_or_else(
                || {
                    unclosed.push("!--");
                    comment
                },
                |end| &comment[end + 3..],
            );
        }
        let opens = html[1..].starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c));
        let Some(end) = tag_end(html).filter(|_| opens) else {
            self.text("<");
            return &html[1..];
        };
        let (inner, rest) = (&html[1..end], &html[end + 1..]);
        let closes = inner.starts_with('/');
        let name: String =
            inner.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        if !closes
            && let Some(unseen) = UNSEEN.into_iter().find(|unseen| *unseen == name)
            && !inner.ends_with('/')
            && !unclosed.contains(&unseen)
        {
            return match find_closing(rest, unseen) {
                Some(after) => after,
                None => {
                    unclosed.push(unseen);
                    rest
                }
            };
        }
        self.element(&name, inner, closes);
        rest
    }

    fn element(&mut self, name: &str, inner: &str, closes: bool) {
        match name {
            "br" => self.end_line(true),
            "tr" => self.end_line(false),
            "td" | "th" if !closes => self.blank = true,
            "a" if closes => self.end_link(),
            "a" => {
                self.end_link();
                self.link = href(inner).map(|address| (address, self.out.len()));
            }
            _ if BLOCKS.contains(&name) => {
                self.end_line(false);
                match name {
                    "blockquote" if closes => self.quotes = self.quotes.saturating_sub(1),
                    "blockquote" => self.quotes += 1,
                    "pre" if closes => self.preformatted = self.preformatted.saturating_sub(1),
                    "pre" => self.preformatted += 1,
                    "li" if !closes => {
                        self.begin_line();
                        self.out.push_str("- ");
                    }
                    "p" if closes => self.end_line(true),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn entity<'a>(&mut self, html: &'a str) -> &'a str {
        let end = html.bytes().take(40).position(|byte| byte == b';');
        let Some(end) =
            end.filter(|end| html[1..*end].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'#'))
        else {
            self.text("&");
            return &html[1..];
        };
        let mut decoded = String::new();
        add_html_token(&mut decoded, &html.as_bytes()[..=end], false);
        if decoded.contains(['<', '&']) || !decoded.trim().is_empty() {
            self.word(&decoded);
        } else {
            self.blank = true;
        }
        &html[end + 1..]
    }

    fn text(&mut self, text: &str) {
        if self.preformatted > 0 {
            for (number, line) in text.split('\n').enumerate() {
                if number > 0 {
                    self.end_line(true);
                }
                if !line.trim_end().is_empty() {
                    self.begin_line();
                    self.out.push_str(line.trim_end_matches('\r'));
                }
            }
            return;
        }
        let mut words = text.split(|c: char| c.is_ascii_whitespace() || c == '\u{a0}').peekable();
        while let Some(word) = words.next() {
            if !word.is_empty() {
                self.word(word);
            }
            if words.peek().is_some() {
                self.blank = true;
            }
        }
    }

    fn word(&mut self, word: &str) {
        if self.at_line_begin() {
            self.begin_line();
        } else if self.blank && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
        self.blank = false;
        self.out.push_str(word);
    }

    fn at_line_begin(&self) -> bool {
        self.out.is_empty() || self.out.ends_with('\n')
    }

    fn begin_line(&mut self) {
        if self.at_line_begin() {
            for _ in 0..self.quotes.min(QUOTES_MAX) {
                self.out.push_str("> ");
            }
        }
        self.blank = false;
    }

    /// Ends the line. Another call after an end leaves one blank line, and never more.
    fn end_line(&mut self, again: bool) {
        self.blank = false;
        if !self.at_line_begin() || again && !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Writes the address of a link after its text, unless the text is the address.
    fn end_link(&mut self) {
        let Some((address, begin)) = self.link.take() else { return };
        let words = self.out.get(begin..).unwrap_or_default().trim();
        if !words.is_empty() && !words.contains(address.trim_end_matches('/')) {
            self.blank = true;
            self.word(&format!("({address})"));
        }
    }
}

/// Returns the end of the tag. A `>` in quotes doesn't end it, unless the quotes are never closed. An unquoted `<`
/// means that it is no tag.
fn tag_end(html: &str) -> Option<usize> {
    let bytes = &html.as_bytes()[..html.len().min(TAG_MAX)];
    let (mut quote, mut first) = (None, None);
    for (at, &byte) in bytes.iter().enumerate() {
        match (byte, quote) {
            (b'>', None) => return Some(at),
            (b'<', None) if at > 0 => return None,
            (b'>', Some(_)) => first = first.or(Some(at)),
            (b'"' | b'\'', None) => quote = Some(byte),
            (byte, Some(open)) if byte == open => quote = None,
            _ => {}
        }
    }
    first
}

/// Returns the text after `</name>`.
fn find_closing<'a>(html: &'a str, name: &str) -> Option<&'a str> {
    let bytes = html.as_bytes();
    let mut at = 0;
    while let Some(found) = html.get(at..)?.find("</") {
        let begin = at + found + 2;
        let is_it =
            bytes.get(begin..begin + name.len()).is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes()));
        if is_it && !bytes.get(begin + name.len()).is_some_and(u8::is_ascii_alphanumeric) {
            let after = html.get(begin..)?;
            return Some(after.find('>').map_or("", |end| &after[end + 1..]));
        }
        at = begin;
    }
    None
}

/// Returns the target of a link, if it is a web address.
fn href(tag: &str) -> Option<String> {
    let at = tag.to_ascii_lowercase().find("href")?;
    let value = tag[at + 4..].trim_start().strip_prefix('=')?.trim_start();
    let value = match value.chars().next()? {
        quote @ ('"' | '\'') => value[1..].split(quote).next()?,
        _ => value.split(|c: char| c.is_ascii_whitespace()).next()?,
    };
    let address = value.trim().replace("&amp;", "&");
    let is_web = ["http://", "https://"].iter().any(|begin| address.to_ascii_lowercase().starts_with(begin));
    (is_web && address.len() <= LINK_MAX && !address.contains(|c: char| c.is_control() || c == ' '))
        .then_some(address)
}
