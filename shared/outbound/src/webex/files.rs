//! Files that go with a post: from disk, or from memory.

use std::fmt;
use std::path::PathBuf;

use bytes::Bytes;
use futures_util::stream;
use reqwest::multipart::Part;
use tokio::io::AsyncReadExt;

use crate::failure::{Failure, Said};

/// The most bytes of a file (Webex, basics guide). Webex shows previews up to 1 MB.
pub const FILE_MAX: u64 = 100 * 1024 * 1024;

/// How much of a file is in memory at a time.
const CHUNK: usize = 64 * 1024;

/// A file to go with a post, read from disk while it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Where it is.
    pub path: PathBuf,
    /// What people see it called.
    pub name: String,
    /// Its media type; if that makes no sense, the name decides.
    pub content_type: String,
    /// How long it is, for [`super::Post::deadline`]. What is sent is as long as the file then is.
    pub length: u64,
}

/// Something in memory to go with a post: a chart, or what a customer sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Attached {
    /// What people see it called.
    pub name: String,
    /// Its media type; if that makes no sense, the name decides.
    pub content_type: String,
    /// What is in it, at most [`FILE_MAX`].
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
    /// A chart that was just drawn, as PNG.
    pub fn chart(bytes: Bytes) -> Attached {
        Attached { name: "chart.png".to_owned(), content_type: "image/png".to_owned(), bytes }
    }

    /// It as a part of a form, and its length.
    pub(super) fn part(&self) -> Said<(Part, u64)> {
        let length = self.bytes.len() as u64;
        if length > FILE_MAX {
            return Err(too_long(&self.name, length));
        }
        let part = Part::stream_with_length(self.bytes.clone(), length);
        Ok((named(part, &self.name, &self.content_type)?, length))
    }
}

impl File {
    /// It as a part of a form, and its length.
    pub(super) async fn part(&self) -> Said<(Part, u64)> {
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

        // Not one byte more than was announced, should the file grow meanwhile. If it shrinks the request breaks off.
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

fn named(part: Part, name: &str, content_type: &str) -> Said<Part> {
    // Checked apart, since a part is lost with a type that can't be read.
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
    fn what_is_too_long_is_not_sent() {
        let attached = Attached::chart(vec![0; FILE_MAX as usize + 1].into());
        let words = "the file chart.png has 101 MB, Webex takes 100 MB at most";
        assert_eq!(attached.part().map(drop), Err(Failure::never_asked(words)));
    }
}
