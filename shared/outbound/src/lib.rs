//! What we say: one client per vendor, and those for the mail that waits for us in a bucket or a mailbox.
//!
//! A client does one thing: it says one thing to one vendor, once, and tells truly what is known of the outcome. It
//! never sends anything again by itself. Vendors have no idempotency keys for messages and calls, so whether to
//! send again is a decision, and it is taken where the delivery's row is known; [`failure::Failure`] gives it the
//! three cases it needs.
//!
//! This crate knows neither the table nor the rules, reads no clock and no environment, and builds no
//! [`reqwest::Client`]. The one that it is handed should
//!
//! * follow no redirects and have no retry policy: both would say things twice;
//! * have a connect timeout well below [`DEADLINE`]: only then can "the vendor can't be reached" be told from "the
//!   vendor may have heard us". A read timeout, if there is one, is longer: it runs while connecting too;
//! * keep no idle connection for more than some seconds: a Lambda that was frozen wakes up with dead ones, and what
//!   is written to a dead one has an unknown outcome.
//!
//! Nothing here writes logs, and what a failure says is free of numbers, addresses, message text and secrets.

use std::time::Duration;

mod answer;
pub mod chart;
pub mod failure;
pub mod floor;
pub mod mailbox;
mod media;
pub mod s3;
pub mod ses;
mod timer;
pub mod twilio;
pub mod twiml;
pub mod webex;

pub use failure::{Failure, Said};
pub use media::{allowed_media, looks_like};

/// How long one request may take, from the first look-up of the name to the last byte of the answer.
///
/// Methods that need several requests (reading all pages, [`webex::Webex::add_member`]) have it for each of them.
/// What carries a file has more: see [`webex::Post::deadline`], [`webex::Webex::content`], [`twilio::Twilio::fetch`] and
/// [`s3::LARGE`]. Mail servers have [`mailbox::CONNECT`] and [`mailbox::COMMAND`].
pub const DEADLINE: Duration = Duration::from_secs(8);
