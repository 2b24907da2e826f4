//! Which incidents a phone was notified of.

use handbell_core::incident::Subject;
use handbell_store::EpochKey;
use jiff::SignedDuration;

use crate::{World, at};

fn named(button: &str, epoch: u64) -> EpochKey {
    EpochKey { subject: Subject::button(button), epoch }
}

#[tokio::test]
async fn a_phone_finds_its_incidents_newest_first() {
    let World { store, .. } = World::new().await;
    let (dana, eli) = ("+12025550111".to_owned(), "+12025550112".to_owned());
    let now = at("2026-11-21T02:00:00Z");
    assert_eq!(store.paged().paged(&dana).await.unwrap(), []);
    let first = [(dana.clone(), named("green", 1)), (eli.clone(), named("green", 1))];
    store.paged_notes().record_paged(&first, now).await.unwrap();
    let again = [(dana.clone(), named("blue#1", 7)), (dana.clone(), named("blue#1", 7))];
    store.paged_notes().record_paged(&again, now + SignedDuration::from_secs(1)).await.unwrap();
    store.paged_notes().record_paged(&[], now).await.unwrap();
    assert_eq!(
        store.paged().paged(&dana).await.unwrap(),
        [named("blue#1", 7), named("green", 1)],
        "the newest first"
    );
    assert_eq!(store.paged().paged(&eli).await.unwrap(), [named("green", 1)]);
    // The second notification makes this incident the newest.
    store.paged_notes().record_paged(&first, now + SignedDuration::from_secs(2)).await.unwrap();
    assert_eq!(store.paged().paged(&dana).await.unwrap(), [named("green", 1), named("blue#1", 7)]);
}

#[tokio::test]
async fn more_rows_than_one_batch_holds_are_written() {
    let World { store, .. } = World::new().await;
    let told: Vec<_> = (0..60).map(|epoch| ("+12025550111".to_owned(), named("green", epoch))).collect();
    store.paged_notes().record_paged(&told, at("2026-11-21T02:00:00Z")).await.unwrap();
    assert_eq!(store.paged().paged("+12025550111").await.unwrap().len(), 60);
}
