//! TwiML: instructions to Twilio for a call or a text, as XML (Twilio, TwiML reference).

mod xml;

use handbell_core::address::E164;
use xml::{close, open};

/// Maximum size of a response to Twilio, in bytes (Twilio, error dictionary, 11750).
pub const BYTES_MAX: usize = 64 * 1024;

/// An instruction. Twilio executes the verbs of a response in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads a text aloud.
    Say {
        /// The text.
        text: String,
        /// Language, such as `en-US`; none for the account's own.
        language: Option<String>,
        /// Voice, such as `Polly.Joanna`; none for the account's own.
        voice: Option<String>,
    },
    /// Plays or reads something and waits for keys meanwhile. If no key is pressed, the next verb follows.
    Gather {
        /// URL that receives the keys with POST.
        action: String,
        /// Number of keys after which Twilio stops waiting.
        num_digits: Option<u32>,
        /// Seconds to wait for the next key.
        timeout: u32,
        /// What the caller hears: only [`Verb::Say`], [`Verb::Play`] and [`Verb::Pause`].
        verbs: Vec<Verb>,
    },
    /// Continues with the verbs that this URL returns to a POST.
    Redirect {
        /// The URL.
        url: String,
    },
    /// Waits in silence.
    Pause {
        /// Length of the pause.
        seconds: u32,
    },
    /// Plays an audio file.
    Play {
        /// URL of the file.
        url: String,
    },
    /// Connects the caller with another number.
    Dial {
        /// The number to call.
        number: E164,
        /// The number shown as the caller; none for the caller's own, where that is allowed.
        caller_id: Option<E164>,
        /// Seconds for which the phone rings.
        timeout: u32,
        /// URL that Twilio requests with POST afterwards.
        action: Option<String>,
        /// Seconds after which the connection ends; four hours by default.
        time_limit: Option<u32>,
    },
    /// Records the caller after a beep, without the silence before and after.
    Record {
        /// URL that Twilio requests with POST afterwards. If the caller says nothing, the next verb follows instead.
        action: String,
        /// URL that Twilio requests with POST once the recording can be fetched.
        recording_callback: Option<String>,
        /// Maximum length in seconds.
        max_seconds: u32,
        /// Seconds of silence that end the recording.
        silence: u32,
        /// The key that ends the recording: a digit, `*` or `#`.
        finish_on_key: char,
    },
    /// Ends the call.
    Hangup,
    /// Rejects the call, which then costs nothing. Only allowed as the first verb.
    Reject {
        /// True if the caller hears a busy signal, false if the caller hears that the number isn't in service.
        busy: bool,
    },
    /// Replies to a text.
    Message {
        /// The text, not longer than [`crate::twilio::BODY_MAX`]; see [`crate::twilio::fit`].
        text: String,
        /// URL that receives the reply's receipts.
        status: Option<String>,
    },
}

/// Why verbs can't be written as TwiML.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritable {
    /// Twilio would reject the response, and the caller would hear an error (Twilio, error dictionary, 11750).
    #[error("the answer to Twilio has {0} bytes, 65536 are allowed")]
    TooLong(usize),
    /// A [`Verb::Gather`] contains a verb other than Say, Play and Pause (Twilio, TwiML reference).
    #[error("only Say, Play and Pause may stand in a Gather")]
    NotHeard,
}

/// Returns the verbs as TwiML. A response without verbs is valid and does nothing.
pub fn response(verbs: &[Verb]) -> Result<String, Unwritable> {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>");
    for verb in verbs {
        write(&mut xml, verb)?;
    }
    xml.push_str("</Response>");
    if xml.len() > BYTES_MAX { Err(Unwritable::TooLong(xml.len())) } else { Ok(xml) }
}

