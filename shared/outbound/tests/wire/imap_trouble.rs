//! Mailboxes over IMAP: accidental failures and hostile servers.

use handbell_outbound::failure::Failure;
use handbell_outbound::mailbox::{Imap, Login, MAIL_MAX, Server};

use crate::imap::{able, session};
use crate::mail_server::{Does, MailServer, says, why};

/// Returns the failure of connecting to a server with this script.
async fn closed(does: Vec<Does>) -> Failure {
    let server = MailServer::that(does).await;
    Imap::connect(&server.server(), "INBOX").await.expect_err("closed")
}

#[tokio::test]
async fn a_refused_login_says_what_to_check() {
    let hello = || says(&["* OK ready"]);
    let no = |line: &str| vec![hello(), says(&[line])];
    let said = closed(no("$ NO [AUTHENTICATIONFAILED] Invalid credentials for alarm@example.com")).await;
    assert!(matches!(said, Failure::Refused { .. }));
    assert_eq!(
        why(&said),
        "refused: the mail server doesn't take our user and secret; check them, and whether \
         the account allows access by programs"
    );
    let said = closed(no("$ NO [UNAVAILABLE] Temporary authentication failure.")).await;
    assert_eq!(
        why(&said),
        "not sent: the mail server lets nobody in at the moment: “Temporary authentication failure.”"
    );
    assert!(matches!(closed(no("$ BAD what?")).await, Failure::Refused { .. }));
    let said = closed(vec![says(&["* BYE Too many connections"])]).await;
    assert!(matches!(said, Failure::NotSent { .. }), "{said}");
}

#[tokio::test]
async fn a_refused_token_ends_with_an_empty_response() {
    let challenge = says(&["+ eyJzdGF0dXMiOiI0MDEifQ=="]);
    let server =
        MailServer::that(vec![says(&["* OK ready"]), says(&["+"]), challenge, says(&["$ NO Invalid token"])])
            .await;
    let said = Imap::connect(&server.server_with_token(), "INBOX").await.unwrap_err();
    assert!(why(&said).contains("doesn't take our user and secret; check"), "{said}");
    assert_eq!(server.heard()[2], "", "the server waits for us to let go");
}

#[tokio::test]
async fn an_unusable_folder_is_reported() {
    for (lines, words) in [
        (
            &["$ NO [NONEXISTENT] Unknown Mailbox"][..],
            "is there one of the name in `folder`?: “Unknown Mailbox”",
        ),
        (&["* OK [UIDVALIDITY 77] ok", "$ OK [READ-ONLY] done"], "lets us only read the folder"),
        (&["* 0 EXISTS", "$ OK [READ-WRITE] done"], "a folder without a UIDVALIDITY"),
    ] {
        let mut does = able("", vec![]);
        does[3] = says(lines);
        let why = why(&closed(does).await);
        assert!(why.contains(words), "{why}");
    }
}

