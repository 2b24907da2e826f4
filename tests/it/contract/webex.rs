//! Every request of the Webex client, and the other responses of the simulated Webex.

use std::path::{Path, PathBuf};

use handbell_core::vendor_id::{MessageId, PersonId, RoomId};
use handbell_local::runner::WEBEX_TOKEN;
use handbell_outbound::webex::{NewWebhook, Post, Webex, WebexFile};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::stage::{ALICE, Stage};

/// An id that the simulated Webex didn't give.
const NOWHERE: &str = "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9mNWIzNjE4Ny1jOGRkLTQ3MjctOGIyZi1mOWM0NDdmMjkwNDY";

/// Every method of the Webex client.
pub(super) async fn all_of_webex(stage: &Stage) {
    let webex = Webex::new(stage.http.clone(), stage.url("/sim/webex/v1"), WEBEX_TOKEN.into());
    let me = webex.me().await.expect("me");
    let team =
        stage.webex(WEBEX_TOKEN, "POST", "/teams", json!({"name": "Ops", "description": "Who helps"})).await;
    let team = team["id"].as_str().expect("an id");
    webex.create_room("In a team", Some(team)).await.expect("a space");
    let room = webex.create_room("Contract", None).await.expect("a space").id;
    webex.room(&room).await.expect("the space");
    let nothing: RoomId = NOWHERE.parse().expect("an id");
    webex.room(&nothing).await.expect_err("no space");
    assert_eq!(webex.rooms_with_title("Contract").await.expect("spaces").len(), 1);

    webex.add_member(&room, "alice@example.com", false).await.expect("added");
    webex.add_member(&room, "alice@example.com", false).await.expect("there already");
    webex.add_member(&room, "alice@example.com", true).await.expect("a moderator now");
    webex.add_member(&room, "nobody@elsewhere.test", false).await.expect_err("unknown");
    assert_eq!(webex.members(&room).await.expect("people").len(), 2);

    // Another server than Handbell receives these webhooks; its responses don't matter here.
    let listens = |resource: &str, event: &str, filter: Option<String>| NewWebhook {
        name: "contract".into(),
        target_url: stage.url("/health"),
        resource: resource.into(),
        event: event.into(),
        filter,
        secret: "not-a-secret-that-matters-anywhere".into(),
    };
    let mut hooks = Vec::new();
    for (resource, event) in
        [("messages", "created"), ("messages", "deleted"), ("memberships", "created"), ("rooms", "updated")]
    {
        let of = (resource == "messages").then(|| format!("roomId={room}"));
        hooks.push(webex.create_webhook(&listens(resource, event, of)).await.expect("a webhook").id);
    }
    hooks.push(
        webex.create_webhook(&listens("attachmentActions", "created", None)).await.expect("a webhook").id,
    );
    webex
        .update_webhook(&hooks[0], "again", &stage.url("/health"), Some(&"another-one".into()))
        .await
        .expect("put right");
    assert_eq!(webex.webhooks().await.expect("webhooks").len(), hooks.len());

    let say = |markdown: &str| Post { markdown: markdown.into(), ..Post::default() };
    let first = webex
        .post(&room, &say(&"# Help, <@all> <@personEmail:alice@example.com>\n".repeat(150)))
        .await
        .expect("said");
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("contract/README.md");
    let length = path.metadata().expect("a file").len();
    let file = WebexFile {
        path,
        name: "what; \"roomId\": {x}.md".into(),
        content_type: "text/markdown".into(),
        length,
    };
    let mut with_file =
        Post { file: Some(file), parent: Some(first.clone()), ..say("**see**; toPersonId: x") };
    webex.post(&room, &with_file).await.expect("a file");
    with_file.markdown.clear();
    webex.post(&room, &with_file).await.expect("a file alone");
    let card =
        json!({"type": "AdaptiveCard", "version": "1.3", "body": [{"type": "TextBlock", "text": "Yours?"}]});
    let card = Post { card: Some(card), parent: Some(first.clone()), ..say("Yours?") };
    let card = webex.post(&room, &card).await.expect("a card");
    webex.edit(&first, &room, "never mind").await.expect("changed");
    webex.message(&first).await.expect("a post");
    webex.message(&card).await.expect("a card");
    let name = me.emails.unwrap_or_default().pop().expect("an address");
    for number in 0..101 {
        let markdown = format!("<@personEmail:{name}> {number}");
        stage.webex(ALICE, "POST", "/messages", json!({"roomId": room, "markdown": markdown})).await;
    }
    // More than fit on a page.
    assert_eq!(webex.messages(&room, 150, true).await.expect("mentions").len(), 101);
    assert_eq!(webex.messages(&room, 2, false).await.expect("posts").len(), 2);
    assert!(webex.messages_since(&room, Timestamp::MIN, true).await.expect("mentions").len() > 100);
    assert!(webex.messages_since(&room, Timestamp::MAX, false).await.expect("posts").is_empty());
    let direct = webex.direct("bob@example.com", "Only for you").await.expect("said");
    webex.direct("bob@example.com", "Once more").await.expect("said");
    webex.direct_messages("bob@example.com").await.expect("posts");
    webex.delete_message(&direct).await.expect("taken away");
    webex.delete_message(&direct).await.expect("gone already");
    webex.post(&room, &say("")).await.expect_err("nothing said");
    let stranger = Webex::new(stage.http.clone(), stage.url("/sim/webex/v1"), "wrong".into());
    stranger.me().await.expect_err("a wrong token");

    people_and_teams(&webex, &room, team).await;
    files(stage, &webex, &room).await;
    let spare = hooks.pop().expect("a webhook");
    webex.delete_webhook(&spare).await.expect("deleted");
    webex.delete_webhook(&spare).await.expect("gone already");
    the_rest_of_webex(stage, &webex, &room, team, &hooks[0], &card).await;
}

