//! The space of an incident or a conversation: people are added and messages posted, each once and in order.

use std::time::Duration;

use futures_util::future::join_all;
use handbell_core::delivery::{Content, DispatchKey, LEASE, Message, Outcome, SpaceMessage, Task};
use handbell_core::occupancy::view::View;
use handbell_core::wording;
use handbell_outbound::Failure;
use handbell_outbound::webex::{Attached, File, Post, Webex, zone_card};
use jiff::SignedDuration;

use crate::App;
use crate::channel::{Attempt, has_reference_tag, outcome_of_fault, outcome_of_lookup, outcome_of_send};
use crate::engine::deliver::{Work, wait};
use crate::engine::space::Room;

/// A post that takes no longer than this ends before the lease, even if it is begun late.
const WITHIN_LEASE: Duration = Duration::from_secs(18);

/// Attempts to send to a space, each with its message.
pub(crate) type SpaceAttempts<'a> = Vec<(Attempt<'a>, &'a SpaceMessage)>;

impl App {
    /// Sends to the space: people before posts, posts one after another, and a later step's posts after those of the step
    /// before.
    pub(crate) async fn send_to_space(
        &self,
        work: &Work,
        attempts: SpaceAttempts<'_>,
    ) -> Vec<(String, Outcome)> {
        if attempts.is_empty() {
            return Vec::new();
        }
        let webex = match self.webex().await {
            Ok(webex) => webex,
            Err(fault) => return same_for_all(&attempts, &outcome_of_fault(fault)),
        };
        let room = match self.room(&webex, work).await {
            Ok(room) => room,
            Err(outcome) => return same_for_all(&attempts, &outcome),
        };
        let (posts, first): (Vec<_>, Vec<_>) =
            attempts.into_iter().partition(|(_, message)| message.is_post());
        let mut outcomes: Vec<(String, Outcome)> = join_all(first.iter().map(async |(attempt, message)| {
            (attempt.name.to_owned(), self.send_in_room(&webex, &room, *attempt, message).await)
        }))
        .await;
        let mut blocked = match posts.is_empty() {
            true => None,
            false => self.earlier_posts_missing(work).await,
        };
        for (attempt, message) in posts {
            let outcome = match &blocked {
                Some(wait) => wait.clone(),
                None => self.send_in_room(&webex, &room, attempt, message).await,
            };
            // What comes after an unsettled post waits for it.
            if !matches!(outcome, Outcome::Sent(_) | Outcome::Refused { .. } | Outcome::NotWanted) {
                blocked.get_or_insert_with(|| wait(1));
            }
            outcomes.push((attempt.name.to_owned(), outcome));
        }
        outcomes
    }

    /// Until when to wait for the posts that come first, if they are missing.
    async fn earlier_posts_missing(&self, work: &Work) -> Option<Outcome> {
        let number = work.dispatch.previous_post?;
        let key = DispatchKey { number, ..work.dispatch.key.clone() };
        match self.store.dispatches().dispatch(&key).await {
            Ok(Some(earlier)) if !earlier.posts_are_out() => {
                let now = self.now();
                Some(Outcome::Waits { pause: earlier.tried_at(now, Message::is_post).duration_since(now) })
            }
            Ok(_) => None,
            Err(_) => Some(wait(5)),
        }
    }

    async fn send_in_room(
        &self,
        webex: &Webex,
        room: &Room,
        attempt: Attempt<'_>,
        message: &SpaceMessage,
    ) -> Outcome {
        let work = attempt.work;
        match message {
            SpaceMessage::Invite { email, moderator } => {
                self.invite(webex, work, room, (email, *moderator)).await
            }
            SpaceMessage::Rename { title } => self.rename(webex, room, title).await,
            SpaceMessage::Assign => self.assign(webex, room, attempt).await,
            SpaceMessage::Lobby { text } => self.tell_lobby(webex, attempt, text).await,
            SpaceMessage::RemoveCard { card } => self.status.remove_card(webex, work, *card).await,
            SpaceMessage::IncidentCard if attempt.task == Task::Send && self.status.is_outdated(work) => {
                Outcome::NotWanted
            }
            SpaceMessage::IncidentCard => {
                let card = async {
                    if self.config.webex.webhook.is_some() {
                        self.hook_once().await;
                    }
                    self.status.incident_card(work, room).await
                };
                self.post(webex, room, attempt, card).await
            }
            SpaceMessage::Post { content } => {
                self.post(webex, room, attempt, self.words_to_post(work, content)).await
            }
            SpaceMessage::ZoneCard => {
                self.post(webex, room, attempt, async { Ok(self.zone_card(work).await) }).await
            }
            SpaceMessage::OriginalMail { object, name } => {
                self.post(webex, room, attempt, self.status.original_mail(object, name)).await
            }
            SpaceMessage::IncidentReport => {
                self.post(webex, room, attempt, self.status.report_file(work)).await
            }
            SpaceMessage::CustomerFile { url, content_type } => {
                let file = self.customers_file(attempt, url, content_type.as_deref());
                self.post(webex, room, attempt, file).await
            }
            SpaceMessage::Transcript { brief } => {
                self.post(webex, room, attempt, self.transcript(work, *brief)).await
            }
            // It tells of the others, and is shown when they have been tried.
            SpaceMessage::DeliverySummary => wait(0),
        }
    }

