//! The lease on a dispatch: one worker at a time, no receipt is lost, and a worker that was too slow is notified.

use handbell_core::delivery::{DeliveryId, Dispatch, LEASE, LEASE_MARGIN, Outcome, Progress, Receipt};
use handbell_local::cloud::table::TableFault;
use handbell_store::table::DueRow;
use handbell_store::{Claimed, Released};
use jiff::{SignedDuration, Timestamp};

use crate::World;
use crate::rows::{TEXT, dispatch, now, opened};

fn after(seconds: i64) -> Timestamp {
    now() + SignedDuration::from_secs(seconds)
}

fn delivered(rank: u8) -> Receipt {
    Receipt { rank, status: "delivered".into(), code: None, id: "SM1".into(), why: None, last: true }
}

impl World {
    /// A world with a dispatch that is due now, as an incident's first step creates it.
    async fn with_dispatch() -> Self {
        let world = Self::new().await;
        world.store.incidents().commit(opened(&[dispatch(1)]), now()).await.unwrap();
        world
    }

    async fn claims(&self, owner: &str, at: Timestamp) -> Claimed {
        self.store.leases().claim(&dispatch(1).key, owner, at).await.unwrap()
    }

    /// Claims a dispatch that must be available.
    async fn claimed(&self, owner: &str, at: Timestamp) -> (Dispatch, Option<i64>) {
        match self.claims(owner, at).await {
            Claimed::Ours { dispatch, died_at_ms } => (*dispatch, died_at_ms),
            Claimed::NotOurs => panic!("{owner} doesn't get it"),
        }
    }

    async fn stands(&self) -> Dispatch {
        self.store.dispatches().dispatch(&dispatch(1).key).await.unwrap().unwrap()
    }

    async fn reported(&self, receipt: &Receipt, due: Timestamp) -> bool {
        self.store.receipts().record_receipt(&dispatch(1).key, TEXT, receipt, due).await.unwrap()
    }
}

fn sent(mut dispatch: Dispatch) -> Dispatch {
    dispatch.record(TEXT, Outcome::Sent("SM1".to_owned()), now());
    dispatch
}

#[tokio::test]
async fn a_claim_takes_a_due_dispatch_and_stores_owner_and_end_of_the_lease() {
    let world = World::with_dispatch().await;
    assert!(matches!(world.claims("early", now() - SignedDuration::from_millis(1)).await, Claimed::NotOurs));
    let (claimed, died) = world.claimed("a", now()).await;
    assert_eq!(died, None);
    let stands = world.stands().await;
    assert_eq!(claimed, stands, "the worker has what stands in the table");
    assert_eq!((stands.lease.owner(), stands.lease.claims(), stands.lease.settled()), (Some("a"), 1, 0));
    assert_eq!(stands.lease.claimed_ms(), now().as_millisecond());
    assert_eq!(stands.lease.until_ms(), (now() + LEASE).as_millisecond());
    let nowhere = world.store.leases().claim(&dispatch(2).key, "a", now()).await.unwrap();
    assert!(matches!(nowhere, Claimed::NotOurs), "and a row that isn't there doesn't come into being");
    assert_eq!(world.store.dispatches().dispatch(&dispatch(2).key).await.unwrap(), None);
}

#[tokio::test]
async fn of_concurrent_claims_exactly_one_succeeds() {
    let world = World::with_dispatch().await;
    let owners = ["a", "b", "c", "d", "e", "f"];
    let claims = owners.map(|owner| {
        let store = world.store.clone();
        tokio::spawn(async move { store.leases().claim(&dispatch(1).key, owner, now()).await.unwrap() })
    });
    let mut ours = 0;
    for claim in claims {
        ours += usize::from(matches!(claim.await.unwrap(), Claimed::Ours { .. }));
    }
    assert_eq!(ours, 1);
    assert_eq!(world.stands().await.lease.claims(), 1);
}

/// The clocks of two machines differ: the lease and the margin must both have passed.
#[tokio::test]
async fn another_worker_claims_only_after_the_lease_and_the_margin() {
    let world = World::with_dispatch().await;
    world.claimed("a", now()).await;
    let over = now() + LEASE + LEASE_MARGIN;
    for at in [now(), now() + LEASE, now() + LEASE + SignedDuration::from_millis(1), over] {
        assert!(matches!(world.claims("b", at).await, Claimed::NotOurs), "{at}");
    }
    let (taken, died) = world.claimed("b", over + SignedDuration::from_millis(1)).await;
    assert_eq!(died, Some(now().as_millisecond()), "b knows that a died, and since when");
    assert_eq!((taken.lease.claims(), taken.lease.settled()), (2, 0));
}

