//! Phone numbers, mail addresses and senders as types. A value of one of them always has the right form.
//!
//! All of them are plain strings where they are stored, checked when they are read. Their `Debug` shows no digit and no
//! letter of them, since numbers and addresses must not reach logs.

mod email;
mod phone;
mod sender;

pub use email::{BadEmailAddress, EmailAddress};
pub use phone::{BadE164, E164, PhoneAddress};
pub use sender::SmsSender;
