//! Well-formed and broken mails: each results in something that a person can read.

use std::path::Path;

use handbell_core::alert::mail::{Automatic, ParsedMail, TEXT_MAX, command};
use handbell_inbound::mail::{html_to_text, parse};
use insta::assert_snapshot;
use proptest::prelude::*;

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mails").join(name).with_extension("eml");
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/mails");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut all: Vec<_> = files
        .filter(|path| path.is_file())
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read(path).unwrap()))
        .collect();
    all.sort();
    all
}

/// Describes what was parsed.
fn seen(name: &str) -> String {
    let letter = parse(&fixture(name));
    let from =
        [letter.from_name.as_deref(), letter.from.as_deref()].map(|part| part.unwrap_or("-")).join(" | ");
    let first = format!("{name}: {:?}, {from} | {}", letter.automatic, letter.subject);
    let mut lines = vec![first.trim_end().to_owned()];
    lines.extend(letter.text.lines().map(|line| format!("    {line}").trim_end().to_owned()));
    lines.extend(letter.attachments.iter().map(|name| format!("  + {name}")));
    lines.extend(letter.troubles.iter().map(|trouble| format!("  ! {trouble}")));
    lines.join("\n")
}

fn all_seen(names: &[&str]) -> String {
    names.iter().map(|name| seen(name)).collect::<Vec<_>>().join("\n")
}

