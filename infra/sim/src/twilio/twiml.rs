//! Parses TwiML, Handbell's instructions for calls and texts.

use std::time::Duration;

use roxmltree::{Document, Node};

/// An instruction of a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verb {
    Say(String),
    Play(String),
    Pause,
    Gather(Gather),
    Redirect {
        url: String,
        post: bool,
    },
    Hangup,
    Reject {
        busy: bool,
    },
    Dial(Dial),
    Record(Record),
    Message(Reply),
    /// An unknown instruction, or one that is not simulated.
    Unknown(String),
}

/// Waits for keys.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Gather {
    pub(super) action: Option<String>,
    pub(super) post: bool,
    pub(super) num_digits: Option<usize>,
    pub(super) finish_on_key: Option<char>,
    pub(super) timeout: Duration,
    pub(super) action_on_empty: bool,
    pub(super) prompts: Vec<Verb>,
}

/// Records what the person says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    pub(super) action: Option<String>,
    pub(super) post: bool,
    pub(super) max_length: Duration,
    /// Silence that ends the recording.
    pub(super) timeout: Duration,
    /// Keys that end the recording.
    pub(super) finish_on_key: String,
    pub(super) beep: bool,
    pub(super) status_callback: Option<String>,
    pub(super) status_post: bool,
    /// Events of the status callback: `in-progress`, `completed`, `absent`.
    pub(super) events: Vec<String>,
}

/// Calls another person and connects the two.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dial {
    pub(super) numbers: Vec<String>,
    pub(super) caller_id: Option<String>,
    pub(super) timeout: Duration,
    pub(super) action: Option<String>,
    pub(super) post: bool,
}

/// Answers a text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Reply {
    pub(super) body: String,
    pub(super) media: Vec<String>,
    pub(super) to: Option<String>,
    pub(super) from: Option<String>,
    pub(super) status_callback: Option<String>,
}

/// Parses the verbs of a document. Returns `None` if Twilio would refuse it with 12100.
pub(super) fn parse(text: &str) -> Option<Vec<Verb>> {
    // Twilio trims nothing, so an XML declaration must come first. roxmltree refuses DTDs, and so entity bombs.
    let document = Document::parse(text.strip_prefix('\u{feff}').unwrap_or(text)).ok()?;
    let root = document.root_element();
    root.has_tag_name("Response").then(|| verbs(root))
}

fn verbs(parent: Node) -> Vec<Verb> {
    parent.children().filter(Node::is_element).flat_map(verb).collect()
}

fn verb(node: Node) -> Vec<Verb> {
    let one = match node.tag_name().name() {
        "Say" => return vec![Verb::Say(words(node)); times(node)],
        "Play" => return vec![Verb::Play(words(node)); times(node)],
        "Pause" => Verb::Pause,
        "Gather" => Verb::Gather(Gather {
            action: attribute(node, "action"),
            post: posts(node),
            num_digits: node.attribute("numDigits").and_then(|digits| digits.parse().ok()),
            // With an empty value, no key ends the input.
            finish_on_key: node.attribute("finishOnKey").unwrap_or("#").chars().next(),
            timeout: seconds(node, "timeout", 5),
            action_on_empty: node.attribute("actionOnEmptyResult") == Some("true"),
            prompts: verbs(node),
        }),
        "Redirect" => Verb::Redirect { url: words(node), post: posts(node) },
        "Hangup" => Verb::Hangup,
        "Reject" => Verb::Reject { busy: node.attribute("reason") == Some("busy") },
        "Dial" => {
            let mut numbers: Vec<_> =
                node.children().filter(|child| child.has_tag_name("Number")).map(words).collect();
            if numbers.is_empty() {
                numbers.push(words(node));
            }
            Verb::Dial(Dial {
                numbers,
                caller_id: attribute(node, "callerId"),
                timeout: seconds(node, "timeout", 30),
                action: attribute(node, "action"),
                post: posts(node),
            })
        }
        "Record" => Verb::Record(Record {
            action: attribute(node, "action"),
            post: posts(node),
            max_length: seconds(node, "maxLength", 3600),
            timeout: seconds(node, "timeout", 5),
            finish_on_key: node.attribute("finishOnKey").unwrap_or("1234567890*#").to_owned(),
            beep: node.attribute("playBeep") != Some("false"),
            status_callback: attribute(node, "recordingStatusCallback"),
            status_post: is_post(node, "recordingStatusCallbackMethod"),
            events: node
                .attribute("recordingStatusCallbackEvent")
                .unwrap_or("completed")
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
        }),
        "Message" | "Sms" => {
            let part = |name| node.children().filter(move |child| child.has_tag_name(name)).map(words);
            // The text is directly in the verb or in <Body>.
            let body = part("Body").next().unwrap_or_else(|| own_words(node));
            Verb::Message(Reply {
                body,
                media: part("Media").collect(),
                to: attribute(node, "to"),
                from: attribute(node, "from"),
                status_callback: attribute(node, "statusCallback").or_else(|| attribute(node, "action")),
            })
        }
        other => Verb::Unknown(other.to_owned()),
    };
    vec![one]
}

