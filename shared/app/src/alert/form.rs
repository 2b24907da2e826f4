//! The web form for alerts: `/alert/{name}`, and the reporter's page behind it, `/alert/{name}/{ticket}`, which shows
//! the progress of a report.
//!
//! A report is stored before it is answered, and nothing that a person typed is lost silently. The form is shown again
//! with the typed values if its page has expired, or if a program filled in the hidden field.

mod fields;
mod reporter;

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::address::EmailAddress;
use handbell_core::alert::{AlertSignal, Reporter, SignalAction, SignalOrigin, Trigger};
use handbell_core::config::{AlertSource, FormConfig};
use handbell_core::event_id::EventId;
use handbell_core::incident::Incident;
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::Event;
use handbell_core::wording::incident;
use handbell_core::wording::web::alert_form as texts;
use handbell_inbound::action_link::GOOD_FOR;
use handbell_inbound::alert_form::{Report, ReportRefused, Wrong, issue_ticket, page_of, read};
use handbell_inbound::contact::{Stale, Token};
use handbell_store::{Counters, History, Incidents};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use jiff::SignedDuration;
use maud::html;
use secrecy::ExposeSecret;

use self::fields::filled_in;
use crate::alert::intake::AlertIntake;
use crate::configuration::Configuration;
use crate::dependencies::{Time, parts};
use crate::engine::apply::IncidentEngine;
use crate::engine::notice::NoticeSender;
use crate::secrets::{Secrets, values};
use crate::web::act::ActionPage;
use crate::web::limits::{FormLimits, digest};
use crate::web::page::{error_page, is_same_origin, page};
use crate::{Failed, Fault, Ids, header};

/// Name under which the forms are counted.
const KIND: &str = "alert-form";
/// Retention of a form's event id. It is longer than the form's token is valid, so that the form counts once.
const KEEP: SignedDuration = SignedDuration::from_hours(48);

parts! {
    /// The form for alerts, the reporter's page, and the action links in mails.
    pub struct AlertForm {
        actions: ActionPage,
        config: Configuration,
        counters: Counters,
        engine: IncidentEngine,
        history: History,
        ids: Ids,
        incidents: Incidents,
        intake: AlertIntake,
        limits: FormLimits,
        notices: NoticeSender,
        secrets: Secrets,
        time: Time,
    }
}

/// Form of a source.
#[derive(Clone, Copy)]
struct SourceForm<'a> {
    /// Name of the source in the configuration.
    name: &'a str,
    source: &'a AlertSource,
    settings: &'a FormConfig,
}

