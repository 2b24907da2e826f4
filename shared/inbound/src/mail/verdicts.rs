//! SES's verdicts in a mail's own headers, for a mail in the bucket whose notice was lost.
//!
//! Anybody can write such headers. SES puts its own at the top of the mail, above everything that came with it, and
//! begins with the line of its own server. So only the block at the very top counts, up to the first header that isn't
//! SES's own, and only if it names SES's server as the receiver. A header that occurs there twice, or that contains
//! characters with which a sender could break out of it, counts for nothing. Anything else is [`Verdict::Absent`]: such
//! a mail may open an alert but not close one. All this is only as trustworthy as the bucket's policy, which must let
//! nobody but SES write there.

use handbell_core::alert::mail::{AuthVerdict, AuthVerdicts};

use super::head::line_len;
use super::notice::of_status;

/// Number of bytes at the top that are read. SES's own headers have about 2 KB.
const TOP_MAX: usize = 16 * 1024;

/// Headers that SES writes at the top, in lower case.
const OWN: [&str; 8] = [
    "return-path",
    "received",
    "x-ses-spam-verdict",
    "x-ses-virus-verdict",
    "received-spf",
    "authentication-results",
    "x-ses-receipt",
    "x-ses-dkim-signature",
];

/// Returns the verdicts in a mail that SES stored in the bucket; all absent if SES's own headers aren't at the top.
pub fn verdicts_in(bytes: &[u8]) -> AuthVerdicts {
    let top = top(bytes);
    let only = |name: &str| {
        let mut all = top.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str());
        all.next().filter(|_| all.next().is_none())
    };
    if !only("received").is_some_and(is_by_ses) {
        return AuthVerdicts::default();
    }
    let status = |name: &str| only(name).map_or(AuthVerdict::Absent, of_status);
    let results = only("authentication-results").and_then(results).unwrap_or_default();
    let method = |name: &str| result(&results, name);
    AuthVerdicts {
        spam: status("x-ses-spam-verdict"),
        virus: status("x-ses-virus-verdict"),
        spf: method("spf"),
        dkim: method("dkim"),
        dmarc: method("dmarc"),
        aligned: false,
        by_mailbox: false,
    }
}

/// Returns our address for which SES accepted a mail in the bucket, from SES's own `Received`: the addresses in the
/// mail's To may be others. `None` if SES's own headers aren't at the top.
pub fn recipient_in(bytes: &[u8]) -> Option<String> {
    let top = top(bytes);
    let (_, received) = top.iter().find(|(name, _)| name == "received")?;
    if !is_by_ses(received) {
        return None;
    }
    let (_, after) = received.rsplit_once(" for ")?;
    let address = after.split([';', ' ']).next()?.trim_matches(['<', '>']);
    address.contains('@').then(|| address.to_lowercase())
}

/// Returns SES's own headers, names in lower case, values in one line. A second `Received` is from the previous server.
fn top(bytes: &[u8]) -> Vec<(String, String)> {
    let bytes = &bytes[..bytes.len().min(TOP_MAX)];
    let mut found: Vec<(String, String)> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let raw = &bytes[at..at + line_len(&bytes[at..])];
        at += raw.len();
        let Ok(line) = std::str::from_utf8(raw) else { break };
        let line = line.trim_end_matches(['\r', '\n']);
        if line.starts_with([' ', '\t']) {
            let Some((_, value)) = found.last_mut() else { break };
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        let Some((name, value)) = line.split_once(':') else { break };
        let name = name.trim_end().to_ascii_lowercase();
        let is_next_server = name == "received" && found.iter().any(|(known, _)| *known == name);
        if !OWN.contains(&name.as_str()) || is_next_server {
            break;
        }
        let is_last = name == "x-ses-dkim-signature";
        found.push((name, value.trim().to_owned()));
        // Only continuation lines may follow. Any further header came with the mail.
        if is_last {
            while bytes.get(at).is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
                at += line_len(&bytes[at..]);
            }
            break;
        }
    }
    found
}

/// Whether a `Received` header is SES's own: `from … by inbound-smtp.eu-west-1.amazonaws.com with SMTP id …`.
fn is_by_ses(received: &str) -> bool {
    // The text before ` by ` was stated by the sender's server.
    let Some((_, receiver)) = received.rsplit_once(" by ") else { return false };
    let host = receiver.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    host.starts_with("inbound-smtp.")
        && (host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"))
}

/// Parses the methods and results in `amazonses.com; spf=pass (…) client-ip=…; dkim=pass header.i=@…; dmarc=pass …`.
/// Returns `None` if another server wrote it, or if the server's text can't be separated from the sender's.
fn results(value: &str) -> Option<Vec<(String, String)>> {
    if value.contains(['"', '\\']) {
        return None; // a quoted address may contain a ; or a )
    }
    let (mut plain, mut depth) = (String::new(), 0usize);
    for c in value.chars() {
        match c {
            '(' if depth > 0 => return None,
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let mut parts = plain.split(';');
    if depth > 0 || parts.next()?.trim() != "amazonses.com" {
        return None;
    }
    let methods = parts.filter_map(|part| part.split_whitespace().next()?.split_once('='));
    Some(methods.map(|(name, result)| (name.to_ascii_lowercase(), result.to_ascii_lowercase())).collect())
}

/// Returns the verdict of a method. There may be several DKIM signatures, one of which must pass; the other methods
/// occur once.
fn result(results: &[(String, String)], method: &str) -> AuthVerdict {
    let of = |result: &str| match result {
        "pass" => AuthVerdict::Pass,
        "fail" | "hardfail" => AuthVerdict::Fail,
        "temperror" | "permerror" => AuthVerdict::Failed,
        _ => AuthVerdict::Gray,
    };
    let mut all: Vec<AuthVerdict> =
        results.iter().filter(|(name, _)| name == method).map(|(_, result)| of(result)).collect();
    if method == "dkim" && all.contains(&AuthVerdict::Pass) {
        return AuthVerdict::Pass;
    }
    match (all.pop(), all.is_empty()) {
        (Some(verdict), true) => verdict,
        (Some(_), false) if method == "dkim" => AuthVerdict::Fail,
        _ => AuthVerdict::Absent,
    }
}
