//! The space of an incident or a conversation: members are added and messages posted, each once and in order.

use std::time::Duration;

use futures_util::future::join_all;
use handbell_core::delivery::{
    Content, DeliveryId, DispatchKey, Invitation, LEASE, Message, Outcome, SpaceMessage, Task,
};
use handbell_core::wording;
use handbell_outbound::Failure;
use handbell_outbound::webex::{Post, Webex, WebexFile};
use handbell_store::{Dispatches, Leases};
use jiff::SignedDuration;

use crate::alert::status::IncidentStatus;
use crate::configuration::Configuration;
use crate::conversation::attend::CustomerSpace;
use crate::conversation::file::CustomerFiles;
use crate::dependencies::{ConfigurationFolder, Time, parts};
use crate::engine::attempt::{Attempt, outcome_of_fault};
use crate::engine::posts::PostLookup;
use crate::engine::space::{FoundSpace, SpaceFinder};
use crate::engine::work::{Work, wait};
use crate::occupancy::zone_card::ZoneCards;
use crate::vendor::WebexAccount;
use crate::webhooks::Webhooks;

/// Time within which a post ends before its lease, even if it begins late.
const WITHIN_LEASE: Duration = Duration::from_secs(18);

/// Attempts to send to a space, each with its message.
pub(crate) type SpaceAttempts<'a> = Vec<(Attempt<'a>, &'a SpaceMessage)>;

parts! {
    /// Sends to the space of an incident or a conversation.
    pub(crate) struct SpaceChannel {
        config: Configuration,
        finder: SpaceFinder,
        posts: PostLookup,
        dispatches: Dispatches,
        leases: Leases,
        zones: ZoneCards,
        customers: CustomerSpace,
        files: CustomerFiles,
        incidents: IncidentStatus,
        webhooks: Webhooks,
        folder: ConfigurationFolder,
        webex: WebexAccount,
        time: Time,
    }
}

impl SpaceChannel {
    /// Sends to the space: members before posts, posts one after another, and a later step's posts after those of the
    /// earlier step.
    pub(crate) async fn send(&self, work: &Work, attempts: SpaceAttempts<'_>) -> Vec<(DeliveryId, Outcome)> {
        if attempts.is_empty() {
            return Vec::new();
        }
        let webex = match self.webex.client().await {
            Ok(webex) => webex,
            Err(fault) => return same_for_all(&attempts, &outcome_of_fault(fault)),
        };
        let space = match self.finder.find_for(&webex, work).await {
            Ok(space) => space,
            Err(outcome) => return same_for_all(&attempts, &outcome),
        };
        let (posts, first): (Vec<_>, Vec<_>) =
            attempts.into_iter().partition(|(_, message)| message.is_post());
        let mut outcomes: Vec<(DeliveryId, Outcome)> =
            join_all(first.iter().map(async |(attempt, message)| {
                (attempt.id, self.send_in_space(&webex, &space, *attempt, message).await)
            }))
            .await;
        let mut blocked = match posts.is_empty() {
            true => None,
            false => self.earlier_posts_missing(work).await,
        };
        for (attempt, message) in posts {
            let outcome = match &blocked {
                Some(wait) => wait.clone(),
                None => self.send_in_space(&webex, &space, attempt, message).await,
            };
            // Posts after an unsettled post wait for it.
            if !outcome.settles() {
                blocked.get_or_insert_with(|| wait(1));
            }
            outcomes.push((attempt.id, outcome));
        }
        outcomes
    }

    /// Returns how long to wait for the earlier posts, if they are missing.
    async fn earlier_posts_missing(&self, work: &Work) -> Option<Outcome> {
        let number = work.dispatch.previous_post?;
        let key = DispatchKey { number, ..work.dispatch.key.clone() };
        match self.dispatches.dispatch(&key).await {
            Ok(Some(earlier)) if !earlier.posts_are_out() => {
                let now = self.time.now();
                Some(Outcome::Waits { pause: earlier.tried_at(now, Message::is_post).duration_since(now) })
            }
            Ok(_) => None,
            Err(_) => Some(wait(5)),
        }
    }