fn write(xml: &mut String, verb: &Verb) -> Result<(), Unwritable> {
    match verb {
        Verb::Say { .. } | Verb::Pause { .. } | Verb::Play { .. } => write_heard(xml, verb)?,
        Verb::Gather { action, num_digits, timeout, verbs } => {
            let (digits, timeout) = (num_digits.map(|n| n.to_string()), timeout.to_string());
            open(
                xml,
                "Gather",
                &[
                    ("input", Some("dtmf")),
                    ("action", Some(action)),
                    ("method", Some("POST")),
                    ("numDigits", digits.as_deref()),
                    ("timeout", Some(&timeout)),
                ],
            );
            for verb in verbs {
                write_heard(xml, verb)?;
            }
            close(xml, "Gather", "");
        }
        Verb::Redirect { url } => {
            open(xml, "Redirect", &[("method", Some("POST"))]);
            close(xml, "Redirect", url);
        }
        Verb::Dial { number, caller_id, timeout, action, time_limit } => {
            let limit = time_limit.map(|seconds| seconds.to_string());
            open(
                xml,
                "Dial",
                &[
                    ("timeout", Some(&timeout.to_string())),
                    ("timeLimit", limit.as_deref()),
                    ("callerId", caller_id.as_deref()),
                    ("action", action.as_deref()),
                    ("method", action.as_ref().map(|_| "POST")),
                ],
            );
            open(xml, "Number", &[]);
            close(xml, "Number", number);
            close(xml, "Dial", "");
        }
        Verb::Record { action, recording_callback, max_seconds, silence, finish_on_key } => {
            let callback = recording_callback.as_deref();
            open(
                xml,
                "Record",
                &[
                    ("action", Some(action)),
                    ("method", Some("POST")),
                    ("maxLength", Some(&max_seconds.to_string())),
                    ("timeout", Some(&silence.to_string())),
                    ("finishOnKey", Some(&finish_on_key.to_string())),
                    ("playBeep", Some("true")),
                    ("trim", Some("trim-silence")),
                    ("recordingStatusCallback", callback),
                    ("recordingStatusCallbackMethod", callback.map(|_| "POST")),
                ],
            );
            close(xml, "Record", "");
        }
        Verb::Hangup => {
            open(xml, "Hangup", &[]);
            close(xml, "Hangup", "");
        }
        Verb::Reject { busy } => {
            open(xml, "Reject", &[("reason", Some(if *busy { "busy" } else { "rejected" }))]);
            close(xml, "Reject", "");
        }
        Verb::Message { text, status } => {
            let method = status.as_ref().map(|_| "POST");
            open(xml, "Message", &[("action", status.as_deref()), ("method", method)]);
            close(xml, "Message", text);
        }
    }
    Ok(())
}

