//! The web form for customers: `/contact/{line}`. Its page is signed and valid for a day. Nobody receives a text
//! because of it.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::address::EmailAddress;
use handbell_core::config::{FormConfig as Settings, Line};
use handbell_core::conversation::Address;
use handbell_core::conversation::decide::ConversationEvent;
use handbell_core::texting::read_number;
use handbell_core::wording::web::contact_form as texts;
use handbell_inbound::contact::{ContactMessage, ContactRefused, Stale, TRAP, Token, Wrong, read};
use http::{Method, Request, Response, StatusCode};
use maud::{Markup, html};
use secrecy::ExposeSecret;

use crate::configuration::Configuration;
use crate::conversation::apply::ConversationEngine;
use crate::dependencies::{Time, parts};
use crate::secrets::{Secrets, values};
use crate::web::field::{Control, Field, honeypot, token_field};
use crate::web::limits::{FormLimits, digest};
use crate::web::page::{error_page, page};
use crate::{Failed, Ids, header};

/// Name under which the forms are counted.
const KIND: &str = "form";

fn thanks() -> Markup {
    html! { p class="done" { (texts::THANKS) } }
}

parts! {
    /// Shows a line's web form and takes what a customer writes in it.
    pub struct ContactForm {
        config: Configuration,
        conversations: ConversationEngine,
        limits: FormLimits,
        secrets: Secrets,
        time: Time,
        ids: Ids,
    }
}

impl ContactForm {
    /// Shows the form, or takes it when it is sent.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.show_or_take(&request).await.unwrap_or_else(|failed| error_page(&failed, &self.ids))
    }

    async fn show_or_take(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Failed> {
        let name = request.uri().path().strip_prefix("/contact/").ok_or(Rejected::Unknown)?;
        let name = name.trim_end_matches('/');
        let (name, line) = self.config.line_named(name).ok_or(Rejected::Unknown)?;
        let form = line.form.as_ref().ok_or(Rejected::Unknown)?;
        if *request.method() == Method::POST {
            return self.take(name, line, form, request).await;
        }
        self.show(name, line, &ContactMessage::default(), &[], StatusCode::OK).await
    }

    async fn take(
        &self,
        name: &str,
        line: &Line,
        settings: &Settings,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Failed> {
        let bad = StatusCode::UNPROCESSABLE_ENTITY;
        let form = match read(header(request, "content-type"), request.body()) {
            Ok(form) => form,
            Err(ContactRefused::Rejected(rejected)) => return Err(rejected.into()),
            Err(ContactRefused::Wrong(form, wrong)) => {
                return self.show(name, line, &form, &wrong, bad).await;
            }
        };
        // Browsers that fill in fields automatically fill in this one too, and a person may be waiting for an answer.
        if form.trap {
            let wrong = [Wrong { field: "message", why: texts::TRAPPED.to_owned() }];
            return self.show(name, line, &form, &wrong, bad).await;
        }
        let secrets = self.secrets.all(self.time.now()).await?;
        let secrets = values(&secrets, [settings.secret.as_str()]);
        let nonce = match Token::verify(&secrets, name, &form.token, self.time.now()) {
            Ok(nonce) => nonce,
            // The typed values are shown again in a new page.
            Err(Stale::Expired) => {
                let wrong = [Wrong { field: "message", why: texts::TOO_OLD.to_owned() }];
                return self.show(name, line, &form, &wrong, bad).await;
            }
            Err(Stale::Forged) => return Err(Rejected::Forged.into()),
        };
        let number = match form.phone.as_deref().map(|phone| read_number(phone, &line.number)).transpose() {
            Ok(number) => number,
            Err(bad_number) => {
                let wrong = [Wrong { field: "phone", why: bad_number.to_string() }];
                return self.show(name, line, &form, &wrong, bad).await;
            }
        };
        let email: Option<EmailAddress> = form
            .email
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| Rejected::Malformed("the form's mail address can't be read".to_owned()))?;
        let address = match (&number, &email) {
            (Some(number), _) if self.config.own_numbers().contains(number) => {
                let wrong = [Wrong { field: "phone", why: texts::OWN_NUMBER.to_owned() }];
                return self.show(name, line, &form, &wrong, bad).await;
            }
            (Some(number), _) => Address::Phone(number.clone().into()),
            (None, Some(email)) => Address::Mail(email.clone()),
            (None, None) => {
                return Err(Rejected::Malformed("the form names neither number nor mail".to_owned()).into());
            }
        };
        if !self.limits.is_welcome(KIND, request, number.as_deref()).await? {
            let body = html! { p class="wrong" { (texts::TOO_MANY) } };
            return Ok(page(&title(name, line), &body, StatusCode::TOO_MANY_REQUESTS, &self.ids));
        }
        // A different message from the same page is another message.
        let words = digest(&format!("{}\0{:?}\0{:?}", form.message, form.name, form.email));
        let id = format!("form-{nonce}-{words}");
        let event = ConversationEvent::Form { message: form.message, name: form.name, email };
        self.conversations.apply_from(name, &address, &event, Some(&id)).await?;
        Ok(page(&title(name, line), &thanks(), StatusCode::OK, &self.ids))
    }

    async fn show(
        &self,
        name: &str,
        line: &Line,
        form: &ContactMessage,
        wrong: &[Wrong],
        status: StatusCode,
    ) -> Result<Response<Bytes>, Failed> {
        let settings = line.form.as_ref().ok_or(Rejected::Unknown)?;
        let secret = self.secrets.get(&settings.secret, self.time.now()).await?;
        let nonce = self.ids.unique();
        let token = Token::issue(secret.expose_secret().as_bytes(), name, self.time.now(), &nonce);
        let wrong_with =
            |name: &str| wrong.iter().find(|wrong| wrong.field == name).map(|wrong| wrong.why.as_str());
        let input = |kind, autocomplete, placeholder| Control::Input {
            kind,
            autocomplete: Some(autocomplete),
            placeholder,
        };
        let texts_note = texts::texts_note(&line.number);
        let body = html! {
            form method="post" {
                (Field {
                    name: "name",
                    label: texts::NAME,
                    value: form.name.as_deref().unwrap_or_default(),
                    max: 80,
                    control: input("text", "name", None),
                    required: false,
                    wrong: wrong_with("name"),
                    note: None,
                })
                (Field {
                    name: "email",
                    label: texts::EMAIL,
                    value: form.email.as_deref().unwrap_or_default(),
                    max: 254,
                    control: input("email", "email", None),
                    required: false,
                    wrong: wrong_with("email"),
                    note: None,
                })
                (Field {
                    name: "phone",
                    label: texts::PHONE,
                    value: form.phone.as_deref().unwrap_or_default(),
                    max: 40,
                    control: input("tel", "tel", Some("+1 202 555 0123")),
                    required: false,
                    wrong: wrong_with("phone"),
                    note: Some(&texts_note),
                })
                (Field {
                    name: "message",
                    label: texts::MESSAGE,
                    value: &form.message,
                    max: 4000,
                    control: Control::Area,
                    required: true,
                    wrong: wrong_with("message"),
                    note: None,
                })
                (honeypot(TRAP))
                (token_field(&token))
                button { (texts::SEND) }
            }
        };
        Ok(page(&title(name, line), &body, status, &self.ids))
    }
}

fn title(name: &str, line: &Line) -> String {
    let own = line.form.as_ref().and_then(|form| form.title.clone());
    own.unwrap_or_else(|| texts::title(line.label.as_deref().unwrap_or(name)))
}
