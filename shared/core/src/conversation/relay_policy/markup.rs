//! The markup of a message: whom it mentions, and the text that people see.

/// Tags within a line. Every other tag begins a new line.
pub(super) const WITHIN_A_LINE: [&str; 20] = [
    "a",
    "abbr",
    "b",
    "code",
    "del",
    "em",
    "font",
    "i",
    "ins",
    "kbd",
    "mark",
    "s",
    "small",
    "span",
    "spark-mention",
    "strike",
    "strong",
    "sub",
    "sup",
    "u",
];

/// Content of a markup.
#[derive(Default)]
pub(super) struct Page {
    /// The text that people see, without the mentions of Handbell at the beginning.
    pub(super) rest: String,
    /// Labels of the mentions of Handbell at the very beginning, in order.
    pub(super) leading: Vec<String>,
    /// Number of mentions of Handbell.
    pub(super) ours: usize,
    /// True if anybody else is mentioned, or if it is unclear who is.
    pub(super) mentions_others: bool,
}

/// Parses a markup. A mention is `<spark-mention data-object-type="person" data-object-id="…">` (Webex, Messages resource). A
/// mention that isn't clearly Handbell's counts as somebody else's.
pub(super) fn read(html: &str, our_id: &str) -> Page {
    let mut page = Page::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        page.rest.push_str(&decoded(&rest[..at]));
        rest = &rest[at..];
        let Some((inside, after)) = tag(rest) else {
            // An incomplete tag is read as text; an incomplete mention still counts.
            let half = "<spark-mention";
            page.mentions_others |=
                rest.get(..half.len()).is_some_and(|start| start.eq_ignore_ascii_case(half));
            page.rest.push('<');
            rest = &rest[1..];
            continue;
        };
        rest = after;
        let closes = inside.starts_with('/');
        let name_end = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
        let name = inside.trim_start_matches('/').split(name_end).next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        if name == "spark-mention" && !closes {
            if !is_ours(inside, our_id) {
                page.mentions_others = true;
                continue;
            }
            page.ours += 1;
            if super::disguise::visible(&page.rest).is_empty() {
                let (label, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
                page.leading.push(decoded(label));
                rest = after;
            }
        } else if !WITHIN_A_LINE.contains(&name.as_str()) {
            page.rest.push('\n');
        }
    }
    page.rest.push_str(&decoded(rest));
    page
}

/// Returns the inside of the tag at the beginning of the text, and the text after the tag. A `>` in quotes doesn't end it.
pub(super) fn tag(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('<')?;
    if !inside.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
        return None;
    }
    let mut quote = None;
    for (at, c) in inside.char_indices() {
        match (quote, c) {
            (None, '>') => return Some((&inside[..at], &inside[at + 1..])),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), _) if open == c => quote = None,
            _ => {}
        }
    }
    None
}

/// Returns true if the tag names Handbell as a person, once and nobody else.
pub(super) fn is_ours(inside: &str, our_id: &str) -> bool {
    let mut ids = 0;
    for (name, value) in attributes(inside) {
        match name.to_ascii_lowercase().as_str() {
            "data-object-id" if value == our_id => ids += 1,
            "data-object-id" | "data-group-type" => return false,
            "data-object-type" if !value.eq_ignore_ascii_case("person") => return false,
            _ => {}
        }
    }
    ids == 1
}

/// Returns the attributes of a tag, in order.
pub(super) fn attributes(inside: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = inside.trim_start_matches(|c: char| !c.is_whitespace());
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        let (name, after) =
            rest.split_at(rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len()));
        let Some(value) = after.trim_start().strip_prefix('=') else {
            if after.is_empty() {
                return found;
            }
            rest = after;
            continue;
        };
        let value = value.trim_start();
        let quoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.split_once(quote));
        let (value, after) =
            quoted.unwrap_or_else(|| value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())));
        found.push((name, value));
        rest = after;
    }
}

/// Returns the text with the characters that its entities stand for.
pub(super) fn decoded(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match entity(rest) {
            Some((c, after)) => {
                plain.push(c);
                rest = after;
            }
            None => plain.push('&'),
        }
    }
    plain + rest
}

/// Returns the character of the entity at the beginning of the text, which follows its `&`, and the text after the entity.
fn entity(text: &str) -> Option<(char, &str)> {
    if let Some(number) = text.strip_prefix('#') {
        let (radix, digits) = match number.strip_prefix(['x', 'X']) {
            Some(digits) => (16, digits),
            None => (10, number),
        };
        let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
        let c = char::from_u32(u32::from_str_radix(&digits[..end], radix).ok()?)?;
        let after = &digits[end..];
        return Some((c, after.strip_prefix(';').unwrap_or(after)));
    }
    let known = [
        ("lt;", '<'),
        ("gt;", '>'),
        ("amp;", '&'),
        ("quot;", '"'),
        ("apos;", '\''),
        ("nbsp;", '\u{a0}'),
        ("sol;", '/'),
        ("bsol;", '\\'),
        ("colon;", ':'),
        ("commat;", '@'),
        ("NewLine;", '\n'),
    ];
    known.iter().find_map(|(name, c)| Some((*c, text.strip_prefix(name)?)))
}
