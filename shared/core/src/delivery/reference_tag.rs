//! The text in a message by which the message is found again: `H-7K3Q.2.1`.

use std::fmt;

use super::DeliveryId;

/// Names one delivery: the reference of what it belongs to, its dispatch, and its id there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReferenceTag {
    /// Reference of the incident or the conversation: `H-7K3Q`.
    pub reference: String,
    /// Number of the dispatch.
    pub dispatch: u32,
    /// The delivery within the dispatch.
    pub delivery: DeliveryId,
}

impl fmt::Display for ReferenceTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.reference, self.dispatch, self.delivery)
    }
}

impl ReferenceTag {
    /// Reads the tag at the end of a text. Anywhere else it is text that a person wrote.
    pub fn at_end_of(text: &str) -> Option<Self> {
        let last = text.trim_end().trim_end_matches('`');
        let start = last.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'));
        let tag = &last[start.map_or(0, |start| start + 1)..];
        let mut parts = tag.split('.');
        let (reference, dispatch, delivery) = (parts.next()?, parts.next()?, parts.next()?);
        let is_ours = reference.len() == 6 && reference.starts_with("H-") && parts.next().is_none();
        if !is_ours {
            return None;
        }
        Some(Self {
            reference: reference.to_owned(),
            dispatch: dispatch.parse().ok()?,
            delivery: delivery.parse().ok()?,
        })
    }
}

/// Returns true if the text contains the tag, other than as the beginning of a longer one.
pub fn has_reference_tag(text: Option<&str>, tag: &str) -> bool {
    text.is_some_and(|text| {
        text.match_indices(tag).any(|(start, _)| {
            !text[start + tag.len()..].starts_with(|next: char| next.is_ascii_alphanumeric())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_as_it_is_written() {
        for delivery in [DeliveryId::Numbered(0), DeliveryId::Numbered(12), DeliveryId::Summary] {
            let tag = ReferenceTag { reference: "H-7K3Q".to_owned(), dispatch: 3, delivery };
            assert_eq!(ReferenceTag::at_end_of(&format!("Fire! `{tag}`\n")), Some(tag.clone()));
            assert!(has_reference_tag(Some(&format!("({tag}) Fire!")), &tag.to_string()));
        }
        for text in
            ["", "H-7K3Q", "H-7K3Q.2.1 is mine", "H-7K3Q.2", "H-7K3Q.2.01", "H-7K3QX.2.1", "H-7K3Q.2.1.1"]
        {
            assert_eq!(ReferenceTag::at_end_of(text), None, "{text}");
        }
        assert!(!has_reference_tag(Some("H-7K3Q.2.11"), "H-7K3Q.2.1"));
    }
}
