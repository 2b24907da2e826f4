//! Escaping of data in texts: nothing that people or machines wrote formats, links or mentions.

/// Escapes data for Webex Markdown. Nothing in it formats, links or mentions.
pub fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // A control character shows nothing, and Webex drops it: what it separated must not be joined.
            c if c.is_control() => escaped.push(' '),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '~' | '|' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Puts data for plain text on one line, with a space for each control character, and leaves it as it is otherwise.
pub fn plain(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

/// Returns the text with `somebody` in place of every phone number and mail address.
pub fn without_addresses(text: &str) -> String {
    let shown: Vec<String> = text
        .split(' ')
        .map(|word| {
            let bare = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '+');
            let digits = bare.bytes().filter(u8::is_ascii_digit).count();
            let number = bare.starts_with('+') && digits >= 6;
            let mail = bare
                .split_once('@')
                .is_some_and(|(before, behind)| !before.is_empty() && behind.contains('.'));
            if number || mail { word.replace(bare, "somebody") } else { word.to_owned() }
        })
        .collect();
    shown.join(" ")
}
