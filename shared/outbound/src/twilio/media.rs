//! Files that came with a text, and recordings of calls.

use std::fmt;

use handbell_core::vendor_id::{MessageSid, RecordingSid};
use http::Method;
use serde::Deserialize;

use super::{Twilio, id};
use crate::failure::VendorResult;

/// A file that came with a text.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaRef {
    /// `ME…`.
    pub sid: String,
    /// Address for [`Twilio::fetch`].
    pub url: String,
    /// Media type according to Twilio.
    pub content_type: String,
}

impl fmt::Debug for MediaRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MediaRef")
            .field("sid", &self.sid)
            .field("content_type", &self.content_type)
            .finish_non_exhaustive()
    }
}

// `media_list` has no default: a response without the list is not an empty list.
#[derive(Deserialize)]
struct MediaList {
    media_list: Vec<Medium>,
}

#[derive(Deserialize)]
struct Medium {
    sid: String,
    #[serde(default)]
    content_type: Option<String>,
}

impl Twilio {
    /// Returns the files of a text, at most ten, in Twilio's order (Twilio, Media resource).
    pub async fn media_of(&self, message: &MessageSid) -> VendorResult<Vec<MediaRef>> {
        let url = self.url(&["Messages", message, "Media.json"])?;
        let list: MediaList = self.ask(self.request(Method::GET, url)).await?;
        let media = list.media_list.into_iter().map(|medium| {
            // Without `.json` this is the address of the file itself.
            let url = self.url(&["Messages", message, "Media", id(&medium.sid)?])?;
            Ok(MediaRef {
                url: url.into(),
                content_type: medium.content_type.unwrap_or_default(),
                sid: medium.sid,
            })
        });
        media.collect()
    }

    /// Deletes a file at Twilio. A missing file is no failure. The call is idempotent.
    pub async fn delete_media(&self, message: &MessageSid, media: &str) -> VendorResult<()> {
        self.delete(&["Messages", message, "Media", &format!("{}.json", id(media)?)]).await
    }

    /// Deletes a recording at Twilio. A missing recording is no failure. The call is idempotent.
    pub async fn delete_recording(&self, sid: &RecordingSid) -> VendorResult<()> {
        self.delete(&["Recordings", &format!("{sid}.json")]).await
    }

    /// Returns the address of a recording as MP3, for [`Twilio::fetch`] (Twilio, Recordings resource). If the
    /// address of the API can't be used, the result is empty and can't be fetched.
    pub fn recording_url(&self, sid: &RecordingSid) -> String {
        let url = self.url(&["Recordings", &format!("{sid}.mp3")]);
        url.map(String::from).unwrap_or_default()
    }
}