/// Returns the spoken text of a node: without SSML tags, and with white space collapsed.
fn words(node: Node) -> String {
    let text: String = node.descendants().filter(Node::is_text).filter_map(|text| text.text()).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the text directly in a node, with its line breaks, since people read it.
fn own_words(node: Node) -> String {
    let text: String = node.children().filter(Node::is_text).filter_map(|text| text.text()).collect();
    text.trim().to_owned()
}

/// Reads `loop`. 0 means forever, which is limited here.
fn times(node: Node) -> usize {
    match node.attribute("loop").and_then(|times| times.parse().ok()) {
        Some(0) => 10,
        Some(times) => usize::min(times, 10),
        None => 1,
    }
}

fn posts(node: Node) -> bool {
    is_post(node, "method")
}

fn is_post(node: Node, name: &str) -> bool {
    !node.attribute(name).is_some_and(|method| method.eq_ignore_ascii_case("GET"))
}

fn attribute(node: Node, name: &str) -> Option<String> {
    node.attribute(name).filter(|value| !value.is_empty()).map(str::to_owned)
}

fn seconds(node: Node, name: &str, default: u64) -> Duration {
    Duration::from_secs(node.attribute(name).and_then(|seconds| seconds.parse().ok()).unwrap_or(default))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_menu() {
        let verbs = parse(
            r#"<?xml version="1.0" encoding="UTF-8"?>
            <Response>
              <!-- a comment -->
              <Gather numDigits="1" timeout="7" action="/key?i=1&amp;s=2" method="get" actionOnEmptyResult="true">
                <Say voice="Polly.Joanna">Hall &lt;4&gt;:
                  <emphasis>fire</emphasis>.</Say>
                <Pause length="1"/>
              </Gather>
              <Say loop="2">Bye</Say>
              <Hangup/>
            </Response>"#,
        );
        let gather = Gather {
            action: Some("/key?i=1&s=2".into()),
            post: false,
            num_digits: Some(1),
            finish_on_key: Some('#'),
            timeout: Duration::from_secs(7),
            action_on_empty: true,
            prompts: vec![Verb::Say("Hall <4>: fire.".into()), Verb::Pause],
        };
        let bye = || Verb::Say("Bye".into());
        assert_eq!(verbs, Some(vec![Verb::Gather(gather), bye(), bye(), Verb::Hangup]));
    }

    #[test]
    fn replies_and_dials() {
        let verbs = parse(
            "<Response><Message action='https://a.example/s'>One\ntwo</Message><Message><Body>B</Body><Media>https://a.example/m.png</Media></Message>\
             <Dial callerId='+12025550100' timeout='20'><Number>+12025550111</Number></Dial><Dial>+12025550112</Dial><Reject reason='busy'/><Fly/></Response>",
        )
        .unwrap_or_default();
        assert!(
            matches!(&verbs[0], Verb::Message(reply) if reply.body == "One\ntwo" && reply.status_callback.is_some())
        );
        assert!(matches!(&verbs[1], Verb::Message(reply) if reply.body == "B" && reply.media.len() == 1));
        assert!(
            matches!(&verbs[2], Verb::Dial(dial) if dial.numbers == ["+12025550111"] && dial.timeout.as_secs() == 20)
        );
        assert!(
            matches!(&verbs[3], Verb::Dial(dial) if dial.numbers == ["+12025550112"] && dial.caller_id.is_none())
        );
        assert_eq!(verbs[4..], [Verb::Reject { busy: true }, Verb::Unknown("Fly".into())]);
    }

    #[test]
    fn a_recording() {
        let verbs = parse(
            "<Response><Record/><Record action='/done' method='GET' maxLength='120' timeout='10' finishOnKey='#' playBeep='false' \
             recordingStatusCallback='/told' recordingStatusCallbackEvent='completed absent' trim='do-not-trim' transcribe='true'/></Response>",
        )
        .unwrap_or_default();
        assert!(
            matches!(&verbs[0], Verb::Record(record) if record.beep && record.post && record.finish_on_key == "1234567890*#"
                && record.max_length.as_secs() == 3600 && record.timeout.as_secs() == 5 && record.events == ["completed"])
        );
        let wanted = Record {
            action: Some("/done".into()),
            post: false,
            max_length: Duration::from_secs(120),
            timeout: Duration::from_secs(10),
            finish_on_key: "#".into(),
            beep: false,
            status_callback: Some("/told".into()),
            status_post: true,
            events: vec!["completed".into(), "absent".into()],
        };
        assert_eq!(verbs[1..], [Verb::Record(wanted)]);
    }

    #[test]
    fn what_is_not_twiml() {
        for text in [
            "",
            "hello",
            "<Response>",
            "<response/>",
            "<!DOCTYPE x [<!ENTITY a 'b'>]><Response><Say>&a;</Say></Response>",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse("<Response/>"), Some(vec![]));
    }
}
