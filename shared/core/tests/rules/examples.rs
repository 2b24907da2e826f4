//! The promises of a button, each as one example.

use handbell_core::button::{Gesture, Press};
use handbell_core::config::Meaning;
use handbell_core::delivery::{Message, SpaceMessage};
use handbell_core::incident::Phase;
use handbell_core::incident::command::Command;
use handbell_core::incident::decide::{Event, EventOutcome};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::house::{House, says};

fn two_steps() -> Value {
    json!({
        "space": { "title": "Green Power", "moderators": ["a@example.com"], "participants": ["b@example.com"] },
        "reset_after": "6h",
        "steps": [
            { "post": { "markdown": "Help is needed" } },
            { "sms": [{ "to": ["+352691496401"], "text": "Check Webex" }], "post": { "markdown": "Still needed" } },
        ],
    })
}

fn add_step(plan: &mut Value, step: Value) {
    plan["steps"].as_array_mut().expect("steps").push(step);
}

#[test]
fn press_n_takes_step_n() {
    let mut house = House::with(two_steps());
    let first = house.press();
    assert_eq!((first.count, first.outcome, house.incident().step), (1, EventOutcome::Counted, 1));
    assert_eq!(house.posts(&first), ["Help is needed"]);
    let second = house.press();
    assert_eq!((second.count, house.incident().step), (2, 2));
    assert_eq!(house.posts(&second), ["Still needed"]);
}

#[test]
fn the_first_dispatch_invites_the_people_of_the_space() {
    let mut house = House::with(two_steps());
    let invited = |decision: &handbell_core::incident::decide::Decision| {
        let says = decision.dispatches.iter().flat_map(|dispatch| dispatch.deliveries.values());
        says.filter(|delivery| matches!(delivery.message, Message::Space(SpaceMessage::Invite(_)))).count()
    };
    assert_eq!(invited(&house.press()), 2);
    assert_eq!(invited(&house.press()), 0);
}

#[test]
fn a_press_after_the_last_step_is_counted_and_posted() {
    let mut house = House::with(two_steps());
    (0..5).for_each(|_| drop(house.press()));
    let sixth = house.press();
    assert_eq!((sixth.count, house.incident().step), (6, 2));
    assert_eq!(house.posts(&sixth), ["**Green power** was pressed again, the 6th time."]);
    assert!(sixth.dispatches.iter().all(|dispatch| dispatch.step().is_none()));
}

#[test]
fn repeat_last_takes_the_last_step_again() {
    let mut plan = two_steps();
    plan["repeat"] = json!("last");
    let mut house = House::with(plan);
    (0..5).for_each(|_| drop(house.press()));
    let sixth = house.press();
    assert_eq!((sixth.count, house.incident().step, sixth.dispatches[0].step()), (6, 2, Some(2)));
    assert_eq!(house.posts(&sixth), ["**Green power** was pressed again, the 6th time.", "Still needed"]);
    assert!(
        sixth.dispatches[0].deliveries.values().any(|delivery| matches!(delivery.message, Message::Phone(_)))
    );
}

#[test]
fn a_press_after_an_acknowledgement_escalates_again_and_names_who_had_it() {
    let mut house = House::with(two_steps());
    house.press();
    house.pass(60);
    let taken = house.acknowledge("dana@example.com");
    assert_eq!(house.posts(&taken), ["✅ **dana@example.com** has it since 08:01."]);
    assert_eq!(house.incident().phase, Phase::Acknowledged);
    house.pass(240);
    let again = house.press();
    assert_eq!((house.incident().phase, house.incident().step), (Phase::Open, 2));
    assert_eq!(house.incident().taken_by, None);
    let said = "**Green power** was pressed again, the 2nd time, although dana@example.com had acknowledged at 08:01.";
    assert_eq!(house.posts(&again), [said, "Still needed"]);
}

