//! Files that came with a text, and recordings of what callers said.

use std::fmt;

use http::Method;
use serde::Deserialize;

use super::{Twilio, id};
use crate::failure::Said;

/// A file that came with a text.
#[derive(Clone, PartialEq, Eq)]
pub struct MediaRef {
    /// `ME…`.
    pub sid: String,
    /// Where it is, for [`Twilio::fetch`].
    pub url: String,
    /// Its media type as Twilio tells it.
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

// The list isn't defaulted: an answer without one is no empty look.
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
    /// The files of a text, at most ten, in Twilio's order (Twilio, Media resource).
    pub async fn media_of(&self, message: &str) -> Said<Vec<MediaRef>> {
        let message = id(message)?;
        let url = self.url(&["Messages", message, "Media.json"])?;
        let list: MediaList = self.ask(self.request(Method::GET, url)).await?;
        let media = list.media_list.into_iter().map(|medium| {
            // Without `.json` it is the file itself.
            let url = self.url(&["Messages", message, "Media", id(&medium.sid)?])?;
            Ok(MediaRef {
                url: url.into(),
                content_type: medium.content_type.unwrap_or_default(),
                sid: medium.sid,
            })
        });
        media.collect()
    }

    /// Makes sure that Twilio doesn't keep a file any longer. Saying this twice does no harm.
    pub async fn delete_media(&self, message: &str, media: &str) -> Said<()> {
        self.delete(&["Messages", id(message)?, "Media", &format!("{}.json", id(media)?)]).await
    }

    /// Makes sure that Twilio doesn't keep a recording any longer. Saying this twice does no harm.
    pub async fn delete_recording(&self, sid: &str) -> Said<()> {
        self.delete(&["Recordings", &format!("{}.json", id(sid)?)]).await
    }

    /// Where a recording is as MP3, for [`Twilio::fetch`] (Twilio, Recordings resource). Empty if this is no sid, which
    /// can't be fetched then.
    pub fn recording_url(&self, sid: &str) -> String {
        let url = id(sid).and_then(|sid| self.url(&["Recordings", &format!("{sid}.mp3")]));
        url.map(String::from).unwrap_or_default()
    }
}
