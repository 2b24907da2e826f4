//! What we write: the configuration as YAML, with comments for those who go on with it.

use std::fmt::Write as _;

use super::plan::Plan;
use super::robot::Phone;
use super::yaml::{key, pair, scalar};

pub(super) fn emit(phone: &Phone, plans: &[Plan]) -> String {
    let mut out = String::from(
        "# Made by `handbell import bttn` from the button robot's files.\n\
         # Look through it, then run `handbell check handbell.yaml`.\n\
         #\n\
         # No secret stands in here: { secret: NAME } is looked up in the secrets document.\n\n\
         # Where you are: the times that people read are written for this zone, such as Europe/Paris.\n\
         timezone: UTC\n\n\
         webex:\n  token: { secret: webex }\n  webhook: { secret: webex-webhook }\n\n\
         twilio:\n",
    );
    match &phone.account {
        Some(account) => pair(&mut out, 2, "account", account),
        None => {
            let _ = writeln!(
                out,
                "  account: AC{} # a placeholder: yours is in Twilio's console",
                "0".repeat(32)
            );
        }
    }
    out.push_str("  token: { secret: twilio }\n");
    match &phone.from {
        Some(from) => pair(&mut out, 2, "from", from),
        None => {
            out.push_str("  from: \"+12025550100\" # a placeholder: the number that you have at Twilio\n")
        }
    }
    out.push_str(
        "\n# Who is told when a message could not be delivered: `webex` by mail address, `sms` by number.\nadmins:\n  webex: []\n  sms: []\n\nplans:\n",
    );
    for plan in plans {
        emit_plan(&mut out, plan);
    }
    out.push_str("\nbuttons:\n");
    for Plan { name, .. } in plans {
        let key = key(name);
        let _ = writeln!(
            out,
            "  {key}:\n    plan: {key}\n    token: {{ secret: {} }}",
            scalar(&format!("button-{name}"))
        );
    }
    out
}

fn emit_plan(out: &mut String, plan: &Plan) {
    let _ = writeln!(out, "  {}:\n    space:", key(&plan.name));
    pair(out, 6, "title", &plan.title);
    out.push_str("      reuse: always\n");
    for (key, people) in [("moderators", &plan.moderators), ("participants", &plan.participants)] {
        if !people.is_empty() {
            let _ = writeln!(out, "      {key}:");
            for address in people {
                let _ = writeln!(out, "        - {}", scalar(address));
            }
        }
    }
    match plan.reset_minutes {
        Some(minutes) if minutes % 60 == 0 => {
            let _ = writeln!(out, "    reset_after: {}h", minutes / 60);
        }
        Some(minutes) => {
            let _ = writeln!(out, "    reset_after: {minutes}m");
        }
        None => out.push_str("    reset_after: 6h\n"),
    }
    out.push_str("    steps:\n");
    for (index, step) in plan.steps.iter().enumerate() {
        let _ = writeln!(out, "      # press {}", index + 1);
        // A step's first key shares the line with the dash.
        let mut body = String::new();
        for (key, list, words) in [("sms", &step.sms, "text"), ("call", &step.call, "say")] {
            if list.is_empty() {
                continue;
            }
            let _ = writeln!(body, "        {key}:");
            for said in list {
                let to: Vec<String> = said.to.iter().map(|number| scalar(number)).collect();
                let _ = writeln!(body, "          - to: [{}]", to.join(", "));
                pair(&mut body, 12, words, &said.words);
                if let Some(from) = &said.from {
                    pair(&mut body, 12, "from", from);
                }
            }
        }
        let post = [
            ("markdown", &step.markdown),
            ("file", &step.file),
            ("type", &step.content_type),
            ("label", &step.label),
        ];
        if post.iter().any(|(_, value)| value.is_some()) {
            body.push_str("        post:\n");
            for (key, value) in post {
                if let Some(value) = value {
                    pair(&mut body, 10, key, value);
                }
            }
        }
        out.push_str("      - ");
        out.push_str(body.trim_start());
    }
}