#[test]
fn a_long_press_cancels() {
    let mut house = House::with(two_steps());
    house.press();
    let held = house.gesture(Gesture::Hold);
    assert_eq!((held.outcome, house.incident().phase), (EventOutcome::Done, Phase::Cancelled));
    assert_eq!(house.posts(&held), ["Cancelled by the button Green power at 08:00. No help is needed."]);
    assert!(house.incident().cancels(1, 1), "what the step had not yet said stays unsaid");
    assert!(held.dispatches[0].is_last_word(), "but this is said");
    assert_eq!(house.gesture(Gesture::Hold).outcome, EventOutcome::Nothing, "once");
    assert_eq!(house.press().count, 1, "the next press begins again");
    assert!(house.incident().cancels(1, 1), "and brings nothing back");
}

#[test]
fn a_late_press_is_posted_with_its_time_and_does_not_escalate() {
    let mut house = House::with(two_steps());
    house.press();
    house.pass(3600);
    let late = Press { at: Some(house.now - SignedDuration::from_mins(7)), ..Press::default() };
    let told = house.apply(&Event::Press(late));
    assert_eq!((told.outcome, told.count, house.incident().step), (EventOutcome::Late, 1, 1));
    assert_eq!(
        house.posts(&told),
        ["A late press of **Green power**: made at 08:53, 7 min ago, and only received now. \
          It takes no step; press again if help is still needed."]
    );
}

#[test]
fn a_late_long_press_cancels_nothing() {
    let mut house = House::with(two_steps());
    house.press();
    house.pass(60);
    let made_yesterday = Some(house.now - SignedDuration::from_hours(20));
    for gesture in [Gesture::Hold, Gesture::Double] {
        let told = house.apply(&Event::Press(Press { gesture, at: made_yesterday, ..Press::default() }));
        assert_eq!((told.outcome, house.incident().phase), (EventOutcome::Late, Phase::Open));
        assert_eq!(house.posts(&told).len(), 1);
        house.pass(10);
    }
}

#[test]
fn after_reset_after_the_next_press_is_the_first_again() {
    let mut house = House::with(two_steps());
    house.press();
    house.pass(6 * 3600 - 1);
    assert_eq!((house.press().count, house.epoch()), (2, 1));
    house.pass(6 * 3600);
    let first = house.press();
    assert_eq!((first.count, house.epoch(), house.incident().step), (1, 2, 1));
    assert_eq!(house.posts(&first), ["Help is needed"]);
}

#[test]
fn two_presses_without_an_id_within_the_debounce_time_are_one() {
    let mut house = House::with(two_steps());
    house.gesture(Gesture::Single);
    house.pass(1);
    let bounce = house.gesture(Gesture::Single);
    assert_eq!((bounce.outcome, bounce.count, bounce.next), (EventOutcome::Debounced, 1, None));
    house.pass(1);
    assert_eq!(
        house.gesture(Gesture::Single).count,
        2,
        "the pause is over, and a bounce doesn't make it longer"
    );
}

/// Plays gestures without ids at these times, and returns the outcome of the last one and the phase.
fn play(house: &mut House, gestures: &[(i64, Gesture)]) -> (EventOutcome, Phase) {
    let start = house.now;
    let mut outcome = EventOutcome::Nothing;
    for (milliseconds, gesture) in gestures {
        house.now = start + SignedDuration::from_millis(*milliseconds);
        outcome = house.gesture(*gesture).outcome;
    }
    (outcome, house.incident().phase)
}

#[test]
fn the_release_click_of_a_long_press_undoes_nothing() {
    let held = [(0, Gesture::Single), (20_000, Gesture::Hold), (20_300, Gesture::Single)];
    let mut house = House::with(two_steps());
    assert_eq!(play(&mut house, &held), (EventOutcome::Debounced, Phase::Cancelled));
    assert_eq!((house.epoch(), house.incident().count), (1, 1));
    house.pass(2);
    assert_eq!(house.gesture(Gesture::Single).outcome, EventOutcome::Counted, "the next press begins again");
    assert_eq!(house.epoch(), 2);
}

