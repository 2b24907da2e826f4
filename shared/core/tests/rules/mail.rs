//! The meaning of a mail for its source: when it raises an alert, when it ends one, when it has no effect; and the command in a
//! reply.

use handbell_core::alert::mail::{
    AuthVerdict, AuthVerdicts, Automatic, Judgement, ParsedMail, command, default_key, judge, own_words,
};
use handbell_core::config::{AlertSource, MailDomain, MailMeaning};
use proptest::prelude::*;
use serde_json::{Value, json};

fn letter(from: &str, subject: &str) -> ParsedMail {
    ParsedMail { from: Some(from.to_owned()), subject: subject.to_owned(), ..ParsedMail::default() }
}

fn source(value: Value) -> AlertSource {
    let mut all = json!({ "plan": "duty" });
    all.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
    serde_json::from_value(all).expect("a source")
}

fn genuine() -> AuthVerdicts {
    let pass = AuthVerdict::Pass;
    AuthVerdicts {
        spam: pass,
        virus: pass,
        spf: pass,
        dkim: pass,
        dmarc: pass,
        aligned: true,
        by_mailbox: false,
    }
}

/// In few words: the meaning of the mail for the source, and its key.
fn meaning(source: &AlertSource, letter: &ParsedMail, verdicts: &AuthVerdicts) -> String {
    match judge(source, letter, verdicts) {
        Judgement::Raise(raised) => {
            format!("raise {} {} [{}]", raised.severity.name(), raised.plan, raised.key)
        }
        Judgement::Join { key, doubt: None } => format!("join [{key}]"),
        Judgement::Join { key, doubt: Some(why) } => format!("join [{key}], but {why}"),
        Judgement::Acknowledge { key } => format!("acknowledge [{key}]"),
        Judgement::Resolve { key } => format!("resolve [{key}]"),
        Judgement::Ignore { why } => format!("ignore: {why}"),
        Judgement::Doubtful { key, why, wanted } => format!("doubtful {wanted:?} [{key}]: {why}"),
        Judgement::Quarantine { why } => format!("quarantine: {why}"),
    }
}

fn by_default(subject: &str) -> String {
    meaning(&source(json!({})), &letter("mon@example.com", subject), &genuine())
}

