//! The life cycle of a delivery, tried with vendors that fail and workers that die.

use std::collections::BTreeMap;

use handbell_core::delivery::DeliveryId::{self, Numbered};
use handbell_core::delivery::{
    Body, Content, ConversationEntry, Delivery, DirectMessage, Dispatch, DispatchKey, Fact, Invitation,
    Lease, MAX_AGE, MAX_ATTEMPTS, MAX_UNKNOWN, Medium, Message, OfConversation, OfIncident, Outcome,
    Patience, PhoneMessage, Progress, Receipt, Shown, SpaceMessage, Speaker, Task, VendorStatus,
};
use handbell_core::incident::Subject;
use handbell_core::wording;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::house::{chance, morning};

pub(crate) fn dispatch(says: impl IntoIterator<Item = Message>) -> Dispatch {
    let key = DispatchKey { subject: Subject::button("green"), epoch: 1, number: 2 };
    let body = OfIncident { step: Some(2), count: 2, ..OfIncident::new("power", "hash", morning()) };
    let mut dispatch = Dispatch::new(key, Body::Incident(body), morning());
    dispatch.previous_post = Some(1);
    for say in says {
        dispatch.add(Delivery::new(say, morning()));
    }
    dispatch
}

pub(crate) fn sms() -> Message {
    Message::Phone(PhoneMessage::Text {
        to: "+352691496401".parse().unwrap(),
        from: "+12025550100".parse().ok(),
        content: Content::Step { step: 2, item: 0 },
    })
}

pub(crate) fn call() -> Message {
    Message::Phone(PhoneMessage::Call {
        to: "+352691496402".parse().unwrap(),
        from: "+12025550100".parse().ok(),
        content: Content::Step { step: 2, item: 0 },
    })
}

fn posts() -> Message {
    Message::Space(SpaceMessage::Post { content: Content::Text("Words".to_owned()) })
}

fn says() -> impl Strategy<Value = Vec<Message>> {
    let say = prop_oneof![
        Just(sms()),
        Just(call()),
        Just(posts()),
        Just(Message::Space(SpaceMessage::Invite(Invitation {
            email: "a@example.com".parse().unwrap(),
            moderator: true
        }))),
        Just(Message::Direct(DirectMessage {
            email: "a@example.com".parse().unwrap(),
            content: Content::Step { step: 2, item: 0 }
        })),
    ];
    proptest::collection::vec(say, 1..14)
}

/// How a vendor responds to one attempt.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Takes,
    /// The vendor accepts the delivery, and the response is lost.
    TakesUnheard,
    /// The vendor doesn't accept the delivery, and the response is lost.
    Silent,
    NotNow(Option<i64>),
    Never,
    /// Something else has to come first.
    Waits(i64),
}

#[derive(Clone, Debug)]
enum Move {
    /// A worker claims the dispatch and does what is due. A look-up succeeds or fails.
    Work {
        answers: Vec<(Answer, bool)>,
        dies: bool,
    },
    Pass(SignedDuration),
    /// The vendor sends a receipt for a delivery that it has accepted.
    Hear(usize),
    /// An acknowledgement.
    Cancel,
    /// A worker whose lease ran out records what it still believes.
    Stray(usize, Answer),
}

fn answer() -> impl Strategy<Value = Answer> {
    prop_oneof![
        3 => Just(Answer::Takes),
        2 => Just(Answer::TakesUnheard),
        2 => Just(Answer::Silent),
        4 => proptest::option::of(1..900_i64).prop_map(Answer::NotNow),
        1 => Just(Answer::Never),
        1 => (0..30_i64).prop_map(Answer::Waits),
    ]
}

fn a_move() -> impl Strategy<Value = Move> {
    let time = prop_oneof![
        6 => (0..60_000_i64).prop_map(SignedDuration::from_millis),
        3 => (1..30_i64).prop_map(SignedDuration::from_mins),
        1 => (1..13_i64).prop_map(SignedDuration::from_hours),
    ];
    prop_oneof![
        8 => (proptest::collection::vec((answer(), proptest::bool::weighted(0.8)), 1..14), proptest::bool::weighted(0.2))
            .prop_map(|(answers, dies)| Move::Work { answers, dies }),
        8 => time.prop_map(Move::Pass),
        2 => any::<usize>().prop_map(Move::Hear),
        1 => Just(Move::Cancel),
        1 => (any::<usize>(), answer()).prop_map(|(which, answer)| Move::Stray(which, answer)),
    ]
}

