//! The text that the runner prints after its start: its address, and commands to try without the page.

use std::fmt::Write as _;

use crate::page::duty::LocalSource;
use crate::runner::{LocalButton, LocalLine};

/// The phone of an unknown customer, which the page shows, too.
const CUSTOMER: &str = "+12025550123";

/// Returns the text for a runner at `origin`, such as `http://127.0.0.1:8080`.
pub fn greeting(
    origin: &str,
    buttons: &[LocalButton],
    lines: &[LocalLine],
    sources: &[LocalSource],
) -> String {
    let mut out = format!("Handbell runs on this laptop.\n\n  Open  {origin}/  or try these:\n");
    if !buttons.is_empty() {
        out.push_str("\n  Press the button:\n");
    }
    for button in buttons {
        let _ = writeln!(out, "  curl -X POST {origin}{}", button.path);
    }
    for LocalLine { label, number, form, .. } in lines {
        let _ =
            writeln!(out, "\n  Be a customer of {label} ({number}), who texts, calls, or fills in the form:");
        let bodies = [
            ("text", format!("{{\"to\": \"{number}\", \"body\": \"Is anybody there?\"}}")),
            ("call", format!("{{\"to\": \"{number}\"}}")),
        ];
        for (does, body) in bodies {
            let phone = format!("{origin}/sim/phones/{CUSTOMER}/{does}");
            let _ = writeln!(out, "  curl {phone} -H 'Content-Type: application/json' -d '{body}'");
        }
        if let Some(form) = form {
            let _ = writeln!(out, "  {origin}{form}");
        }
    }
    for LocalSource { label, mail, form, .. } in sources {
        if mail.is_none() && form.is_none() {
            continue;
        }
        let address = mail.as_ref().map(|mail| format!(" ({mail})")).unwrap_or_default();
        let _ = writeln!(out, "\n  Wake the person on call, as {label}{address}:");
        if let Some(mail) = mail {
            let _ = writeln!(out, "  curl --data-binary @mail.eml '{origin}/sim/mail?to={mail}'");
        }
        if let Some(form) = form {
            let _ = writeln!(out, "  {origin}{form}");
        }
    }
    out.push_str("\n  Press Ctrl-C to stop.\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_lists_what_to_try() {
        let button = LocalButton { name: "green".into(), path: "/b/token".into() };
        let line = LocalLine {
            name: "support".into(),
            label: "Support".into(),
            number: "+12025550100".into(),
            form: Some("/contact/support".into()),
        };
        let source = LocalSource {
            name: "demo".into(),
            label: "Monitoring".into(),
            mail: Some("duty-demo@in.example.com".into()),
            form: Some("/alert/demo".into()),
        };
        let mailbox = LocalSource { name: "plain".into(), label: "plain".into(), mail: None, form: None };
        let said = greeting("http://127.0.0.1:8080", &[button], &[line], &[source, mailbox]);
        insta::assert_snapshot!(said, @r#"
        Handbell runs on this laptop.

          Open  http://127.0.0.1:8080/  or try these:

          Press the button:
          curl -X POST http://127.0.0.1:8080/b/token

          Be a customer of Support (+12025550100), who texts, calls, or fills in the form:
          curl http://127.0.0.1:8080/sim/phones/+12025550123/text -H 'Content-Type: application/json' -d '{"to": "+12025550100", "body": "Is anybody there?"}'
          curl http://127.0.0.1:8080/sim/phones/+12025550123/call -H 'Content-Type: application/json' -d '{"to": "+12025550100"}'
          http://127.0.0.1:8080/contact/support

          Wake the person on call, as Monitoring (duty-demo@in.example.com):
          curl --data-binary @mail.eml 'http://127.0.0.1:8080/sim/mail?to=duty-demo@in.example.com'
          http://127.0.0.1:8080/alert/demo

          Press Ctrl-C to stop.
        "#);
        let bare = greeting("http://127.0.0.1:8080", &[], &[], &[]);
        assert!(!bare.contains("curl") && bare.contains("Open"), "{bare}");
    }
}