    async fn invite(
        &self,
        webex: &Webex,
        work: &Work,
        room: &Room,
        (email, moderator): (&str, bool),
    ) -> Outcome {
        if work.cancelled {
            return Outcome::NotWanted;
        }
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        match webex.add_member(&room.id, email, moderator).await {
            Ok(member) => Outcome::Sent(member.id),
            Err(Failure::Refused { code: 404, why }) => match self.room_is_gone(webex, room).await {
                Some(outcome) => outcome,
                None => Outcome::Refused { why },
            },
            // Adding somebody twice does no harm: nothing to look for.
            Err(Failure::Unknown { why }) => {
                Outcome::NotSent { pause: Some(SignedDuration::from_secs(15)), why }
            }
            Err(failure) => outcome_of_send(failure),
        }
    }

    /// Posts what `made` gives, or looks for it. Nothing is made before it is known that it has to be posted.
    async fn post(
        &self,
        webex: &Webex,
        room: &Room,
        attempt: Attempt<'_>,
        made: impl Future<Output = Result<Post, Outcome>>,
    ) -> Outcome {
        let Attempt { work, name, task, .. } = attempt;
        let tag = attempt.reference_tag();
        if task == Task::LookUp {
            match self.look_in_room(webex, &room.id, &tag).await {
                Ok(Some(id)) => return Outcome::Sent(id),
                Ok(None) => {}
                Err(outcome) => return outcome,
            }
            if let Some(outcome) = self.look_again(work, name).await.or_else(|| attempt.after_empty_look()) {
                return outcome;
            }
        }
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        let post = match made.await {
            Ok(post) => post,
            Err(outcome) => return outcome,
        };
        let parent = match work.thread() {
            Some(thread) => Some(thread.clone()),
            None => self.card_above(attempt).await,
        };
        let mut post = Post { markdown: wording::tagged_post(&post.markdown, &tag), parent, ..post };
        if post.deadline() > WITHIN_LEASE {
            // Sending the file may take longer than the lease: nobody may take over and post it a second time meanwhile.
            let sending = SignedDuration::try_from(post.deadline()).unwrap_or(SignedDuration::MAX);
            match self
                .store
                .leases()
                .renew(&work.dispatch.key, &work.owner, self.now() + sending + LEASE)
                .await
            {
                Ok(true) => {}
                Ok(false) | Err(_) => return wait(1),
            }
        }
        // Getting the file, finding the card above and renewing the lease may have taken their time.
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        let mut answer = webex.post(&room.id, &post).await;
        // Certainly not accepted: cards may be forbidden here, or the card above is gone. The plain words are not.
        if matches!(answer, Err(Failure::Refused { .. }))
            && (post.card.take().is_some() | post.parent.take().is_some())
        {
            // The refusal may have taken its time too: the next claim is quicker.
            if !work.may_begin(self.now()) {
                return wait(0);
            }
            if let (Message::Space(SpaceMessage::ZoneCard), Some(view)) =
                (&attempt.delivery.message, work.dispatch.view())
            {
                post = self.plain_card(work, view, self.config.webex.webhook.is_some());
                post.markdown = wording::tagged_post(&post.markdown, &tag);
            }
            answer = webex.post(&room.id, &post).await;
        }
        match answer {
            Ok(id) => {
                // Only what stands here now need not lie there any more.
                if let (Message::Space(SpaceMessage::CustomerFile { url, .. }), true) =
                    (&attempt.delivery.message, post.attached.is_some())
                {
                    self.remove_from_twilio(url).await;
                }
                Outcome::Sent(id)
            }
            Err(Failure::Refused { code: 404, why }) => match self.room_is_gone(webex, room).await {
                Some(outcome) => outcome,
                None => Outcome::Refused { why },
            },
            Err(failure) => outcome_of_send(failure),
        }
    }