    async fn send_in_space(
        &self,
        webex: &Webex,
        space: &FoundSpace,
        attempt: Attempt<'_>,
        message: &SpaceMessage,
    ) -> Outcome {
        let work = attempt.work;
        match message {
            SpaceMessage::Invite(invitation) => self.invite(webex, space, work, invitation).await,
            SpaceMessage::Rename { title } => self.customers.rename(webex, space, title).await,
            SpaceMessage::Assign => self.customers.assign(webex, space, attempt).await,
            SpaceMessage::Lobby { text } => self.customers.tell_lobby(webex, attempt, text).await,
            SpaceMessage::RemoveCard { card } => self.incidents.remove_card(webex, work, *card).await,
            SpaceMessage::IncidentCard if attempt.task == Task::Send && self.incidents.is_outdated(work) => {
                Outcome::NotWanted
            }
            SpaceMessage::IncidentCard => {
                self.post(webex, space, attempt, self.incident_card(work, space)).await
            }
            SpaceMessage::Post { content } => {
                let text = async {
                    if matches!(content, Content::Entry) {
                        Box::pin(self.customers.find_reader(webex, space, attempt)).await?;
                    }
                    self.post_text(work, content).await
                };
                self.post(webex, space, attempt, text).await
            }
            SpaceMessage::ZoneCard => {
                self.post(webex, space, attempt, async { Ok(self.zones.card(work).await) }).await
            }
            SpaceMessage::OriginalMail { object, name } => {
                self.post(webex, space, attempt, self.incidents.original_mail(object, name)).await
            }
            SpaceMessage::IncidentReport => {
                self.post(webex, space, attempt, self.incidents.report_file(work)).await
            }
            SpaceMessage::CustomerFile { url, content_type } => {
                let file = self.files.fetch(attempt, url, content_type.as_deref());
                self.post(webex, space, attempt, file).await
            }
            SpaceMessage::Transcript { brief } => {
                self.post(webex, space, attempt, self.customers.transcript(work, *brief)).await
            }
            // The summary covers the other deliveries, and is posted after they have been tried.
            SpaceMessage::DeliverySummary => wait(0),
        }
    }

    async fn invite(
        &self,
        webex: &Webex,
        space: &FoundSpace,
        work: &Work,
        invitation: &Invitation,
    ) -> Outcome {
        if work.cancelled {
            return Outcome::NotWanted;
        }
        if !work.may_begin(self.time.now()) {
            return wait(0);
        }
        match webex.add_member(&space.id, &invitation.email, invitation.moderator).await {
            Ok(member) => Outcome::Sent(member.id),
            // Adding a member twice does no harm, so there is nothing to look up.
            Err(Failure::Unknown { why }) => {
                Outcome::NotSent { pause: Some(SignedDuration::from_secs(15)), why }
            }
            Err(failure) => self.finder.outcome_in_space(webex, space, failure).await,
        }
    }

    /// Posts the result of `made`, or looks up an earlier attempt. `made` runs only after it is known that there is
    /// something to post.
    async fn post(
        &self,
        webex: &Webex,
        space: &FoundSpace,
        attempt: Attempt<'_>,
        made: impl Future<Output = Result<Post, Outcome>>,
    ) -> Outcome {
        let Attempt { work, task, .. } = attempt;
        let tag = attempt.reference_tag();
        if task == Task::LookUp
            && let Some(outcome) = self.look_up(webex, space, attempt).await
        {
            return outcome;
        }
        if !work.may_begin(self.time.now()) {
            return wait(0);
        }
        let post = match made.await {
            Ok(post) => post,
            Err(outcome) => return outcome,
        };
        let parent = match work.thread() {
            Some(thread) => Some(thread.clone()),
            None => self.zones.card_above(attempt).await,
        };
        let mut post = Post { markdown: wording::tagged_post(&post.markdown, &tag), parent, ..post };
        if !self.lease_covers(work, &post).await {
            return wait(1);
        }
        // Fetching the file, finding the card above and renewing the lease may have taken long.
        if !work.may_begin(self.time.now()) {
            return wait(0);
        }
        let mut answer = webex.post(&space.id, &post).await;
        // Certainly not accepted: cards may be forbidden here, or the card above is gone. Plain text may be accepted.
        if matches!(answer, Err(Failure::Refused { .. }))
            && (post.card.take().is_some() | post.parent.take().is_some())
        {
            // The refusal may have taken long too. The next claim is quicker.
            if !work.may_begin(self.time.now()) {
                return wait(0);
            }
            if let (Message::Space(SpaceMessage::ZoneCard), Some(view)) =
                (&attempt.delivery.message, work.dispatch.view())
            {
                post = self.zones.words_and_picture(work, view, self.config.webex.webhook.is_some());
                post.markdown = wording::tagged_post(&post.markdown, &tag);
            }
            answer = webex.post(&space.id, &post).await;
        }
        match answer {
            Ok(id) => {
                // A file is removed from Twilio only if it was posted here.
                if let (Message::Space(SpaceMessage::CustomerFile { url, .. }), true) =
                    (&attempt.delivery.message, post.attached.is_some())
                {
                    self.files.remove_from_twilio(url).await;
                }
                Outcome::Sent(id.into())
            }
            Err(failure) => self.finder.outcome_in_space(webex, space, failure).await,
        }
    }

