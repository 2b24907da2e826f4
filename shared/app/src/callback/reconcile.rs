//! What never reached us is fetched: texts that Twilio has, messages that Webex didn't tell us of, webhooks that are off.

use futures_util::StreamExt;
use futures_util::stream::iter;
use handbell_core::config::Line;
use handbell_core::conversation::decide::{File, Heard};
use handbell_inbound::twilio::Text;
use handbell_outbound::Failure;
use handbell_outbound::twilio::Message;
use handbell_outbound::webex::NewWebhook;
use jiff::SignedDuration;

use crate::conversation::customer::address;
use crate::{App, Fault};

/// What is younger than this may still be on its way to us.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(60);
/// How far back a line's first look goes, and how far two looks overlap.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// After the webhooks were off, spaces are read in which something applied since.
const MISSED: SignedDuration = SignedDuration::from_hours(24);
/// Spaces that are read side by side.
const AT_ONCE: usize = 4;
/// What Webex is to tell us of: a resource, an event, and whether only those need it who answer customers.
pub const HOOKS: [(&str, &str, bool); 4] = [
    ("messages", "created", false),
    ("attachmentActions", "created", false),
    ("messages", "updated", true),
    ("messages", "deleted", true),
];

/// What was done with one of our webhooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hooked {
    /// What it is about: `messages created`.
    pub about: String,
    /// What was done.
    pub done: HookDone,
}

/// What was done with a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookDone {
    /// It is as it should be.
    Fine,
    /// It was missing, and is there now.
    Registered,
    /// Webex had switched it off; it is on again.
    SwitchedOn,
    /// Name and secret were written once more, since nobody can see what they are.
    Renewed,
    /// There were two; one is gone.
    Removed,
}

fn failed(failure: Failure) -> Fault {
    Fault::from(failure)
}

impl App {
    /// Everything that may have been missed. Best effort, every five minutes.
    pub(crate) async fn reconcile(&self) {
        if let Err(fault) = self.mend_webhooks().await {
            tracing::warn!(reason = %fault, "the webhooks at Webex could not be looked after; tried again in five minutes");
        }
        for (name, line) in &self.config.lines {
            if let Err(fault) = self.fetch_missed_texts(name, line).await {
                tracing::warn!(line = name, reason = %fault, "texts could not be fetched; tried again in five minutes");
            }
        }
        if !self.config.lines.is_empty()
            && let Err(fault) = self.read_missed_messages().await
        {
            tracing::warn!(reason = %fault, "what agents wrote could not be read; tried again in five minutes");
        }
        // Last, since there may be much of it.
        if let Err(fault) = self.mail_sweep.sweep().await {
            tracing::warn!(reason = %fault, "the bucket could not be looked through; tried again in five minutes");
        }
    }

    /// Registers our webhooks if they are missing, and switches on those that Webex has switched off. Before that it is
    /// written down that something may have been missed.
    pub(crate) async fn mend_webhooks(&self) -> Result<Vec<Hooked>, Fault> {
        self.hooks(false).await
    }

    /// The same, and writes name and secret of all of them once more: for when the secret was changed.
    pub async fn sync_webhooks(&self) -> Result<Vec<Hooked>, Fault> {
        self.hooks(true).await
    }

    async fn hooks(&self, renew: bool) -> Result<Vec<Hooked>, Fault> {
        let Some(name) = &self.config.webex.webhook else { return Ok(Vec::new()) };
        let secret = self.secrets.get(&name.secret, self.now()).await?;
        let webex = self.webex().await?;
        let target = format!("{}/webex", self.public_url());
        let all = webex.webhooks().await.map_err(failed)?;
        let mut done = Vec::new();
        for (resource, event, for_customers) in HOOKS {
            if for_customers && self.config.lines.is_empty() {
                continue;
            }
            let (about, name) = (format!("{resource} {event}"), format!("Handbell: {resource} {event}"));
            let mut say = |what| done.push(Hooked { about: about.clone(), done: what });
            let mut ours = all.iter().filter(|hook| {
                hook.target_url.as_deref() == Some(&target)
                    && hook.resource.as_deref() == Some(resource)
                    && hook.event.as_deref() == Some(event)
            });
            match ours.next() {
                None => {
                    // Where none of ours ever was, nothing was missed; with another token even less.
                    if all.iter().any(|hook| hook.target_url.as_deref() == Some(&target)) {
                        self.store.missed().remember_missed(true).await?;
                    }
                    let new = NewWebhook {
                        name,
                        target_url: target.clone(),
                        resource: resource.to_owned(),
                        event: event.to_owned(),
                        filter: None,
                        secret: secret.clone(),
                    };
                    webex.create_webhook(&new).await.map_err(failed)?;
                    tracing::info!(resource, event, "a webhook was registered at Webex");
                    say(HookDone::Registered);
                }
                Some(hook) if hook.is_inactive() => {
                    self.store.missed().remember_missed(true).await?;
                    webex.update_webhook(&hook.id, &name, &target, Some(&secret)).await.map_err(failed)?;
                    tracing::warn!(resource, event, "Webex had switched our webhook off; it is on again");
                    say(HookDone::SwitchedOn);
                }
                Some(hook) if renew => {
                    webex.update_webhook(&hook.id, &name, &target, Some(&secret)).await.map_err(failed)?;
                    say(HookDone::Renewed);
                }
                Some(_) => say(HookDone::Fine),
            }
            // A second one would tell us everything twice.
            for twin in ours {
                webex.delete_webhook(&twin.id).await.map_err(failed)?;
                say(HookDone::Removed);
            }
        }
        Ok(done)
    }

