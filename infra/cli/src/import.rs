//! `handbell import bttn`: the files of the older button robot, turned into a configuration of ours.
//!
//! Both of its generations are read: one `settings.yaml` with the steps in it, and the later one with a file per button.
//! What comes out always passes `handbell check`, once the pictures it names are beside it; whatever could not be
//! carried over becomes a note.

use std::fmt::Write as _;

use handbell_core::config::{is_address, is_phone_number, is_sender};

use crate::check::{Entry, Kind, Node, compose};

/// What an import made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Our configuration; empty if there was nothing to make one from, and then the notes say why.
    pub yaml: String,
    /// What was changed, left out or has to be done by hand.
    pub notes: Vec<String>,
}

/// Reads `settings.yaml` and, for the later generation, the buttons' own files as (name without ending, text).
pub fn import(settings: &str, buttons: &[(String, String)]) -> Imported {
    let mut notes = Notes::default();
    let Some(shared) = read("settings.yaml", settings, &mut notes) else { return notes.give_up() };
    let mut robots = Vec::new();
    for (stem, text) in buttons {
        let Some(own) = read(&format!("buttons/{stem}.yaml"), text, &mut notes) else { continue };
        let mut merged = shared.clone();
        merge(&mut merged, own);
        robots.push((stem.clone(), merged));
    }
    if buttons.is_empty() {
        let name = within(&shared, "server", "default").and_then(Node::text).unwrap_or("button");
        robots.push((name.to_owned(), shared.clone()));
    }
    let mut plans = Vec::new();
    for (stem, robot) in &robots {
        let mut name = plain_name(stem);
        while plans.iter().any(|plan: &Plan| plan.name == name) {
            name.push_str("-2");
        }
        if name != *stem {
            notes.say(format!(
                "the button {stem:?} is called `{name}` now: a name is letters, digits, - and _"
            ));
        }
        let plan = Plan::read(name, robot, &mut notes);
        if plan.steps.is_empty() {
            notes.say(format!(
                "`{}` has no steps (`bt.tn:`) that could be carried over, so it was left out",
                plan.name
            ));
        } else {
            plans.push(plan);
        }
    }
    if plans.is_empty() {
        return notes.give_up();
    }
    if plans.len() > 1 && within(&shared, "server", "default").is_some() {
        notes.say(
            "`server.default`: here every button has an address of its own, and there is no default one"
                .into(),
        );
    }
    let phone = Phone::read(robots.first().map_or(&shared, |(_, robot)| robot), &mut notes);
    let sender = |robot: &Node| {
        within(robot, "twilio", "customer_service_number").and_then(Node::text).map(ToOwned::to_owned)
    };
    for (index, (name, robot)) in robots.iter().enumerate() {
        if index > 0 && sender(robot) != sender(&robots[0].1) {
            notes.say(format!(
                "{name:?} has a sender of its own: write it as `from` under its `sms` and `call`"
            ));
        }
        leftovers(robot, &mut notes);
    }
    let mentions = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains("Cisco Spark"));
    let outdated = plans.iter().flat_map(|plan| &plan.steps).any(|step| {
        mentions(&step.markdown)
            || mentions(&step.label)
            || step.sms.iter().chain(&step.call).any(|said| said.words.contains("Cisco Spark"))
    });
    if outdated {
        notes.say("Cisco Spark is called Webex today; your texts were left as they are".into());
    }
    let files: Vec<&str> =
        plans.iter().flat_map(|plan| &plan.steps).filter_map(|step| step.file.as_deref()).collect();
    if !files.is_empty() {
        notes
            .say(format!("put these files beside handbell.yaml, under the same names: {}", files.join(", ")));
    }
    let mut secrets = vec!["webex".to_owned(), "webex-webhook".into(), "twilio".into()];
    secrets.extend(plans.iter().map(|plan| format!("button-{}", plan.name)));
    notes.say(format!(
        "put these into the secrets document: {} (webex-webhook: 32 or more random characters; a button's: 22 or more)",
        secrets.join(", ")
    ));
    notes.say(
        "each button gets a new address, https://…/b/ and its token: enter it where the button is set up"
            .into(),
    );
    notes.say("times are read in UTC until you set `timezone`".into());
    notes.say("`admins` is empty: name somebody who is told when a message could not be delivered".into());
    Imported { yaml: emit(&phone, &plans), notes: notes.0 }
}

