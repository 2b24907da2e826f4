//! A mail or a form wakes the right person, and somebody always takes the incident: through the front door, as a conversation.

mod answers;
mod crash;
mod form;
mod mail;
pub(crate) mod mailbox;
mod old_faults_stay_fixed;
mod races;
mod roster_commands;
mod timeline;

use handbell_core::incident::{Incident, Kind, Phase, Subject};
use handbell_store::table::{DueRow, SHARDS};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// Two people on call one after the other, a source with an address, and a form.
pub(crate) const DUTY: &str = r#"
timezone: Europe/Paris
webex: { token: { secret: webex }, webhook: { secret: webex-webhook } }
twilio: { account: ACffffffffffffffffffffffffffffffff, token: { secret: twilio }, from: "+12025550100" }
admins: { webex: [carol@example.com], sms: ["+12025550119"] }
mail: { domain: in.example.com, from: handbell@in.example.com, links: { secret: links } }
plans:
  duty:
    space: { title: "{incident}", reuse: per-incident }
    steps:
      - page: [{ to: [{ on_duty: ops }], text: "{source}: {title}", say: "{title}. It is {severity}." }]
      - page: [{ to: [{ on_duty: ops-second }], text: "{source}: {title}" }]
        after: 5m
    escalate:
      technical: { page: [{ to: [{ team: technical }], text: "Please help: {title}" }] }
sources:
  demo:
    label: Monitoring
    plan: duty
    address: { secret: mail-demo }
    form: { title: Report trouble, secret: alert-form }
"#;

/// The people: Dana is on call, then Eli; Bob helps.
pub(crate) const PEOPLE: &str = "\
id,name,email,phones,timezone,language,teams,rules
dana,Dana,dana@example.com,+12025550111,,en-US,ops,text; call
eli,Eli,eli@example.com,+12025550112,,en-US,ops,text; call
bob,Bob,bob@example.com,+12025550113,,en-US,technical,text
";

/// Their turns.
pub(crate) const ROTAS: &str = "\
rotas:
  ops:
    timezone: Europe/Paris
    team: ops
    layers: [{ people: [dana], starts: 2026-01-05, hand_over: 08:00 }]
  ops-second:
    timezone: Europe/Paris
    team: ops
    layers: [{ people: [eli], starts: 2026-01-05, hand_over: 08:00 }]
";

pub(crate) const DANA: &str = "+12025550111";
pub(crate) const ELI: &str = "+12025550112";
pub(crate) const BOB: &str = "+12025550113";
/// The address of the source.
pub(crate) const ADDRESS: &str = "duty-demo@in.example.com";

