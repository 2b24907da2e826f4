//! A commit writes all the changes that follow from an event, or none.

use futures_util::future::join_all;
use handbell_core::incident::{Incident, Phase};
use handbell_local::cloud::table::TableFault;
use handbell_store::NotCommitted;
use handbell_store::table::DueRow;
use jiff::SignedDuration;

use crate::World;
use crate::rows::{change, dispatch, handled, incident, now, opened, subject};

impl World {
    /// Returns the incident's version, whether this event is known, and whether the second dispatch exists.
    async fn known(&self, event: &str) -> (Option<u64>, bool, bool) {
        let loaded = self.store.incidents().load(&subject(), Some(event), None, now()).await.unwrap();
        let second = self.store.dispatches().dispatch(&dispatch(2).key).await.unwrap();
        (loaded.incident.map(|incident| incident.version), loaded.handled.is_some(), second.is_some())
    }
}

#[tokio::test]
async fn a_commit_writes_state_event_and_deliveries_and_the_index_finds_them_when_due() {
    let world = World::new().await;
    world.store.incidents().commit(opened(&[dispatch(1)]), now()).await.unwrap();
    let loaded =
        world.store.incidents().load(&subject(), Some("press-1"), Some("hash"), now()).await.unwrap();
    assert_eq!((loaded.incident, loaded.handled), (Some(incident(1)), Some(handled(1))));
    assert!(!loaded.plan_known);
    assert_eq!(world.store.dispatches().dispatch(&dispatch(1).key).await.unwrap(), Some(dispatch(1)));
    let named = world.store.incidents().named(&incident(1).reference()).await.unwrap().expect("a short name");
    assert_eq!((named.subject, named.epoch), (subject(), 1));
    assert_eq!(world.due(now()).await, [DueRow::Dispatch(dispatch(1).key)], "the deliveries at once");
    let later = now() + SignedDuration::from_hours(1);
    assert!(world.due(later).await.contains(&DueRow::State(subject())), "the incident when it wakes");
}

#[tokio::test]
async fn a_commit_with_an_outdated_version_writes_nothing() {
    let world = World::new().await;
    world.store.incidents().commit(opened(&[dispatch(1)]), now()).await.unwrap();
    let (second, late) = (incident(2), incident(2));
    world.store.incidents().commit(change(Some(1), &second, "press-2", &[]), now()).await.unwrap();
    let dispatches = [dispatch(2)];
    for before in [None, Some(1)] {
        let refused =
            world.store.incidents().commit(change(before, &late, "press-3", &dispatches), now()).await;
        assert!(matches!(refused, Err(NotCommitted::Conflict)), "{before:?}");
        assert_eq!(world.known("press-3").await, (Some(2), false, false));
    }
}

#[tokio::test]
async fn a_handled_event_is_not_handled_again() {
    let world = World::new().await;
    world.store.incidents().commit(opened(&[dispatch(1)]), now()).await.unwrap();
    let (second, dispatches) = (incident(2), [dispatch(2)]);
    let again = world.store.incidents().commit(change(Some(1), &second, "press-1", &dispatches), now()).await;
    assert!(matches!(again, Err(NotCommitted::Conflict)));
    assert_eq!(world.known("press-1").await, (Some(1), true, false), "nothing of it is written");
    // An expired row counts as deleted, whether or not DynamoDB has deleted it yet.
    let over = now() + SignedDuration::from_hours(24) + SignedDuration::from_secs(1);
    assert!(
        world
            .store
            .incidents()
            .load(&subject(), Some("press-1"), None, over)
            .await
            .unwrap()
            .handled
            .is_none()
    );
    world.store.incidents().commit(change(Some(1), &second, "press-1", &dispatches), over).await.unwrap();
}

