use handbell_core::config::Config;
use handbell_core::oncall::{Contact, Layer, Override, Person, Rota, Turn};
use jiff::Timestamp;

use super::*;

const CONFIG: &str = r#"
webex: { token: { secret: webex } }
plans:
  duty:
    space: { title: Duty }
    steps:
      - page: [{ to: [{ on_duty: ops }], text: "{title}" }]
      - page: [{ to: [{ on_duty: deputies }, { on_duty: ops }] }]
mail: { domain: in.example.com, from: handbell@in.example.com, links: { secret: links } }
sources:
  demo: { label: Monitoring, plan: duty, address: { secret: mail-demo }, form: { title: Report trouble, secret: form } }
  plain: { plan: duty }
"#;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn config(text: &str) -> Config {
    serde_saphyr::from_str(text).unwrap()
}

fn person(id: &str, phone: &str) -> Person {
    let verified_at = Some(at("2026-01-01T00:00:00Z"));
    Person {
        id: id.into(),
        name: id.to_uppercase(),
        email: Some(Contact { address: format!("{id}@example.com").parse().unwrap(), verified_at }),
        phones: vec![Contact { address: phone.parse().unwrap(), verified_at }],
        language: None,
        timezone: None,
        rules: Vec::new(),
        version: 1,
    }
}

fn rota(name: &str, people: &[&str]) -> Rota {
    let layer = Layer {
        people: people.iter().map(|id| (*id).to_owned()).collect(),
        turn: Turn::Weekly,
        starts: "2026-11-16".parse().unwrap(),
        hand_over: "08:00".parse().unwrap(),
        hours: None,
        on: handbell_core::oncall::Days::All,
    };
    Rota {
        name: name.into(),
        label: None,
        timezone: "Europe/Paris".into(),
        team: None,
        layers: vec![layer],
        overrides: Vec::new(),
        holidays: Vec::new(),
        version: 1,
    }
}

fn roster() -> Roster {
    let people = [person("dana", "+12025550111"), person("eli", "+12025550112")];
    let rotas = [rota("deputies", &["eli"]), rota("ops", &["dana", "eli"]), rota("a-spare", &["nobody"])];
    Roster {
        people: people.map(|person| (person.id.clone(), person)).into(),
        rotas: rotas.map(|rota| (rota.name.clone(), rota)).into(),
        ..Roster::default()
    }
}

#[test]
fn sources_have_the_addresses_of_this_laptop() {
    let sources = local_sources(&config(CONFIG));
    assert_eq!(sources[0].mail.as_deref(), Some("duty-demo@in.example.com"));
    assert_eq!(sources[0].form.as_deref(), Some("/alert/demo"));
    assert_eq!((sources[1].label.as_str(), &sources[1].mail, &sources[1].form), ("plain", &None, &None));
}

#[test]
fn rotas_stand_in_the_order_in_which_they_are_called() {
    let view = Duty::new(&config(CONFIG)).of(&roster(), at("2026-11-21T12:00:00Z"));
    let names: Vec<&str> =
        view["rotas"].as_array().unwrap().iter().filter_map(|rota| rota["name"].as_str()).collect();
    assert_eq!(names, ["ops", "deputies", "a-spare"]);
    assert_eq!(view["people"][0], json!({ "id": "dana", "name": "DANA", "phones": ["+12025550111"] }));
    assert_eq!(view["mail_from"], "handbell@in.example.com");
}

#[test]
fn a_rota_is_drawn_from_midnight_by_its_own_clock_with_every_hand_over() {
    let mut roster = roster();
    let stands_in = Override {
        from: at("2026-11-21T17:00:00Z"),
        until: at("2026-11-21T22:00:00Z"),
        person: Some("eli".into()),
        instead_of: None,
        by: None,
    };
    roster.rotas.get_mut("ops").unwrap().overrides.push(stands_in);
    let view = Duty::new(&config(CONFIG)).of(&roster, at("2026-11-21T12:00:00Z"));
    let ops = &view["rotas"][0];
    assert_eq!(
        (&ops["now"], &ops["until"], &ops["next"]),
        (&json!("dana"), &json!("2026-11-21T17:00:00Z"), &json!("eli"))
    );
    let shifts: Vec<String> = ops["shifts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|shift| {
            format!(
                "{} {} {}",
                shift["from"].as_str().unwrap(),
                shift["person"].as_str().unwrap(),
                shift["why"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        shifts,
        [
            "2026-11-20T23:00:00Z dana turn",
            "2026-11-21T17:00:00Z eli stands in",
            "2026-11-21T22:00:00Z dana turn",
            "2026-11-23T07:00:00Z eli turn",
            "2026-11-30T07:00:00Z dana turn",
        ]
    );
    assert_eq!(ops["to"], "2026-12-04T23:00:00Z");
}

#[test]
fn where_nobody_is_on_duty_that_is_said() {
    let view = Duty::new(&config(CONFIG)).of(&roster(), at("2026-11-21T12:00:00Z"));
    let spare = &view["rotas"][2];
    assert!(spare["now"].is_null() && spare["until"].is_null() && spare["next"].is_null());
    assert_eq!(spare["shifts"].as_array().unwrap().len(), 1);
    assert!(spare["shifts"][0]["person"].is_null() && spare["shifts"][0]["why"].is_null());
}
