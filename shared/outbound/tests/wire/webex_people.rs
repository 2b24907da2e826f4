//! Webex: presence, members of teams, and the spaces of a team.

use handbell_core::vendor_id::PersonId;
use handbell_outbound::failure::Failure;
use serde_json::json as value;

use crate::vendor::{html, id, json, with};
use crate::webex::says;

#[tokio::test]
async fn presence_is_read_from_the_status() {
    let (vendor, webex) = says(vec![
        json(
            "200 OK",
            r#"{"id":"Y2lzY29zcGFyazovLP10","emails":["dana@example.com"],"displayName":"Dana","type":"person","status":"active",
                "lastActivity":"2026-11-21T10:11:12.100Z"}"#,
        ),
        json("200 OK", r#"{"items":[{"id":"Y2lzY29zcGFyazovLP20","emails":["Sam@Example.com"],"status":"meeting"}],"notFoundIds":null}"#),
        json("200 OK", r#"{"items":[]}"#),
        // Webex may return more than was requested.
        json("200 OK", r#"{"items":[{"id":"Y2lzY29zcGFyazovLP30","emails":["samson@example.com"]},{"id":"Y2lzY29zcGFyazovLP40"}]}"#),
        json("200 OK", "{}"),
    ])
    .await;
    let dana = webex.person(&id("Y2lzY29zcGFyazovLP10")).await.unwrap();
    assert_eq!((dana.is_there(), dana.kind.as_deref()), (Some(true), Some("person")));
    assert_eq!(dana.last_activity.unwrap().to_string(), "2026-11-21T10:11:12.1Z");
    let sam = webex.person_by_email("sam+x@example.com").await.unwrap();
    assert!(sam.is_none(), "another address");
    assert_eq!(webex.person_by_email("sam@example.com").await.unwrap(), None);
    assert_eq!(webex.person_by_email("sam@example.com").await.unwrap(), None);
    assert!(matches!(webex.person_by_email("sam@example.com").await, Err(Failure::Unknown { .. })));
    let heard: Vec<_> = vendor.heard().into_iter().map(|h| h.line).collect();
    assert_eq!(
        heard[..2],
        ["GET /v1/people/Y2lzY29zcGFyazovLP10", "GET /v1/people?email=sam%2Bx%40example.com"]
    );

    let (_vendor, webex) = says(vec![json(
        "200 OK",
        r#"{"items":[{"id":"Y2lzY29zcGFyazovLP20","emails":["Sam@Example.com"],"status":"meeting"}]}"#,
    )])
    .await;
    let sam = webex.person_by_email("sam@example.com").await.unwrap().unwrap();
    assert_eq!((&*sam.id, sam.is_there()), ("Y2lzY29zcGFyazovLP20", Some(false)));
}

#[tokio::test]
async fn people_are_requested_in_batches() {
    let (vendor, webex) = says(vec![
        json("200 OK", r#"{"items":[{"id":"Y2lzY29zcGFyazovLP0000","status":"active"}]}"#),
        json("200 OK", r#"{"items":[{"id":"Y2lzY29zcGFyazovLP1000"}]}"#),
    ])
    .await;
    let mut ids: Vec<PersonId> = (0..101).map(|n| id(&format!("Y2lzY29zcGFyazovLP{n:03}0"))).collect();
    ids.push(ids[0].clone());
    let people = webex.people(&ids).await.unwrap();
    assert_eq!(people.iter().map(|p| p.is_there()).collect::<Vec<_>>(), [Some(true), None]);
    let heard: Vec<_> = vendor.heard().into_iter().map(|h| h.line).collect();
    assert_eq!(heard.iter().map(|line| line.matches("%2C").count() + 1).collect::<Vec<_>>(), [85, 16]);
    assert!(
        heard[0].starts_with(&format!("GET /v1/people?id={}%2C{}%2C", &*ids[0], &*ids[1])),
        "{}",
        heard[0]
    );

    assert!(webex.people(&[]).await.unwrap().is_empty());
    assert_eq!(vendor.heard().len(), 2, "nobody is asked for nobody");
    let (_vendor, webex) = says(vec![json("200 OK", r#"{"items":[]}"#), html("502 Bad Gateway")]).await;
    assert!(matches!(webex.people(&ids).await, Err(Failure::Unknown { .. })));
}

#[tokio::test]
async fn a_team_is_found_by_its_name() {
    let (vendor, webex) = says(vec![
        with(
            "200 OK",
            &["link: <$BASE/v1/teams?cursor=2>; rel=\"next\""],
            r#"{"items":[{"id":"T1","name":"Other"}]}"#,
        ),
        json("200 OK", r#"{"items":[{"id":"T2","name":"Customer  Care"},{"id":"T3","errors":{"name":{}}}]}"#),
        json(
            "200 OK",
            r#"{"items":[{"personId":"Y2lzY29zcGFyazovLP10","personEmail":"a@example.com","personDisplayName":"A"}]}"#,
        ),
        json("200 OK", r#"{"items":[{"id":"Y2lzY29zcGFyazovLR10"}]}"#),
    ])
    .await;
    let team = webex.team_named("Customer Care").await.unwrap().unwrap();
    assert_eq!(team.id, "T2");
    let members = webex.team_members(&team.id).await.unwrap();
    assert_eq!(members[0].person_email.as_deref(), Some("a@example.com"));
    assert!(!format!("{members:?}").contains("example.com"));
    assert_eq!(&*webex.rooms_of_team("T2").await.unwrap()[0].id, "Y2lzY29zcGFyazovLR10");
    let heard: Vec<_> = vendor.heard().into_iter().map(|h| h.line).collect();
    assert_eq!(
        heard,
        [
            "GET /v1/teams?max=1000",
            "GET /v1/teams?cursor=2",
            "GET /v1/team/memberships?teamId=T2&max=1000",
            "GET /v1/rooms?teamId=T2&type=group&max=1000",
        ]
    );
}

#[tokio::test]
async fn an_ambiguous_or_unreadable_team_is_not_returned() {
    let (_vendor, webex) = says(vec![
        json("200 OK", r#"{"items":[{"id":"T1","name":"Care"},{"id":"T2","name":"Care"}]}"#),
        json("200 OK", r#"{"items":[{"id":"T1","name":"eyJ","errors":{"name":{"code":"kms_failure"}}}]}"#),
        json("200 OK", r#"{"items":[{"id":"T1","name":"care team"}]}"#),
    ])
    .await;
    assert!(matches!(webex.team_named("Care").await, Err(Failure::Refused { code: 0, .. })));
    assert!(matches!(webex.team_named("Care").await, Err(Failure::NotSent { .. })));
    assert_eq!(webex.team_named("Care").await, Ok(None));
}

#[tokio::test]
async fn spaces_are_selected_by_their_titles() {
    let list = r#"{"items":[{"id":"Y2lzY29zcGFyazovLR10","title":"C-1 Dana"},{"id":"Y2lzY29zcGFyazovLR20","title":"Lobby"},{"id":"Y2lzY29zcGFyazovLR30","title":"C-2  Sam"},
        {"id":"Y2lzY29zcGFyazovLR40","title":"C-3 eyJ","errors":{"title":{"code":"kms_failure"}}}]}"#;
    let (vendor, webex) = says(vec![json("200 OK", list), json("200 OK", list)]).await;
    let rooms = webex.rooms_where(Some("T1"), |title| title.starts_with("C-")).await.unwrap();
    assert_eq!(
        rooms.iter().map(|r| &*r.id).collect::<Vec<_>>(),
        ["Y2lzY29zcGFyazovLR10", "Y2lzY29zcGFyazovLR30"]
    );
    let said = webex.rooms_where(None, |title| title == "C-3 eyJ").await;
    assert!(matches!(said, Err(Failure::NotSent { .. })), "{said:?}");
    let heard: Vec<_> = vendor.heard().into_iter().map(|h| h.line).collect();
    assert_eq!(heard, ["GET /v1/rooms?teamId=T1&type=group&max=1000", "GET /v1/rooms?type=group&max=1000"]);
}

#[tokio::test]
async fn removing_something_missing_is_no_failure() {
    let (vendor, webex) = says(vec![
        json("200 OK", r#"{"id":"Y2lzY29zcGFyazovLR00","title":"C-1 done"}"#),
        with("204 No Content", &[], ""),
        html("404 Not Found"),
        html("403 Forbidden"),
        html("404 Not Found"),
    ])
    .await;
    assert_eq!(
        webex.rename_room(&id("Y2lzY29zcGFyazovLR00"), "C-1\n done").await.unwrap().title.as_deref(),
        Some("C-1 done")
    );
    webex.remove_member("M1").await.unwrap();
    webex.remove_member("M1").await.unwrap();
    assert!(matches!(webex.remove_member("M1").await, Err(Failure::Refused { code: 403, .. })));
    webex.delete_webhook("W1").await.unwrap();
    let heard = vendor.heard();
    let lines: Vec<_> = heard.iter().map(|h| h.line.as_str()).collect();
    let member = "DELETE /v1/memberships/M1";
    assert_eq!(
        lines,
        ["PUT /v1/rooms/Y2lzY29zcGFyazovLR00", member, member, member, "DELETE /v1/webhooks/W1"]
    );
    assert_eq!(heard[0].json(), value!({"title": "C-1 done"}));
}
