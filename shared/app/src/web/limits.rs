//! How many forms are taken: of one address of the net, of one number, and of all.

use bytes::Bytes;
use handbell_store::Counters;
use http::Request;
use sha2::{Digest, Sha256};

use crate::Fault;
use crate::parts::{Time, parts};

/// Who asks, as API Gateway saw it. Boot puts it beside each request.
#[derive(Clone, Debug)]
pub struct SourceIp(pub String);

/// Forms that are taken: from one address of the net in an hour and a day, for one number in an hour, and of all in a day.
const PER_HOUR: u32 = 20;
const PER_DAY: u32 = 240;
const PER_NUMBER: u32 = 5;
const OF_ALL: u32 = 5000;

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

parts! {
    /// Counts forms.
    pub(crate) struct FormLimits {
        counters: Counters,
        time: Time,
    }
}

impl FormLimits {
    /// Whether another form of this kind may be taken; it is counted.
    pub(crate) async fn is_welcome(
        &self,
        kind: &str,
        request: &Request<Bytes>,
        number: Option<&str>,
    ) -> Result<bool, Fault> {
        let now = self.time.now();
        let (hour, day) = (now.as_second().div_euclid(HOUR), now.as_second().div_euclid(DAY));
        let source = request.extensions().get::<SourceIp>().map_or("", |source| source.0.as_str());
        // Counted by a digest with the day in it: the table doesn't remember who looked at a form.
        let who = digest(&format!("{day}#{source}"));
        let mut counts =
            vec![(format!("{kind}:{who}:{hour}"), PER_HOUR, HOUR), (format!("{kind}:{who}"), PER_DAY, DAY)];
        counts.extend(number.map(|number| (format!("{kind}:{}:{hour}", digest(number)), PER_NUMBER, HOUR)));
        // Last: what one address sends too much of must not shut the form for everybody.
        counts.push((format!("{kind}:{day}"), OF_ALL, DAY));
        for (what, limit, keep) in counts {
            if self.counters.count(&what, 1, now, keep).await? >= limit {
                tracing::warn!(kind, "too many forms; one was not taken");
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// 24 hexadecimal digits: the same text has the same, and it says nothing of the text.
pub(crate) fn digest(text: &str) -> String {
    use std::fmt::Write;
    Sha256::digest(text).iter().take(12).fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