/// The mails of monitoring systems when a problem begins, and when it is over.
const PAIRS: [(&str, &str, &str); 23] = [
    (
        "Nagios",
        "** PROBLEM Service Alert: web01/HTTP is CRITICAL **",
        "** RECOVERY Service Alert: web01/HTTP is OK **",
    ),
    ("Nagios, a host", "** PROBLEM Host Alert: web01 is DOWN **", "** RECOVERY Host Alert: web01 is UP **"),
    ("Icinga 2", "[PROBLEM] disk on web01 is CRITICAL!", "[RECOVERY] disk on web01 is OK!"),
    ("Icinga 1", "PROBLEM - web01 - disk is WARNING", "RECOVERY - web01 - disk is OK"),
    ("Zabbix", "Problem: High CPU on web01", "Resolved in 5m 13s: High CPU on web01"),
    (
        "Zabbix, what speaks of trouble",
        "Problem: Interface eth0(): Link down",
        "Resolved in 1h 5m: Interface eth0(): Link down",
    ),
    ("Zabbix, a failed job", "Problem: Backup failed on db01", "Resolved: Backup failed on db01"),
    ("Grafana", "[FIRING:1] HighCPU (web01 node)", "[RESOLVED] HighCPU (web01 node)"),
    (
        "Grafana, counting",
        "[FIRING:2] DatasourceError Servers (A)",
        "[RESOLVED:2] DatasourceError Servers (A)",
    ),
    (
        "Alertmanager",
        "[FIRING:1] InstanceDown (web01:9100 node page)",
        "[RESOLVED] InstanceDown (web01:9100 node page)",
    ),
    (
        "Alertmanager, an address",
        "[FIRING:1] (InstanceDown 10.0.0.7:9100 node)",
        "[RESOLVED] (InstanceDown 10.0.0.7:9100 node)",
    ),
    ("Uptime Kuma", "[Shop] [🔴 Down] connect ECONNREFUSED 10.0.0.1:443", "[Shop] [✅ Up] 200 - OK"),
    ("healthchecks.io", "DOWN | Nightly backup", "UP | Nightly backup"),
    ("healthchecks.io, a name", "DOWN: db01 nightly", "UP: db01 nightly"),
    ("UptimeRobot", "Monitor is DOWN: shop.example.com", "Monitor is UP: shop.example.com"),
    ("CloudWatch", r#"ALARM: "host-down web01" in EU (Ireland)"#, r#"OK: "host-down web01" in EU (Ireland)"#),
    ("Checkmk", "Check_MK: web01/CPU load OK -> CRIT", "Check_MK: web01/CPU load CRIT -> OK"),
    ("with a date", "DOWN web01 at Sat Nov 21 10:05:03 UTC 2026", "OK web01 at Sun Nov 22 00:11:59 UTC 2026"),
    (
        "with numbers",
        "CRITICAL: disk /var on db01 at 95%, 2.1 GB left",
        "OK: disk /var on db01 at 40%, 61 GB left",
    ),
    ("answered", "PROBLEM: mail queue on mx1", "Re: AW: Fwd: RECOVERY: mail queue on mx1"),
    ("a duration", "web01 is down", "web01 is up again after 5 minutes"),
    ("what was", "db01 is CRITICAL", "RECOVERED: db01 was CRITICAL for 5m"),
    ("an IPv6 address", "PROBLEM: 2001:db8::7 is DOWN", "RECOVERY: 2001:db8::7 is UP"),
];

#[test]
fn a_problem_and_its_end_have_the_same_key() {
    for (whose, problem, end) in PAIRS {
        let (began, over) = (by_default(problem), by_default(end));
        let key = began.strip_prefix("raise critical duty ").unwrap_or_else(|| panic!("{whose}: {began}"));
        assert_eq!(over, format!("resolve {key}"), "{whose}");
        assert!(key.len() > "[mon@example.com ]".len(), "{whose}: {key} says too little");
    }
}

#[test]
fn different_problems_have_different_keys() {
    for (one, other) in [
        ("PROBLEM: web01 is DOWN", "PROBLEM: web02 is DOWN"),
        ("PROBLEM: 10.0.0.1 is DOWN", "PROBLEM: 10.0.0.2 is DOWN"),
        ("PROBLEM: web01:9100 is DOWN", "PROBLEM: web02:9100 is DOWN"),
        ("PROBLEM: web01/HTTP is DOWN", "PROBLEM: web01/SSH is DOWN"),
        ("[Shop] [🔴 Down] timeout", "[Blog] [🔴 Down] timeout"),
        ("[FIRING:1] HighCPU (web01)", "[FIRING:1] HighCPU (web02)"),
        ("Cron <root@web01> /usr/bin/backup", "Cron <root@web02> /usr/bin/backup"),
        ("PROBLEM: Störung Köln", "PROBLEM: Störung Bonn"),
    ] {
        let keys = [one, other].map(|subject| default_key(&letter("mon@example.com", subject)));
        assert_ne!(keys[0], keys[1], "{one} and {other}");
    }
    let [here, there] =
        ["a@example.com", "b@example.com"].map(|from| default_key(&letter(from, "PROBLEM: web01")));
    assert_ne!(here, there, "two senders");
}

#[test]
fn a_repeated_problem_has_the_same_key() {
    for (one, other) in [
        ("Backup of db01 failed (2026-11-20 03:00)", "Backup of db01 failed (2026-11-21 03:01)"),
        ("[Failed] Backup Job Nightly (3 objects) 1 failed", "[Success] Backup Job Nightly (2 objects)"),
        ("Cron <root@web01> backup", "CRON <root@WEB01> backup"),
        ("Disk 95% full on web01", "Re: Disk 97% full on web01"),
        ("ACKNOWLEDGEMENT: web01 is DOWN", "PROBLEM: web01 is DOWN"),
    ] {
        let keys = [one, other].map(|subject| default_key(&letter("mon@example.com", subject)));
        let without_counts = keys.clone().map(|key| key.replace(" objects", ""));
        assert_eq!(without_counts[0], without_counts[1], "{one} and {other}");
    }
}

#[test]
fn a_mail_without_telling_words_still_has_a_key() {
    assert_eq!(default_key(&letter("mon@example.com", "ALERT 17!")), "mon@example.com alert 17");
    assert_eq!(default_key(&letter("mon@example.com", "CRITICAL 95%!")), "mon@example.com");
    assert_eq!(default_key(&letter("mon@example.com", "")), "mon@example.com");
    assert_eq!(default_key(&ParsedMail::default()), "mail");
}

#[test]
fn subjects_that_do_not_report_an_end() {
    for subject in [
        "web01 is not OK",
        "Disk isn't OK",
        "NOT RESOLVED: web01",
        "Host name could not be resolved",
        "db.example.com cannot be resolved",
        "OK to restart web01?",
        "OK to restart web01",
        "Is it resolved?",
        "Everything ok?",
        "Backup of db01",
        "Back up web01 now",
        "CLEAN UP /var ON web01",
        "Heads up: queue is growing",
        "Queue is filling up on mx1",
        "Sign up page shows a blank screen",
        "web01 is up to date no more",
        "PROBLEM: web01 is UP and DOWN",
        "OK: backup, but 3 CRITICAL",
        "[FIRING:1, RESOLVED:2] HighCPU",
        "[RESOLVED:2, FIRING:1] HighCPU",
        "DOWN: it was resolved too early",
        "CRITICAL: recovery failed",
        "Disaster recovery test began",
        "OK -> CRITICAL on web01",
        "web01 changed from OK to DOWN",
        "Unresolved: web01",
        "Lookup of example.com",
        "look-up",
        "host-up",
        "token expired",
        "",
    ] {
        let meant = by_default(subject);
        assert!(meant.starts_with("raise "), "{subject:?}: {meant}");
    }
}

#[test]
fn subjects_that_report_an_end() {
    for subject in [
        "OK",
        "web01 OK",
        "ok: web01",
        "UP",
        "[up] web01",
        "web01 is ok",
        "It's OK",
        "web01 is back up",
        "Status: OK",
        "RESOLVED",
        "web01 has recovered",
        "Ticket was resolved",
        "web01: state changed from CRITICAL to OK",
        "CRITICAL → OK: web01",
        "Recovery: web01",
        "RECOVERY web01",
    ] {
        let meant = by_default(subject);
        assert!(meant.starts_with("resolve "), "{subject:?}: {meant}");
    }
}

#[test]
fn automatic_replies_raise_nothing_and_automatic_alerts_do() {
    let source = source(json!({}));
    for (automatic, ours, expected) in [
        (Automatic::Replied, false, "ignore: it is an automatic reply"),
        (Automatic::Bounce, false, "ignore: it tells of a mail that couldn't be delivered"),
        (Automatic::No, true, "ignore: Handbell itself sent it"),
        (Automatic::Generated, true, "ignore: Handbell itself sent it"),
        (Automatic::No, false, "raise critical duty [mon@example.com web01]"),
        (Automatic::Generated, false, "raise critical duty [mon@example.com web01]"),
        (Automatic::Bulk, false, "raise critical duty [mon@example.com web01]"),
    ] {
        let letter = ParsedMail { automatic, ours, ..letter("mon@example.com", "web01 DOWN") };
        for verdicts in [genuine(), AuthVerdicts::default(), AuthVerdicts::of_mailbox()] {
            assert_eq!(meaning(&source, &letter, &verdicts), expected);
        }
    }
}

/// Each verdict in each check: a person who knows the secret address may wake people, and only a sender who is vouched for may let
/// them sleep.
#[test]
fn any_sender_may_raise_and_only_a_proven_one_may_end() {
    const ALL: [AuthVerdict; 5] =
        [AuthVerdict::Pass, AuthVerdict::Fail, AuthVerdict::Gray, AuthVerdict::Failed, AuthVerdict::Absent];
    let source = source(json!({ "rules": [
        { "subject": "^ack", "do": "acknowledge" }, { "subject": "^over", "do": "resolve" }, { "words": ["noise"], "do": "ignore" }
    ] }));
    let mut ended = 0;
    for (spam, virus) in ALL.into_iter().flat_map(|spam| ALL.map(|virus| (spam, virus))) {
        for (spf, dkim) in ALL.into_iter().flat_map(|spf| ALL.map(|dkim| (spf, dkim))) {
            for dmarc in ALL {
                let aligned = true;
                let verdicts = AuthVerdicts { spam, virus, spf, dkim, dmarc, aligned, by_mailbox: false };
                let proven =
                    dmarc == AuthVerdict::Pass || dmarc != AuthVerdict::Fail && spf == AuthVerdict::Pass;
                let foreign = AuthVerdicts { aligned: false, ..verdicts };
                assert!(
                    foreign.doubt().is_some() || dmarc == AuthVerdict::Pass,
                    "whose SPF is it? {foreign:?}"
                );
                let vouched_for = proven && spam == AuthVerdict::Pass && virus == AuthVerdict::Pass;
                assert_eq!(verdicts.doubt().is_none(), vouched_for, "{verdicts:?}");
                ended += usize::from(vouched_for);
            }
        }
    }
    assert_eq!(ended, 25 + 3 * 5);
    for wrong in ALL {
        let says = |verdicts: AuthVerdicts| {
            ["down", "ack", "over", "noise"].map(|subject| {
                let meant = meaning(&source, &letter("mon@example.com", subject), &verdicts);
                meant.split([' ', ':']).next().unwrap_or_default().to_owned()
            })
        };
        let expected = match wrong {
            AuthVerdict::Pass => ["raise", "acknowledge", "resolve", "ignore"],
            _ => ["raise", "doubtful", "doubtful", "ignore"],
        };
        assert_eq!(says(AuthVerdicts { spam: wrong, ..genuine() }), expected);
        assert_eq!(says(AuthVerdicts { spf: wrong, dkim: wrong, dmarc: wrong, ..genuine() }), expected);
        let expected = if wrong == AuthVerdict::Fail { ["quarantine"; 4] } else { expected };
        assert_eq!(says(AuthVerdicts { virus: wrong, ..genuine() }), expected);
    }
    let news = letter("mon@example.com", "ACKNOWLEDGED: web01");
    assert_eq!(meaning(&source, &news, &genuine()), "join [mon@example.com web01]");
    assert_eq!(
        meaning(&source, &news, &AuthVerdicts::default()),
        "join [mon@example.com web01], but nobody vouches that it carries no virus"
    );
    let over = letter("mon@example.com", "over");
    assert_eq!(meaning(&source, &over, &AuthVerdicts::of_mailbox()), "resolve [mon@example.com over]");
    assert_eq!(
        meaning(&source, &over, &AuthVerdicts::default()),
        "doubtful Resolve [mon@example.com over]: nobody vouches that it carries no virus"
    );
    let several = ParsedMail { several_senders: true, ..over };
    for verdicts in [genuine(), AuthVerdicts::of_mailbox()] {
        assert_eq!(
            meaning(&source, &several, &verdicts),
            "doubtful Resolve [mon@example.com over]: it names several senders"
        );
    }
}

#[test]
fn the_first_rule_whose_conditions_all_hold_applies() {
    let source = source(json!({
        "severity": "error",
        "plans": { "warning": "calm", "critical": "loud" },
        "otherwise": "ignore",
        "rules": [
            { "from": "@spam\\.example$", "do": "ignore" },
            { "subject": "(?i)^problem: (?<host>\\S+)/(?<service>.+?)( is .*)?$", "body": "State: CRITICAL", "severity": "critical", "key": "{host}/{service}" },
            { "subject": "(?i)^problem: (?<host>\\S+)/(?<service>.+?)( is .*)?$", "severity": "warning", "key": "{host}/{service}" },
            { "subject": "(?i)^recovery: (?<host>\\S+)/(?<service>.+?)( is .*)?$", "do": "resolve", "key": "{host}/{service}" },
            { "subject": "acknowledgement", "body": "Host: (?<host>\\S+)", "do": "acknowledge", "key": "{host}/" },
            { "words": ["backup failed", "störung"], "plan": "night", "key": "backup" },
            { "subject": "[unclosed", "plan": "never" },
            { "subject": "(?<a>x)?(?<b>y)?z", "key": "{a}-{b}" },
            { "subject": "plain" },
        ],
    }));
    let says = |from: &str, subject: &str, text: &str| {
        meaning(&source, &ParsedMail { text: text.to_owned(), ..letter(from, subject) }, &genuine())
    };
    let from = "mon@example.com";
    assert_eq!(says("x@spam.example", "PROBLEM: web01/HTTP", ""), "ignore: rule 1 of its source says so");
    assert_eq!(
        says(from, "PROBLEM: WEB01/HTTP is down", "\nState: CRITICAL"),
        "raise critical loud [web01/http]"
    );
    assert_eq!(
        says(from, "PROBLEM: web01/HTTP is down", "State: WARNING"),
        "raise warning calm [web01/http]"
    );
    assert_eq!(says(from, "Recovery: web01/HTTP is ok", ""), "resolve [web01/http]");
    assert_eq!(says(from, "acknowledgement", "Host: web01\n"), "acknowledge [web01/]");
    assert_eq!(says(from, "acknowledgement", "Host:"), "ignore: it fits no rule of its source");
    assert_eq!(says(from, "Night", "the Backup\nFAILED again"), "raise error night [backup]");
    assert_eq!(says(from, "STÖRUNG!", ""), "raise error night [backup]");
    assert_eq!(says(from, "Störungen", ""), "ignore: it fits no rule of its source", "a word of its own");
    assert_eq!(says(from, "xz", ""), "raise error duty [x-]", "a group that found nothing is empty");
    assert_eq!(
        says(from, "z", ""),
        "raise error duty [mon@example.com z]",
        "nothing found: as if there were no key"
    );
    assert_eq!(says(from, "plain 17 %", ""), "raise error duty [mon@example.com plain]");
    assert_eq!(
        says(from, "web01 is OK", ""),
        "resolve [mon@example.com web01]",
        "what fits no rule may still say that it is over"
    );
}

#[test]
fn a_search_takes_linear_time_for_every_expression_and_text() {
    let source = source(json!({ "rules": [
        { "body": "(a+)+$" }, { "body": "(?i)(x|x)*y" }, { "subject": "\\w{500}\\w{500}\\w{500}" }, { "body": "(a|aa)+\\z" }
    ], "otherwise": "ignore" }));
    let letter = ParsedMail { text: "a".repeat(256 * 1024) + "!", ..letter("a@example.com", "x") };
    assert_eq!(meaning(&source, &letter, &genuine()), "ignore: it fits no rule of its source");
}

#[test]
fn a_title_is_one_readable_line() {
    let title = |letter: &ParsedMail| match judge(&source(json!({})), letter, &genuine()) {
        Judgement::Raise(raised) => raised.title,
        other => panic!("{other:?}"),
    };
    assert_eq!(title(&letter("a@example.com", "web01\r\n\tis  down\0")), "web01 is down");
    let unnamed = ParsedMail { text: "\n \n disk\tfull \nmore".into(), ..letter("a@example.com", " ") };
    assert_eq!(title(&unnamed), "disk full");
    assert_eq!(title(&ParsedMail::default()), "a mail that says nothing");
    let long = title(&letter("a@example.com", &"ü".repeat(500)));
    assert_eq!((long.chars().count(), long.ends_with('…')), (200, true));
}

#[test]
fn a_mail_has_the_same_identity_by_whatever_way_it_arrives() {
    let one = ParsedMail {
        message_id: Some("1@example.com".into()),
        date: Some("2026-11-21T02:04:05Z".parse().unwrap()),
        text: "by SES".into(),
        size: 10,
        digest: "aa".into(),
        ..letter("a@example.com", "down")
    };
    let again = ParsedMail { text: "by IMAP".into(), size: 12, digest: "bb".into(), ..one.clone() };
    assert_eq!(one.identity(), again.identity());
    assert_eq!(one.identity().len(), 64);
    // A device that knows neither the time nor a number.
    let [first, second] =
        ["pump 1", "pump 2"].map(|text| ParsedMail { date: None, text: text.into(), ..one.clone() });
    assert_ne!(first.identity(), second.identity());
    // Some programs give all their mails one Message-ID.
    let another = ParsedMail { subject: "up".into(), ..one.clone() };
    assert_ne!(one.identity(), another.identity());
    // Without a Message-ID, the mail's bytes count.
    let [unnamed, same, other] = ["aa", "aa", "bb"].map(|digest| ParsedMail {
        message_id: None,
        digest: digest.into(),
        ..one.clone()
    });
    assert_eq!(unnamed.identity(), same.identity());
    assert_ne!(unnamed.identity(), other.identity());
}

#[test]
fn a_reply_goes_only_to_a_person() {
    let ours: MailDomain = serde_json::from_value(json!({
        "domain": "in.example.com", "from": "alerts@example.com", "links": { "secret": "links" }
    }))
    .unwrap();
    let may = |from: &str| letter(from, "down").may_be_answered(&ours);
    assert!(may("dana@example.com") && may("rooter@example.org") && may("noreen@example.org"));
    for from in [
        "mailer-daemon@example.org",
        "MAILER-DAEMON@example.org",
        "postmaster@example.org",
        "no-reply@example.org",
        "noreply+17@example.org",
        "noreply-alerts@example.org",
        "do-not-reply@example.org",
        "abuse@example.org",
        "root@web01",
        "team-request@lists.example.org",
        "alerts@example.com",
        "Alerts@Example.com",
        "ops+token@in.example.com",
        "x@sub.in.example.com",
        "no address",
        "@example.org",
        "",
    ] {
        assert!(!may(from), "{from}");
    }
    for automatic in [Automatic::Generated, Automatic::Replied, Automatic::Bulk, Automatic::Bounce] {
        let automatic = ParsedMail { automatic, ..letter("dana@example.com", "down") };
        assert!(!automatic.may_be_answered(&ours), "{automatic:?}");
    }
    let dana = letter("dana@example.com", "down");
    assert!(!ParsedMail { ours: true, ..dana.clone() }.may_be_answered(&ours));
    assert!(!ParsedMail { several_senders: true, ..dana.clone() }.may_be_answered(&ours));
    assert!(
        !ParsedMail { reply_to: Some("ops@in.example.com".into()), ..dana.clone() }.may_be_answered(&ours)
    );
    let elsewhere = ParsedMail { reply_to: Some("team@example.com".into()), ..dana };
    assert!(elsewhere.may_be_answered(&ours));
    assert_eq!(elsewhere.answer_to(), Some("team@example.com"));
    assert!(!ParsedMail::default().may_be_answered(&ours));
}

#[test]
fn own_words_are_found_above_and_below_the_quote() {
    for (text, expected) in [
        ("ack\n\nOn Sat, 21 Nov 2026 at 10:05, Handbell <a@example.com> wrote:\n> Alert\n> web01", "ack"),
        ("ack\n\nOn Sat, 21 Nov 2026 at 10:05, Handbell\n<a@example.com>\nwrote:\n\n> Alert", "ack"),
        (
            "erledigt\n\nAm Sa., 21. Nov. 2026 um 10:05 Uhr schrieb Handbell <\na@example.com>:\n> Alarm",
            "erledigt",
        ),
        ("je m'en occupe\n\nLe sam. 21 nov. 2026 à 10:05, Handbell a écrit :\n> Alerte", "je m'en occupe"),
        ("ack\n-----Original Message-----\nFrom: Handbell", "ack"),
        ("ack\n-----Ursprüngliche Nachricht-----\nVon: Handbell", "ack"),
        (
            "ack\n\nVon: Handbell <a@example.com>\nGesendet: Samstag\nAn: Dana\nBetreff: web01\n\nack nicht",
            "ack",
        ),
        ("ack\n\nDe : Handbell\nEnvoyé : samedi\nÀ : Dana\n\nack", "ack"),
        ("ack\n\n________________________________\nFrom: Handbell", "ack"),
        ("ack\n-- \nDana\nack everything", "ack"),
        ("ack\n\nSent from my iPhone", "ack"),
        ("> Alert\n> web01\n\ndone", "done"),
        ("On Sat, Handbell wrote:\n> Alert\n\ndone\n-- \nDana", "done"),
        ("From: here it looks fine\nack", "From: here it looks fine\nack"),
        ("On it, will be\nback soon", "On it, will be\nback soon"),
        ("On Monday I wrote the fix.\nack", "On Monday I wrote the fix.\nack"),
        ("> only quoted", ""),
        ("-----Original Message-----\nack", ""),
        ("", ""),
    ] {
        assert_eq!(own_words(text), expected, "{text:?}");
    }
}

#[test]
fn a_command_is_the_first_line_of_a_person() {
    let said = |text: &str| {
        command(&ParsedMail { text: text.to_owned(), ..letter("dana@example.com", "Re: web01") })
    };
    assert_eq!(said("\n\n  escalate   technical \nplease\n> x").as_deref(), Some("escalate technical"));
    assert_eq!(said("> quoted"), None);
    assert_eq!(said(&"a".repeat(1000)).map(|line| line.len()), Some(200));
    for automatic in [Automatic::Generated, Automatic::Replied, Automatic::Bulk, Automatic::Bounce] {
        let vacation =
            ParsedMail { automatic, text: "ack".into(), ..letter("dana@example.com", "Re: web01") };
        assert_eq!(command(&vacation), None, "{automatic:?}");
    }
    assert_eq!(command(&ParsedMail { ours: true, text: "ack".into(), ..ParsedMail::default() }), None);
}

#[test]
fn personal_data_does_not_reach_logs() {
    let letter = ParsedMail {
        text: "SECRETTEXT".into(),
        from_name: Some("SECRETNAME".into()),
        to: vec!["secret@to".into()],
        attachments: vec!["secret.pdf".into()],
        ..letter("secret@from", "SECRETSUBJECT")
    };
    let judged = judge(&source(json!({})), &letter, &genuine());
    let shown = format!("{letter:?} {judged:?}").to_lowercase();
    assert!(!shown.contains("secret"), "{shown}");
}

proptest! {
    #[test]
    fn any_subject_and_text_get_a_meaning(subject in ".*", text in "(?s).*", from in ".{0,40}") {
        let letter = ParsedMail { text: text.clone(), ..letter(&from, &subject) };
        judge(&source(json!({})), &letter, &genuine());
        let words = own_words(&text);
        prop_assert!(words.len() <= text.len());
        prop_assert!(MailMeaning::default() == MailMeaning::Raise && !default_key(&letter).is_empty());
    }

    /// Made of the words themselves, which random texts never contain.
    #[test]
    fn any_mix_of_states_gets_a_meaning(parts in prop::collection::vec(prop::sample::select(vec![
        "OK", "up", "RESOLVED", "not", "[", "]", "is", "FIRING:1", "web01", ":", "->", "→", "10:05", "é", "🔴", "re:", "'", " ", "-",
    ]), 0..12)) {
        let subject = parts.concat();
        let meant = by_default(&subject);
        prop_assert!(meant.starts_with("raise ") || meant.starts_with("resolve "));
        if format!(" {subject} ").contains(" FIRING:1 ") {
            prop_assert!(meant.starts_with("raise "), "{subject}");
        }
    }
}
