//! Texts: sending them, and looking them up.

use std::borrow::Cow;
use std::fmt;

use handbell_core::address::{E164, PhoneAddress, SmsSender};
use handbell_core::vendor_id::MessageSid;
use http::Method;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use reqwest::Url;
use serde::{Deserialize, Deserializer};

use super::{Accepted, Twilio, VERSION};
use crate::answer::{self, time};
use crate::failure::{Failure, VendorResult};

/// Maximum number of characters of a text (Twilio, Messages resource; error 21617 beyond).
pub const BODY_MAX: usize = 1600;

/// Maximum number of files with a text (Twilio, Messages resource, `MediaUrl`).
pub const MEDIA_MAX: usize = 10;

/// Allowed validity periods of a text in seconds (Twilio, Messages resource, `ValidityPeriod`).
const VALIDITY: std::ops::RangeInclusive<u32> = 1..=36_000;

/// Texts per page when all texts since a time are read (Twilio allows at most 1000).
const PAGE: &str = "200";

/// Maximum number of pages that are read.
const PAGES_MAX: usize = 10;

/// A text to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Sms {
    /// The recipient's number.
    pub to: E164,
    /// One of our numbers, or an alphanumeric sender id.
    pub from: SmsSender,
    /// The text, cut by [`fit`]. May be empty if there is media.
    pub body: String,
    /// Addresses from which Twilio fetches the pictures, at most [`MEDIA_MAX`]; further ones are left out. Together
    /// they may have 5 MB as JPEG, PNG or GIF, other types 500 KB (Twilio, Messages resource).
    pub media: Vec<String>,
    /// Address for Twilio's receipts. The host name must not contain an underscore (Twilio, Messages resource).
    pub status_callback: Option<String>,
    /// Seconds after which Twilio no longer delivers the text, so that no copy arrives late.
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

/// A text in Twilio's records, outbound or inbound (Twilio, Messages resource).
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct TwilioMessage {
    /// Sid.
    pub sid: MessageSid,
    /// The text.
    #[serde(default)]
    pub body: Option<String>,
    /// `queued`, `sent`, `delivered`, `undelivered`, `failed`, `received` …
    #[serde(default)]
    pub status: Option<String>,
    /// When Twilio accepted the text.
    #[serde(default, deserialize_with = "time")]
    pub date_created: Option<Timestamp>,
    /// When the text was sent or received; `None` while it is queued.
    #[serde(default, deserialize_with = "time")]
    pub date_sent: Option<Timestamp>,
    /// Number of pictures and other files: see [`Twilio::media_of`].
    #[serde(default, deserialize_with = "number")]
    pub num_media: u32,
    /// `inbound`, `outbound-api` or similar.
    #[serde(default)]
    pub direction: Option<String>,
    /// Sender.
    #[serde(default)]
    pub from: Option<PhoneAddress>,
    /// Recipient.
    #[serde(default)]
    pub to: Option<PhoneAddress>,
    /// Why the text failed: see [`super::explain`].
    #[serde(default)]
    pub error_code: Option<u32>,
}

impl fmt::Debug for TwilioMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioMessage")
            .field("sid", &self.sid)
            .field("status", &self.status)
            .field("num_media", &self.num_media)
            .finish_non_exhaustive()
    }
}

impl TwilioMessage {
    fn at(&self) -> Option<Timestamp> {
        self.date_sent.or(self.date_created)
    }
}

// `messages` has no default: a response without the list is not an empty list.
#[derive(Deserialize)]
struct Messages {
    messages: Vec<TwilioMessage>,
    #[serde(default)]
    next_page_uri: Option<String>,
}

/// Twilio writes this number as a string. An unreadable number is no reason to lose the rest of the response.
fn number<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    Ok(match serde_json::Value::deserialize(from)? {
        serde_json::Value::String(text) => text.trim().parse().unwrap_or(0),
        serde_json::Value::Number(number) => number.as_u64().and_then(|n| n.try_into().ok()).unwrap_or(0),
        _ => 0,
    })
}

/// Cuts a text to [`BODY_MAX`] and ends it with "…" if something is missing. A reference tag must therefore be at the
/// beginning. An emoji counts as two characters: Twilio doesn't define a character, and this is the safe side.
pub fn fit(body: &str) -> Cow<'_, str> {
    answer::cut(body, BODY_MAX, char::len_utf16)
}

impl Twilio {
    /// Sends a text and returns its sid. The text is accepted then, not delivered.
    pub async fn send_sms(&self, sms: &Sms) -> VendorResult<MessageSid> {
        let body = fit(&sms.body);
        let validity = sms.validity.clamp(*VALIDITY.start(), *VALIDITY.end()).to_string();
        let mut form = vec![("To", sms.to.as_str()), ("From", &sms.from)];
        if !body.is_empty() || sms.media.is_empty() {
            form.push(("Body", &body));
        }
        form.push(("ValidityPeriod", &validity));
        form.extend(sms.media.iter().take(MEDIA_MAX).map(|url| ("MediaUrl", url.as_str())));
        if let Some(callback) = &sms.status_callback {
            form.push(("StatusCallback", callback));
        }
        let request = self.request(Method::POST, self.url(&["Messages.json"])?).form(&form);
        Ok(self.ask::<Accepted<MessageSid>>(request).await?.sid)
    }

