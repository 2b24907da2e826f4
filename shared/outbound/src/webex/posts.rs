//! Posts: messages in a space.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use handbell_core::vendor_id::{MessageId, PersonId, RoomId};
use http::Method;
use jiff::Timestamp;
use reqwest::multipart::Form;
use serde::Deserialize;
use serde_json::json;

use super::{Attached, BACK_PAGE, PAGE, Webex, WebexFile};
use crate::DEADLINE;
use crate::answer::{self, time, with_bytes};
use crate::failure::{Failure, VendorResult};

/// Maximum length of a post's Markdown, in bytes, not characters (Webex, Messages API).
pub const MARKDOWN_MAX: usize = 7439;

/// A post to be sent. Webex accepts one file or one card, not both.
#[derive(Clone, Default, PartialEq)]
pub struct Post {
    /// The text, cut by [`fit`]. With a card, it is shown to people whose client can't show cards.
    pub markdown: String,
    /// A file.
    pub file: Option<WebexFile>,
    /// Content in memory instead of a file, such as a chart.
    pub attached: Option<Attached>,
    /// An Adaptive Card up to version 1.3, without the envelope (Webex, buttons and cards guide).
    pub card: Option<serde_json::Value>,
    /// Root post of the thread to reply in; never a reply.
    pub parent: Option<MessageId>,
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
    /// Time-out of sending the post: [`DEADLINE`], and one more second per MiB of a file or attachment. A lease on the
    /// delivery must last longer than this.
    pub fn deadline(&self) -> Duration {
        let attached = self.attached.as_ref().map_or(0, |attached| attached.bytes.len() as u64);
        with_bytes(self.file.as_ref().map_or(attached, |file| file.length))
    }
}

/// A post in Webex (Webex, Messages API).
#[derive(Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebexMessage {
    /// Opaque id.
    pub id: MessageId,
    /// Space of the post.
    #[serde(default)]
    pub room_id: Option<RoomId>,
    /// `direct` or `group`.
    #[serde(default)]
    pub room_type: Option<String>,
    /// Root post of the thread.
    #[serde(default)]
    pub parent_id: Option<MessageId>,
    /// Text without formatting. In a group space it begins with the name of the bot that it is addressed to.
    #[serde(default)]
    pub text: Option<String>,
    /// Markdown, if the post was sent as Markdown.
    #[serde(default)]
    pub markdown: Option<String>,
    /// HTML as Webex shows it. Only here are mentions distinct from plain words.
    #[serde(default)]
    pub html: Option<String>,
    /// Addresses of the files. They require the token.
    #[serde(default)]
    pub files: Option<Vec<String>>,
    /// Id of the author.
    #[serde(default)]
    pub person_id: Option<PersonId>,
    /// Mail address of the author.
    #[serde(default)]
    pub person_email: Option<String>,
    /// Ids of the people mentioned in the post. They are only compared, and an id of any other form is another person's.
    #[serde(default)]
    pub mentioned_people: Option<Vec<String>>,
    /// Groups mentioned in the post; `all` is everybody in the space.
    #[serde(default)]
    pub mentioned_groups: Option<Vec<String>>,
    /// Time at which the post was sent.
    #[serde(default, deserialize_with = "time")]
    pub created: Option<Timestamp>,
    /// Time of the last edit, if any.
    #[serde(default, deserialize_with = "time")]
    pub updated: Option<Timestamp>,
}

impl fmt::Debug for WebexMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebexMessage")
            .field("id", &self.id)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Posted {
    id: MessageId,
}

/// Cuts Markdown to [`MARKDOWN_MAX`] bytes between characters and ends it with "…" if something is missing.
pub fn fit(markdown: &str) -> Cow<'_, str> {
    answer::cut(markdown, MARKDOWN_MAX, char::len_utf8)
}