    async fn words_to_post(&self, work: &Work, content: &Content) -> Result<Post, Outcome> {
        let markdown = match content {
            Content::FirstPost(address) => self.first_post(work, address).await?,
            Content::TakenBack { reply, changed, by } => {
                self.what_became_of(work, *reply, (*changed, by)).await?
            }
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

    /// A card; where cards aren't wanted, the same in words with the picture.
    async fn zone_card(&self, work: &Work) -> Post {
        let Some(view) = work.dispatch.view() else { return Post::default() };
        // Without a webhook nobody hears a choice, so none is offered.
        let heard = self.config.webex.webhook.is_some();
        if !self.config.webex.cards {
            return self.plain_card(work, view, heard);
        }
        self.hook_once().await;
        // Without a point there is nothing to draw.
        let drawn = view.points.iter().any(Option::is_some);
        let picture = if drawn { self.chart_url(&work.dispatch.key).await.ok() } else { None };
        let incident =
            handbell_core::incident::reference(&work.dispatch.key.subject, work.dispatch.key.epoch);
        let mut card = wording::occupancy::card(view, &work.words);
        if !heard {
            card.choices.clear();
        }
        Post {
            markdown: wording::occupancy::markdown(view, &work.words, false),
            card: Some(zone_card(&card, picture.as_deref(), &incident)),
            ..Post::default()
        }
    }

    /// Before a process shows its first card the webhooks must be there: nobody would hear its buttons.
    pub(crate) async fn hook_once(&self) {
        let mend = async || {
            if let Err(fault) = self.mend_webhooks().await {
                tracing::warn!(reason = %fault, "the webhooks at Webex could not be looked after; tried again in five minutes");
            }
        };
        self.hooked.get_or_init(mend).await;
    }

    fn plain_card(&self, work: &Work, view: &View, answers: bool) -> Post {
        Post {
            markdown: wording::occupancy::markdown(view, &work.words, answers),
            attached: Some(Attached::chart(crate::occupancy::chart::draw(view, &work.words).into())),
            ..Post::default()
        }
    }

    /// The id of the card that this stands under, if it is there already.
    async fn card_above(&self, attempt: Attempt<'_>) -> Option<String> {
        let work = attempt.work;
        let number = attempt.delivery.under?;
        let key = DispatchKey { number, ..work.dispatch.key.clone() };
        let dispatch = self.store.dispatches().dispatch(&key).await.ok()??;
        dispatch
            .deliveries
            .into_values()
            .find(|delivery| delivery.message == Message::Space(SpaceMessage::ZoneCard))?
            .id
    }

    /// Our post with this reference tag. A bot can't list what it posted in a group space: there its own post comes back by
    /// the webhook and is written down; that Webex answers at all is what is learnt here.
    pub(crate) async fn look_in_room(
        &self,
        webex: &Webex,
        room: &str,
        tag: &str,
    ) -> Result<Option<String>, Outcome> {
        let me = self.me().await.map_err(|fault| Outcome::LookFailed { why: fault.to_string() })?;
        let messages = webex.messages(room, 100, me.bot).await;
        let messages = messages.map_err(|failure| outcome_of_lookup(&failure))?;
        let ours = messages.into_iter().find(|message| {
            has_reference_tag(message.markdown.as_deref(), tag)
                || has_reference_tag(message.text.as_deref(), tag)
        });
        Ok(ours.map(|message| message.id))
    }

    /// What a bot's empty look proves: only that Webex answers. The webhook that brings its own post gets some more time.
    pub(crate) async fn look_again(&self, work: &Work, name: &str) -> Option<Outcome> {
        let bot = self.me().await.is_ok_and(|me| me.bot);
        (bot && work.delivery(name)?.looks == 0).then_some(Outcome::LookAgain)
    }

    /// The file that belongs to a post; what is missing, in words, if it can't be had.
    fn plans_file(&self, content: &Content, work: &Work) -> Result<Option<File>, String> {
        let Content::Step { step, .. } = content else { return Ok(None) };
        let post = work.plan().and_then(|plan| plan.step(*step)).and_then(|step| step.post.as_ref());
        let Some(post) = post else { return Ok(None) };
        let Some(file) = &post.file else { return Ok(None) };
        let path = self.places.files.join(file);
        let name = path.file_name().map_or_else(|| file.clone(), |name| name.to_string_lossy().into_owned());
        let missing = || {
            format!(
                "(The file {name} belongs here, but it can't be read. Tell whoever looks after Handbell.)"
            )
        };
        let length = std::fs::metadata(&path).map_err(|_| missing())?.len();
        let content_type = post.content_type.clone().unwrap_or_default();
        Ok(Some(File { path, name, content_type, length }))
    }
}

fn same_for_all(attempts: &SpaceAttempts<'_>, outcome: &Outcome) -> Vec<(String, Outcome)> {
    attempts.iter().map(|(attempt, _)| (attempt.name.to_owned(), outcome.clone())).collect()
}
