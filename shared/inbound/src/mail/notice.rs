//! SES's notices of received mails: the Lambda event, which contains no body (SES, "Contents of notifications").

use handbell_core::Rejected;
use handbell_core::alert::mail::{AuthVerdict, AuthVerdicts};
use serde::Deserialize;

use crate::check_size;

/// Notice that SES received a mail. The mail itself is in the bucket, under a key that ends with its id.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// SES's id of the mail: letters, digits, `-`, `_` and `.`. It isn't the Message-ID.
    pub message_id: String,
    /// Envelope sender, which receives bounces; `None` if it is empty, as in a bounce.
    pub source: Option<String>,
    /// Envelope recipients at our domain, in lower case: where the mail was really delivered. The addresses in the
    /// mail's To and Cc may be others.
    pub recipients: Vec<String>,
    /// SES's verdicts on the mail.
    pub verdicts: AuthVerdicts,
    /// Policy of the sender's domain for mails that fail DMARC: `none`, `quarantine` or `reject`. Only set after a
    /// failure.
    pub dmarc_policy: Option<String>,
    /// Bucket that contains the mail, if the notice comes from the action that stored it.
    pub bucket: Option<String>,
    /// Key of the mail in the bucket, under the same condition.
    pub object_key: Option<String>,
    /// Whether the mail's headers exceed the 10 KB that SES repeats in a notice.
    pub headers_truncated: bool,
}

// Senders and recipients must not appear in logs.
impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notice")
            .field("message_id", &self.message_id)
            .field("recipients", &self.recipients.len())
            .field("verdicts", &self.verdicts)
            .field("dmarc_policy", &self.dmarc_policy)
            .finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "Records", default)]
    records: Vec<Record>,
}

#[derive(Deserialize)]
struct Record {
    ses: Option<Ses>,
}

#[derive(Deserialize)]
struct Ses {
    mail: Mail,
    #[serde(default)]
    receipt: Option<Receipt>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    message_id: String,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    headers_truncated: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Receipt {
    recipients: Option<Vec<String>>,
    spam_verdict: Option<Status>,
    virus_verdict: Option<Status>,
    spf_verdict: Option<Status>,
    dkim_verdict: Option<Status>,
    dmarc_verdict: Option<Status>,
    dmarc_policy: Option<String>,
    action: Option<Action>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    status: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    #[serde(default)]
    bucket_name: Option<String>,
    #[serde(default)]
    object_key: Option<String>,
}

/// Parses the event with which SES invokes a function.
///
/// A mail may lack anything that its sender should have written, so only the id is required: a verdict that is missing
/// becomes [`Verdict::Absent`]. Fails with [`Rejected::Malformed`] if this isn't such an event.
pub fn parse_notice(json: &[u8]) -> Result<Notice, Rejected> {
    check_size(json)?;
    let malformed = |what: &str| Rejected::Malformed(format!("not a notice of SES: {what}"));
    let event: Event = serde_json::from_slice(json).map_err(|_| malformed("it can't be read"))?;
    let mut records = event.records.into_iter();
    let (Some(record), None) = (records.next(), records.next()) else {
        return Err(malformed("it tells of no mail, or of several"));
    };
    let ses = record.ses.ok_or_else(|| malformed("it tells of something else"))?;
    let message_id = ses.mail.message_id;
    if !is_id(&message_id) {
        return Err(malformed("the mail's id can't be one"));
    }
    let receipt = ses.receipt.unwrap_or_default();
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (bucket, object_key) = match receipt.action {
        Some(action) => (filled(action.bucket_name), filled(action.object_key)),
        None => (None, None),
    };
    let recipients = receipt.recipients.unwrap_or_default();
    Ok(Notice {
        message_id,
        source: filled(ses.mail.source).filter(|source| source != "<>"),
        recipients: recipients.into_iter().map(|recipient| recipient.trim().to_lowercase()).collect(),
        verdicts: AuthVerdicts {
            spam: verdict(receipt.spam_verdict),
            virus: verdict(receipt.virus_verdict),
            spf: verdict(receipt.spf_verdict),
            dkim: verdict(receipt.dkim_verdict),
            dmarc: verdict(receipt.dmarc_verdict),
            aligned: false,
            by_mailbox: false,
        },
        dmarc_policy: filled(receipt.dmarc_policy).map(|policy| policy.to_lowercase()),
        bucket,
        object_key,
        headers_truncated: ses.mail.headers_truncated.unwrap_or_default(),
    })
}

/// Whether this is an id. It becomes part of a key in the bucket, so it must not lead to another object.
fn is_id(id: &str) -> bool {
    (1..=200).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && !id.starts_with('.')
}

fn verdict(status: Option<Status>) -> AuthVerdict {
    status.and_then(|status| status.status).map_or(AuthVerdict::Absent, |status| of_status(&status))
}

/// Parses SES's name of a verdict. An unknown name counts as a check that couldn't be performed.
pub(super) fn of_status(status: &str) -> AuthVerdict {
    match status.trim().to_ascii_uppercase().as_str() {
        "PASS" => AuthVerdict::Pass,
        "FAIL" => AuthVerdict::Fail,
        "GRAY" => AuthVerdict::Gray,
        "" | "DISABLED" => AuthVerdict::Absent,
        _ => AuthVerdict::Failed,
    }
}