#[tokio::test]
async fn a_user_with_a_line_feed_is_not_sent() {
    let server = MailServer::that(able("", vec![])).await;
    for (user, secret) in [("a\r\nh9 DELETE INBOX", "x"), ("", "x"), ("a", ""), ("a", "x\ny")] {
        for login in [Login::Password(secret.into()), Login::OAuth(secret.into())] {
            let said = Imap::connect(&Server { user: user.into(), login, ..server.server() }, "INBOX").await;
            assert!(matches!(said, Err(Failure::Refused { code: 0, .. })), "{said:?}");
        }
    }
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn a_failed_search_is_not_an_empty_search() {
    for (does, unknown) in [
        (says(&["$ NO [SERVERBUG] index broken"]), false),
        (says(&["$ BAD no"]), false),
        (says(&["* SEARCH 11 12", "* BYE shutting down"]), true),
        (Does::HangsUp, true),
        (Does::BreaksOff("* SEARCH 11 12\r\n"), true),
        (Does::BreaksOff("* SEARCH 11 1"), true),
        (says(&["h999 OK done"]), true),
        (says(&["* SEARCH eleven", "$ OK done"]), true),
        (says(&["+ go on"]), true),
        (says(&["HTTP/1.1 400 Bad Request"]), true),
        (Does::GoesOn(b"* SEARCH 1 2 3 4 5 6 7 8 9"), true),
    ] {
        let (_server, mut imap) = session("", vec![does]).await;
        let said = imap.new_mail(None, 10).await.expect_err("no search");
        assert_eq!(matches!(said, Failure::Unknown { .. }), unknown, "{said}");
        why(&said);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_fetch_leaves_the_mail() {
    let (server, mut imap) = session(
        "MOVE",
        vec![Does::Says(b"* 1 FETCH (UID 11 BODY[] {2}\r\nHi)\r\n$ OK done\r\n".to_vec()), Does::HangsUp],
    )
    .await;
    assert_eq!(imap.fetch(11).await.unwrap().unwrap(), "Hi");
    let said = imap.done(11, Some("Done")).await.unwrap_err();
    assert_eq!(
        why(&said),
        "outcome unknown: the connection to the mail server broke before the answer came (it hung up)"
    );
    // The session isn't used again.
    let said = imap.done(11, Some("Done")).await.unwrap_err();
    assert_eq!(why(&said), "not sent: the connection to the mail server is spent; make a new one");
    assert_eq!(server.heard().last().unwrap(), "UID MOVE 11 \"Done\"");
}

#[tokio::test]
async fn a_mail_that_is_too_large_is_not_read() {
    for length in [MAIL_MAX + 1, u64::MAX] {
        let announced = format!("* 1 FETCH (UID 11 BODY[] {{{length}}}\r\n").into_bytes();
        let (_server, mut imap) = session("", vec![Does::Says(announced)]).await;
        let said = imap.fetch(11).await.unwrap_err();
        assert_eq!(why(&said), "refused: the mail is larger than 40 MB; it stays in the mailbox");
        assert!(matches!(imap.fetch(11).await, Err(Failure::NotSent { .. })));
    }
}

#[tokio::test]
async fn unrequested_data_is_rejected() {
    for said in [
        "* 1 FETCH (UID 12 BODY[] {2}\r\nHi)\r\n$ OK done\r\n",
        "* 1 FETCH (UID 11 BODY[HEADER] {70000}\r\n",
        "* 1 FETCH (UID 11 BODY[] {2}\r\nHi) {x}\r\n$ OK done\r\n",
        "* 1 FETCH (UID 11 BODY[] {2}\r\nH",
        "* 1 FETCH (UID 11 BODY[] \"Hi\r\n",
    ] {
        let (_server, mut imap) = session("", vec![Does::BreaksOff(said)]).await;
        let failure = imap.fetch(11).await.expect_err(said);
        assert!(matches!(failure, Failure::Unknown { .. }), "{said}: {failure}");
    }
    // Two mails are not accepted in place of one.
    for twice in [
        "* 1 FETCH (UID 11 BODY[] {99999}\r\n$ BODY[] {41943040}\r\n",
        "* 1 FETCH (UID 11 BODY[] {99999}\r\n$)\r\n* 1 FETCH (UID 11 BODY[] {41943040}\r\n",
    ] {
        let said = twice.replacen('$', &"x".repeat(99_999), 1);
        let (_server, mut imap) = session("", vec![Does::Says(said.into_bytes())]).await;
        let why = why(&imap.fetch(11).await.unwrap_err());
        assert!(why.ends_with("can't be read: more than was asked for"), "{why}");
    }
    // A mail is not accepted when none was requested.
    let more =
        vec![says(&["* SEARCH 11", "$ OK"]), Does::Says(b"* 1 FETCH (UID 11 BODY[] {5000000}\r\n".to_vec())];
    let (_server, mut imap) = session("", more).await;
    assert!(matches!(imap.new_mail(None, 10).await, Err(Failure::Unknown { .. })));
}

#[tokio::test]
async fn a_silent_server_runs_into_the_time_out() {
    let (_server, mut imap) = session("", vec![Does::IsSilent]).await;
    // From here on, time advances whenever all tasks are idle.
    tokio::time::pause();
    let said = imap.new_mail(None, 10).await.unwrap_err();
    assert_eq!(why(&said), "outcome unknown: the mail server did not answer in time");
}

#[tokio::test]
async fn an_endless_response_ends_the_session() {
    let (_server, mut imap) = session("", vec![Does::GoesOn(b"* OK still working\r\n")]).await;
    let said = imap.new_mail(None, 10).await.unwrap_err();
    assert_eq!(
        why(&said),
        "outcome unknown: the mail server's answer can't be read: an answer without an end"
    );
}

#[tokio::test]
async fn an_unreachable_server_is_not_sent() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let server = MailServer::that(vec![]).await;
    let said = Imap::connect(&Server { port, ..server.server() }, "INBOX").await.unwrap_err();
    assert!(matches!(said, Failure::NotSent { .. }), "{said}");
    assert!(why(&said).starts_with("not sent: the mail server can't be reached ("), "{said}");
}
