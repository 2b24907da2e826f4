//! Verification codes, sent to a phone number or a mail address and typed in by the recipient: five guesses, fifteen
//! minutes, stored only as a digest.

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use handbell_core::oncall::Person;
use handbell_core::oncall::code::{Code, RESEND_AFTER};
use jiff::Timestamp;

use crate::roster::put_next;
use crate::table::{RowKey, number, set_expiry, text};
use crate::{Codes, NotCommitted, TableFault, condition_held, read, write};

/// Attempts at a verification while others write the same person.
const ATTEMPTS: usize = 5;
/// How long an expired code is kept, so that a late guess is answered with [`Checked::Over`].
const KEPT_SECONDS: i64 = 86_400;

/// Result of a guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The guess is right: the contact is verified for this person, and the code is used up.
    Right {
        /// Id of the person.
        person: String,
    },
    /// The guess is wrong.
    Wrong {
        /// Number of guesses left.
        left: u32,
    },
    /// The code has expired or has no guesses left. The person has to request another one.
    Over,
    /// Nobody requested a code for this address, or the address no longer belongs to the person.
    None,
}

impl Codes {
    /// Stores a code that is about to be sent to an address, and thereby invalidates an older one. Returns false, with
    /// nothing written, if a code was requested within the last minute.
    pub async fn ask_code(&self, address: &str, code: &Code) -> Result<bool, TableFault> {
        let mut row = write(code, &RowKey::code(address))?;
        row.insert("asked_ms".to_owned(), number(code.asked.as_millisecond()));
        row.insert("until_ms".to_owned(), number(code.until.as_millisecond()));
        set_expiry(&mut row, code.until, KEPT_SECONDS);
        let put = self
            .put_item(row)
            .condition_expression("attribute_not_exists(pk) OR asked_ms <= :limit OR digest = :digest")
            // A retry of the SDK sends the same code again, which is no second request.
            .expression_attribute_values(":digest", text(&code.digest))
            .expression_attribute_values(
                ":limit",
                number(code.asked.as_millisecond() - millis(RESEND_AFTER)),
            );
        condition_held(put.send().await)
    }

    /// Checks a guess against the code that was sent to an address. The guess is counted before it is compared, so
    /// concurrent guesses can't exceed the limit. If the guess is right, one transaction uses the code up and verifies
    /// the contact.
    pub async fn check_code(
        &self,
        address: &str,
        guess: &str,
        now: Timestamp,
    ) -> Result<Checked, TableFault> {
        let answer = self
            .update_item(&RowKey::code(address))
            .update_expression("SET tries_left = tries_left - :one")
            .condition_expression("attribute_exists(pk) AND tries_left > :none AND until_ms > :now")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":none", number(0))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let row = match answer {
            Ok(answer) => answer.attributes.unwrap_or_default(),
            Err(error) => {
                return match error.as_service_error() {
                    Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                        Ok(if failed.item().is_some() { Checked::Over } else { Checked::None })
                    }
                    _ => Err(error.into()),
                };
            }
        };
        let code: Code = read(row)?;
        if !code.is(address, guess) {
            return Ok(Checked::Wrong { left: code.tries_left });
        }
        self.verify(address, code, now).await
    }

    async fn verify(&self, address: &str, code: Code, now: Timestamp) -> Result<Checked, TableFault> {
        for _ in 0..ATTEMPTS {
            let Some(mut person) = self.get::<Person>(&RowKey::person(&code.person)).await? else {
                return Ok(Checked::None);
            };
            let before = person.version;
            if !person.verify(address, now) {
                return Ok(Checked::None);
            }
            let key = RowKey::code(address);
            let used_up = self
                .delete(&key)
                .condition_expression("digest = :digest")
                .expression_attribute_values(":digest", text(&code.digest))
                .build()?;
            let used_up = TransactWriteItem::builder().delete(used_up).build();
            let items = vec![
                put_next(|row| self.put(row), &person, &RowKey::person(&person.id), Some(before))?,
                used_up,
            ];
            match self.transact(items).await {
                Ok(()) => return Ok(Checked::Right { person: person.id }),
                // Another writer changed the person, used the code up, or requested a new one.
                Err(NotCommitted::Conflict) => {
                    let kept: Option<Code> = self.get(&key).await?;
                    if kept.is_none_or(|kept| kept.digest != code.digest) {
                        return Ok(Checked::Over);
                    }
                }
                Err(NotCommitted::Fault(fault)) => return Err(fault),
            }
        }
        Err(TableFault::Contended("a person"))
    }
}

fn millis(length: jiff::SignedDuration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}
