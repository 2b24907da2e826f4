//! Files that Webex withholds while it scans them, or because of the scan's result.

use axum::http::StatusCode;
use serde::Deserialize;

use super::refusal::Refusal;

/// Why the next files are withheld, in the format of `PUT /sim/webex/contents/trouble`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Withheld {
    /// 423: still being scanned; 410: infected; 428: can't be scanned, but available with `?allow=unscannable` (Webex, REST
    /// API basics, "Message Attachments").
    status: u16,
    /// Number of refused reads, including `HEAD`; 0 ends the trouble.
    #[serde(default = "once")]
    times: u32,
    /// `Retry-After` in seconds, only with 423.
    #[serde(default = "once")]
    retry_after: u32,
}

fn once() -> u32 {
    1
}

impl Withheld {
    /// Checks the values. The error is a message for the caller.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match self.status {
            410 | 423 | 428 => Ok(()),
            _ => Err("status is 423 (being scanned), 410 (infected) or 428 (can't be scanned)\n"),
        }
    }

    /// Returns the refusal of this read, if any. `takes_all` accepts unscannable files.
    pub(super) fn strike(&mut self, takes_all: bool) -> Option<Refusal> {
        if (self.status == 428 && takes_all) || self.times == 0 {
            return None;
        }
        self.times -= 1;
        Some(match self.status {
            423 => Refusal {
                retry_after: Some(self.retry_after),
                ..Refusal::new(StatusCode::LOCKED, "The file is being scanned for malware.")
            },
            410 => Refusal::new(StatusCode::GONE, "The file was infected and has been removed."),
            _ => Refusal::new(
                StatusCode::PRECONDITION_REQUIRED,
                "The file cannot be scanned for malware; use allow=unscannable to have it all the same.",
            ),
        })
    }
}
