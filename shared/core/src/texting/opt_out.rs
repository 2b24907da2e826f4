//! Words with which customers stop texts, start them again, or ask who sends them.

use unicode_normalization::UnicodeNormalization;

/// A word by which a customer controls whether they get texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptOutKeyword {
    /// No more texts.
    Stop,
    /// Texts again.
    Start,
    /// Asks who sends the texts.
    Help,
}

/// Words that stop texts (Twilio, Opt-out keywords; 47 CFR 64.1200(a)(10)).
const STOP: [&str; 8] = ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"];
/// Those of them that mean nothing else in a longer message.
const UNMISTAKABLE: [&str; 4] = ["stopall", "unsubscribe", "unsubscribed", "optout"];
/// Words around a stop word that leave its meaning as it is: "Stop. Thank you", "stop it now please".
const FILLERS: [&str; 31] = [
    "a",
    "all",
    "already",
    "and",
    "asap",
    "everything",
    "guys",
    "hello",
    "hey",
    "hi",
    "i",
    "immediately",
    "just",
    "kindly",
    "me",
    "now",
    "ok",
    "okay",
    "please",
    "pls",
    "plz",
    "right",
    "said",
    "sir",
    "thank",
    "thanks",
    "thx",
    "ty",
    "u",
    "want",
    "you",
];
/// What "stop" is said of when it means texts: "stop texting me", "stop these messages".
const OF_TEXTS: [&str; 17] = [
    "bothering",
    "calling",
    "contacting",
    "emailing",
    "harassing",
    "messages",
    "messaging",
    "sending",
    "sms",
    "spam",
    "spamming",
    "text",
    "texting",
    "texts",
    "these",
    "those",
    "writing",
];
/// Other words for a wish to get no texts.
const PHRASES: [&[&str]; 12] = [
    &["opt", "out"],
    &["opt", "me", "out"],
    &["opting", "out"],
    &["remove", "me"],
    &["remove", "my", "number"],
    &["delete", "my", "number"],
    &["lose", "my", "number"],
    &["take", "me", "off"],
    &["no", "more", "texts"],
    &["no", "more", "messages"],
    &["no", "more", "sms"],
    &["leave", "me", "alone"],
];
/// What "don't" forbids: "don't text me", "do not contact this number".
const CONTACT: [&str; 9] =
    ["text", "texting", "message", "messaging", "contact", "contacting", "sms", "write", "spam"];
const WHOM: [&str; 8] = ["me", "us", "my", "this", "here", "anymore", "any", "again"];

/// Returns the opt-out word that a whole message consists of.
///
/// A stop word counts in any case and spelling, whatever punctuation, emphasis, quotation marks or invisible characters stand in or
/// around it, with a gap (`opt-out`, `stop all`), and repeated: a person who writes that wants no texts, though Twilio accepts only
/// the bare word. A question mark makes it a question. The other words are matched as strictly as by Twilio: `Help!` is for a person
/// to read, and `Yes!` may be the answer to a question while Twilio keeps blocking.
pub fn opt_out_word(body: &str) -> Option<OptOutKeyword> {
    let is_any = |words: &[&str]| words.iter().any(|word| body.trim().eq_ignore_ascii_case(word));
    if is_stop(body) {
        Some(OptOutKeyword::Stop)
    } else if is_any(&["START", "YES", "UNSTOP"]) {
        Some(OptOutKeyword::Start)
    } else if is_any(&["HELP", "INFO"]) {
        Some(OptOutKeyword::Help)
    } else {
        None
    }
}

/// Returns true if a longer message reads as if its sender wanted no texts. A person has to decide what it means.
pub fn reads_like_opt_out(body: &str) -> bool {
    let text = spelled(body).replace(['\'', '’', '‘', '`'], "");
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let of_texts = |pair: &[&str]| matches!(pair, ["stop", what] if OF_TEXTS.contains(what));
    is_stop_in_politeness(&words)
        || words.iter().any(|word| UNMISTAKABLE.contains(word))
        || words.windows(2).any(of_texts)
        || forbids_contact(&words)
        || PHRASES.iter().any(|phrase| words.windows(phrase.len()).any(|part| part == *phrase))
}

/// Returns true for a stop word with nothing but polite words around it.
fn is_stop_in_politeness(words: &[&str]) -> bool {
    // "Cancel it" is said of an order.
    let annoyed = words.iter().any(|word| matches!(*word, "stop" | "quit"));
    words.iter().any(|word| STOP.contains(word))
        && words
            .iter()
            .all(|word| STOP.contains(word) || FILLERS.contains(word) || (annoyed && *word == "it"))
}

fn forbids_contact(words: &[&str]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let forbidden = match words[..at] {
            [.., "dont" | "never" | "quit"] | [.., "do", "not"] => true,
            [.., _] | [] => false,
        };
        forbidden && CONTACT.contains(word) && words.get(at + 1).is_none_or(|next| WHOM.contains(next))
    })
}

fn is_stop(body: &str) -> bool {
    let text = spelled(body);
    if text.contains('?') {
        return false;
    }
    let letters: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    let repeats = |word: &&str| letters == word.repeat(letters.len() / word.len());
    !letters.is_empty() && STOP.iter().any(repeats)
}

/// Returns a text in small letters, without styled letters and fillers: full-width, bold and circled letters become plain ones.
fn spelled(text: &str) -> String {
    let styled = |c: char| c >= '\u{2000}';
    text.chars()
        .flat_map(|c| {
            let plain = styled(c).then(|| std::iter::once(c).nfkc());
            let same = (!styled(c)).then_some(c);
            plain.into_iter().flatten().chain(same)
        })
        // Rust counts these, which show nothing, as letters.
        .filter(|c| !matches!(c, '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'))
        .map(|c| c.to_ascii_lowercase())
        .collect()
}
