//! What SES says of a mail that it received: the event for Lambda, which holds no body (SES, "Contents of notifications").

use handbell_core::Rejected;
use handbell_core::alert::mail::{Verdict, Verdicts};
use serde::Deserialize;

use crate::check_size;

/// SES received a mail. The mail itself lies in the bucket, under a key that ends with its id.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// The id that SES gave the mail: letters, digits, `-`, `_` and `.`. It is no Message-ID.
    pub message_id: String,
    /// The envelope's sender, where bounces go; `None` if it is empty, as a bounce's is.
    pub source: Option<String>,
    /// The envelope's recipients at our domain, in lower case: where the mail was really delivered. What the mail itself
    /// names in To and Cc may be others.
    pub recipients: Vec<String>,
    /// What SES found out about the mail.
    pub verdicts: Verdicts,
    /// What the sender's domain wants done with mails that fail DMARC: `none`, `quarantine` or `reject`. Only if this failed.
    pub dmarc_policy: Option<String>,
    /// Where the mail lies, if the notice comes from the action that put it there.
    pub bucket: Option<String>,
    /// Its key in the bucket, likewise.
    pub object_key: Option<String>,
    /// The mail's headers are longer than SES repeats in a notice, 10 KB.
    pub headers_truncated: bool,
}

// Who writes to whom is for no log.
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

/// Reads the event with which SES calls a function.
///
/// A mail may lack anything that its sender should have written, so nothing but the id is asked for: a check of which
/// nothing is said is [`Verdict::Absent`]. [`Rejected::Malformed`] for what isn't such an event.
pub fn parse_notice(json: &[u8]) -> Result<Notice, Rejected> {
    check_size(json)?;
    let malformed = |what: &str| Rejected::Malformed(format!("this is no notice of SES: {what}"));
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
        verdicts: Verdicts {
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

/// It becomes part of a key in the bucket, so it must not lead elsewhere.
fn is_id(id: &str) -> bool {
    (1..=200).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        && !id.starts_with('.')
}

fn verdict(status: Option<Status>) -> Verdict {
    status.and_then(|status| status.status).map_or(Verdict::Absent, |status| of_status(&status))
}

/// What SES calls a verdict. What it may call one some day is a check that went wrong.
pub(super) fn of_status(status: &str) -> Verdict {
    match status.trim().to_ascii_uppercase().as_str() {
        "PASS" => Verdict::Pass,
        "FAIL" => Verdict::Fail,
        "GRAY" => Verdict::Gray,
        "" | "DISABLED" => Verdict::Absent,
        _ => Verdict::Failed,
    }
}
