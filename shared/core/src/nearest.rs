//! The word that was probably meant.

/// Returns the most similar of the known words, if it is similar enough to have been meant.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let word = plain(word);
    known
        .map(|known| (strsim::damerau_levenshtein(&word, &plain(known)), known))
        .filter(|(distance, known)| *distance <= (known.chars().count().max(3) / 3).min(3))
        .min()
        .map(|(_, known)| known)
}