/// The people who answer customers, and their teams.
async fn people_and_teams(webex: &Webex, room: &RoomId, team: &str) {
    let alice = webex.person_by_email("alice@example.com").await.expect("people").expect("Alice");
    assert_eq!(webex.person(&alice.id).await.expect("Alice").is_there(), Some(true));
    assert!(webex.person_by_email("nobody@elsewhere.test").await.expect("people").is_none());
    let nobody: PersonId = NOWHERE.parse().expect("an id");
    webex.person(&nobody).await.expect_err("nobody");
    let ids = [alice.id.clone(), nobody];
    assert_eq!(webex.people(&ids).await.expect("people").len(), 1);

    assert_eq!(webex.teams().await.expect("teams").len(), 1);
    let ops = webex.team_named("Ops").await.expect("teams").expect("the team");
    assert_eq!(ops.id, team);
    assert_eq!(webex.team_members(team).await.expect("people").len(), 1);
    assert_eq!(webex.rooms_of_team(team).await.expect("spaces").len(), 2);
    let wanted = |title: &str| title.starts_with("In a");
    assert_eq!(webex.rooms_where(Some(team), wanted).await.expect("spaces").len(), 1);
    assert_eq!(webex.rooms_where(None, |title| title == "Contract").await.expect("spaces").len(), 1);
    assert!(!webex.rooms_active_since(Timestamp::MIN).await.expect("spaces").is_empty());
    assert!(webex.rooms_active_since(Timestamp::MAX).await.expect("spaces").is_empty());
    webex.rename_room(room, "Contract, signed").await.expect("renamed");

    let bob = webex.add_member(room, "bob@example.com", false).await.expect("added");
    let person = bob.person_id.expect("a person");
    assert!(webex.member(room, &person).await.expect("people").is_some());
    webex.remove_member(&bob.id).await.expect("removed");
    webex.remove_member(&bob.id).await.expect("gone already");
    assert!(webex.member(room, &person).await.expect("people").is_none());
}

/// The files of a post, and Webex's responses while it scans a file for malware.
async fn files(stage: &Stage, webex: &Webex, room: &RoomId) {
    let posts = webex.messages(room, 150, false).await.expect("posts");
    let file = posts.into_iter().find_map(|post| post.files?.pop()).expect("a file");
    let length = webex.content_about(&file).await.expect("a file").length;
    assert_eq!(
        webex.content(&file, 1 << 20).await.expect("a file").bytes.len() as u64,
        length.expect("a length")
    );
    for (status, comes) in [(423, false), (410, false), (428, true)] {
        let trouble = json!({"status": status});
        stage.yes(stage.http.put(stage.url("/sim/webex/contents/trouble")).json(&trouble)).await;
        assert_eq!(webex.content(&file, 1 << 20).await.is_ok(), comes, "{status}");
    }
    webex.content(&format!("{file}x"), 1 << 20).await.expect_err("no file");
}

/// Responses of the simulated Webex that Handbell never asks for, but other clients do.
async fn the_rest_of_webex(
    stage: &Stage,
    webex: &Webex,
    room: &str,
    team: &str,
    hook: &str,
    card: &MessageId,
) {
    let (ours, alice) = (WEBEX_TOKEN, ALICE);
    let get = async |path: &str| stage.webex(ours, "GET", path, Value::Null).await;
    let delete = async |path: String| stage.webex(ours, "DELETE", &path, Value::Null).await;
    let id = |value: &Value| value["id"].as_str().expect("an id").to_owned();

    let submit = json!({"type": "submit", "messageId": card, "inputs": {"action": "ack"}});
    let action = id(&stage.webex(alice, "POST", "/attachment/actions", submit).await);
    let action = action.parse().expect("an id");
    assert_eq!(webex.action(&action).await.expect("a choice").message_id, *card);
    let mentioned = get(&format!("/messages?roomId={room}&max=1")).await;
    assert!(mentioned["items"][0]["mentionedPeople"].is_array());

    stage.webex(ours, "PUT", &format!("/rooms/{room}"), json!({"title": "Renamed", "isLocked": true})).await;
    get(&format!("/rooms/{room}/meetingInfo")).await;
    get("/rooms?sortBy=lastactivity&max=2").await;
    let bob = json!({"roomId": room, "personEmail": "bob@example.com"});
    let bob = id(&stage.webex(ours, "POST", "/memberships", bob).await);
    get(&format!("/memberships/{bob}")).await;
    delete(format!("/memberships/{bob}")).await;
    let alices = get("/people?email=alice@example.com").await;
    get(&format!("/people/{}", id(&alices["items"][0]))).await;

    get("/teams?max=10").await;
    get(&format!("/teams/{team}")).await;
    stage.webex(ours, "PUT", &format!("/teams/{team}"), json!({"name": "Operations"})).await;
    let mate = json!({"teamId": team, "personEmail": "alice@example.com", "isModerator": false});
    let mate =
        format!("/team/memberships/{}", id(&stage.webex(ours, "POST", "/team/memberships", mate).await));
    get(&mate).await;
    get(&format!("/team/memberships?teamId={team}")).await;
    stage.webex(ours, "PUT", &mate, json!({"isModerator": true})).await;
    delete(mate).await;

    get(&format!("/webhooks/{hook}")).await;
    stage.settle().await;
    delete(format!("/webhooks/{hook}")).await;
    delete(format!("/rooms/{room}")).await;
    delete(format!("/teams/{team}")).await;
}
