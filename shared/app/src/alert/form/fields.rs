//! The alert form: empty, or with the typed values and their errors.

use handbell_core::alert::TITLE_MAX;
use handbell_core::config::Severity;
use handbell_core::wording::incident;
use handbell_core::wording::web::alert_form as texts;
use handbell_inbound::alert_form::{EMAIL_MAX, MESSAGE_MAX, NAME_MAX, Report, TRAP, Wrong};
use maud::{Markup, html};

use crate::web::field::{Control, Field, honeypot, token_field};

/// Returns the form. `above` says why the form is shown again.
pub(super) fn filled_in(report: &Report, wrong: &[Wrong], above: Option<&str>, token: &str) -> Markup {
    let wrong_with =
        |name: &str| wrong.iter().find(|wrong| wrong.field == name).map(|wrong| wrong.why.as_str());
    let input = |kind, autocomplete| Control::Input { kind, autocomplete, placeholder: None };
    html! {
        @if let Some(above) = above {
            p class="wrong" role="alert" { (above) }
        }
        form method="post" {
            (Field {
                name: "what",
                label: texts::WHAT,
                value: &report.what,
                max: TITLE_MAX,
                control: input("text", None),
                required: true,
                wrong: wrong_with("what"),
                note: Some(texts::WHAT_NOTE),
            })
            (Field {
                name: "more",
                label: texts::MORE,
                value: &report.more,
                max: MESSAGE_MAX,
                control: Control::Area,
                required: false,
                wrong: wrong_with("more"),
                note: Some(texts::MORE_NOTE),
            })
            (severities(report.severity))
            (Field {
                name: "name",
                label: texts::NAME,
                value: &report.name,
                max: NAME_MAX,
                control: input("text", Some("name")),
                required: true,
                wrong: wrong_with("name"),
                note: None,
            })
            (Field {
                name: "email",
                label: texts::EMAIL,
                value: report.email.as_deref().unwrap_or_default(),
                max: EMAIL_MAX,
                control: input("email", Some("email")),
                required: false,
                wrong: wrong_with("email"),
                note: Some(texts::EMAIL_NOTE),
            })
            (honeypot(TRAP))
            (token_field(token))
            button { (texts::SEND) }
        }
    }
}

/// Returns the choice of a severity, in plain words.
fn severities(chosen: Severity) -> Markup {
    html! {
        fieldset {
            legend { (texts::HOW_BAD) }
            @for severity in Severity::ALL {
                label {
                    input type="radio" name="severity" value=(severity.name()) checked[severity == chosen];
                    " "
                    span { b { (incident::severity(severity)) } ": " (texts::severity_meaning(severity)) }
                }
            }
        }
    }
}