/// A mail as a monitoring system writes it.
pub(crate) fn nagios(id: &str, subject: &str, text: &str) -> String {
    format!(
        "From: Nagios <nagios@mon.example.com>\r\nTo: {ADDRESS}\r\nSubject: {subject}\r\nMessage-ID: <{id}@mon.example.com>\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    )
}

/// The mail that most tests begin with.
pub(crate) fn problem() -> String {
    nagios("p1", "PROBLEM: db1/MySQL is CRITICAL", "Host: db1\r\nService: MySQL\r\nConnection refused")
}

impl World {
    /// A world with these people and rotas in it.
    pub(crate) async fn staffed(config: &str) -> Self {
        Self::with_files(config, &[("people.csv", PEOPLE), ("rotas.yaml", ROTAS)]).await
    }

    /// A mail arrives at SES, with SES's verdicts on it.
    pub(crate) async fn mail_with(&self, to: &str, verdicts: &str, mime: &str) -> Answer {
        let path = format!("/sim/mail?to={}{verdicts}", to.replace('+', "%2B"));
        let answer = self.send("POST", &path, &[("content-type", "message/rfc822")], mime.to_owned()).await;
        assert_eq!(answer.status, 202, "{answer:?}");
        answer
    }

    /// A mail arrives, and takes its immediate effects.
    pub(crate) async fn mail(&self, mime: &str) {
        self.mail_with(ADDRESS, "", mime).await;
        self.settle().await;
    }

    /// Returns the mails that were sent, oldest first.
    pub(crate) fn sent_mails(&self) -> Vec<Value> {
        self.runner.cloud.mail().view().as_array().unwrap().clone()
    }

    /// Returns every incident that a source has raised, as the spaces show: the latest of each.
    pub(crate) async fn alerts(&self) -> Vec<Incident> {
        let store = &self.runner.store;
        let facts = self.runner.cloud.bus().facts().into_iter().filter(|fact| fact.kind == "incident.opened");
        let mut subjects: Vec<Subject> =
            facts.map(|fact| serde_json::from_value(fact.detail["subject"].clone()).unwrap()).collect();
        // An incident that isn't over has to wake some time.
        let far = self.now() + SignedDuration::from_hours(1000);
        for shard in 0..SHARDS {
            for (row, _) in store.due_index().due(shard, far, 1000).await.unwrap() {
                if let DueRow::State(subject) = row {
                    subjects.push(subject);
                }
            }
        }
        let mut found: Vec<Incident> = Vec::new();
        for subject in subjects.into_iter().filter(|subject| subject.kind() == Kind::Alert) {
            if found.iter().all(|known| known.subject != subject) {
                found.extend(store.incidents().incident(&subject).await.unwrap());
            }
        }
        found.sort_by_key(|incident| incident.opened_at);
        found
    }

    /// Returns the only incident.
    pub(crate) async fn alert(&self) -> Incident {
        let mut alerts = self.alerts().await;
        assert_eq!(alerts.len(), 1, "{alerts:#?}");
        alerts.remove(0)
    }

    /// Sends a text from this number to Handbell, and waits for its effects.
    pub(crate) async fn text_from(&self, number: &str, body: &str) {
        self.text_at_once(number, body).await;
        self.settle().await;
    }

    /// Sends a text from this number to Handbell.
    pub(crate) async fn text_at_once(&self, number: &str, body: &str) {
        let path = format!("/sim/phones/{}/text", number.replace('+', "%2B"));
        let body = json!({ "to": "+12025550100", "body": body }).to_string();
        let answer = self.send("POST", &path, &[("content-type", "application/json")], body).await;
        assert_eq!(answer.status / 100, 2, "{answer:?}");
    }

    /// Returns the state that the only card shows, and the texts of its buttons.
    pub(crate) fn shown(&self) -> (String, Vec<String>) {
        let spaces = self.spaces();
        let messages = spaces.iter().flat_map(|space| space["messages"].as_array().unwrap().clone());
        let cards: Vec<Value> = messages.filter(|message| !message["card"].is_null()).collect();
        assert_eq!(cards.len(), 1, "one card, and it is kept true: {cards:#?}");
        self.has_read(cards[0]["id"].as_str().unwrap());
        let markdown = cards[0]["markdown"].as_str().unwrap();
        let state =
            markdown.rsplit_once("`H-").map_or(markdown, |(text, _)| text).trim_end().trim_end_matches('`');
        let state = state.split_once("**: ").map_or(state, |(_, state)| state).trim().to_owned();
        let actions = cards[0]["card"]["actions"].as_array().cloned().unwrap_or_default();
        let titles = actions.iter().map(|action| action["title"].as_str().unwrap().to_owned());
        (state, titles.collect())
    }

    /// Presses a button on the incident's card as this person.
    pub(crate) async fn choose_on_card(&self, who: &str, title: &str) -> u16 {
        let spaces = self.spaces();
        let mut messages = spaces.iter().flat_map(|space| space["messages"].as_array().unwrap().clone());
        let card = messages.rfind(|message| !message["card"].is_null()).expect("a card");
        let status = self.choose(who, &card, title).await;
        self.settle().await;
        status
    }

    /// Writes in the space of the only incident as this person.
    pub(crate) async fn says_in_space(&self, who: &str, text: &str) {
        let spaces = self.spaces();
        let room = spaces.last().unwrap()["id"].as_str().unwrap().to_owned();
        let token = format!("Bearer person:{who}");
        let body = json!({ "roomId": room, "markdown": text }).to_string();
        let headers = [("content-type", "application/json"), ("authorization", token.as_str())];
        let answer = self.send("POST", "/sim/webex/v1/messages", &headers, body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let id = serde_json::from_str::<Value>(&answer.body).unwrap()["id"].as_str().unwrap().to_owned();
        self.has_read(&id);
        self.settle().await;
    }
}

/// A mail opens an incident: the person on call gets the space, a text and a call; the key acknowledges; an incident report goes
/// back.
#[tokio::test]
async fn a_monitoring_mail_wakes_the_right_person_and_is_answered_with_an_incident_report() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    let incident = world.alert().await;
    assert_eq!((incident.phase, incident.step), (Phase::Open, 1));
    let number = incident.number();
    let reference = incident.reference();

    assert_eq!(world.people(&reference), ["dana@example.com"]);
    let posts = world.posts(&reference);
    assert!(posts[0].starts_with("🔴 Critical: **PROBLEM: db1/MySQL is CRITICAL**"), "{posts:#?}");
    assert!(posts[0].contains("Connection refused"), "{posts:#?}");
    assert_eq!(posts[1], format!(" [{reference}.eml]"), "{posts:#?}");
    let text =
        format!("Monitoring: PROBLEM: db1/MySQL is CRITICAL\nHave it? Answer: ack {number}: delivered");
    assert_eq!(world.texts(DANA), [text]);
    assert_eq!(world.shown().0, "Nobody has it yet");

    let heard = world.answer(DANA).await;
    assert!(heard[0].starts_with("PROBLEM: db1/MySQL is CRITICAL. It is critical."), "{heard:#?}");
    world.key(DANA, "1").await;
    world.settle().await;
    assert_eq!(world.shown(), ("Dana has it".to_owned(), vec!["Done".to_owned(), "I can't".to_owned()]));

    world.pass(600).await;
    assert!(world.texts(ELI).is_empty(), "nothing begins after an acknowledgement");
    assert_eq!(world.calls(ELI), 0);

    world.text_from(DANA, "done").await;
    assert_eq!(world.alert().await.phase, Phase::Resolved);
    world.pass(90).await;
    let letters = world.sent_mails();
    assert_eq!(letters.len(), 1, "{letters:#?}");
    assert_eq!(letters[0]["to"][0], "nagios@mon.example.com");
    assert_eq!(letters[0]["subject"], "Re: PROBLEM: db1/MySQL is CRITICAL");
    let headers = letters[0]["headers"].to_string();
    assert!(headers.contains("<p1@mon.example.com>") && headers.contains("auto-replied"), "{headers}");
    let report = letters[0]["text"].as_str().unwrap();
    assert!(report.contains("Dana took it."), "{report}");
    assert!(report.contains("Dana                   1/1                  1/1      0      yes"), "{report}");
    assert!(
        report.contains("Dana has it (by phone)") && report.contains("Dana resolved it (by text)"),
        "{report}"
    );
    assert!(world.posts(&reference).iter().any(|post| post.ends_with(&format!("[{reference}.txt]"))));
    world.read_all();
}

/// Nobody presses a key: the second person is called after `after`, and not before.
#[tokio::test]
async fn without_a_key_press_the_second_person_is_called() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.pass(280).await;
    assert_eq!((world.calls(DANA), world.calls(ELI)), (1, 0));
    world.pass(30).await;
    assert_eq!(world.calls(ELI), 1);
    let heard = world.answer(ELI).await;
    assert!(heard[0].contains("Monitoring: PROBLEM: db1/MySQL is CRITICAL"), "{heard:#?}");
    world.key(ELI, "1").await;
    world.settle().await;
    assert_eq!(world.shown().0, "Eli has it");
    world.read_all();
}