    /// Returns an incident's card. Before a process posts its first card, the webhooks must exist: otherwise nobody
    /// hears its buttons.
    async fn incident_card(&self, work: &Work, space: &FoundSpace) -> Result<Post, Outcome> {
        let shown = work.told_incident().is_some() && work.plan().is_some();
        if shown && self.config.webex.webhook.is_some() {
            self.webhooks.ensure_once().await;
        }
        self.incidents.incident_card(work, space).await
    }

    /// Looks up the post of an earlier attempt. Returns none if it has to be posted once more.
    async fn look_up(&self, webex: &Webex, space: &FoundSpace, attempt: Attempt<'_>) -> Option<Outcome> {
        match self.posts.find_in_room(webex, &space.id, &attempt.reference_tag()).await {
            Ok(Some(id)) => return Some(Outcome::Sent(id.into())),
            Ok(None) => {}
            Err(outcome) => return Some(outcome),
        }
        let again = self.posts.must_look_again(attempt.work, attempt.id).await;
        again.or_else(|| attempt.after_empty_look())
    }

    /// Returns whether the lease lasts until the post is sent. Renews the lease if necessary.
    async fn lease_covers(&self, work: &Work, post: &Post) -> bool {
        if post.deadline() <= WITHIN_LEASE {
            return true;
        }
        // Sending the file may take longer than the lease. No worker may take over and post the file a second time
        // meanwhile.
        let sending = SignedDuration::try_from(post.deadline()).unwrap_or(SignedDuration::MAX);
        let until = self.time.now() + sending + LEASE;
        self.leases.renew(&work.dispatch.key, &work.owner, until, self.time.now()).await.unwrap_or(false)
    }

    async fn post_text(&self, work: &Work, content: &Content) -> Result<Post, Outcome> {
        let markdown = match content {
            Content::FirstPost(address) => self.customers.first_post(work, address).await?,
            Content::TakenBack(taken) => self.customers.delivery_state(work, taken).await?,
            Content::Step { .. } | Content::Page { .. } | Content::Text(_) | Content::Entry => {
                wording::post(content, work.plan(), &work.dispatch, &work.words)
            }
        };
        Ok(match self.plans_file(content, work) {
            Ok(file) => Post { markdown, file, ..Post::default() },
            Err(missing) => Post {
                markdown: format!("{markdown}\n\n*{}*", wording::escape_markdown(&missing)),
                ..Post::default()
            },
        })
    }

    /// Returns the file that belongs to a post, or a text that says which file is missing.
    fn plans_file(&self, content: &Content, work: &Work) -> Result<Option<WebexFile>, String> {
        let Content::Step { step, .. } = content else { return Ok(None) };
        let post = work.plan().and_then(|plan| plan.step(*step)).and_then(|step| step.post.as_ref());
        let Some(post) = post else { return Ok(None) };
        let Some(file) = &post.file else { return Ok(None) };
        let path = self.folder.path_of(file);
        let name = path.file_name().map_or_else(|| file.clone(), |name| name.to_string_lossy().into_owned());
        let missing = || {
            format!("(The file {name} belongs here, but it can't be read. Tell the people who run Handbell.)")
        };
        let length = std::fs::metadata(&path).map_err(|_| missing())?.len();
        let content_type = post.content_type.clone().unwrap_or_default();
        Ok(Some(WebexFile { path, name, content_type, length }))
    }
}

fn same_for_all(attempts: &SpaceAttempts<'_>, outcome: &Outcome) -> Vec<(DeliveryId, Outcome)> {
    attempts.iter().map(|(attempt, _)| (attempt.id, outcome.clone())).collect()
}
