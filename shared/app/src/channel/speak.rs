//! One delivery is said, or looked for: what a vendor's answer means for it.

use std::time::Duration;

use futures_util::future::join_all;
use handbell_core::delivery::{Content, LEASE, Outcome, Say, Task};
use handbell_core::occupancy::view::View;
use handbell_core::wording;
use handbell_outbound::Failure;
use handbell_outbound::twilio::{Call, Sms};
use handbell_outbound::webex::{Attached, File, Post, Webex, zone_card};
use jiff::SignedDuration;

use crate::callback::twilio::token;
use crate::engine::deliver::{Work, is_post, wait};
use crate::engine::space::Room;
use crate::{App, Fault};

/// A text that could not be delivered for this long is better not delivered at all: the next step has come. In seconds.
const SMS_VALIDITY: u32 = 4 * 3600;
/// A post that takes no longer than this ends before the lease, even if it is begun late.
const WITHIN_LEASE: Duration = Duration::from_secs(18);
/// How long a phone rings, in seconds.
const RING: u32 = 30;

/// What a vendor's failure means for a delivery that was being said.
pub(crate) fn said(failure: Failure) -> Outcome {
    match failure {
        Failure::NotSent { retry_after, why } => Outcome::NotSent {
            pause: retry_after.and_then(|pause| SignedDuration::try_from(pause).ok()),
            why,
        },
        Failure::Refused { why, .. } => Outcome::Refused { why },
        Failure::Unknown { why } => Outcome::Unknown { why },
    }
}

pub(crate) fn looked(failure: &Failure) -> Outcome {
    Outcome::LookFailed { why: failure.why().to_owned() }
}

pub(crate) fn not_now(fault: Fault) -> Outcome {
    Outcome::NotSent { pause: Some(SignedDuration::from_secs(15)), why: fault.0 }
}

impl App {
    pub(crate) async fn say_by_phone(&self, work: &Work, name: &str, task: Task) -> Outcome {
        let Some(delivery) = work.delivery(name) else { return Outcome::NotWanted };
        match delivery.say {
            Say::Sms { .. } | Say::Call { .. } => {}
            Say::Notify { .. } | Say::ReportMail { .. } => {
                return self.mail_of_incident(work, name, task).await;
            }
            // Whom to tell is found out when all else has been said.
            Say::Tell { .. } => return wait(0),
            _ => return self.say_to_customer(work, name, task).await,
        }
        let twilio = match self.twilio_client().await {
            Ok(twilio) => twilio,
            Err(fault) => return not_now(fault),
        };
        let mark = work.dispatch.mark(name);
        let here = token(&work.dispatch.key, name);
        if task == Task::LookUp {
            let found = match &delivery.say {
                Say::Sms { to, from, .. } => twilio
                    .messages(Some(to), Some(from).filter(|from| !from.is_empty()).map(String::as_str))
                    .await
                    .map(|messages| {
                        let ours =
                            |body: &Option<String>| body.as_deref().is_some_and(|body| has_mark(body, &mark));
                        messages.into_iter().find(|message| ours(&message.body)).map(|message| message.sid)
                    }),
                Say::Call { to, from, .. } => twilio.calls(Some(to), Some(from)).await.map(|calls| {
                    // A call carries no mark; one to this person since this was decided, that isn't another's, is ours.
                    let since = delivery.since - SignedDuration::from_secs(5);
                    let others: Vec<_> =
                        work.dispatch.deliveries.values().filter_map(|other| other.id.clone()).collect();
                    let ours = |call: &handbell_outbound::twilio::CallSeen| {
                        call.date_created.is_some_and(|at| at >= since) && !others.contains(&call.sid)
                    };
                    calls.into_iter().find(ours).map(|call| call.sid)
                }),
                _ => Ok(None),
            };
            match found {
                Ok(Some(sid)) => return Outcome::Sent(sid),
                Err(failure) => return looked(&failure),
                Ok(None) => {}
            }
            if let Some(outcome) = work.after_empty_look(name) {
                return outcome;
            }
        }
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        let public = self.public_url();
        let answer = match &delivery.say {
            Say::Sms { to, from, content } => {
                // Who writes a notice from outside doesn't know our number.
                let from = if from.is_empty() { self.config.from() } else { from };
                let sms = Sms {
                    to: to.clone(),
                    from: from.to_owned(),
                    body: wording::sms(content, &work.plan, &work.dispatch, &work.words, &mark),
                    status_callback: Some(format!("{public}/twilio/sms/status?d={here}")),
                    validity: SMS_VALIDITY,
                    media: Vec::new(),
                };
                twilio.send_sms(&sms).await
            }
            Say::Call { to, from, .. } => {
                let status = format!("{public}/twilio/voice/status?d={here}");
                let call = Call {
                    to: to.clone(),
                    from: from.clone(),
                    url: format!("{public}/twilio/voice?d={here}"),
                    // Where something follows from it, it matters whether a person has answered.
                    detect_machine: delivery.recipient.is_some().then(|| status.clone()),
                    status_callback: Some(status),
                    timeout: RING,
                };
                twilio.place_call(&call).await
            }
            _ => return Outcome::NotWanted,
        };
        answer.map_or_else(said, Outcome::Sent)
    }

