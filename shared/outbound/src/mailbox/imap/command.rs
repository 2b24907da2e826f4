//! IMAP commands, with names and secrets encoded so that they can't contain commands.

use base64::Engine;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
use secrecy::{ExposeSecret, SecretString};

/// Base64 in the names of folders (RFC 3501, 5.1.3).
const UTF7: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// A command without its tag. The client waits for the server after each part but the last.
pub(super) struct Command {
    pub(super) parts: Vec<Vec<u8>>,
    /// Whether a whole mail may be part of the response.
    pub(super) mail: bool,
    /// Whether the server may close the connection in response.
    pub(super) parting: bool,
}

impl Command {
    pub(super) fn new(words: impl Into<String>) -> Command {
        let words = words.into();
        let parting = words == "LOGOUT";
        Command { parts: vec![(words + "\r\n").into_bytes()], mail: false, parting }
    }

    pub(super) fn with_mail(self) -> Command {
        Command { mail: true, ..self }
    }

    pub(super) fn folder(self, name: &str) -> Command {
        self.and(&folder_name(name))
    }

    pub(super) fn login(user: &str, password: &SecretString) -> Command {
        Command::new("LOGIN").and(user).and(password.expose_secret())
    }

    /// Authenticates in two steps, since not all servers support SASL-IR (RFC 4959). If the server refuses the token,
    /// it first states the reason and expects an empty response (Google, XOAUTH2 mechanism).
    pub(super) fn xoauth2(response: &str) -> Command {
        let mut command = Command::new("AUTHENTICATE XOAUTH2");
        command.parts.extend([format!("{response}\r\n").into_bytes(), b"\r\n".to_vec()]);
        command
    }

    /// Appends a text: as a quoted string, or as a literal if it can't be quoted (RFC 3501, 4.3).
    fn and(mut self, text: &str) -> Command {
        let mut last = self.parts.pop().unwrap_or_default();
        last.truncate(last.len().saturating_sub(2));
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"");
            last.extend_from_slice(format!(" \"{text}\"\r\n").as_bytes());
            self.parts.push(last);
        } else {
            last.extend_from_slice(format!(" {{{}}}\r\n", text.len()).as_bytes());
            self.parts.push(last);
            self.parts.push(format!("{text}\r\n").into_bytes());
        }
        self
    }
}

/// Encodes a folder's name in modified UTF-7 (RFC 3501, 5.1.3).
fn folder_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut other: Vec<u8> = Vec::new();
    let flush = |other: &mut Vec<u8>, out: &mut String| {
        if !other.is_empty() {
            out.push('&');
            UTF7.encode_string(&*other, out);
            out.push('-');
            other.clear();
        }
    };
    for c in name.chars() {
        if matches!(c, ' '..='~') {
            flush(&mut other, &mut out);
            out.push_str(if c == '&' { "&-" } else { "" });
            if c != '&' {
                out.push(c);
            }
        } else {
            other.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
        }
    }
    flush(&mut other, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(command: Command) -> Vec<String> {
        command.parts.into_iter().map(|part| String::from_utf8(part).unwrap()).collect()
    }

    #[test]
    fn folders_are_encoded_as_in_the_standards_examples() {
        for (name, expected) in [
            ("INBOX", "INBOX"),
            ("[Gmail]/All Mail", "[Gmail]/All Mail"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Handbell & Söhne", "Handbell &- S&APY-hne"),
            ("😀", "&2D3eAA-"),
            ("a\r\nb", "a&AA0ACg-b"),
        ] {
            assert_eq!(folder_name(name), expected);
        }
    }

    #[test]
    fn a_secret_cannot_contain_a_command() {
        let login = |password: &str| said(Command::login("dana@example.com", &password.into()));
        assert_eq!(login(r#"a"b\c d"#), ["LOGIN \"dana@example.com\" \"a\\\"b\\\\c d\"\r\n"]);
        assert_eq!(login("grün{3}"), ["LOGIN \"dana@example.com\" {8}\r\n", "grün{3}\r\n"]);
        let both = said(Command::login("jürgen", &"é".into()));
        assert_eq!(both, ["LOGIN {7}\r\n", "jürgen {2}\r\n", "é\r\n"]);
    }

    proptest! {
        #[test]
        fn a_folder_is_always_one_argument(name in any::<String>()) {
            let said = said(Command::new("SELECT").folder(&name));
            prop_assert_eq!(said.len(), 1);
            prop_assert_eq!(said[0].matches("\r\n").count(), 1);
        }
    }
}
