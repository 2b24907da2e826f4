//! Codes that prove that a phone or an address is somebody's: made here, sent to the contact, and said by who got it.

use handbell_core::config::is_phone_number;
use handbell_core::delivery::{
    Body, Content, Delivery, Dispatch, DispatchKey, MailMessage, Message, PhoneMessage,
};
use handbell_core::incident::Subject;
use handbell_core::oncall::code::{Code, six_digits};
use handbell_core::oncall::{Contact, Person};
use handbell_store::Checked;
use jiff::SignedDuration;

use crate::directory::{Around, Directory, known};
use crate::failure::Failure;

/// A code that has to reach a contact. The code stands nowhere else.
#[derive(Clone, PartialEq, Eq)]
pub struct ToSend {
    /// Whose it is to prove.
    pub person: String,
    /// A phone number or a mail address.
    pub address: String,
    /// What is to be sent.
    pub text: String,
}

// Neither the code nor the number is for a log.
impl std::fmt::Debug for ToSend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ToSend").field("person", &self.person).finish_non_exhaustive()
    }
}

fn unverified(person: &Person) -> impl Iterator<Item = &Contact> {
    person.email.iter().chain(&person.phones).filter(|contact| contact.verified_at.is_none())
}

async fn person(directory: &Directory, id: &str) -> Result<Person, Failure> {
    let roster = directory.store.people().roster().await.map_err(Failure::unreachable)?;
    let id = known("person", id, roster.people.keys())?;
    Ok(roster.people[id].clone())
}

/// Makes a code for each contact of a person that isn't verified, and gives what has to be sent; the table keeps a digest
/// alone. A contact for which one was asked within the last minute is left out.
pub async fn codes(id: &str, directory: &Directory, around: &Around<'_>) -> Result<Vec<ToSend>, Failure> {
    let person = person(directory, id).await?;
    let mut to_send = Vec::new();
    for Contact { address, .. } in unverified(&person) {
        let code = six_digits((around.chance)());
        let salt = format!("{:032x}", (around.chance)());
        let kept = Code::new(&person.id, address, &code, &salt, directory.now);
        if directory.store.codes().ask_code(address, &kept).await.map_err(Failure::unreachable)? {
            to_send.push(ToSend {
                person: person.id.clone(),
                address: address.clone(),
                text: format!(
                    "{code} is your code for Handbell, for 15 minutes. Answer with it, or tell it to whoever set you up, and nobody else."
                ),
            });
        }
    }
    Ok(to_send)
}

/// So long a code is tried to be delivered: after that it is of no use.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// Makes the codes and gives them to Handbell to be sent: the next tick finds them.
pub async fn send(id: &str, directory: &Directory, around: &Around<'_>) -> Result<String, Failure> {
    let sent = codes(id, directory, around).await?;
    if sent.is_empty() {
        return Ok(format!(
            "Nothing is sent: all of {id} is verified, or was sent a code within the last minute.\n"
        ));
    }
    let mut said = String::new();
    for ToSend { address, text, .. } in sent {
        let epoch = u64::try_from(directory.now.as_microsecond()).unwrap_or_default();
        let key = DispatchKey { subject: Subject::notice(&address), epoch, number: 1 };
        let mut dispatch = Dispatch::new(key, Body::Notice, directory.now);
        let content = Content::Text(text);
        let say = match is_phone_number(&address) {
            true => Message::Phone(PhoneMessage::Text { to: address.clone(), from: String::new(), content }),
            false => Message::Mail(MailMessage::Page { email: address.clone(), content }),
        };
        dispatch.add(Delivery::new(say, directory.now));
        let written = directory
            .store
            .notices()
            .put_notice(&dispatch, &format!("code-{epoch}"), KEPT, directory.now)
            .await;
        written.map_err(Failure::unreachable)?;
        said.push_str(&format!("A code is on its way to {address}. It is there within two minutes.\n"));
    }
    said.push_str(&format!("Then: handbell people confirm {id} CODE, or answer the text with it.\n"));
    Ok(said)
}

/// Holds a code against each contact of a person that waits for one.
pub async fn confirm(
    id: &str,
    code: &str,
    contact: Option<&str>,
    directory: &Directory,
) -> Result<String, Failure> {
    let person = person(directory, id).await?;
    let waiting = unverified(&person).map(|contact| contact.address.as_str());
    let waiting: Vec<&str> = waiting.filter(|address| contact.is_none_or(|only| only == *address)).collect();
    if waiting.is_empty() {
        return Err(Failure::Refused(match contact {
            Some(only) => format!("{only} is not among what of {id} waits to be verified"),
            None => format!("all of {id} is verified already, or there is nothing to verify"),
        }));
    }
    let mut answers = Vec::new();
    for address in waiting {
        let checked = directory.store.codes().check_code(address, code, directory.now).await;
        match checked.map_err(Failure::unreachable)? {
            Checked::Right { person } => return Ok(format!("{address} is verified: it is {person}'s.\n")),
            Checked::Wrong { left: 0 } => {
                answers.push(format!("{address}: wrong, and that was the last guess; ask for another code"));
            }
            Checked::Wrong { left } => answers.push(format!("{address}: wrong; {left} guesses are left")),
            Checked::Over => {
                answers.push(format!("{address}: the code is too old or used up; ask for another"))
            }
            Checked::None => answers.push(format!("{address}: no code was asked for")),
        }
    }
    Err(format!("nothing is verified.\n  {}", answers.join("\n  ")).into())
}
