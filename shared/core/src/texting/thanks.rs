//! Messages that thank or say good-bye, and ask for nothing.

/// Words that thank, agree or say good-bye. One of them is needed, or an emoji.
const CORE: [&str; 46] = [
    "thank",
    "thanks",
    "thankyou",
    "thankx",
    "thx",
    "thnx",
    "tnx",
    "tx",
    "ty",
    "tysm",
    "tyvm",
    "tks",
    "cheers",
    "appreciated",
    "appreciate",
    "bye",
    "goodbye",
    "cya",
    "ok",
    "okay",
    "okey",
    "k",
    "kk",
    "great",
    "perfect",
    "awesome",
    "cool",
    "super",
    "alright",
    "noted",
    "understood",
    "excellent",
    "brilliant",
    "wonderful",
    "lovely",
    "amazing",
    "danke",
    "dank",
    "merci",
    "gracias",
    "grazie",
    "obrigado",
    "obrigada",
    "bedankt",
    "tchau",
    "ciao",
];
/// Words that may stand beside them.
const BESIDE: [&str; 63] = [
    "a",
    "again",
    "all",
    "and",
    "best",
    "beaucoup",
    "day",
    "evening",
    "everybody",
    "everyone",
    "everything",
    "for",
    "good",
    "got",
    "guys",
    "have",
    "help",
    "i",
    "is",
    "it",
    "je",
    "kind",
    "later",
    "lot",
    "lots",
    "many",
    "mille",
    "moltes",
    "molto",
    "much",
    "muchas",
    "nice",
    "night",
    "now",
    "of",
    "really",
    "regards",
    "right",
    "schön",
    "see",
    "sehr",
    "sir",
    "so",
    "soon",
    "team",
    "tausend",
    "that",
    "thats",
    "the",
    "then",
    "to",
    "too",
    "very",
    "vielen",
    "we",
    "weekend",
    "well",
    "wel",
    "wishes",
    "ya",
    "yet",
    "you",
    "your",
];
/// What iPhones send to other phones for a reaction to a message, before the quoted message.
const REACTED: [&str; 4] = ["liked ", "loved ", "laughed at ", "emphasized "];
/// Emoji that thank, agree or say good-bye, and the parts that emoji are made of.
const FRIENDLY: &str = "👍👌🙏🙌👏🤝💪🫶😊🙂☺😀😃😄😁😆😍🥰🤗😘😉😎🤩❤💕💖💗💙💚💛💜🧡🎉🎊✅✔👋💯🔥🌹💐🌸😇\
                        🏻🏼🏽🏾🏿\u{fe0f}\u{200d}♀♂";

/// Returns true if a whole message only thanks, agrees or says good-bye: `Thanks!`, `👍`, `ok, thank you very much`, or a reaction
/// that a phone sends as a text. In doubt, it doesn't.
pub fn is_thanks(body: &str) -> bool {
    let text = body.trim().to_lowercase().replace(['\'', '’', '‘'], "");
    if is_reaction(&text) {
        return true;
    }
    let text = [":-)", ":)", ";-)", ";)", ":-d", ":d", "<3"]
        .iter()
        .fold(text, |text, face| text.replace(face, " 🙂 "));
    if text.contains(['?', '？', '¿']) {
        return false;
    }
    // What is neither a friendly emoji, nor ASCII, nor a letter may say anything: 👎.
    let known = |c: char| c.is_ascii() || c.is_alphanumeric() || FRIENDLY.contains(c) || is_punctuation(c);
    if !text.chars().all(known) {
        return false;
    }
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let refuses = |at: usize| {
        words[at] == "no" && words.get(at + 1).is_some_and(|next| matches!(*next, "thank" | "thanks" | "thx"))
    };
    let fits = |(at, word): (usize, &&str)| CORE.contains(word) || BESIDE.contains(word) || refuses(at);
    let thanks = words.iter().any(|word| CORE.contains(word))
        || (words.is_empty() && text.chars().any(|c| FRIENDLY.contains(c)));
    thanks && words.iter().enumerate().all(fits)
}

/// Returns true for `liked “…”` and `👍 to “…”`. Others, such as `questioned “…”`, may want an answer.
fn is_reaction(text: &str) -> bool {
    let quote = |rest: &str| rest.starts_with(['“', '"', '«', '„']) || rest.starts_with("an image");
    if REACTED.iter().filter_map(|reacted| text.strip_prefix(reacted)).any(quote) {
        return true;
    }
    let text = text.trim_start_matches(|c: char| is_punctuation(c) || c.is_whitespace());
    let text = text.strip_prefix("reacted ").unwrap_or(text);
    let rest = text.trim_start_matches(|c| FRIENDLY.contains(c));
    let spaces = |c: char| is_punctuation(c) && !"“«„".contains(c) || c.is_whitespace();
    let behind =
        rest.trim_start_matches(spaces).strip_prefix("to ").map(|rest| rest.trim_start_matches(spaces));
    rest.len() < text.len() && behind.is_some_and(quote)
}

/// Returns true for marks, spaces and invisible characters outside of ASCII that text is set with.
fn is_punctuation(c: char) -> bool {
    matches!(c, '\u{a0}'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{3003}' | '\u{feff}' | '！' | '，' | '．')
}
