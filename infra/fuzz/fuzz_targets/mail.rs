//! A mail: any bytes become a readable mail with a meaning for its source, and nothing in them proves a sender.
//!
//! An input is a mail.
#![no_main]

use handbell_core::alert::mail::{
    AuthVerdict, AuthVerdicts, Automatic, Judgement, ParsedMail, TEXT_MAX, command, judge, own_words,
};
use handbell_core::config::{AlertSource, MailMeaning, Severity};
use handbell_inbound::mail::{html_to_text, parse, parse_notice, verdicts_in};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|mail: &[u8]| {
    let parsed = parse(mail);
    holds(&parsed, mail);

    let verdicts = verdicts_in(mail);
    let by_ses = mail.windows(13).any(|bytes| bytes.eq_ignore_ascii_case(b"inbound-smtp."));
    assert!(by_ses || verdicts == AuthVerdicts::default(), "who else would have judged?");

    let source = source();
    for verdicts in [AuthVerdicts::default(), verdicts, AuthVerdicts::of_mailbox()] {
        let judgement = judge(&source, &parsed, &verdicts);
        let counts = !parsed.ours && !matches!(parsed.automatic, Automatic::Replied | Automatic::Bounce);
        match &judgement {
            Judgement::Raise(raised) => {
                assert!(counts && raised.plan == "duty");
                assert!(!raised.key.exact.is_empty() && raised.key.exact.chars().count() <= 300);
                assert!(!raised.title.is_empty() && raised.title.chars().count() <= 200);
            }
            Judgement::Resolve { key } | Judgement::Acknowledge { key } => {
                assert!(
                    counts && verdicts.doubt().is_none() && !parsed.several_senders && !key.exact.is_empty()
                );
            }
            Judgement::Join { key, doubt } => {
                assert!(counts && !key.exact.is_empty());
                assert_eq!(doubt.is_some(), verdicts.doubt().is_some() || parsed.several_senders);
            }
            Judgement::Doubtful { key, .. } => {
                assert!(counts && !key.exact.is_empty());
                assert!(verdicts.doubt().is_some() || parsed.several_senders);
            }
            Judgement::Ignore { .. } => assert!(!counts),
            Judgement::Quarantine { .. } => assert_eq!(verdicts.virus, AuthVerdict::Fail),
        }
        assert_eq!(judge(&source, &parsed, &verdicts), judgement, "the same mail means the same");
    }

    assert!(own_words(&parsed.text).len() <= parsed.text.len());
    assert!(command(&parsed).is_none_or(|words| !words.is_empty() && !words.contains('\n')));
    html_to_text(&String::from_utf8_lossy(mail));
    if let Ok(notice) = parse_notice(mail) {
        assert!(!notice.message_id.contains('/') && !notice.message_id.starts_with('.'));
    }
});

/// A source without rules, which is the usual case.
fn source() -> AlertSource {
    AlertSource {
        label: None,
        was: Default::default(),
        plan: "duty".to_owned(),
        severity: Severity::Critical,
        plans: [].into(),
        address: None,
        mailbox: None,
        form: None,
        rules: Vec::new(),
        one_sender: Vec::new(),
        otherwise: MailMeaning::Raise,
        report_to: Vec::new(),
        flood_after: 30,
        quiet: None,
    }
}

/// Checks the properties on which the presentation, the keys and the recipients rely.
fn holds(parsed: &ParsedMail, mail: &[u8]) {
    assert_eq!(parsed.size, mail.len());
    assert!(parsed.text.len() <= TEXT_MAX);
    assert!(!parsed.text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
    let lines = [&parsed.subject].into_iter().chain(&parsed.from_name).chain(&parsed.attachments);
    assert!(!lines.chain(&parsed.message_id).flat_map(|line| line.chars()).any(char::is_control));
    let addresses = parsed.from.iter().chain(&parsed.reply_to).chain(&parsed.to);
    assert!(addresses.into_iter().all(|one| !one.is_empty() && !one.contains(char::is_whitespace)));
    assert_eq!(parsed.identity(), parse(mail).identity());
}