#[test]
fn the_release_click_of_any_gesture_counts_as_nothing() {
    let pressed_before = (-60_000, Gesture::Single);
    for (meaning, phase) in [
        ("acknowledge", Phase::Acknowledged),
        ("cancel", Phase::Cancelled),
        ("ignore", Phase::Open),
        ("press", Phase::Open),
    ] {
        for gesture in [Gesture::Double, Gesture::Triple, Gesture::Hold] {
            let mut house = House::with(two_steps());
            let meaning = serde_json::from_value(json!(meaning)).unwrap();
            let button = &mut house.button;
            (button.double, button.triple, button.hold) = (meaning, meaning, meaning);
            let played = play(&mut house, &[pressed_before, (0, gesture), (300, Gesture::Single)]);
            assert_eq!(played, (EventOutcome::Debounced, phase), "{meaning:?} {gesture:?}");
            // Nothing is current any more, and still it is the same button.
            let played = play(&mut house, &[(2_000, gesture), (2_300, Gesture::Single)]);
            assert_eq!(played, (EventOutcome::Debounced, phase), "{meaning:?} {gesture:?} again");
        }
    }
}

#[test]
fn a_long_press_right_after_a_press_by_mistake_cancels() {
    let mut house = House::with(two_steps());
    let played = play(&mut house, &[(0, Gesture::Single), (300, Gesture::Hold)]);
    assert_eq!(played, (EventOutcome::Done, Phase::Cancelled));
}

#[test]
fn a_long_press_that_means_press_is_no_bounce_of_the_click_before_it() {
    for single in [Meaning::Ignore, Meaning::Acknowledge, Meaning::Cancel] {
        let mut house = House::with(two_steps());
        house.button.single = single;
        house.button.hold = Meaning::Press;
        let played =
            play(&mut house, &[(0, Gesture::Hold), (60_000, Gesture::Single), (60_800, Gesture::Hold)]);
        assert_eq!(played, (EventOutcome::Counted, Phase::Open), "{single:?}");
    }
}

#[test]
fn a_press_now_is_no_bounce_of_an_old_one_that_came_with_it() {
    for age in [30, 7200] {
        for gesture in [Gesture::Single, Gesture::Hold] {
            let mut house = House::with(two_steps());
            house.press();
            house.pass(60);
            let queued =
                Press { gesture, at: Some(house.now - SignedDuration::from_secs(age)), ..Press::default() };
            house.apply(&Event::Press(queued.clone()));
            assert_eq!(house.gesture(Gesture::Single).outcome, EventOutcome::Counted, "{age} s, {gesture:?}");
            assert_eq!(house.incident().phase, Phase::Open);
            let again = Press { gesture: Gesture::Single, ..queued };
            assert_ne!(
                house.apply(&Event::Press(again)).outcome,
                EventOutcome::Debounced,
                "nor the other way round"
            );
        }
    }
}

#[test]
fn a_press_with_an_id_is_no_bounce_and_hides_none() {
    let mut house = House::with(two_steps());
    play(&mut house, &[(0, Gesture::Single), (20_000, Gesture::Hold)]);
    assert_eq!(house.press().outcome, EventOutcome::Counted);
    assert_eq!(house.gesture(Gesture::Single).outcome, EventOutcome::Debounced);
}

#[test]
fn a_clock_that_goes_back_causes_no_bounces() {
    let mut house = House::with(two_steps());
    house.button.debounce.0 = SignedDuration::ZERO;
    house.gesture(Gesture::Single);
    house.now -= SignedDuration::from_millis(3);
    assert_eq!(house.gesture(Gesture::Single).count, 2);
}