// ---- What they wrote ----------------------------------------------------------------------------------------------

#[derive(Default)]
struct Notes(Vec<String>);

impl Notes {
    fn say(&mut self, note: String) {
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }

    fn give_up(mut self) -> Imported {
        self.say("nothing was imported: no file holds steps below the key `bt.tn`".into());
        Imported { yaml: String::new(), notes: self.0 }
    }
}

fn read(file: &str, text: &str, notes: &mut Notes) -> Option<Node> {
    match compose(text) {
        Ok((tree, findings)) => {
            for finding in findings {
                notes.say(format!("{file}:{}: {}; the first was taken", finding.line, finding.message));
            }
            Some(tree)
        }
        Err(findings) => {
            // Without the lines themselves: these files hold tokens.
            for finding in findings {
                notes.say(format!("{file}:{}:{}: {}", finding.line, finding.column, finding.message));
            }
            None
        }
    }
}

/// As the robot did: lists are appended, mappings updated, anything else replaced.
fn merge(into: &mut Node, from: Node) {
    let (Kind::Map(into), Kind::Map(from)) = (&mut into.kind, from.kind) else { return };
    for entry in from {
        let Some(known) = into.iter_mut().find(|known| known.key == entry.key) else {
            into.push(entry);
            continue;
        };
        match (&mut known.value.kind, entry.value.kind) {
            (Kind::List(old), Kind::List(new)) => old.extend(new),
            (Kind::Map(old), Kind::Map(new)) => {
                for Entry { key, place, value } in new {
                    match old.iter_mut().find(|entry| entry.key == key) {
                        Some(entry) => entry.value = value,
                        None => old.push(Entry { key, place, value }),
                    }
                }
            }
            (old, new) => *old = new,
        }
    }
}

fn within<'a>(robot: &'a Node, section: &str, key: &str) -> Option<&'a Node> {
    robot.get(section)?.get(key).filter(|node| !node.is_null())
}

fn plain_name(text: &str) -> String {
    let name: String = text
        .chars()
        .map(|sign| if sign.is_ascii_alphanumeric() || sign == '-' || sign == '_' { sign } else { '-' })
        .take(50)
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "button".into() } else { name.into() }
}

/// A number as we write it, or nothing if it could be that of two countries.
fn number(text: &str, notes: &mut Notes) -> Option<String> {
    let bare: String = text.chars().filter(|sign| !" \u{a0}-./()".contains(*sign)).collect();
    let whole = match bare.strip_prefix("00") {
        Some(rest) => format!("+{rest}"),
        // Up to ten digits may be a number within some country; more of them begin with the country's code.
        None if (11..=15).contains(&bare.len()) && !bare.starts_with('0') && !bare.starts_with('+') => {
            format!("+{bare}")
        }
        None => bare,
    };
    if !is_phone_number(&whole) {
        notes.say(format!("the number {text:?} was left out: write it with + and the country's code"));
        return None;
    }
    if whole != text {
        notes.say(format!("the number {text:?} became {whole}; check that this is what was meant"));
    }
    Some(whole)
}

/// All values of `key` in a list of one-key mappings, or in a mapping.
fn values<'a>(node: &'a Node, key: &str) -> Vec<&'a str> {
    node.items()
        .iter()
        .flat_map(Node::entries)
        .filter(|entry| entry.key == key)
        .flat_map(|entry| entry.value.items())
        .filter_map(Node::text)
        .collect()
}

struct Phone {
    account: Option<String>,
    from: Option<String>,
}

