//! Files between customers and agents: an agent's file for a phone (`/file/{link}`), a customer's for the space.

use bytes::Bytes;
use handbell_core::Rejected;
use handbell_core::delivery::Outcome;
use handbell_core::texting::{FileRoute, file_route};
use handbell_core::wording::conversation as wording;
use handbell_inbound::link;
use handbell_outbound::Failure;
use handbell_outbound::twilio::Sms;
use handbell_outbound::webex::{Attached, Post};
use handbell_outbound::{allowed_media, looks_like};
use http::{HeaderValue, Request, Response, StatusCode};
use jiff::SignedDuration;
use secrecy::ExposeSecret;

use crate::configuration::Configuration;
use crate::dependencies::{PublicUrl, Time, parts};
use crate::engine::attempt::{Attempt, outcome_of_fault, outcome_of_send};
use crate::engine::work::Work;
use crate::secrets::{Secrets, values};
use crate::vendor::{TwilioAccount, WebexAccount};
use crate::{Failed, Fault, refuse, typed};

/// Maximum size of an agent's file. A Lambda's response has at most 6 MB, and bytes grow by a third in it (API Gateway,
/// payload).
const OUT_MAX: u64 = 4_400_000;
/// Maximum size of a customer's file. A picture that comes with a text has at most 5 MB (Twilio, Messages resource), a
/// recording of three minutes less.
const IN_MAX: u64 = 5 * 1024 * 1024;
/// Validity of a link to a file.
const LINK_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Time after which a recording must be available.
const NOT_YET: SignedDuration = SignedDuration::from_mins(2);

parts! {
    /// Serves an agent's file to a phone.
    pub struct FileLink {
        config: Configuration,
        webex: WebexAccount,
        secrets: Secrets,
        time: Time,
    }
}