    /// While the webhooks were off, agents may have written: every customer's space in which something applied is read.
    async fn read_missed_messages(&self) -> Result<(), Fault> {
        if !self.store.missed().missed().await? {
            return Ok(());
        }
        let webex = self.webex().await?;
        let rooms = webex.rooms_where(None, |_| true).await.map_err(failed)?;
        let since = self.now() - MISSED;
        let active = rooms.into_iter().filter(|room| room.last_activity.is_none_or(|at| at >= since));
        let active: Vec<String> = active.map(|room| room.id).collect();
        tracing::warn!(spaces = active.len(), "the webhooks were off: what agents wrote meanwhile is read");
        let read = iter(active).map(|room| async move { self.read_all_in(&room).await });
        let mut read = read.buffer_unordered(AT_ONCE);
        let mut failed = None;
        while let Some(read) = read.next().await {
            failed = read.err().or(failed);
        }
        match failed {
            Some(fault) => Err(fault),
            None => Ok(self.store.missed().remember_missed(false).await?),
        }
    }

    async fn read_all_in(&self, room: &str) -> Result<(), Fault> {
        match self.store.conversations().conversation_of_room(room).await? {
            Some(whose) => self.agents_wrote(&whose, room, None).await,
            None => Ok(()),
        }
    }

    /// Twilio tells of a text once or twice; if we were not there, the text is still in its list.
    async fn fetch_missed_texts(&self, name: &str, line: &Line) -> Result<(), Fault> {
        let now = self.now();
        let row = self.store.lines().line(name).await?;
        let since = row.fetched_to.unwrap_or(now) - OVERLAP;
        let twilio = self.twilio_client().await?;
        let texts = twilio.inbound_since(&line.number, since).await.map_err(failed)?;
        let settled = now - ON_ITS_WAY;
        let mut fetched_to = settled;
        for text in texts.iter().filter(|text| text.date_created.is_none_or(|at| at <= settled)) {
            // One that can't be taken now doesn't hold up those behind it; the next look begins with it.
            if let Err(fault) = self.take_missed_text(name, text).await {
                tracing::warn!(reason = %fault, message = text.sid, "a text could not be taken; tried again in five minutes");
                fetched_to = fetched_to.min(text.date_created.unwrap_or(since));
            }
        }
        Ok(self.store.lines().fetched_to(name, fetched_to).await?)
    }

    async fn take_missed_text(&self, line: &str, text: &Message) -> Result<(), Fault> {
        let Some(from) = &text.from else { return Ok(()) };
        let address = address(from);
        let id = format!("sms-{}", text.sid);
        if self.store.conversations().handled(&self.config.customer(line, &address), &id).await?.is_some() {
            return Ok(());
        }
        // Whoever was called answers to the same number: an "I have it" must not be lost either, nor be taken for a customer's.
        let answer = Text {
            sid: text.sid.clone(),
            from: from.clone(),
            to: text.to.clone().unwrap_or_default(),
            body: text.body.clone().unwrap_or_default(),
            media: Vec::new(),
            opt_out: None,
        };
        if self.staff_texts.take_text(&answer).await? {
            return Ok(());
        }
        let files = if text.num_media > 0 {
            self.twilio_client().await?.media_of(&text.sid).await.map_err(failed)?
        } else {
            Vec::new()
        };
        let heard = Heard::Text {
            body: text.body.clone().unwrap_or_default(),
            files: files
                .into_iter()
                .map(|file| File { url: file.url, content_type: Some(file.content_type) })
                .collect(),
            at: text.date_sent.or(text.date_created),
            word: None,
        };
        tracing::warn!(message = text.sid, "a text that Twilio didn't tell us of was fetched");
        self.heard_from(line, &address, &heard, Some(&id)).await.map(|_| ())
    }
}