impl Phone {
    fn read(robot: &Node, notes: &mut Notes) -> Self {
        let account = within(robot, "twilio", "TWILIO_ACCOUNT_SID")
            .and_then(Node::text)
            .filter(|sid| sid.len() == 34 && sid.starts_with("AC"))
            .map(ToOwned::to_owned);
        if account.is_none() {
            notes.say("`twilio.account` is a placeholder: copy yours (AC…) from Twilio's console".into());
        }
        let from = within(robot, "twilio", "customer_service_number")
            .and_then(Node::text)
            .and_then(|text| number(text, notes));
        if from.is_none() {
            notes.say("`twilio.from` is a placeholder: write the number that you have at Twilio".into());
        }
        Self { account, from }
    }
}

struct Plan {
    name: String,
    title: String,
    moderators: Vec<String>,
    participants: Vec<String>,
    reset_minutes: Option<u32>,
    steps: Vec<Step>,
}

#[derive(Default)]
struct Step {
    markdown: Option<String>,
    file: Option<String>,
    content_type: Option<String>,
    label: Option<String>,
    sms: Vec<Said>,
    call: Vec<Said>,
}

struct Said {
    to: Vec<String>,
    words: String,
    from: Option<String>,
}

impl Plan {
    fn read(name: String, robot: &Node, notes: &mut Notes) -> Self {
        let title = within(robot, "spark", "room")
            .and_then(Node::text)
            .map(str::trim)
            .filter(|title| !title.is_empty());
        if title.is_none() {
            notes.say(format!("`{name}` names no room (`spark.room`); the space is called {name:?}"));
        }
        let mut people = |key: &str| -> Vec<String> {
            let all = within(robot, "spark", key).map(Node::items).unwrap_or_default();
            let mut good = Vec::new();
            for address in all.iter().filter_map(Node::text).map(str::trim) {
                if is_address(address) {
                    good.push(address.to_owned());
                } else {
                    notes.say(format!("{address:?} in `spark.{key}` is no mail address and was left out"));
                }
            }
            good
        };
        let (moderators, participants) = (people("moderators"), people("participants"));
        let reset = within(robot, "spark", "reset").and_then(Node::text);
        let reset_minutes =
            reset.and_then(|text| text.parse().ok()).filter(|minutes| (1..=1_000_000).contains(minutes));
        match (reset, reset_minutes) {
            (Some(text), None) => {
                notes.say(format!("`spark.reset: {text}` in `{name}` is no number of minutes; `reset_after` is six hours"));
            }
            (None, _) => notes.say(format!(
                "`{name}` had no `spark.reset`: there the count ended with the robot; here it begins again after six quiet hours (`reset_after`)"
            )),
            _ => {}
        }
        let mut steps = Vec::new();
        for (index, node) in robot.get("bt.tn").map(Node::items).unwrap_or_default().iter().enumerate() {
            let at = format!("step {} of `{name}`", index + 1);
            match Step::read(&at, node, notes) {
                Some(step) => steps.push(step),
                None => {
                    notes.say(format!("{at} does nothing that could be carried over; the later ones move up"))
                }
            }
        }
        let title = title.unwrap_or(&name).to_owned();
        Self { name, title, moderators, participants, reset_minutes, steps }
    }
}

