//! The failure of a command, and its exit code.

use std::fmt;
use std::process::ExitCode;

use serde_json::{Value, json};

/// The exit codes, for `--help`.
pub const EXIT_CODES: &str = "\
Exit codes:
  0  success: nothing is wrong
  1  refused, or something is wrong: the message says what; unless it says so, nothing was changed
  2  the command line is not valid
  3  the runner, AWS or a secret can't be reached: try again later

With --json, a command prints one JSON document. If it is refused or can't reach something, that is
  {\"error\": {\"message\": \"…\", \"exit_code\": 3}}. Fields keep their names; new ones may be added.";

/// Why a command failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The request is not valid or not allowed. A retry fails again.
    Refused(String),
    /// A system that the command needs can't be reached. A retry may succeed.
    Unreachable(String),
}

impl Failure {
    /// Returns the failure for a system that can't be reached.
    pub(crate) fn unreachable(what: impl fmt::Display) -> Self {
        Self::Unreachable(what.to_string())
    }

    /// Puts the subject of the failure before its message.
    pub(crate) fn about(self, what: impl fmt::Display) -> Self {
        match self {
            Self::Refused(why) => Self::Refused(format!("{what}: {why}")),
            Self::Unreachable(why) => Self::Unreachable(format!("{what}: {why}")),
        }
    }

    /// The exit code of the process.
    pub fn code(&self) -> u8 {
        match self {
            Self::Refused(_) => 1,
            Self::Unreachable(_) => 3,
        }
    }

    /// Prints the failure for people, and as JSON for a program, and returns the exit code.
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
