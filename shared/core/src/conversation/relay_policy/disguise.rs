//! How a line reads to the human eye: look-alikes, invisible characters and decoration don't hide a whisper mark.

use std::iter;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// How a line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// Nothing is visible in it.
    Blank,
    /// It begins with a whisper mark.
    Whisper,
    /// It begins with a slash or something like it, but no whisper mark.
    Slash {
        /// True if a letter or digit follows at once.
        glued: bool,
    },
    /// It begins with anything else.
    Words,
}

/// Characters that look like a slash in either direction.
const SLASHES: &str = "/\\∕⁄╱╲⧸⧹⟋⟍⧵∖⫽⑊𝈺⁁᜵";

/// Strokes of East Asian scripts that look like a slash. They count as one only before a Latin letter.
const STROKES: &str = "ノ丿〳㇓";

/// The letters of the whisper words and the colon, each with its look-alikes in other scripts. Where a capital letter looks like
/// another letter than its small one does, each is listed separately. NFKC handles full-width, bold and circled forms.
const LOOK_ALIKES: [(char, &str); 13] = [
    ('w', "ѡѠԝԜшШɯᴡաꮃᎳꓪωⲱ"),
    ('h', "һҺнНΗհʜᏂᎻꮋꓧⲎ"),
    ('i', "іІιΙıɩɪӏӀᎥꭵꓲⲓⲒ"),
    ('s', "ѕЅꜱᏚꮪꓢՏ"),
    ('p', "рРρΡᴘᏢꮲꓑⲣⲢ"),
    ('e', "еЕєЄεΕҽᴇ℮ᎬꭼꓰⲉⲈ"),
    ('r', "гʀᴦᏒꮢꓣⲅ"),
    ('n', "ΝηпոռɴꓠⲚⲛ"),
    ('o', "оОοΟօՕσᴏסꓳⲟⲞ"),
    ('t', "тТτΤᴛᎢꭲꓔⲧⲦ"),
    ('v', "ѵѴνᴠᏙꮩꓦט"),
    ('a', "аАαΑɑᴀᎪꭺꓮ"),
    (':', "∶꞉ː˸׃։܃܄᛬᠄⁚⁝⦂"),
];

/// The words that make a whisper when a colon follows, and those that make one after a slash.
const BEFORE_COLON: [&str; 4] = ["whisper", "note", "private", "internal"];
const AFTER_SLASH: [&str; 2] = ["w", "whisper"];

/// Returns the text as it may be sent: trimmed, with lines that end in `\n`, without invisible characters except those that spell
/// emoji and scripts. A control character becomes a space: what it separated stays apart.
pub(super) fn visible(text: &str) -> String {
    let apart: String = text.chars().map(|c| if is_control(c) { ' ' } else { c }).collect();
    joined(&apart)
}

/// Does the same, but leaves control characters out, so that they don't hide anything.
pub(super) fn joined(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut chars = ended(text).peekable();
    while let Some(c) = chars.next() {
        if !is_invisible(c) || is_spelling(kept.chars().next_back(), c, chars.peek().copied()) {
            kept.push(c);
        }
    }
    kept.trim().to_owned()
}

/// Returns each line as it reads: plain small letters, no emphasis, nothing invisible.
pub(super) fn lines(text: &str) -> impl Iterator<Item = String> {
    text.lines().map(plain)
}

/// Reads how lines begin: it knows Handbell's name, and the whisper words that a line has of its own.
pub(super) struct Reader {
    names: [String; 2],
    marks: Vec<Mark>,
}

/// A whisper word from the configuration, as it reads.
struct Mark {
    /// The word alone: `nota` of `nota:`, `internal` of `[internal]`.
    word: String,
    /// The word and what follows it: `internal]`.
    whole: String,
}

impl Reader {
    pub(super) fn new(our_name: &str, whispers: &[String]) -> Self {
        let name = plain(our_name).trim().to_owned();
        let short = name.split_whitespace().next().unwrap_or_default().to_owned();
        let mark = |typed: &String| {
            let whole = unaccented(undecorated(&plain(typed))).trim().to_owned();
            let word = whole.trim_end_matches(|c: char| !c.is_alphanumeric()).to_owned();
            Mark { word, whole }
        };
        let marks = whispers.iter().map(mark).filter(|mark| !mark.word.is_empty()).collect();
        Self { names: [name, short], marks }
    }