impl Step {
    fn read(at: &str, node: &Node, notes: &mut Notes) -> Option<Self> {
        let mut step = Self::default();
        let mut message = None;
        for Entry { key, value, .. } in node.entries() {
            let text = value.text().filter(|text| !text.trim().is_empty()).map(ToOwned::to_owned);
            match key.as_str() {
                "markdown" => step.markdown = text,
                "message" => message = text,
                "file" => step.file = text,
                "type" => step.content_type = text,
                "label" => step.label = text,
                "sms" => step.sms.extend(Said::sms(at, value, notes)),
                "call" => step.call.extend(Said::call(at, value, notes)),
                "text" | "conference" => {
                    notes.say(format!("`{key}` in {at} never did anything and was left out"))
                }
                _ => notes.say(format!("`{key}` in {at} is not known and was left out")),
            }
        }
        if let Some(message) = message {
            if step.markdown.is_some() {
                notes.say(format!(
                    "`message` in {at} was left out: `markdown` stood beside it and went first"
                ));
            } else {
                if message.contains(['*', '_', '`', '#', '[', '<']) {
                    notes.say(format!("`message` in {at} is markdown now; look at its *, _, `, #, [ and <"));
                }
                step.markdown = Some(message);
            }
        }
        if step.file.is_none() {
            if step.content_type.take().is_some() {
                notes.say(format!("`type` in {at} was left out: there is no file"));
            }
            if let Some(label) = step.label.take() {
                if step.markdown.is_some() {
                    notes.say(format!("`label` in {at} was left out: there is no file"));
                } else {
                    step.markdown = Some(label);
                }
            }
        }
        if step.file.as_ref().is_some_and(|file| file.starts_with('/') || file.contains("..")) {
            notes.say(format!(
                "the file in {at} lies elsewhere: put it beside handbell.yaml and change its name here"
            ));
        }
        let texts =
            step.sms.iter().chain(&step.call).map(|said| said.words.as_str()).chain(step.markdown.as_deref());
        if ["{button}", "{count}", "{time}", "{incident}"]
            .iter()
            .any(|word| texts.clone().any(|text| text.contains(word)))
        {
            notes.say(format!(
                "a word in braces in {at} is replaced here: {{button}}, {{count}}, {{time}} and {{incident}}"
            ));
        }
        let speaks = step.markdown.is_some() || step.file.is_some();
        (speaks || !step.sms.is_empty() || !step.call.is_empty()).then_some(step)
    }
}

impl Said {
    fn targets(
        at: &str,
        what: &str,
        node: &Node,
        notes: &mut Notes,
    ) -> Option<(Vec<String>, Option<String>)> {
        let to: Vec<String> =
            values(node, "number").into_iter().filter_map(|text| number(text, notes)).collect();
        if to.is_empty() {
            notes.say(format!("the {what} of {at} has no number and was left out"));
            return None;
        }
        let from = values(node, "from").last().and_then(|text| {
            if is_sender(text)
                && (what == "SMS" || is_phone_number(text))
                && !text.bytes().all(|byte| byte.is_ascii_digit())
            {
                Some((*text).to_owned())
            } else {
                number(text, notes)
            }
        });
        Some((to, from))
    }

    fn unknown(at: &str, what: &str, node: &Node, known: &[&str], notes: &mut Notes) {
        for entry in node.items().iter().flat_map(Node::entries) {
            if !known.contains(&entry.key.as_str()) {
                notes.say(format!("`{}` in the {what} of {at} is not known and was left out", entry.key));
            }
        }
    }

    fn sms(at: &str, node: &Node, notes: &mut Notes) -> Option<Self> {
        Self::unknown(at, "SMS", node, &["message", "number", "from"], notes);
        let Some(words) = values(node, "message")
            .last()
            .filter(|text| !text.trim().is_empty())
            .map(|text| (*text).to_owned())
        else {
            notes.say(format!("the SMS of {at} has no message and was left out"));
            return None;
        };
        let (to, from) = Self::targets(at, "SMS", node, notes)?;
        Some(Self { to, words, from })
    }

    fn call(at: &str, node: &Node, notes: &mut Notes) -> Option<Self> {
        Self::unknown(at, "call", node, &["number", "say", "from", "url"], notes);
        if !values(node, "url").is_empty() {
            notes.say(format!("`url` in the call of {at} was left out: what is said stands in `say` here"));
        }
        let words =
            values(node, "say").last().filter(|text| !text.trim().is_empty()).map(|text| (*text).to_owned());
        let words = words.unwrap_or_else(|| {
            notes.say(format!("the call of {at} says a sentence of ours; change `say` to what it shall say"));
            "Please check Webex.".into()
        });
        let (to, from) = Self::targets(at, "call", node, notes)?;
        Some(Self { to, words, from })
    }
}

/// Notes about everything outside of the steps that has no place here.
fn leftovers(robot: &Node, notes: &mut Notes) {
    for Entry { key: section, value, .. } in robot.entries() {
        match section.as_str() {
            "bt.tn" => {}
            "spark" | "twilio" | "server" => {
                for entry in value.entries() {
                    if !entry.value.is_null() {
                        leftover(section, &entry.key, notes);
                    }
                }
            }
            // What stands there is not repeated: it may be a secret.
            _ => notes.say(format!("`{section}` is not known and was left out")),
        }
    }
}

