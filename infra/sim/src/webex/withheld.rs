//! Files that Webex keeps back, because it scans them or because of what it found.

use axum::http::StatusCode;
use serde::Deserialize;

use super::refusal::Refusal;

/// Why the next files can't be had, as `PUT /sim/webex/contents/trouble` takes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Withheld {
    /// 423: still being scanned; 410: infected; 428: can't be scanned, `?allow=unscannable` has it all the same (Webex,
    /// REST API basics, "Message Attachments").
    status: u16,
    /// How many reads are answered so, `HEAD` among them; 0 ends it.
    #[serde(default = "once")]
    times: u32,
    /// Seconds, with 423 only.
    #[serde(default = "once")]
    retry_after: u32,
}

fn once() -> u32 {
    1
}

impl Withheld {
    /// What is wrong with it, for whoever asked.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match self.status {
            410 | 423 | 428 => Ok(()),
            _ => Err("status is 423 (being scanned), 410 (infected) or 428 (can't be scanned)\n"),
        }
    }

    /// The refusal that this read meets, if any; `takes_all` says that it wants what can't be scanned, too.
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