fn outcome(answer: Answer) -> Outcome {
    let why = "why".to_owned();
    match answer {
        Answer::Takes => Outcome::Sent("id".to_owned()),
        Answer::TakesUnheard | Answer::Silent => Outcome::Unknown { why },
        Answer::NotNow(pause) => Outcome::NotSent { pause: pause.map(SignedDuration::from_secs), why },
        Answer::Never => Outcome::Refused { why },
        Answer::Waits(pause) => Outcome::Waits { pause: SignedDuration::from_secs(pause) },
    }
}

/// A dispatch, the workers that process it, and what the vendor has really accepted.
struct Watch {
    dispatch: Dispatch,
    now: Timestamp,
    died_at: Option<i64>,
    cancelled: bool,
    /// Look-ups find nothing, as those of a bot in a group space.
    blind: bool,
    copies: BTreeMap<DeliveryId, u32>,
}

impl Watch {
    fn make(&mut self, next: &Move) -> Result<(), TestCaseError> {
        let before = self.dispatch.clone();
        match next {
            Move::Pass(time) => self.now += *time,
            Move::Cancel => self.cancelled = true,
            Move::Hear(which) => {
                let ids: Vec<_> = self.copies.keys().copied().collect();
                if let Some(id) = ids.get(which % ids.len().max(1)) {
                    let receipt = Receipt {
                        why: None,
                        rank: 3,
                        status: "delivered".into(),
                        code: None,
                        id: "id".to_owned(),
                        last: true,
                    };
                    self.dispatch.receipts.insert(*id, receipt);
                }
            }
            // A worker that lost its lease can't write any more, but recording an outcome of a settled delivery changes nothing
            // anyway.
            Move::Stray(which, answer) => {
                let settled =
                    |delivery: &Delivery| !matches!(delivery.progress, Progress::Pending | Progress::Unknown);
                let ids: Vec<_> = before
                    .deliveries
                    .iter()
                    .filter(|(_, delivery)| settled(delivery))
                    .map(|(id, _)| *id)
                    .collect();
                if let Some(id) = ids.get(which % ids.len().max(1)) {
                    prop_assert!(
                        !self.dispatch.record(*id, outcome(*answer), self.now),
                        "it doesn't die twice"
                    );
                    prop_assert_eq!(&self.dispatch, &before, "what is settled stays");
                }
            }
            Move::Work { answers, dies } => self.work(answers, *dies)?,
        }
        self.check(&before)
    }