impl FileLink {
    /// Answers `/file/{link}` with an agent's file, which is fetched from Webex each time. Handbell keeps no copy.
    pub async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.fetch(&request).await.unwrap_or_else(|failed| refuse(&failed))
    }

    async fn fetch(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Failed> {
        let piece = request.uri().path().strip_prefix("/file/").ok_or(Rejected::Unknown)?;
        let secrets = self.secrets.all(self.time.now()).await?;
        let name = link::verify_until(&values(&secrets, [self.config.link_secret()]), piece, self.time.now());
        let name = name.ok_or(Rejected::Unknown)?;
        let webex = self.webex.client().await?;
        let url = self.webex.content_url(name);
        let file = match webex.content(&url, OUT_MAX).await {
            Ok(file) => file,
            Err(Failure::Refused { .. }) => return Err(Rejected::Unknown.into()),
            Err(failure) => return Err(Fault::from(failure).into()),
        };
        if !allowed_media(&file.content_type) || !looks_like(&file.content_type, &file.bytes) {
            return Err(Rejected::Unknown.into());
        }
        let mut response = typed(StatusCode::OK, "application/octet-stream", file.bytes);
        let headers = response.headers_mut();
        if let Ok(kind) = HeaderValue::from_str(&file.content_type) {
            headers.insert(http::header::CONTENT_TYPE, kind);
        }
        let safe: String =
            file.name.chars().filter(|c| c.is_ascii_alphanumeric() || ".-_ ".contains(*c)).collect();
        if let Ok(name) = HeaderValue::from_str(&format!("inline; filename=\"{safe}\"")) {
            headers.insert(http::header::CONTENT_DISPOSITION, name);
        }
        headers.insert(
            http::header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static("sandbox; default-src 'none'"),
        );
        headers.insert(http::header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        Ok(response)
    }
}

parts! {
    /// Passes files between customers and agents.
    pub(crate) struct CustomerFiles {
        config: Configuration,
        webex: WebexAccount,
        twilio: TwilioAccount,
        secrets: Secrets,
        public_url: PublicUrl,
        time: Time,
    }
}

impl CustomerFiles {
    /// Adds an agent's file to a text: as media where phones can show it, as a link where they can't.
    pub(crate) async fn attach(&self, work: &Work, file: &str, sms: &mut Sms) -> Result<(), Outcome> {
        let webex = self.webex.client().await.map_err(outcome_of_fault)?;
        let about = webex.content_about(file).await.map_err(|failure| match failure {
            Failure::Unknown { why } => Outcome::NotSent { pause: None, why },
            failure => outcome_of_send(failure),
        })?;
        let length = about.length.unwrap_or(OUT_MAX + 1);
        if !allowed_media(&about.content_type) {
            let why = format!("a file of the kind {} is not sent to customers", about.content_type);
            return Err(Outcome::Refused { why });
        }
        if length > OUT_MAX {
            return Err(Outcome::Refused { why: "the file is larger than 4.4 MB".to_owned() });
        }
        let name = file.rsplit('/').next().unwrap_or_default();
        // The same at each attempt: a text that was sent is looked up by its body.
        let until = work.dispatch.at + LINK_KEPT;
        let secret =
            self.secrets.get(self.config.link_secret(), self.time.now()).await.map_err(outcome_of_fault)?;
        let piece = link::sign_until(secret.expose_secret().as_bytes(), name, until);
        let address = format!("{}/file/{piece}", self.public_url.get());
        match file_route(&sms.from, &sms.to, &about.content_type, length) {
            FileRoute::Mms => sms.media.push(address),
            FileRoute::Link => {
                if !sms.body.is_empty() {
                    sms.body.push('\n');
                }
                sms.body += &wording::link(&address);
            }
        }
        Ok(())
    }

    /// Returns a customer's file as a post, or a text in its place if the file is permanently unavailable.
    pub(crate) async fn fetch(
        &self,
        attempt: Attempt<'_>,
        url: &str,
        content_type: Option<&str>,
    ) -> Result<Post, Outcome> {
        let in_words = |why: &str| Post { markdown: wording::no_file(why), ..Post::default() };
        let twilio = self.twilio.client().await.map_err(outcome_of_fault)?;
        let since = attempt.delivery.since;
        let fetched = match twilio.fetch(url, IN_MAX).await {
            Ok(fetched) => fetched,
            // A new recording may not be available yet.
            Err(Failure::Refused { code: 404, why }) if self.time.now().duration_since(since) < NOT_YET => {
                return Err(Outcome::NotSent { pause: Some(SignedDuration::from_secs(5)), why });
            }
            Err(Failure::Refused { why, .. }) => return Ok(in_words(&why)),
            // The file was only fetched: nothing is uncertain.
            Err(failure) => return Err(Outcome::NotSent { pause: None, why: failure.why().to_owned() }),
        };
        let kind = content_type.filter(|_| fetched.content_type.is_empty()).unwrap_or(&fetched.content_type);
        if !allowed_media(kind) {
            return Ok(in_words(&format!("it is of the kind {kind}")));
        }
        if !looks_like(kind, &fetched.bytes) {
            return Ok(in_words("it isn't what it says it is"));
        }
        let name = if kind.starts_with("audio/") { "message" } else { "file" };
        let attached = Attached {
            name: format!("{name}.{}", ending(kind)),
            content_type: kind.to_owned(),
            bytes: fetched.bytes,
        };
        Ok(Post { attached: Some(attached), ..Post::default() })
    }

    /// Deletes a file at Twilio that was posted. Best effort.
    pub(crate) async fn remove_from_twilio(&self, url: &str) {
        let Ok(twilio) = self.twilio.client().await else { return };
        let sid = |after: &str| {
            let rest = url.split_once(after)?.1;
            rest.split(['/', '.', '?']).next()
        };
        let recording = sid("/Recordings/").and_then(|sid| sid.parse().ok());
        let message = sid("/Messages/").and_then(|sid| sid.parse().ok());
        let removed = match (recording, message, sid("/Media/")) {
            (Some(recording), _, _) => twilio.delete_recording(&recording).await,
            (_, Some(message), Some(media)) => twilio.delete_media(&message, media).await,
            _ => Ok(()),
        };
        if let Err(failure) = removed {
            tracing::warn!(reason = failure.why(), "a posted file could not be deleted at Twilio");
        }
    }
}

/// Returns the file name extension for a media type, which decides whether Webex shows a preview.
fn ending(kind: &str) -> &str {
    match kind {
        "image/jpeg" => "jpg",
        "audio/mpeg" => "mp3",
        "audio/x-wav" | "audio/wav" => "wav",
        "video/quicktime" => "mov",
        "video/3gpp" => "3gp",
        "text/plain" => "txt",
        "text/vcard" | "text/x-vcard" => "vcf",
        "application/msword" => "doc",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.ms-powerpoint" => "ppt",
        _ if kind.contains("wordprocessingml") => "docx",
        _ if kind.contains("spreadsheetml") => "xlsx",
        _ if kind.contains("presentationml") => "pptx",
        // image/png, video/mp4, application/pdf, text/csv …
        _ => kind.rsplit('/').next().filter(|end| end.len() <= 5).unwrap_or("bin"),
    }
}
