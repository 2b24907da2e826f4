//! Converts the steps of one of the robot's buttons to a plan.

use handbell_core::address::{E164, EmailAddress, SmsSender};

use super::notes::Notes;
use super::robot::{number, values, within};
use crate::check::{Entry, Node};

pub(super) struct Plan {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) moderators: Vec<String>,
    pub(super) participants: Vec<String>,
    pub(super) reset_minutes: Option<u32>,
    pub(super) steps: Vec<Step>,
}

#[derive(Default)]
pub(super) struct Step {
    pub(super) markdown: Option<String>,
    pub(super) file: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) label: Option<String>,
    pub(super) sms: Vec<Said>,
    pub(super) call: Vec<Said>,
}

pub(super) struct Said {
    pub(super) to: Vec<String>,
    pub(super) words: String,
    pub(super) from: Option<String>,
}

impl Plan {
    pub(super) fn read(name: String, robot: &Node, notes: &mut Notes) -> Self {
        let title = within(robot, "spark", "room")
            .and_then(Node::text)
            .map(str::trim)
            .filter(|title| !title.is_empty());
        if title.is_none() {
            notes.say(format!("`{name}` has no room (`spark.room`), so its space is called {name:?}"));
        }
        let mut people = |key: &str| -> Vec<String> {
            let all = within(robot, "spark", key).map(Node::items).unwrap_or_default();
            let mut good = Vec::new();
            for address in all.iter().filter_map(Node::text).map(str::trim) {
                if EmailAddress::is_valid(address) {
                    good.push(address.to_owned());
                } else {
                    notes.say(format!("{address:?} in `spark.{key}` was left out: it is not a mail address"));
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
                notes.say(format!("`spark.reset: {text}` in `{name}` is not a number of minutes; `reset_after` is six hours"));
            }
            (None, _) => notes.say(format!(
                "`{name}` had no `spark.reset`, so the robot counted until its restart; Handbell starts again after six quiet hours (`reset_after`)"
            )),
            _ => {}
        }
        let mut steps = Vec::new();
        for (index, node) in robot.get("bt.tn").map(Node::items).unwrap_or_default().iter().enumerate() {
            let at = format!("step {} of `{name}`", index + 1);
            match Step::read(&at, node, notes) {
                Some(step) => steps.push(step),
                None => notes.say(format!(
                    "{at} was left out: it does nothing that can be imported; the later steps move up"
                )),
            }
        }
        let title = title.unwrap_or(&name).to_owned();
        Self { name, title, moderators, participants, reset_minutes, steps }
    }
}

impl Step {
    pub(super) fn read(at: &str, node: &Node, notes: &mut Notes) -> Option<Self> {
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
                    notes.say(format!("`{key}` in {at} was left out: it never did anything"))
                }
                _ => notes.say(format!("`{key}` in {at} was left out: it is unknown")),
            }
        }
        step.carry_over(message, at, notes);
        step.remark(at, notes);
        let speaks = step.markdown.is_some() || step.file.is_some();
        (speaks || !step.sms.is_empty() || !step.call.is_empty()).then_some(step)
    }

    /// Moves `message`, and the label of a missing file, into the fields that a plan has for them.
    fn carry_over(&mut self, message: Option<String>, at: &str, notes: &mut Notes) {
        if let Some(message) = message {
            if self.markdown.is_some() {
                notes.say(format!(
                    "`message` in {at} was left out: the step also has `markdown`, which took precedence"
                ));
            } else {
                if message.contains(['*', '_', '`', '#', '[', '<']) {
                    notes.say(format!("`message` in {at} is now Markdown; check its *, _, `, #, [ and <"));
                }
                self.markdown = Some(message);
            }
        }
        if self.file.is_none() {
            if self.content_type.take().is_some() {
                notes.say(format!("`type` in {at} was left out: there is no file"));
            }
            if let Some(label) = self.label.take() {
                if self.markdown.is_some() {
                    notes.say(format!("`label` in {at} was left out: there is no file"));
                } else {
                    self.markdown = Some(label);
                }
            }
        }
    }

    /// Notes what was imported and still needs a review.
    fn remark(&self, at: &str, notes: &mut Notes) {
        if self.file.as_ref().is_some_and(|file| file.starts_with('/') || file.contains("..")) {
            notes.say(format!(
                "the file in {at} is in another folder: put it beside handbell.yaml and correct its name"
            ));
        }
        let mut texts =
            self.sms.iter().chain(&self.call).map(|said| said.words.as_str()).chain(self.markdown.as_deref());
        if texts.any(|text| text.contains('{')) {
            notes.say(format!(
                "a word in braces in {at} is a placeholder in Handbell: {{button}}, {{count}}, {{time}} and {{incident}}; remove the braces around other words"
            ));
        }
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
            notes.say(format!("the {what} of {at} was left out: it has no valid number"));
            return None;
        }
        let from = values(node, "from").last().and_then(|text| {
            if text.parse::<SmsSender>().is_ok()
                && (what == "SMS" || text.parse::<E164>().is_ok())
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
                notes.say(format!("`{}` in the {what} of {at} was left out: it is unknown", entry.key));
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
            notes.say(format!("the SMS of {at} was left out: it has no message"));
            return None;
        };
        let (to, from) = Self::targets(at, "SMS", node, notes)?;
        Some(Self { to, words, from })
    }

    fn call(at: &str, node: &Node, notes: &mut Notes) -> Option<Self> {
        Self::unknown(at, "call", node, &["number", "say", "from", "url"], notes);
        if !values(node, "url").is_empty() {
            notes.say(format!(
                "`url` in the call of {at} was left out: in Handbell, `say` holds the spoken text"
            ));
        }
        let words =
            values(node, "say").last().filter(|text| !text.trim().is_empty()).map(|text| (*text).to_owned());
        let words = words.unwrap_or_else(|| {
            notes.say(format!(
                "the call of {at} has no text of its own; change `say` to the text that you want"
            ));
            "Please check Webex.".into()
        });
        let (to, from) = Self::targets(at, "call", node, notes)?;
        Some(Self { to, words, from })
    }
}
