//! What agents format, as a phone shows it.

use super::people::{LINE, TOMMY};
use crate::world::World;

#[tokio::test]
async fn a_links_address_reaches_the_phone() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("what do you sell?").await;
    tommy.new_texts();
    alice.says("See [our price list](https://example.com/prices)").await;
    tommy.reads(&["See our price list (https://example.com/prices)"]);
    alice.says("/reply See [our price list](https://example.com/prices)").await;
    tommy.reads(&["See our price list (https://example.com/prices)"]);
    alice.says("**Now** on [example.com](https://example.com/)").await;
    tommy.reads(&["Now on example.com"]);
    world.read_all();
}
