//! Texts: sending them, and those that Twilio knows.

use std::borrow::Cow;
use std::fmt;

use http::Method;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use reqwest::Url;
use serde::{Deserialize, Deserializer};

use super::{Accepted, Twilio, VERSION, id};
use crate::answer::{self, time};
use crate::failure::{Failure, Said};

/// The most characters of a text (Twilio, Messages resource; error 21617 beyond).
pub const BODY_MAX: usize = 1600;

/// The most files that go with a text (Twilio, Messages resource, `MediaUrl`).
pub const MEDIA_MAX: usize = 10;

/// Within what, in seconds, a text may have to be delivered (Twilio, Messages resource, `ValidityPeriod`).
const VALIDITY: std::ops::RangeInclusive<u32> = 1..=36_000;

/// How many texts stand on a page when all since a time are read (Twilio takes 1000 at most).
const PAGE: &str = "200";

/// More pages than this aren't read.
const PAGES_MAX: usize = 10;

/// A text to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Sms {
    /// A number in E.164.
    pub to: String,
    /// One of our numbers, a sender's name, or the id of a Messaging Service (`MG…`).
    pub from: String,
    /// What to say; goes through [`fit`]. May be empty if there is media.
    pub body: String,
    /// Where Twilio fetches the pictures that go along, at most [`MEDIA_MAX`]; those behind are left out. Together they
    /// may have 5 MB as JPEG, PNG or GIF, others 500 KB (Twilio, Messages resource).
    pub media: Vec<String>,
    /// Where Twilio tells its receipt. No underscore in the host's name (Twilio, Messages resource).
    pub status_callback: Option<String>,
    /// Seconds after which it is better not delivered at all, so that a late copy dies.
    pub validity: u32,
}

impl fmt::Debug for Sms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sms")
            .field("media", &self.media.len())
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

/// A text that Twilio knows, ours or one that came in (Twilio, Messages resource).
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct Message {
    /// `SM…` or `MM…`.
    pub sid: String,
    /// What it says.
    #[serde(default)]
    pub body: Option<String>,
    /// `queued`, `sent`, `delivered`, `undelivered`, `failed`, `received` …
    #[serde(default)]
    pub status: Option<String>,
    /// When Twilio took it.
    #[serde(default, deserialize_with = "time")]
    pub date_created: Option<Timestamp>,
    /// When it was sent, or came in; nothing while it waits.
    #[serde(default, deserialize_with = "time")]
    pub date_sent: Option<Timestamp>,
    /// How many pictures and other files it has: see [`Twilio::media_of`].
    #[serde(default, deserialize_with = "number")]
    pub num_media: u32,
    /// `inbound`, or `outbound-api` and its like.
    #[serde(default)]
    pub direction: Option<String>,
    /// Who sent it.
    #[serde(default)]
    pub from: Option<String>,
    /// Who it is for.
    #[serde(default)]
    pub to: Option<String>,
    /// Why it failed: see [`super::explain`].
    #[serde(default)]
    pub error_code: Option<u32>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("sid", &self.sid)
            .field("status", &self.status)
            .field("num_media", &self.num_media)
            .finish_non_exhaustive()
    }
}

impl Message {
    fn at(&self) -> Option<Timestamp> {
        self.date_sent.or(self.date_created)
    }
}

// The list isn't defaulted: an answer without one is no empty look.
#[derive(Deserialize)]
struct Messages {
    messages: Vec<Message>,
    #[serde(default)]
    next_page_uri: Option<String>,
}

/// Twilio writes this number as a text. One that can't be read is no reason to lose the rest.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    Ok(match serde_json::Value::deserialize(from)? {
        serde_json::Value::String(text) => text.trim().parse().unwrap_or(0),
        serde_json::Value::Number(number) => number.as_u64().and_then(|n| n.try_into().ok()).unwrap_or(0),
        _ => 0,
    })
}

/// Cuts a text to [`BODY_MAX`] and ends it with "…" if something is missing. A reference that must be found again
/// stands at the beginning. An emoji counts as two: Twilio doesn't say what a character is, and this is the safe side.
pub fn fit(body: &str) -> Cow<'_, str> {
    answer::cut(body, BODY_MAX, char::len_utf16)
}

impl Twilio {
    /// Sends a text; gives its sid. It is accepted then, not delivered.
    pub async fn send_sms(&self, sms: &Sms) -> Said<String> {
        let body = fit(&sms.body);
        let validity = sms.validity.clamp(*VALIDITY.start(), *VALIDITY.end()).to_string();
        let service = sms.from.len() == 34 && sms.from.starts_with("MG");
        let mut form =
            vec![("To", sms.to.as_str()), (if service { "MessagingServiceSid" } else { "From" }, &sms.from)];
        if !body.is_empty() || sms.media.is_empty() {
            form.push(("Body", &body));
        }
        form.push(("ValidityPeriod", &validity));
        form.extend(sms.media.iter().take(MEDIA_MAX).map(|url| ("MediaUrl", url.as_str())));
        if let Some(callback) = &sms.status_callback {
            form.push(("StatusCallback", callback));
        }
        let request = self.request(Method::POST, self.url(&["Messages.json"])?).form(&form);
        Ok(self.ask::<Accepted>(request).await?.sid)
    }

