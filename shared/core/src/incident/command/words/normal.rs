//! Normalisation: the same words look the same, whatever keyboard, phone or copy they come from.

use unicode_normalization::UnicodeNormalization;

/// Returns the text in compatibility form (NFKC), with plain apostrophes removed, plain dashes, and without characters that only
/// format. Upper case is kept: names in signatures have it.
pub(super) fn normalised(text: &str) -> String {
    text.nfkc().filter(|c| !is_format(*c) && !is_apostrophe(*c)).map(plain).collect()
}

/// Returns true for characters that show nothing: zero-width and direction marks, variation selectors, tags, and the frame of a
/// keycap.
fn is_format(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{600}'..='\u{605}'
            | '\u{61c}'
            | '\u{6dd}'
            | '\u{180b}'..='\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{20e3}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Returns true for the characters that phones write in `can't`, and for the quotation marks that look like them.
fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '`' | '´' | '‘' | '’' | '‚' | '‛' | 'ʼ' | 'ʹ' | '′')
}

fn plain(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{85}' | '\u{2028}' | '\u{2029}' | '\r' => '\n',
        '。' | '｡' => '.',
        '؟' | '¿' | '❓' | '❔' => '?',
        c => c,
    }
}
