//! Mailboxes over IMAP, without failures.
//!
//! The certificates in tests/certificates are for 127.0.0.1 and valid for nothing else; the key may be public.

use std::sync::Arc;

use handbell_outbound::mailbox::{Imap, Mark, Server, UnreadMail};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::mail_server::{Does, MailServer, says, why};

pub(crate) const OPENED: &[&str] = &[
    "* 3 EXISTS",
    "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)",
    "* OK [UIDVALIDITY 77] UIDs valid",
    "* OK [UIDNEXT 13] Predicted next UID",
    "$ OK [READ-WRITE] Select completed.",
];

/// The script of a server that accepts the login, has these capabilities, and continues with `more`.
pub(crate) fn able(able: &str, more: Vec<Does>) -> Vec<Does> {
    let mut all = vec![
        says(&["* OK [CAPABILITY IMAP4rev1] ready {5}"]),
        says(&["$ OK [CAPABILITY IMAP4rev1] Logged in"]),
        says(&[&format!("* CAPABILITY IMAP4rev1 {able}"), "$ OK done"]),
        says(OPENED),
    ];
    all.extend(more);
    all
}

pub(crate) async fn session(can: &str, more: Vec<Does>) -> (MailServer, Imap) {
    let server = MailServer::that(able(can, more)).await;
    let imap = Imap::connect(&server.server(), "INBOX").await.unwrap();
    (server, imap)
}

fn mail(uid: u32, text: &str) -> Does {
    let length = text.len();
    let all =
        format!("* 2 FETCH (FLAGS (\\Recent) UID {uid} BODY[] {{{length}}}\r\n{text})\r\n$ OK done\r\n");
    Does::Says(all.into_bytes())
}

#[tokio::test]
async fn a_mail_is_read_and_moved() {
    let text = "Subject: Fire\r\n\r\n* 9 FETCH (UID 9)\r\nh6 OK \"hall\"\r\n";
    let (server, mut imap) = session(
        "IDLE MOVE UIDPLUS",
        vec![
            says(&["* SEARCH 12 11", "* 4 EXISTS", "$ OK done"]),
            says(&["* 3 FETCH (UID 12 RFC822.SIZE 99)", "* 2 FETCH (RFC822.SIZE 70 UID 11)", "$ OK done"]),
            mail(11, text),
            says(&["* OK [COPYUID 5 11 1] moved", "* 2 EXPUNGE", "$ OK done"]),
            says(&["* BYE bye", "$ OK done"]),
        ],
    )
    .await;
    let news = imap.new_mail(None, 10).await.unwrap();
    assert_eq!(news.uid_validity, 77);
    assert_eq!(news.mails, [UnreadMail { uid: 11, size: 70 }, UnreadMail { uid: 12, size: 99 }]);
    assert_eq!(imap.fetch(11).await.unwrap().unwrap(), text);
    imap.done(11, Some("Handbell & Söhne")).await.unwrap();
    imap.logout().await.unwrap();
    assert_eq!(
        server.heard(),
        [
            "LOGIN \"alarm@example.com\" \"the \\\"secret\\\"\"",
            "CAPABILITY",
            "SELECT \"INBOX\"",
            "UID SEARCH UID 1:*",
            "UID FETCH 11,12 (UID RFC822.SIZE)",
            "UID FETCH 11 (UID BODY.PEEK[])",
            "UID MOVE 11 \"Handbell &- S&APY-hne\"",
            "LOGOUT",
        ]
    );
}

#[tokio::test]
async fn a_seen_mail_is_not_listed_again() {
    let (server, mut imap) = session(
        "",
        vec![
            // A range that ends with an asterisk always contains the last mail.
            says(&["* SEARCH 12", "$ OK done"]),
            says(&["* SEARCH", "$ OK done"]),
            says(&["* SEARCH 15 13 14 13 2", "$ OK done"]),
            says(&["* 3 FETCH (UID 13 RFC822.SIZE 1)", "* 9 FETCH (UID 99 RFC822.SIZE 1)", "$ OK done"]),
        ],
    )
    .await;
    let seen = |last_uid| Some(Mark { uid_validity: 77, last_uid });
    assert!(imap.new_mail(seen(12), 10).await.unwrap().mails.is_empty());
    assert!(imap.new_mail(seen(12), 10).await.unwrap().mails.is_empty());
    assert!(imap.new_mail(seen(u32::MAX), 10).await.unwrap().mails.is_empty());
    // At most two mails are requested: the oldest. The server doesn't report one of them, but reports another one.
    let mails = imap.new_mail(seen(12), 2).await.unwrap().mails;
    assert_eq!(mails, [UnreadMail { uid: 13, size: 1 }, UnreadMail { uid: 14, size: 0 }]);
    assert_eq!(
        server.heard()[3..],
        [
            "UID SEARCH UID 13:*",
            "UID SEARCH UID 13:*",
            "UID SEARCH UID 13:*",
            "UID FETCH 13,14 (UID RFC822.SIZE)"
        ]
    );
}

