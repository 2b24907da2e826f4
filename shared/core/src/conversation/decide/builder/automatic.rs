//! Automatic replies to customers, and the limits on them.

use super::DecisionBuilder;
use jiff::SignedDuration;

use crate::address::E164;
use crate::delivery::{Content, ConversationEntry, Medium, Message, PhoneMessage, SpaceMessage, Speaker};
use crate::texting::{self, PriceClass, price_class};

/// Minimum time between two automatic replies to a customer.
const TOLD_AGAIN: SignedDuration = SignedDuration::from_mins(10);

impl DecisionBuilder<'_> {
    /// Sends the customer an automatic reply, if there is a text and it may be sent. The team sees it. Returns true if it is
    /// sent.
    pub(in crate::conversation::decide) fn reply_automatically(&mut self, text: Option<&str>) -> bool {
        // A number that never sent a text may be another person's, typed into the form.
        self.sender.confirmed.is_some() && self.reply_to_caller(text)
    }

    /// Does the same for a customer who is calling or has just called from this number.
    pub(in crate::conversation::decide) fn reply_to_caller(&mut self, text: Option<&str>) -> bool {
        // A caller can fake the number. Fraudsters earn money with texts to expensive countries.
        let line = self.context.line;
        let near = |number: &str| price_class(&line.number, number) == PriceClass::Domestic;
        let far = self.context.address.phone().is_some_and(|phone| !near(phone.as_str()));
        if far && line.countries.is_empty() && self.sender.confirmed.is_none() {
            return false;
        }
        let Some((text, to)) = text.and_then(|text| Some((text, self.number_for_reply()?))) else {
            return false;
        };
        self.send_automatic_text(text, to);
        true
    }

    /// Sends the closing text, if there is one and it may be sent. It may follow another automatic reply, but not itself: an agent
    /// who closes the conversation again after each "ok" says good-bye once.
    pub(in crate::conversation::decide) fn say_goodbye(&mut self) {
        let quiet = self.next.closing_sent_at.is_none_or(|at| self.now.duration_since(at) >= TOLD_AGAIN);
        let to = self.textable_number().filter(|_| quiet && self.sender.confirmed.is_some());
        if let (Some(text), Some(to)) = (&self.context.line.texts.closing, to) {
            self.next.closing_sent_at = Some(self.now);
            self.send_automatic_text(text, to);
        }
    }

    /// Sends the customer a text that no agent wrote. The team sees it.
    pub(in crate::conversation::decide) fn send_automatic_text(&mut self, text: &str, to: E164) {
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
        self.add_entry(entry, [post, Message::Phone(reply)]);
    }

    /// Returns the number if it may get an automatic reply. Never twice within ten minutes, so that two machines that answer each
    /// other fall silent. Never to a person who didn't contact the line, since anybody can type a number into the form.
    fn number_for_reply(&self) -> Option<E164> {
        let quiet = self.sender.told_at.is_none_or(|at| self.now.duration_since(at) >= TOLD_AGAIN);
        let came = self.sender.confirmed.is_some() || self.by_phone || !self.next.by_form;
        self.textable_number().filter(|_| quiet && came)
    }

    /// Returns the number if it may get texts that no agent wrote. That excludes short codes, Handbell's own
    /// numbers, numbers that opted out, and countries that the line doesn't allow.
    pub(in crate::conversation::decide) fn textable_number(&self) -> Option<E164> {
        let number = self.context.address.number()?;
        let person = !texting::is_short_code(number) && !self.context.own_numbers.contains(number);
        let wanted =
            self.sender.opted_out.is_none() && texting::may_text(number, &self.context.line.countries);
        (person && wanted).then(|| number.clone())
    }
}
