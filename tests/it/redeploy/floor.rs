//! Sites and zones.

use handbell_core::incident::{Incident, Phase, Subject};
use handbell_sim::trouble::TroubleKind;

use super::one_with;
use crate::occupancy::FLOOR;
use crate::world::World;

const ADMINS: &str = "admins: { webex: [carol@example.com] }\nsites:\n";

fn floor() -> String {
    FLOOR.replace("sites:\n", ADMINS)
}

fn renamed_site(was: &str) -> String {
    let floor = floor().replace("  store: { cmx", &format!("  shop: {{ {was}cmx"));
    floor.replace("site: store", "site: shop")
}

fn renamed_zone(was: &str) -> String {
    floor().replace("  shoes: { site", &format!("  boots: {{ {was}site"))
}

/// The floor without this zone, and without the site if no zone is left.
fn without(zones: &[&str]) -> String {
    let floor = floor();
    let gone = |line: &&str| !zones.iter().any(|zone| line.starts_with(&format!("  {zone}: {{ ")));
    floor.lines().filter(gone).map(|line| format!("{line}\n")).collect()
}

impl World {
    async fn full_floor() -> Self {
        let world = Self::with(&floor()).await;
        world.devices("shoes", 97).await;
        world.minutes(3).await;
        assert_eq!(world.cards("Floor team").len(), 1);
        world.read_all();
        world
    }

    async fn silence(&self, site: &str) -> Option<Incident> {
        let subject = Subject::silent_site(site, "floor");
        self.runner.store.incidents().incident(&subject).await.unwrap()
    }
}

/// The input C1: the site is renamed while its zone's incident is open.
#[tokio::test]
async fn a_site_that_is_renamed_while_a_zone_is_full_swallows_no_crowd() {
    for was in ["was: store, ", ""] {
        let world = World::full_floor().await;
        world.redeploy(&renamed_site(was));
        world.minutes(5).await;
        assert!(world.unread_posts().is_empty(), "{was:?}: it is the same crowd");
        assert_eq!(world.zone_incident("shoes").await.unwrap().phase, Phase::Open);

        world.devices("shoes", 20).await;
        world.minutes(4).await;
        one_with(&world.unread_posts(), &["✅ **Floor 2 / Shoes** is calm again: 20 of 100."]);
        world.minutes(61).await;
        world.devices("shoes", 98).await;
        world.minutes(3).await;
        let posts = world.unread_posts();
        one_with(&posts, &["🔴 **Floor 2 / Shoes** is **FULL**"]);
        assert_eq!(world.zone_incident("shoes").await.unwrap().epoch, 2, "{was:?}");
        world.read_all();
    }
}

#[tokio::test]
async fn a_site_that_is_renamed_while_it_is_calm_tells_of_the_next_crowd() {
    for was in ["was: store, ", ""] {
        let world = World::with(&floor()).await;
        world.minutes(3).await;
        world.redeploy(&renamed_site(was));
        world.minutes(3).await;
        assert!(world.unread_posts().is_empty());
        world.devices("shoes", 98).await;
        world.minutes(3).await;
        one_with(&world.unread_posts(), &["🔴 **Floor 2 / Shoes** is **FULL**"]);
        world.read_all();
    }
}

/// The old site's row still says that the zone is full.
#[tokio::test]
async fn a_site_that_is_renamed_back_swallows_no_crowd() {
    for was in ["was: store, ", ""] {
        let world = World::full_floor().await;
        world.redeploy(&renamed_site(was));
        world.minutes(2).await;
        world.devices("shoes", 20).await;
        world.minutes(4).await;
        one_with(&world.unread_posts(), &["is calm again"]);
        world.minutes(61).await;
        world.redeploy(&floor());
        world.devices("shoes", 98).await;
        world.minutes(3).await;
        one_with(&world.unread_posts(), &["🔴 **Floor 2 / Shoes** is **FULL**"]);
        world.read_all();
    }
}

/// What people closed as a false alarm stays closed, though polls were missed.
#[tokio::test]
async fn a_false_alarm_stays_one_over_a_gap_in_the_polls() {
    let world = World::full_floor().await;
    let card = world.cards("Floor team").remove(0);
    world.choose("alice@example.com", &card, "Not busy").await;
    world.settle().await;
    world.read_all();
    world.advance(600).await;
    world.minutes(5).await;
    assert!(world.unread_posts().is_empty());
}

