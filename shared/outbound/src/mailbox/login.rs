//! Authentication at a mail server, and the meaning of its refusals.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::Server;
use super::wire::SERVER;
use crate::failure::{Failure, NEVER_ASKED, VendorResult, masked};

/// Returns the single response of XOAUTH2 (Google, XOAUTH2 mechanism; Microsoft uses the same).
pub(super) fn xoauth2(user: &str, token: &SecretString) -> String {
    STANDARD.encode(format!("user={user}\x01auth=Bearer {}\x01\x01", token.expose_secret()))
}

/// Checks user and secret for control characters: a line feed in them would start another command.
pub(super) fn one_line(server: &Server, secret: &SecretString) -> VendorResult<()> {
    let fits = |text: &str| !text.is_empty() && !text.contains(|c: char| c.is_control());
    if fits(&server.user) && fits(secret.expose_secret()) {
        return Ok(());
    }
    Err(Failure::never_asked("the user or the secret of the mailbox is empty or holds a line break"))
}

/// Classifies the server's refusal of a login. `code` is the response code in brackets (RFC 5530; for POP3 RFC 2449 and
/// 3206).
pub(super) fn refused(code: &str, words: &str) -> Failure {
    match code {
        "UNAVAILABLE" | "SERVERBUG" | "INUSE" | "IN-USE" | "LIMIT" | "LOGIN-DELAY" | "SYS/TEMP" => {
            Failure::NotSent {
                retry_after: None,
                why: format!("{SERVER} lets nobody in at the moment{}", quoted(words)),
            }
        }
        _ => Failure::Refused {
            code: NEVER_ASKED,
            why: format!(
                "{SERVER} doesn't take our user and secret; check them, and whether the account allows access by programs"
            ),
        },
    }
}

/// Quotes the server's own words without anything that identifies a person.
pub(super) fn quoted(words: &str) -> String {
    let words: String = words.chars().filter(|c| !c.is_control()).collect();
    let words = masked(words.trim());
    if words.is_empty() { String::new() } else { format!(": “{words}”") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_encoded_as_in_googles_example() {
        // From Google's page on the mechanism.
        let token = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg".into();
        assert_eq!(
            xoauth2("someuser@example.com", &token),
            "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRmdDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
        );
    }

    #[test]
    fn a_temporary_refusal_differs_from_a_permanent_one() {
        let soon = refused("UNAVAILABLE", "try later").to_string();
        assert_eq!(soon, "not sent: the mail server lets nobody in at the moment: “try later”");
        let no = refused("", "dana@example.com is wrong\r\nX").to_string();
        assert!(no.starts_with("refused: the mail server doesn't take our user and secret; "), "{no}");
        assert!(!no.contains("wrong"), "a server may repeat the secret: {no}");
    }
}