    /// People before posts, posts one after another, and a later step's posts after those of the step before.
    pub(crate) async fn say_in_webex(&self, work: &Work, tasks: &[(String, Task)]) -> Vec<(String, Outcome)> {
        if tasks.is_empty() {
            return Vec::new();
        }
        let webex = match self.webex().await {
            Ok(webex) => webex,
            Err(fault) => return all(tasks, &not_now(fault)),
        };
        let direct = |name: &str| {
            matches!(work.delivery(name).map(|delivery| &delivery.say), Some(Say::Direct { .. }))
        };
        let (to_people, in_space): (Vec<_>, Vec<_>) =
            tasks.iter().cloned().partition(|(name, _)| direct(name));
        let mut outcomes: Vec<(String, Outcome)> = Vec::new();
        outcomes.extend(
            join_all(
                to_people
                    .iter()
                    .map(async |(name, task)| (name.clone(), self.direct(&webex, work, name, *task).await)),
            )
            .await,
        );
        if in_space.is_empty() {
            return outcomes;
        }
        let room = match self.room(&webex, work).await {
            Ok(room) => room,
            Err(outcome) => {
                outcomes.extend(all(&in_space, &outcome));
                return outcomes;
            }
        };
        let (posts, people): (Vec<_>, Vec<_>) =
            in_space.into_iter().partition(|(name, _)| is_post(work, name));
        outcomes.extend(
            join_all(people.iter().map(async |(name, task)| {
                (name.clone(), self.prepare(&webex, work, &room, (name, *task)).await)
            }))
            .await,
        );
        let mut blocked = match posts.is_empty() {
            true => None,
            false => self.earlier_posts_missing(work).await,
        };
        for (name, task) in posts {
            let outcome = match &blocked {
                Some(wait) => wait.clone(),
                None => self.post(&webex, work, &room, &name, task).await,
            };
            // What comes after an unsettled post waits for it.
            if !matches!(outcome, Outcome::Sent(_) | Outcome::Refused { .. } | Outcome::NotWanted) {
                blocked.get_or_insert_with(|| wait(1));
            }
            outcomes.push((name, outcome));
        }
        outcomes
    }

    /// Until when to wait for the posts that come first, if they are missing.
    async fn earlier_posts_missing(&self, work: &Work) -> Option<Outcome> {
        let number = work.dispatch.after?;
        let key = handbell_core::delivery::DispatchKey { number, ..work.dispatch.key.clone() };
        match self.store.dispatch(&key).await {
            Ok(Some(earlier)) if !earlier.posts_are_out() => {
                let now = self.now();
                Some(Outcome::Waits { pause: earlier.tried_at(now, Say::is_post).duration_since(now) })
            }
            Ok(_) => None,
            Err(_) => Some(wait(5)),
        }
    }