impl AlertForm {
    /// Answers a request for the form, a reporter's page or an action link.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let done = match request.uri().path().starts_with("/act/") {
            true => self.actions.answer(&request).await,
            false => self.show_or_take(&request).await,
        };
        done.unwrap_or_else(|failed| error_page(&failed, &self.ids))
    }

    async fn show_or_take(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Failed> {
        let path = request.uri().path().strip_prefix("/alert/").ok_or(Rejected::Unknown)?;
        let mut pieces = path.trim_end_matches('/').split('/');
        let (name, ticket) = (pieces.next().unwrap_or_default(), pieces.next());
        let (name, source) = self.config.source_named(name).ok_or(Rejected::Unknown)?;
        let settings = source.form.as_ref().ok_or(Rejected::Unknown)?;
        let form = SourceForm { name, source, settings };
        if pieces.next().is_some() {
            return Err(Rejected::Unknown.into());
        }
        match (ticket, *request.method() == Method::POST) {
            (Some(ticket), _) => self.reporters_page(form, ticket, request).await,
            (None, true) => self.take_report(form, request).await,
            (None, false) => self.show(form, &Report::default(), &[], None).await,
        }
    }

    async fn take_report(
        &self,
        form: SourceForm<'_>,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Failed> {
        let (name, secret) = (form.name, form.settings.secret.as_str());
        if !is_same_origin(request) {
            return Err(Rejected::Forged.into());
        }
        let report = match read(header(request, "content-type"), request.body()) {
            Ok(report) => report,
            Err(ReportRefused::Rejected(rejected)) => return Err(rejected.into()),
            Err(ReportRefused::Wrong(report, wrong)) => {
                return self.show(form, &report, &wrong, Some(texts::CORRECT_FIELDS)).await;
            }
        };
        let again = match self.nonce_of(secret, &page_of(name), &report.token).await? {
            Err(Stale::Forged) => return Err(Rejected::Forged.into()),
            Err(Stale::Expired) => Err(texts::TOO_OLD),
            // Browsers that fill in fields automatically fill in this one too, and a person may be waiting for help.
            Ok(_) if report.trap => Err(texts::TRAPPED),
            Ok(nonce) => Ok(nonce),
        };
        let nonce = match again {
            Ok(nonce) => nonce,
            Err(above) => return self.show(form, &report, &[], Some(above)).await,
        };
        let kind = format!("{KIND}-{name}");
        if !self.limits.is_welcome(&kind, request, report.email.as_deref()).await? {
            let day = self.time.now().as_second().div_euclid(86_400);
            let text = texts::limit_reached(name);
            self.notices
                .tell_admins_once(&text, &format!("form-limit-{name}-{day}"), self.time.now())
                .await?;
            let body = html! { p class="wrong" { (texts::TOO_MANY) } };
            return Ok(page(&title(form), &body, StatusCode::TOO_MANY_REQUESTS, &self.ids));
        }
        let incident = self.raise(form, report, &nonce).await?;
        let secret = self.secrets.get(secret, self.time.now()).await?;
        let until = incident.opened_at + GOOD_FOR;
        let ticket =
            issue_ticket(secret.expose_secret().as_bytes(), &incident.subject, incident.epoch, until);
        Ok(see_other(&format!("/alert/{name}/{ticket}"), texts::STORED, &self.ids))
    }

    /// Stores the report. One page is one alert, however often the form is sent. If a person changes the form and sends
    /// it again, the changes become a note of the incident.
    async fn raise(&self, form: SourceForm<'_>, report: Report, nonce: &str) -> Result<Incident, Fault> {
        let Report { what, more, severity, name: who, email, .. } = report;
        let words = digest(&format!("{what}\0{more}\0{}\0{who}\0{email:?}", severity.name()));
        let key = format!("form-{nonce}-{words}");
        let address = email.map(EmailAddress::try_from).transpose();
        let address = address.map_err(|_| Fault::from("a report has a mail address that is none"))?;
        let trigger = Trigger {
            severity,
            title: what.clone(),
            body: more.clone(),
            plan: None,
            reporter: Some(Reporter { name: who.clone(), email: address }),
            object: None,
        };
        let signal = AlertSignal {
            source: form.name.to_owned(),
            dedup_key: nonce.to_owned(),
            shared: None,
            action: SignalAction::Trigger(trigger),
            origin: SignalOrigin { medium: "form", ..SignalOrigin::default() },
        };
        let incident = self.intake.take(signal, &EventId { key: key.clone(), keep: KEEP }).await?;
        let incident = incident.ok_or_else(|| Fault::from("a report has no incident"))?;
        if incident.count > 1 {
            let text = format!("{}: {what}\n{more}", incident::severity(severity));
            let event = Event::Command {
                by: reporter(&who),
                epoch: Some(incident.epoch),
                command: Command::Note { text },
            };
            self.engine
                .apply(&incident.subject, &event, Some(&EventId { key: format!("{key}-note"), keep: KEEP }))
                .await?;
        }
        Ok(incident)
    }

    /// Returns the nonce of a page's token.
    async fn nonce_of(&self, secret: &str, page: &str, token: &str) -> Result<Result<String, Stale>, Fault> {
        let now = self.time.now();
        let read = |secrets: &_| Token::verify(&values(secrets, [secret]), page, token, now);
        self.secrets.verify(now, read, |read| matches!(read, Err(Stale::Forged))).await
    }

    /// Returns a token for a page that is sent out now.
    async fn token_for(&self, secret: &str, page: &str) -> Result<String, Fault> {
        let secret = self.secrets.get(secret, self.time.now()).await?;
        let nonce = self.ids.unique();
        Ok(Token::issue(secret.expose_secret().as_bytes(), page, self.time.now(), &nonce))
    }

    /// Returns the form with the typed values. `above` says why the form is shown again.
    async fn show(
        &self,
        form: SourceForm<'_>,
        report: &Report,
        wrong: &[Wrong],
        above: Option<&str>,
    ) -> Result<Response<Bytes>, Failed> {
        let token = self.token_for(&form.settings.secret, &page_of(form.name)).await?;
        let body = filled_in(report, wrong, above, &token);
        let status = if above.is_none() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        Ok(page(&title(form), &body, status, &self.ids))
    }
}

fn title(form: SourceForm<'_>) -> String {
    let SourceForm { name, source, settings } = form;
    let own = settings.title.clone();
    own.unwrap_or_else(|| texts::title(source.label.as_deref().unwrap_or(name)))
}

/// Returns the reporter as an actor.
fn reporter(name: &str) -> Actor {
    Actor::named(texts::reporter_label(name), CommandChannel::Form)
}

/// Redirects to the page that shows the result, so that reloading it sends nothing again. The location is a path:
/// browsers don't follow a form's redirect to anywhere else.
fn see_other(path: &str, says: &str, ids: &Ids) -> Response<Bytes> {
    let body = html! { p { a href=(path) { (says) } } };
    let mut response = page(texts::THANKS, &body, StatusCode::SEE_OTHER, ids);
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(http::header::LOCATION, path);
    }
    response
}
