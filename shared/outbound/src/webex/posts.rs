//! Posts: what is said in a space.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use reqwest::multipart::Form;
use serde::Deserialize;
use serde_json::json;

use super::{Attached, File, PAGE, Webex};
use crate::DEADLINE;
use crate::answer::{self, time, with_bytes};
use crate::failure::{Failure, Said};

/// The most bytes, not characters, of markdown in a post (Webex, Messages API).
pub const MARKDOWN_MAX: usize = 7439;

/// Something to say in a space. Webex takes one file or one card, not both.
#[derive(Clone, Default, PartialEq)]
pub struct Post {
    /// What to say; goes through [`fit`]. With a card, what those see who can't see cards.
    pub markdown: String,
    /// A file.
    pub file: Option<File>,
    /// What is in memory, as a chart that was just drawn, in the place of a file.
    pub attached: Option<Attached>,
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
            .field("attached", &self.attached)
            .finish_non_exhaustive()
    }
}

impl Post {
    /// How long saying this may take: [`DEADLINE`], and with a file or what is attached one second more for each MiB. Whoever holds a lease
    /// on a delivery holds it longer than this.
    pub fn deadline(&self) -> Duration {
        let attached = self.attached.as_ref().map_or(0, |attached| attached.bytes.len() as u64);
        with_bytes(self.file.as_ref().map_or(attached, |file| file.length))
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
    /// Which groups are named in it; `all` is everybody in the space.
    #[serde(default)]
    pub mentioned_groups: Option<Vec<String>>,
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
        let part = match (&post.file, &post.attached) {
            (Some(file), _) => Some(file.part().await?),
            (None, Some(attached)) => Some(attached.part()?),
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
                (request.multipart(form.part("files", part)), with_bytes(length))
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

    /// Makes sure that a post isn't there any more. That it was gone already is fine.
    pub async fn delete_message(&self, id: &str) -> Said<()> {
        self.delete(&["messages", id]).await
    }
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
        let attached = Some(Attached::chart(vec![0; 1024 * 1024 + 1].into()));
        assert_eq!(Post { attached, ..Post::default() }.deadline(), DEADLINE + Duration::from_secs(2));
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