    /// What comes before the posts: people, the space's title, a word in the lobby.
    async fn prepare(&self, webex: &Webex, work: &Work, room: &Room, (name, task): (&str, Task)) -> Outcome {
        match work.delivery(name).map(|delivery| &delivery.say) {
            Some(Say::Invite { email, moderator }) => {
                self.invite(webex, work, room, (email, *moderator)).await
            }
            Some(Say::Assign) => self.assign(webex, work, room, (name, task)).await,
            Some(Say::Lobby { content }) => self.tell_lobby(webex, work, name, content).await,
            Some(Say::Rename { title }) => self.rename(webex, room, title).await,
            _ => Outcome::NotWanted,
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
            Err(Failure::Refused { code: 404, why }) => match self.room_is_gone(webex, work, room).await {
                Some(outcome) => outcome,
                None => Outcome::Refused { why },
            },
            // Adding somebody twice does no harm: nothing to look for.
            Err(Failure::Unknown { why }) => {
                Outcome::NotSent { pause: Some(SignedDuration::from_secs(15)), why }
            }
            Err(failure) => said(failure),
        }
    }

    async fn post(&self, webex: &Webex, work: &Work, room: &Room, name: &str, task: Task) -> Outcome {
        match work.delivery(name).map(|delivery| &delivery.say) {
            Some(Say::TakeDown { card }) => return self.take_down(webex, work, *card).await,
            Some(Say::Status) if task == Task::Send && self.is_outdated(work) => return Outcome::NotWanted,
            _ => {}
        }
        let mark = work.dispatch.mark(name);
        if task == Task::LookUp {
            match self.look_in_room(webex, &room.id, &mark).await {
                Ok(Some(id)) => return Outcome::Sent(id),
                Ok(None) => {}
                Err(outcome) => return outcome,
            }
            if let Some(outcome) = self.look_again(work, name).await.or_else(|| work.after_empty_look(name)) {
                return outcome;
            }
        }
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        let say = work.delivery(name).map(|delivery| &delivery.say);
        let post = match say {
            Some(Say::Post { content }) => self.words_to_post(work, content).await,
            Some(Say::Card) => Ok(self.card_to_post(work).await),
            Some(Say::Status) => self.status_to_post(work, room).await,
            Some(Say::Original { object, name }) => self.original_to_post(object, name).await,
            Some(Say::Protocol) => self.protocol_to_post(work).await,
            Some(Say::Media { url, content_type }) => {
                self.customers_file(work, name, url, content_type.as_deref()).await
            }
            Some(Say::Transcript { brief }) => self.transcript(work, *brief).await,
            _ => return Outcome::NotWanted,
        };
        let post = match post {
            Ok(post) => post,
            Err(outcome) => return outcome,
        };
        // Getting the file may have taken its time.
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        let parent = match &work.dispatch.thread {
            Some(thread) => Some(thread.clone()),
            None => self.card_above(work, name).await,
        };
        let mut post = Post { markdown: wording::marked_post(&post.markdown, &mark), parent, ..post };
        if post.deadline() > WITHIN_LEASE {
            // Sending the file may take longer than the lease: nobody may take over and post it a second time meanwhile.
            let sending = SignedDuration::try_from(post.deadline()).unwrap_or(SignedDuration::MAX);
            match self.store.renew(&work.dispatch.key, &work.owner, self.now() + sending + LEASE).await {
                Ok(true) => {}
                Ok(false) | Err(_) => return wait(1),
            }
        }
        let mut said_so = webex.post(&room.id, &post).await;
        // Certainly not accepted: cards may be forbidden here, or the card above is gone. The plain words are not.
        if matches!(said_so, Err(Failure::Refused { .. }))
            && (post.card.take().is_some() | post.parent.take().is_some())
            && work.may_begin(self.now())
        {
            if let (Some(Say::Card), Some(view)) =
                (work.delivery(name).map(|delivery| &delivery.say), work.dispatch.view.as_ref())
            {
                post = self.plain_card(work, view, self.config.webex.webhook.is_some());
                post.markdown = wording::marked_post(&post.markdown, &mark);
            }
            said_so = webex.post(&room.id, &post).await;
        }
        match said_so {
            Ok(id) => {
                // Only what stands here now need not lie there any more.
                if let (Some(Say::Media { url, .. }), true) = (say, post.attached.is_some()) {
                    self.remove_from_twilio(url).await;
                }
                Outcome::Sent(id)
            }
            Err(Failure::Refused { code: 404, why }) => match self.room_is_gone(webex, work, room).await {
                Some(outcome) => outcome,
                None => Outcome::Refused { why },
            },
            Err(failure) => said(failure),
        }
    }

