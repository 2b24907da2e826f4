//! The plain yes of many languages. docs/duty.md lists them.

/// Words for yes that mean nothing else in another language of the list. Everybody may use them.
const YES: [(&str, &[&str]); 15] = [
    (
        "en",
        &[
            "yes",
            "yep",
            "yup",
            "yeah",
            "yea",
            "y",
            "aye",
            "sure",
            "ok",
            "okay",
            "okey",
            "k",
            "kk",
            "affirmative",
        ],
    ),
    ("de, lb, nl, da, nb, sv, lv", &["ja", "jawohl", "jep", "jo", "jā"]),
    ("fr", &["oui", "ouais"]),
    ("es, ca, it", &["sí", "sì", "si"]),
    ("pt", &["sim"]),
    ("fi, et", &["kyllä", "joo", "jah"]),
    ("sk", &["áno"]),
    ("lt", &["taip"]),
    ("tr", &["evet"]),
    ("el", &["ναι"]),
    ("ro, hr, sr, sl, bg, ru", &["da", "да"]),
    ("uk", &["так"]),
    ("ja, zh", &["はい", "是", "是的", "好的"]),
    ("ko", &["네", "예"]),
    ("ar, he, hi", &["نعم", "כן", "हाँ"]),
];

/// Words for yes that mean something else in another language: `tak` is Danish for thanks, and `igen` Swedish for again. They
/// count for people who have this language in the roster.
const BY_LANGUAGE: [(&str, &str); 4] = [("pl", "tak"), ("hu", "igen"), ("cs", "ano"), ("sk", "ano")];

/// Returns true for a plain yes. The language is that of the person, such as `pl-PL`.
pub(super) fn is_yes(word: &str, language: Option<&str>) -> bool {
    let spoken = language.map(|tag| tag.split('-').next().unwrap_or(tag).to_ascii_lowercase());
    YES.iter().any(|(_, words)| words.contains(&word))
        || BY_LANGUAGE.iter().any(|(tag, yes)| *yes == word && spoken.as_deref() == Some(*tag))
}