    fn work(&mut self, answers: &[(Answer, bool)], dies: bool) -> Result<(), TestCaseError> {
        if self.died_at.is_some() {
            self.now += SignedDuration::from_secs(41); // The lease of the dead worker runs out.
        } else if self.dispatch.due(self.now).is_none_or(|due| due > self.now) {
            return Ok(());
        }
        self.dispatch.recover(self.died_at.take(), self.now);
        for name in self.dispatch.receipts.keys() {
            let progress = self.dispatch.deliveries[name].progress;
            prop_assert!(
                !matches!(progress, Progress::Pending | Progress::Unknown),
                "the vendor's word proves it"
            );
        }
        if self.cancelled {
            self.dispatch.cancel();
        }
        let mut done = Vec::new();
        for ((name, task), (answer, looks)) in
            self.dispatch.tasks(self.now).into_iter().zip(answers.iter().cycle())
        {
            let delivery = &self.dispatch.deliveries[&name];
            prop_assert!(!(self.cancelled && task == Task::Send), "nothing begins after an acknowledgement");
            prop_assert!(delivery.next_at <= self.now);
            let found = !self.blind && self.copies.contains_key(&name);
            let came = match task {
                Task::LookUp if !looks => Outcome::LookFailed { why: "why".to_owned() },
                Task::LookUp if found => Outcome::Sent("id".to_owned()),
                Task::LookUp if self.cancelled => Outcome::NotWanted,
                Task::LookUp if self.blind && delivery.looks == 0 => Outcome::LookAgain,
                Task::LookUp if delivery.unknowns >= MAX_UNKNOWN => {
                    Outcome::Refused { why: "three times uncertain".to_owned() }
                }
                _ => {
                    if matches!(answer, Answer::Takes | Answer::TakesUnheard) {
                        *self.copies.entry(name).or_default() += 1;
                    }
                    outcome(*answer)
                }
            };
            done.push((name, came));
        }
        if dies {
            self.died_at = Some(self.now.as_millisecond());
            return Ok(());
        }
        for (name, came) in done {
            let was = self.dispatch.deliveries[&name].progress;
            let died = self.dispatch.record(name, came.clone(), self.now);
            let delivery = &self.dispatch.deliveries[&name];
            prop_assert_eq!(died, delivery.progress == Progress::Dead);
            let worn_out =
                delivery.tries >= MAX_ATTEMPTS || self.now.duration_since(delivery.since) >= MAX_AGE;
            if worn_out
                && matches!(
                    came,
                    Outcome::NotSent { .. } | Outcome::Unknown { .. } | Outcome::LookFailed { .. }
                )
            {
                prop_assert_eq!(
                    delivery.progress,
                    Progress::Dead,
                    "it is given up after {} attempts",
                    delivery.tries
                );
            }
            prop_assert!(delivery.why.is_some() || !died, "and says why");
            prop_assert!(
                was != Progress::Unknown || delivery.progress != Progress::Pending,
                "uncertain once: looked for first"
            );
        }
        Ok(())
    }

    fn check(&self, before: &Dispatch) -> Result<(), TestCaseError> {
        let open = |delivery: &Delivery| matches!(delivery.progress, Progress::Pending | Progress::Unknown);
        for (name, delivery) in &self.dispatch.deliveries {
            let was = &before.deliveries[name];
            if !open(was) {
                prop_assert_eq!(delivery, was, "what is settled stays");
            }
            let copies = self.copies.get(name).copied().unwrap_or(0);
            prop_assert!(copies <= if self.blind { MAX_UNKNOWN } else { 1 }, "{} copies", copies);
            if delivery.progress == Progress::Pending && self.died_at.is_none() {
                prop_assert_eq!(
                    (copies, delivery.unknowns),
                    (0, 0),
                    "what is still to be said was certainly not said"
                );
            }
            prop_assert_eq!(delivery.progress == Progress::Sent, delivery.id.is_some());
            prop_assert!(delivery.tries >= was.tries && delivery.unknowns >= was.unknowns);
        }
        let first = self
            .dispatch
            .deliveries
            .values()
            .filter(|delivery| open(delivery))
            .map(|delivery| delivery.next_at)
            .min();
        prop_assert_eq!(self.dispatch.due(self.now), first, "whatever is open is due");
        let text = serde_json::to_string(&self.dispatch).expect("it can be written");
        prop_assert_eq!(&serde_json::from_str::<Dispatch>(&text).expect("it can be read"), &self.dispatch);
        Ok(())
    }
}

proptest! {
    #![proptest_config(chance(400))]

    #[test]
    fn nothing_is_lost_or_sent_twice(says in says(), blind in any::<bool>(), moves in proptest::collection::vec(a_move(), 1..80)) {
        let mut watch = Watch { dispatch: dispatch(says), now: morning(), died_at: None, cancelled: false, blind, copies: BTreeMap::new() };
        for next in &moves {
            watch.make(next)?;
        }
    }

    /// A row that one process wrote is read the same by another.
    #[test]
    fn a_dispatch_is_read_as_it_was_written(says in says(), step in proptest::option::of(1..7_u32), words in ".*", number in 1..u32::MAX) {
        let mut dispatch = dispatch(says);
        dispatch.in_incident(|of| of.step = step);
        dispatch.key.number = number;
        dispatch.add(Delivery::new(Message::Space(SpaceMessage::Post { content: Content::Text(words) }), morning()));
        dispatch.deliveries.insert(DeliveryId::Summary, Delivery::new(Message::Space(SpaceMessage::DeliverySummary), morning()));
        let text = serde_json::to_string(&dispatch).expect("it can be written");
        prop_assert_eq!(serde_json::from_str::<Dispatch>(&text).expect("it can be read"), dispatch);
    }
}

