//! The form itself: empty, or with what was typed and what is wrong with it.

use handbell_core::alert::TITLE_MAX;
use handbell_core::config::Severity;
use handbell_core::wording::incident;
use handbell_inbound::alert_form::{EMAIL_MAX, MESSAGE_MAX, NAME_MAX, Report, TRAP, Wrong};

use crate::web::page::escape;

/// The form's HTML; `above` says why it is shown again.
pub(super) fn filled_in(report: &Report, wrong: &[Wrong], above: Option<&str>, token: &str) -> String {
    let field = |name: &str, label: &str, tag: &str, value: &str, note: &str| {
        let wrong = wrong.iter().find(|wrong| wrong.field == name);
        let about =
            wrong.map(|wrong| format!("<p class=\"wrong\" id=\"{name}-wrong\">{}</p>", escape(&wrong.why)));
        let tag = match about {
            Some(_) => {
                tag.replacen('>', &format!(" aria-invalid=\"true\" aria-describedby=\"{name}-wrong\">"), 1)
            }
            None => tag.to_owned(),
        };
        let note = if note.is_empty() { String::new() } else { format!("<p class=\"note\">{note}</p>") };
        let tag = tag.replace("VALUE", &escape(value));
        format!("<label for=\"{name}\">{label}</label>{tag}{}{note}\n", about.unwrap_or_default())
    };
    let input = |name: &str, kind: &str, max: usize, more: &str| {
        format!(
            "<input id=\"{name}\" name=\"{name}\" type=\"{kind}\" maxlength=\"{max}\" value=\"VALUE\"{more}>"
        )
    };
    let more = format!("<textarea id=\"more\" name=\"more\" maxlength=\"{MESSAGE_MAX}\">VALUE</textarea>");
    [
        above.map(|above| format!("<p class=\"wrong\" role=\"alert\">{above}</p>\n")).unwrap_or_default(),
        "<form method=\"post\">\n".to_owned(),
        field(
            "what",
            "What is wrong?",
            &input("what", "text", TITLE_MAX, " required"),
            &report.what,
            "In a line.",
        ),
        field(
            "more",
            "More about it",
            &more,
            &report.more,
            "If there is more to say. You can add lines later.",
        ),
        severities(report.severity),
        field(
            "name",
            "Who are you?",
            &input("name", "text", NAME_MAX, " autocomplete=\"name\" required"),
            &report.name,
            "",
        ),
        field(
            "email",
            "Mail",
            &input("email", "email", EMAIL_MAX, " autocomplete=\"email\""),
            report.email.as_deref().unwrap_or_default(),
            "If you want the report when it is over.",
        ),
        format!(
            "<p class=\"trap\" aria-hidden=\"true\"><label>Leave this empty <input name=\"{TRAP}\" tabindex=\"-1\" autocomplete=\"off\"></label></p>\n"
        ),
        format!(
            "<input type=\"hidden\" name=\"token\" value=\"{}\">\n<button>Report it</button>\n</form>\n",
            escape(token)
        ),
    ]
    .concat()
}

/// The four severities in plain words.
fn severities(chosen: Severity) -> String {
    let one = |severity: Severity| {
        let says = match severity {
            Severity::Critical => "Something is down, or somebody is in danger",
            Severity::Error => "Something doesn’t work as it should",
            Severity::Warning => "Something will break if nobody looks after it",
            Severity::Info => "Somebody should know, and it can wait",
        };
        let checked = if severity == chosen { " checked" } else { "" };
        format!(
            "<label><input type=\"radio\" name=\"severity\" value=\"{}\"{checked}> <span><b>{}</b>: {says}</span></label>\n",
            severity.name(),
            escape(incident::severity(severity)),
        )
    };
    let all: String = Severity::ALL.into_iter().map(one).collect();
    format!("<fieldset><legend>How bad is it?</legend>\n{all}</fieldset>\n")
}
