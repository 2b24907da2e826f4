//! What people call a customer.

use crate::conversation::{Address, Conversation};

/// The customer was erased.
const FORGOTTEN: &str = "A customer who was forgotten";

impl Conversation {
    /// Returns what people call the customer: the name, the number or the mail address.
    pub fn called(&self) -> String {
        let reached = || match &self.address {
            Some(Address::Phone(phone)) => phone.to_string(),
            Some(Address::Mail(address)) => address.to_string(),
            Some(Address::Hidden) => "Somebody without a number".to_owned(),
            None => FORGOTTEN.to_owned(),
        };
        self.name.clone().unwrap_or_else(reached)
    }

    /// Returns the title of the customer's space. It ends with the number, as agents are used to.
    pub fn title(&self) -> String {
        let reached = match &self.address {
            Some(Address::Phone(phone)) => phone.as_str(),
            Some(Address::Mail(address)) => address.as_str(),
            Some(Address::Hidden) => "Callers without a number",
            None => FORGOTTEN,
        };
        match &self.name {
            Some(name) => format!("{name} {reached}"),
            None => reached.to_owned(),
        }
    }
}
