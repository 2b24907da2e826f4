//! A roster with which the commands are tested, and tests of times.

use axum::Router;
use axum::routing::post;
use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::*;
use crate::moment::{moment, shown};
use handbell_local::cloud::REGION;
use handbell_local::cloud::table::{self, Table};
use handbell_local::cloud::template::Template;

/// An empty table, at noon (UTC) of a Saturday in November.
pub(crate) async fn empty() -> Directory {
    let http = handbell_boot::client().unwrap();
    let table = Table::start(&Template::embedded().unwrap(), None, http).await.unwrap();
    let answer = post(async move |headers, body| table.handle(headers, body).await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", answer)).await });
    let around = Around {
        variable: &|name| match name {
            "HANDBELL_TABLE" => Some(table::NAME.to_owned()),
            "AWS_ENDPOINT_URL_DYNAMODB" => Some(origin.clone()),
            "AWS_REGION" => Some(REGION.to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("local".to_owned()),
            _ => None,
        },
        ..around()
    };
    open(&At::default(), &around).await.unwrap()
}

const PEOPLE: &str = "\
id,name,email,phones,language,teams,rules
dana,Dana,dana@example.com,+12025550111,en-US,ops,
eli,Eli,eli@example.com,+12025550112,en-US,ops,
alice,Alice,alice@example.com,+12025550114,en-US,management,call; text
bob,Bob,bob@example.com,+12025550113,en-US,technical,text; webex; call after 2m every 5m x3
";

const ROTAS: &str = "\
rotas:
  ops:
    label: Operations
    timezone: Europe/Paris
    team: ops
    layers:
      - { people: [dana], starts: 2026-01-05, hand_over: 08:00 }
  ops-second:
    label: Operations, second
    timezone: Europe/Paris
    team: ops
    layers:
      - { people: [eli], starts: 2026-01-05, hand_over: 08:00 }
";

/// Four people whose phones and addresses are verified, three teams and two rotas.
pub(crate) async fn with_people() -> Directory {
    let directory = empty().await;
    let asked = crate::people::Asked { verified: true, yes: true, dry_run: false };
    crate::people::take_over(PEOPLE, &asked, &directory, &|_| false).await.unwrap();
    crate::rotas::take_over(ROTAS, "rotas.yaml", false, &directory).await.unwrap();
    directory
}

pub(crate) fn around() -> Around<'static> {
    Around { variable: &|_| None, now: noon(), chance: &|| 42, agreed: &|_| false }
}

fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn no_runner_and_no_table() {
    let at = At { runner: Some("http://127.0.0.1:9".to_owned()) };
    let error = open(&at, &around()).await.unwrap_err().to_string();
    assert!(error.starts_with("no runner answers at http://127.0.0.1:9, so"), "{error}");
    let at = At { runner: Some("laptop".to_owned()) };
    let error = open(&at, &around()).await.unwrap_err().to_string();
    assert_eq!(error, "\"laptop\" is not an address such as http://127.0.0.1:8080");
    let aws = Around { variable: &|name| (name == "HANDBELL_TABLE").then(|| "t".to_owned()), ..around() };
    let error = open(&At::default(), &aws).await.unwrap_err().to_string();
    assert!(
        error.starts_with("the table t can't be reached: the environment variable AWS_REGION"),
        "{error}"
    );
}

#[test]
fn moments_as_people_write_them() {
    let paris = TimeZone::get("Europe/Paris").unwrap();
    for (text, at) in [
        ("now", "2026-11-21T12:00:00Z"),
        ("2026-11-21T18:00:00Z", "2026-11-21T18:00:00Z"),
        ("2026-11-21T18:00:00+02:00", "2026-11-21T16:00:00Z"),
        ("2026-11-21 18:00", "2026-11-21T17:00:00Z"),
        (" 18:00 ", "2026-11-21T17:00:00Z"),
        ("2026-12-24", "2026-12-23T23:00:00Z"),
        ("2026-10-25 02:30", "2026-10-25T00:30:00Z"),
        ("2026-03-29 02:30", "2026-03-29T01:30:00Z"),
    ] {
        assert_eq!(moment(text, &paris, noon()), Ok(at.parse().unwrap()), "{text}");
    }
    for wrong in ["", "tomorrow", "2026-13-01", "25:00", "2026-11-21 18:00 CET"] {
        assert!(moment(wrong, &paris, noon()).unwrap_err().contains("is not a time; write"), "{wrong}");
    }
    assert_eq!(shown(noon() + SignedDuration::from_hours(1), &paris), "Sat 21 Nov 14:00");
}
