//! Verifies phones and addresses: sends a code to the contact, and checks the code that the person returns.

use handbell_core::address::{BadEmailAddress, E164};
use handbell_core::delivery::{
    Body, Content, Delivery, Dispatch, DispatchKey, MailMessage, Message, PhoneMessage,
};
use handbell_core::incident::Subject;
use handbell_core::oncall::Person;
use handbell_core::oncall::code::{Code, six_digits};
use handbell_store::Checked;
use jiff::SignedDuration;

use crate::directory::{Around, Directory, known};
use crate::failure::Failure;

/// A code to send to a contact. Nothing else contains the code.
#[derive(Clone, PartialEq, Eq)]
pub struct ToSend {
    /// Id of the person whose contact is verified.
    pub person: String,
    /// A phone number or a mail address.
    pub address: String,
    /// The text to send.
    pub text: String,
}

// The code and the number must not reach a log.
impl std::fmt::Debug for ToSend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToSend").field("person", &self.person).finish_non_exhaustive()
    }
}

fn unverified(person: &Person) -> impl Iterator<Item = &str> {
    person.contacts().filter(|(_, verified_at)| verified_at.is_none()).map(|(address, _)| address)
}

async fn person(directory: &Directory, id: &str) -> Result<Person, Failure> {
    let roster = directory.store.people().roster().await.map_err(Failure::unreachable)?;
    let id = known("person", id, roster.people.keys())?;
    Ok(roster.people[id].clone())
}

/// Creates a code for each unverified contact of a person and returns the texts to send. The table stores only a digest.
/// Contacts that got a code within the last minute are skipped.
pub async fn codes(id: &str, directory: &Directory, around: &Around<'_>) -> Result<Vec<ToSend>, Failure> {
    let person = person(directory, id).await?;
    let mut to_send = Vec::new();
    for address in unverified(&person) {
        let code = six_digits((around.chance)());
        let salt = format!("{:032x}", (around.chance)());
        let kept = Code::new(&person.id, address, &code, &salt, directory.now);
        if directory.store.codes().ask_code(address, &kept).await.map_err(Failure::unreachable)? {
            to_send.push(ToSend {
                person: person.id.clone(),
                address: address.to_owned(),
                text: format!(
                    "{code} is your Handbell code, valid for 15 minutes. Reply with it, or tell it only to the person who added you to Handbell."
                ),
            });
        }
    }
    Ok(to_send)
}

/// Retention of the dispatch of a code.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Creates the codes and stores their dispatches, which the next tick sends.
pub async fn send(id: &str, directory: &Directory, around: &Around<'_>) -> Result<String, Failure> {
    let sent = codes(id, directory, around).await?;
    if sent.is_empty() {
        return Ok(format!(
            "No code was sent: every phone and address of {id} is verified, or got a code within the last minute.\n"
        ));
    }
    let mut said = String::new();
    for ToSend { address, text, .. } in sent {
        let epoch = u64::try_from(directory.now.as_microsecond()).unwrap_or_default();
        let key = DispatchKey { subject: Subject::notice(&address), epoch, number: 1 };
        let mut dispatch = Dispatch::new(key, Body::Notice, directory.now);
        let content = Content::Text(text);
        let say = match address.parse::<E164>() {
            Ok(to) => Message::Phone(PhoneMessage::Text { to, from: None, content }),
            Err(_) => {
                let email =
                    address.parse().map_err(|error: BadEmailAddress| format!("{address:?} {error}"))?;
                Message::Mail(MailMessage::Page { email, content })
            }
        };
        dispatch.add(Delivery::new(say, directory.now));
        let written = directory
            .store
            .notices()
            .put_notice(&dispatch, &format!("code-{epoch}"), KEPT, directory.now)
            .await;
        written.map_err(Failure::unreachable)?;
        said.push_str(&format!("A code is on its way to {address}. It should arrive within two minutes.\n"));
    }
    said.push_str(&format!(
        "Next: run `handbell people confirm {id} CODE`, or reply to the text with the code.\n"
    ));
    Ok(said)
}

/// Checks a code against each contact of a person that waits for one.
pub async fn confirm(
    id: &str,
    code: &str,
    contact: Option<&str>,
    directory: &Directory,
) -> Result<String, Failure> {
    let person = person(directory, id).await?;
    let waiting = unverified(&person);
    let waiting: Vec<&str> = waiting.filter(|address| contact.is_none_or(|only| only == *address)).collect();
    if waiting.is_empty() {
        return Err(Failure::Refused(match contact {
            Some(only) => format!("{only} is not an unverified phone or address of {id}"),
            None => format!("{id} has no unverified phone or address"),
        }));
    }
    let mut answers = Vec::new();
    for address in waiting {
        let checked = directory.store.codes().check_code(address, code, directory.now).await;
        match checked.map_err(Failure::unreachable)? {
            Checked::Right { person } => {
                return Ok(format!("{address} is verified: it belongs to {person}.\n"));
            }
            Checked::Wrong { left: 0 } => {
                answers.push(format!(
                    "{address}: wrong code, and that was the last attempt; request another code"
                ));
            }
            Checked::Wrong { left } => {
                answers.push(format!("{address}: wrong code; {left} attempts are left"))
            }
            Checked::Over => {
                answers.push(format!("{address}: the code has expired or was used; request another"))
            }
            Checked::None => answers.push(format!("{address}: no code was requested")),
        }
    }
    Err(format!("nothing was verified.\n  {}", answers.join("\n  ")).into())
}
