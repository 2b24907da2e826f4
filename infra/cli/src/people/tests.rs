use std::collections::BTreeMap;

use handbell_core::oncall::{Person, Rota, Team, parse_rules};
use insta::assert_snapshot;

use super::*;
use crate::directory::tests::{around, empty, with_people};

const FILE: &str = "\
id,name,email,phones,timezone,language,teams,rules
dana,\"Diaz, Dana\",dana@example.com,+12025550111 +12025550121,Europe/Paris,en-US,ops night,\"text; call after 2m every 5m x3\"

eli,Eli,,+12025550112,,,ops,
";

fn mistakes(text: &str) -> String {
    let mistakes = csv::read(text).expect_err("a mistake");
    mistakes.iter().map(|mistake| format!("{mistake}\n")).collect()
}

async fn import(text: &str, asked: Asked, directory: &Directory) -> Result<String, Failure> {
    take_over(text, &asked, directory, &|_| false).await
}

fn yes() -> Asked {
    Asked { verified: true, yes: true, dry_run: false }
}

async fn everybody(directory: &Directory) -> BTreeMap<String, Person> {
    directory.store.people().roster().await.unwrap().people
}

#[test]
fn a_file_is_read() {
    let file = csv::read(FILE).unwrap();
    let [(dana, teams), (eli, _)] = file.people.as_slice() else { panic!("two people") };
    assert_eq!(
        (dana.name.as_str(), teams.as_slice()),
        ("Diaz, Dana", &["ops".to_owned(), "night".to_owned()][..])
    );
    assert_eq!(
        dana.phones.iter().map(|phone| phone.address.as_str()).collect::<Vec<_>>(),
        ["+12025550111", "+12025550121"]
    );
    assert_eq!(dana.rules, parse_rules("text; call after 2m every 5m x3").unwrap());
    assert_eq!((eli.email.as_ref(), eli.timezone.as_ref(), eli.rules.len()), (None, None, 0));
    assert!(dana.contacts().chain(eli.contacts()).all(|(_, verified_at)| verified_at.is_none()));
    // As European spreadsheets write it, with another order of the columns.
    let other = "\u{feff}Name;ID;Phones\r\n Dana ;dana; +12025550111 \r\n;;\r\n";
    let file = csv::read(other).unwrap();
    assert_eq!(file.people.len(), 1);
    assert_eq!(file.people[0].0.name, "Dana");
    assert_eq!(file.columns.iter().map(String::as_str).collect::<Vec<_>>(), ["id", "name", "phones"]);
}