#[tokio::test]
async fn a_dispatch_is_never_overwritten() {
    let world = World::new().await;
    world.store.incidents().commit(opened(&[dispatch(1)]), now()).await.unwrap();
    let mut other = dispatch(1);
    other.in_incident(|of| of.count = 99);
    let second = incident(2);
    let refused = world.store.incidents().commit(change(Some(1), &second, "press-2", &[other]), now()).await;
    assert!(matches!(refused, Err(NotCommitted::Conflict)));
    assert_eq!(world.known("press-2").await, (Some(1), false, false));
    assert_eq!(world.store.dispatches().dispatch(&dispatch(1).key).await.unwrap(), Some(dispatch(1)));
}

#[tokio::test]
async fn of_concurrent_commits_exactly_one_wins() {
    let world = World::new().await;
    let first = incident(1);
    let events = ["a", "b", "c", "d", "e"];
    let incidents = world.store.incidents();
    let commits = events.map(|event| incidents.commit(change(None, &first, event, &[]), now()));
    let mut won = Vec::new();
    for (event, commit) in events.iter().zip(join_all(commits).await) {
        match commit {
            Ok(()) => won.push(*event),
            refused => assert!(matches!(refused, Err(NotCommitted::Conflict))),
        }
    }
    assert_eq!(won.len(), 1);
    for event in events {
        assert_eq!(world.known(event).await.1, won == [event], "{event}");
    }
}

#[tokio::test]
async fn a_failure_of_the_table_is_distinct_from_a_conflict() {
    let world = World::new().await;
    world.table.fail_next(TableFault::Conflict, Some("TransactWriteItems"));
    let refused = world.store.incidents().commit(opened(&[dispatch(1)]), now()).await;
    assert!(matches!(refused, Err(NotCommitted::Conflict)), "another transaction on the same rows");
    for _ in 0..3 {
        world.table.fail_next(TableFault::NotApplied, Some("TransactWriteItems"));
    }
    let refused = world.store.incidents().commit(opened(&[dispatch(1)]), now()).await;
    assert!(matches!(refused, Err(NotCommitted::Fault(_))), "{refused:?}");
    assert_eq!(world.known("press-1").await, (None, false, false));
}

#[tokio::test]
async fn a_finished_incident_leaves_the_due_index_and_enters_the_log() {
    let world = World::new().await;
    world.store.incidents().commit(opened(&[]), now()).await.unwrap();
    let over = Incident { phase: Phase::Resolved, wake_at: None, ..incident(2) };
    world.store.incidents().commit(change(Some(1), &over, "press-2", &[]), now()).await.unwrap();
    assert!(world.due(now() + SignedDuration::from_hours(1000)).await.is_empty());
    let hour = SignedDuration::from_hours(1);
    let log = world.store.log().log(now() - hour, now() + hour).await.unwrap();
    assert_eq!(log.iter().map(|row| row.reference.as_str()).collect::<Vec<_>>(), [over.reference()]);
}

/// DynamoDB deletes expired rows late and in any order: of an incident, perhaps before its dispatches.
#[tokio::test]
async fn an_incident_opens_over_the_expired_dispatches_of_an_earlier_one() {
    let world = World::new().await;
    world.store.incidents().commit(opened(&[dispatch(1)]), now()).await.unwrap();
    let (second, dispatches) = (incident(2), [dispatch(1)]);
    let over = now() + SignedDuration::from_hours(24) + SignedDuration::from_secs(1);
    world.store.incidents().commit(change(Some(1), &second, "press-2", &dispatches), over).await.unwrap();
}

#[tokio::test]
async fn a_row_that_is_named_twice_is_read_once() {
    let world = World::new().await;
    world.store.incidents().commit(opened(&[]), now()).await.unwrap();
    let found = world.store.incidents().incidents(&[subject(), subject()]).await.unwrap();
    assert_eq!(found, [incident(1)]);
}

#[tokio::test]
async fn mails_whose_names_agree_for_four_hundred_characters_are_told_apart() {
    use handbell_store::MailRow;
    let world = World::new().await;
    let names = ["1", "2"].map(|end| format!("obj-{}{end}", "é".repeat(500)));
    let row = MailRow { whose: Vec::new() };
    world.store.mails().remember_mail(&names[..1], &row, now()).await.unwrap();
    assert_eq!(world.store.mails().known_mails(&names).await.unwrap(), [true, false]);
}
