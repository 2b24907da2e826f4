//! Substitutions: what the overrides of a rota do to the person on call, in the order in which they were made.

use jiff::Timestamp;

use super::{Override, Rota};

/// An entry of a rota's exceptions: an override, or a swap of two people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Substitution<'a> {
    /// Index of its (first) override in the rota.
    pub index: usize,
    /// Start.
    pub from: Timestamp,
    /// End, exclusive.
    pub until: Timestamp,
    /// What it does.
    pub change: Substitute<'a>,
}

/// What a substitution does to the person on call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Substitute<'a> {
    /// Puts a person on call, or nobody; with `instead_of`, only in place of that person.
    Person {
        /// The person; none for nobody.
        person: Option<&'a str>,
        /// The person who is replaced; anybody, if absent.
        instead_of: Option<&'a str>,
    },
    /// Each of the two takes the other's place.
    Swap(&'a str, &'a str),
}

impl Rota {
    /// Returns the substitutions in the order in which they were made. Two overrides that [are one swap](Override) count as one.
    pub fn substitutions(&self) -> Vec<Substitution<'_>> {
        let mut found: Vec<Substitution<'_>> = Vec::new();
        let mut index = 0;
        while let Some(one) = self.overrides.get(index) {
            let half = self.overrides.get(index + 1).is_some_and(|next| one.is_half_of_a_swap(next));
            let people = (one.person.as_deref(), one.instead_of.as_deref());
            let change = match people {
                (Some(person), Some(instead_of)) if one.swap || half => Substitute::Swap(instead_of, person),
                (person, instead_of) => Substitute::Person { person, instead_of },
            };
            found.push(Substitution { index, from: one.from, until: one.until, change });
            index += if half { 2 } else { 1 };
        }
        found
    }
}

impl Override {
    /// Returns true if the override and the next one are a swap in the form of two overrides.
    fn is_half_of_a_swap(&self, next: &Self) -> bool {
        let made = [self, next].iter().any(|one| one.made_at.is_some() || one.swap);
        !made
            && (self.from, self.until) == (next.from, next.until)
            && self.person.is_some()
            && self.instead_of.is_some()
            && self.person != self.instead_of
            && self.person == next.instead_of
            && self.instead_of == next.person
    }
}

impl<'a> Substitution<'a> {
    /// Returns true if it applies at this time.
    pub fn applies_at(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Returns who is on call in place of `holder`, or none if the substitution leaves `holder` on call. The inner value is none
    /// if nobody is on call.
    pub fn in_place_of(&self, holder: Option<&str>) -> Option<Option<&'a str>> {
        match self.change {
            Substitute::Person { person, instead_of } => {
                instead_of.is_none_or(|whose| Some(whose) == holder).then_some(person)
            }
            Substitute::Swap(one, other) if holder == Some(one) => Some(Some(other)),
            Substitute::Swap(one, other) if holder == Some(other) => Some(Some(one)),
            Substitute::Swap(..) => None,
        }
    }
}