    /// The newest fifty texts to and from these numbers; newest first.
    pub async fn messages(&self, to: Option<&str>, from: Option<&str>) -> Said<Vec<Message>> {
        let url = self.look("Messages.json", to, from)?;
        Ok(self.ask::<Messages>(self.request(Method::GET, url)).await?.messages)
    }

    /// A text by its sid.
    pub async fn message(&self, sid: &str) -> Said<Message> {
        let url = self.url(&["Messages", &format!("{}.json", id(sid)?)])?;
        self.ask(self.request(Method::GET, url)).await
    }

    /// All texts that came in to one of our numbers since then, oldest first. One whose time can't be read is among
    /// them: better twice than not at all. Twilio keeps whole seconds, so those of that very second are too.
    ///
    /// Reads at most 2000, in up to ten requests. When there are more the look has failed, and so it has when one of
    /// the pages can't be read.
    pub async fn inbound_since(&self, to: &str, since: Timestamp) -> Said<Vec<Message>> {
        let mut url = self.url(&["Messages.json"])?;
        // Twilio filters by days, in GMT (Twilio, Messages resource, `DateSent>`).
        let day = format!("{}T00:00:00Z", since.to_zoned(TimeZone::UTC).date());
        url.query_pairs_mut()
            .append_pair("To", to)
            .append_pair("DateSent>", &day)
            .append_pair("PageSize", PAGE);
        let is_older = |message: &Message| message.at().is_some_and(|at| at.as_second() < since.as_second());
        let mut found = Vec::new();
        for _ in 0..PAGES_MAX {
            let page: Messages = self.ask(self.request(Method::GET, url)).await?;
            // The newest come first: behind a page of nothing but older ones there are only older ones.
            let done = !page.messages.is_empty() && page.messages.iter().all(is_older);
            let inbound = |message: &Message| message.direction.as_deref() == Some("inbound");
            found.extend(page.messages.into_iter().filter(|message| inbound(message) && !is_older(message)));
            match page.next_page_uri.filter(|uri| !done && !uri.is_empty()) {
                Some(next) => url = self.next_page(&next)?,
                None => {
                    found.reverse();
                    found.sort_by_key(Message::at);
                    return Ok(found);
                }
            }
        }
        Err(Failure::unknown("more texts came in since then than can be looked through"))
    }

    /// The address of a page as Twilio tells it, without scheme and host; the password goes there.
    fn next_page(&self, uri: &str) -> Said<Url> {
        let foreign = || Failure::unknown("Twilio's list goes on at a foreign address");
        let own = self.url(&["Messages.json"])?;
        // Behind the address in the settings, which may have a path on the laptop.
        let told = match uri.strip_prefix('/').filter(|path| path.starts_with(VERSION)) {
            Some(path) => Url::parse(&format!("{}/{path}", self.base_url.trim_end_matches('/'))),
            None => own.join(uri),
        };
        let url = told.map_err(|_| foreign())?;
        let nobody = url.username().is_empty() && url.password().is_none();
        if nobody && url.origin() == own.origin() && url.path() == own.path() {
            Ok(url)
        } else {
            Err(foreign())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_to_what_twilio_takes() {
        assert!(matches!(fit("Check Webex"), Cow::Borrowed(_)));
        assert_eq!(fit(&"é".repeat(1600)), "é".repeat(1600));
        let cut = fit(&"é".repeat(1601)).into_owned();
        assert_eq!((cut.chars().count(), cut.ends_with("é…")), (1600, true));
        let emoji = fit(&"🔔".repeat(1000)).into_owned();
        assert_eq!(emoji.encode_utf16().count(), 1599);
    }

    #[test]
    fn the_number_of_files_is_a_text() {
        for (json, expected) in [
            (r#"{"sid":"SM1","num_media":"2"}"#, 2),
            (r#"{"sid":"SM1","num_media":3}"#, 3),
            (r#"{"sid":"SM1","num_media":null}"#, 0),
            (r#"{"sid":"SM1","num_media":"-1"}"#, 0),
            (r#"{"sid":"SM1","num_media":99999999999}"#, 0),
            (r#"{"sid":"SM1"}"#, 0),
        ] {
            assert_eq!(serde_json::from_str::<Message>(json).unwrap().num_media, expected, "{json}");
        }
    }

    #[test]
    fn debug_shows_nobody() {
        let sms = Sms {
            to: "+12025550111".into(),
            from: "+12025550100".into(),
            body: "Check Webex".into(),
            media: vec!["https://x/secret.png".into()],
            status_callback: Some("https://x/?to=+12025550111".into()),
            validity: 600,
        };
        assert_eq!(format!("{sms:?}"), "Sms { media: 1, validity: 600, .. }");
    }
}
