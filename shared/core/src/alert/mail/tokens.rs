//! A subject as words and the punctuation between them.

use super::words::{is_prefix, is_state};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Letters and digits, with the punctuation that holds them together: `host-down`, `10:05`, `/dev/md0`.
    Word,
    /// Separates the parts of a subject: `:`, `|`, a dash between spaces.
    Separator,
    /// A change of state: `->`, `=>`, `→`.
    Arrow,
    /// Between two amounts: `<`, `>=`, `=`.
    Comparison,
    /// `,` or `;`.
    Comma,
    /// `[` or `(`.
    Open,
    /// `]` or `)`.
    Close,
    /// `?`.
    Question,
}

/// A word of a subject, or the punctuation between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    /// The text in lower case.
    pub(super) text: String,
    /// Whether it was written in capitals.
    pub(super) shouted: bool,
    /// Whether it stands in quotation marks.
    pub(super) quoted: bool,
    /// Number of brackets around it.
    pub(super) depth: u8,
}

impl Token {
    /// Returns true for a word that may be a state: one outside of quotation marks.
    pub(super) fn is_free_word(&self) -> bool {
        self.kind == TokenKind::Word && !self.quoted
    }
}

/// Characters that hold a word together, so that neither `host-down` nor `InstanceDown` contains the word DOWN.
const HOLDS: &str = "-_./'’@%+#\\~$&=<>*";

/// Returns the tokens of a subject in one line.
pub(super) fn tokens(subject: &str) -> Vec<Token> {
    let mut lexer = Lexer { rest: subject, before: None, tokens: Vec::new(), quoted: false, depth: 0 };
    while let Some(c) = lexer.rest.chars().next() {
        lexer.step(c);
    }
    lexer.tokens
}

struct Lexer<'a> {
    rest: &'a str,
    before: Option<char>,
    tokens: Vec<Token>,
    quoted: bool,
    depth: u8,
}