    async fn words_to_post(&self, work: &Work, content: &Content) -> Result<Post, Outcome> {
        let markdown = match content {
            Content::FirstPost { first_post } => self.first_post(work, first_post).await?,
            Content::TakenBack { taken_back, changed, who } => {
                self.what_became_of(work, *taken_back, (*changed, who)).await?
            }
            content => wording::post(content, &work.plan, &work.dispatch, &work.words),
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
    async fn card_to_post(&self, work: &Work) -> Post {
        let Some(view) = work.dispatch.view.as_ref() else { return Post::default() };
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
    async fn card_above(&self, work: &Work, name: &str) -> Option<String> {
        let number = work.delivery(name)?.under?;
        let key = handbell_core::delivery::DispatchKey { number, ..work.dispatch.key.clone() };
        let dispatch = self.store.dispatch(&key).await.ok()??;
        dispatch.deliveries.into_values().find(|delivery| delivery.say == Say::Card)?.id
    }

    /// Our post with this mark. A bot can't list what it posted in a group space: there its own post comes back by the
    /// webhook and is written down; that Webex answers at all is what is learnt here.
    pub(crate) async fn look_in_room(
        &self,
        webex: &Webex,
        room: &str,
        mark: &str,
    ) -> Result<Option<String>, Outcome> {
        let me = self.me().await.map_err(|fault| Outcome::LookFailed { why: fault.0 })?;
        let messages = webex.messages(room, 100, me.bot).await.map_err(|failure| looked(&failure))?;
        let ours = |text: &Option<String>| text.as_deref().is_some_and(|text| has_mark(text, mark));
        Ok(messages
            .into_iter()
            .find(|message| ours(&message.markdown) || ours(&message.text))
            .map(|message| message.id))
    }

    /// What a bot's empty look proves: only that Webex answers. The webhook that brings its own post gets some more time.
    pub(crate) async fn look_again(&self, work: &Work, name: &str) -> Option<Outcome> {
        let bot = self.me().await.is_ok_and(|me| me.bot);
        (bot && work.delivery(name)?.looks == 0).then_some(Outcome::LookAgain)
    }

    async fn direct(&self, webex: &Webex, work: &Work, name: &str, task: Task) -> Outcome {
        let Some(Say::Direct { email, content }) = work.delivery(name).map(|delivery| &delivery.say) else {
            return Outcome::NotWanted;
        };
        let mark = work.dispatch.mark(name);
        if task == Task::LookUp {
            match webex.direct_messages(email).await {
                Ok(messages) => {
                    let ours =
                        |text: &Option<String>| text.as_deref().is_some_and(|text| has_mark(text, &mark));
                    if let Some(found) =
                        messages.into_iter().find(|message| ours(&message.markdown) || ours(&message.text))
                    {
                        return Outcome::Sent(found.id);
                    }
                }
                Err(failure) => return looked(&failure),
            }
            if let Some(outcome) = work.after_empty_look(name) {
                return outcome;
            }
        }
        if !work.may_begin(self.now()) {
            return wait(0);
        }
        let markdown = wording::post(content, &work.plan, &work.dispatch, &work.words);
        webex
            .direct(email, &wording::marked_post(&wording::escape_markdown(&markdown), &mark))
            .await
            .map_or_else(said, Outcome::Sent)
    }

    /// The file that belongs to a post; what is missing, in words, if it can't be had.
    fn plans_file(&self, content: &Content, work: &Work) -> Result<Option<File>, String> {
        let Content::Plan { step, .. } = content else { return Ok(None) };
        let post = work.plan.step(*step).and_then(|step| step.post.as_ref());
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

fn all(tasks: &[(String, Task)], outcome: &Outcome) -> Vec<(String, Outcome)> {
    tasks.iter().map(|(name, _)| (name.clone(), outcome.clone())).collect()
}

/// The mark stands in the text, and isn't the beginning of a longer one.
fn has_mark(text: &str, mark: &str) -> bool {
    text.match_indices(mark)
        .any(|(start, _)| !text[start + mark.len()..].starts_with(|next: char| next.is_ascii_alphanumeric()))
}
