//! A scripted mail server on the loopback interface.

use std::sync::{Arc, Mutex};

use handbell_outbound::mailbox::{Login, Server};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// One step of the script, performed after the server has received a line.
pub(crate) enum Does {
    /// Sends these bytes; `$` stands for the tag of the command.
    Says(Vec<u8>),
    /// Sends this and closes the connection.
    BreaksOff(&'static str),
    /// Closes the connection.
    HangsUp,
    /// Sends nothing more and keeps the connection open.
    IsSilent,
    /// Sends this repeatedly.
    GoesOn(&'static [u8]),
}

/// Sends lines, each with its line ending.
pub(crate) fn says(lines: &[&str]) -> Does {
    Does::Says(lines.iter().map(|line| format!("{line}\r\n")).collect::<String>().into_bytes())
}

pub(crate) struct MailServer {
    pub(crate) port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl MailServer {
    /// Starts a server that greets with the first step and performs one more for each line that it receives.
    pub(crate) async fn that(does: Vec<Does>) -> MailServer {
        MailServer::with(does, None).await
    }

    /// Starts such a server with TLS.
    pub(crate) async fn with(does: Vec<Does>, tls: Option<tokio_rustls::TlsAcceptor>) -> MailServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let theirs = Arc::clone(&heard);
        tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            match tls {
                None => serve(stream, does, &theirs).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, does, &theirs).await;
                    }
                }
            }
        });
        MailServer { port, heard }
    }

    /// Returns the received lines without tags.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Returns the server's address with a password.
    pub(crate) fn server(&self) -> Server {
        Server {
            host: "127.0.0.1".into(),
            port: self.port,
            tls: None,
            user: "alarm@example.com".into(),
            login: Login::Password("the \"secret\"".into()),
        }
    }

    /// Returns the server's address with a token.
    pub(crate) fn server_with_token(&self) -> Server {
        Server { login: Login::OAuth("the-token".into()), ..self.server() }
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin, does: Vec<Does>, heard: &Mutex<Vec<String>>) {
    let mut stream = BufReader::new(stream);
    let mut tag = String::new();
    for one in does {
        match one {
            Does::Says(bytes) => {
                let mut said = Vec::new();
                for byte in bytes {
                    if byte == b'$' { said.extend_from_slice(tag.as_bytes()) } else { said.push(byte) }
                }
                if stream.get_mut().write_all(&said).await.is_err() {
                    return;
                }
                let _ = stream.get_mut().flush().await;
            }
            Does::BreaksOff(text) => {
                let _ = stream.get_mut().write_all(text.as_bytes()).await;
                let _ = stream.get_mut().shutdown().await;
                return;
            }
            Does::HangsUp => return,
            Does::IsSilent => {
                // Until the client closes the connection.
                let mut rest = Vec::new();
                while stream.read_until(b'\n', &mut rest).await.is_ok_and(|read| read > 0) {}
                return;
            }
            Does::GoesOn(bytes) => while stream.get_mut().write_all(bytes).await.is_ok() {},
        }
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end_matches("\r\n").to_owned();
        // IMAP's tags are chosen by the client: `h` and a number.
        let parts = line.split_once(' ').filter(|(first, _)| {
            first.strip_prefix('h').is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
        });
        let line = match parts {
            Some((first, rest)) => {
                tag = first.to_owned();
                rest.to_owned()
            }
            None => line.clone(),
        };
        heard.lock().unwrap().push(line);
    }
}

/// Returns the reason of a failure, after checking that it contains no user, secret or address.
pub(crate) fn why(failure: &handbell_outbound::failure::Failure) -> String {
    let why = failure.to_string();
    assert!(
        !why.contains("alarm@")
            && !why.contains("secret\"")
            && !why.contains("the-token")
            && !why.contains("127.0.0.1"),
        "{why}"
    );
    why
}
