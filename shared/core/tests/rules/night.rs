//! An alert at night, the plan that it runs, the roster, and a clock that the test moves.

use handbell_core::address::EmailAddress;
use handbell_core::alert::{Alert, Hold, Origin, RaisedAlert, Reporter};
use handbell_core::config::{Admins, Plan, Severity};
use handbell_core::delivery::{
    Content, Delivery, DirectMessage, Dispatch, InternalTask, MailMessage, Message, PhoneMessage,
    SpaceMessage,
};
use handbell_core::incident::command::{Actor, Command, CommandChannel};
use handbell_core::incident::decide::{Context, Decision, Event, decide};
use handbell_core::incident::{Incident, Phase, Subject};
use handbell_core::oncall::{Roster, Team};
use handbell_core::wording::{self, Words};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::house::{FROM, words};
use crate::roster::{person, roster};

/// One source of alerts and everything that a decision depends on.
pub(crate) struct Night {
    pub(crate) plan: Plan,
    pub(crate) roster: Roster,
    pub(crate) admins: Admins,
    pub(crate) report_to: Vec<EmailAddress>,
    pub(crate) calls_per_second: Option<u32>,
    pub(crate) words: Words,
    pub(crate) subject: Subject,
    pub(crate) state: Option<Incident>,
    pub(crate) now: Timestamp,
}

/// Three steps: Dana, five minutes later Robin, ten minutes later all of the network team (Dana and Robin). Alex only on request,
/// for `technical`.
pub(crate) fn three_steps() -> Value {
    json!({
        "space": { "title": "Alerts", "participants": ["b@example.com"] },
        "reset_after": "6h",
        "steps": [
            { "page": [{ "to": [{ "person": "dana" }] }] },
            { "after": "5m", "page": [{ "to": [{ "person": "robin" }] }] },
            { "after": "10m", "page": [{ "to": [{ "team": "network" }] }] },
        ],
        "escalate": { "technical": { "page": [{ "to": [{ "person": "alex" }] }] } },
    })
}

/// Everybody has a phone and an address. Robin is in both teams.
pub(crate) fn everybody() -> Roster {
    let mut all = roster(["dana", "robin", "alex"].map(person), []);
    for (id, number) in [("dana", "+352691000001"), ("robin", "+352691000002"), ("alex", "+352691000003")] {
        let person = all.people.get_mut(id).expect("somebody");
        person.phones[0].address = number.parse().unwrap();
    }
    for (name, members) in [("network", ["dana", "robin"]), ("servers", ["robin", "alex"])] {
        let members = members.map(str::to_owned).to_vec();
        all.teams.insert(name.to_owned(), Team { name: name.to_owned(), label: None, members, version: 1 });
    }
    all
}

/// A mail about the same problem.
pub(crate) fn mail(severity: Severity) -> RaisedAlert {
    RaisedAlert {
        alert: Alert {
            source: "nagios".to_owned(),
            title: "db1/disk".to_owned(),
            severity,
            origin: Some(Origin {
                from: None,
                message_id: Some("1@nagios.example.com".to_owned()),
                references: Vec::new(),
                subject: "PROBLEM: db1/disk".to_owned(),
                answer_to: "nagios@example.com".parse().ok(),
            }),
            reporter: None,
            written_at: None,
            first_written_at: None,
            left_out: Vec::new(),
            noted_at: None,
        },
        text: "Only 1 % is free.".to_owned(),
        object: Some("mail/1".to_owned()),
        hold: None,
        plan: "alerts".to_owned(),
    }
}

/// A person filled in the form.
pub(crate) fn form(name: &str, email: Option<&str>) -> RaisedAlert {
    let mut raised = mail(Severity::Critical);
    raised.alert.origin = None;
    raised.alert.reporter =
        Some(Reporter { name: name.to_owned(), email: email.map(|email| email.parse().unwrap()) });
    raised.object = None;
    raised
}

