//! A mailbox on somebody's mail server, read and emptied without losing a mail.
//!
//! Nothing is taken away before the caller says that it is done with it: what was read and not done is read again. Two who
//! empty the same mailbox at once both see the same mails; who calls holds a lease.
//!
//! There are [`Imap`] and [`Pop3`], since they part in what they remember: IMAP counts its mails up, POP3 gives each a name.
//! Neither trusts the server: an answer that is too long, too large or not about what was asked ends the session.

mod imap;
mod login;
mod pop3;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio_rustls::rustls::ClientConfig;

pub use imap::{Imap, Mark, News, Waiting};
pub use pop3::{Listed, Pop3};

/// How long until there is a connection, with its encryption and the server's greeting.
pub const CONNECT: Duration = Duration::from_secs(10);

/// How long one command may take. Fetching a mail has a second more for each MiB of it.
pub const COMMAND: Duration = Duration::from_secs(30);

/// The largest mail in bytes; larger ones stay where they are. As much as Amazon SES takes (Amazon SES, quotas).
pub const MAIL_MAX: u64 = 40 * 1024 * 1024;

/// Where a mailbox is, and who may read it.
#[derive(Clone)]
pub struct Server {
    /// Its name, as it stands in its certificate.
    pub host: String,
    /// 993 for IMAP and 995 for POP3, usually.
    pub port: u16,
    /// Whom to believe. Without it nothing is encrypted: for a server on the same machine only.
    pub tls: Option<Arc<ClientConfig>>,
    /// The user, often the address.
    pub user: String,
    /// How the user proves to be one.
    pub login: Login,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls.is_some())
            .field("login", &self.login)
            .finish_non_exhaustive()
    }
}

/// How a user proves to be one.
#[derive(Clone)]
pub enum Login {
    /// A password, of the account or for us alone.
    Password(SecretString),
    /// An access token that is good now; Gmail and Microsoft 365 take nothing else (Google and Microsoft, XOAUTH2).
    OAuth(SecretString),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Login::Password(_) => "Password",
            Login::OAuth(_) => "OAuth",
        })
    }
}
