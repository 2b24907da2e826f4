//! The web form for alerts: `/alert/{name}`, and the page behind it, `/alert/{name}/{ticket}`, that shows what becomes of one.
//!
//! What is sent is stored before it is answered, and nothing that somebody typed is lost in silence: a page that is too old
//! comes back with it, and so does one that a program filled in.

mod becomes;
mod fields;
mod reporter;

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::alert::{AlertSignal, Reporter, SignalAction, SignalOrigin, Trigger};
use handbell_core::button::EventId;
use handbell_core::config::{AlertSource, FormConfig, WayIn};
use handbell_core::incident::Incident;
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::Event;
use handbell_core::wording::incident;
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
use crate::engine::apply::Engine;
use crate::engine::notice::NoticeSender;
use crate::parts::{Time, parts};
use crate::secrets::{Secrets, values};
use crate::web::act::ActionPage;
use crate::web::limits::{FormLimits, digest};
use crate::web::page::{is_same_origin, page, sorry};
use crate::{Failed, Fault, Ids, header};

/// What its forms are counted as.
const KIND: &str = "alert-form";
/// A form is remembered for longer than its token is good, so that it counts once.
const KEEP: SignedDuration = SignedDuration::from_hours(48);

parts! {
    /// The form for alerts, its reporter's page, and the links in our mails and texts.
    pub struct AlertForm {
        actions: ActionPage,
        config: Configuration,
        counters: Counters,
        engine: Engine,
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

/// A source's form.
#[derive(Clone, Copy)]
struct SourceForm<'a> {
    /// The source's name in the configuration.
    name: &'a str,
    source: &'a AlertSource,
    settings: &'a FormConfig,
}

impl AlertForm {
    /// What a browser asks for, and what is sent with it.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let done = match request.uri().path().starts_with("/act/") {
            true => self.actions.answer(&request).await,
            false => self.show_or_take(&request).await,
        };
        done.unwrap_or_else(|failed| sorry(&failed, &self.ids))
    }

    async fn show_or_take(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Failed> {
        let path = request.uri().path().strip_prefix("/alert/").ok_or(Rejected::Unknown)?;
        let mut pieces = path.trim_end_matches('/').split('/');
        let (name, ticket) = (pieces.next().unwrap_or_default(), pieces.next());
        let (name, source) = self.config.sources.get_key_value(name).ok_or(Rejected::Unknown)?;
        let served = source.ways_in().into_iter().find_map(|way| match way {
            WayIn::Form(settings) => Some(SourceForm { name, source, settings }),
            // Other functions take these.
            WayIn::Address(_) | WayIn::Mailbox(_) => None,
        });
        let form = served.ok_or(Rejected::Unknown)?;
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
                let above = "Nothing is sent yet. Please correct the highlighted fields.";
                return self.show(form, &report, &wrong, Some(above)).await;
            }
        };
        let again = match self.nonce_of(secret, &page_of(name), &report.token).await? {
            Err(Stale::Forged) => return Err(Rejected::Forged.into()),
            Err(Stale::Expired) => {
                Err("Nothing is sent yet: this page was too old. Please send it once more.")
            }
            // Browsers that fill in fields by themselves do this too, and somebody may be waiting for help.
            Ok(_) if report.trap => Err(
                "Nothing is sent yet: a field that people don’t see was filled in. Please send it once more.",
            ),
            Ok(nonce) => Ok(nonce),
        };
        let nonce = match again {
            Ok(nonce) => nonce,
            Err(above) => return self.show(form, &report, &[], Some(above)).await,
        };
        let kind = format!("{KIND}-{name}");
        if !self.limits.is_welcome(&kind, request, report.email.as_deref()).await? {
            let day = self.time.now().as_second().div_euclid(86_400);
            let text = format!(
                "Too many reports come in by the form of {name}: some are not taken. See who sends them."
            );
            self.notices
                .tell_admins_once(&text, &format!("form-limit-{name}-{day}"), self.time.now())
                .await?;
            let body = html! {
                p class="wrong" {
                    "Nothing was sent: too many reports came from here. Please call somebody, or try again in an hour."
                }
            };
            return Ok(page(&title(form), &body, StatusCode::TOO_MANY_REQUESTS, &self.ids));
        }
        let incident = self.raise(form, report, &nonce).await?;
        let secret = self.secrets.get(secret, self.time.now()).await?;
        let until = incident.opened_at + GOOD_FOR;
        let ticket =
            issue_ticket(secret.expose_secret().as_bytes(), &incident.subject, incident.epoch, until);
        Ok(see_other(&format!("/alert/{name}/{ticket}"), "It is stored. See what becomes of it", &self.ids))
    }

    /// Stores the report. One page is one alert, however often it is sent; what was changed before it was sent again is
    /// passed on to those who have it.
    async fn raise(&self, form: SourceForm<'_>, report: Report, nonce: &str) -> Result<Incident, Fault> {
        let Report { what, more, severity, name: who, email, .. } = report;
        let words = digest(&format!("{what}\0{more}\0{}\0{who}\0{email:?}", severity.name()));
        let key = format!("form-{nonce}-{words}");
        let trigger = Trigger {
            severity,
            title: what.clone(),
            body: more.clone(),
            plan: None,
            reporter: Some(Reporter { name: who.clone(), email }),
            object: None,
        };
        let signal = AlertSignal {
            source: form.name.to_owned(),
            dedup_key: nonce.to_owned(),
            action: SignalAction::Trigger(trigger),
            origin: SignalOrigin { medium: "form", ..SignalOrigin::default() },
        };
        let incident = self.intake.take(signal, &EventId { key: key.clone(), keep: KEEP }).await?;
        let incident = incident.ok_or_else(|| Fault::from("a report belongs to no incident"))?;
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

    /// The nonce of a page's token; with secrets that are newer than a minute if it doesn't fit, for one may have just been
    /// replaced.
    async fn nonce_of(&self, secret: &str, page: &str, token: &str) -> Result<Result<String, Stale>, Fault> {
        let now = self.time.now();
        let secrets = self.secrets.all(now).await?;
        match Token::verify(&values(&secrets, [secret]), page, token, now) {
            Err(Stale::Forged) => {
                let secrets = self.secrets.newest(now).await?;
                Ok(Token::verify(&values(&secrets, [secret]), page, token, now))
            }
            read => Ok(read),
        }
    }

    /// A token for a page that is given out now.
    async fn token_for(&self, secret: &str, page: &str) -> Result<String, Fault> {
        let secret = self.secrets.get(secret, self.time.now()).await?;
        let nonce = self.ids.unique();
        Ok(Token::issue(secret.expose_secret().as_bytes(), page, self.time.now(), &nonce))
    }

    /// The form with what was typed into it; what stands above it says why it is shown again.
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
    own.unwrap_or_else(|| format!("Report trouble: {}", source.label.as_deref().unwrap_or(name)))
}

/// Whoever reported it, as people read it: nobody is taken for a colleague by the name that was typed.
fn reporter(name: &str) -> Actor {
    Actor::named(format!("{name} (reporter)"), CommandChannel::Form)
}

/// To the page that shows what came of it, so that to look at it again sends nothing again. The path alone: browsers follow
/// a form nowhere else.
fn see_other(path: &str, says: &str, ids: &Ids) -> Response<Bytes> {
    let body = html! { p { a href=(path) { (says) } } };
    let mut response = page("Thank you", &body, StatusCode::SEE_OTHER, ids);
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(http::header::LOCATION, path);
    }
    response
}