/// A mail during a hold.
pub(crate) fn held(severity: Severity, until: Timestamp) -> RaisedAlert {
    RaisedAlert { hold: Some(Hold { until, why: "quiet hours".to_owned() }), ..mail(severity) }
}

/// A person of the roster, by text; anybody else by the name alone.
pub(crate) fn actor(id: &str) -> Actor {
    let known = everybody().people.contains_key(id);
    Actor { who: id.to_owned(), person: known.then(|| id.to_owned()), how: CommandChannel::Text }
}

pub(crate) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

impl Night {
    pub(crate) fn with(plan: Value) -> Self {
        Self {
            plan: serde_json::from_value(plan).expect("a plan"),
            roster: everybody(),
            admins: Admins {
                webex: vec!["admin@example.com".parse().unwrap()],
                sms: vec!["+352691999999".parse().unwrap()],
            },
            report_to: Vec::new(),
            calls_per_second: None,
            words: Words { name: "Nagios".to_owned(), ..words() },
            subject: Subject::alert("nagios", "db1/disk"),
            state: None,
            now: "2026-03-02T01:00:00Z".parse().expect("a time"),
        }
    }

    /// The three steps, after the alert was raised.
    pub(crate) fn begun() -> Self {
        Self::begun_with(three_steps())
    }

    pub(crate) fn begun_with(plan: Value) -> Self {
        let mut night = Self::with(plan);
        night.mail(Severity::Critical);
        night
    }

