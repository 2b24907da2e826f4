//! What the vendors do differently from their documents, each with the reason.

use super::document::Vendor::{self, Twilio as T, Webex as W};

const FILES: &str =
    "the basics guide, \"Message Attachments\", says how files are read; the document speaks of JSON only";
const MEDIA: &str = "GET /2010-04-01/Accounts/{AccountSid}/Messages/{MessageSid}/Media/{Sid}";
const RECORDING: &str = "GET /2010-04-01/Accounts/{AccountSid}/Recordings/{Sid}.mp3";

/// A difference between a vendor and its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Departure {
    /// This schema isn't closed.
    Open(&'static str),
    /// This schema has one more field.
    More(&'static str, &'static str),
    /// This operation also responds with the first status, with the schema of the second.
    Status(&'static str, u16, u16),
    /// Lists also accept this parameter.
    Query(&'static str),
    /// Errors have a status that the document doesn't list.
    Refusals,
    /// URLs in responses are relative.
    RelativeAddresses,
    /// A parameter that is a point in time also accepts a date.
    Dates,
    /// This operation, which the document doesn't contain, responds with a file, or with the way to one.
    File(&'static str, u16),
}
use Departure::{Dates, File, More, Open, Query, Refusals, RelativeAddresses, Status};

/// All departures: the vendor, the difference, and the reason.
pub(super) const DEPARTURES: &[(Vendor, Departure, &str)] = &[
    (
        W,
        Open("File"),
        "the content of a card is an Adaptive Card; the document describes another product's file",
    ),
    (W, More("Attachment", "contentType"), "the guide to cards requires it, the document forgot it"),
    (W, Open("SubmitCardAction.inputs"), "a card names its inputs itself; the document lists an example's"),
    (W, Open("AttachmentActivity.inputs"), "a card names its inputs itself; the document lists an example's"),
    (W, Status("POST /attachment/actions", 200, 202), "the reference and Webex's own clients say 200"),
    (W, Query("cursor"), "of the stand-in's own Link header; where a list goes on is opaque to us"),
    (W, More("Message", "html"), "left out by mistake: the same message in a list has it"),
    (W, More("DirectMessage", "html"), "left out by mistake: the same message in any other list has it"),
    (W, More("Message", "parentId"), "left out by mistake: the same message in a list has it"),
    (W, More("Webhook", "createdBy"), "the guide to webhooks shows it as part of every webhook"),
    (W, More("Webhook", "orgId"), "the guide to webhooks shows it as part of every webhook"),
    (W, File("GET /contents/{contentId}", 200), FILES),
    (W, File("HEAD /contents/{contentId}", 200), FILES),
    (
        T,
        File(MEDIA, 307),
        "the Media resource's page says that without .json it is the file; Twilio sends the caller on to its store",
    ),
    (T, File(RECORDING, 200), "the Recordings resource's page says that with .mp3 it is the sound itself"),
    (T, Dates, "the document's own words want YYYY-MM-DD, and so do its examples; its schema says date-time"),
    (T, Refusals, "the document lists only what succeeds"),
    (T, RelativeAddresses, "the document calls the pages' addresses whole ones; Twilio gives paths"),
];
