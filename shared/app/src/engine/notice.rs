//! Notices: messages to one address that belong to no incident.

use handbell_core::delivery::{
    Body, Content, Delivery, DirectMessage, Dispatch, DispatchKey, Message, PhoneMessage,
};
use handbell_core::incident::Subject;
use handbell_store::Notices;
use jiff::{SignedDuration, Timestamp};

use crate::Fault;
use crate::configuration::Configuration;
use crate::dependencies::parts;
use crate::engine::queue::Queue;
use crate::engine::work_item::WorkItem;

/// Retention of a notice. A notice that couldn't be delivered by then is of no use any more.
const NOTICE_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

parts! {
    /// Stores notices, which are delivered like any other message.
    pub(crate) struct NoticeSender {
        config: Configuration,
        notices: Notices,
        queue: Queue,
    }
}

impl NoticeSender {
    /// Notifies the admins, once for each id.
    pub(crate) async fn tell_admins_once(&self, text: &str, id: &str, now: Timestamp) -> Result<(), Fault> {
        let content = || Content::Text(text.to_owned());
        let admins = &self.config.admins;
        let webex = admins
            .webex
            .iter()
            .map(|email| Message::Direct(DirectMessage { email: email.clone(), content: content() }));
        let texts = admins.sms.iter().map(|to| {
            Message::Phone(PhoneMessage::Text {
                to: to.clone(),
                from: self.config.from().cloned(),
                content: content(),
            })
        });
        self.send(&Subject::notice("admins"), webex.chain(texts), id, now).await
    }

    /// Sends the messages as one notice, once for each id.
    pub(crate) async fn send(
        &self,
        subject: &Subject,
        messages: impl IntoIterator<Item = Message>,
        id: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        // The time is part of the key, so that notices to one address don't collide.
        let epoch = u64::try_from(now.as_microsecond()).unwrap_or_default();
        let key = DispatchKey { subject: subject.clone(), epoch, number: 1 };
        let mut dispatch = Dispatch::new(key, Body::Notice, now);
        for message in messages {
            dispatch.add(Delivery::new(message, now));
        }
        if dispatch.deliveries.is_empty() {
            return Ok(());
        }
        if self.notices.put_notice(&dispatch, id, NOTICE_KEPT, now).await? {
            self.queue.enqueue(&[(WorkItem::Dispatch(dispatch.key.clone()), now)], now).await;
        }
        Ok(())
    }
}