impl Webex {
    /// Sends a post to a space and returns its id.
    pub async fn post(&self, room: &RoomId, post: &Post) -> VendorResult<MessageId> {
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
                let mut form = Form::new().text("roomId", room.to_string());
                if !post.markdown.is_empty() {
                    form = form.text("markdown", fit(&post.markdown).into_owned());
                }
                if let Some(parent) = &post.parent {
                    form = form.text("parentId", parent.to_string());
                }
                (request.multipart(form.part("files", part)), with_bytes(length))
            }
            (None, card) => {
                let mut body = json!({ "roomId": room, "markdown": fit(&post.markdown) });
                if let Some(parent) = &post.parent {
                    body["parentId"] = (**parent).into();
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

    /// Sends a direct message and returns its id. Webex creates the 1:1 space if it doesn't exist yet.
    pub async fn direct(&self, email: &str, markdown: &str) -> VendorResult<MessageId> {
        let body = json!({ "toPersonEmail": email, "markdown": fit(markdown) });
        let posted: Posted = self.send(Method::POST, self.url(&["messages"])?, &body).await?;
        Ok(posted.id)
    }

    /// Returns the newest direct messages with a person, newest first. A bot may list these too (Webex, Messages API).
    pub async fn direct_messages(&self, email: &str) -> VendorResult<Vec<WebexMessage>> {
        let mut url = self.url(&["messages", "direct"])?;
        url.query_pairs_mut().append_pair("personEmail", email);
        self.list(url, usize::MAX).await
    }

    /// Replaces the text of a post. Webex allows ten edits, and none of a post with a file or a card (Webex, Messages
    /// API). The call is idempotent.
    pub async fn edit(
        &self,
        message: &MessageId,
        room: &RoomId,
        markdown: &str,
    ) -> VendorResult<WebexMessage> {
        let body = json!({ "roomId": room, "markdown": fit(markdown) });
        self.send(Method::PUT, self.url(&["messages", message])?, &body).await
    }

    /// Returns a post by id. A bot may read its own posts, and in group spaces those that mention it.
    pub async fn message(&self, id: &MessageId) -> VendorResult<WebexMessage> {
        self.get(self.url(&["messages", id])?).await
    }

    /// Returns the newest posts of a space, newest first. In a group space, a bot may list only those that mention it
    /// (Webex, Messages API).
    pub async fn messages(
        &self,
        room: &RoomId,
        limit: usize,
        only_mentions: bool,
    ) -> VendorResult<Vec<WebexMessage>> {
        let mut url = self.url(&["messages"])?;
        // With mentions, a page has at most a hundred posts.
        let page = limit.clamp(1, if only_mentions { 100 } else { PAGE.parse().unwrap_or(1000) });
        url.query_pairs_mut().append_pair("roomId", room).append_pair("max", &page.to_string());
        if only_mentions {
            url.query_pairs_mut().append_pair("mentionedPeople", "me");
        }
        self.list(url, limit).await
    }

    /// Returns the posts of a space that were created since a time, newest first. In a group space, a bot may list only
    /// those that mention it (Webex, Messages API). Posts without a readable time are included.
    pub async fn messages_since(
        &self,
        room: &RoomId,
        since: Timestamp,
        only_mentions: bool,
    ) -> VendorResult<Vec<WebexMessage>> {
        let mut url = self.url(&["messages"])?;
        url.query_pairs_mut().append_pair("roomId", room).append_pair("max", BACK_PAGE);
        if only_mentions {
            url.query_pairs_mut().append_pair("mentionedPeople", "me");
        }
        let is_older = |message: &WebexMessage| message.created.is_some_and(|at| at < since);
        let mut all = self.list_until(url, |all| all.last().is_some_and(is_older)).await?;
        all.retain(|message| !is_older(message));
        Ok(all)
    }

    /// Deletes a post. A missing post is no failure.
    pub async fn delete_message(&self, id: &MessageId) -> VendorResult<()> {
        self.delete(&["messages", id]).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_short_text_remains_unchanged() {
        assert!(matches!(fit("# Help"), Cow::Borrowed("# Help")));
        let full = "x".repeat(MARKDOWN_MAX);
        assert_eq!(fit(&full), full);
    }

    #[test]
    fn uploads_have_longer_time_outs() {
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
