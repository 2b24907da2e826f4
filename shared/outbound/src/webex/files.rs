//! Files to be sent with a post, from disk or from memory.

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;
use futures_util::stream;
use reqwest::multipart::Part;
use tokio::io::AsyncReadExt;

use crate::failure::{Failure, VendorResult};

/// Maximum size of a file in bytes (Webex, basics guide). Webex shows previews up to 1 MB.
pub const FILE_MAX: u64 = 100 * 1024 * 1024;

/// Amount of a file that is in memory at a time.
const CHUNK: usize = 64 * 1024;

/// A file to be sent with a post, read from disk during the upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebexFile {
    /// Path of the file.
    pub path: PathBuf,
    /// Name shown to people.
    pub name: String,
    /// Media type. If it isn't valid, the name decides.
    pub content_type: String,
    /// Length for [`super::Post::deadline`]. The upload uses the length that the file has then.
    pub length: u64,
}

/// Content in memory to be sent with a post, such as a chart or a customer's file.
#[derive(Clone, PartialEq, Eq)]
pub struct Attached {
    /// Name shown to people.
    pub name: String,
    /// Media type. If it isn't valid, the name decides.
    pub content_type: String,
    /// The content, at most [`FILE_MAX`] bytes.
    pub bytes: Bytes,
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attached")
            .field("content_type", &self.content_type)
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

impl Attached {
    /// Attaches a chart that was just drawn, as PNG.
    pub fn chart(bytes: Bytes) -> Attached {
        Attached { name: "chart.png".to_owned(), content_type: "image/png".to_owned(), bytes }
    }

    /// Returns the content as a part of a form, and its length.
    pub(super) fn part(&self) -> VendorResult<(Part, u64)> {
        let length = self.bytes.len() as u64;
        if length > FILE_MAX {
            return Err(too_long(&self.name, length));
        }
        let part = Part::stream_with_length(self.bytes.clone(), length);
        Ok((named(part, &self.name, &self.content_type)?, length))
    }
}

impl WebexFile {
    /// Returns the file as a part of a form, and its length.
    pub(super) async fn part(&self) -> VendorResult<(Part, u64)> {
        let unreadable = |_| Failure::never_asked(format!("the file {} can't be read", self.name));
        let opened = tokio::fs::File::open(&self.path).await.map_err(unreadable)?;
        let metadata = opened.metadata().await.map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(Failure::never_asked(format!("{} is not a file", self.name)));
        }
        let length = metadata.len();
        if length > FILE_MAX {
            return Err(too_long(&self.name, length));
        }

        // Reads no more bytes than announced if the file grows meanwhile. If it shrinks, the request is aborted.
        let chunks = stream::try_unfold(opened.take(length), |mut rest| async move {
            let mut chunk = vec![0; CHUNK];
            let read = rest.read(&mut chunk).await?;
            chunk.truncate(read);
            Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(chunk), rest)))
        });
        let part = Part::stream_with_length(reqwest::Body::wrap_stream(chunks), length);
        Ok((named(part, &self.name, &self.content_type)?, length))
    }
}

fn too_long(name: &str, length: u64) -> Failure {
    let size = length.div_ceil(1024 * 1024);
    Failure::never_asked(format!("the file {name} has {size} MB, Webex takes 100 MB at most"))
}

fn named(part: Part, name: &str, content_type: &str) -> VendorResult<Part> {
    // Checked separately, since setting an invalid type consumes the part.
    let content_type = match Part::text(String::new()).mime_str(content_type) {
        Ok(_) => content_type.to_owned(),
        Err(_) => mime_guess::from_path(name).first_or_octet_stream().to_string(),
    };
    part.file_name(name.replace(char::is_control, " "))
        .mime_str(&content_type)
        .map_err(|_| Failure::never_asked(format!("the type of the file {name} can't be written")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_name() {
        let attached = Attached { name: "Dana's bill.pdf".into(), ..Attached::chart("abc".into()) };
        assert_eq!(format!("{attached:?}"), "Attached { content_type: \"image/png\", bytes: 3, .. }");
    }

    #[test]
    fn a_file_that_is_too_large_is_not_sent() {
        let attached = Attached::chart(vec![0; FILE_MAX as usize + 1].into());
        let words = "the file chart.png has 101 MB, Webex takes 100 MB at most";
        assert_eq!(attached.part().map(drop), Err(Failure::never_asked(words)));
    }
}
