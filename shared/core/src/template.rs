//! Placeholders in the texts of a plan: how they are written, and which there are.

/// A value that is filled into the texts of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placeholder {
    /// `{button}`, `{zone}`, `{customer}` or `{source}`: the name of what the incident is about.
    Name,
    /// `{title}` of an alert; the name of anything else.
    Title,
    /// `{severity}` of an alert.
    Severity,
    /// `{level}` of a zone.
    Level,
    /// `{capacity}` of a zone.
    Capacity,
    /// `{usual}` count of a zone.
    Usual,
    /// `{count}` of presses, mails or devices.
    Count,
    /// `{time}`.
    Time,
    /// `{incident}`: its reference.
    Incident,
}

impl Placeholder {
    /// All placeholders as people write them, without the braces.
    pub(crate) const NAMES: [(&'static str, Self); 12] = [
        ("button", Self::Name),
        ("zone", Self::Name),
        ("customer", Self::Name),
        ("source", Self::Name),
        ("title", Self::Title),
        ("severity", Self::Severity),
        ("level", Self::Level),
        ("capacity", Self::Capacity),
        ("usual", Self::Usual),
        ("count", Self::Count),
        ("time", Self::Time),
        ("incident", Self::Incident),
    ];

    /// Returns the placeholder with this name. Capitals and spaces make a difference.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::NAMES.into_iter().find(|(known, _)| *known == name).map(|(_, placeholder)| placeholder)
    }
}

/// A part of a text with placeholders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Plain text.
    Text(&'a str),
    /// A pair of braces, with what stands between them.
    Braces(&'a str),
}

impl Piece<'_> {
    /// Returns the pieces of a text. A brace that isn't closed before another one opens is plain text.
    pub(crate) fn of(template: &str) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        let mut rest = template;
        while let Some(start) = rest.find('{') {
            let (before, from) = rest.split_at(start);
            let inside = &from[1..];
            let end = inside.find(['{', '}']).filter(|end| inside[*end..].starts_with('}'));
            pieces.push(Piece::Text(before));
            rest = match end {
                Some(end) => {
                    pieces.push(Piece::Braces(&inside[..end]));
                    &inside[end + 1..]
                }
                None => {
                    pieces.push(Piece::Text(&from[..1]));
                    inside
                }
            };
        }
        pieces.push(Piece::Text(rest));
        pieces
    }
}
