//! What Handbell tells the customer automatically, and to whom it says nothing.

use super::DecisionBuilder;
use jiff::SignedDuration;

use crate::delivery::{Content, ConversationEntry, Medium, Message, PhoneMessage, SpaceMessage, Speaker};
use crate::texting::{self, PriceClass, price_class};

/// For this long after an automatic reply, a customer gets no other one.
const TOLD_AGAIN: SignedDuration = SignedDuration::from_mins(10);

impl DecisionBuilder<'_> {
    /// Tells the customer something by itself, if that is wanted and harmless; the team sees it.
    pub(in crate::conversation::decide) fn tell(&mut self, text: Option<&str>) -> bool {
        // Whoever filled in the form may have typed somebody else's number.
        self.sender.confirmed.is_some() && self.tell_caller(text)
    }

    /// The same to somebody who just called from this number.
    pub(in crate::conversation::decide) fn tell_caller(&mut self, text: Option<&str>) -> bool {
        // Whoever calls can show any number: texts to far countries are what makes money of that.
        let line = self.context.line;
        let near = |number: &str| price_class(&line.number, number) == PriceClass::Domestic;
        let far = self.context.address.number().is_some_and(|number| !near(number));
        if far && line.countries.is_empty() && self.sender.confirmed.is_none() {
            return false;
        }
        let Some((text, to)) = text.and_then(|text| Some((text, self.may_tell()?))) else { return false };
        self.say_by_itself(text, to);
        true
    }

    /// Says to the customer what no agent wrote; the team sees it.
    pub(in crate::conversation::decide) fn say_by_itself(&mut self, text: &str, to: String) {
        self.sender.told_at = Some(self.now);
        let (from, customer) = (self.context.line.number.clone(), self.next.called());
        let entry = ConversationEntry {
            speaker: Speaker::Handbell,
            customer,
            medium: Medium::Text,
            text: text.to_owned(),
            note: String::new(),
            files: 0,
            at: self.now,
        };
        let post = Message::Space(SpaceMessage::Post { content: Content::Entry });
        let reply = PhoneMessage::Reply { to, from, text: text.to_owned(), files: Vec::new() };
        self.say_entry(entry, [post, Message::Phone(reply)]);
    }

    /// The number, if something may be said to it by itself: not twice in ten minutes, so that two machines that are
    /// wired to each other fall silent; and not to who didn't come to us: anybody can type a number into the form.
    fn may_tell(&self) -> Option<String> {
        let quiet = self.sender.told_at.is_none_or(|at| self.now.duration_since(at) >= TOLD_AGAIN);
        let came = self.sender.confirmed.is_some() || self.by_phone || !self.next.by_form;
        self.may_hear().filter(|_| quiet && came)
    }

    /// The number, if it is a person's who may hear what no agent wrote: no short code, and not one of our own.
    pub(in crate::conversation::decide) fn may_hear(&self) -> Option<String> {
        let number = self.context.address.number()?;
        let person = !texting::is_short_code(number) && !self.context.own_numbers.contains(&number);
        let wanted =
            self.sender.opted_out.is_none() && texting::may_text(number, &self.context.line.countries);
        (person && wanted).then(|| number.to_owned())
    }
}