#[test]
fn every_mistake_has_its_line_and_column() {
    assert_snapshot!(mistakes(""), @"line 1: the file is empty; the first line must be id,name,email,phones,timezone,language,teams,rules");
    assert_snapshot!(mistakes("dana,Dana,dana@example.com,+12025550111\n"), @r#"
        line 1: there is no column "dana"; the first line must be id,name,email,phones,timezone,language,teams,rules
        line 1: there is no column "dana"; the first line must be id,name,email,phones,timezone,language,teams,rules
        line 1: there is no column "dana@example.com"; the first line must be id,name,email,phones,timezone,language,teams,rules
        line 1: there is no column "+12025550111"; the first line must be id,name,email,phones,timezone,language,teams,rules
        line 1: the column id is missing; the first line must be id,name,email,phones,timezone,language,teams,rules
        line 1: the column name is missing; the first line must be id,name,email,phones,timezone,language,teams,rules
    "#);
    assert_snapshot!(mistakes("id,phone,name,name\n"), @r#"
        line 1: there is no column "phone"; did you mean phones?; the first line must be id,name,email,phones,timezone,language,teams,rules
        line 1: the column name occurs twice; the first line must be id,name,email,phones,timezone,language,teams,rules
    "#);
    assert_snapshot!(
        mistakes(
            "id,name,email,phones,timezone,language,teams,rules\n\
             dana,Dana,dana at example,0049301234567 +12025550111,Europe/Pariss,english please,ops,call twice\n\
             ,,,,,,,\n\
             d na,,,+12025550111 +12025550111,,,\"o/ps\",\n\
             dana,Dana,,,,,,\n\
             eli,Eli,,+49 30 1234567,,,ops,text; call, after 2m\n"
        ),
        @r#"
        line 2, email: "dana at example" is not a mail address
        line 2, phones: "0049301234567" is not a phone number; write it with + and the country code, without spaces: +12025550111
        line 2, timezone: there is no time zone "Europe/Pariss"; write an IANA name such as Europe/Paris
        line 2, language: "english please" is not a language; write one such as en-US or de-DE
        line 2, rules: "twice" can't be understood; a rule is such as: call after 7m every 5m x3 (at character 1)
        line 4, id: "d na" is not an id; write a short word of letters, digits, - and _, such as dana
        line 4, name: the name is missing; write the name that people know
        line 4, phones: +12025550111 occurs twice
        line 4, teams: "o/ps" is not a team name; write words such as ops, separated by spaces
        line 5, id: "dana" occurs twice; the first is in line 2
        line 6: the line has 9 fields for 8 columns; put a field that contains a comma in quotes: "text; call after 2m"
    "#
    );
    assert_snapshot!(mistakes("id,name\n\"dana,Dana\neli,Eli\n"), @r#"
        line 2, id: "dana,Dana\neli,Eli" is not an id; write a short word of letters, digits, - and _, such as dana
        line 2, name: the name is missing; write the name that people know
    "#);
}

#[tokio::test]
async fn one_wrong_line_prevents_the_import() {
    let directory = empty().await;
    let wrong = FILE.replace("+12025550112", "12025550112");
    let error = import(&wrong, yes(), &directory).await.unwrap_err().to_string();
    assert!(
        error.starts_with("nothing was changed, because of 1 mistake(s):\n  line 4, phones: "),
        "{error}"
    );
    assert!(everybody(&directory).await.is_empty());
    // It would be two recipients in the header of a mail.
    let wrong = FILE.replace("dana@example.com", "\"dana@example.com,eve\"");
    let error = import(&wrong, yes(), &directory).await.unwrap_err().to_string();
    assert!(error.ends_with("line 2, email: \"dana@example.com,eve\" is not a mail address"), "{error}");
    assert!(everybody(&directory).await.is_empty());
    let dry = Asked { dry_run: true, ..yes() };
    let said = import(FILE, dry, &directory).await.unwrap();
    assert!(said.starts_with("Nothing was changed. It would be: 2 new, 0 changed, 0 as before.\n"), "{said}");
    assert!(everybody(&directory).await.is_empty());
}

#[tokio::test]
async fn confirming_contacts_asks_once() {
    let directory = empty().await;
    let asked = std::cell::RefCell::new(Vec::new());
    let no = |question: &str| {
        asked.borrow_mut().push(question.to_owned());
        false
    };
    let vouched = Asked { verified: true, ..Asked::default() };
    assert_eq!(take_over(FILE, &vouched, &directory, &no).await, Err("nothing was changed".into()));
    assert!(everybody(&directory).await.is_empty());
    assert!(asked.borrow()[0].contains("4 of them aren't verified yet"), "{asked:?}");
    take_over(FILE, &vouched, &directory, &|_| true).await.unwrap();
    assert!(everybody(&directory).await.values().all(Person::is_reachable));
    // All contacts are verified now, so there is no question.
    take_over(FILE, &vouched, &directory, &no).await.unwrap();
    assert_eq!(asked.borrow().len(), 1);
}

#[tokio::test]
async fn known_contacts_stay_verified_and_new_ones_are_not() {
    let directory = empty().await;
    assert_snapshot!(import(FILE, Asked::default(), &directory).await.unwrap(), @r#"
        2 new, 0 changed, 0 as before.
        Team night is new: dana
        Team ops is new: dana, eli
        Not verified, so not used yet (`handbell people verify` sends codes; --verified confirms them):
          dana: dana@example.com
          dana: +12025550111
          dana: +12025550121
          eli: +12025550112
    "#);
    assert!(everybody(&directory).await.values().all(|person| !person.is_reachable()));
    import(FILE, yes(), &directory).await.unwrap();
    let changed = FILE.replace("+12025550121", "+12025550131").replace("Eli,", "Elias,");
    assert_snapshot!(import(&changed, Asked::default(), &directory).await.unwrap(), @r#"
        0 new, 2 changed, 0 as before.
        Not verified, so not used yet (`handbell people verify` sends codes; --verified confirms them):
          dana: +12025550131
    "#);
    let dana = &everybody(&directory).await["dana"];
    let verified: Vec<_> =
        dana.contacts().map(|(address, verified_at)| (address, verified_at.is_some())).collect();
    assert_eq!(verified, [("dana@example.com", true), ("+12025550111", true), ("+12025550131", false)]);
    let version = dana.version;
    let said = import(&changed, Asked::default(), &directory).await.unwrap();
    assert!(said.starts_with("0 new, 0 changed, 2 as before.\n"), "{said}");
    assert_eq!(everybody(&directory).await["dana"].version, version, "nothing was written");
}

#[tokio::test]
async fn fields_without_a_column_do_not_change() {
    let directory = empty().await;
    import(FILE, yes(), &directory).await.unwrap();
    import("id,name\ndana,Dana\nfay,Fay\n", Asked::default(), &directory).await.unwrap();
    let roster = directory.store.people().roster().await.unwrap();
    assert_eq!((roster.people["dana"].name.as_str(), roster.people["dana"].phones.len()), ("Dana", 2));
    assert_eq!(roster.teams["ops"].members, ["dana", "eli"]);
    // People in the file belong to the teams that it names. The others keep their teams.
    import("id,name,teams\ndana,Dana,night\nfay,Fay,ops\n", Asked::default(), &directory).await.unwrap();
    let roster = directory.store.people().roster().await.unwrap();
    assert_eq!(roster.teams["ops"].members, ["eli", "fay"]);
    assert_eq!(roster.teams["night"].members, ["dana"]);
}

#[tokio::test]
async fn an_export_can_be_imported() {
    let directory = empty().await;
    import(FILE, yes(), &directory).await.unwrap();
    let exported = csv::write(&directory.store.people().roster().await.unwrap()).unwrap();
    assert_snapshot!(exported, @r#"
        id,name,email,phones,timezone,language,teams,rules
        dana,"Diaz, Dana",dana@example.com,+12025550111 +12025550121,Europe/Paris,en-US,night ops,text; call after 2m every 5m x3
        eli,Eli,,+12025550112,,,ops,
    "#);
    let said = import(&exported, Asked::default(), &directory).await.unwrap();
    assert!(said.starts_with("0 new, 0 changed, 2 as before.\n"), "{said}");
}

#[tokio::test]
async fn the_list_shows_everybody() {
    let directory = with_people().await;
    import("id,name,phones\nfay,Fay Fuchs,+12025550119\n", Asked::default(), &directory).await.unwrap();
    assert_snapshot!(list(&directory.store.people().roster().await.unwrap()), @r#"
        alice  Alice      +12025550114 ✓  alice@example.com ✓
               in management
               call; text
        bob    Bob        +12025550113 ✓  bob@example.com ✓
               in technical
               text; webex; call after 2m every 5m x3
        dana   Dana       +12025550111 ✓  dana@example.com ✓
               in ops
        eli    Eli        +12025550112 ✓  eli@example.com ✓
               in ops
        fay    Fay Fuchs  +12025550119 (not verified)
               can't be reached: nothing is verified, so alerts skip this person
    "#);
    assert_snapshot!(list(&Roster::default()), @"Nobody is in the roster yet. `handbell people import --help` explains how to add people.");
}

#[tokio::test]
async fn a_code_verifies_the_contact() {
    let directory = empty().await;
    import(FILE, Asked::default(), &directory).await.unwrap();
    let sent = verify::codes("eli", &directory, &around()).await.unwrap();
    let [one] = sent.as_slice() else { panic!("one contact") };
    assert_eq!((one.address.as_str(), one.person.as_str()), ("+12025550112", "eli"));
    assert_snapshot!(one.text, @"000042 is your Handbell code, valid for 15 minutes. Reply with it, or tell it only to the person who added you to Handbell.");
    assert!(!format!("{one:?}").contains("000042"));
    let other = Around { chance: &|| 43, ..around() };
    assert_eq!(verify::codes("eli", &directory, &other).await, Ok(vec![]), "another one only after a minute");
    let wrong = verify::confirm("eli", "000041", None, &directory).await.unwrap_err().to_string();
    assert_eq!(wrong, "nothing was verified.\n  +12025550112: wrong code; 4 attempts are left");
    let right = verify::confirm("eli", "000042", None, &directory).await.unwrap();
    assert_eq!(right, "+12025550112 is verified: it belongs to eli.\n");
    assert!(everybody(&directory).await["eli"].is_reachable());
    let again = verify::confirm("eli", "000042", None, &directory).await.unwrap_err().to_string();
    assert_eq!(again, "eli has no unverified phone or address");
    let other = verify::confirm("dana", "000042", Some("+1999"), &directory).await.unwrap_err().to_string();
    assert_eq!(other, "+1999 is not an unverified phone or address of dana");
    let unknown = verify::confirm("elli", "000042", None, &directory).await.unwrap_err().to_string();
    assert_eq!(unknown, "there is no person \"elli\"; did you mean \"eli\"?");
}

#[tokio::test]
async fn a_person_with_turns_is_not_removed() {
    let directory = with_people().await;
    let error = remove("eli", &directory).await.unwrap_err().to_string();
    assert_eq!(error, "eli takes turns in ops-second; remove them there first (handbell rotas import)");
    assert_eq!(remove("bob", &directory).await.unwrap(), "bob is removed.\n");
    let roster = directory.store.people().roster().await.unwrap();
    assert!(!roster.people.contains_key("bob"));
    assert_eq!(
        roster.teams["technical"],
        Team { name: "technical".into(), label: None, members: vec![], version: 2 }
    );
    let _: &Rota = &roster.rotas["ops"];
}

#[tokio::test]
async fn json_shows_everybody() {
    let directory = empty().await;
    import(FILE, Asked::default(), &directory).await.unwrap();
    let told = super::everybody(&directory.store.people().roster().await.unwrap());
    let dana = &told["people"][0];
    let keys: Vec<&str> = dana.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["email", "id", "name", "phones", "reachable", "rules", "teams"]);
    assert_eq!(
        (&dana["id"], &dana["reachable"]),
        (&"dana".into(), &false.into()),
        "nothing is verified: {told}"
    );
    let phone = json!({ "address": "+12025550111", "verified_at": null });
    assert_eq!((&dana["phones"][0], &dana["teams"]), (&phone, &json!(["night", "ops"])), "{told}");
    assert_eq!((&told["people"][1]["id"], &told["people"][1]["email"]), (&"eli".into(), &Value::Null));
}
