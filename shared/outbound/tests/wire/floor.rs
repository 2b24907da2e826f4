//! Polling of sites: authentication, the number of requests, and sites that don't answer.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use handbell_core::config::{SiteConfig, Zone};
use handbell_outbound::floor::{BODY_MAX, Floor, RequestPace, SiteCounts, Unknown, read, terms};
use serde_json::{Value, json as value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::vendor::{Reply, Vendor, html, http, json, nobody, with};

const PLENTY: Duration = Duration::from_secs(10);

fn now() -> jiff::Timestamp {
    "2026-11-28T14:12:00Z".parse().unwrap()
}

fn floor(site: Value, base: &str) -> Floor {
    let site: SiteConfig = serde_json::from_value(site).unwrap();
    let timeout = Duration::from_millis(400);
    Floor::new(http(), site.source().unwrap(), "the-secret".into(), timeout).unwrap().at(base.into())
}

fn cmx(api: &str, base: &str) -> Floor {
    let cmx = value!({ "url": "https://cmx.example.com", "user": "reader", "password": { "secret": "x" }, "api": api });
    floor(value!({ "cmx": cmx }), base)
}

fn meraki(base: &str) -> Floor {
    floor(value!({ "meraki": { "key": { "secret": "x" } } }), base)
}

fn zones(places: impl IntoIterator<Item = Value>) -> BTreeMap<String, Zone> {
    let zone = |place| value!({ "site": "s", "plan": "p", "where": place });
    let numbered = places.into_iter().enumerate();
    numbered.map(|(at, place)| (format!("z{at:02}"), serde_json::from_value(zone(place)).unwrap())).collect()
}

async fn count(floor: &Floor, zones: &BTreeMap<String, Zone>, within: Duration) -> SiteCounts {
    let zones: Vec<_> = zones.iter().map(|(name, zone)| (name.as_str(), zone)).collect();
    floor.count(&zones, now(), within).await
}

/// Polls one zone, the whole site, which answers with `reply`.
async fn when(api: &str, reply: Reply) -> (Result<u32, Unknown>, Vendor) {
    let vendor = Vendor::that(vec![reply]).await;
    let place = if api == "presence" { value!({ "presence_site": "1" }) } else { value!({}) };
    let mut counts = count(&cmx(api, &vendor.base), &zones([place]), PLENTY).await;
    assert_eq!(vendor.heard().len(), 1, "nobody is asked twice");
    let said = counts.zones.remove("z00").unwrap();
    if let Err(unknown) = &said {
        assert!(!unknown.why().contains("the-secret") && !unknown.why().contains("127.0.0.1"), "{unknown}");
    }
    (said, vendor)
}

fn v3(count: u32) -> Reply {
    json("200 OK", &format!(r#"{{"totalCount":99,"associatedCount":{count},"probingCount":1}}"#))
}

#[tokio::test]
async fn cmx_is_polled_with_a_password_and_the_others_with_a_key() {
    let (said, vendor) = when("v3", v3(40)).await;
    assert_eq!(said, Ok(40));
    let heard = &vendor.heard()[0];
    assert_eq!(heard.line, "GET /api/location/v3/clients/count");
    assert_eq!(heard.header("authorization"), Some("Basic cmVhZGVyOnRoZS1zZWNyZXQ="));

    let vendor = Vendor::that(vec![json("200 OK", r#"{"results":{"total":7}}"#)]).await;
    let spaces = floor(value!({ "spaces": { "key": { "secret": "x" } } }), &vendor.base);
    assert_eq!(count(&spaces, &zones([value!({})]), PLENTY).await.zones["z00"], Ok(7));
    assert_eq!(vendor.heard()[0].header("authorization"), Some("Bearer the-secret"));

    for shown in [format!("{spaces:?}"), format!("{:?}", cmx("v3", &vendor.base))] {
        assert!(!shown.contains("the-secret"), "{shown}");
    }
}

#[tokio::test]
async fn an_address_may_have_a_path() {
    for slash in ["", "/"] {
        let vendor = Vendor::that(vec![v3(40)]).await;
        let floor = cmx("v3", &format!("{}/sim/cmx{slash}", vendor.base));
        let counts = count(&floor, &zones([value!({ "hierarchy": "A/B C" })]), PLENTY).await;
        assert_eq!(counts.zones["z00"], Ok(40));
        assert_eq!(
            vendor.heard()[0].line,
            "GET /sim/cmx/api/location/v3/clients/count?mapHierarchy=A%3EB%20C"
        );
    }
    for wrong in ["", "cmx.example.com", "ftp://cmx.example.com", "http://a:b@127.0.0.1:9", "http://"] {
        let counts = count(&cmx("v3", wrong), &zones([value!({})]), PLENTY).await;
        assert!(matches!(counts.zones["z00"], Err(Unknown::NotAsked(_))), "{wrong}");
    }
}

#[tokio::test]
async fn one_request_serves_all_zones_that_share_it() {
    let body = include_str!("floor-samples.json");
    let body = serde_json::from_str::<Value>(body).unwrap()["cmx by zone"].to_string();
    let vendor = Vendor::that(vec![json("200 OK", &body)]).await;
    let mut places = vec![value!({ "hierarchy": "System Campus/Level 1/East" }); 11];
    places.push(value!({ "hierarchy": "Elsewhere" }));
    let counts = count(&cmx("zones", &vendor.base), &zones(places), PLENTY).await;
    assert_eq!(vendor.heard().len(), 1);
    assert_eq!(counts.zones.values().filter(|said| **said == Ok(17)).count(), 11);
    assert!(counts.zones["z11"].as_ref().unwrap_err().why().contains("no place \"Elsewhere\""));
    assert_eq!(counts.said.len(), 1);
    let said = &counts.said[0];
    assert_eq!(said.status(), Some(200));
    assert_eq!(said.places().len(), 3);
    assert!(said.excerpt().starts_with("{\"ZoneCounts\"") && said.excerpt().chars().count() == 300);

    let vendor = Vendor::that(vec![v3(40)]).await;
    let counts = count(&cmx("v3", &vendor.base), &zones(vec![value!({ "floor": "7" }); 12]), PLENTY).await;
    assert_eq!(
        (vendor.heard().len(), counts.zones.values().filter(|said| **said == Ok(40)).count()),
        (1, 12)
    );
}

/// A list is parsed once for all zones. Each zone gets exactly the result that it would get alone.
#[tokio::test]
async fn zones_that_share_an_answer_get_the_same_results_as_alone() {
    let list: Vec<Value> = (0_u32..500)
        .map(|at| {
            // Some counts aren't numbers.
            let hierarchy = format!("Campus/Level {}/Side {}>Room {at}", at % 10, at % 7);
            let count = if at % 50 == 3 { value!("7") } else { value!(at) };
            value!({ "hierarchy": hierarchy, "zoneCount": count })
        })
        .chain([
            value!({ "hierarchy": "Room 20", "zoneCount": 1020 }),
            value!({ "hierarchy": "Annex/Room 21", "zoneCount": 1021 }),
            value!({ "hierarchy": "Campus/Level 5/Side 4/Room 25", "zoneCount": 1025 }),
            value!({ "zoneName": "Kiosk" }),
            value!({ "hierarchy": " / ", "zoneCount": 5 }),
            value!({ "zoneCount": 6 }),
        ])
        .collect();
    let list = value!({ "ZoneCounts": { "zoneCountList": list } }).to_string();
    let odd = ["Kiosk", "Room 20", "Room 3", "oom 4", "/"];
    let places = (0..500).map(|at| match at % 5 {
        0 => value!({ "hierarchy": format!("campus > level {} > side {} > ROOM {at}", at % 10, at % 7) }),
        1 => value!({ "hierarchy": format!("Room {at}") }),
        2 => value!({ "hierarchy": format!("Side {}/Room {at}", at % 7) }),
        3 => value!({ "hierarchy": odd[at / 5 % odd.len()] }),
        _ => value!({ "hierarchy": format!("Nowhere/Room {at}") }),
    });
    let zones = zones(places);
    let cut = list[..list.len() / 2].to_owned();
    let no = r#"{"success":false,"error":{"message":"the database is locked"}}"#.to_owned();
    let (mut counted, mut words) = (0, BTreeSet::new());
    for (status, body) in [("200 OK", list), ("200 OK", cut), ("200 OK", no.clone()), ("500 No", no)] {
        let vendor = Vendor::that(vec![json(status, &body)]).await;
        let floor = cmx("zones", &vendor.base);
        let counts = count(&floor, &zones, PLENTY).await;
        assert_eq!((vendor.heard().len(), counts.zones.len()), (1, 500));
        let answer = counts.said[0].answer.as_ref().unwrap();
        for (name, zone) in &zones {
            let alone = terms(floor.system(), zone).and_then(|terms| read(&terms[0].pick, answer, now()));
            assert_eq!(counts.zones[name], alone, "{name}");
            match alone {
                Ok(_) => counted += 1,
                Err(unknown) => drop(words.insert(unknown.why().to_owned())),
            }
        }
    }
    assert!(counted > 200, "{counted}");
    for part in ["no place", "more than one place", "no count", "string", "breaks off", "locked", "HTTP 500"]
    {
        assert!(words.iter().any(|why| why.contains(part)), "{part}");
    }
}

#[tokio::test]
async fn the_staff_is_subtracted_down_to_zero() {
    let zone = |devices| {
        let exclude = value!({ "ssid": "staff", "devices": devices });
        serde_json::from_value::<Zone>(value!({ "site": "s", "plan": "p", "exclude": exclude })).unwrap()
    };
    // The order of the two requests isn't guaranteed, so the zones are polled one after the other.
    for (devices, left) in [(0, 28), (8, 20), (28, 0), (29, 0), (u32::MAX, 0)] {
        let vendor = by_target(|line| if line.contains("ssid=staff") { 12 } else { 40 }).await;
        let (zone, floor) = (zone(devices), cmx("v3", &vendor));
        let counts = floor.count(&[("a", &zone)], now(), PLENTY).await;
        assert_eq!(counts.zones["a"], Ok(left));
        assert_eq!(counts.said.len(), 2);
    }
    // The staff is counted a moment later, and more of them have arrived.
    let vendor = by_target(|line| if line.contains("ssid=staff") { 12 } else { 4 }).await;
    let counts = cmx("v3", &vendor).count(&[("a", &zone(0))], now(), PLENTY).await;
    assert_eq!(counts.zones["a"], Ok(0));
    // If the staff can't be counted, neither can the customers.
    let vendor = Vendor::that(vec![v3(40), html("502 Bad Gateway")]).await;
    let counts = cmx("v3", &vendor.base).count(&[("a", &zone(0))], now(), PLENTY).await;
    assert!(counts.zones["a"].is_err());
}

/// A CMX whose count depends on the request.
async fn by_target(count: fn(&str) -> u32) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap() > 0 {}
            let line = String::from_utf8(head).unwrap().lines().next().unwrap_or_default().to_owned();
            let body = format!("{{\"associatedCount\":{}}}", count(&line));
            let length = body.len();
            let answer =
                format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    base
}

#[tokio::test]
async fn an_answer_that_is_no_count_is_unknown() {
    for (reply, word) in [
        (html("200 OK"), "a page came"),
        (html("502 Bad Gateway"), "HTTP 502"),
        (html("401 Unauthorized"), "user or password"),
        (json("204 No Content", ""), "HTTP 204"),
        (json("200 OK", ""), "empty"),
        (with("302 Found", &["location: $BASE/login"], ""), "HTTP 302"),
        (json("429 Too Many Requests", "{}"), "slow down"),
    ] {
        let (said, _) = when("v3", reply).await;
        let Err(Unknown::NoCount(why)) = said else { panic!("{said:?}") };
        assert!(why.contains(word), "{why}");
    }
}

#[tokio::test]
async fn a_truncated_answer_is_unknown() {
    for (api, reply) in [
        ("v3", Reply::Resets),
        ("v3", Reply::IsSilent),
        ("v3", Reply::Bytes("")),
        ("v3", Reply::Bytes("SSH-2.0-OpenSSH\r\n")),
        ("v3", Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"associatedCount\":40}")),
        (
            "v3",
            Reply::Bytes(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n16\r\n{\"associatedCount\":40}\r\n",
            ),
        ),
        ("presence", Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n12")),
    ] {
        let (said, _) = when(api, reply).await;
        assert!(matches!(said, Err(Unknown::NoAnswer(_))), "{said:?}");
    }
    // This body ends with the connection, so it may be truncated.
    let (said, _) = when("presence", Reply::Bytes("HTTP/1.1 200 OK\r\n\r\n12")).await;
    assert!(matches!(said, Err(Unknown::NoCount(_))), "{said:?}");
    let (said, _) = when("presence", Reply::Bytes("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n123")).await;
    assert_eq!(said, Ok(123));
}

/// Twelve zones that need one request each.
fn twelve() -> BTreeMap<String, Zone> {
    zones((0..12).map(|floor| value!({ "floor": floor.to_string() })))
}

#[tokio::test]
async fn an_unreachable_site_costs_one_timeout() {
    let vendor = Vendor::that((0..12).map(|_| Reply::IsSilent).collect()).await;
    let began = Instant::now();
    let counts = count(&cmx("v3", &vendor.base), &twelve(), PLENTY).await;
    // Three rounds of four requests would take three time-outs.
    assert!(began.elapsed() < Duration::from_millis(1100), "{:?}", began.elapsed());
    assert!(vendor.heard().len() <= 4);
    assert_eq!(counts.zones.len(), 12);
    for said in counts.zones.values() {
        assert_eq!(*said, Err(Unknown::NoAnswer("CMX did not answer in time".into())));
    }

    let counts = count(&cmx("v3", &nobody().await), &twelve(), PLENTY).await;
    for said in counts.zones.values() {
        let Err(Unknown::NoAnswer(why)) = said else { panic!("{said:?}") };
        assert!(why.starts_with("CMX can't be reached"), "{why}");
    }
    assert_eq!(counts.said.len(), 12);
}

#[tokio::test]
async fn after_an_error_the_other_zones_are_still_polled() {
    let mut replies = vec![html("502 Bad Gateway")];
    replies.extend((0..11).map(|_| v3(40)));
    let vendor = Vendor::that(replies).await;
    let counts = count(&cmx("v3", &vendor.base), &twelve(), PLENTY).await;
    assert_eq!(counts.zones.values().filter(|said| **said == Ok(40)).count(), 11);
    assert_eq!(vendor.heard().len(), 12);
}

#[tokio::test]
async fn no_request_is_made_without_time() {
    let vendor = Vendor::that(vec![]).await;
    let counts = count(&cmx("v3", &vendor.base), &twelve(), Duration::ZERO).await;
    assert!(counts.zones.values().all(|said| matches!(said, Err(Unknown::NotAsked(_)))));
    let vendor = Vendor::that(vec![Reply::IsSilent]).await;
    let began = Instant::now();
    let counts = count(&cmx("v3", &vendor.base), &zones([value!({})]), Duration::from_millis(50)).await;
    assert!(began.elapsed() < Duration::from_millis(390) && counts.zones["z00"].is_err());
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await.unwrap() > 0 {}
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n{\"associatedCount\":40").await.unwrap();
        let mut sent = 0;
        while stream.write_all(&[b' '; 4096]).await.is_ok() {
            sent += 4096;
        }
        sent
    });
    let counts = count(&cmx("v3", &base), &zones([value!({})]), PLENTY).await;
    let Err(Unknown::NoCount(why)) = &counts.zones["z00"] else { panic!("{:?}", counts.zones) };
    assert!(why.contains("too long"), "{why}");
    // The buffers of two sockets hold more than the client reads.
    assert!(server.await.unwrap() < BODY_MAX + 16 * 1024 * 1024);
}

const HISTORY: &str =
    r#"[{"startTs":"2026-11-28T14:05:00Z","endTs":"2026-11-28T14:10:00Z","clientCount":33}]"#;

#[tokio::test]
async fn requests_to_meraki_are_spaced_out() {
    let vendor = Vendor::that((0..4).map(|_| json("200 OK", HISTORY)).collect()).await;
    let began = Instant::now();
    let networks = zones((0..4).map(|at| value!({ "network": format!("N_{at}") })));
    let counts = count(&meraki(&vendor.base), &networks, PLENTY).await;
    assert!(counts.zones.values().all(|said| *said == Ok(33)), "{counts:?}");
    assert!(began.elapsed() >= Duration::from_millis(330));
}

#[tokio::test]
async fn a_request_to_meraki_is_retried_after_the_pause() {
    let slow =
        || with("429 Too Many Requests", &["retry-after: 1"], r#"{"errors":["API rate limit exceeded"]}"#);
    let vendor = Vendor::that(vec![slow(), json("200 OK", HISTORY)]).await;
    let network = zones([value!({ "network": "N_1" })]);
    let began = Instant::now();
    let counts = count(&meraki(&vendor.base), &network, PLENTY).await;
    assert_eq!(counts.zones["z00"], Ok(33));
    assert!(began.elapsed() >= Duration::from_secs(1));

    // There is no time for the pause, and sites that share the pace make no request either.
    let vendor = Vendor::that(vec![slow()]).await;
    let pace = RequestPace::meraki();
    let soon = Duration::from_millis(900);
    let counts = count(&meraki(&vendor.base).paced(pace.clone()), &network, soon).await;
    assert!(counts.zones["z00"].as_ref().unwrap_err().why().contains("slow down"));
    let other = count(&meraki(&vendor.base).paced(pace), &network, Duration::from_millis(100)).await;
    assert!(matches!(other.zones["z00"], Err(Unknown::NotAsked(_))), "{other:?}");
    assert_eq!(vendor.heard().len(), 1);
}

#[tokio::test]
async fn a_site_that_pushes_is_not_polled() {
    let site = value!({ "cmx_push": { "key": { "secret": "x" } } });
    let site: SiteConfig = serde_json::from_value(site).unwrap();
    assert!(Floor::new(http(), site.source().unwrap(), "x".into(), PLENTY).is_none());
}

/// Sites are polled concurrently, on any thread.
#[tokio::test]
async fn a_poll_can_be_sent_to_another_thread() {
    let floor = cmx("v3", &nobody().await);
    let task = tokio::spawn(async move { count(&floor, &twelve(), PLENTY).await });
    assert!(task.await.unwrap().zones.values().all(Result::is_err));
}
