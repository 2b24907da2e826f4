//! The signed action links in mails: `/act/{piece}`. Opening a link changes nothing, since mail programs
//! fetch every link. Only a press on a button does.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::event_id::EventId;
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::{Event, EventOutcome};
use handbell_core::incident::{Incident, Phase, Subject};
use handbell_core::oncall::is_name;
use handbell_core::wording::incident;
use handbell_core::wording::web::action_page as texts;
use handbell_inbound::action_link::{ActionLink, GOOD_FOR, LinkAction, issue, read, read_choice};
use handbell_inbound::contact::Stale;
use handbell_store::{Incidents, People};
use http::{Method, Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use secrecy::ExposeSecret;

use crate::configuration::Configuration;
use crate::dependencies::{PublicUrl, Time, parts};
use crate::engine::apply::IncidentEngine;
use crate::secrets::{Secrets, values};
use crate::web::limits::digest;
use crate::web::page::{is_same_origin, page, piece_of_path};
use crate::{Failed, Fault, Ids, header};

/// Retention of a press's event id. It is longer than the link is valid, so that the press counts once.
const KEEP: SignedDuration = SignedDuration::from_hours(8 * 24);

parts! {
    /// Creates signed links with which people take an incident.
    pub(crate) struct ActionLinks {
        config: Configuration,
        secrets: Secrets,
        public_url: PublicUrl,
    }
}

impl ActionLinks {
    /// Returns a link with which the recipient takes an incident, or says that they can't. It is valid for seven days.
    /// `person` is the recipient's id in the roster. A recipient who isn't in it, such as a bare number, acts without a
    /// name.
    ///
    /// Fails if the configuration has no `mail`, whose secret signs the link.
    pub(crate) async fn url(
        &self,
        subject: &Subject,
        epoch: u64,
        person: Option<&str>,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let mail = self.config.mail.as_ref();
        let mail =
            mail.ok_or_else(|| Fault::from("the configuration has no `mail`, so no link can be signed"))?;
        let secret = self.secrets.get(&mail.links.secret, now).await?;
        let person = person.filter(|person| is_name(person)).map(str::to_owned);
        let link = ActionLink { subject: subject.clone(), epoch, person };
        let piece = issue(secret.expose_secret().as_bytes(), &link, now + GOOD_FOR);
        Ok(format!("{}/act/{piece}", self.public_url.get()))
    }
}

parts! {
    /// Shows the page of a signed link, and applies what is pressed on it.
    pub(crate) struct ActionPage {
        config: Configuration,
        engine: IncidentEngine,
        incidents: Incidents,
        people: People,
        secrets: Secrets,
        time: Time,
        ids: Ids,
    }
}

impl ActionPage {
    /// Answers with the page of a link, and applies what is pressed on it.
    pub(crate) async fn answer(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Failed> {
        let piece = request.uri().path().strip_prefix("/act/").ok_or(Rejected::Unknown)?;
        let piece = piece_of_path(piece);
        let link = match self.read_link(&piece).await? {
            Ok(link) => link,
            Err(Stale::Expired) => {
                let body = paragraphs(&texts::EXPIRED);
                return Ok(page(texts::EXPIRED_TITLE, &body, StatusCode::GONE, &self.ids));
            }
            Err(Stale::Forged) => {
                let [before, word, after] = texts::COPY_ALL;
                let body = html! {
                    p { (texts::FORGED) }
                    p { (before) b { (word) } (after) }
                };
                return Ok(page(texts::FORGED_TITLE, &body, StatusCode::FORBIDDEN, &self.ids));
            }
        };
        let who = match &link.person {
            None => Actor::named(texts::SOMEBODY, CommandChannel::Link),
            Some(id) => match self.people.person(id).await? {
                Some(person) => Actor::of_person(&person, CommandChannel::Link),
                None => {
                    let body = paragraphs(&texts::NOT_IN_ROSTER);
                    return Ok(page(texts::NOT_IN_ROSTER_TITLE, &body, StatusCode::FORBIDDEN, &self.ids));
                }
            },
        };
        let incident = self.incidents.incident(&link.subject).await?;
        let Some(incident) = incident.filter(|incident| incident.epoch == link.epoch) else {
            return Ok(page(texts::OVER_TITLE, &paragraphs(&texts::OVER), StatusCode::GONE, &self.ids));
        };
        if *request.method() != Method::POST {
            return self.show_actions(&incident, &who, None).await;
        }
        if !is_same_origin(request) {
            return Err(Rejected::Forged.into());
        }
        let choice = read_choice(header(request, "content-type"), request.body())?;
        self.apply_action(incident, who, choice, &piece).await
    }

    /// Returns what the piece contains.
    async fn read_link(&self, piece: &str) -> Result<Result<ActionLink, Stale>, Failed> {
        let now = self.time.now();
        let name =
            self.config.mail.as_ref().map(|mail| mail.links.secret.as_str()).ok_or(Rejected::Unknown)?;
        let read = |secrets: &_| read(&values(secrets, [name]), piece, now);
        Ok(self.secrets.verify(now, read, |read| matches!(read, Err(Stale::Forged))).await?)
    }

    async fn apply_action(
        &self,
        incident: Incident,
        who: Actor,
        choice: LinkAction,
        piece: &str,
    ) -> Result<Response<Bytes>, Failed> {
        let command = match choice {
            LinkAction::Have => Command::Acknowledge,
            LinkAction::Cannot => Command::Cannot,
            LinkAction::Still => Command::Confirm,
            LinkAction::Done => Command::Resolve,
        };
        // Each of the link's buttons works once: a person who finds the link must not repeat an earlier press.
        let id = EventId { key: format!("link-{}-{}", digest(piece), choice.name()), keep: KEEP };
        let event = Event::Command { by: who.clone(), epoch: Some(incident.epoch), command: command.clone() };
        let applied = self.engine.apply(&incident.subject, &event, Some(&id)).await?;
        tracing::info!(subject = incident.subject.as_str(), choice = choice.name(), outcome = ?applied.outcome, "link action applied");
        let now = applied.incident.filter(|now| now.epoch == incident.epoch).unwrap_or(incident);
        let words = self.config.words(&now.subject, Some(&now));
        let outcome = applied.outcome.or(Some(EventOutcome::Nothing));
        let came = incident::command_result(&command, outcome, &now, &words, self.time.now());
        self.show_actions(&now, &who, Some(&came)).await
    }

    /// Returns the page with the incident's state, the result of a press, and the actions that are possible now.
    async fn show_actions(
        &self,
        incident: &Incident,
        who: &Actor,
        came: Option<&str>,
    ) -> Result<Response<Bytes>, Failed> {
        let plan = self.engine.plan(&incident.plan, &incident.plan_hash).await?;
        let words = self.config.words(&incident.subject, Some(incident));
        let card = incident::card(incident, &plan, &words, self.time.now());
        let choices = choices(incident, who);
        let body = html! {
            @if let Some(came) = came {
                p class="done" role="status" { (came) }
            }
            p class="state" { (card.state) }
            @for (name, text) in &card.lines {
                p { b { (name) } ": " (text) }
            }
            @if choices.is_empty() {
                p { (texts::NOTHING_TO_DO) }
            } @else {
                form method="post" {
                    @for (place, (choice, says)) in choices.iter().enumerate() {
                        button name="say" value=(choice.name()) class=[(place > 0).then_some("other")] { (says) }
                    }
                }
            }
            @if who.person.is_some() {
                p class="note" { (texts::owned_by(&who.who)) }
            }
        };
        Ok(page(&card.title, &body, StatusCode::OK, &self.ids))
    }
}

fn paragraphs(texts: &[&str]) -> Markup {
    html! { @for text in texts { p { (text) } } }
}

/// Returns the actions that this person can take now, with the labels of their buttons.
fn choices(incident: &Incident, who: &Actor) -> Vec<(LinkAction, &'static str)> {
    let acks = &incident.responses.acks;
    let mine = incident.taken_by.as_ref().is_some_and(|by| by.who == who.who)
        || acks.iter().any(|ack| ack.person.is_some() && ack.person == who.person);
    match (incident.phase, mine) {
        (Phase::Open, false) => {
            vec![
                (LinkAction::Have, texts::I_HAVE_IT),
                (LinkAction::Cannot, texts::CANNOT),
                (LinkAction::Done, texts::DONE),
            ]
        }
        (Phase::Open, true) => {
            vec![(LinkAction::Done, texts::DONE), (LinkAction::Cannot, texts::CANNOT_ANY_MORE)]
        }
        (Phase::Acknowledged, true) => {
            let asked = incident.responses.asked_at.is_some();
            let still = asked.then_some((LinkAction::Still, texts::STILL_HAVE_IT));
            let rest = [(LinkAction::Done, texts::DONE), (LinkAction::Cannot, texts::CANNOT_ANY_MORE)];
            still.into_iter().chain(rest).collect()
        }
        (Phase::Acknowledged, false) => vec![(LinkAction::Done, texts::DONE)],
        (Phase::Resolved | Phase::Cancelled | Phase::Lapsed, _) => Vec::new(),
    }
}