#[tokio::test]
async fn a_claim_whose_response_was_lost_holds_and_reports_no_death() {
    let world = World::with_dispatch().await;
    world.table.fail_next(TableFault::AppliedButError, Some("UpdateItem"));
    let (claimed, died) = world.claimed("a", now()).await;
    assert_eq!((died, claimed.lease.claims()), (None, 1), "one claim, however often it was asked for");
    assert_eq!(world.store.leases().release(&sent(claimed), "a", now()).await.unwrap(), Released::Done);
}

#[tokio::test]
async fn a_claim_whose_response_was_lost_still_reports_an_earlier_death() {
    let world = World::with_dispatch().await;
    world.claimed("a", now()).await;
    world.table.fail_next(TableFault::AppliedButError, Some("UpdateItem"));
    let (claimed, died) = world.claimed("b", after(60)).await;
    assert_eq!(claimed.lease.claims(), 2);
    // The time of the claim of `a` is gone, so all deliveries due by now count as possibly sent.
    assert_eq!(died, Some(after(60).as_millisecond()));
}

#[tokio::test]
async fn only_the_owner_renews_a_lease() {
    let world = World::with_dispatch().await;
    world.claimed("a", now()).await;
    let key = dispatch(1).key;
    assert!(!world.store.leases().renew(&key, "b", after(900), after(1)).await.unwrap());
    assert_eq!(
        world.stands().await.lease.until_ms(),
        (now() + LEASE).as_millisecond(),
        "and b changed nothing"
    );
    assert!(world.store.leases().renew(&key, "a", after(300), after(1)).await.unwrap());
    assert!(matches!(world.claims("b", after(300) + LEASE_MARGIN).await, Claimed::NotOurs));
    world.claimed("b", after(301) + LEASE_MARGIN).await;
    assert!(!world.store.leases().renew(&key, "a", after(900), after(1)).await.unwrap(), "a has lost it");
}

#[tokio::test]
async fn a_release_stores_the_outcomes_and_the_next_due_time() {
    let world = World::with_dispatch().await;
    let (mut claimed, _) = world.claimed("a", now()).await;
    let later = Outcome::NotSent { pause: Some(SignedDuration::from_secs(60)), why: "busy".to_owned() };
    claimed.record(TEXT, later, now());
    assert_eq!(world.store.leases().release(&claimed, "a", now()).await.unwrap(), Released::Done);
    let stands = world.stands().await;
    assert_eq!((stands.lease.owner(), stands.lease.until_ms(), stands.lease.settled()), (None, 0, 1));
    assert_eq!(stands.deliveries[&TEXT].tries, 1);
    assert!(matches!(world.claims("b", after(59)).await, Claimed::NotOurs), "not before it is due");
    let (again, died) = world.claimed("b", after(60)).await;
    assert_eq!(died, None, "a has let go in order");
    assert_eq!(world.store.leases().release(&sent(again), "b", after(60)).await.unwrap(), Released::Done);
    assert!(matches!(world.claims("c", after(9000)).await, Claimed::NotOurs), "all is done");
    assert!(
        world.due(after(9000)).await.iter().all(|row| matches!(row, DueRow::State(_))),
        "the index forgets it"
    );
}

#[tokio::test]
async fn a_release_yields_to_a_concurrent_receipt() {
    let world = World::with_dispatch().await;
    let (claimed, _) = world.claimed("a", now()).await;
    assert!(world.reported(&delivered(3), after(2)).await);
    let mut done = sent(claimed);
    assert_eq!(world.store.leases().release(&done, "a", now()).await.unwrap(), Released::Changed);
    let stands = world.stands().await;
    assert_eq!(stands.lease.owner(), Some("a"), "nothing was written, and the lease is still a's");
    assert_eq!(stands.deliveries[&TEXT].progress, Progress::Pending);
    done.lease.take_revision(&stands.lease);
    assert_eq!(world.store.leases().release(&done, "a", now()).await.unwrap(), Released::Done);
    let stands = world.stands().await;
    assert_eq!(stands.receipts[&TEXT], delivered(3));
    assert_eq!(stands.deliveries[&TEXT].progress, Progress::Sent);
}

#[tokio::test]
async fn a_release_after_a_takeover_writes_nothing() {
    let world = World::with_dispatch().await;
    let (slow, _) = world.claimed("a", now()).await;
    let (quick, _) = world.claimed("b", after(60)).await;
    assert_eq!(
        world.store.leases().release(&sent(slow.clone()), "a", after(61)).await.unwrap(),
        Released::Lost
    );
    assert_eq!(world.stands().await, quick, "b's claim stands as it was");
    assert_eq!(world.store.leases().release(&sent(quick), "b", after(62)).await.unwrap(), Released::Done);
    let stands = world.stands().await;
    assert_eq!(world.store.leases().release(&slow, "a", after(63)).await.unwrap(), Released::Lost);
    assert_eq!(world.stands().await, stands, "nor is what b did undone");
}

