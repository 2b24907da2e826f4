//! Reconciliation of events that never arrived: texts that Twilio has, messages that Webex didn't report, and mails in
//! the bucket.

use futures_util::StreamExt;
use futures_util::stream::iter;
use handbell_core::config::Line;
use handbell_core::conversation::decide::{ConversationEvent, CustomerFile};
use handbell_core::conversation::relay_policy::Visibility;
use handbell_core::vendor_id::RoomId;
use handbell_inbound::twilio::Text;
use handbell_outbound::twilio::TwilioMessage;
use handbell_store::{Conversations, HandledEvents, Lines, Missed, SpacesRead};
use jiff::SignedDuration;

use crate::Fault;
use crate::alert::commands::StaffTexts;
use crate::alert::mail::sweep::MailSweep;
use crate::configuration::Configuration;
use crate::conversation::agent::{AgentMessages, sight};
use crate::conversation::apply::ConversationEngine;
use crate::conversation::customer::address;
use crate::dependencies::{Time, parts};
use crate::vendor::{TwilioAccount, WebexAccount};
use crate::webhooks::Webhooks;

/// Age up to which an event may still be on its way.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(60);
/// Overlap of two successive fetches of a line's texts, or readings of spaces. The first one reaches back as far.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// Age up to which activity counts when spaces are read after an outage of the webhooks.
const MISSED: SignedDuration = SignedDuration::from_hours(24);
/// Number of spaces that are read concurrently.
const AT_ONCE: usize = 4;
parts! {
    /// Fetches events that never arrived.
    pub(crate) struct Reconciliation {
        config: Configuration,
        webhooks: Webhooks,
        lines: Lines,
        missed: Missed,
        conversations: Conversations,
        handled_events: HandledEvents,
        engine: ConversationEngine,
        agents: AgentMessages,
        staff: StaffTexts,
        mails: MailSweep,
        webex: WebexAccount,
        twilio: TwilioAccount,
        time: Time,
    }
}

impl Reconciliation {
    /// Fetches everything that may have been missed. Best effort, every five minutes.
    pub(crate) async fn run(&self) {
        if let Err(fault) = self.webhooks.repair().await {
            tracing::warn!(reason = %fault, "the webhooks at Webex could not be synchronised; this is retried in five minutes");
        }
        for (name, line) in &self.config.lines {
            if let Err(fault) = self.fetch_missed_texts(name, line).await {
                tracing::warn!(line = self.config.names().lines.present(name), reason = %fault, "texts could not be fetched; this is retried in five minutes");
            }
        }
        if !self.config.lines.is_empty()
            && let Err(fault) = self.read_missed_messages().await
        {
            tracing::warn!(reason = %fault, "agents' messages could not be read; this is retried in five minutes");
        }
        // Last, since there may be many mails.
        if let Err(fault) = self.mails.sweep().await {
            tracing::warn!(reason = %fault, "the bucket could not be searched; this is retried in five minutes");
        }
    }

    /// Reads every customer's space that was active since the last time: a webhook may have been lost. After an outage of
    /// the webhooks, the spaces of a whole day are read.
    async fn read_missed_messages(&self) -> Result<(), Fault> {
        let now = self.time.now();
        let everything = sight(self.webex.identity().await?) == Visibility::Everything;
        let (missed, read) = tokio::try_join!(self.missed.has_missed(), self.missed.spaces_read())?;
        // What was written before this token was ours may never have been meant to be seen by it.
        let before = read.filter(|read| read.everything == everything).unwrap_or(SpacesRead {
            read_to: now,
            everything,
            since: now,
        });
        let since = if missed { now - MISSED } else { before.read_to.max(now - MISSED) - OVERLAP };
        let rooms = self.webex.client().await?.rooms_active_since(since).await?;
        if missed {
            tracing::warn!(
                spaces = rooms.len(),
                "the webhooks were off; reading what agents wrote meanwhile"
            );
        }
        let read = iter(rooms).map(|room| async move { self.read_all_in(&room.id).await });
        let mut read = read.buffer_unordered(AT_ONCE);
        let mut failed = None;
        while let Some(read) = read.next().await {
            failed = read.err().or(failed);
        }
        if let Some(fault) = failed {
            return Err(fault);
        }
        if missed {
            self.missed.remember_missed(false).await?;
        }
        Ok(self.missed.set_spaces_read(&SpacesRead { read_to: now, ..before }).await?)
    }

    async fn read_all_in(&self, room: &RoomId) -> Result<(), Fault> {
        match self.conversations.conversation_of_room(room).await? {
            Some(whose) => self.agents.read(&whose, room, None).await,
            None => Ok(()),
        }
    }

    /// Fetches texts that never arrived. Twilio reports a text once or twice. If Handbell was down, the text is still
    /// in Twilio's list.
    async fn fetch_missed_texts(&self, name: &str, line: &Line) -> Result<(), Fault> {
        let now = self.time.now();
        let row = self.lines.line(name).await?;
        let since = row.fetched_to.unwrap_or(now) - OVERLAP;
        let twilio = self.twilio.client().await?;
        let texts = twilio.inbound_since(&line.number, since).await?;
        let settled = now - ON_ITS_WAY;
        let mut fetched_to = settled;
        for text in texts.iter().filter(|text| text.date_created.is_none_or(|at| at <= settled)) {
            // A text that can't be taken doesn't hold up the texts behind it. The next fetch begins with it.
            if let Err(fault) = self.take_missed_text(name, line, text).await {
                tracing::warn!(reason = %fault, message = %text.sid, "a text could not be taken; it is retried in five minutes");
                fetched_to = fetched_to.min(text.date_created.unwrap_or(since));
            }
        }
        Ok(self.lines.set_fetched_until(name, fetched_to).await?)
    }

    async fn take_missed_text(&self, name: &str, line: &Line, text: &TwilioMessage) -> Result<(), Fault> {
        let Some(from) = &text.from else { return Ok(()) };
        let address = address(Some(from));
        let id = format!("sms-{}", text.sid);
        if self
            .handled_events
            .event(&self.config.customer(name, &address), &id, self.time.now())
            .await?
            .is_some()
        {
            return Ok(());
        }
        // People who were paged answer to the same number. An "I have it" must not be lost, and not be taken for a
        // customer's text.
        let answer = Text {
            sid: text.sid.clone(),
            from: from.clone(),
            to: text.to.clone().unwrap_or_else(|| line.number.clone().into()),
            body: text.body.clone().unwrap_or_default(),
            media: Vec::new(),
            opt_out: None,
        };
        if self.staff.take_text(&answer).await? {
            return Ok(());
        }
        let files = if text.num_media > 0 {
            self.twilio.client().await?.media_of(&text.sid).await?
        } else {
            Vec::new()
        };
        let event = ConversationEvent::Text {
            body: text.body.clone().unwrap_or_default(),
            files: files
                .into_iter()
                .map(|file| CustomerFile { url: file.url, content_type: Some(file.content_type) })
                .collect(),
            at: text.date_sent.or(text.date_created),
            word: None,
        };
        tracing::warn!(message = %text.sid, "fetched a text that Twilio had not reported");
        self.engine.apply_from(name, &address, &event, Some(&id)).await.map(|_| ())
    }
}
