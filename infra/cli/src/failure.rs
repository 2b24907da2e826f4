//! Why a command can't do what was asked, and what its exit code says of that.

use std::fmt;
use std::process::ExitCode;

use serde_json::{Value, json};

/// The exit codes, for `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  done, and nothing is wrong
  1  refused, or something is wrong: the text says what, and nothing was changed
  2  the command line can't be understood
  3  the runner, AWS or a secret can't be reached: the same may work later

With --json, a command prints one JSON document, also where it fails:
  {\"error\": {\"message\": \"…\", \"exit_code\": 3}}. Fields keep their names; new ones may come.";

/// Why it wasn't done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// What was asked makes no sense, or isn't allowed: the same will fail again.
    Refused(String),
    /// Somebody that is needed can't be reached: the same may work later.
    Unreachable(String),
}

impl Failure {
    /// Something that is needed can't be reached.
    pub(crate) fn unreachable(what: impl fmt::Display) -> Self {
        Self::Unreachable(what.to_string())
    }

    /// The same, with what it is about before it.
    pub(crate) fn about(self, what: impl fmt::Display) -> Self {
        match self {
            Self::Refused(why) => Self::Refused(format!("{what}: {why}")),
            Self::Unreachable(why) => Self::Unreachable(format!("{what}: {why}")),
        }
    }

    /// What the process ends with.
    pub fn code(&self) -> u8 {
        match self {
            Self::Refused(_) => 1,
            Self::Unreachable(_) => 3,
        }
    }

    /// Says so, to people or to a program, and gives the process its end.
    pub(crate) fn tell(&self, json: bool) -> ExitCode {
        eprintln!("handbell: {self}");
        if json {
            println!("{:#}", self.document());
        }
        ExitCode::from(self.code())
    }

    fn document(&self) -> Value {
        json!({ "error": { "message": self.to_string(), "exit_code": self.code() } })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Refused(what) | Self::Unreachable(what)) = self;
        f.write_str(what)
    }
}

impl std::error::Error for Failure {}

impl From<String> for Failure {
    fn from(what: String) -> Self {
        Self::Refused(what)
    }
}

impl From<&str> for Failure {
    fn from(what: &str) -> Self {
        Self::Refused(what.to_owned())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<handbell_boot::Error> for Failure {
    fn from(error: handbell_boot::Error) -> Self {
        Self::Refused(error.to_string())
    }
}