    pub(crate) fn rules(&self) -> Context<'_> {
        Context {
            subject: &self.subject,
            button: None,
            plan_name: "alerts",
            plan: &self.plan,
            plan_hash: "hash",
            watched: true,
            from: Some(&FROM),
            calls_per_second: self.calls_per_second,
            roster: &self.roster,
            admins: &self.admins,
            report_to: &self.report_to,
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

    pub(crate) fn raise(&mut self, raised: RaisedAlert) -> Decision {
        self.apply(&Event::Alert(Box::new(raised)))
    }

    pub(crate) fn mail(&mut self, severity: Severity) -> Decision {
        self.raise(mail(severity))
    }

    pub(crate) fn says(&mut self, who: &str, command: Command) -> Decision {
        self.apply(&Event::Command { by: actor(who), epoch: None, command })
    }

    pub(crate) fn acknowledges(&mut self, who: &str) -> Decision {
        self.says(who, Command::Acknowledge)
    }

    pub(crate) fn snoozes(&mut self, who: &str, for_minutes: i64) -> Decision {
        let until = self.now + minutes(for_minutes);
        self.says(who, Command::Snooze { until })
    }

    pub(crate) fn nobody_reached(&mut self, round: u32, step: u32) -> Decision {
        self.apply(&Event::Unreached { epoch: self.incident().epoch, round, step })
    }

    pub(crate) fn wake(&mut self) -> Decision {
        self.apply(&Event::Wake)
    }

    pub(crate) fn pass(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }

    /// Lets time pass, with every wake-up for which the incident asks. Returns the decisions, with the minutes after which they
    /// were made.
    pub(crate) fn sleep(&mut self, for_minutes: i64) -> Vec<(i64, Decision)> {
        let (from, until) = (self.now, self.now + minutes(for_minutes));
        let mut came = Vec::new();
        let mut looks = 0;
        while let Some(at) =
            self.state.as_ref().and_then(|incident| incident.wake_at).filter(|at| *at <= until)
        {
            looks += 1;
            assert!(looks < 1000, "it wants to be woken at {at} again and again");
            self.now = at.max(self.now);
            let decision = self.wake();
            if !decision.dispatches.is_empty() {
                came.push(((self.now.duration_since(from)).as_mins(), decision));
            }
        }
        self.now = until;
        came
    }

    pub(crate) fn incident(&self) -> &Incident {
        self.state.as_ref().expect("something was reported before")
    }

    pub(crate) fn phase(&self) -> Phase {
        self.incident().phase
    }

    /// Phase, step and round.
    pub(crate) fn stands(&self) -> (Phase, u32, u32) {
        (self.phase(), self.incident().step, self.incident().responses.round)
    }

    /// Everything that a decision sends, in order, with the time that it waits; without the removal of old cards.
    pub(crate) fn lines(&self, decision: &Decision) -> Vec<String> {
        decision.dispatches.iter().flat_map(|dispatch| self.lines_of(dispatch)).collect()
    }

    /// Only the calls, texts and mails.
    pub(crate) fn pages(&self, decision: &Decision) -> Vec<String> {
        let mut lines = self.lines(decision);
        lines.retain(|line| ["sms", "call", "notify", "direct"].iter().any(|by| line.starts_with(by)));
        lines
    }

    fn lines_of(&self, dispatch: &Dispatch) -> Vec<String> {
        let mut all: Vec<_> = dispatch.deliveries.iter().collect();
        all.retain(|(_, delivery)| {
            !matches!(delivery.message, Message::Space(SpaceMessage::RemoveCard { .. }))
        });
        all.into_iter().map(|(_, delivery)| self.line(dispatch, delivery)).collect()
    }

    fn line(&self, dispatch: &Dispatch, delivery: &Delivery) -> String {
        let wait = delivery.next_at.duration_since(dispatch.at);
        let wait = if wait.is_zero() { String::new() } else { format!(" in {wait:#}") };
        let whom = |to: &str| {
            delivery.recipient.as_ref().map_or_else(|| to.to_owned(), |recipient| recipient.id.clone())
        };
        let text = |content: &Content| match content {
            Content::Text(text) => format!(": {text}"),
            _ => String::new(),
        };
        match &delivery.message {
            Message::Space(SpaceMessage::Invite(to)) => format!("invite {}{wait}", to.email),
            Message::Space(SpaceMessage::Post { content }) => {
                format!("post{wait}: {}", wording::post(content, Some(&self.plan), dispatch, &self.words))
            }
            Message::Space(SpaceMessage::OriginalMail { object, name }) => {
                format!("original {object} as {name}{wait}")
            }
            Message::Space(SpaceMessage::IncidentCard) => format!("status{wait}"),
            Message::Space(SpaceMessage::IncidentReport) => format!("protocol{wait}"),
            Message::Internal(InternalTask::TextThoseCalled { text, except }) => {
                format!("tell all but {}{wait}: {text}", except.as_deref().unwrap_or("nobody"))
            }
            Message::Mail(MailMessage::IncidentReport { email }) => format!("report to {email}{wait}"),
            Message::Mail(MailMessage::Page { email, content }) => {
                format!("notify {}{wait}{}", whom(email), text(content))
            }
            Message::Direct(DirectMessage { email, content }) => {
                format!("direct {}{wait}{}", whom(email), text(content))
            }
            Message::Phone(PhoneMessage::Text { to, content, .. }) => {
                format!("sms {}{wait}{}", whom(to), text(content))
            }
            Message::Phone(PhoneMessage::Call { to, content, .. }) => {
                format!("call {}{wait}{}", whom(to), text(content))
            }
            Message::Space(SpaceMessage::DeliverySummary) => "report".to_owned(),
            other => panic!("no alert says {other:?}"),
        }
    }
}

/// The timeline entry of a decision.
pub(crate) fn entry(decision: &Decision) -> &str {
    decision
        .dispatches
        .first()
        .and_then(|first| first.timeline_entry())
        .map_or("", |entry| entry.what.as_str())
}

/// The attempts for a person without rules, beginning now.
pub(crate) fn usual(who: &str) -> [String; 4] {
    [
        format!("sms {who}"),
        format!("call {who} in 2m"),
        format!("call {who} in 7m"),
        format!("call {who} in 12m"),
    ]
}
