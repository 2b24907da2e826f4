//! The reporter's page, which shows the progress of a report as it happens. The reporter may add a line or take the
//! report back. The page contains no number or address of any person.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::event_id::EventId;
use handbell_core::incident::command::Command;
use handbell_core::incident::decide::{Event, EventOutcome};
use handbell_core::incident::{Incident, Subject};
use handbell_core::wording::web::action_page::SOMEBODY;
use handbell_core::wording::web::reporter_page::{self as texts, lines, paged_so_far, state};
use handbell_inbound::alert_form::{
    NOTE_MAX, ReporterAction, ReporterMessageRefused, page_of_ticket, read_reporter_message, read_ticket,
};
use handbell_inbound::contact::Stale;
use http::{Method, Request, Response, StatusCode};
use jiff::SignedDuration;
use maud::{Markup, html};
use serde_json::json;

use super::{AlertForm, SourceForm, reporter, see_other};
use crate::alert::intake::is_flood;
use crate::secrets::values;
use crate::web::field::token_field;
use crate::web::limits::digest;
use crate::web::page::{is_same_origin, live_page, page, piece_of_path};
use crate::{Failed, Fault, header, typed};

/// Number of lines that a reporter may add.
const LINES: u32 = 20;
/// Retention of event ids from this page. It is longer than a ticket is valid, so that each event counts once.
const KEEP: SignedDuration = SignedDuration::from_hours(8 * 24);

/// Page of one reporter.
struct Ticket<'a> {
    /// Name of the source in the configuration.
    source: &'a str,
    /// Name of the secret that signs the ticket.
    secret: &'a str,
    subject: Subject,
    epoch: u64,
    /// Path of the page.
    path: String,
}

