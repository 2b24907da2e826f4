//! What the vendors do otherwise than their documents say, each with the reason.

use super::document::Vendor::{self, Twilio as T, Webex as W};

const FILES: &str =
    "the basics guide, \"Message Attachments\", says how files are read; the document speaks of JSON only";
const MEDIA: &str = "GET /2010-04-01/Accounts/{AccountSid}/Messages/{MessageSid}/Media/{Sid}";
const RECORDING: &str = "GET /2010-04-01/Accounts/{AccountSid}/Recordings/{Sid}.mp3";

/// What a vendor does otherwise than its document says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Departure {
    /// This schema is left out.
    Open(&'static str),
    /// This schema has one more field.
    More(&'static str, &'static str),
    /// This operation answers so too, with the schema of the status after it.
    Status(&'static str, u16, u16),
    /// Lists take this parameter too.
    Query(&'static str),
    /// Refusals are answered with a status that the document doesn't list.
    Refusals,
    /// Addresses in answers are relative.
    RelativeAddresses,
    /// A parameter that is a point in time takes a date, too.
    Dates,
    /// This operation, which the document doesn't have, answers so: with a file, or with the way to one.
    File(&'static str, u16),
}
use Departure::{Dates, File, More, Open, Query, Refusals, RelativeAddresses, Status};

/// Every departure: whose, what, and why.
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
