//! The wire log: every request that crosses a border of the system, kept for the page and for the tests.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde::{Serialize, Serializer};
use tokio::sync::broadcast;

/// How many entries are kept; older ones are forgotten.
const KEPT: usize = 500;
/// How much of a body the page is sent, in characters: what a person reads.
const SHOWN: usize = 2000;

/// One request and what was answered.
#[derive(Clone, Debug, Serialize)]
pub struct WireEntry {
    /// Counts from 1.
    pub number: u64,
    /// When the request was made.
    pub at: Timestamp,
    /// Who asked: `handbell`, `twilio`, `webex`, `browser` …
    pub from: String,
    /// Who was asked.
    pub to: String,
    /// The HTTP method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Request headers, without credentials.
    pub headers: Vec<(String, String)>,
    /// The request's body, as text; the page is sent its beginning.
    #[serde(serialize_with = "beginning")]
    pub body: String,
    /// The answer's status; 0 if there was none.
    pub status: u16,
    /// The answer's body, as text; the page is sent its beginning.
    #[serde(serialize_with = "beginning")]
    pub answer: String,
    /// What became of the signature: `signed`, `forged`, `none needed` …
    pub verdict: String,
    /// How long it took, in milliseconds.
    pub millis: u64,
}

fn beginning<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let end = text.char_indices().nth(SHOWN).map_or(text.len(), |(end, _)| end);
    serializer.serialize_str(&text[..end])
}

/// Keeps the last entries and tells whoever listens. Cheap to clone.
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
    /// Keeps the entry under the next number.
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
        // Nobody listening is no error: the page may be closed.
        let _ = self.tell.send(entry);
    }

    /// What is kept, oldest first.
    pub fn entries(&self) -> Vec<WireEntry> {
        self.kept.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).1.iter().cloned().collect()
    }

    /// Hears every entry from now on.
    pub fn listen(&self) -> broadcast::Receiver<WireEntry> {
        self.tell.subscribe()
    }
}
