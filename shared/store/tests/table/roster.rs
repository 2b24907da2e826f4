//! People, teams and rotas: written with optimistic locking, read as a whole.

use handbell_core::config::Hours;
use handbell_core::oncall::{Contact, Maintenance, Person, Roster, Rota, Team, parse_rules};
use handbell_local::cloud::table::TableFault;
use handbell_store::{NotCommitted, RosterChange};

use crate::{World, at};

pub(crate) fn person(id: &str, phone: &str) -> Person {
    Person {
        id: id.to_owned(),
        name: "Dana Diaz".to_owned(),
        email: Some(Contact { address: format!("{id}@example.com").parse().unwrap(), verified_at: None }),
        phones: vec![Contact { address: phone.parse().unwrap(), verified_at: None }],
        language: Some("en-US".to_owned()),
        timezone: None,
        rules: parse_rules("text; call after 2m every 5m x3").unwrap(),
        version: 0,
    }
}

fn team(members: &[&str]) -> Team {
    let members = members.iter().map(|id| (*id).to_owned()).collect();
    Team { name: "ops".to_owned(), label: Some("Operations".to_owned()), members, version: 0 }
}

/// A rota that uses every feature at least once.
fn rota() -> Rota {
    let hours: Hours = Hours {
        timezone: Some("Asia/Tokyo".to_owned()),
        week: [("daily".to_owned(), "09:00-17:00".to_owned())].into(),
        except: [("2026-12-25".to_owned(), "closed".to_owned())].into(),
        at_closing: Default::default(),
    };
    let layer = |turn| handbell_core::oncall::Layer {
        people: vec!["dana".to_owned(), "eli".to_owned()],
        turn,
        starts: "2026-01-05".parse().unwrap(),
        hand_over: "08:30".parse().unwrap(),
        hours: Some(hours.clone()),
        on: handbell_core::oncall::Days::Workdays,
    };
    use handbell_core::oncall::Turn;
    Rota {
        name: "ops".to_owned(),
        label: None,
        timezone: "Europe/Paris".to_owned(),
        team: Some("ops".to_owned()),
        layers: [Turn::Daily, Turn::Weekly, Turn::Days(3), Turn::Hours(12)].map(layer).into(),
        overrides: vec![handbell_core::oncall::Override {
            from: at("2026-11-21T00:00:00Z"),
            until: at("2026-11-22T00:00:00Z"),
            person: None,
            instead_of: Some("dana".to_owned()),
            by: None,
        }],
        holidays: vec!["2026-12-25".parse().unwrap()],
        version: 0,
    }
}

#[tokio::test]
async fn the_roster_reads_back_as_it_was_written() {
    let World { store, .. } = World::new().await;
    assert_eq!(store.people().roster().await.unwrap(), Roster::default());
    let (mut dana, mut team, mut rota) = (person("dana", "+12025550111"), team(&["dana"]), rota());
    store.roster_editor().put_person(&dana, None).await.unwrap();
    store.roster_editor().put_team(&team, None).await.unwrap();
    store.roster_editor().put_rota(&rota, None).await.unwrap();
    let maintenance = Maintenance {
        id: "m1".to_owned(),
        sources: vec!["monitoring".to_owned()],
        about: Some("db1".to_owned()),
        from: at("2026-11-21T00:00:00Z"),
        until: at("2026-11-22T00:00:00Z"),
        why: "disks".to_owned(),
    };
    store.roster_editor().put_maintenance(&maintenance).await.unwrap();
    let roster = store.people().roster().await.unwrap();
    (dana.version, team.version, rota.version) = (1, 1, 1);
    assert_eq!(roster.people["dana"], dana);
    assert_eq!(roster.teams["ops"], team);
    assert_eq!(roster.rotas["ops"], rota);
    assert_eq!(roster.maintenance, [maintenance]);
    store.roster_editor().forget_maintenance("m1").await.unwrap();
    store.roster_editor().forget_maintenance("m1").await.unwrap();
    assert_eq!(store.people().roster().await.unwrap().maintenance, []);
}

#[tokio::test]
async fn a_write_requires_the_latest_version() {
    let World { store, .. } = World::new().await;
    let mut dana = person("dana", "+12025550111");
    store.roster_editor().put_person(&dana, None).await.unwrap();
    assert!(
        matches!(store.roster_editor().put_person(&dana, None).await, Err(NotCommitted::Conflict)),
        "she is there already"
    );
    dana.name = "D.".to_owned();
    store.roster_editor().put_person(&dana, Some(1)).await.unwrap();
    assert!(matches!(store.roster_editor().put_person(&dana, Some(1)).await, Err(NotCommitted::Conflict)));
    assert_eq!(store.people().person("dana").await.unwrap().map(|dana| dana.version), Some(2));
    let gone = [RosterChange::NoPerson("dana", 1)];
    assert!(matches!(store.roster_editor().change_roster(&gone).await, Err(NotCommitted::Conflict)));
    store.roster_editor().change_roster(&[RosterChange::NoPerson("dana", 2)]).await.unwrap();
    assert_eq!(store.people().person("dana").await.unwrap(), None);
}

#[tokio::test]
async fn one_conflict_prevents_all_changes() {
    let World { store, table } = World::new().await;
    let (dana, eli) = (person("dana", "+12025550111"), person("eli", "+12025550112"));
    store.roster_editor().put_person(&eli, None).await.unwrap();
    let both = [
        RosterChange::Person(&dana, None),
        RosterChange::Person(&eli, None),
        RosterChange::Team(&team(&["dana"]), None),
    ];
    assert!(matches!(store.roster_editor().change_roster(&both).await, Err(NotCommitted::Conflict)));
    assert_eq!(store.people().person("dana").await.unwrap(), None);
    table.fail_next(TableFault::Conflict, Some("TransactWriteItems"));
    assert!(
        matches!(store.roster_editor().put_person(&dana, None).await, Err(NotCommitted::Conflict)),
        "another transaction"
    );
    store.roster_editor().put_person(&dana, None).await.unwrap();
    // The table writes the row but returns an error, and the SDK retries.
    table.fail_next(TableFault::AppliedButError, Some("TransactWriteItems"));
    store.roster_editor().put_team(&team(&["dana"]), None).await.unwrap();
}

#[tokio::test]
async fn a_large_roster_is_read_completely() {
    let World { store, .. } = World::new().await;
    // This exceeds one page of a query (1 MB) and one transaction.
    let padding = "x".repeat(8_000);
    let people: Vec<Person> = (0..250)
        .map(|number| Person { name: padding.clone(), ..person(&format!("p{number:03}"), "+12025550111") })
        .collect();
    let changes: Vec<_> = people.iter().map(|person| RosterChange::Person(person, None)).collect();
    store.roster_editor().change_roster(&changes).await.unwrap();
    assert_eq!(store.people().roster().await.unwrap().people.len(), 250);
}