impl AlertForm {
    pub(super) async fn reporters_page(
        &self,
        form: SourceForm<'_>,
        piece: &str,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Failed> {
        let (source, secret) = (form.name, form.settings.secret.as_str());
        let piece = piece_of_path(piece);
        let (subject, epoch) = match self.ticket(secret, &piece).await? {
            Ok(ticket) => ticket,
            Err(Stale::Forged) => return Err(Rejected::Unknown.into()),
            Err(Stale::Expired) => {
                let body = html! {
                    p { "This page was kept for seven days." }
                    (report_link(source))
                };
                return Ok(page("This page is not kept any more", &body, StatusCode::GONE, &self.ids));
            }
        };
        if subject.source() != Some(source) {
            return Err(Rejected::Unknown.into());
        }
        let path = format!("/alert/{source}/{piece}");
        let ticket = Ticket { source, secret, subject, epoch, path };
        let incident = self.incidents.incident(&ticket.subject).await?;
        // A later incident of the same subject belongs to another report.
        let incident = incident.filter(|incident| incident.epoch == epoch);
        if *request.method() == Method::POST {
            return self.handle_reporter_message(&ticket, incident, request).await;
        }
        if request.uri().query() == Some("live") {
            let (state, lines) = self.report_status(&ticket, incident.as_ref()).await?;
            let over = incident.is_none_or(|incident| incident.phase.is_final());
            let body = json!({ "state": state, "lines": lines, "over": over }).to_string();
            return Ok(typed(StatusCode::OK, "application/json", body));
        }
        self.reporter_page(&ticket, incident.as_ref(), None, StatusCode::OK).await
    }

    /// Returns what the ticket is for.
    async fn ticket(&self, secret: &str, piece: &str) -> Result<Result<(Subject, u64), Stale>, Fault> {
        let now = self.time.now();
        let read = |secrets: &_| read_ticket(&values(secrets, [secret]), piece, now);
        self.secrets.verify(now, read, |read| matches!(read, Err(Stale::Forged))).await
    }

    async fn handle_reporter_message(
        &self,
        ticket: &Ticket<'_>,
        incident: Option<Incident>,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Failed> {
        if !is_same_origin(request) {
            return Err(Rejected::Forged.into());
        }
        let bad = StatusCode::UNPROCESSABLE_ENTITY;
        let said = match read_reporter_message(header(request, "content-type"), request.body()) {
            Ok(said) => said,
            Err(ReporterMessageRefused::Rejected(rejected)) => return Err(rejected.into()),
            Err(ReporterMessageRefused::Wrong(said, wrong)) => {
                let why = wrong.first().map_or("", |wrong| wrong.why.as_str());
                return self.reporter_page(ticket, incident.as_ref(), Some((why, &said.what)), bad).await;
            }
        };
        let page = page_of_ticket(&ticket.subject, ticket.epoch);
        let nonce = match self.nonce_of(ticket.secret, &page, &said.token).await? {
            Ok(nonce) => nonce,
            Err(Stale::Forged) => return Err(Rejected::Forged.into()),
            Err(Stale::Expired) => {
                let why =
                    "Nothing was sent: this page was open for more than a day. Please send it once more.";
                return self.reporter_page(ticket, incident.as_ref(), Some((why, &said.what)), bad).await;
            }
        };
        let (key, command) = match &said.what {
            // One reporter can't end an incident that others reported too.
            ReporterAction::TakeBack if is_flood(&ticket.subject) => {
                let text = texts::TAKES_BACK.to_owned();
                (format!("form-{nonce}-take-back"), Command::Note { text })
            }
            ReporterAction::TakeBack => (format!("form-{nonce}-take-back"), Command::Cancel),
            ReporterAction::Note(text) => {
                (format!("form-{nonce}-{}", digest(text)), Command::Note { text: text.clone() })
            }
        };
        let now = self.time.now();
        if matches!(said.what, ReporterAction::Note(_)) {
            let count = format!("ticket:{}", digest(&page));
            if self.counters.count(&count, 1, now, KEEP.as_secs()).await? >= LINES {
                let shown = Some((texts::TOO_MANY_LINES, &said.what));
                return self
                    .reporter_page(ticket, incident.as_ref(), shown, StatusCode::TOO_MANY_REQUESTS)
                    .await;
            }
        }
        let by = incident.as_ref().and_then(|incident| incident.alert.as_ref()?.reporter.as_ref());
        let by = reporter(by.map_or(SOMEBODY, |by| by.name.as_str()));
        let event = Event::Command { by, epoch: Some(ticket.epoch), command };
        let applied = self.engine.apply(&ticket.subject, &event, Some(&EventId { key, keep: KEEP })).await?;
        tracing::info!(subject = ticket.subject.as_str(), outcome = ?applied.outcome, "reporter's message applied");
        if applied.outcome == Some(EventOutcome::Nothing) && matches!(said.what, ReporterAction::Note(_)) {
            let incident = applied.incident.filter(|incident| incident.epoch == ticket.epoch);
            let shown = Some((texts::LINE_TOO_LATE, &said.what));
            return self.reporter_page(ticket, incident.as_ref(), shown, StatusCode::CONFLICT).await;
        }
        Ok(see_other(&ticket.path, texts::PASSED_ON, &self.ids))
    }

    /// Returns the incident's state in a sentence, and its timeline, the oldest entry first.
    async fn report_status(
        &self,
        ticket: &Ticket<'_>,
        incident: Option<&Incident>,
    ) -> Result<(String, Vec<String>), Fault> {
        let dispatches = self.history.dispatches_of(&ticket.subject, ticket.epoch).await?;
        let words = self.config.words(&ticket.subject, incident);
        let state = match incident {
            Some(incident) => state(incident, &paged_so_far(&dispatches), &words, self.time.now()),
            None => texts::OVER.to_owned(),
        };
        Ok((state, lines(&dispatches, &words, self.time.now())))
    }

    /// Returns the page. `not_said` contains a message that was not passed on, and the reason.
    async fn reporter_page(
        &self,
        ticket: &Ticket<'_>,
        incident: Option<&Incident>,
        not_said: Option<(&str, &ReporterAction)>,
        status: StatusCode,
    ) -> Result<Response<Bytes>, Failed> {
        let (state, lines) = self.report_status(ticket, incident).await?;
        let alert = incident.and_then(|incident| incident.alert.as_ref());
        let title = alert.map_or(texts::UNKNOWN_REPORT, |alert| alert.title.as_str());
        let over = incident.is_none_or(|incident| incident.phase.is_final());
        let about = incident.zip(alert).map(|(incident, alert)| {
            let words = self.config.words(&ticket.subject, Some(incident));
            texts::about(incident, alert, &words, self.time.now())
        });
        let typed = match not_said {
            Some((_, ReporterAction::Note(text))) => text.as_str(),
            _ => "",
        };
        let token = match over {
            true => None,
            false => {
                let page = page_of_ticket(&ticket.subject, ticket.epoch);
                Some(self.token_for(ticket.secret, &page).await?)
            }
        };
        let body = html! {
            @if let Some((why, _)) = not_said {
                p class="wrong" role="alert" { (why) }
            }
            @if let Some(about) = about {
                p class="note" { (about) }
            }
            p class="state" id="state" role="status" { (state) }
            p class="wrong" id="lost" hidden { (texts::LOST) }
            h2 { (texts::TIMELINE) }
            ol id="lines" {
                @for line in &lines {
                    li { (line) }
                }
            }
            @match &token {
                Some(token) => (forms(token, typed)),
                None => {
                    @if !typed.is_empty() {
                        p { (texts::HAD_WRITTEN) (typed) }
                    }
                    (report_link(ticket.source))
                }
            }
        };
        let script = token.is_some().then_some(include_str!("live.js"));
        Ok(live_page(title, &body, status, script, &self.ids))
    }
}

fn report_link(source: &str) -> Markup {
    html! { p { a href={ "/alert/" (source) } { (texts::REPORT_MORE) } } }
}

/// Returns the reporter's two forms: one adds a line, the other takes the report back, which needs two presses.
fn forms(token: &str, typed: &str) -> Markup {
    html! {
        noscript { p { a href="?" { (texts::LOOK_AGAIN) } } }
        form method="post" {
            (token_field(token))
            label for="text" { (texts::ADD_LINE) }
            textarea id="text" name="text" maxlength=(NOTE_MAX) required { (typed) }
            button name="say" value="note" { (texts::PASS_ON) }
        }
        details {
            summary { (texts::NOTHING) }
            form method="post" {
                (token_field(token))
                p { (texts::WHAT_TAKING_BACK_DOES) }
                button class="other" name="say" value="take-back" { (texts::TAKE_BACK) }
            }
        }
        p class="note" { (texts::YOURS_ALONE) }
    }
}
