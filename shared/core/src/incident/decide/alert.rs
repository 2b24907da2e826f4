//! The effect of an alert: it opens an incident, or joins the one of the same problem.

use jiff::{SignedDuration, Timestamp};

use super::builder::DecisionBuilder;
use super::context::Context;
use super::decision::Decision;
use super::space::invitations_of_space;
use crate::alert::RaisedAlert;
use crate::delivery::{Content, Message, SpaceMessage};
use crate::incident::EventOutcome;
use crate::incident::{Incident, Phase, next_step_at};
use crate::wording;

/// Minimum time between two posts about further alerts.
const NOTE_PAUSE: SignedDuration = SignedDuration::from_mins(1);
/// If a plan is at its end and nobody has the incident, a further alert restarts the plan, at the earliest this long after the
/// last step.
const BEGIN_AGAIN: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn handle_alert(
    state: Option<&Incident>,
    current: Option<&Incident>,
    raised: &RaisedAlert,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    match current {
        Some(incident) => join_alert(incident, raised, context, now),
        None => open_alert(state, raised, context, now),
    }
}

fn open_alert(
    state: Option<&Incident>,
    raised: &RaisedAlert,
    context: Context<'_>,
    now: Timestamp,
) -> Decision {
    let mut builder = DecisionBuilder::open(state, context, now);
    builder.incident.alert = Some(Box::new(raised.alert.clone()));
    builder.incident.label = Some(raised.alert.title.clone());
    builder.incident.count = 1;
    let raised = &RaisedAlert { hold: raised.hold.clone().filter(|hold| hold.until > now), ..raised.clone() };
    builder.incident.responses.hold = raised.hold.clone();
    if let Some(hold) = &builder.incident.responses.hold {
        // An incident on hold is not over before the hold ends.
        builder.incident.heard_at = hold.until;
    }
    let alert = &raised.alert;
    builder.add_fact(
        "alert.raised",
        [("source", alert.source.clone()), ("severity", alert.severity.name().to_owned())],
    );
    builder.add_entry(wording::incident::raised(alert, context.words), None);
    let post = Message::Space(SpaceMessage::Post {
        content: Content::Text(wording::incident::alert_post(raised, context.words)),
    });
    let original = raised.object.as_ref().map(|object| {
        Message::Space(SpaceMessage::OriginalMail {
            object: object.clone(),
            name: wording::incident::original_name(&builder.incident),
        })
    });
    builder.begin(Some(post).into_iter().chain(original));
    builder.card_too();
    builder.finish(EventOutcome::Counted)
}

/// Joins an alert to the incident of the same problem. Two hundred alerts at once are one incident, and one post in the space.
fn join_alert(incident: &Incident, raised: &RaisedAlert, context: Context<'_>, now: Timestamp) -> Decision {
    let mut builder = DecisionBuilder::on(incident, context, now);
    builder.incident.heard_at = incident.heard_at.max(now);
    builder.incident.count += 1;
    let count = builder.incident.count;
    let worse = incident.alert.as_ref().is_none_or(|alert| raised.alert.severity < alert.severity);
    if let Some(alert) = &mut builder.incident.alert {
        alert.join(&raised.alert);
    }
    let held = incident.responses.hold.as_ref().is_some_and(|hold| hold.until > now);
    let woken = held && worse && raised.hold.is_none() && incident.phase == Phase::Open;
    let at_its_end = incident.phase == Phase::Open
        && next_step_at(incident, context.plan).is_none()
        && now.duration_since(incident.step_at) >= BEGIN_AGAIN;
    let noted = incident.alert.as_ref().and_then(|alert| alert.noted_at).unwrap_or(incident.opened_at);
    // A worse severity is always posted, which happens at most three times.
    if !woken && !at_its_end && !worse && now.duration_since(noted) < NOTE_PAUSE {
        return builder.finish(EventOutcome::Counted);
    }
    if let Some(alert) = &mut builder.incident.alert {
        alert.noted_at = Some(now);
    }
    builder.add_fact("alert.repeated", [("count", count.to_string())]);
    let note = wording::incident::again(count, raised, worse, context.words);
    if woken || at_its_end {
        builder.incident.responses.hold = None;
        if at_its_end {
            let responses = &mut builder.incident.responses;
            responses.round += 1;
            responses.again_from = responses.round;
        }
        if woken {
            // The deliveries on hold are cancelled: people are paged now, and not again when the hold ends.
            builder.incident.cancelled_up_to = builder.incident.dispatches;
        }
        // The dispatches that are cancelled now may not have invited the people of the space yet.
        let invited = if woken { invitations_of_space(context.plan) } else { Vec::new() };
        builder.begin(
            invited
                .into_iter()
                .map(Message::from)
                .chain([Message::Space(SpaceMessage::Post { content: Content::Text(note) })]),
        );
        builder.card_too();
    } else {
        builder.post(note);
        if worse {
            builder.card_too();
        }
    }
    builder.finish(EventOutcome::Counted)
}
