//! Phone numbers, mail addresses and senders as types. A value of one of them has the right form, whoever made it.
//!
//! All of them are plain strings where they are stored, checked when they are read. Their `Debug` shows no digit and no
//! letter of them, since numbers and addresses must not reach logs.

mod email;
mod phone;
mod sender;

pub use email::{BadEmailAddress, EmailAddress};
pub use phone::{BadE164, E164, PhoneAddress};
pub use sender::{BadSender, SmsSender};

/// Gives a type that holds a checked text what such a type needs: its text in every form, and a redacted `Debug`.
macro_rules! checked_text {
    ($type:ident, $error:ident) => {
        impl $type {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                if Self::is_valid(text) { Ok(Self(text.to_owned())) } else { Err($error) }
            }
        }

        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                if Self::is_valid(&text) { Ok(Self(text)) } else { Err($error) }
            }
        }

        impl From<$type> for String {
            fn from(checked: $type) -> Self {
                checked.0
            }
        }

        impl std::ops::Deref for $type {
            type Target = str;

            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $type {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $type {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($type), "(…)"))
            }
        }
    };
}
use checked_text;