    /// Returns the newest fifty texts to and from these numbers, newest first.
    pub async fn messages(
        &self,
        to: Option<&E164>,
        from: Option<&SmsSender>,
    ) -> VendorResult<Vec<TwilioMessage>> {
        let url = self.look("Messages.json", to.map(E164::as_str), from.map(SmsSender::as_str))?;
        Ok(self.ask::<Messages>(self.request(Method::GET, url)).await?.messages)
    }

    /// Returns a text by its sid.
    pub async fn message(&self, sid: &MessageSid) -> VendorResult<TwilioMessage> {
        let url = self.url(&["Messages", &format!("{sid}.json")])?;
        self.ask(self.request(Method::GET, url)).await
    }

    /// Returns all texts received by one of our numbers since a time, oldest first. A text with an unreadable time is
    /// included: a duplicate is better than a loss. Twilio keeps whole seconds, so texts of that very second are
    /// included too.
    ///
    /// Reads at most 2000 texts in up to ten requests. If there are more, or if a page can't be read, the look-up
    /// fails.
    pub async fn inbound_since(&self, to: &E164, since: Timestamp) -> VendorResult<Vec<TwilioMessage>> {
        let mut url = self.url(&["Messages.json"])?;
        // Twilio filters by days, in GMT (Twilio, Messages resource, `DateSent>`).
        let day = format!("{}T00:00:00Z", since.to_zoned(TimeZone::UTC).date());
        url.query_pairs_mut()
            .append_pair("To", to)
            .append_pair("DateSent>", &day)
            .append_pair("PageSize", PAGE);
        let is_older =
            |message: &TwilioMessage| message.at().is_some_and(|at| at.as_second() < since.as_second());
        let mut found = Vec::new();
        for _ in 0..PAGES_MAX {
            let page: Messages = self.ask(self.request(Method::GET, url)).await?;
            // The newest come first: after a page that contains only older texts, all further pages do too.
            let done = !page.messages.is_empty() && page.messages.iter().all(is_older);
            let inbound = |message: &TwilioMessage| message.direction.as_deref() == Some("inbound");
            found.extend(page.messages.into_iter().filter(|message| inbound(message) && !is_older(message)));
            match page.next_page_uri.filter(|uri| !done && !uri.is_empty()) {
                Some(next) => url = self.next_page(&next)?,
                None => {
                    found.reverse();
                    found.sort_by_key(TwilioMessage::at);
                    return Ok(found);
                }
            }
        }
        Err(Failure::unknown("more texts came in since then than can be looked through"))
    }

    /// Returns the address of the next page, which Twilio states without scheme and host. The request carries the
    /// password, so it must be our own host.
    fn next_page(&self, uri: &str) -> VendorResult<Url> {
        let foreign = || Failure::unknown("Twilio's list continues at a foreign address");
        let own = self.url(&["Messages.json"])?;
        // Below the configured address, which may have a path in the local environment.
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
    fn texts_are_cut_to_the_length_that_twilio_accepts() {
        assert!(matches!(fit("Check Webex"), Cow::Borrowed(_)));
        assert_eq!(fit(&"é".repeat(1600)), "é".repeat(1600));
        let cut = fit(&"é".repeat(1601)).into_owned();
        assert_eq!((cut.chars().count(), cut.ends_with("é…")), (1600, true));
        let emoji = fit(&"🔔".repeat(1000)).into_owned();
        assert_eq!(emoji.encode_utf16().count(), 1599);
    }

    #[test]
    fn the_number_of_files_is_a_string() {
        for (json, expected) in [
            (r#"{"sid":"SM00000000000000000000000000000001","num_media":"2"}"#, 2),
            (r#"{"sid":"SM00000000000000000000000000000001","num_media":3}"#, 3),
            (r#"{"sid":"SM00000000000000000000000000000001","num_media":null}"#, 0),
            (r#"{"sid":"SM00000000000000000000000000000001","num_media":"-1"}"#, 0),
            (r#"{"sid":"SM00000000000000000000000000000001","num_media":99999999999}"#, 0),
            (r#"{"sid":"SM00000000000000000000000000000001"}"#, 0),
        ] {
            assert_eq!(serde_json::from_str::<TwilioMessage>(json).unwrap().num_media, expected, "{json}");
        }
    }

    #[test]
    fn debug_shows_no_personal_data() {
        let sms = Sms {
            to: "+12025550111".parse().unwrap(),
            from: "+12025550100".parse().unwrap(),
            body: "Check Webex".into(),
            media: vec!["https://x/secret.png".into()],
            status_callback: Some("https://x/?to=+12025550111".into()),
            validity: 600,
        };
        assert_eq!(format!("{sms:?}"), "Sms { media: 1, validity: 600, .. }");
    }
}
