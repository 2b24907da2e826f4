//! A scripted vendor on the loopback interface: accepts one request per connection, records it, and gives the next
//! reply.

use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Parses an id of a vendor.
pub(crate) fn id<T: FromStr>(text: &str) -> T {
    text.parse().ok().expect("the form of an id")
}

/// How the vendor replies to a complete request.
pub(crate) enum Reply {
    /// Sends the rest of the status line, headers and a body.
    Says(&'static str, Vec<String>, String),
    /// Sends exactly these bytes and closes the connection.
    Bytes(&'static str),
    /// Resets the connection.
    Resets,
    /// Sends nothing.
    IsSilent,
}

/// A JSON response.
pub(crate) fn json(status: &'static str, body: &str) -> Reply {
    Reply::Says(status, vec!["content-type: application/json".into()], body.into())
}

/// An HTML response, as gateways send it.
pub(crate) fn html(status: &'static str) -> Reply {
    Reply::Says(status, vec!["content-type: text/html".into()], "<html><body>Oops</body></html>".into())
}

/// A response with further headers.
pub(crate) fn with(status: &'static str, headers: &[&str], body: &str) -> Reply {
    Reply::Says(status, headers.iter().map(|h| (*h).to_owned()).collect(), body.into())
}

pub(crate) struct Vendor {
    pub(crate) base: String,
    heard: Arc<Mutex<Vec<Heard>>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Heard {
    /// Method and request target.
    pub(crate) line: String,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Heard {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Vendor {
    /// Starts a vendor that gives these replies in turn. Any further request is refused with 418.
    pub(crate) async fn that(replies: Vec<Reply>) -> Vendor {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (theirs, own) = (Arc::clone(&heard), base.clone());
        tokio::spawn(async move {
            let mut replies = replies.into_iter();
            let mut silent = Vec::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(request) = read(&mut stream).await else { continue };
                theirs.lock().unwrap().push(request);
                match replies.next().unwrap_or_else(|| json("418 I'm a teapot", "{}")) {
                    Reply::Says(status, headers, body) => {
                        let headers: String =
                            headers.iter().map(|h| h.replace("$BASE", &own) + "\r\n").collect();
                        let length = body.len();
                        let head = format!(
                            "HTTP/1.1 {status}\r\n{headers}connection: close\r\ncontent-length: {length}"
                        );
                        let _ = stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await;
                    }
                    Reply::Bytes(bytes) => drop(stream.write_all(bytes.as_bytes()).await),
                    Reply::Resets => stream.set_zero_linger().unwrap(),
                    Reply::IsSilent => silent.push(stream),
                }
            }
        });
        Vendor { base, heard }
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap().clone()
    }
}

async fn read(stream: &mut TcpStream) -> Option<Heard> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let mut body = bytes.split_off(end + 4);
    let head = String::from_utf8(bytes).unwrap();
    let line = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
    let mut heard = Heard { line, head, body: Vec::new() };
    let length: usize = heard.header("content-length").map_or(0, |l| l.parse().unwrap());
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    heard.body = body;
    Some(heard)
}

/// Returns a client as the crate expects it, with shorter time-outs.
pub(crate) fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder();
    builder
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .tls_certs_only([])
        .pool_max_idle_per_host(0)
        .connect_timeout(Duration::from_millis(250))
        .read_timeout(Duration::from_millis(500))
        .build()
        .unwrap()
}

/// Returns an address where nothing listens.
pub(crate) async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}