#[tokio::test]
async fn a_renumbered_folder_is_read_from_the_start() {
    let (server, mut imap) = session(
        "",
        vec![says(&["* SEARCH 1", "$ OK done"]), says(&["* 1 FETCH (UID 1 RFC822.SIZE 5)", "$ OK done"])],
    )
    .await;
    let news = imap.new_mail(Some(Mark { uid_validity: 76, last_uid: 500 }), 10).await.unwrap();
    assert_eq!((news.uid_validity, news.mails.len()), (77, 1));
    assert_eq!(server.heard()[3], "UID SEARCH UID 1:*");
}

#[tokio::test]
async fn a_server_without_move_copies_and_deletes() {
    let yes = || says(&["* 2 FETCH (FLAGS (\\Deleted))", "$ OK done"]);
    for (able, expected) in [
        ("UIDPLUS", vec!["UID COPY 11 \"Done\"", "UID STORE 11 +FLAGS.SILENT (\\Deleted)", "UID EXPUNGE 11"]),
        // A plain EXPUNGE would also remove mails that other clients have marked.
        ("", vec!["UID COPY 11 \"Done\"", "UID STORE 11 +FLAGS.SILENT (\\Deleted)"]),
    ] {
        let (server, mut imap) = session(able, vec![yes(), yes(), yes()]).await;
        imap.done(11, Some("Done")).await.unwrap();
        assert_eq!(server.heard()[3..], expected);
    }
}

#[tokio::test]
async fn a_mail_that_could_not_be_copied_is_not_deleted() {
    let (server, mut imap) =
        session("UIDPLUS", vec![says(&["$ NO [TRYCREATE] Mailbox doesn't exist: Done"])]).await;
    let said = imap.done(11, Some("Done")).await.unwrap_err();
    assert_eq!(
        why(&said),
        "refused: the mail server says no: it doesn't move a mail away; is there a folder of the name in `move_to`?: \
         “Mailbox doesn't exist: Done”"
    );
    assert_eq!(server.heard()[3..], ["UID COPY 11 \"Done\""]);
}

#[tokio::test]
async fn without_a_folder_a_mail_is_marked_as_read() {
    let (server, mut imap) = session("MOVE", vec![says(&["$ OK done"])]).await;
    imap.done(11, None).await.unwrap();
    assert_eq!(server.heard()[3..], ["UID STORE 11 +FLAGS.SILENT (\\Seen)"]);
}

#[tokio::test]
async fn a_missing_mail_is_no_failure_and_a_withheld_mail_is_not_missing() {
    let (_server, mut imap) = session(
        "",
        vec![
            says(&["* 2 FETCH (FLAGS (\\Seen))", "$ OK done"]),
            says(&["$ NO [EXPUNGEISSUED] Some messages could not be FETCHed"]),
            says(&["* 1 FETCH (UID 11 BODY[] NIL)", "$ OK done"]),
            says(&["$ NO Mailbox is corrupt"]),
        ],
    )
    .await;
    assert_eq!(imap.fetch(11).await.unwrap(), None);
    assert_eq!(imap.fetch(11).await.unwrap(), None);
    for _ in 0..2 {
        let said = why(&imap.fetch(11).await.unwrap_err());
        let expected = "refused: the mail server says no: it doesn't give a mail that it has listed";
        assert!(said.starts_with(expected), "{said}");
    }
}

#[tokio::test]
async fn a_token_is_sent_in_two_steps() {
    let mut does = able("", vec![]);
    does[1] = says(&["+ "]);
    does.insert(2, says(&["$ OK in"]));
    let server = MailServer::that(does).await;
    Imap::connect(&server.server_with_token(), "INBOX").await.unwrap();
    // base64 of user=alarm@example.com^Aauth=Bearer the-token^A^A
    let token = "dXNlcj1hbGFybUBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB0aGUtdG9rZW4BAQ==";
    assert_eq!(server.heard()[..2], ["AUTHENTICATE XOAUTH2", token]);
}

#[tokio::test]
async fn a_password_with_non_ascii_characters_is_sent_as_a_literal() {
    let mut does = able("", vec![]);
    does[1] = says(&["+ go on"]);
    does.insert(2, says(&["$ OK in"]));
    let server = MailServer::that(does).await;
    let login = handbell_outbound::mailbox::Login::Password("grün".into());
    Imap::connect(&Server { login, ..server.server() }, "INBOX").await.unwrap();
    assert_eq!(server.heard()[..2], ["LOGIN \"alarm@example.com\" {5}", "grün"]);
}

#[tokio::test]
async fn an_untrusted_server_receives_no_secret() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/certificates");
    let certificate = |name| CertificateDer::from_pem_file(format!("{folder}/{name}.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let theirs = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate("server")],
            PrivateKeyDer::from_pem_file(format!("{folder}/server.key")).unwrap(),
        )
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(theirs));
    for believed in [true, false] {
        let server = MailServer::with(able("", vec![]), Some(acceptor.clone())).await;
        let mut roots = rustls::RootCertStore::empty();
        if believed {
            roots.add(certificate("ca")).unwrap();
        }
        let ours = rustls::ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let said = Imap::connect(&Server { tls: Some(Arc::new(ours)), ..server.server() }, "INBOX").await;
        match said {
            Ok(_) => assert!(believed && server.heard().len() == 3),
            Err(failure) => {
                let why = why(&failure);
                assert!(
                    !believed
                        && why.starts_with("not sent: the mail server can't be reached (no encryption: "),
                    "{why}"
                );
                assert!(server.heard().is_empty());
            }
        }
    }
}