impl Lexer<'_> {
    fn step(&mut self, c: char) {
        if let Some(arrow) = arrow(self.rest, self.before) {
            return self.push(TokenKind::Arrow, arrow);
        }
        if let Some(length) = comparison(self.rest, self.before) {
            return self.push(TokenKind::Comparison, length);
        }
        let next = self.rest.chars().nth(1);
        match c {
            '[' | '(' | '{' | '【' => {
                self.push(TokenKind::Open, c.len_utf8());
                self.depth = self.depth.saturating_add(1);
            }
            ']' | ')' | '}' | '】' => {
                self.depth = self.depth.saturating_sub(1);
                self.push(TokenKind::Close, c.len_utf8());
            }
            '"' | '“' | '”' | '«' | '»' | '„' | '‘' => {
                self.toggle(c, c != '"' || self.rest[1..].contains('"'))
            }
            '\'' | '’' | '`' => {
                let closes = self.rest[c.len_utf8()..].contains(c);
                self.toggle(c, closes);
            }
            ',' | ';' => self.push(TokenKind::Comma, 1),
            '?' | '¿' => self.push(TokenKind::Question, c.len_utf8()),
            '|' | '–' | '—' | '·' | '•' | ':' => self.push(TokenKind::Separator, c.len_utf8()),
            '-' if self.before.is_none_or(char::is_whitespace)
                && next.is_none_or(|next| next.is_whitespace() || next == '-') =>
            {
                let dashes = self.rest.len() - self.rest.trim_start_matches('-').len();
                self.push(TokenKind::Separator, dashes);
            }
            c if is_inner(c) || "/$#%~&@\\<>=".contains(c) => self.word(),
            c => self.skip(c),
        }
    }

    fn skip(&mut self, c: char) {
        self.before = Some(c);
        self.rest = &self.rest[c.len_utf8()..];
    }

    /// Begins or ends a quotation. A mark that opens a quotation must have another that closes it.
    fn toggle(&mut self, c: char, may_open: bool) {
        self.quoted = !self.quoted && may_open;
        self.skip(c);
    }

    fn push(&mut self, kind: TokenKind, len: usize) {
        let (text, rest) = self.rest.split_at(len);
        self.tokens.push(Token {
            kind,
            text: text.to_owned(),
            shouted: false,
            quoted: self.quoted,
            depth: self.depth,
        });
        self.before = text.chars().next_back();
        self.rest = rest;
    }

    fn word(&mut self) {
        let text = self.rest;
        let end = text
            .char_indices()
            .find(|&(at, c)| {
                let colon = c == ':'
                    && text[at + c.len_utf8()..]
                        .starts_with(|next: char| next.is_alphanumeric() || next == ':');
                let ends =
                    !(is_inner(c) || HOLDS.contains(c) || colon || groups_digits(&text[..at], &text[at..]))
                        || at > 0 && arrow(&text[at..], Some('x')).is_some();
                // An apostrophe holds a word together only between letters: otherwise it ends a quotation.
                let quote = "'’".contains(c) && !text[at + c.len_utf8()..].starts_with(char::is_alphanumeric);
                ends || quote
            })
            .map_or(text.len(), |(at, _)| at);
        let taken = &text[..end.max(text.chars().next().map_or(0, char::len_utf8))];
        self.split(taken);
        self.before = taken.chars().next_back();
        self.rest = &text[taken.len()..];
    }

    /// Stores a word. `FIRING:1` is a state and a count, `Re:disk` a prefix and a name; addresses and times stay whole.
    fn split(&mut self, word: &str) {
        let trimmed = word.trim_matches(|c: char| ".-_+~&\\:'’*<>=".contains(c)).trim_end_matches('/');
        if trimmed.is_empty() {
            return;
        }
        let lower = trimmed.to_lowercase();
        if let Some((title, behind)) = trimmed.split_once(':') {
            let title_lower = title.to_lowercase();
            if is_state(&title_lower) || is_prefix(&title_lower) {
                self.store(title, title_lower);
                self.tokens.push(Token {
                    kind: TokenKind::Separator,
                    text: ":".to_owned(),
                    shouted: false,
                    quoted: self.quoted,
                    depth: self.depth,
                });
                return self.split(behind);
            }
        }
        // `state=UP`: a name and its value.
        if let Some((name, value)) = trimmed.split_once('=') {
            let is_name = |c: char| c.is_alphanumeric() || "_-.".contains(c);
            if name.starts_with(char::is_alphabetic) && name.chars().all(is_name) {
                self.store(name, name.to_lowercase());
                return self.split(value);
            }
        }
        self.store(trimmed, lower);
    }

    fn store(&mut self, word: &str, lower: String) {
        let shouted = word.chars().any(char::is_alphabetic) && !word.chars().any(char::is_lowercase);
        self.tokens.push(Token {
            kind: TokenKind::Word,
            text: lower,
            shouted,
            quoted: self.quoted,
            depth: self.depth,
        });
    }
}

fn is_inner(c: char) -> bool {
    c.is_alphanumeric() || is_mark(c) || c == '°'
}

/// Returns true if a comma after these digits groups them: `1,240`.
fn groups_digits(before: &str, text: &str) -> bool {
    let Some(behind) = text.strip_prefix(',') else { return false };
    let digits = behind.bytes().take_while(u8::is_ascii_digit).count();
    digits == 3 && before.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
}

/// Returns the length of the comparison at the beginning of the text, if spaces are around it.
fn comparison(text: &str, before: Option<char>) -> Option<usize> {
    const COMPARISONS: [&str; 8] = ["<=", ">=", "==", "!=", "<", "=", "≤", "≥"];
    let found = COMPARISONS.iter().find(|comparison| text.starts_with(**comparison))?;
    let alone =
        before.is_some_and(char::is_whitespace) && text[found.len()..].starts_with(char::is_whitespace);
    alone.then_some(found.len())
}

/// Returns true for marks that combine with a letter.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&c)
}

/// Returns the length of the arrow at the beginning of the text.
fn arrow(text: &str, before: Option<char>) -> Option<usize> {
    const ARROWS: [&str; 10] = ["-->", "==>", "->", "=>", "→", "➔", "➜", "⇒", "⟶", "\u{1f852}"];
    let found = ARROWS.iter().find(|arrow| text.starts_with(**arrow)).map(|arrow| arrow.len());
    let lone = || {
        let rest = text.strip_prefix('>')?;
        (before.is_some_and(char::is_whitespace) && rest.starts_with(char::is_whitespace)).then_some(1)
    };
    let double = || (text.starts_with(">>")).then_some(2);
    found.or_else(double).or_else(lone)
}