#[test]
fn mails_of_monitoring_systems_are_read() {
    assert_snapshot!(all_seen(&[
        "nagios", "cron", "zabbix", "grafana-html-base64", "alertmanager", "uptime-kuma"
    ]), @r#"
        nagios: Generated, Nagios | nagios@mon.example.com | ** PROBLEM Service Alert: web01/HTTP is CRITICAL **
            ***** Nagios *****

            Notification Type: PROBLEM
            Service: HTTP
            Host: web01
            State: CRITICAL

            Additional Info:
            connect to address 10.0.0.7 and port 80: Connection refused
        cron: Generated, Cron Daemon | root@web01 | Cron <root@web01> /usr/local/bin/backup --all
            pg_dump: error: connection to server at "db01" failed
        zabbix: No, Zabbix | zabbix@mon.example.com | Problem: High CPU on web01
            Problem started at 10:05:03 on 2026.11.21
            Problem name: High CPU on web01 – über 95 %
            Severity: High
        grafana-html-base64: No, Grafana | grafana@mon.example.com | [FIRING:1] HighCPU (web01 node)
            1 firing alert instance
            Name HighCPU
            Host web01 & web02
            CPU is 97 % — too much.
            Since 10:05.

            - Look at the dashboard (https://grafana.example.com/d/1?a=1&b=2)
            - Or https://example.com
        alertmanager: No, - | alertmanager@mon.example.com | [RESOLVED] InstanceDown (web01:9100)
            1 alert for InstanceDown is resolved ✅
        uptime-kuma: No, - | kuma@mon.example.com | [Shop] [🔴 Down] connect ECONNREFUSED
            [Shop] [Down] connect ECONNREFUSED 10.0.0.1:443
        "#);
}

#[test]
fn attachments_are_listed() {
    assert_snapshot!(all_seen(&["alternative", "attached-mail", "only-attached-mail", "winmail", "smime"]), @"
        alternative: No, Nagios | nagios@mon.example.com | PROBLEM: db01
            Die Datenbank läuft nicht.
          + logo.png
          + db.log
          + Übersicht der Lage.pdf
        attached-mail: No, Dana | dana@example.com | Fwd: look
            See below.
          + disk full.eml
        only-attached-mail: No, Dana | dana@example.com | Fwd: disk full
            Disk /var is full.
          + disk full.eml
        winmail: No, Dana | dana@example.com | Server room
          + winmail.dat
          ! part of it is in Outlook's own format (winmail.dat), and can't be read here; have it sent as plain text or HTML
        smime: No, Dana | dana@example.com | Alarm
          + smime.p7m
          ! it is encrypted or wrapped up (S/MIME), and can't be read here; have it sent in plain
        ");
}

#[test]
fn automatic_mails_are_recognised() {
    assert_snapshot!(all_seen(&[
        "vacation-outlook-en",
        "vacation-outlook-de",
        "vacation-outlook-fr",
        "vacation-gmail",
        "vacation-sieve",
        "bounce",
        "list",
    ]), @"
        vacation-outlook-en: Replied, Dana | dana@example.com | Automatic reply: Alert web01
            I am out of the office until Monday.
        vacation-outlook-de: Replied, Jörg Müller | joerg@example.de | Automatische Antwort: Störung web01
            Ich bin bis 30.11. nicht im Büro. Viele Grüße
        vacation-outlook-fr: Replied, Zoé | zoe@example.fr | Réponse automatique : Alerte web01
            Je suis absente jusqu’à lundi.
        vacation-gmail: Replied, Dana | dana@gmail.com | Out of office Re: Alert web01
            Thanks for your mail! I'm away.
        vacation-sieve: Replied, Dana | dana@example.com | Auto: Alert web01
            Away.
        bounce: Bounce, Mail Delivery System | mailer-daemon@mx.example.com | Undelivered Mail Returned to Sender
            I'm sorry to have to inform you that your message could not be delivered.
          + message/delivery-status
          + text/rfc822-headers
        list: Bulk, Dana via ops | ops@lists.example.org | [ops] Maintenance on Sunday
            We'll be down.
        ");
    for (name, bytes) in fixtures() {
        assert_eq!(parse(&bytes).ours, name == "our-own", "{name}");
    }
}

#[test]
fn charsets_are_decoded() {
    assert_snapshot!(all_seen(&[
        "windows-1252",
        "koi8-r",
        "iso-2022-jp",
        "utf-16",
        "utf-16-be-unmarked",
        "raw-8bit-headers",
        "raw-utf8-headers",
        "unknown-charset",
        "wrong-utf8",
    ]), @r#"
        windows-1252: No, Nagios | nagios@mon.example.com | Störung – Kühlung
            Die Kühlung – „Halle 3“ – fällt aus. 5 € Schaden.
        koi8-r: No, Nagios | nagios@mon.example.com | Авария
            Сервер не отвечает.
        iso-2022-jp: No, Nagios | nagios@mon.example.com | 障害
            サーバーが停止しました。
        utf-16: No, Nagios | nagios@mon.example.com | UTF-16
            Kühlung aus.
            Halle 3
        utf-16-be-unmarked: No, Nagios | nagios@mon.example.com | UTF-16
            Kühlung aus.
        raw-8bit-headers: No, Jörg | joerg@example.de | Störung Kühlung
            Kühlung aus.
        raw-utf8-headers: No, Jörg | joerg@example.de | Störung 🔥
            Kühlung aus. 🔥
        unknown-charset: No, Nagios | nagios@mon.example.com | Odd
            Kühlung aus.
          ! nobody here knows its charset "x-martian"; some characters may be wrong
        wrong-utf8: No, Nagios | nagios@mon.example.com | Odd
            K�hlung aus, �
          ! some of its characters can't be read: they aren't the UTF-8 that they should be
        "#);
}

#[test]
fn broken_mails_are_read_as_far_as_possible() {
    assert_snapshot!(all_seen(&[
        "broken-boundary",
        "truncated",
        "false-base64",
        "footer-after-base64",
        "no-headers",
        "not-quite-headers",
        "headers-only",
        "headers-break-off",
        "no-to",
        "nul-bytes",
        "bare-cr",
        "mbox-line",
    ]), @"
        broken-boundary: No, Nagios | nagios@mon.example.com | Boundary
            --wrong
            Content-Type: text/plain

            The text is here all the same.
            --wrong--
          ! its parts can't be told from one another; all of it is taken for text
        truncated: No, Nagios | nagios@mon.example.com | Breaks off
            What came through.
          + dump.bin
          ! it breaks off: its end is missing
        false-base64: No, Nagios | nagios@mon.example.com | Not base64
            Hello, this isn't base64 at all: it is text!
          ! it says that it is base64, but it isn't
        footer-after-base64: No, Nagios | nagios@mon.example.com | Footer
            The disk of web01 is full, and the disk of web02 will be tomorrow.
          ! its encoding (base64) is broken in places; some of it may be wrong
        no-headers: No, - | - |
            disk full on web01
            please look
          ! it has no headers; all of it is taken for its text
          ! it names no sender that can be read
        not-quite-headers: No, - | - |
            Host: web01
            State: CRITICAL

            Look.
          ! it has no headers; all of it is taken for its text
          ! it names no sender that can be read
        headers-only: No, Nagios | nagios@mon.example.com | Only a subject
        headers-break-off: No, - | mon@example.com | disk full
            this is no header
            and this is the text
          ! its headers break off; what follows is taken for its text
        no-to: No, - | mon@example.com | down
            web01
        nul-bytes: No, Nagios | nagios@mon.example.com | NULs
            web01 is down
        bare-cr: No, Nagios | nagios@mon.example.com | Bare CR
            web01 is down
            look
        mbox-line: No, Nagios | nagios@mon.example.com | From a mailbox file
            web01
        ");
}

#[test]
fn all_fields_of_a_letter_are_read() {
    let letter = parse(&fixture("reply"));
    assert_eq!(letter.message_id.as_deref(), Some("1@mon.example.com"));
    assert_eq!(letter.in_reply_to, ["alert@in.example.com"]);
    assert_eq!(letter.references, ["first@in.example.com", "alert@in.example.com"]);
    assert_eq!(
        (letter.from.as_deref(), letter.from_name.as_deref()),
        (Some("dana@example.com"), Some("Dana"))
    );
    assert_eq!(letter.to, ["ops@in.example.com"]);
    assert_eq!(letter.date.map(|date| date.to_string()).as_deref(), Some("2026-11-21T09:05:03Z"));
    assert_eq!((letter.automatic, letter.ours, letter.several_senders), (Automatic::No, false, false));
    assert_eq!(letter.size, fixture("reply").len());
    assert_eq!(letter.digest.len(), 64);
    assert_eq!(letter.troubles, [""; 0]);
    assert_eq!(command(&letter).as_deref(), Some("ack"), "{}", letter.text);
    assert_snapshot!(letter.text, @"
        ack

        On Sat, Nov 21, 2026 at 10:05 AM Handbell <alerts@example.com> wrote:
        > web01 is down.

        > Look.
        ");
    assert_eq!(parse(&fixture("list")).reply_to.as_deref(), Some("ops@lists.example.org"));
}

#[test]
fn several_senders_are_recognised() {
    for (name, several) in
        [("several-senders", true), ("two-from-headers", true), ("reply", false), ("cron", false)]
    {
        let letter = parse(&fixture(name));
        assert_eq!(letter.several_senders, several, "{name}");
        assert!(letter.from.is_some(), "{name}");
    }
}

#[test]
fn the_identity_of_a_mail_is_independent_of_its_route() {
    let sent = fixture("nagios");
    let by_imap = [b"Received: from mx.example.com by imap.example.com\r\n", sent.as_slice()].concat();
    assert_eq!(parse(&sent).identity(), parse(&by_imap).identity());
    let unnamed = fixture("no-to");
    assert_ne!(parse(&unnamed).identity(), parse(&sent).identity());
    assert_eq!(parse(&unnamed).identity(), parse(&unnamed).identity());
}

/// Automatic replies, and alerts that look like them.
#[test]
fn vacation_notices_differ_from_alerts_that_look_like_them() {
    let of = |headers: &str, subject: &str| {
        parse(format!("{headers}From: a@example.com\r\nSubject: {subject}\r\n\r\ntext\r\n").as_bytes())
            .automatic
    };
    for (headers, subject, expected) in [
        ("", "Out of office hours: backup failed", Automatic::No),
        ("", "Auto: brake failure", Automatic::No),
        ("In-Reply-To: <1@x>\r\n", "Out of Office until Monday", Automatic::Replied),
        ("In-Reply-To: <1@x>\r\n", "Re: Alert", Automatic::No),
        ("Auto-Submitted: no\r\n", "Alert", Automatic::No),
        ("Auto-Submitted: Auto-Generated\r\n", "Alert", Automatic::Generated),
        ("Auto-Submitted: auto-notified; owner-email=\"a@example.com\"\r\n", "Alert", Automatic::Generated),
        ("Auto-Submitted: auto-replied (rejected)\r\n", "Alert", Automatic::Replied),
        ("X-Auto-Response-Suppress: OOF\r\n", "Alert", Automatic::Generated),
        ("Precedence: Bulk\r\n", "Alert", Automatic::Bulk),
        ("Precedence: auto_reply\r\n", "Alert", Automatic::Replied),
        ("Return-Path: <>\r\n", "Alert", Automatic::Generated),
        ("Return-Path: <>\r\nAuto-Submitted: auto-generated\r\n", "Alert", Automatic::Generated),
        ("Return-Path: <a@example.com>\r\n", "Alert", Automatic::No),
        ("X-Failed-Recipients: b@example.com\r\n", "Mail delivery failed", Automatic::Bounce),
    ] {
        assert_eq!(of(headers, subject), expected, "{headers}{subject}");
    }
    let daemon = parse(b"From: Mailer-Daemon@example.com\r\nSubject: failed\r\n\r\n");
    assert_eq!(daemon.automatic, Automatic::Bounce);
}

#[test]
fn long_mails_and_long_lists_are_cut() {
    let head = "From: a@example.com\r\nSubject: long\r\n";
    let long_line = parse(format!("{head}\r\n{}", "ü".repeat(1024 * 1024)).as_bytes());
    assert_eq!(long_line.text.len(), TEXT_MAX);
    assert_eq!(long_line.troubles, ["its text is longer than 256 KB; the rest is only in the mail itself"]);

    let long_subject =
        parse(format!("From: a@example.com\r\nSubject: {}\r\n\r\n", "a".repeat(1024 * 1024)).as_bytes());
    assert_eq!(long_subject.subject.len(), 500);

    let mut many = format!("{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n");
    for number in 0..1000 {
        many.push_str(&format!(
            "--b\r\nContent-Type: application/x-thing; name={number}.bin\r\n\r\nAAAA\r\n"
        ));
    }
    let many = parse(many.as_bytes());
    assert_eq!((many.attachments.len(), many.troubles.len()), (100, 1));
    assert_eq!(many.troubles, ["it has more than 500 parts; the rest were not read"]);

    let crowd: Vec<String> = (0..5000).map(|number| format!("{number}@example.com")).collect();
    let crowd = parse(format!("From: {0}\r\nTo: {0}\r\n\r\n", crowd.join(", ")).as_bytes());
    assert_eq!((crowd.to.len(), crowd.several_senders), (100, true));
}

/// A naive parser needs quadratic time or exhausts its stack for each of these.
#[test]
fn hostile_mails_are_parsed_in_linear_time() {
    let nested = |kind: &str, count: usize| format!("Content-Type: {kind}\r\n\r\n").repeat(count);
    let multiparts: String = (0..20_000)
        .map(|number| format!("Content-Type: multipart/mixed; boundary=b{number}\r\n\r\n--b{number}\r\n"))
        .collect();
    let unclosed: String = (0..20_000)
        .map(|number| format!("--b\r\nContent-Type: multipart/mixed; boundary=c{number}\r\n\r\n"))
        .collect();
    let mut encoded = "Subject: x\r\n\r\ninmost".to_owned();
    for _ in 0..30 {
        let inner = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, &encoded);
        encoded = format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{inner}");
        if encoded.len() > 4 * 1024 * 1024 {
            break;
        }
    }
    for (what, mail) in [
        ("mails in mails", nested("message/rfc822", 50_000)),
        ("digests", nested("multipart/digest; boundary=b", 50_000)),
        ("parts in parts", multiparts),
        ("parts without an end", format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{unclosed}")),
        ("encoded mails in mails", encoded),
        ("comments", format!("Content-Type: text/html\r\n\r\n{}", "<!-- ".repeat(200_000))),
        ("tags", format!("Content-Type: text/html\r\n\r\n{}", "<a ".repeat(300_000))),
        ("quotes in tags", format!("Content-Type: text/html\r\n\r\n{}", "<a \"<b '".repeat(150_000))),
        ("styles", format!("Content-Type: text/html\r\n\r\n{}", "<style>".repeat(150_000))),
        ("closed styles", format!("Content-Type: text/html\r\n\r\n{}", "<style></style".repeat(80_000))),
        ("ampersands", format!("Content-Type: text/html\r\n\r\n{}", "&&".repeat(500_000))),
        ("quotes", format!("Content-Type: text/html\r\n\r\n{}", "<blockquote><p>a".repeat(60_000))),
        ("links", format!("Content-Type: text/html\r\n\r\n{}", "<a href=http://a.example>".repeat(40_000))),
        ("attributes", format!("Content-Type: text/plain{}\r\n\r\n", ";a=b".repeat(250_000))),
        ("addresses", format!("From: {}\r\n\r\n", "(".repeat(1_000_000))),
        (
            "equals signs",
            format!("Content-Transfer-Encoding: quoted-printable\r\n\r\n{}", "= ".repeat(500_000)),
        ),
        ("headers", format!("{}\r\n", "A: b\r\n".repeat(200_000))),
    ] {
        let letter = parse(mail.as_bytes());
        assert!(letter.text.len() <= TEXT_MAX, "{what}");
        assert_eq!(letter.size, mail.len(), "{what}");
    }
}

#[test]
fn html_becomes_readable_text() {
    for (html, text) in [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<div>a</div><div><div>b</div></div>c", "a\nb\nc"),
        ("<td>a</td><td>b</td>", "a b"),
        ("  a \n\n b&nbsp;&nbsp;c ", "a b c"),
        ("a<b>b</b>c <i>d</i>", "abc d"),
        ("1 &lt; 2 &amp; 3 &gt; 2 &#x1F525; &hearts; &nope; AT&T", "1 < 2 & 3 > 2 🔥 ♥ &nope; AT&T"),
        ("1 < 2 and <3", "1 < 2 and <3"),
        ("<a title='a > b' href='https://example.com'>here</a>", "here (https://example.com)"),
        ("<a href=\"javascript:alert(1)\">here</a>", "here"),
        ("<a href=\"https://example.com\">https://example.com</a>", "https://example.com"),
        ("<style>never closed <p>still here", "never closed\nstill here"),
        ("<!-- never closed <p>still here", "never closed\nstill here"),
        ("<script>if (a < b) {}</script>seen", "seen"),
        ("<pre>a  b\n  c</pre>d", "a  b\n  c\nd"),
        (
            "<p>mine</p><blockquote><p>theirs</p><blockquote>older</blockquote></blockquote>",
            "mine\n\n> theirs\n\n> > older",
        ),
        ("<ol><li>one<li>two</ol>", "- one\n- two"),
        ("", ""),
        ("<", "<"),
        ("&", "&"),
        ("é<é>", "é<é>"),
    ] {
        assert_eq!(html_to_text(html), text, "{html}");
    }
}

proptest! {
    #[test]
    fn any_bytes_result_in_a_letter(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        holds(&parse(&bytes), &bytes);
    }

    #[test]
    fn any_html_results_in_text(html in "(?s)([<>&;/!'\"= -]|a|p|br|pre|style|blockquote|href|é|.){0,80}") {
        html_to_text(&html);
    }

    /// A fixture with some bytes changed, removed or repeated.
    #[test]
    fn any_mutation_results_in_a_letter(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        let all = fixtures();
        let mut bytes = which.get(&all).1.clone();
        for (at, byte, how) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 if bytes.len() > 1 => { bytes.remove(at); }
                _ => {
                    let from = cut.index(bytes.len());
                    let (from, to) = (from.min(at), from.max(at));
                    let again = bytes[from..to].to_vec();
                    bytes.splice(at..at, again);
                }
            }
        }
        holds(&parse(&bytes), &bytes);
    }
}

fn holds(letter: &ParsedMail, bytes: &[u8]) {
    assert_eq!(letter.size, bytes.len());
    assert!(letter.text.len() <= TEXT_MAX);
    assert!(!letter.text.chars().any(|c| c.is_control() && c != '\n' && c != '\t'));
    assert!(!letter.subject.chars().any(char::is_control));
    for address in [&letter.from, &letter.reply_to].into_iter().flatten().chain(&letter.to) {
        assert!(!address.is_empty() && !address.contains(char::is_whitespace), "{address:?}");
    }
    assert_eq!(letter.identity(), parse(bytes).identity());
}