fn leftover(section: &str, key: &str, notes: &mut Notes) {
    let clear = |name: &str| {
        format!(
            "`{key}` stood in the file in clear and was not carried over: make a new one, and put it into the secrets document as {name:?}"
        )
    };
    notes.say(match (section, key) {
        ("spark", "room" | "moderators" | "participants" | "reset")
        | ("twilio", "customer_service_number" | "TWILIO_ACCOUNT_SID")
        | ("server", "default") => return,
        ("spark", "CISCO_SPARK_BTTN_BOT") => clear("webex"),
        ("twilio", "TWILIO_AUTH_TOKEN") => clear("twilio"),
        ("server", "key") => "`server.key` was left out: a button's token is a secret of its own here".into(),
        ("server", "port") => "`server.port` was left out: there is no server to run; for a laptop there is `handbell local --port`".into(),
        ("server", "url") => "`server.url` was left out: the public address is that of the deployment (HANDBELL_PUBLIC_URL)".into(),
        _ => format!("`{section}.{key}` is not known and was left out"),
    });
}

// ---- What we write ------------------------------------------------------------------------------------------------

fn emit(phone: &Phone, plans: &[Plan]) -> String {
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

fn pair(out: &mut String, indent: usize, key: &str, value: &str) {
    let _ = write!(out, "{:indent$}{key}: ", "");
    if value.contains('\n') && fits_block(value) {
        let body = value.trim_end_matches('\n');
        let keep = match value.len() - body.len() {
            0 => "-",
            1 => "",
            _ => "+",
        };
        let _ = writeln!(out, "|{keep}");
        let rest = if keep == "+" { &value[..value.len() - 1] } else { body };
        for line in rest.split('\n') {
            let pad = if line.is_empty() { 0 } else { indent + 2 };
            let _ = writeln!(out, "{:pad$}{line}", "");
        }
    } else {
        let _ = writeln!(out, "{}", scalar(value));
    }
}

/// True if a block of lines brings the text back as it was.
fn fits_block(text: &str) -> bool {
    !text.starts_with([' ', '\t', '\n'])
        && text.split('\n').all(|line| line.trim_matches([' ', '\t']).is_empty() == line.is_empty())
        && text.chars().all(|sign| sign == '\n' || sign == '\t' || printable(sign))
}

fn printable(sign: char) -> bool {
    matches!(sign, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{fdff}' | '\u{fe00}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}

fn key(name: &str) -> String {
    let safe = name.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && !["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
            .contains(&name.to_ascii_lowercase().as_str());
    if safe { name.into() } else { scalar(name) }
}

/// Text in double quotes, unless it is a plain word, name or address.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|sign: char| sign.is_ascii_alphabetic())
        && text.contains(['-', '@', '/'])
        && text.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_@/.".contains(sign));
    if plain {
        return text.into();
    }
    let mut out = String::from("\"");
    for sign in text.chars() {
        match sign {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            sign if printable(sign) => out.push(sign),
            sign => {
                let _ = write!(out, "\\U{:08X}", u32::from(sign));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{check, render};

    /// The shape of the first generation's sample: all keys that it knew, in the places where it had them.
    const SEED: &str = r#"
bt.tn:

  # first press
  - markdown: |
        All hands
        =========

        The [button](https://example.com/b.jpg) was pressed: *now*, **here**, with `care`.

          * one
          * two

        Press again for ㋡ more.

    file: files/dashboard.png
    type: "image/png"
    label: "How the server does"

  - sms:
      - message: "Look at Cisco Spark"
      - number: "+352691496401"

    markdown: |
        Read [this](https://example.com/a_(b)) first.
    file: files/Form.pdf
    type: "application/pdf"
    label: "The form"

  - call:
      - number: "+352691496401"
      - say: "Hello, there is something in the room"

    markdown: |
        A phone rings.

  - file: files/one.png
    type: "image/png"
    label: "One"

  - file: files/two.png
    type: "image/png"
    label: "Two"

spark:
    room: "Green Power Demonstration"
    moderators:
      - m1@example.com
      - m2@example.com
    participants:
      - p1@example.com
    # CISCO_SPARK_BTTN_BOT: "<token>"

twilio:
    customer_service_number: "33644606827"
    # TWILIO_ACCOUNT_SID: "<sid>"

server:
    port: 8080
    #url: "http://example.com/"
"#;

    fn config(imported: &Imported) -> handbell_core::config::Config {
        let found = check(&imported.yaml, &|_| true);
        found.unwrap_or_else(|found| {
            panic!("{}\n{}", imported.yaml, render("handbell.yaml", &imported.yaml, &found))
        })
    }

    #[test]
    fn the_first_generation() {
        let imported = import(SEED, &[]);
        let config = config(&imported);
        let plan = &config.plans["button"];
        assert_eq!(plan.space.title, "Green Power Demonstration");
        assert_eq!(plan.space.moderators, ["m1@example.com", "m2@example.com"]);
        assert_eq!(plan.steps.len(), 5);
        assert_eq!(config.from(), "+33644606827");
        assert_eq!(plan.steps[1].sms[0].to, ["+352691496401"]);
        assert_eq!(plan.steps[2].call[0].say, "Hello, there is something in the room");
        let first = plan.steps[0].post.as_ref().expect("a post");
        assert_eq!(first.file.as_deref(), Some("files/dashboard.png"));
        assert!(first.markdown.as_deref().is_some_and(|text| text.starts_with("All hands\n=====")
            && text.contains("\n  * two\n\nPress again for ㋡ more.\n")));
        insta::assert_snapshot!(imported.yaml, @r#"
        # Made by `handbell import bttn` from the button robot's files.
        # Look through it, then run `handbell check handbell.yaml`.
        #
        # No secret stands in here: { secret: NAME } is looked up in the secrets document.

        # Where you are: the times that people read are written for this zone, such as Europe/Paris.
        timezone: UTC

        webex:
          token: { secret: webex }
          webhook: { secret: webex-webhook }

        twilio:
          account: AC00000000000000000000000000000000 # a placeholder: yours is in Twilio's console
          token: { secret: twilio }
          from: "+33644606827"

        # Who is told when a message could not be delivered: `webex` by mail address, `sms` by number.
        admins:
          webex: []
          sms: []

        plans:
          button:
            space:
              title: "Green Power Demonstration"
              reuse: always
              moderators:
                - m1@example.com
                - m2@example.com
              participants:
                - p1@example.com
            reset_after: 6h
            steps:
              # press 1
              - post:
                  markdown: |
                    All hands
                    =========

                    The [button](https://example.com/b.jpg) was pressed: *now*, **here**, with `care`.

                      * one
                      * two

                    Press again for ㋡ more.
                  file: files/dashboard.png
                  type: image/png
                  label: "How the server does"
              # press 2
              - sms:
                  - to: ["+352691496401"]
                    text: "Look at Cisco Spark"
                post:
                  markdown: |
                    Read [this](https://example.com/a_(b)) first.
                  file: files/Form.pdf
                  type: application/pdf
                  label: "The form"
              # press 3
              - call:
                  - to: ["+352691496401"]
                    say: "Hello, there is something in the room"
                post:
                  markdown: |
                    A phone rings.
              # press 4
              - post:
                  file: files/one.png
                  type: image/png
                  label: "One"
              # press 5
              - post:
                  file: files/two.png
                  type: image/png
                  label: "Two"

        buttons:
          button:
            plan: button
            token: { secret: button-button }
        "#);
        insta::assert_snapshot!(imported.notes.join("\n"), @r#"
        `button` had no `spark.reset`: there the count ended with the robot; here it begins again after six quiet hours (`reset_after`)
        `twilio.account` is a placeholder: copy yours (AC…) from Twilio's console
        the number "33644606827" became +33644606827; check that this is what was meant
        `server.port` was left out: there is no server to run; for a laptop there is `handbell local --port`
        Cisco Spark is called Webex today; your texts were left as they are
        put these files beside handbell.yaml, under the same names: files/dashboard.png, files/Form.pdf, files/one.png, files/two.png
        put these into the secrets document: webex, webex-webhook, twilio, button-button (webex-webhook: 32 or more random characters; a button's: 22 or more)
        each button gets a new address, https://…/b/ and its token: enter it where the button is set up
        times are read in UTC until you set `timezone`
        `admins` is empty: name somebody who is told when a message could not be delivered
        "#);
    }

    #[test]
    fn the_second_generation_has_a_file_for_each_button() {
        let shared = "\
spark:
  moderators: boss@example.com
  reset: 360
  CISCO_SPARK_BTTN_BOT: very-secret
twilio:
  customer_service_number: 33644606827
  TWILIO_ACCOUNT_SID: AC0123456789abcdef0123456789abcdef
  TWILIO_AUTH_TOKEN: very-secret
server: { url: \"http://example.com\", default: incident, key: very-secret }
";
        let incident = "\
spark: { room: Incidents, participants: [a@example.com, nobody] }
bt.tn:
  - message: 'a *message*'
  - call: [{ number: 0044 20 7946 0000 }, { number: 7946 0000 }, { url: 'http://example.com/x' }, { from: '+442079460001' }]
";
        let request = "\
spark: { room: Requests, reset: 20 }
bt.tn:
  - { text: unused, markdown: 'said', message: 'unsaid', colour: red }
  - sms: [{ message: 'Come' }, { number: '+352691496401' }, { number: '+352691496402' }, { from: Shop }]
  - conference: x
";
        let imported =
            import(shared, &[("incident".into(), incident.into()), ("on call!".into(), request.into())]);
        let config = config(&imported);
        assert!(!imported.yaml.contains("very-secret") && !imported.notes.concat().contains("very-secret"));
        let account = config.twilio.as_ref().map(|twilio| twilio.account.as_str());
        assert_eq!(account, Some("AC0123456789abcdef0123456789abcdef"));
        let incident = &config.plans["incident"];
        assert_eq!(incident.space.moderators, ["boss@example.com"]);
        assert_eq!(incident.reset_after.0, jiff::SignedDuration::from_hours(6));
        assert_eq!(incident.steps[1].call[0].to, ["+442079460000"]);
        assert_eq!(incident.steps[1].call[0].from.as_deref(), Some("+442079460001"));
        let request = &config.plans["on-call"];
        assert_eq!(request.reset_after.0, jiff::SignedDuration::from_mins(20));
        assert_eq!(request.steps.len(), 2);
        assert_eq!(request.steps[1].sms[0].to.len(), 2);
        assert_eq!(request.steps[1].sms[0].from.as_deref(), Some("Shop"));
        assert_eq!(config.buttons["on-call"].token.names().collect::<Vec<_>>(), ["button-on-call"]);
        insta::assert_snapshot!(imported.notes.join("\n"), @r#"
        "nobody" in `spark.participants` is no mail address and was left out
        `message` in step 1 of `incident` is markdown now; look at its *, _, `, #, [ and <
        `url` in the call of step 2 of `incident` was left out: what is said stands in `say` here
        the call of step 2 of `incident` says a sentence of ours; change `say` to what it shall say
        the number "0044 20 7946 0000" became +442079460000; check that this is what was meant
        the number "7946 0000" was left out: write it with + and the country's code
        the button "on call!" is called `on-call` now: a name is letters, digits, - and _
        `text` in step 1 of `on-call` never did anything and was left out
        `colour` in step 1 of `on-call` is not known and was left out
        `message` in step 1 of `on-call` was left out: `markdown` stood beside it and went first
        `conference` in step 3 of `on-call` never did anything and was left out
        step 3 of `on-call` does nothing that could be carried over; the later ones move up
        `server.default`: here every button has an address of its own, and there is no default one
        the number "33644606827" became +33644606827; check that this is what was meant
        `CISCO_SPARK_BTTN_BOT` stood in the file in clear and was not carried over: make a new one, and put it into the secrets document as "webex"
        `TWILIO_AUTH_TOKEN` stood in the file in clear and was not carried over: make a new one, and put it into the secrets document as "twilio"
        `server.url` was left out: the public address is that of the deployment (HANDBELL_PUBLIC_URL)
        `server.key` was left out: a button's token is a secret of its own here
        put these into the secrets document: webex, webex-webhook, twilio, button-incident, button-on-call (webex-webhook: 32 or more random characters; a button's: 22 or more)
        each button gets a new address, https://…/b/ and its token: enter it where the button is set up
        times are read in UTC until you set `timezone`
        `admins` is empty: name somebody who is told when a message could not be delivered
        "#);
    }

    #[test]
    fn lists_of_the_shared_file_come_first() {
        let imported =
            import("bt.tn:\n  - markdown: first\n", &[("b".into(), "bt.tn:\n  - markdown: second\n".into())]);
        let config = config(&imported);
        let said: Vec<_> =
            config.plans["b"].steps.iter().filter_map(|step| step.post.as_ref()?.markdown.clone()).collect();
        assert_eq!(said, ["first", "second"]);
    }

    #[test]
    fn what_holds_nothing_says_so() {
        for text in [
            "",
            "- 1",
            "bt.tn:",
            "bt.tn: [1, 2]",
            "bt.tn: {a: b}",
            "a: [",
            "\tx: 1",
            "bt.tn: [{sms: [{message: hi}]}]",
        ] {
            let imported = import(text, &[]);
            assert_eq!(imported.yaml, "", "{text}");
            assert!(
                imported.notes.last().is_some_and(|note| note.contains("nothing was imported")),
                "{text}"
            );
        }
    }

    #[test]
    fn texts_come_back_as_they_were() {
        let texts = [
            "x",
            "two\nlines",
            "two\nlines\n",
            "more\n\n\n",
            "\nfirst empty\n",
            "  indented\nx\n",
            "# not a comment\n- x: y\n",
            "a: b",
            "'",
            "\"",
            "\\",
            "{count} [x] *y* &z",
            "yes",
            "~",
            "007",
            "- ",
            "tab\there\nx",
            "trailing \nx\n",
            "  \nx\n",
            "x\n  \ny",
            "\u{7f}\u{85}\u{2028}\u{feff}\nx",
            "㋡ 🔔\nä",
            "cr\r\nlf",
            "%x\n---\n...\n",
            "\u{0}\nx",
            "x\n\ty\n",
            "---\nx",
            "a\u{a0}\n\u{a0}b",
        ];
        for text in texts {
            let step = Step { markdown: Some(text.into()), label: Some(text.into()), ..Step::default() };
            let plan = Plan {
                name: "on".into(),
                title: text.into(),
                moderators: vec![],
                participants: vec![],
                reset_minutes: None,
                steps: vec![step],
            };
            let yaml = emit(&Phone { account: None, from: None }, &[plan]);
            let config: handbell_core::config::Config =
                serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{text:?}: {error}\n{yaml}"));
            let plan = &config.plans["on"];
            assert_eq!(plan.space.title, text, "{yaml}");
            let post = plan.steps[0].post.as_ref().expect("a post");
            assert_eq!(post.markdown.as_deref(), Some(text), "{yaml}");
        }
    }

    #[test]
    fn numbers_get_a_plus_only_if_it_is_clear() {
        for (theirs, ours) in [
            ("33644606827", Some("+33644606827")),
            ("+352 691-496.401", Some("+352691496401")),
            ("0033644606827", Some("+33644606827")),
            ("+1 (202) 555-0100", Some("+12025550100")),
            ("0644606827", None),
            ("2025550100", None),
            ("Shop", None),
            ("", None),
            ("+", None),
        ] {
            let mut notes = Notes::default();
            assert_eq!(number(theirs, &mut notes).as_deref(), ours, "{theirs}");
            assert_eq!(notes.0.is_empty(), Some(theirs) == ours, "{theirs}");
        }
    }
}
