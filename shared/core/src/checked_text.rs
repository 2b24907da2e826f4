//! What every type needs that holds a checked text.

/// Gives a type that holds a checked text its text in every form. The type has a function `is_valid`. Its `Debug` shows the
/// text (`shown`), or only that there is one (`redacted`), since it may reach logs.
macro_rules! checked_text {
    ($type:ident, $error:ty, $why:expr, $debug:ident) => {
        impl $type {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $type {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::try_from(text.to_owned())
            }
        }

        impl TryFrom<String> for $type {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                if Self::is_valid(&text) { Ok(Self(text)) } else { Err($why) }
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

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
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
                checked_text!(@$debug self, f, $type)
            }
        }
    };
    (@shown $text:ident, $f:ident, $type:ident) => {
        std::fmt::Debug::fmt(&$text.0, $f)
    };
    (@redacted $text:ident, $f:ident, $type:ident) => {
        $f.write_str(concat!(stringify!($type), "(…)"))
    };
}
pub(crate) use checked_text;
