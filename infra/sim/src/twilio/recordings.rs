//! The Recordings resource: callers' messages, which are listed, fetched as audio and deleted.

use axum::body::Bytes;
use axum::http::{Method, header};
use axum::response::IntoResponse;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::api::{Answer, Ask, Refusal, deleted, found};
use super::{Twilio, VERSION, rfc2822};

/// Limit of a recording, in seconds, so that it fits into an answer.
pub(super) const LONGEST: u64 = 600;
/// Samples per second, one byte each.
const RATE: u32 = 8000;

/// A recording of a caller.
pub(super) struct Recording {
    pub(super) sid: String,
    pub(super) call: String,
    pub(super) said: Vec<String>,
    /// Duration in whole seconds, at most [`LONGEST`].
    pub(super) seconds: u64,
    pub(super) started: Timestamp,
    pub(super) created: Timestamp,
    /// Whether Twilio has deleted the recording; the page still plays it.
    pub(super) deleted: bool,
}

impl Recording {
    pub(super) fn view(&self, phone: &str) -> Value {
        let url = format!("/sim/phones/{phone}/recordings/{}", self.sid);
        json!({
            "sid": self.sid,
            "seconds": self.seconds,
            "said": self.said,
            "url": Some(url).filter(|_| !self.deleted),
        })
    }

    fn json(&self, account: &str, origin: &str) -> Value {
        let uri = format!("/{VERSION}/Accounts/{account}/Recordings/{}", self.sid);
        json!({
            "sid": self.sid,
            "account_sid": account,
            "call_sid": self.call,
            "conference_sid": null,
            "status": "completed",
            "source": "RecordVerb",
            "channels": 1,
            "duration": self.seconds.to_string(),
            "start_time": rfc2822(self.started),
            "date_created": rfc2822(self.created),
            "date_updated": rfc2822(self.created),
            "price": null,
            "price_unit": "USD",
            "error_code": null,
            "encryption_details": null,
            "api_version": VERSION,
            "uri": format!("{uri}.json"),
            "media_url": format!("{origin}/sim/twilio{uri}"),
            "subresource_uris": {
                "add_on_results": format!("{uri}/AddOnResults.json"),
                "transcriptions": format!("{uri}/Transcriptions.json"),
            },
        })
    }

    /// Returns a WAV file of the right duration, in which the voice is a hum in every other half second.
    pub(super) fn audio(&self) -> Bytes {
        wav(self.seconds.min(LONGEST) as u32)
    }
}

/// Creates a WAV file with 8 kHz, 8 bits and one channel.
fn wav(seconds: u32) -> Bytes {
    let samples = seconds * RATE;
    let mut wav = Vec::with_capacity(44 + samples as usize);
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + samples).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt ");
    wav.extend_from_slice(&16_u32.to_le_bytes());
    wav.extend_from_slice(&[1, 0, 1, 0]);
    wav.extend_from_slice(&RATE.to_le_bytes());
    wav.extend_from_slice(&RATE.to_le_bytes());
    wav.extend_from_slice(&[1, 0, 8, 0]);
    wav.extend_from_slice(b"data");
    wav.extend_from_slice(&samples.to_le_bytes());
    // 128 is silence; a square wave of 200 Hz around it is a hum.
    let every_other = |at: u32, length: u32| (at / length).is_multiple_of(2);
    let hum = |at: u32| if every_other(at, RATE / 2) && every_other(at, RATE / 400) { 136 } else { 128 };
    wav.extend((0..samples).map(hum));
    wav.into()
}

impl Twilio {
    pub(super) fn recording_url(&self, sid: &str) -> String {
        let account = self.account();
        format!("{}/sim/twilio/{VERSION}/Accounts/{account}/Recordings/{sid}", self.0.stage.origin())
    }

    pub(super) fn recordings(&self, ask: &Ask) -> Answer {
        if ask.method != Method::GET {
            return Err(Refusal::code(20004));
        }
        let origin = self.0.stage.origin();
        let state = self.lock();
        let fits = |recording: &&Recording| {
            !recording.deleted
                && ask.filter("CallSid").is_none_or(|call| recording.call == call)
                && ask.is_of("DateCreated", recording.created)
        };
        let recordings = state.recordings.iter().rev().filter(fits);
        let recordings = recordings
            .map(|recording| (recording.sid.clone(), recording.json(self.account(), &origin)))
            .collect();
        found(ask.page("recordings", recordings))
    }

    /// Answers with the description for `.json`, and with the audio for `.wav`, `.mp3` or no extension.
    pub(super) fn recording(&self, ask: &Ask, file: &str) -> Answer {
        let (sid, ending) = file.split_once('.').unwrap_or((file, ""));
        let origin = self.0.stage.origin();
        let mut state = self.lock();
        let kept = state.recordings.iter_mut().find(|recording| recording.sid == sid && !recording.deleted);
        let Some(recording) = kept else { return Err(Refusal::not_found(ask)) };
        match (&ask.method, ending) {
            (&Method::GET, "json") => found(recording.json(self.account(), &origin)),
            (&Method::GET, "" | "wav") => {
                Ok(([(header::CONTENT_TYPE, "audio/x-wav")], recording.audio()).into_response())
            }
            // Nothing plays it, so it has the content of the WAV file.
            (&Method::GET, "mp3") => {
                Ok(([(header::CONTENT_TYPE, "audio/mpeg")], recording.audio()).into_response())
            }
            (&Method::DELETE, "" | "json") => {
                recording.deleted = true;
                drop(state);
                self.0.stage.touch();
                deleted()
            }
            (&Method::GET | &Method::DELETE, _) => Err(Refusal::not_found(ask)),
            _ => Err(Refusal::code(20004)),
        }
    }

    /// Returns the audio for the page.
    pub(super) fn on_tape(&self, phone: &str, sid: &str) -> Option<Bytes> {
        let state = self.lock();
        let recording =
            state.recordings.iter().find(|recording| recording.sid == sid && !recording.deleted)?;
        let its_own = state.calls.iter().any(|call| call.sid == recording.call && call.phone() == phone);
        its_own.then(|| recording.audio())
    }
}

#[cfg(test)]
mod tests {
    use super::wav;

    #[test]
    fn a_file_says_how_long_it_is() {
        let file = wav(3);
        assert_eq!((&file[..4], &file[8..16], &file[36..40]), (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..]));
        assert_eq!(file.len(), 44 + 3 * 8000);
        assert_eq!(u32::from_le_bytes([file[4], file[5], file[6], file[7]]) as usize, file.len() - 8);
        assert_eq!(u32::from_le_bytes([file[40], file[41], file[42], file[43]]), 3 * 8000);
        assert!(file[44..].contains(&128) && file[44..].contains(&136));
        assert_eq!(wav(0).len(), 44);
    }
}
