//! Renders the parts of Webex Markdown that others rely on: mentions, plain text and HTML.

/// Rendered Markdown.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Rendered {
    pub(super) text: String,
    pub(super) html: String,
    /// Ids of the mentioned people, in order and without duplicates.
    pub(super) people: Vec<String>,
    pub(super) everybody: bool,
}

/// Renders Markdown. `find` looks up a person who can be mentioned here, by `personEmail` or `personId`, and returns id and
/// name.
pub(super) fn render(markdown: &str, find: impl Fn(&str, &str) -> Option<(String, String)>) -> Rendered {
    let mut out = Rendered::default();
    let mut rest = markdown;
    while let Some(start) = rest.find("<@") {
        out.plain(&rest[..start]);
        let Some(length) = rest[start..].find('>') else {
            rest = &rest[start..];
            break;
        };
        let inside = &rest[start + 2..start + length];
        let (target, label) = inside.split_once('|').unwrap_or((inside, ""));
        if target == "all" {
            out.everybody = true;
            out.mention("groupMention", "all", if label.is_empty() { "All" } else { label });
        } else if let Some((id, name)) = target.split_once(':').and_then(|(key, value)| find(key, value)) {
            out.mention("person", &id, if label.is_empty() { &name } else { label });
            if !out.people.contains(&id) {
                out.people.push(id);
            }
        } else {
            // An unknown person is not mentioned; the label remains as text.
            out.plain(if label.is_empty() { target } else { label });
        }
        rest = &rest[start + length + 1..];
    }
    out.plain(rest);
    out.text =
        out.text.lines().map(|line| line.trim_start_matches('#').trim()).collect::<Vec<_>>().join("\n");
    out.html = format!("<p>{}</p>", out.html.trim().replace("\n\n", "</p><p>").replace("  \n", "<br/>"));
    out
}

impl Rendered {
    fn plain(&mut self, markdown: &str) {
        let mut words = without_marks(&markdown.replace("**", "").replace("__", "").replace('`', ""));
        // [label](url) reads as its label.
        while let Some(middle) = words.find("](") {
            let (Some(open), Some(close)) = (words[..middle].rfind('['), words[middle..].find(')')) else {
                break;
            };
            words = format!("{}{}{}", &words[..open], &words[open + 1..middle], &words[middle + close + 1..]);
        }
        self.text.push_str(&words);
        self.html.push_str(&strong(&linked(&escape(markdown))));
    }

    fn mention(&mut self, kind: &str, id: &str, label: &str) {
        let attribute = if kind == "person" { "object-id" } else { "group-type" };
        self.text.push_str(label);
        let label = escape(label);
        self.html.push_str(&format!(
            r#"<spark-mention data-object-type="{kind}" data-{attribute}="{id}">{label}</spark-mention>"#
        ));
    }
}

/// Removes the characters around italics. A character within a word or alone, such as that of a list, stays.
fn without_marks(words: &str) -> String {
    let is_word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric());
    let is_space = |c: Option<&char>| c.is_none_or(|c| c.is_whitespace());
    let chars: Vec<char> = words.chars().collect();
    let opens =
        |at: usize| !is_word(at.checked_sub(1).and_then(|at| chars.get(at))) && !is_space(chars.get(at + 1));
    let closes =
        |at: usize| !is_word(chars.get(at + 1)) && !is_space(at.checked_sub(1).and_then(|at| chars.get(at)));
    let (mut plain, mut open) = (chars.clone(), None);
    for (at, &c) in chars.iter().enumerate() {
        match open {
            Some((from, mark)) if mark == c && closes(at) => {
                (plain[from], plain[at], open) = ('\0', '\0', None);
            }
            None if matches!(c, '*' | '_') && opens(at) => open = Some((at, c)),
            _ if c == '\n' => open = None,
            _ => {}
        }
    }
    plain.into_iter().filter(|c| *c != '\0').collect()
}

/// Renders links. Their addresses stand only in the markup.
fn linked(escaped: &str) -> String {
    let (mut html, mut rest) = (String::new(), escaped);
    while let Some(middle) = rest.find("](") {
        let (Some(open), Some(close)) = (rest[..middle].rfind('['), rest[middle..].find(')')) else { break };
        let (label, url) = (&rest[open + 1..middle], &rest[middle + 2..middle + close]);
        html.push_str(&format!(r#"{}<a href="{url}">{label}</a>"#, &rest[..open]));
        rest = &rest[middle + close + 1..];
    }
    html + rest
}

fn strong(html: &str) -> String {
    let parts: Vec<_> = html.split("**").collect();
    if parts.len() % 2 == 0 {
        return html.to_owned();
    }
    let tag = |(at, part): (usize, &&str)| match (at, at % 2) {
        (0, _) => (*part).to_owned(),
        (_, 1) => format!("<strong>{part}"),
        _ => format!("</strong>{part}"),
    };
    parts.iter().enumerate().map(tag).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::without_marks;

    #[test]
    fn italics_are_words() {
        for (markdown, expected) in [
            ("at *10* on _Sundays_!", "at 10 on Sundays!"),
            ("*all of it*", "all of it"),
            ("* one\n* two", "* one\n* two"),
            ("2 * 3 * 4, 2*3*4", "2 * 3 * 4, 2*3*4"),
            ("a_snake_case", "a_snake_case"),
            ("*not closed\nhere*", "*not closed\nhere*"),
            ("*", "*"),
        ] {
            assert_eq!(without_marks(markdown), expected, "{markdown}");
        }
    }
}
