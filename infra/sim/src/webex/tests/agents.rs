//! Tests of agents' actions in their spaces: threads, edits, deletions, new titles and teams.

use reqwest::Method;
use serde_json::{Value, json};

use super::{ALICE, BOB, OURS, World, next, text};

#[tokio::test]
async fn people_answer_change_and_delete_what_they_wrote() {
    let world = World::new(false).await;
    let room = world.room(&["alice@example.com"]).await;
    let root = world.say(OURS, &room, "A customer asks").await;
    let reply = json!({"roomId": room, "parentId": root["id"], "markdown": "**Sure**, <@personEmail:alice@example.com> will"});
    assert_eq!(world.post(BOB, "/messages", reply.clone()).await.0, 404);
    let (status, reply) = world.post(ALICE, "/messages", reply).await;
    assert_eq!((status, &reply["parentId"]), (200, &root["id"]), "{reply}");
    let path = format!("/messages/{}", text(&reply["id"]));
    assert_eq!(world.put(BOB, &path, json!({"roomId": room, "text": "no"})).await.0, 404);
    assert_eq!(world.put(OURS, &path, json!({"roomId": room, "text": "no"})).await.0, 403);
    let shown = || world.webex.view()[0]["messages"][1].clone();
    assert_eq!((&shown()["updated"], &shown()["html"]), (&Value::Null, &reply["html"]));
    assert_eq!(shown()["mentioned"], json!(["alice@example.com"]));
    let better = json!({"roomId": room, "markdown": "We all will, <@all>"});
    let (status, edited) = world.put(ALICE, &path, better).await;
    assert_eq!((status, &edited["parentId"]), (200, &root["id"]));
    assert!(edited["updated"].is_string());
    let after = shown();
    assert_eq!((&after["text"], &after["parentId"]), (&json!("We all will, All"), &root["id"]));
    assert_eq!((&after["author"], &after["authorName"]), (&json!("alice@example.com"), &json!("Alice")));
    assert_eq!((&after["mentioned"], &after["markdown"]), (&json!(["all"]), &edited["markdown"]));
    assert!(after["updated"].is_string() && after["updated"] == after["edited"]);
    assert_eq!(world.delete(BOB, &path).await, 404);
    assert_eq!(world.delete(ALICE, &path).await, 204);
    assert_eq!(world.get(ALICE, &path).await.0, 404);
    assert_eq!(world.delete(ALICE, &path).await, 404);
    assert_eq!(world.webex.view()[0]["messages"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn the_files_of_people_are_for_their_room() {
    let world = World::new(true).await;
    let room = world.room(&["alice@example.com", "carol@example.com"]).await;
    let sent = world.show(ALICE, &room, "look").await;
    let url = text(&sent["files"][0]);
    let fetch = async |token: &str, method: Method| {
        world.stage.http.request(method, &url).bearer_auth(token).send().await.expect("an answer")
    };
    let carol = "person:carol@example.com";
    assert_eq!(fetch(carol, Method::GET).await.text().await.expect("a file"), "rust everywhere");
    let head = fetch(carol, Method::HEAD).await;
    assert_eq!(head.status(), 200);
    for (name, value) in [
        ("content-disposition", r#"attachment; filename="wheel.txt""#),
        ("content-length", "15"),
        ("content-type", "text/plain"),
    ] {
        assert_eq!(head.headers()[name], value);
    }
    assert_eq!(fetch(BOB, Method::GET).await.status(), 404);
    assert_eq!(fetch("nonsense", Method::GET).await.status(), 401);
    let bare = world.stage.http.get(&url).send().await.expect("an answer");
    assert_eq!(bare.status(), 401);
    assert_eq!(fetch(OURS, Method::GET).await.status(), 404, "a bot has no files of what doesn't mention it");
    let shown = &world.webex.view()[0]["messages"][0]["files"][0];
    assert_eq!((&shown["name"], &shown["type"]), (&json!("wheel.txt"), &json!("text/plain")));

    let called = world.show(ALICE, &room, "<@personEmail:handbell@webex.bot> look").await;
    let ours = world.stage.http.get(text(&called["files"][0])).bearer_auth(OURS).send().await;
    assert_eq!(ours.expect("an answer").status(), 200);
    assert_eq!(world.delete(ALICE, &format!("/messages/{}", text(&sent["id"]))).await, 204);
    assert_eq!(fetch(ALICE, Method::GET).await.status(), 404);
}

#[tokio::test]
async fn anybody_in_a_room_renames_it_and_all_hear_of_it() {
    let world = World::new(true).await;
    let room = world.room(&["alice@example.com"]).await;
    let mut heard = world.listen(OURS, "rooms").await;
    let path = format!("/rooms/{room}");
    assert_eq!(world.put(BOB, &path, json!({"title": "mine"})).await.0, 404);
    let (status, renamed) = world.put(ALICE, &path, json!({"title": "✓ Dana · wheel"})).await;
    assert_eq!((status, &renamed["title"]), (200, &json!("✓ Dana · wheel")));
    let (_, body) = next(&mut heard).await;
    assert_eq!((&body["event"], &body["data"]["id"]), (&json!("updated"), &json!(room)));
    assert!(body["data"].get("title").is_none());
    let (_, alice) = world.get(ALICE, "/people/me").await;
    assert_eq!(body["actorId"], alice["id"]);
    assert_eq!(world.webex.view()[0]["title"], "✓ Dana · wheel");
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn a_bot_hears_who_comes_and_goes() {
    let world = World::new(true).await;
    let room = world.room(&["alice@example.com"]).await;
    let mut heard = world.listen(OURS, "memberships").await;
    let (_, bob) =
        world.post(ALICE, "/memberships", json!({"roomId": room, "personEmail": "bob@example.com"})).await;
    let (_, body) = next(&mut heard).await;
    assert_eq!((&body["event"], &body["data"]["id"]), (&json!("created"), &bob["id"]));
    assert_eq!(body["data"]["personEmail"], "bob@example.com");
    assert_eq!(world.delete(BOB, &format!("/memberships/{}", text(&bob["id"]))).await, 204);
    let (_, body) = next(&mut heard).await;
    assert_eq!((&body["event"], &body["data"]["id"]), (&json!("deleted"), &bob["id"]));
    assert_eq!(body["data"]["roomId"], room.as_str());

    let mine = world.post(ALICE, "/rooms", json!({"title": "Alice's"})).await.1;
    let add = json!({"roomId": mine["id"], "personEmail": "handbell@webex.bot"});
    assert_eq!(world.post(ALICE, "/memberships", add).await.0, 200);
    let (_, body) = next(&mut heard).await;
    assert_eq!((&body["event"], &body["data"]["roomId"]), (&json!("created"), &mine["id"]));
}

#[tokio::test]
async fn the_rooms_of_a_team_are_listed_and_archived() {
    let world = World::new(true).await;
    let (_, team) = world.post(OURS, "/teams", json!({"name": "Counter"})).await;
    let id = text(&team["id"]);
    let mate = json!({"teamId": id, "personEmail": "alice@example.com"});
    let (status, mate) = world.post(OURS, "/team/memberships", mate).await;
    assert_eq!(status, 200, "{mate}");
    let (_, mates) = world.get(ALICE, &format!("/team/memberships?teamId={id}")).await;
    let names = |list: &Value, key: &str| -> Vec<String> {
        list["items"].as_array().expect("items").iter().map(|item| text(&item[key])).collect()
    };
    assert_eq!(names(&mates, "personEmail"), ["handbell@webex.bot", "alice@example.com"]);
    assert_eq!(world.get(BOB, &format!("/team/memberships?teamId={id}")).await.0, 404);
    let bob = json!({"teamId": id, "personEmail": "bob@example.com"});
    assert_eq!(world.post(ALICE, "/team/memberships", bob).await.0, 403, "she moderates nothing");

    let mut rooms = Vec::new();
    for title in ["first", "second"] {
        world.stage.clock.advance(jiff::SignedDuration::from_mins(1));
        let (status, room) = world.post(OURS, "/rooms", json!({"title": title, "teamId": id})).await;
        assert_eq!((status, &room["teamId"]), (200, &team["id"]), "{room}");
        rooms.push(text(&room["id"]));
    }
    assert_eq!(world.post(BOB, "/rooms", json!({"title": "x", "teamId": id})).await.0, 404);
    world.room(&[]).await;
    let (_, list) = world.get(OURS, &format!("/rooms?teamId={id}&sortBy=created")).await;
    assert_eq!(names(&list, "title"), ["second", "first", "Counter"]);

    let mut heard = world.listen(OURS, "rooms").await;
    let path = format!("/rooms/{}", rooms[0]);
    assert_eq!(world.delete(OURS, &path).await, 204);
    let (_, body) = next(&mut heard).await;
    assert_eq!((&body["event"], &body["data"]["isReadOnly"]), (&json!("updated"), &json!(true)));
    assert_eq!(world.get(OURS, &path).await.1["isReadOnly"], true);
    assert_eq!(world.post(OURS, "/messages", json!({"roomId": rooms[0], "text": "x"})).await.0, 403);

    // Adding a person to a team's room adds them to the team; leaving the team leaves its rooms.
    let add = json!({"roomId": rooms[1], "personEmail": "bob@example.com"});
    assert_eq!(world.post(OURS, "/memberships", add).await.0, 200);
    assert_eq!(world.get(BOB, &format!("/teams/{id}")).await.1["name"], "Counter");
    let (_, mates) = world.get(BOB, &format!("/team/memberships?teamId={id}")).await;
    assert_eq!(names(&mates, "personEmail").len(), 3);
    let bobs = text(&mates["items"][2]["id"]);
    assert_eq!(world.delete(ALICE, &format!("/team/memberships/{bobs}")).await, 403);
    assert_eq!(world.delete(OURS, &format!("/team/memberships/{bobs}")).await, 204);
    assert_eq!(world.get(BOB, &format!("/rooms/{}", rooms[1])).await.0, 404);
    assert_eq!(world.get(BOB, &format!("/teams/{id}")).await.0, 404);
}