    /// Returns the places at which a plain line may begin: after its decoration, and after Handbell's own name.
    pub(super) fn beginnings<'t>(&self, line: &'t str) -> impl Iterator<Item = &'t str> {
        let bare = undecorated(line);
        let behind = self.names.iter().filter(|name| !name.is_empty());
        iter::once(bare).chain(behind.filter_map(|name| bare.strip_prefix(name.as_str())).map(undecorated))
    }

    /// Returns how a plain line begins, after its decoration and after Handbell's own name.
    pub(super) fn opening(&self, line: &str) -> Opening {
        let mut beginnings = self.beginnings(line);
        let here = beginnings.next().map_or(Opening::Blank, |bare| self.mark(line, bare));
        if here != Opening::Words {
            return here;
        }
        let found = beginnings.map(|rest| self.mark(rest, rest));
        found
            .into_iter()
            .find(|found| matches!(found, Opening::Whisper | Opening::Slash { .. }))
            .unwrap_or(here)
    }

    /// Returns true for a word that makes a whisper when a colon follows it, in the singular or the plural.
    pub(super) fn is_whisper_word(&self, word: &str) -> bool {
        let one = word.strip_suffix('s').unwrap_or(word);
        let own = |word: &str| self.marks.iter().any(|mark| mark.word == unaccented(word));
        is_noted_word(word) || own(word) || own(one)
    }

    /// Returns true if the line begins with a whisper mark of the configuration: as it stands there, or its word and a colon.
    fn is_own_whisper(&self, bare: &str) -> bool {
        let bare = unaccented(bare);
        self.marks.iter().any(|mark| {
            let whole = bare.strip_prefix(mark.whole.as_str());
            let ends = |rest: &str| {
                !mark.whole.ends_with(char::is_alphanumeric)
                    || rest.trim_start_matches(closing).starts_with(':')
            };
            let colon = bare.strip_prefix(mark.word.as_str());
            whole.is_some_and(ends)
                || colon.is_some_and(|rest| rest.trim_start_matches(closing).starts_with(':'))
        })
    }

    fn mark(&self, line: &str, bare: &str) -> Opening {
        match mark(line, bare) {
            Opening::Words if self.is_own_whisper(bare) => Opening::Whisper,
            found => found,
        }
    }
}

/// Returns true if a plain line begins with an `@`, or contains a mention in Webex's markdown: the agent meant somebody, and Webex
/// didn't recognise it.
pub(super) fn calls_somebody(line: &str) -> bool {
    let bare = undecorated(line);
    let before = &line[..line.len() - bare.len()];
    (before.ends_with('@') && !bare.is_empty()) || line.contains("<@")
}

/// Returns a plain text without its accents.
pub(super) fn unaccented(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).nfc().collect()
}

/// Returns true for what may stand between a whisper word and its colon.
pub(super) fn closing(c: char) -> bool {
    c.is_whitespace() || "\"'”’»›)]}>|".contains(c)
}

fn mark(line: &str, bare: &str) -> Opening {
    let slashed = bare.starts_with(is_slash)
        || (bare.starts_with(|c| STROKES.contains(c))
            && bare.chars().nth(1).is_some_and(|c| c.is_ascii_alphabetic()));
    if slashed {
        let after = bare.strip_prefix(|_: char| true).unwrap_or_default();
        let word = word(after.trim_start_matches(|c| is_slash(c) || is_decoration(c)), char::is_alphanumeric);
        return match AFTER_SLASH.contains(&word) {
            true => Opening::Whisper,
            false => Opening::Slash {
                glued: after.trim_start_matches(is_slash).starts_with(char::is_alphanumeric),
            },
        };
    }
    let word = word(bare, char::is_alphabetic);
    if is_noted_word(word) && bare[word.len()..].trim_start_matches(closing).starts_with(':') {
        return Opening::Whisper;
    }
    if is_noted(bare) {
        return Opening::Whisper;
    }
    match line.trim().is_empty() {
        true => Opening::Blank,
        false => Opening::Words,
    }
}

/// Returns true for `private note: …`, `note to self: …`, `note (for Bob): …`: with a word or two more before the colon, it is
/// still a whisper. A colon within a time of day or a URL doesn't count.
fn is_noted(bare: &str) -> bool {
    let ends = |(at, _): &(usize, &str)| {
        let (before, after) = (&bare[..*at], &bare[at + 1..]);
        let time =
            before.ends_with(|c: char| c.is_ascii_digit()) && after.starts_with(|c: char| c.is_ascii_digit());
        !time && !after.starts_with("//")
    };
    let Some((end, _)) = bare.match_indices(':').find(ends) else { return false };
    let before = &bare[..end];
    let mut words = before.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    let few = words.clone().count() <= 3;
    let first_two = [words.next(), words.next()];
    let noted = |word: &Option<&str>| word.is_some_and(is_noted_word);
    // The second word counts only after one that belongs to it: "Please note: we are closed" is meant for the customer.
    let second = first_two[0]
        .is_some_and(|word| matches!(word, "private" | "internal" | "own" | "my" | "team" | "agent"));
    few && (noted(&first_two[0]) || (second && noted(&first_two[1])))
}

