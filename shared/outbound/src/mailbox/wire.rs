//! The connection to a mail server: lines and bytes, each with a limit and a deadline.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::{CONNECT, Server};
use crate::failure::{Failure, VendorResult, masked};
use crate::timer;

pub(super) const SERVER: &str = "the mail server";

/// Size of the pieces in which bytes are read, so that memory grows with the received data and not with the announced
/// length.
const PIECE: usize = 64 * 1024;

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(super) struct Wire {
    stream: BufReader<Box<dyn Stream>>,
    deadline: Instant,
    /// Whether the session is at the start of a command. It isn't in the middle of one, after a failure, or if the
    /// caller's future was dropped.
    ready: bool,
}

impl Wire {
    /// Connects. Reads and writes until [`Wire::done`] share the rest of [`CONNECT`].
    pub(super) async fn connect(server: &Server) -> VendorResult<Wire> {
        let deadline = timer::now() + CONNECT;
        let unreachable = |why: String| Failure::NotSent {
            retry_after: None,
            why: format!("{SERVER} can't be reached ({})", masked(&why)),
        };
        let late = |_| unreachable("it did not answer in time".into());
        let tcp = timeout_at(deadline, TcpStream::connect((server.host.as_str(), server.port)));
        let tcp = tcp.await.map_err(late)?.map_err(|error| unreachable(error.to_string()))?;
        // Commands are small, and each waits for its answer.
        tcp.set_nodelay(true).map_err(|error| unreachable(error.to_string()))?;
        let stream: Box<dyn Stream> = match &server.tls {
            None => Box::new(tcp),
            Some(tls) => {
                let name = ServerName::try_from(server.host.clone())
                    .map_err(|_| Failure::never_asked("the mail server's name in the settings is no name"))?;
                let tls = TlsConnector::from(Arc::clone(tls)).connect(name, tcp);
                let tls = timeout_at(deadline, tls).await.map_err(late)?;
                Box::new(tls.map_err(|error| unreachable(format!("no encryption: {error}")))?)
            }
        };
        Ok(Wire { stream: BufReader::new(stream), deadline, ready: false })
    }

    /// Starts a command with this time-out.
    pub(super) fn begin(&mut self, within: Duration) -> VendorResult<()> {
        if !std::mem::take(&mut self.ready) {
            return Err(Failure::NotSent {
                retry_after: None,
                why: format!("the connection to {SERVER} is spent; make a new one"),
            });
        }
        self.deadline = timer::now() + within;
        Ok(())
    }

    /// Records that the command was completely answered.
    pub(super) fn done(&mut self) {
        self.ready = true;
    }

    /// Extends the deadline, when there is more to read than expected.
    pub(super) fn extend(&mut self, by: Duration) {
        self.deadline += by;
    }

    pub(super) async fn say(&mut self, bytes: &[u8]) -> VendorResult<()> {
        let stream = self.stream.get_mut();
        let write = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        timeout_at(self.deadline, write).await.map_err(late)?.map_err(|error| broke(&error))
    }

    /// Reads the next line with its line ending. A line longer than `max` is an error.
    pub(super) async fn line(&mut self, max: usize) -> VendorResult<Vec<u8>> {
        let mut line = Vec::new();
        loop {
            let filled = timeout_at(self.deadline, self.stream.fill_buf());
            let buffer = filled.await.map_err(late)?.map_err(|error| broke(&error))?;
            if buffer.is_empty() {
                return Err(broke(&io::ErrorKind::UnexpectedEof.into()));
            }
            let end = buffer.iter().position(|&byte| byte == b'\n');
            let taken = end.map_or(buffer.len(), |end| end + 1);
            if line.len() + taken > max {
                return Err(nonsense("a line without an end"));
            }
            line.extend_from_slice(&buffer[..taken]);
            self.stream.consume(taken);
            if end.is_some() {
                return Ok(line);
            }
        }
    }

    /// Reads exactly `length` bytes.
    pub(super) async fn bytes(&mut self, length: usize) -> VendorResult<Bytes> {
        let mut bytes = BytesMut::new();
        while bytes.len() < length {
            bytes.reserve(PIECE.min(length - bytes.len()));
            let rest = (length - bytes.len()) as u64;
            let mut piece = (&mut self.stream).take(rest);
            let read = timeout_at(self.deadline, piece.read_buf(&mut bytes));
            if read.await.map_err(late)?.map_err(|error| broke(&error))? == 0 {
                return Err(broke(&io::ErrorKind::UnexpectedEof.into()));
            }
        }
        Ok(bytes.freeze())
    }
}

/// The failure of a response that violates the protocol.
pub(super) fn nonsense(what: &str) -> Failure {
    Failure::unknown(format!("{SERVER}'s answer can't be read: {what}"))
}

fn late(_: tokio::time::error::Elapsed) -> Failure {
    Failure::unknown(format!("{SERVER} did not answer in time"))
}

fn broke(error: &io::Error) -> Failure {
    let cause = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it hung up".to_owned(),
        _ => masked(&error.to_string()),
    };
    Failure::unknown(format!("the connection to {SERVER} broke before the answer came ({cause})"))
}

/// The failure of a mail that is larger than [`super::MAIL_MAX`].
pub(super) fn too_large() -> Failure {
    Failure::never_asked("the mail is larger than 40 MB; it stays in the mailbox")
}