proptest! {
    #![proptest_config(chance(20))]

    /// Every delivery settles within a day and a little, whatever the vendor responds.
    #[test]
    fn every_delivery_settles(says in says(), answer in answer(), looks in any::<bool>(), cancelled in any::<bool>(), blind in any::<bool>()) {
        let answer = if matches!(answer, Answer::Waits(_)) { Answer::Waits(120) } else { answer };
        let mut watch = Watch { dispatch: dispatch(says), now: morning(), died_at: None, cancelled: false, blind, copies: BTreeMap::new() };
        let mut rounds = 0;
        while let Some(due) = watch.dispatch.due(watch.now) {
            watch.now = watch.now.max(due);
            watch.cancelled |= cancelled && rounds == 1;
            watch.work(&[(answer, looks)], false)?;
            rounds += 1;
        }
        let open = watch.dispatch.deliveries.values().any(|delivery| matches!(delivery.progress, Progress::Pending | Progress::Unknown));
        prop_assert!(!open, "what is never due again is settled");
        prop_assert!(watch.now <= morning() + MAX_AGE + SignedDuration::from_mins(20));
        let tries = watch.dispatch.deliveries.values().map(|delivery| delivery.tries).max();
        prop_assert!(tries.is_some_and(|tries| tries <= MAX_ATTEMPTS));
    }
}

fn not_sent() -> Outcome {
    Outcome::NotSent { pause: None, why: "busy".to_owned() }
}