/// Returns true for a word that makes a whisper when a colon follows it, in the singular or the plural.
fn is_noted_word(word: &str) -> bool {
    [word, word.strip_suffix('s').unwrap_or(word)].iter().any(|word| BEFORE_COLON.contains(word))
}

pub(super) fn word(text: &str, belongs: fn(char) -> bool) -> &str {
    &text[..text.find(|c| !belongs(c)).unwrap_or(text.len())]
}

/// Returns the line without quote marks, bullets, brackets, emoji, and the number of a list at its beginning.
fn undecorated(line: &str) -> &str {
    let mut rest = line.trim_start_matches(is_decoration);
    loop {
        let number = word(rest, |c| c.is_ascii_digit());
        let letter = word(rest, |c| c.is_ascii_alphabetic());
        let (item, ends) = match (number.len(), letter.len()) {
            (1..=3, _) => (number, ".):]"),
            (_, 1) => (letter, ")]"),
            _ => return rest,
        };
        let Some(after) = rest[item.len()..].strip_prefix(|c| ends.contains(c)) else {
            return rest;
        };
        rest = after.trim_start_matches(is_decoration);
    }
}

fn is_slash(c: char) -> bool {
    SLASHES.contains(c)
}

/// Returns true for characters that may precede a whisper mark. Rust counts 🅰 and the like as letters; to the eye they are emoji.
fn is_decoration(c: char) -> bool {
    !is_slash(c) && (!c.is_alphanumeric() || matches!(c, '\u{1f100}'..='\u{1f1ff}'))
}

/// Returns the line in plain small letters. Accents stay: `Noté :` is French for something that may be sent.
fn plain(line: &str) -> String {
    let mut before = ' ';
    line.chars()
        .filter(|c| !is_invisible(*c))
        .map(move |c| {
            let reads = match c {
                '\u{fe30}' => ':',                            // NFKC makes two dots of this colon
                '\u{20e3}' if before.is_ascii_digit() => ')', // 1️⃣ numbers a list
                c => c,
            };
            before = c;
            reads
        })
        .nfkc()
        .flat_map(|c| {
            let known = look_alike(c);
            iter::once(known).flatten().chain(known.is_none().then(|| c.to_lowercase()).into_iter().flatten())
        })
        .map(|c| look_alike(c).unwrap_or(c))
        .filter(|c| !is_invisible(*c) && !is_combining_mark(*c) && !"*_~`".contains(*c))
        .collect()
}

fn look_alike(c: char) -> Option<char> {
    if c.is_ascii() {
        return None;
    }
    LOOK_ALIKES.iter().find(|(_, others)| others.contains(c)).map(|(letter, _)| *letter)
}

/// Returns the text with every kind of line end as `\n`.
fn ended(text: &str) -> impl Iterator<Item = char> {
    let mut before = ' ';
    text.chars().filter_map(move |c| {
        let half = before == '\r' && c == '\n';
        before = c;
        match c {
            _ if half => None,
            '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Some('\n'),
            c => Some(c),
        }
    })
}

/// Returns true for control characters other than white space.
pub(crate) fn is_control(c: char) -> bool {
    matches!(c, '\u{0}'..='\u{8}' | '\u{e}'..='\u{1b}' | '\u{1f}' | '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}')
}

/// Returns true for characters that show nothing: controls, format characters, fillers, variation selectors (Unicode,
/// Default_Ignorable_Code_Point).
fn is_invisible(c: char) -> bool {
    is_control(c)
        || matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{70f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Returns true for an invisible character that changes what is seen here: within an emoji, or between letters of scripts that
/// join.
fn is_spelling(before: Option<char>, c: char, after: Option<char>) -> bool {
    let Some(before) = before else {
        return false;
    };
    let emoji =
        |c: char| matches!(c, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}' | '\u{e007f}');
    // Arabic to Sinhala, Burmese, Khmer: Persian and Hindi are spelled with joiners.
    let joins =
        |c: char| matches!(c, '\u{600}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}');
    let both = |kind: &dyn Fn(char) -> bool| kind(before) && after.is_some_and(kind);
    match c {
        '\u{200c}' => both(&joins),
        '\u{200d}' => both(&joins) || both(&emoji),
        '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => {
            !before.is_whitespace() && !is_invisible(before)
        }
        '\u{e0020}'..='\u{e007f}' => matches!(before, '\u{1f3f4}' | '\u{e0020}'..='\u{e007e}'),
        _ => false,
    }
}
