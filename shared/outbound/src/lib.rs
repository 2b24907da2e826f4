//! Outbound calls: one client per vendor, and clients for the mail that waits in a bucket or a mailbox.
//!
//! A client makes one request to one vendor, once, and reports exactly what is known of the outcome. It never retries on
//! its own: vendors have no idempotency keys for messages and calls, so a retry is a decision, and it is made where the
//! delivery's row is known. [`failure::Failure`] distinguishes the three cases that this decision needs.
//!
//! This crate knows neither the table nor the rules, reads no clock and no environment, and builds no
//! [`reqwest::Client`]. The client that it receives should
//!
//! * follow no redirects and have no retry policy: both could send a message twice;
//! * have a connect time-out well below [`DEADLINE`]: only then is "the vendor can't be reached" distinct from "the
//!   vendor may have received the request". A read time-out, if any, must be longer: it runs while connecting too;
//! * keep no idle connection for more than a few seconds: a Lambda that was frozen wakes up with dead ones, and a
//!   request written to a dead connection has an unknown outcome.
//!
//! This crate writes no logs, and its failures contain no numbers, addresses, message text or secrets.

use std::time::Duration;

mod answer;
pub mod chart;
mod encoding;
pub mod failure;
pub mod floor;
pub mod mailbox;
mod media;
pub mod s3;
pub mod ses;
pub mod signing;
mod timer;
pub mod twilio;
pub mod twiml;
pub mod webex;

pub use encoding::percent_encoded;
pub use failure::{Failure, VendorResult};
pub use media::{allowed_media, looks_like};

/// Time-out of one request, from the DNS look-up to the last byte of the response.
///
/// Methods that make several requests (reading all pages, [`webex::Webex::add_member`]) apply it to each of them.
/// Requests that carry a file have longer: see [`webex::Post::deadline`], [`webex::Webex::content`],
/// [`twilio::Twilio::fetch`] and [`s3::LARGE`]. Mail servers have [`mailbox::CONNECT`] and [`mailbox::COMMAND`].
pub const DEADLINE: Duration = Duration::from_secs(8);
