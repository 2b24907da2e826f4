//! The status of each delivery, in words: the summary in the space, and the notice to the admins.

use super::escape::{escape_markdown, plain};
use crate::delivery::{
    Delivery, DeliveryState, DirectMessage, Dispatch, InternalTask, MailMessage, Message, PhoneMessage,
    SpaceMessage, VendorStatus,
};
use crate::incident::reference;

/// Returns the delivery summary, one message that shows the state of the deliveries; none if there is nothing to report.
pub fn delivery_summary(dispatch: &Dispatch) -> Option<String> {
    let lines = dispatch.summary();
    let lines: Vec<String> = lines.iter().map(|one| line(one.delivery, one.state, escape_markdown)).collect();
    (!lines.is_empty()).then(|| lines.join("  \n"))
}

pub(super) fn line(delivery: &Delivery, state: DeliveryState<'_>, escape: fn(&str) -> String) -> String {
    let what = match &delivery.message {
        Message::Space(SpaceMessage::Invite(invitation)) => format!("Adding {}", escape(&invitation.email)),
        Message::Space(SpaceMessage::Post { .. }) => "A post".to_owned(),
        Message::Space(SpaceMessage::OriginalMail { .. }) => "The mail as a file".to_owned(),
        Message::Space(SpaceMessage::IncidentCard) => "The card".to_owned(),
        Message::Space(SpaceMessage::RemoveCard { .. }) => "Removing the old card".to_owned(),
        Message::Space(SpaceMessage::IncidentReport) => "The report as a file".to_owned(),
        Message::Internal(InternalTask::TextThoseCalled { .. }) => "Telling those who were called".to_owned(),
        Message::Mail(MailMessage::Page { email, .. }) => format!("Mail to {}", escape(email)),
        Message::Mail(MailMessage::IncidentReport { email }) => format!("The report to {}", escape(email)),
        Message::Space(SpaceMessage::ZoneCard) => "The card".to_owned(),
        Message::Direct(DirectMessage { email, .. }) => format!("Message to {}", escape(email)),
        Message::Phone(PhoneMessage::Text { to, .. }) => format!("SMS to {}", target(delivery, to, escape)),
        Message::Phone(PhoneMessage::Call { to, .. }) => format!("Call to {}", target(delivery, to, escape)),
        Message::Phone(PhoneMessage::Connect { name, .. }) if name.is_empty() => {
            "Call to the agent".to_owned()
        }
        Message::Phone(PhoneMessage::Connect { name, .. }) => format!("Call to {}", escape(name)),
        Message::Phone(PhoneMessage::Reply { files, .. }) if files.is_empty() => "Text".to_owned(),
        Message::Phone(PhoneMessage::Reply { .. }) => "Text with a file".to_owned(),
        Message::Mail(MailMessage::Reply { .. }) => "Mail".to_owned(),
        Message::Space(SpaceMessage::CustomerFile { .. }) => "A file".to_owned(),
        Message::Space(SpaceMessage::Transcript { .. }) => "The transcript".to_owned(),
        Message::Space(SpaceMessage::Assign) => "Looking for somebody to answer".to_owned(),
        Message::Space(SpaceMessage::Lobby { .. }) => "A word in the lobby".to_owned(),
        Message::Space(SpaceMessage::Rename { .. }) => "The space's new title".to_owned(),
        Message::Internal(InternalTask::EraseCustomer { .. }) => "Forgetting the customer".to_owned(),
        Message::Space(SpaceMessage::DeliverySummary) => "This report".to_owned(),
    };
    let state = match state {
        DeliveryState::Reported { status, code } => reported(status, code, escape),
        DeliveryState::Failed(why) => format!("❌ failed: {}", escape(why)),
        DeliveryState::NotSent(why) => format!("not sent: {}", escape(why)),
        DeliveryState::NotNeeded => "not needed any more".to_owned(),
        DeliveryState::MailSent => "✅ sent".to_owned(),
        DeliveryState::Queued => "queued".to_owned(),
        DeliveryState::Uncertain => "not certain yet, being looked up".to_owned(),
        DeliveryState::Retried(why) => format!("will be tried again: {}", escape(why)),
        DeliveryState::Waiting => "about to be sent".to_owned(),
    };
    format!("{what}: {state}")
}

/// Returns `Dana (+12025550111)`, or the number alone.
fn target(delivery: &Delivery, to: &str, escape: fn(&str) -> String) -> String {
    match &delivery.recipient {
        Some(recipient) if recipient.name != to => format!("{} ({to})", escape(&recipient.name)),
        _ => to.to_owned(),
    }
}

fn reported(status: &VendorStatus, code: Option<(u32, Option<&str>)>, escape: fn(&str) -> String) -> String {
    let code = code.map_or_else(String::new, |(code, why)| {
        let why = why.map(|why| format!(": {}", escape(why))).unwrap_or_default();
        format!("{why} (Twilio {code})")
    });
    match status {
        VendorStatus::Delivered | VendorStatus::Read => "✅ delivered".to_owned(),
        VendorStatus::Undelivered => format!("❌ undelivered{code}"),
        VendorStatus::Failed => format!("❌ failed{code}"),
        VendorStatus::Busy => "❌ busy".to_owned(),
        VendorStatus::NoAnswer => "❌ not answered".to_owned(),
        VendorStatus::Voicemail => "❌ only a voicemail answered".to_owned(),
        VendorStatus::InProgress => "answered".to_owned(),
        VendorStatus::Completed => "✅ answered, call ended".to_owned(),
        VendorStatus::Canceled => "called off".to_owned(),
        VendorStatus::Queued | VendorStatus::Sent | VendorStatus::Other(_) => {
            format!("{}{code}", escape(status.as_str()))
        }
    }
}

/// Returns the notice to the admins about failed deliveries. Plain text, for both Webex and SMS.
pub fn not_delivered(dispatch: &Dispatch, failed: &[&Delivery]) -> String {
    let lines: Vec<String> =
        failed.iter().map(|delivery| line(delivery, DeliveryState::of(delivery, None), plain)).collect();
    format!(
        "Handbell could not deliver for incident {}: {}",
        reference(&dispatch.key.subject, dispatch.key.epoch),
        lines.join("; ")
    )
}