#[test]
fn pauses_grow_to_five_minutes_and_end_after_twelve_attempts() {
    let mut dispatch = dispatch([sms()]);
    let mut now = morning();
    let mut pauses = Vec::new();
    while !dispatch.record(Numbered(0), not_sent(), now) {
        let next_at = dispatch.deliveries[&Numbered(0)].next_at;
        pauses.push(next_at.duration_since(now).as_secs());
        now = next_at;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    assert_eq!(dispatch.deliveries[&Numbered(0)].tries, MAX_ATTEMPTS);
    assert_eq!(dispatch.due(now), None);
}

#[test]
fn a_dispatch_that_is_claimed_hundreds_of_times_pauses_longer_and_longer() {
    let mut dispatch = dispatch([sms()]);
    let mut claim = |times: u32| {
        for _ in 0..times {
            dispatch.lease.claim("a worker", 0, 0);
        }
        dispatch.due(morning()).map(|due| due.duration_since(morning()).as_secs())
    };
    assert_eq!(claim(99), Some(0));
    assert_eq!(claim(1), Some(1));
    assert_eq!(claim(250), Some(3));
    assert_eq!(claim(100_000), Some(60));
}

#[test]
fn facts_that_the_bus_does_not_accept_are_published_less_and_less_often_and_given_up_after_a_day() {
    let mut dispatch = dispatch([]);
    let fact = Fact { id: "1".into(), kind: "button.pressed".into(), at: morning(), detail: BTreeMap::new() };
    let (mut now, mut tries) = (morning(), 0);
    dispatch.facts = vec![fact];
    while let Some(due) = dispatch.due(now) {
        assert!(due.duration_since(now) >= SignedDuration::from_secs(15), "{now}");
        now = due;
        tries += 1;
        let unpublished = std::mem::take(&mut dispatch.facts);
        dispatch.keep_facts(unpublished, now);
    }
    assert!(tries < 150, "{tries}");
    assert!((24..25).contains(&now.duration_since(morning()).as_hours()));
}

/// A customer's text with a picture: a dispatch of a conversation.
fn said_by_a_customer() -> Dispatch {
    let media =
        Message::Space(SpaceMessage::CustomerFile { url: "https://api/one".to_owned(), content_type: None });
    let mut dispatch =
        dispatch([Message::Space(SpaceMessage::Post { content: Content::Entry }), media, sms()]);
    dispatch.patience = Patience::Day;
    let mut body = OfConversation::new(morning());
    body.entry = Some(Box::new(ConversationEntry {
        speaker: Speaker::Customer,
        customer: "Ann".to_owned(),
        medium: Medium::Text,
        text: "Hello".to_owned(),
        note: String::new(),
        files: 1,
        at: morning(),
    }));
    dispatch.body = Body::Conversation(body);
    dispatch
}

#[test]
fn a_customers_words_are_retried_for_a_day() {
    for id in [Numbered(0), Numbered(1)] {
        let mut dispatch = said_by_a_customer();
        let mut now = morning();
        while !dispatch.record(id, not_sent(), now) {
            now = dispatch.deliveries[&id].next_at;
        }
        let tries = dispatch.deliveries[&id].tries;
        assert!(tries > 280 && now >= morning() + MAX_AGE, "{tries} attempts until {now}");
        assert!(now < morning() + MAX_AGE + SignedDuration::from_mins(6));
    }
    // Only posts in the space, and only of a conversation entry.
    let tries = |mut dispatch: Dispatch, number: u32| {
        while !dispatch.record(Numbered(number), not_sent(), morning()) {}
        dispatch.deliveries[&Numbered(number)].tries
    };
    assert_eq!(tries(said_by_a_customer(), 2), MAX_ATTEMPTS);
    assert_eq!(tries(dispatch([posts()]), 0), MAX_ATTEMPTS);
    // Copies are few all the same.
    let mut uncertain = said_by_a_customer();
    let outcome = || Outcome::Unknown { why: "it timed out".to_owned() };
    let died: Vec<_> =
        (0..MAX_UNKNOWN).map(|_| uncertain.record(Numbered(0), outcome(), morning())).collect();
    assert_eq!(died, [false, false, true]);
}

#[test]
fn a_worker_that_dies_after_many_attempts_does_not_end_a_customers_words() {
    let mut dispatch = said_by_a_customer();
    for _ in 0..MAX_ATTEMPTS + 5 {
        assert!(!dispatch.record(Numbered(0), not_sent(), morning()));
    }
    let due = dispatch.deliveries[&Numbered(0)].next_at;
    let now = due + SignedDuration::from_secs(50);
    dispatch.record(Numbered(2), Outcome::Sent("SM1".to_owned()), morning());
    assert_eq!(dispatch.recover(Some(due.as_millisecond()), now), []);
    assert_eq!(dispatch.deliveries[&Numbered(0)].progress, Progress::Unknown, "it is looked for");
    // But a row at which every worker dies is given up in the end.
    let mut rounds = 1;
    while dispatch.recover(Some(now.as_millisecond()), now).is_empty() {
        rounds += 1;
        assert!(rounds <= MAX_ATTEMPTS, "{rounds}");
    }
}

#[test]
fn a_dispatch_that_waits_checks_when_an_earlier_one_is_tried() {
    let mut dispatch = dispatch([posts(), sms(), posts()]);
    let at = |dispatch: &Dispatch, now: Timestamp| {
        dispatch.tried_at(now, Message::is_post).duration_since(now).as_secs()
    };
    let wait = |seconds| Outcome::Waits { pause: SignedDuration::from_secs(seconds) };
    assert_eq!(at(&dispatch, morning()), 1, "due now: soon");
    dispatch.record(Numbered(0), wait(30), morning());
    dispatch.record(Numbered(2), wait(20), morning());
    dispatch.record(Numbered(1), wait(5), morning());
    assert_eq!(at(&dispatch, morning()), 20, "the next of those that count");
    assert_eq!(
        dispatch.tried_at(morning(), |message| matches!(message, Message::Phone(_))),
        morning() + SignedDuration::from_secs(5)
    );
    assert_eq!(at(&dispatch, morning() + SignedDuration::from_secs(300)), 1, "never past");
    dispatch.record(Numbered(0), wait(600), morning());
    dispatch.record(Numbered(2), wait(900), morning());
    assert_eq!(at(&dispatch, morning()), 60, "within a minute");
    for number in [0, 2] {
        dispatch.record(Numbered(number), Outcome::Sent("id".to_owned()), morning());
    }
    assert_eq!(at(&dispatch, morning()), 1, "nothing is left to wait for");
    assert_eq!(dispatch.tried_at(morning(), Message::is_reply), morning() + SignedDuration::from_secs(1));
}

#[test]
fn the_dispatch_that_it_replaces_is_read_as_it_was_written() {
    let mut dispatch = dispatch([sms()]);
    let text = serde_json::to_string(&dispatch).expect("it can be written");
    assert!(!text.contains("replaces"), "{text}");
    let body = OfConversation { replaces: Some(7), ..OfConversation::new(morning()) };
    dispatch.body = Body::Conversation(body);
    let text = serde_json::to_string(&dispatch).expect("it can be written");
    let read: Dispatch = serde_json::from_str(&text).expect("it can be read");
    assert_eq!(read.of_conversation().and_then(|of| of.replaces), Some(7));
}

#[test]
fn the_vendors_pause_is_kept() {
    let mut dispatch = dispatch([sms()]);
    dispatch.record(
        Numbered(0),
        Outcome::NotSent { pause: Some(SignedDuration::from_secs(77)), why: "busy".to_owned() },
        morning(),
    );
    assert_eq!(dispatch.deliveries[&Numbered(0)].next_at, morning() + SignedDuration::from_secs(77));
}

#[test]
fn deliveries_that_a_dead_worker_may_have_sent_are_looked_up() {
    let mut dispatch = dispatch([sms(), call(), posts()]);
    dispatch.record(Numbered(1), Outcome::Sent("CA1".to_owned()), morning());
    dispatch.record(Numbered(2), Outcome::Waits { pause: SignedDuration::from_secs(60) }, morning());
    let claimed = morning() + SignedDuration::from_secs(5);
    let now = morning() + SignedDuration::from_secs(61);
    dispatch.recover(Some(claimed.as_millisecond()), now);
    let progress = |id: DeliveryId| dispatch.deliveries[&id].progress;
    assert_eq!(
        (progress(Numbered(0)), progress(Numbered(1)), progress(Numbered(2))),
        (Progress::Unknown, Progress::Sent, Progress::Pending)
    );
    assert_eq!(dispatch.tasks(now), [(Numbered(0), Task::LookUp), (Numbered(2), Task::Send)]);
}

#[test]
fn after_a_failed_attempt_an_unknown_delivery_is_still_looked_up() {
    let mut dispatch = dispatch([sms()]);
    dispatch.record(Numbered(0), Outcome::Unknown { why: "it timed out".to_owned() }, morning());
    dispatch.record(Numbered(0), not_sent(), morning() + SignedDuration::from_secs(30));
    let later = morning() + SignedDuration::from_mins(10);
    assert_eq!(dispatch.tasks(later), [(Numbered(0), Task::LookUp)]);
}

#[test]
fn an_acknowledgement_cancels_pending_deliveries_but_not_the_summary() {
    let mut dispatch = dispatch([sms(), call(), posts()]);
    dispatch
        .deliveries
        .insert(DeliveryId::Summary, Delivery::new(Message::Space(SpaceMessage::DeliverySummary), morning()));
    dispatch.record(Numbered(0), Outcome::Unknown { why: "it timed out".to_owned() }, morning());
    dispatch.record(Numbered(2), Outcome::Sent("post".to_owned()), morning());
    dispatch.cancel();
    let progress = |id: DeliveryId| dispatch.deliveries[&id].progress;
    assert_eq!(
        (progress(Numbered(0)), progress(Numbered(1)), progress(Numbered(2)), progress(DeliveryId::Summary)),
        (Progress::Unknown, Progress::Cancelled, Progress::Sent, Progress::Pending)
    );
    assert_eq!(dispatch.tasks(morning() + SignedDuration::from_mins(1)), [(Numbered(0), Task::LookUp)]);
}

#[test]
fn tasks_are_in_the_order_of_their_numbers() {
    let dispatch = dispatch((0..12).map(|_| posts()));
    let ids: Vec<_> = dispatch.tasks(morning()).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids, (0..12).map(Numbered).collect::<Vec<_>>());
}

