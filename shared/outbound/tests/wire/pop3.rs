//! Mailboxes over POP3.

use handbell_outbound::failure::Failure;
use handbell_outbound::mailbox::{Listed, MAIL_MAX, Pop3};

use crate::mail_server::{Does, MailServer, says, why};

/// Starts a session with a server that accepts the login and continues with `more`.
async fn session(more: Vec<Does>) -> (MailServer, Pop3) {
    let mut does = vec![says(&["+OK ready"]), says(&["+OK"]), says(&["+OK Logged in."])];
    does.extend(more);
    let server = MailServer::that(does).await;
    let pop3 = Pop3::connect(&server.server()).await.unwrap();
    (server, pop3)
}

#[tokio::test]
async fn mails_are_read_and_deleted_at_the_end_of_the_session() {
    let (server, mut pop3) = session(vec![
        says(&["+OK", "2 b\"~!", "1 whqtswO00WBw418f9t5JxYwZ", "."]),
        says(&["+OK 2 messages", "1 120 more", "2 200", "."]),
        says(&["+OK 120 octets", "Subject: Fire", "", "..", "..two", "."]),
        says(&["+OK"]),
        says(&["+OK bye"]),
    ])
    .await;
    let listed = |number, uidl: &str, size| Listed { number, uidl: uidl.into(), size };
    assert_eq!(
        pop3.uidl().await.unwrap(),
        [listed(1, "whqtswO00WBw418f9t5JxYwZ", 120), listed(2, "b\"~!", 200)]
    );
    assert_eq!(pop3.fetch(1).await.unwrap(), "Subject: Fire\r\n\r\n.\r\n.two\r\n");
    pop3.delete(1).await.unwrap();
    pop3.quit().await.unwrap();
    assert_eq!(
        server.heard(),
        ["USER alarm@example.com", "PASS the \"secret\"", "UIDL", "LIST", "RETR 1", "DELE 1", "QUIT"]
    );
}

#[tokio::test]
async fn a_dot_ends_a_mail_only_on_a_line_of_its_own() {
    let (_server, mut pop3) =
        session(vec![Does::Says(b"+OK\r\na\n.\r\nb\r\r\n..\n.\n.\r\n.\r\n".to_vec())]).await;
    // A bare line feed doesn't start a new line.
    assert_eq!(pop3.fetch(1).await.unwrap(), &b"a\n.\r\nb\r\r\n.\n.\n.\r\n"[..]);
}

#[tokio::test]
async fn a_refused_login_says_what_to_check() {
    for (user, pass, expected) in [
        (
            "+OK",
            "-ERR [AUTH] Invalid login for alarm@example.com",
            "refused: the mail server doesn't take our user and secret",
        ),
        ("-ERR no such user", "", "refused: the mail server doesn't take our user and secret; check"),
        ("+OK", "-ERR [IN-USE] locked", "not sent: the mail server lets nobody in at the moment: “locked”"),
        ("+OK", "-ERR [login-delay] slow", "not sent: the mail server lets nobody in at the moment: “slow”"),
    ] {
        let server = MailServer::that(vec![says(&["+OK"]), says(&[user]), says(&[pass])]).await;
        let said = why(&Pop3::connect(&server.server()).await.unwrap_err());
        assert!(said.starts_with(expected), "{said}");
    }
    let server = MailServer::that(vec![says(&["-ERR [SYS/TEMP] closed"])]).await;
    assert!(matches!(Pop3::connect(&server.server()).await, Err(Failure::NotSent { .. })));
}

#[tokio::test]
async fn a_token_is_sent_in_two_steps() {
    let token = "dXNlcj1hbGFybUBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB0aGUtdG9rZW4BAQ==";
    let server = MailServer::that(vec![says(&["+OK"]), says(&["+ "]), says(&["+OK in"])]).await;
    Pop3::connect(&server.server_with_token()).await.unwrap();
    assert_eq!(server.heard(), ["AUTH XOAUTH2", token]);

    let challenge = says(&["+ eyJzdGF0dXMiOiI0MDEifQ=="]);
    let server =
        MailServer::that(vec![says(&["+OK"]), says(&["+"]), challenge, says(&["-ERR [AUTH] expired"])]).await;
    let said = Pop3::connect(&server.server_with_token()).await.unwrap_err();
    assert!(why(&said).contains("doesn't take our user and secret; check"), "{said}");
    assert_eq!(server.heard()[2], "");

    let server = MailServer::that(vec![says(&["+OK"]), says(&["-ERR unknown mechanism"])]).await;
    let said = Pop3::connect(&server.server_with_token()).await.unwrap_err();
    assert!(matches!(said, Failure::Refused { .. }), "{said}");
}

