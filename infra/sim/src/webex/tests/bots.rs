//! Tests of what a bot sees in a group room, compared with a user, who sees everything.

use serde_json::{Value, json};

use super::{ALICE, OURS, World, next, text};

#[tokio::test]
async fn a_mention_stands_in_text_html_and_lists() {
    let world = World::new(true).await;
    let room = world.room(&["alice@example.com"]).await;
    let (_, me) = world.get(OURS, "/people/me").await;
    let id = text(&me["id"]);
    for mention in ["<@personEmail:handbell@webex.bot>".to_owned(), format!("<@personId:{id}>")] {
        let sent = world.say(ALICE, &room, &format!("{mention} do this")).await;
        let (status, read) = world.get(OURS, &format!("/messages/{}", text(&sent["id"]))).await;
        assert_eq!((status, &read["text"]), (200, &json!("Handbell do this")));
        let html = format!(
            r#"<p><spark-mention data-object-type="person" data-object-id="{id}">Handbell</spark-mention> do this</p>"#
        );
        assert_eq!(read["html"], html);
        assert_eq!(read["mentionedPeople"], json!([id]));
        assert!(read.get("mentionedGroups").is_none());
    }
}

#[tokio::test]
async fn everybody_is_not_the_bot() {
    let world = World::new(true).await;
    let room = world.room(&["alice@example.com"]).await;
    let mut heard = world.listen(OURS, "messages").await;
    let all = world.say(ALICE, &room, "<@all> hello").await;
    assert_eq!((&all["mentionedGroups"], all.get("mentionedPeople")), (&json!(["all"]), None));
    let other = world.say(ALICE, &room, "<@personEmail:alice@example.com> is a person").await;
    for unseen in [&all, &other] {
        assert_eq!(world.get(OURS, &format!("/messages/{}", text(&unseen["id"]))).await.0, 404);
    }
    assert_eq!(
        world.get(OURS, &format!("/messages?roomId={room}&mentionedPeople=me")).await.1["items"],
        json!([])
    );
    assert_eq!(world.get(OURS, &format!("/messages?roomId={room}")).await.0, 403);
    let own = world.say(OURS, &room, "mine").await;
    assert_eq!(next(&mut heard).await.1["data"]["id"], own["id"]);
    assert_eq!(world.get(OURS, &format!("/messages/{}", text(&own["id"]))).await.0, 200);
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn between_two_a_bot_sees_everything() {
    let world = World::new(true).await;
    let mut heard = world.listen(OURS, "messages").await;
    let word = json!({"toPersonEmail": "handbell@webex.bot", "text": "psst"});
    let (status, sent) = world.post(ALICE, "/messages", word).await;
    assert_eq!(status, 200, "{sent}");
    let (_, body) = next(&mut heard).await;
    assert_eq!((&body["data"]["id"], &body["data"]["roomType"]), (&sent["id"], &json!("direct")));
    assert_eq!(world.get(OURS, &format!("/messages/{}", text(&sent["id"]))).await.1["text"], "psst");
    let room = text(&sent["roomId"]);
    assert_eq!(world.get(OURS, &format!("/messages?roomId={room}")).await.1["items"][0]["text"], "psst");
}

/// Lets Alice write, edit and delete a message, and returns what `OURS` is notified of and may read in between.
async fn life(world: &World, markdown: &str) -> (Value, Vec<Value>) {
    let room = world.room(&["alice@example.com"]).await;
    let mut heard = world.listen(OURS, "messages").await;
    // An event that always arrives follows each step, so that the test needs no time-out.
    let mut told = Vec::new();
    let sent = world.say(ALICE, &room, markdown).await;
    let path = format!("/messages/{}", text(&sent["id"]));
    for step in ["created", "updated", "deleted"] {
        match step {
            "updated" => {
                let better = json!({"roomId": room, "markdown": format!("{markdown} now")});
                assert_eq!(world.put(ALICE, &path, better).await.0, 200);
            }
            "deleted" => assert_eq!(world.delete(ALICE, &path).await, 204),
            _ => {}
        }
        let fence = world.say(OURS, &room, "fence").await;
        let (mut fenced, seen) = (false, world.get(OURS, &path).await.0);
        while !fenced || seen == 200 && told.last().is_none_or(|last: &Value| last["event"] != step) {
            let (_, body) = next(&mut heard).await;
            if body["data"]["id"] == fence["id"] {
                fenced = true;
            } else {
                assert_eq!(body["event"], step);
                told.push(body);
            }
        }
        if step == "deleted" && told.len() == 2 {
            told.push(next(&mut heard).await.1);
        }
        assert_eq!(seen == 200, step != "deleted" && !told.is_empty(), "{step}");
    }
    assert!(heard.try_recv().is_err());
    (sent, told)
}

#[tokio::test]
async fn the_life_of_a_message_is_told_to_whom_it_concerns() {
    for (bot, markdown, heard) in [
        (true, "among us", false),
        (true, "<@personEmail:handbell@webex.bot> ack", true),
        (false, "among us", true),
    ] {
        let world = World::new(bot).await;
        let (sent, told) = life(&world, markdown).await;
        assert_eq!(told.len(), if heard { 3 } else { 0 }, "{markdown}");
        for body in &told {
            for (key, value) in
                [("id", &sent["id"]), ("roomId", &sent["roomId"]), ("personId", &sent["personId"])]
            {
                assert_eq!(body["data"][key], *value, "{}", body["event"]);
            }
            assert!(body["data"].get("text").is_none());
        }
        if let [_, updated, deleted] = &told[..] {
            assert!(updated["data"]["updated"].is_string());
            assert!(deleted["data"].get("mentionedPeople").is_none());
        }
    }
}

#[tokio::test]
async fn a_filter_by_mention_hears_of_deletion_too() {
    let world = World::new(false).await;
    let room = world.room(&["alice@example.com"]).await;
    let (target, mut heard) = super::listener(axum::http::StatusCode::OK).await;
    let hook = json!({"name": "n", "targetUrl": target, "resource": "messages", "event": "deleted", "filter": "mentionedPeople=me"});
    assert_eq!(world.post(OURS, "/webhooks", hook).await.0, 200);
    let aside = world.say(ALICE, &room, "aside").await;
    let called = world.say(ALICE, &room, "<@personEmail:handbell@example.com>").await;
    for message in [&aside, &called] {
        assert_eq!(world.delete(ALICE, &format!("/messages/{}", text(&message["id"]))).await, 204);
    }
    assert_eq!(next(&mut heard).await.1["data"]["id"], called["id"]);
    assert!(heard.try_recv().is_err());
}

#[tokio::test]
async fn a_bot_hears_of_its_own_cards_alone() {
    let world = World::new(true).await;
    let room = world.room(&["alice@example.com", "bob@example.com"]).await;
    let (target, mut heard) = super::listener(axum::http::StatusCode::OK).await;
    let hook = json!({"name": "n", "targetUrl": target, "resource": "attachmentActions", "event": "created"});
    assert_eq!(world.post(OURS, "/webhooks", hook).await.0, 200);
    let content = json!({"type": "AdaptiveCard", "version": "1.3", "body": []});
    let card = json!({"roomId": room, "markdown": "card",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": content}]});
    let press = async |message: &Value| {
        let submit = json!({"type": "submit", "messageId": message["id"], "inputs": {"do": "take"}});
        let (status, action) = world.post(ALICE, "/attachment/actions", submit).await;
        assert_eq!(status, 200, "{action}");
        (world.get(OURS, &format!("/attachment/actions/{}", text(&action["id"]))).await.0, action)
    };
    let (_, theirs) = world.post(super::BOB, "/messages", card.clone()).await;
    let (_, ours) = world.post(OURS, "/messages", card).await;
    assert_eq!(press(&theirs).await.0, 404);
    let (status, action) = press(&ours).await;
    assert_eq!(status, 200);
    assert_eq!(next(&mut heard).await.1["data"]["id"], action["id"]);
    assert!(heard.try_recv().is_err());
}
