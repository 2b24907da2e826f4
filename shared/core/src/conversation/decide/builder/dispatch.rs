//! Dispatches of a conversation, and the order in which they are sent.

use super::{DecisionBuilder, FromCustomer};
use crate::delivery::{
    Body, Content, ConversationEntry, Delivery, Dispatch, DispatchKey, Message, OfConversation, Patience,
    SpaceMessage, Speaker,
};
use crate::vendor_id::MessageId;

impl DecisionBuilder<'_> {
    /// Adds a dispatch with these messages. Posts wait for the previous posts, and answers for the previous answers.
    pub(in crate::conversation::decide) fn add_dispatch(
        &mut self,
        messages: impl IntoIterator<Item = Message>,
    ) -> &mut Dispatch {
        self.next.dispatches += 1;
        let (subject, epoch) = (self.next.subject.clone(), self.next.epoch);
        let key = DispatchKey { subject, epoch, number: self.next.dispatches };
        let body = Body::Conversation(OfConversation::new(self.next.opened_at));
        let mut dispatch = Dispatch::new(key, body, self.now);
        if self.opens && self.dispatches.is_empty() {
            let content = Content::FirstPost(self.context.address.clone());
            dispatch.add(Delivery::new(Message::Space(SpaceMessage::Post { content }), self.now));
        }
        for message in messages {
            dispatch.add(Delivery::new(message, self.now));
        }
        let (mut posts, mut answers) = (false, false);
        for delivery in dispatch.deliveries.values() {
            posts |= delivery.message.is_post();
            answers |= delivery.message.is_reply();
        }
        if posts {
            dispatch.previous_post = (self.next.last_post > 0).then_some(self.next.last_post);
            self.next.last_post = dispatch.key.number;
        }
        if answers {
            let previous = (self.next.last_answer > 0).then_some(self.next.last_answer);
            dispatch.in_conversation(|of| of.previous_reply = previous);
            self.next.last_answer = dispatch.key.number;
            dispatch.add_summary(self.now);
        }
        self.dispatches.push(dispatch);
        let last = self.dispatches.len() - 1;
        &mut self.dispatches[last]
    }

    /// Adds a dispatch that posts what the customer wrote or said, together with these messages.
    pub(in crate::conversation::decide) fn add_customer_entry(
        &mut self,
        words: FromCustomer,
        with: impl IntoIterator<Item = Message>,
    ) {
        let with: Vec<Message> = with.into_iter().collect();
        let files = with.iter().filter(|message| message.is_customer_file()).count();
        let entry = ConversationEntry {
            speaker: Speaker::Customer,
            customer: self.next.called(),
            medium: words.medium,
            text: words.text,
            note: words.note,
            files: u32::try_from(files).unwrap_or(u32::MAX),
            at: words.at,
        };
        let first = Message::Space(SpaceMessage::Post { content: Content::Entry });
        self.add_entry(entry, std::iter::once(first).chain(with));
    }

    /// Adds a dispatch with a conversation entry. It is retried for a day, since its words exist nowhere else.
    pub(in crate::conversation::decide) fn add_entry(
        &mut self,
        entry: ConversationEntry,
        messages: impl IntoIterator<Item = Message>,
    ) -> &mut Dispatch {
        let dispatch = self.add_dispatch(messages);
        dispatch.patience = Patience::Day;
        dispatch.in_conversation(|of| of.entry = Some(Box::new(entry)));
        dispatch
    }

    /// Adds a message to the dispatch of the customer's words. An agent who is added that way is in the space before the post.
    pub(in crate::conversation::decide) fn add_to_customer_entry(&mut self, message: Message) {
        let now = self.now;
        let customers = |dispatch: &&mut Dispatch| {
            dispatch.conversation_entry().is_some_and(|entry| entry.speaker == Speaker::Customer)
        };
        match self.dispatches.iter_mut().find(customers) {
            Some(dispatch) => {
                dispatch.add(Delivery::new(message, now));
            }
            None => {
                self.add_dispatch([message]);
            }
        }
    }

    /// Adds a note to the team, in the space or in a thread.
    pub(in crate::conversation::decide) fn note(&mut self, thread: Option<&MessageId>, text: String) {
        let thread = thread.cloned();
        self.add_dispatch([Message::Space(SpaceMessage::Post { content: Content::Text(text) })])
            .in_conversation(|of| of.thread = thread);
    }
}
