//! The wire log: every request between the system and the outside, for the page and the tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use tokio::sync::broadcast;

/// Number of entries that are kept.
const KEPT: usize = 500;
/// Limit of a body on the page, in characters.
const SHOWN: usize = 2000;

/// A request with its answer.
#[derive(Clone, Debug, Serialize)]
pub struct WireEntry {
    /// Number of the entry, counted from 1.
    pub number: u64,
    /// Time of the request.
    pub at: Timestamp,
    /// The caller: `handbell`, `twilio`, `webex`, `browser` …
    pub from: String,
    /// The called system.
    pub to: String,
    /// The HTTP method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Request headers, without credentials.
    pub headers: Vec<(String, String)>,
    /// Body of the request as text. The page gets its beginning.
    #[serde(serialize_with = "beginning")]
    pub body: String,
    /// Status of the answer; 0 if there was none.
    pub status: u16,
    /// Body of the answer as text. The page gets its beginning.
    #[serde(serialize_with = "beginning")]
    pub answer: String,
    /// State of the signature: `signed`, `forged`, `none needed` …
    pub verdict: String,
    /// Duration in milliseconds.
    pub millis: u64,
}

fn beginning<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let end = text.char_indices().nth(SHOWN).map_or(text.len(), |(end, _)| end);
    serializer.serialize_str(&text[..end])
}

/// Keeps the last entries and notifies its listeners. Cheap to clone.
#[derive(Clone)]
pub struct WireLog {
    kept: Arc<Mutex<(u64, VecDeque<WireEntry>)>>,
    tell: broadcast::Sender<WireEntry>,
}

impl Default for WireLog {
    fn default() -> Self {
        Self { kept: Arc::default(), tell: broadcast::channel(KEPT).0 }
    }
}

impl WireLog {
    /// Stores an entry with the next number.
    pub fn record(&self, mut entry: WireEntry) {
        {
            let mut kept = self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            kept.0 += 1;
            entry.number = kept.0;
            kept.1.push_back(entry.clone());
            if kept.1.len() > KEPT {
                kept.1.pop_front();
            }
        }
        // A missing listener is no error: the page may be closed.
        let _ = self.tell.send(entry);
    }

    /// Returns the entries, the oldest first.
    pub fn entries(&self) -> Vec<WireEntry> {
        self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).1.iter().cloned().collect()
    }

    /// Returns a receiver of every entry from now on.
    pub fn listen(&self) -> broadcast::Receiver<WireEntry> {
        self.tell.subscribe()
    }
}