#[tokio::test]
async fn an_unreadable_list_is_not_an_empty_list() {
    let sizes = || says(&["+OK", "1 5", "."]);
    for does in [
        vec![says(&["-ERR unknown command"])],
        vec![Does::BreaksOff("+OK\r\n1 a\r\n")],
        vec![says(&["+OK", "1"])],
        vec![says(&["+OK", "x a"])],
        vec![says(&["+OK", "1 a", "1 b", "."])],
        vec![says(&["+OK", "1 a b", "."]), sizes()],
        vec![says(&["+OK", "1 é", "."]), sizes()],
        vec![says(&["+OK", "1 ", "."]), sizes()],
        vec![says(&["+OK", "2 a", "."]), sizes()],
        vec![says(&["+OK", "1 a", "."]), says(&["+OK", "1 many", "."])],
        vec![says(&["+OK", &format!("1 {}", "a".repeat(71)), "."]), sizes()],
        vec![says(&[&format!("+OK {}", "a".repeat(600)), "."])],
        vec![Does::GoesOn(b"+OK")],
        vec![says(&["HTTP/1.1 400 Bad Request"])],
    ] {
        let (_server, mut pop3) = session(does).await;
        let said = pop3.uidl().await.expect_err("no list");
        assert!(matches!(said, Failure::Unknown { .. } | Failure::Refused { .. }), "{said}");
    }
    let (_server, mut pop3) = session(vec![says(&["-ERR what?"])]).await;
    assert_eq!(
        why(&pop3.uidl().await.unwrap_err()),
        "refused: the mail server says no: it doesn't list its mails by name (UIDL), so that none can be told from \
         another: “what?”"
    );
}

#[tokio::test]
async fn an_empty_mailbox_is_empty() {
    let (_server, mut pop3) = session(vec![says(&["+OK", "."]), says(&["+OK", "."])]).await;
    assert!(pop3.uidl().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_endless_mail_is_not_read() {
    let line = format!("{}\r\n", "x".repeat(998));
    let lines = line.repeat(usize::try_from(MAIL_MAX).unwrap() / 1000 + 1);
    let (_server, mut pop3) = session(vec![Does::Says(format!("+OK\r\n{lines}").into_bytes())]).await;
    let said = pop3.fetch(1).await.unwrap_err();
    assert_eq!(why(&said), "refused: the mail is larger than 40 MB; it stays in the mailbox");
    assert!(matches!(pop3.fetch(1).await, Err(Failure::NotSent { .. })), "the connection is spent");

    let (_server, mut pop3) = session(vec![Does::BreaksOff("+OK\r\nHalf a m")]).await;
    let said = pop3.fetch(1).await.unwrap_err();
    assert!(matches!(said, Failure::Unknown { .. }), "{said}");
}

#[tokio::test]
async fn a_refusal_for_one_mail_does_not_end_the_session() {
    let (_server, mut pop3) =
        session(vec![says(&["-ERR no such message"]), says(&["-ERR deleted already"]), says(&["+OK"])]).await;
    assert!(matches!(pop3.fetch(7).await, Err(Failure::Refused { .. })));
    assert!(matches!(pop3.delete(7).await, Err(Failure::Refused { .. })));
    pop3.quit().await.unwrap();
}

#[tokio::test]
async fn the_deletion_is_unknown_if_the_session_breaks() {
    for does in [Does::HangsUp, says(&["-ERR some deleted messages not removed"])] {
        let (_server, mut pop3) = session(vec![says(&["+OK"]), does]).await;
        pop3.delete(1).await.unwrap();
        assert!(matches!(pop3.quit().await, Err(Failure::Unknown { .. })));
    }
}

#[tokio::test]
async fn a_silent_server_runs_into_the_time_out() {
    let (_server, mut pop3) = session(vec![Does::IsSilent]).await;
    tokio::time::pause();
    let said = pop3.uidl().await.unwrap_err();
    assert_eq!(why(&said), "outcome unknown: the mail server did not answer in time");
}
