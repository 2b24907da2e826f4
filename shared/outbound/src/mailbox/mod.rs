//! Mailboxes on a mail server, read and emptied without losing a mail.
//!
//! No mail is removed before the caller has processed it: a mail that was read but not processed is read again. Two
//! clients that empty the same mailbox at once both see the same mails, so the caller must hold a lease.
//!
//! [`Imap`] and [`Pop3`] are separate types, since they remember different things: IMAP numbers its mails, POP3 names
//! them. Neither trusts the server: a response that is too long, too large or doesn't answer the command ends the
//! session.

mod imap;
mod login;
mod pop3;
mod wire;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use tokio_rustls::rustls::ClientConfig;

pub use imap::{Imap, Mark, News, UnreadMail};
pub use pop3::{Listed, Pop3};

/// Time-out of connecting, including encryption and the server's greeting.
pub const CONNECT: Duration = Duration::from_secs(10);

/// Time-out of a command. Fetching a mail has one more second per MiB.
pub const COMMAND: Duration = Duration::from_secs(30);

/// Maximum size of a mail in bytes, the same as in Amazon SES (Amazon SES, quotas). Larger mails stay in the mailbox.
pub const MAIL_MAX: u64 = 40 * 1024 * 1024;

/// A mail server and the credentials for a mailbox.
#[derive(Clone)]
pub struct Server {
    /// Host name, as in the server's certificate.
    pub host: String,
    /// Port, usually 993 for IMAP and 995 for POP3.
    pub port: u16,
    /// Trusted certificates. Without them the connection isn't encrypted, which is only for a server on the same
    /// machine.
    pub tls: Option<Arc<ClientConfig>>,
    /// User, often the mail address.
    pub user: String,
    /// Credentials of the user.
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

/// Credentials of a user.
#[derive(Clone)]
pub enum Login {
    /// A password of the account, or an app password.
    Password(SecretString),
    /// A valid access token. Gmail and Microsoft 365 accept nothing else (Google and Microsoft, XOAUTH2).
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
