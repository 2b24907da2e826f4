//! Sites' answers, and which of them are counts.

use handbell_core::config::{CmxApi, Exclude, Place, Zone};
use handbell_outbound::floor::{BODY_MAX, Pick, Sign, SiteAnswer, System, Unknown, places, read, terms};
use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json as value};

fn sample(name: &str) -> String {
    let samples: Value = serde_json::from_str(include_str!("floor-samples.json")).unwrap();
    samples.get(name).unwrap().to_string()
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> SiteAnswer {
    let body: Vec<u8> = body.into();
    SiteAnswer {
        status: StatusCode::from_u16(status).unwrap(),
        content_type: Some("application/json".into()),
        body: body.into(),
        framed: true,
    }
}

fn now() -> jiff::Timestamp {
    "2026-11-28T14:12:00Z".parse().unwrap()
}

fn said(pick: &Pick, body: impl Into<Vec<u8>>) -> Result<u32, Unknown> {
    read(pick, &answer(200, body), now())
}

fn why(pick: &Pick, body: impl Into<Vec<u8>>) -> String {
    match said(pick, body) {
        Err(Unknown::NoCount(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// Each source with a sample answer and its count.
fn sources() -> Vec<(Pick, String, u32)> {
    let zone = |name: &str| Pick::CmxZone(name.into());
    let id = |id: &str| Pick::SpacesFloorId(id.into());
    [
        (Pick::CmxAssociated, "cmx v3", 40),
        (Pick::CmxCount, "cmx v2", 72),
        (zone("System Campus/Level 1/West"), "cmx by zone", 0),
        (zone("system campus > level 1 > east"), "cmx by zone", 17),
        (zone("Level 2>East"), "cmx by zone", 9),
        (zone("West"), "cmx by zone", 0),
        (Pick::CmxDetected, "cmx connectedDetected", 123),
        (Pick::CmxFloor("2nd floor".into()), "cmx clientCount", 34),
        (Pick::CmxBare, "cmx presence", 57),
        (Pick::SpacesTotal, "spaces count", 72),
        (id("3b3aad61352e4bc09cdea0119ee3d9f3"), "spaces floors", 12),
        (id("4711"), "spaces floors", 5),
        (Pick::SpacesFloorName("floor 3".into()), "spaces floors", 3),
        (Pick::MerakiBucket, "meraki", 33),
    ]
    .map(|(pick, name, count)| (pick, sample(name), count))
    .into()
}

#[test]
fn the_count_of_each_source_is_read() {
    for (pick, body, count) in sources() {
        assert_eq!(said(&pick, body.clone()), Ok(count), "{pick:?}");
        assert_eq!(said(&pick, format!("\r\n {body}\n")), Ok(count), "{pick:?}");
    }
}

/// Systems that extracted all digits from any answer would report a number here.
#[test]
fn an_answer_without_a_count_is_unknown_and_never_zero() {
    let page = "<html><head><title>502 Bad Gateway</title></head><body>nginx/1.2.3 40 72</body></html>";
    let bodies = [
        "",
        " \r\n",
        "{}",
        "[]",
        "null",
        "true",
        "\"\"",
        "\"40\"",
        "[40]",
        "{\"a\":40}",
        "40 41",
        "-1",
        "1.0",
        "1e2",
        "0x10",
        "040",
        "+40",
        "4,294",
        "4294967296",
        "99999999999999999999999",
        "NaN",
        "count: 40",
        "associatedCount=40",
        page,
        " \n<!DOCTYPE html>40",
        "HTTP/1.1 200 OK 40",
        "{\"success\":false}",
        r#"{"success":false,"error":{"message":"no"},"associatedCount":40,"count":40,"total":40,"results":{"total":40}}"#,
        r#"{"error":"database is locked","associatedCount":40,"count":40,"total":40,"results":{"total":40}}"#,
        r#"{"associatedCount":null,"count":null,"total":null,"results":{"total":null}}"#,
        r#"{"associatedCount":"40","count":"40","total":"40","results":{"total":"40"}}"#,
        r#"{"associatedCount":-1,"count":-1,"total":-1,"results":{"total":-1}}"#,
        r#"{"associatedCount":40.0,"count":40.0,"total":40.5,"results":{"total":4e1}}"#,
        r#"{"associatedCount":4294967296,"count":4294967296,"total":4294967296,"results":{"total":4294967296}}"#,
        r#"{"associatedCount":[40],"count":{"count":40},"total":true,"results":[{"total":40}]}"#,
        r#"{"associatedCount":40,"associatedCount":41,"count":1,"count":1,"total":1,"total":2,"results":{"total":1,"total":1}}"#,
        r#"{"ASSOCIATEDCOUNT":40,"Count":40,"Total":40,"Results":{"total":40}}"#,
        r#"{"totalCount":72,"probingCount":32}"#,
        r#"{"results":[40]}"#,
        r#"{"results":[["4711",null,null,null,40,null,null]]}"#,
        r#"{"data":[["2nd Floor",40]]}"#,
        r#"{"ZoneCounts":[[["West","West",40]]]}"#,
        r#"{"ZoneCounts":{"zoneCountList":[["West","West",40]]}}"#,
        r#"[["2026-11-28T14:05:00Z","2026-11-28T14:10:00Z",40]]"#,
        "[null,null,null,null]",
        r#"{"ZoneCounts":{"zoneCountList":[]},"data":[],"results":[]}"#,
    ];
    for (pick, ..) in sources() {
        for body in bodies {
            assert!(matches!(said(&pick, body), Err(Unknown::NoCount(_))), "{pick:?} of {body}");
        }
        assert!(said(&pick, [0xff, 0xfe, b'4', b'0']).is_err());
        assert!(said(&pick, "[".repeat(BODY_MAX)).is_err());
        assert!(said(&pick, format!("{{\"a\":{}}}", "[".repeat(BODY_MAX))).is_err());
    }
}

#[test]
fn only_status_200_is_read() {
    for (pick, body, _) in sources() {
        for status in
            [201, 202, 203, 204, 206, 301, 302, 304, 307, 400, 401, 403, 404, 408, 429, 500, 502, 503, 504]
        {
            let said = read(&pick, &answer(status, body.clone()), now());
            let Err(Unknown::NoCount(why)) = said else { panic!("{status}: {said:?}") };
            assert!(why.contains(&format!("HTTP {status}")), "{why}");
        }
    }
    let words =
        |pick: &Pick, status, body: String| read(pick, &answer(status, body), now()).unwrap_err().to_string();
    assert_eq!(
        words(&Pick::CmxAssociated, 401, "<html>401</html>".into()),
        "CMX answered with HTTP 401: the user or password is wrong, or the user may not ask this"
    );
    assert_eq!(
        words(&Pick::MerakiBucket, 401, r#"{"errors":["Invalid API key"]}"#.into()),
        "Meraki answered with HTTP 401: the API key is wrong, has run out, or may not ask this; it says: Invalid API key"
    );
    assert_eq!(
        words(&Pick::CmxAssociated, 400, sample("cmx v3 bad filter")),
        "CMX answered with HTTP 400: it doesn't take our question; it says: Unkown filter parameter being used"
    );
    assert_eq!(
        words(&Pick::SpacesTotal, 502, "<html>502</html>".into()),
        "Cisco Spaces answered with HTTP 502: it is in trouble"
    );
}

#[test]
fn the_reason_is_readable() {
    let cmx = Pick::CmxAssociated;
    let it = "CMX's answer isn't the one we know: ";
    assert_eq!(why(&cmx, ""), "CMX's answer is empty");
    assert_eq!(why(&cmx, "{\"associatedCount\": 4"), "CMX's answer breaks off");
    assert_eq!(why(&cmx, "Service is starting"), "CMX's answer isn't JSON");
    assert!(why(&cmx, "<p>40</p>").starts_with("a page came instead of CMX's count"));
    assert_eq!(why(&cmx, "{}"), format!("{it}missing field `associatedCount`"));
    assert_eq!(why(&cmx, r#"{"associatedCount":-3}"#), format!("{it}-3 is less than nothing"));
    assert_eq!(
        why(&cmx, r#"{"associatedCount":4.5}"#),
        format!("{it}invalid type: floating point `4.5`, expected a whole number of devices")
    );
    assert_eq!(
        why(&cmx, r#"{"associatedCount":4294967296}"#),
        format!("{it}4294967296 is more than there can be")
    );
    assert_eq!(why(&cmx, sample("cmx v3 bad filter")), "CMX says: Unkown filter parameter being used");
    let long = value!({ "success": false, "error": { "message": format!("a\nb{}", "é".repeat(1000)) } });
    let long = why(&cmx, long.to_string());
    assert!(long.starts_with("CMX says: a bé") && long.ends_with("é…"), "{long}");
    assert_eq!(long.chars().count(), "CMX says: ".len() + 200);
    let long = why(&cmx, value!({ "associatedCount": "x".repeat(1000) }).to_string());
    assert!(long.chars().count() < 300, "{long}");
}

#[test]
fn a_place_is_found_by_its_unique_name() {
    let zone = |name: &str, body: &str| why(&Pick::CmxZone(name.into()), body);
    let body = sample("cmx by zone");
    assert_eq!(
        zone("East", &body),
        "CMX knows more than one place \"East\"; it knows: System Campus/Level 1/West, System Campus/Level 1/East, \
         System Campus/Level 2/East"
    );
    assert!(zone("Level 1", &body).starts_with("CMX knows no place \"Level 1\""));
    assert!(zone("est", &body).starts_with("CMX knows no place"));
    assert!(zone("/", &body).starts_with("CMX knows no place"));
    let twice = r#"{"ZoneCounts":{"zoneCountList":[{"hierarchy":"A/B","zoneCount":1},{"hierarchy":"a>b","zoneCount":2}]}}"#;
    assert!(zone("A/B", twice).starts_with("CMX knows more than one place"));

    // A full hierarchy takes precedence over one that ends in it, and errors in other entries don't matter.
    let list = r#"{"ZoneCounts":{"zoneCountList":[{"hierarchy":"X/A/B","zoneCount":-1},{"hierarchy":"A/B","zoneCount":2},
        {"zoneName":"C","zoneCount":3},{"zoneCount":4},{"hierarchy":"D"},{"hierarchy":"","zoneCount":5}]}}"#;
    assert_eq!(said(&Pick::CmxZone("A > B".into()), list), Ok(2));
    assert_eq!(said(&Pick::CmxZone("C".into()), list), Ok(3));
    assert_eq!(zone("X/A/B", list), "CMX's answer isn't the one we know: -1 is less than nothing");
    assert_eq!(zone("D", list), "CMX's answer isn't the one we know: the place has no count");

    let floor = |id: &str, body: &str| why(&Pick::SpacesFloorId(id.into()), body);
    assert_eq!(floor("6", &sample("spaces floors")), "Cisco Spaces knows no floor with the id \"6\"");
    assert!(floor("5", r#"{"results":[{"id":"5","count":1},{"id":5,"count":1}]}"#).ends_with("twice"));
    assert!(floor("5", r#"{"results":[{"id":"5","count":1,"total":2}]}"#).ends_with("more than one number"));
}

#[test]
fn the_places_in_an_answer_are_listed() {
    let of = |name| places(&answer(200, sample(name)));
    assert_eq!(
        of("cmx by zone"),
        ["System Campus/Level 1/West", "System Campus/Level 1/East", "System Campus/Level 2/East"]
    );
    assert_eq!(of("cmx clientCount"), ["1st Floor", "2nd Floor"]);
    assert_eq!(
        of("spaces floors"),
        ["Floor 1 (3b3aad61352e4bc09cdea0119ee3d9f3)", "Floor 2 (4711)", "Floor 3 (5)"]
    );
    for other in ["cmx v3", "cmx presence", "spaces count", "meraki"] {
        assert!(of(other).is_empty(), "{other}");
    }
    assert!(places(&answer(502, "<html>")).is_empty());
}

#[test]
fn merakis_count_is_that_of_the_last_complete_five_minutes() {
    let at = |body: &str, now: &str| read(&Pick::MerakiBucket, &answer(200, body), now.parse().unwrap());
    let body = sample("meraki");
    assert_eq!(at(&body, "2026-11-28T14:10:00Z"), Ok(33));
    assert_eq!(at(&body, "2026-11-28T14:09:59Z"), Ok(31));
    assert_eq!(at(&body, "2026-11-28T14:15:00Z"), Ok(4));
    assert!(at(&body, "2026-11-28T14:04:59Z").is_err());
    assert!(at(&body, "2026-11-28T15:00:00Z").unwrap_err().why().contains("is old"));
    // In reverse order, the result is the same.
    let mut buckets: Vec<Value> = serde_json::from_str(&body).unwrap();
    buckets.reverse();
    assert_eq!(at(&Value::from(buckets).to_string(), "2026-11-28T14:12:00Z"), Ok(33));
    // The sample's periods span months, which are no five minutes.
    let months = at(&sample("meraki from memory"), "2018-05-12T00:00:01Z");
    assert!(months.unwrap_err().why().contains("not over five minutes"));
    let bucket = |count: &str| {
        format!(r#"[{{"startTs":"2026-11-28T14:00:00Z","endTs":"2026-11-28T14:05:00.000Z"{count}}}]"#)
    };
    let at_six = |count: &str| at(&bucket(count), "2026-11-28T14:06:00Z");
    assert_eq!(at_six(r#","clientCount":0"#), Ok(0));
    assert!(at_six(r#","clientCount":null"#).unwrap_err().why().contains("doesn't know"));
    for wrong in ["", r#","clientCount":"5""#, r#","clientCount":-1"#, r#","clientCount":5.0"#] {
        assert!(at_six(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_bare_number_is_read_only_if_its_end_is_known() {
    let mut told = answer(200, "57");
    assert_eq!(read(&Pick::CmxBare, &told, now()), Ok(57));
    told.content_type = None;
    assert_eq!(read(&Pick::CmxBare, &told, now()), Ok(57));
    told.content_type = Some("Text/HTML; charset=utf-8".into());
    assert!(read(&Pick::CmxBare, &told, now()).is_err());
    told.content_type = None;
    told.framed = false;
    assert!(read(&Pick::CmxBare, &told, now()).is_err());
}

fn zone(place: Value, exclude: Value) -> Zone {
    let place: Place = serde_json::from_value(place).unwrap();
    let exclude: Exclude = serde_json::from_value(exclude).unwrap();
    let zone = value!({ "site": "s", "plan": "p", "where": place, "exclude": exclude });
    serde_json::from_value(zone).unwrap()
}

#[test]
fn a_zone_becomes_requests() {
    let asks = |system, place, exclude| -> Vec<String> {
        let shown = |sign| if sign == Sign::Plus { '+' } else { '-' };
        match terms(system, &zone(place, exclude)) {
            Ok(terms) => terms.iter().map(|term| format!("{} {}", shown(term.sign), term.ask)).collect(),
            Err(Unknown::NotAsked(why)) => vec![why],
            Err(other) => panic!("{other:?}"),
        }
    };
    let v3 = System::Cmx(CmxApi::V3);
    let count = "/api/location/v3/clients/count";
    assert_eq!(asks(v3, value!({}), value!({ "devices": 3 })), [format!("+ {count}")]);
    assert_eq!(
        asks(v3, value!({ "hierarchy": "Campus/Building 9 > Café & Co (East)" }), value!({})),
        [format!("+ {count}?mapHierarchy=Campus%3EBuilding%209%3ECaf%C3%A9%20%26%20Co%20%5C%28East%5C%29")]
    );
    assert_eq!(
        asks(v3, value!({ "floor": "788149884915780818" }), value!({ "ssid": "staff+1=2" })),
        [
            format!("+ {count}?floorRefId=788149884915780818"),
            format!("- {count}?floorRefId=788149884915780818&ssid=staff%2B1%3D2")
        ]
    );
    // The staff isn't on the guests' SSID.
    assert_eq!(
        asks(v3, value!({ "ssid": "guests" }), value!({ "ssid": "staff" })),
        [format!("+ {count}?ssid=guests")]
    );
    let plain = |api| asks(System::Cmx(api), value!({}), value!({}));
    assert_eq!(plain(CmxApi::V2), ["+ /api/location/v2/clients/count"]);
    assert_eq!(plain(CmxApi::V1), ["+ /api/location/v1/clients/count"]);
    assert_eq!(plain(CmxApi::Analytics), ["+ /api/analytics/v1/now/connectedDetected"]);
    assert_eq!(
        asks(System::Cmx(CmxApi::Analytics), value!({ "hierarchy": "1st Floor" }), value!({})),
        ["+ /api/analytics/v1/now/clientCount"]
    );
    assert_eq!(
        asks(System::Cmx(CmxApi::Zones), value!({ "hierarchy": "A/B/C/D" }), value!({})),
        ["+ /api/location/v1/clients/count/byzone"]
    );
    assert_eq!(
        asks(System::Cmx(CmxApi::Presence), value!({ "presence_site": "1 2" }), value!({})),
        ["+ /api/presence/v1/connected/count/today?siteId=1%202"]
    );
    assert_eq!(asks(System::Spaces, value!({}), value!({})), ["+ /api/location/v1/clients/count"]);
    for place in [value!({ "floor": "3b3a" }), value!({ "hierarchy": "Floor 1" })] {
        assert_eq!(asks(System::Spaces, place, value!({})), ["+ /api/location/v1/clients/floors"]);
    }
    let history = "/api/v1/networks/L_123/wireless/clientCountHistory?resolution=300&timespan=600";
    assert_eq!(
        asks(System::Meraki, value!({ "network": "L_123", "tag": "shoes" }), value!({ "ssid": "2" })),
        [format!("+ {history}&apTag=shoes"), format!("- {history}&apTag=shoes&ssid=2")]
    );

    // The check of the configuration refuses these. Without it they give no count either.
    for (system, place, exclude) in [
        (v3, value!({ "hierarchy": " / " }), value!({})),
        (System::Cmx(CmxApi::V1), value!({ "hierarchy": "A" }), value!({})),
        (System::Cmx(CmxApi::V2), value!({}), value!({ "ssid": "staff" })),
        (System::Cmx(CmxApi::Zones), value!({}), value!({})),
        (System::Cmx(CmxApi::Presence), value!({}), value!({})),
        (System::Spaces, value!({ "ssid": "guests" }), value!({})),
        (System::Spaces, value!({ "floor": " " }), value!({})),
        (System::Spaces, value!({}), value!({ "ssid": "staff" })),
        (System::Meraki, value!({}), value!({})),
        (System::Meraki, value!({ "network": ".." }), value!({})),
        (System::Meraki, value!({ "network": "L_1/../../organizations" }), value!({})),
        (System::Meraki, value!({ "network": "L_1", "ssid": "guests" }), value!({})),
        (System::Meraki, value!({ "network": "L_1" }), value!({ "ssid": "15" })),
    ] {
        let asked = asks(system, place, exclude);
        assert!(asked.len() == 1 && !asked[0].starts_with('+'), "{asked:?}");
    }
}

/// Whether the body contains this count as a number.
fn stands_there(body: &[u8], count: u32) -> bool {
    let text = String::from_utf8_lossy(body);
    text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.parse() == Ok(count))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// A truncated body gives no count, except for the bare number, whose framing is tested elsewhere.
    #[test]
    fn a_part_of_an_answer_gives_no_count(which in 0..14_usize, at in any::<prop::sample::Index>()) {
        let (pick, body, count) = sources().swap_remove(which);
        let cut = at.index(body.len());
        let said = said(&pick, &body.as_bytes()[..cut]);
        prop_assert!(said.is_err() || said == Ok(count) || pick == Pick::CmxBare, "{said:?}");
    }

    #[test]
    fn one_wrong_byte_invents_no_count(which in 0..14_usize, at in any::<prop::sample::Index>(), byte: u8) {
        let (pick, body, count) = sources().swap_remove(which);
        let mut body = body.into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        if let Ok(other) = said(&pick, body.clone()) {
            let json = serde_json::from_slice::<Value>(&body).is_ok();
            prop_assert!(other == count || (json && stands_there(&body, other)), "{other}");
        }
    }

    #[test]
    fn no_answer_panics(which in 0..14_usize, status in 100..600_u16, body: Vec<u8>) {
        let (pick, ..) = sources().swap_remove(which);
        let answer = answer(status, body);
        let _ = (read(&pick, &answer, now()), places(&answer), format!("{answer:?}"));
    }

    #[test]
    fn a_page_full_of_digits_is_unknown(which in 0..14_usize, digits in "[0-9<>/ {}:\"]{0,80}") {
        let (pick, ..) = sources().swap_remove(which);
        for page in [format!("<html>{digits}</html>"), format!("\n <!doctype html>{digits}")] {
            prop_assert!(matches!(said(&pick, page), Err(Unknown::NoCount(_))));
        }
    }
}