#[tokio::test]
async fn a_zone_that_moves_to_another_site_keeps_its_incident() {
    let world = World::full_floor().await;
    let two = floor().replace("  store: { cmx", "  annexe: { cmx: { url: \"https://cmx.example.com\", user: handbell, password: { secret: cmx } } }\n  store: { cmx");
    world.redeploy(&two.replace("shoes: { site: store", "shoes: { site: annexe"));
    world.minutes(5).await;
    assert!(world.unread_posts().is_empty(), "nothing has happened to it");
    world.devices("shoes", 20).await;
    world.minutes(4).await;
    one_with(&world.unread_posts(), &["✅ **Floor 2 / Shoes** is calm again: 20 of 100."]);
    world.read_all();
}

#[tokio::test]
async fn a_renamed_zone_keeps_its_incident_and_its_card() {
    let world = World::full_floor().await;
    let card = world.cards("Floor team").remove(0);
    world.redeploy(&renamed_zone("was: shoes, "));
    world.choose("alice@example.com", &card, "On my way").await;
    world.minutes(3).await;
    one_with(&world.unread_posts(), &["✅ **Alice** is on the way since"]);
    world.redeploy(&floor());
    world.minutes(3).await;
    assert!(world.unread_posts().is_empty(), "renamed back, it is the same");
    world.devices("shoes", 20).await;
    world.minutes(4).await;
    one_with(&world.unread_posts(), &["✅ **Floor 2 / Shoes** is calm again: 20 of 100."]);
    world.read_all();
}

#[tokio::test]
async fn a_zone_that_is_renamed_without_a_word_is_told_of_and_begins_anew() {
    let world = World::full_floor().await;
    world.redeploy(&renamed_zone(""));
    world.minutes(4).await;
    let posts = world.unread_posts();
    let gone = "**Floor 2 / Shoes** isn't watched any more: it is gone from the configuration. If the zone was renamed, write `was: shoes` in its new entry.";
    one_with(&posts, &[gone]);
    one_with(&posts, &["Floor 2 / Shoes \\(H-", "write was: shoes in its new entry"]);
    one_with(&posts, &["🔴 **Floor 2 / Shoes** is **FULL**"]);
    world.read_all();
}

/// The input C4: the zone is removed, alone or together with its site.
#[tokio::test]
async fn a_zone_that_is_removed_while_it_is_full_gets_a_last_word() {
    for zones in [&["shoes"][..], &["shoes", "hats", "store"]] {
        let world = World::full_floor().await;
        world.redeploy(&without(zones));
        world.minutes(3).await;
        let posts = world.unread_posts();
        let gone = "**Floor 2 / Shoes** isn't watched any more: it is gone from the configuration.";
        one_with(&posts, &[gone, "`was: shoes`"]);
        one_with(&posts, &["Floor 2 / Shoes \\(H-", "isn't watched any more"]);
        assert_eq!(posts.len(), 2, "in its space and to the admin, once: {posts:#?}");
        assert!(world.zone_incident("shoes").await.unwrap().phase.is_final());
        world.minutes(30).await;
        assert!(world.unread_posts().is_empty(), "it is said once");
        world.read_all();
    }
}

#[tokio::test]
async fn a_site_whose_counts_are_unknown_is_renamed() {
    for (was, phase) in [("was: store, ", Phase::Resolved), ("", Phase::Lapsed)] {
        let world = World::with(&floor()).await;
        world.minutes(2).await;
        world.trouble("cmx", TroubleKind::Html, None);
        world.minutes(20).await;
        one_with(&world.unread_posts(), &["❓ No count from **store** since"]);
        world.redeploy(&renamed_site(was));
        world.minutes(2).await;
        world.no_trouble();
        world.minutes(3).await;
        let posts = world.unread_posts();
        match phase {
            Phase::Resolved => one_with(&posts, &["Counts from **shop** are back since"]),
            _ => {
                one_with(&posts, &["The counts of **store** aren't awaited any more", "`was: store`"]);
            }
        }
        assert_eq!(world.silence("store").await.unwrap().phase, phase);
        world.read_all();
    }
}
