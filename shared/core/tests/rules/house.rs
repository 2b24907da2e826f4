//! A button, its plan, and a clock that the test moves.

use std::sync::LazyLock;

use handbell_core::address::SmsSender;
use handbell_core::button::{Gesture, Press};
use handbell_core::config::{Admins, Button, Plan};
use handbell_core::delivery::{Dispatch, Message, SpaceMessage};
use handbell_core::event_id::EventId;
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::{Context, Decision, Event, decide};
use handbell_core::incident::{Incident, Subject};
use handbell_core::oncall::Roster;
use handbell_core::wording::{self, Words};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proptest::test_runner::Config as Chance;
use serde_json::{Value, json};

/// One button and everything that a decision depends on.
pub(crate) struct House {
    pub(crate) plan: Plan,
    pub(crate) plan_hash: &'static str,
    pub(crate) button: Button,
    pub(crate) words: Words,
    pub(crate) subject: Subject,
    pub(crate) roster: Roster,
    pub(crate) admins: Admins,
    pub(crate) state: Option<Incident>,
    pub(crate) now: Timestamp,
}

impl House {
    pub(crate) fn new(plan: Plan, button: Button) -> Self {
        Self {
            plan,
            plan_hash: "hash",
            button,
            words: words(),
            subject: Subject::button("green"),
            roster: Roster::default(),
            admins: Admins::default(),
            state: None,
            now: morning(),
        }
    }

    /// A house with this plan, and a button that cancels on a long press and acknowledges on two clicks.
    pub(crate) fn with(plan: Value) -> Self {
        let button = json!({ "plan": "power", "token": { "secret": "green" }, "hold": "cancel", "double": "acknowledge" });
        Self::new(
            serde_json::from_value(plan).expect("a plan"),
            serde_json::from_value(button).expect("a button"),
        )
    }

    pub(crate) fn rules(&self) -> Context<'_> {
        Context {
            subject: &self.subject,
            button: Some(&self.button),
            plan_name: "power",
            plan: &self.plan,
            plan_hash: self.plan_hash,
            watched: true,
            from: Some(&FROM),
            calls_per_second: None,
            roster: &self.roster,
            admins: &self.admins,
            report_to: &[],
            words: &self.words,
        }
    }

    /// Applies an event, and keeps the new state.
    pub(crate) fn apply(&mut self, event: &Event) -> Decision {
        let decision = decide(self.state.as_ref(), event, self.rules(), self.now);
        if let Some(next) = &decision.next {
            self.state = Some(next.clone());
        }
        decision
    }

    pub(crate) fn press(&mut self) -> Decision {
        self.apply(&press_with_id())
    }

    pub(crate) fn gesture(&mut self, gesture: Gesture) -> Decision {
        self.apply(&Event::Press(Press { gesture, ..Press::default() }))
    }

    pub(crate) fn acknowledge(&mut self, who: &str) -> Decision {
        self.apply(&says(who, self.epoch(), Command::Acknowledge))
    }

    pub(crate) fn pass(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
    }

    /// The incident; a button that was never pressed has none.
    pub(crate) fn incident(&self) -> &Incident {
        self.state.as_ref().expect("something happened before")
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.state.as_ref().map_or(0, |incident| incident.epoch)
    }

    /// Every post of a decision, as people read it.
    pub(crate) fn posts(&self, decision: &Decision) -> Vec<String> {
        decision.dispatches.iter().flat_map(|dispatch| self.posts_of(dispatch)).collect()
    }

    fn posts_of(&self, dispatch: &Dispatch) -> Vec<String> {
        let content = |say: &Message| match say {
            Message::Space(SpaceMessage::Post { content }) => {
                Some(wording::post(content, Some(&self.plan), dispatch, &self.words))
            }
            _ => None,
        };
        dispatch.deliveries.values().filter_map(|delivery| content(&delivery.message)).collect()
    }
}

/// A person gives a command to the incident of this epoch.
pub(crate) fn says(who: &str, epoch: u64, command: Command) -> Event {
    Event::Command { by: Actor::named(who, CommandChannel::Space), epoch: Some(epoch), command }
}

/// The customer waits no more.
pub(crate) fn waits_no_more(who: &str) -> Event {
    Event::Command { by: Actor::named(who, CommandChannel::Space), epoch: None, command: Command::Resolve }
}

/// A press that is identified by its id alone, so that it never counts as a bounce.
pub(crate) fn press_with_id() -> Event {
    let id = EventId { key: "a press".to_owned(), keep: SignedDuration::from_hours(24) };
    Event::Press(Press { id: Some(id), ..Press::default() })
}

/// The default sender.
pub(crate) static FROM: LazyLock<SmsSender> = LazyLock::new(|| "+12025550100".parse().expect("a sender"));

pub(crate) fn words() -> Words {
    Words { zone: TimeZone::fixed(jiff::tz::offset(1)), name: "Green power".to_owned(), alert: None }
}

/// Eight o'clock in the time zone of [`words`].
pub(crate) fn morning() -> Timestamp {
    "2026-03-02T07:00:00Z".parse().expect("a time")
}

/// The number of random cases. A case that fails is printed, not kept in a file.
pub(crate) fn chance(cases: u32) -> Chance {
    Chance { cases, failure_persistence: None, ..Chance::default() }
}