#[test]
fn after_an_automatic_step_a_press_takes_the_next_one() {
    let mut plan = two_steps();
    plan["steps"][1]["after"] = json!("5m");
    add_step(&mut plan, json!({ "call": [{ "to": ["+352691496402"], "say": "Please check Webex." }] }));
    let mut house = House::with(plan);
    house.press();
    assert_eq!(house.incident().wake_at, Some(house.now + SignedDuration::from_mins(5)));
    house.pass(299);
    assert_eq!(house.apply(&Event::Wake).next, None, "never early");
    house.pass(1);
    let escalated = house.apply(&Event::Wake);
    assert_eq!((house.incident().step, escalated.count), (2, 1));
    assert_eq!(
        house.posts(&escalated),
        ["Nobody has acknowledged since 08:00. The next step is taken.", "Still needed"]
    );
    assert_eq!((house.press().count, house.incident().step), (2, 3));
}

#[test]
fn a_later_post_waits_for_the_last_one_that_posts() {
    let mut plan = two_steps();
    plan["steps"][1] = json!({ "sms": [{ "to": ["+352691496401"], "text": "Check Webex" }] });
    add_step(&mut plan, json!({ "post": { "markdown": "Third" } }));
    let mut house = House::with(plan);
    house.press();
    house.press();
    let third = house.press();
    assert_eq!(third.dispatches[0].key.number, 3);
    assert_eq!(
        third.dispatches[0].previous_post,
        Some(1),
        "the second step posts nothing, so waiting for it would be no order"
    );
}

#[test]
fn two_requests_for_the_next_step_take_it_once() {
    let mut house = House::with(two_steps());
    house.press();
    let next = says("+352691496401 (by phone)", 1, Command::Escalate { step: Some(1) });
    let escalated = house.apply(&next);
    assert_eq!((escalated.outcome, house.incident().step, escalated.count), (EventOutcome::Done, 2, 1));
    assert_eq!(house.posts(&escalated)[0], "+352691496401 \\(by phone\\) asked for the next step.");
    assert_eq!(house.apply(&next).outcome, EventOutcome::Nothing);
    let past = says("somebody", 1, Command::Escalate { step: Some(2) });
    assert_eq!(house.apply(&past).outcome, EventOutcome::Nothing, "there is no third");
}

#[test]
fn an_incident_that_its_own_plan_ends_does_not_continue_under_the_current_plan() {
    let mut house = House::with(two_steps());
    house.press();
    house.pass(7 * 3600);
    // Meanwhile the plan was changed: under the current plan, the incident would not be over yet.
    house.plan.reset_after.0 = SignedDuration::from_hours(12);
    house.plan_hash = "another hash";
    assert_eq!((house.press().count, house.epoch()), (1, 2));
    assert_eq!(house.incident().plan_hash, "another hash");
}

#[test]
fn a_press_with_nothing_to_repeat_is_counted_and_posted() {
    let mut house = House::with(json!({ "space": { "title": "Empty" }, "repeat": "last", "steps": [] }));
    assert_eq!(house.press().count, 1);
}

#[test]
fn a_press_during_a_snooze_ends_it() {
    let mut house = House::with(two_steps());
    house.press();
    let until = house.now + SignedDuration::from_mins(30);
    house.apply(&says("Dana", 1, Command::Snooze { until }));
    house.pass(60);
    house.press();
    assert_eq!((house.incident().phase, house.incident().step), (Phase::Open, 2));
    house.pass(1740);
    assert!(
        house.apply(&Event::Wake).dispatches.is_empty(),
        "nothing is over then, since nothing was asleep"
    );
}

#[test]
fn a_button_that_needs_two_needs_them_again_when_it_is_pressed_again() {
    let mut plan = two_steps();
    plan["need"] = json!(2);
    let mut house = House::with(plan);
    house.press();
    house.acknowledge("Dana");
    assert_eq!(house.incident().phase, Phase::Open);
    house.acknowledge("Robin");
    assert_eq!(house.incident().phase, Phase::Acknowledged);
    house.press();
    assert!(house.incident().responses.acks.is_empty());
    house.acknowledge("Dana");
    assert_eq!(house.incident().phase, Phase::Open);
    house.acknowledge("Robin");
    assert_eq!(house.incident().phase, Phase::Acknowledged);
}
