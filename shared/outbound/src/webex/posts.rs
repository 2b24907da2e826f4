//! Posts: what is said in a space.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::Method;
use jiff::Timestamp;
use reqwest::multipart::{Form, Part};
use serde::Deserialize;
use serde_json::json;
use tokio::io::AsyncReadExt;

use super::{PAGE, Webex};
use crate::DEADLINE;
use crate::answer::{self, time};
use crate::failure::{Failure, Said};

/// The most bytes, not characters, of markdown in a post (Webex, Messages API).
pub const MARKDOWN_MAX: usize = 7439;

/// The most bytes of a file (Webex, basics guide). Webex shows previews up to 1 MB.
pub const FILE_MAX: u64 = 100 * 1024 * 1024;

/// The slowest upload that we wait for, in bytes a second.
const SLOWEST: u64 = 1024 * 1024;

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
    /// How long it is, for [`Post::deadline`]. What is sent is as long as the file then is.
    pub length: u64,
}

/// Something to say in a space. Webex takes one file or one card, not both.
#[derive(Clone, Default, PartialEq)]
pub struct Post {
    /// What to say; goes through [`fit`]. With a card, what those see who can't see cards.
    pub markdown: String,
    /// A file.
    pub file: Option<File>,
    /// A picture that was just drawn, PNG, in the place of a file.
    pub picture: Option<Bytes>,
    /// An Adaptive Card up to version 1.3, without the envelope (Webex, buttons and cards guide).
    pub card: Option<serde_json::Value>,
    /// The first post of the thread to answer in; not an answer in it.
    pub parent: Option<String>,
}

impl fmt::Debug for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Post")
            .field("bytes", &self.markdown.len())
            .field("file", &self.file)
            .finish_non_exhaustive()
    }
}

impl Post {
    /// How long saying this may take: [`DEADLINE`], and with a file one second more for each MiB. Whoever holds a lease
    /// on a delivery holds it longer than this.
    pub fn deadline(&self) -> Duration {
        with_upload(self.file.as_ref().map_or(0, |file| file.length))
    }
}

/// A post as it stands in Webex (Webex, Messages API).
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Opaque; never look inside.
    pub id: String,
    /// The space.
    #[serde(default)]
    pub room_id: Option<String>,
    /// `direct` or `group`.
    #[serde(default)]
    pub room_type: Option<String>,
    /// The first post of the thread.
    #[serde(default)]
    pub parent_id: Option<String>,
    /// Without formatting. In a group space it starts with the name of the bot that it was said to.
    #[serde(default)]
    pub text: Option<String>,
    /// As it was sent, if it was sent so.
    #[serde(default)]
    pub markdown: Option<String>,
    /// As Webex shows it; here mentions can be told from words.
    #[serde(default)]
    pub html: Option<String>,
    /// Addresses of the files; they want the token.
    #[serde(default)]
    pub files: Option<Vec<String>>,
    /// Who said it.
    #[serde(default)]
    pub person_id: Option<String>,
    /// Who said it.
    #[serde(default)]
    pub person_email: Option<String>,
    /// Who is named in it.
    #[serde(default)]
    pub mentioned_people: Option<Vec<String>>,
    /// When it was said.
    #[serde(default, deserialize_with = "time")]
    pub created: Option<Timestamp>,
    /// When it was last edited, if it was.
    #[serde(default, deserialize_with = "time")]
    pub updated: Option<Timestamp>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Posted {
    id: String,
}

/// Cuts markdown to [`MARKDOWN_MAX`] bytes, between characters, and ends it with "…" if something is missing.
pub fn fit(markdown: &str) -> Cow<'_, str> {
    answer::cut(markdown, MARKDOWN_MAX, char::len_utf8)
}

impl Webex {
    /// Says something in a space; gives the post's id.
    pub async fn post(&self, room: &str, post: &Post) -> Said<String> {
        let url = self.url(&["messages"])?;
        let request = self.request(Method::POST, url);
        let part = match (&post.file, &post.picture) {
            (Some(file), _) => Some(open(file).await?),
            (None, Some(picture)) => Some(drawn(picture)?),
            (None, None) => None,
        };
        let (request, deadline) = match (part, &post.card) {
            (Some(_), Some(_)) => {
                return Err(Failure::never_asked("Webex takes a file or a card in a post, not both"));
            }
            (Some((part, length)), None) => {
                let mut form = Form::new().text("roomId", room.to_owned());
                if !post.markdown.is_empty() {
                    form = form.text("markdown", fit(&post.markdown).into_owned());
                }
                if let Some(parent) = &post.parent {
                    form = form.text("parentId", parent.clone());
                }
                (request.multipart(form.part("files", part)), with_upload(length))
            }
            (None, card) => {
                let mut body = json!({ "roomId": room, "markdown": fit(&post.markdown) });
                if let Some(parent) = &post.parent {
                    body["parentId"] = parent.as_str().into();
                }
                if let Some(card) = card {
                    let kind = "application/vnd.microsoft.card.adaptive";
                    body["attachments"] = json!([{ "contentType": kind, "content": card }]);
                }
                (request.json(&body), DEADLINE)
            }
        };
        let posted: Posted = self.ask(request, deadline, false).await?.agreed()?;
        Ok(posted.id)
    }