#[test]
fn posts_are_out_when_none_is_open() {
    let mut dispatch = dispatch([posts(), sms()]);
    assert!(!dispatch.posts_are_out());
    dispatch.record(Numbered(0), Outcome::Refused { why: "gone".to_owned() }, morning());
    assert!(dispatch.posts_are_out(), "what is given up holds back nobody");
}

#[test]
fn a_reference_tag_names_the_incident_the_dispatch_and_the_delivery() {
    assert_eq!(
        dispatch([sms()]).reference_tag(Numbered(0)),
        format!("{}.2.0", handbell_core::incident::reference(&Subject::button("green"), 1))
    );
}

#[test]
fn the_summary_is_stale_exactly_when_its_words_change() {
    let mut dispatch = dispatch([sms(), call(), posts()]);
    let summary = Delivery {
        progress: Progress::Sent,
        ..Delivery::new(Message::Space(SpaceMessage::DeliverySummary), morning())
    };
    dispatch.deliveries.insert(DeliveryId::Summary, summary);
    let refused = || Outcome::Refused { why: "gone".to_owned() };
    let told = |status: &str, code| Receipt {
        rank: 1,
        status: status.into(),
        code,
        id: "SM1".to_owned(),
        why: Some("blocked".to_owned()),
        last: false,
    };
    type Change = Box<dyn Fn(&mut Dispatch)>;
    let changes: [(Change, bool); 8] = [
        (Box::new(|_| {}), false),
        (
            Box::new(|it| {
                it.record(Numbered(2), Outcome::Sent("post".to_owned()), morning());
            }),
            false,
        ),
        (
            Box::new(|it| {
                it.record(Numbered(0), Outcome::Waits { pause: SignedDuration::ZERO }, morning());
            }),
            false,
        ),
        (
            Box::new(|it| {
                it.record(Numbered(0), not_sent(), morning());
            }),
            true,
        ),
        (
            Box::new(|it| {
                it.record(Numbered(0), Outcome::Sent("SM1".to_owned()), morning());
            }),
            true,
        ),
        (
            Box::new(move |it| {
                it.receipts.insert(Numbered(0), told("sent", None));
            }),
            true,
        ),
        (
            Box::new(move |it| {
                it.receipts.insert(Numbered(0), told("failed", Some(30007)));
            }),
            true,
        ),
        (
            Box::new(move |it| {
                it.record(Numbered(1), refused(), morning());
            }),
            true,
        ),
    ];
    for (place, (change, stale)) in changes.into_iter().enumerate() {
        let fingerprint = dispatch.summary_fingerprint();
        let before = wording::delivery_summary(&dispatch);
        let shown = Shown { fingerprint, edits: 0 };
        dispatch.deliveries.get_mut(&DeliveryId::Summary).expect("it is there").shown = Some(shown);
        change(&mut dispatch);
        assert_eq!(dispatch.stale_summary().is_some(), stale, "{place}");
        assert_eq!(wording::delivery_summary(&dispatch) != before, stale, "{place}");
    }
}