/// Writes a verb inside a [`Verb::Gather`]. Fails for verbs that aren't allowed there.
fn write_heard(xml: &mut String, verb: &Verb) -> Result<(), Unwritable> {
    match verb {
        Verb::Say { text, language, voice } => {
            open(xml, "Say", &[("language", language.as_deref()), ("voice", voice.as_deref())]);
            close(xml, "Say", text);
        }
        Verb::Pause { seconds } => {
            open(xml, "Pause", &[("length", Some(&seconds.to_string()))]);
            close(xml, "Pause", "");
        }
        Verb::Play { url } => {
            open(xml, "Play", &[]);
            close(xml, "Play", url);
        }
        Verb::Gather { .. }
        | Verb::Redirect { .. }
        | Verb::Dial { .. }
        | Verb::Record { .. }
        | Verb::Hangup
        | Verb::Reject { .. }
        | Verb::Message { .. } => return Err(Unwritable::NotHeard),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use roxmltree::Document;

    fn say(text: &str) -> Verb {
        Verb::Say { text: text.into(), language: None, voice: None }
    }

    #[test]
    fn nothing_to_do() {
        assert_eq!(response(&[]).unwrap(), "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response></Response>");
    }

    #[test]
    fn a_menu_as_the_reference_shows_it() {
        let verbs = [
            Verb::Gather {
                action: "/voice/key?a=1&b=2".into(),
                num_digits: Some(1),
                timeout: 5,
                verbs: vec![
                    Verb::Say {
                        text: "Press 1 <now>".into(),
                        language: Some("en-US".into()),
                        voice: Some("Polly.Joanna".into()),
                    },
                    Verb::Pause { seconds: 1 },
                ],
            },
            Verb::Redirect { url: "/voice/menu?retry=1".into() },
        ];
        assert_eq!(
            response(&verbs).unwrap(),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\
             <Gather input=\"dtmf\" action=\"/voice/key?a=1&amp;b=2\" method=\"POST\" numDigits=\"1\" timeout=\"5\">\
             <Say language=\"en-US\" voice=\"Polly.Joanna\">Press 1 &lt;now&gt;</Say>\
             <Pause length=\"1\"></Pause></Gather>\
             <Redirect method=\"POST\">/voice/menu?retry=1</Redirect></Response>"
        );
    }

    #[test]
    fn every_verb_can_be_read_back() {
        let verbs = [
            Verb::Reject { busy: true },
            Verb::Play { url: "https://x/a.mp3?b&c".into() },
            Verb::Dial {
                number: "+12025550111".parse().unwrap(),
                caller_id: Some("+12025550100".parse().unwrap()),
                timeout: 20,
                action: Some("/after".into()),
                time_limit: Some(3600),
            },
            Verb::Message { text: "Ack".into(), status: Some("/status".into()) },
            Verb::Hangup,
        ];
        let xml = response(&verbs).unwrap();
        let document = Document::parse(&xml).unwrap();
        let names: Vec<_> = document.root_element().children().map(|node| node.tag_name().name()).collect();
        assert_eq!(names, ["Reject", "Play", "Dial", "Message", "Hangup"]);
        let number = document.descendants().find(|node| node.has_tag_name("Number")).unwrap();
        assert_eq!(number.text(), Some("+12025550111"));
        let dial = number.parent().unwrap();
        assert_eq!(dial.attribute("callerId"), Some("+12025550100"));
        assert_eq!((dial.attribute("timeout"), dial.attribute("timeLimit")), (Some("20"), Some("3600")));
    }

    #[test]
    fn a_recording_is_told_of() {
        let record = Verb::Record {
            action: "/voice/recorded".into(),
            recording_callback: Some("https://x/recording?c=1&s=a".into()),
            max_seconds: 120,
            silence: 5,
            finish_on_key: '#',
        };
        let xml = response(&[record]).unwrap();
        assert!(
            xml.contains(
                "<Record action=\"/voice/recorded\" method=\"POST\" maxLength=\"120\" timeout=\"5\" finishOnKey=\"#\" \
                 playBeep=\"true\" trim=\"trim-silence\" recordingStatusCallback=\"https://x/recording?c=1&amp;s=a\" \
                 recordingStatusCallbackMethod=\"POST\"></Record>"
            ),
            "{xml}"
        );
    }

    #[test]
    fn only_what_is_heard_stands_in_a_gather() {
        let gather = |verbs| Verb::Gather { action: "/k".into(), num_digits: None, timeout: 5, verbs };
        assert_eq!(response(&[gather(vec![Verb::Hangup])]), Err(Unwritable::NotHeard));
        assert_eq!(response(&[gather(vec![gather(vec![])])]), Err(Unwritable::NotHeard));
    }

    #[test]
    fn not_more_than_twilio_reads() {
        let rest = response(&[say("")]).unwrap().len();
        assert_eq!(response(&[say(&"x".repeat(BYTES_MAX - rest))]).unwrap().len(), BYTES_MAX);
        assert_eq!(
            response(&[say(&"x".repeat(BYTES_MAX - rest + 1))]),
            Err(Unwritable::TooLong(BYTES_MAX + 1))
        );
    }

    proptest! {
        #[test]
        fn whatever_is_said_is_read_back(text in any::<String>(), odd in "[\\x00-\\x7f\u{fffd}-\u{ffff}]{0,40}") {
            let text = text + &odd;
            let gather = Verb::Gather { action: text.clone(), num_digits: None, timeout: 5, verbs: vec![say(&text)] };
            let xml = response(&[gather]).unwrap();
            let document = Document::parse(&xml).unwrap();
            let allowed = |c| matches!(c, '\t' | '\n' | '\r') || (c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}');
            let told: String = text.chars().map(|c| if allowed(c) { c } else { ' ' }).collect();
            let read = document.descendants().find(|node| node.has_tag_name("Gather")).unwrap();
            prop_assert_eq!(read.attribute("action"), Some(told.as_str()));
            prop_assert_eq!(read.first_element_child().unwrap().text().unwrap_or_default(), told);
        }
    }
}