    /// Says something to one person; gives the post's id. Webex makes the space for the two if there is none yet.
    pub async fn direct(&self, email: &str, markdown: &str) -> Said<String> {
        let body = json!({ "toPersonEmail": email, "markdown": fit(markdown) });
        let posted: Posted = self.send(Method::POST, self.url(&["messages"])?, &body).await?;
        Ok(posted.id)
    }

    /// The newest posts between us and one person, newest first. A bot may list these too (Webex, Messages API).
    pub async fn direct_messages(&self, email: &str) -> Said<Vec<Message>> {
        let mut url = self.url(&["messages", "direct"])?;
        url.query_pairs_mut().append_pair("personEmail", email);
        self.list(url, usize::MAX).await
    }

    /// Changes what a post says. Webex allows ten edits, and none of a post with a file or a card (Webex, Messages API).
    /// Saying this twice does no harm.
    pub async fn edit(&self, message: &str, room: &str, markdown: &str) -> Said<Message> {
        let body = json!({ "roomId": room, "markdown": fit(markdown) });
        self.send(Method::PUT, self.url(&["messages", message])?, &body).await
    }

    /// A post by its id. A bot may read its own posts, and in group spaces those that mention it.
    pub async fn message(&self, id: &str) -> Said<Message> {
        self.get(self.url(&["messages", id])?).await
    }

    /// The newest posts of a space, newest first. In a group space a bot may ask only for those that mention it
    /// (Webex, Messages API).
    pub async fn messages(&self, room: &str, limit: usize, only_mentions: bool) -> Said<Vec<Message>> {
        let mut url = self.url(&["messages"])?;
        // With mentions a page has at most a hundred.
        let page = limit.clamp(1, if only_mentions { 100 } else { PAGE.parse().unwrap_or(1000) });
        url.query_pairs_mut().append_pair("roomId", room).append_pair("max", &page.to_string());
        if only_mentions {
            url.query_pairs_mut().append_pair("mentionedPeople", "me");
        }
        self.list(url, limit).await
    }

    /// Takes a post away.
    pub async fn delete_message(&self, id: &str) -> Said<()> {
        let request = self.request(Method::DELETE, self.url(&["messages", id])?);
        self.ask(request, DEADLINE, false).await.map(drop)
    }
}

fn with_upload(length: u64) -> Duration {
    DEADLINE + Duration::from_secs(length.div_ceil(SLOWEST))
}

/// A picture as a part of a form, and its length.
fn drawn(picture: &Bytes) -> Said<(Part, u64)> {
    let part = Part::stream(picture.clone()).file_name("chart.png").mime_str("image/png");
    let part = part.map_err(|_| Failure::never_asked("the picture's type can't be written".to_owned()))?;
    Ok((part, picture.len() as u64))
}

/// The file as a part of a form, and its length.
async fn open(file: &File) -> Said<(Part, u64)> {
    let unreadable = |_| Failure::never_asked(format!("the file {} can't be read", file.name));
    let opened = tokio::fs::File::open(&file.path).await.map_err(unreadable)?;
    let metadata = opened.metadata().await.map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(Failure::never_asked(format!("{} is not a file", file.name)));
    }
    let length = metadata.len();
    if length > FILE_MAX {
        return Err(Failure::never_asked(format!(
            "the file {} has {} MB, Webex takes 100 MB at most",
            file.name,
            length.div_ceil(1024 * 1024)
        )));
    }

    // Not one byte more than was announced, should the file grow meanwhile. If it shrinks the request breaks off.
    let chunks = stream::try_unfold(opened.take(length), |mut rest| async move {
        let mut chunk = vec![0; CHUNK];
        let read = rest.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then(|| (Bytes::from(chunk), rest)))
    });
    let part = || Part::text(String::new());
    let guessed = || mime_guess::from_path(&file.name).first_or_octet_stream();
    // Checked apart, since a part is lost with a type that can't be read.
    let content_type = match part().mime_str(&file.content_type) {
        Ok(_) => file.content_type.clone(),
        Err(_) => guessed().to_string(),
    };
    let part = Part::stream_with_length(reqwest::Body::wrap_stream(chunks), length)
        .file_name(file.name.replace(char::is_control, " "))
        .mime_str(&content_type)
        .map_err(|_| Failure::never_asked(format!("the type of the file {} can't be written", file.name)))?;
    Ok((part, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_text_is_left_alone() {
        assert!(matches!(fit("# Help"), Cow::Borrowed("# Help")));
        let full = "x".repeat(MARKDOWN_MAX);
        assert_eq!(fit(&full), full);
    }

    #[test]
    fn uploads_have_more_time() {
        assert_eq!(Post::default().deadline(), DEADLINE);
        assert_eq!(with_upload(1), DEADLINE + Duration::from_secs(1));
        assert_eq!(with_upload(FILE_MAX), DEADLINE + Duration::from_secs(100));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_long_text_is_cut_between_characters(text in "\\PC{1800,9000}") {
            let cut = fit(&text);
            prop_assert!(cut.len() <= MARKDOWN_MAX);
            if text.len() > MARKDOWN_MAX {
                let kept = cut.strip_suffix('…').unwrap();
                prop_assert!(text.starts_with(kept));
                prop_assert!(cut.len() > MARKDOWN_MAX - 4);
            } else {
                prop_assert_eq!(&*cut, &*text);
            }
        }
    }
}