#[test]
fn every_vendor_status_is_read_as_it_was_written() {
    let words = [
        "queued",
        "sent",
        "delivered",
        "undelivered",
        "failed",
        "busy",
        "no-answer",
        "canceled",
        "voicemail",
        "in-progress",
        "completed",
        "read",
        "ringing",
    ];
    for word in words {
        let status = VendorStatus::from(word.to_ascii_uppercase().as_str());
        assert_eq!(matches!(status, VendorStatus::Other(_)), word == "ringing", "{word}");
        let text = serde_json::to_string(&status).expect("it can be written");
        assert_eq!(text, format!("\"{word}\""));
        assert_eq!(serde_json::from_str::<VendorStatus>(&text).expect("it can be read"), status);
    }
}

#[test]
fn a_claim_finds_a_worker_that_died() {
    let mut lease = Lease::default();
    assert!(lease.is_free() && !lease.is_held(0));
    assert_eq!(lease.claim("one", 1_000, 31_000), None, "nobody was here before");
    assert!(lease.is_held(30_999) && !lease.is_held(31_000) && !lease.is_free());
    assert_eq!(lease.died_before(), None, "this claim is its own");
    assert_eq!(lease.claim("two", 50_000, 80_000), Some(1_000), "the first was never released");
    assert_eq!((lease.claims(), lease.died_before()), (2, Some(50_000)));
    assert!(!lease.has_settled(2));
}