#[tokio::test]
async fn a_release_whose_response_was_lost_is_done() {
    let world = World::with_dispatch().await;
    let (claimed, _) = world.claimed("a", now()).await;
    world.table.fail_next(TableFault::AppliedButError, Some("UpdateItem"));
    assert_eq!(world.store.leases().release(&sent(claimed), "a", now()).await.unwrap(), Released::Done);
    assert_eq!(world.stands().await.deliveries[&TEXT].progress, Progress::Sent);
}

#[tokio::test]
async fn a_receipt_is_stored_only_with_a_higher_rank_and_for_an_existing_delivery() {
    let world = World::with_dispatch().await;
    assert!(world.reported(&delivered(2), after(2)).await);
    for rank in [1, 2] {
        assert!(!world.reported(&delivered(rank), after(2)).await, "{rank}: it comes late, or twice");
    }
    assert!(world.reported(&delivered(3), after(2)).await);
    let unknown = world
        .store
        .receipts()
        .record_receipt(&dispatch(1).key, DeliveryId::Numbered(9), &delivered(4), after(2))
        .await;
    assert!(!unknown.unwrap());
    let stands = world.stands().await;
    assert_eq!(stands.receipts.len(), 1);
    assert_eq!((stands.receipts[&TEXT].rank, stands.lease.revision()), (3, 2));
    assert!(
        !world
            .store
            .receipts()
            .record_receipt(&dispatch(2).key, TEXT, &delivered(4), after(2))
            .await
            .unwrap()
    );
    assert_eq!(
        world.store.dispatches().dispatch(&dispatch(2).key).await.unwrap(),
        None,
        "no row comes into being"
    );
}

#[tokio::test]
async fn a_receipt_makes_an_idle_row_due_and_delays_no_other() {
    let world = World::with_dispatch().await;
    world.reported(&delivered(1), after(500)).await;
    let (claimed, _) = world.claimed("a", now()).await;
    let done = sent(claimed);
    assert_eq!(world.store.leases().release(&done, "a", now()).await.unwrap(), Released::Done);
    assert!(matches!(world.claims("b", after(9000)).await, Claimed::NotOurs), "it sleeps");
    assert!(world.reported(&delivered(3), after(20)).await);
    assert!(matches!(world.claims("b", after(19)).await, Claimed::NotOurs));
    world.claimed("b", after(20)).await;
}

#[tokio::test]
async fn a_due_time_moves_forward_and_never_back() {
    let world = World::with_dispatch().await;
    let key = dispatch(1).key;
    let (mut claimed, _) = world.claimed("a", now()).await;
    let later = Outcome::NotSent { pause: Some(SignedDuration::from_secs(60)), why: "busy".to_owned() };
    claimed.record(TEXT, later, now());
    assert_eq!(world.store.leases().release(&claimed, "a", now()).await.unwrap(), Released::Done);
    world.store.receipts().expedite(&key, after(90)).await.unwrap();
    assert!(matches!(world.claims("b", after(59)).await, Claimed::NotOurs));
    world.store.receipts().expedite(&key, after(30)).await.unwrap();
    assert!(matches!(world.claims("b", after(29)).await, Claimed::NotOurs));
    let (again, _) = world.claimed("b", after(60)).await;
    assert_eq!(world.store.leases().release(&sent(again), "b", after(60)).await.unwrap(), Released::Done);
    world.store.receipts().expedite(&key, after(61)).await.unwrap();
    assert!(matches!(world.claims("c", after(9000)).await, Claimed::NotOurs), "what is done sleeps on");
}

#[tokio::test]
async fn an_abandoned_claim_leaves_the_dispatch_as_it_was() {
    let world = World::with_dispatch().await;
    let (_, died) = world.claimed("a", now()).await;
    world.store.leases().abandon(&dispatch(1).key, "another", died).await.unwrap();
    assert!(matches!(world.claims("b", after(1)).await, Claimed::NotOurs), "only the owner abandons");
    world.store.leases().abandon(&dispatch(1).key, "a", died).await.unwrap();
    world.store.leases().abandon(&dispatch(1).key, "a", died).await.unwrap();
    let (_, died) = world.claimed("b", after(1)).await;
    assert_eq!(died, None, "nobody died");
}

#[tokio::test]
async fn an_abandoned_claim_still_reports_an_earlier_death() {
    let world = World::with_dispatch().await;
    world.claimed("dies", now()).await;
    let later = now() + LEASE + LEASE_MARGIN + SignedDuration::from_secs(1);
    let (_, died) = world.claimed("a", later).await;
    assert_eq!(died, Some(now().as_millisecond()));
    world.store.leases().abandon(&dispatch(1).key, "a", died).await.unwrap();
    assert_eq!(world.claimed("b", later).await.1, died);
}
