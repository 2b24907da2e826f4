//! The web form, the reporter's page, and the links in Handbell's mails: in hostile hands too.

use handbell_core::incident::{Incident, Phase, Subject};
use handbell_core::oncall::Maintenance;
use handbell_store::RosterChange;
use jiff::SignedDuration;

use super::{DANA, DUTY, ELI, PEOPLE, ROTAS};
use crate::world::{Answer, World};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const DOOR: [(&str, &str); 4] = [
    ("what", "The door is stuck"),
    ("more", "It opens.\nIt won't close."),
    ("severity", "error"),
    ("name", "Ann"),
];

/// Returns the value of a hidden field, or none.
fn hidden(page: &str, name: &str) -> Option<String> {
    let rest = page.split_once(&format!("name=\"{name}\" value=\""))?.1;
    rest.split('"').next().map(str::to_owned)
}

fn encoded(fields: &[(&str, &str)]) -> String {
    reqwest::Url::parse_with_params("http://x/", fields).unwrap().query().unwrap().to_owned()
}

/// Returns the path of the page to which a form's response leads.
#[track_caller]
fn leads_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer:?}");
    let rest = answer.body.split_once("href=\"").expect("a link").1;
    rest.split('"').next().unwrap().to_owned()
}

impl World {
    async fn look(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send("POST", path, &[FORM, ("sec-fetch-site", "same-origin")], encoded(fields)).await
    }

    /// Lets this much time pass, without any activity and without the ticks of the minutes.
    fn leap(&self, hours: i64) {
        self.runner.cloud.advance(SignedDuration::from_hours(hours)).unwrap();
    }

    /// Returns the token of the page at this path.
    async fn token_at(&self, path: &str) -> String {
        let page = self.look(path).await;
        hidden(&page.body, "token").unwrap_or_else(|| panic!("no token: {page:?}"))
    }

    /// Opens the form, fills it in and sends it.
    async fn report(&self, fields: &[(&str, &str)]) -> Answer {
        let token = self.token_at("/alert/demo").await;
        let fields: Vec<_> = fields.iter().copied().chain([("token", token.as_str())]).collect();
        self.post("/alert/demo", &fields).await
    }

    /// Reports the door. Returns the path of the reporter's page.
    async fn ticket(&self) -> String {
        let ticket = leads_to(&self.report(&DOOR).await);
        self.settle().await;
        ticket
    }

    /// Returns the incident of a reporter's page, from the table.
    async fn reported(&self, ticket: &str) -> Incident {
        let subject = ticket.split_once("/ticket.").unwrap().1.split('.').next().and_then(Subject::parse);
        self.runner.store.incidents().incident(&subject.unwrap()).await.unwrap().expect("an incident")
    }

    /// Adds a note on the reporter's page.
    async fn adds(&self, ticket: &str, text: &str) -> Answer {
        let token = self.token_at(ticket).await;
        self.post(ticket, &[("say", "note"), ("text", text), ("token", &token)]).await
    }

    /// Returns the paths of the links in the mails that were sent, oldest first.
    fn links(&self) -> Vec<String> {
        let letters = self.sent_mails();
        let texts = letters.iter().map(|letter| letter["text"].as_str().unwrap_or_default());
        let links = texts.filter_map(|text| {
            let piece = text.split_once("/act/")?.1.split_whitespace().next()?;
            Some(format!("/act/{piece}"))
        });
        links.collect()
    }
}

/// A world in which Dana and Eli are reached by mail.
async fn by_mail() -> World {
    let people = PEOPLE.replace("ops,text; call", "ops,mail");
    World::with_files(DUTY, &[("people.csv", &people), ("rotas.yaml", ROTAS)]).await
}

#[tokio::test]
async fn a_form_wakes_the_person_on_call_and_the_reporter_sees_who_has_it() {
    let world = World::staffed(DUTY).await;
    let page = world.look("/alert/demo").await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("<h1>Report trouble</h1>") && page.body.contains("value=\"critical\" checked")
    );

    let answer = world.report(&DOOR).await;
    let ticket = leads_to(&answer);
    let subject =
        ticket.split_once("/ticket.").unwrap().1.split('.').next().and_then(Subject::parse).unwrap();
    let alert = world.runner.store.incidents().incident(&subject).await.unwrap().expect("an incident");
    assert_eq!(alert.phase, Phase::Open, "stored before it is answered");
    let known = alert.alert.as_ref().unwrap();
    assert_eq!((known.title.as_str(), known.severity.name()), ("The door is stuck", "error"));
    assert_eq!(known.reporter.as_ref().unwrap().name, "Ann");

    let page = world.look(&ticket).await;
    assert!(page.body.contains("It is stored, and people are being told."), "{}", page.body);
    world.settle().await;
    let posts = world.posts(&alert.reference());
    assert!(posts[0].contains("The door is stuck") && posts[0].contains("> It opens."), "{posts:#?}");
    assert!(world.texts(DANA)[0].contains("Monitoring: The door is stuck"));
    let page = world.look(&ticket).await;
    assert!(
        page.body.contains("Called so far: Dana. Nobody has said yet that they have it."),
        "{}",
        page.body
    );

    world.text_from(DANA, "ack").await;
    let page = world.look(&ticket).await;
    assert!(page.body.contains("Somebody has it since ") && page.body.contains(": Dana."), "{}", page.body);
    let live = world.look(&format!("{ticket}?live")).await;
    let live: serde_json::Value = serde_json::from_str(&live.body).unwrap();
    assert!(live["state"].as_str().unwrap().ends_with(": Dana.") && live["over"] == false, "{live}");

    world.text_from(DANA, "done").await;
    let page = world.look(&ticket).await;
    assert!(
        page.body.contains("It is over: done at ") && page.body.contains("Dana resolved it"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("<script") && !page.body.contains("<form"), "nothing more happens here");
    assert!(!page.body.contains("+1202") && !page.body.contains("@example.com"), "{}", page.body);
    world.pass(90).await;
    world.read_all();
}

#[tokio::test]
async fn a_person_without_a_name_is_somebody_on_the_reporters_page() {
    let config = DUTY.replace("[{ on_duty: ops }]", "[\"+12025550144\"]");
    let world = World::staffed(&config).await;
    let ticket = world.ticket().await;
    assert!(world.look(&ticket).await.body.contains("People are being called."));
    world.text_from("+12025550144", "ack").await;
    assert_eq!(world.alert().await.phase, Phase::Acknowledged);
    let page = world.look(&ticket).await.body;
    assert!(page.contains("Somebody has it since ") && !page.contains("5550144"), "{page}");
    world.read_all();
}

#[tokio::test]
async fn messages_within_the_team_are_not_shown_to_the_reporter() {
    let world = World::staffed(DUTY).await;
    let ticket = world.ticket().await;
    world.text_from(DANA, "That is Ann again, never mind her").await;
    assert!(!world.look(&ticket).await.body.contains("never mind"));
    world.adds(&ticket, "It smokes.").await;
    assert!(world.look(&ticket).await.body.contains("Ann (reporter): It smokes."));
    world.settle().await;
    world.read_all();
}

#[tokio::test]
async fn the_same_form_twice_is_one_alert_and_a_changed_text_is_passed_on() {
    let world = World::staffed(DUTY).await;
    let token = world.token_at("/alert/demo").await;
    let sent: Vec<_> = DOOR.into_iter().chain([("token", token.as_str())]).collect();
    let answers = tokio::join!(world.post("/alert/demo", &sent), world.post("/alert/demo", &sent));
    assert_eq!(leads_to(&answers.0), leads_to(&answers.1), "a double click leads to one page");
    world.settle().await;
    let alert = world.alert().await;
    assert_eq!((alert.count, world.texts(DANA).len()), (1, 1));

    let changed =
        [("what", "The door is stuck, and somebody is in it"), ("name", "Ann"), ("token", token.as_str())];
    for _ in 0..2 {
        assert_eq!(leads_to(&world.post("/alert/demo", &changed).await), leads_to(&answers.0));
    }
    world.settle().await;
    let alert = world.alert().await;
    assert_eq!((alert.count, alert.alert.as_ref().unwrap().severity.name()), (2, "critical"));
    let posts = world.posts(&alert.reference());
    let passed_on =
        posts.iter().filter(|post| post.contains("reporter") && post.contains("somebody is in it"));
    assert_eq!(passed_on.count(), 1, "{posts:#?}");
    world.read_all();
}

#[tokio::test]
async fn nothing_that_was_typed_is_lost_silently() {
    let world = World::staffed(DUTY).await;
    let wrong = world
        .report(&[("what", ""), ("more", "It <b>smokes</b>"), ("severity", "info"), ("email", "ann@")])
        .await;
    assert_eq!(wrong.status, 422);
    for part in [
        "Please say in a line",
        "Please say who you are",
        "It &lt;b&gt;smokes",
        "value=\"info\" checked",
        "value=\"ann@\"",
    ] {
        assert!(wrong.body.contains(part), "{part}: {}", wrong.body);
    }
    let trapped = world.report(&[&DOOR[..], &[("website", "http://example.net")]].concat()).await;
    assert!(trapped.status == 422 && trapped.body.contains("value=\"The door is stuck\""), "{trapped:?}");

    let token = world.token_at("/alert/demo").await;
    let sent: Vec<_> = DOOR.into_iter().chain([("token", token.as_str())]).collect();
    world.settle().await;
    assert!(world.alerts().await.is_empty() && world.calls(DANA) == 0, "nothing was raised so far");
    world.leap(25);
    let old = world.post("/alert/demo", &sent).await;
    assert!(
        old.status == 422 && old.body.contains("too old") && old.body.contains("It won't close."),
        "{old:?}"
    );
    let token = hidden(&old.body, "token").unwrap();
    let sent: Vec<_> = DOOR.into_iter().chain([("token", token.as_str())]).collect();
    let ticket = leads_to(&world.post("/alert/demo", &sent).await);
    assert_eq!(world.reported(&ticket).await.phase, Phase::Open);
}

#[tokio::test]
async fn only_handbells_own_page_raises_an_alert() {
    let config = DUTY.replace(
        "sources:\n",
        "sources:\n  mails:\n    plan: duty\n    address: { secret: mails }\n  other:\n    plan: duty\n    form: { secret: alert-form }\n",
    );
    let world = World::staffed(&config).await;
    let token = world.token_at("/alert/demo").await;
    let sent: Vec<_> = DOOR.into_iter().chain([("token", token.as_str())]).collect();
    let body = encoded(&sent);
    for site in ["cross-site", "same-site", "nonsense"] {
        let answer = world.send("POST", "/alert/demo", &[FORM, ("sec-fetch-site", site)], body.clone()).await;
        assert_eq!(answer.status, 403, "{site}");
    }
    assert_eq!(
        world.post("/alert/other", &sent).await.status,
        403,
        "another form's token, with the same secret"
    );
    assert_eq!(world.post("/alert/demo", &DOOR).await.status, 403, "no token");
    let json = world.send("POST", "/alert/demo", &[("content-type", "application/json")], "{}").await;
    assert_eq!(json.status, 400);
    let big = world.send("POST", "/alert/demo", &[FORM], format!("what={}", "a".repeat(70_000))).await;
    assert_eq!(big.status, 400);
    for path in ["/alert/mails", "/alert/nobody", "/alert/demo/x", "/alert/demo/x/y"] {
        assert_eq!(world.look(path).await.status, 404, "{path}");
    }
    assert!(world.alerts().await.is_empty());
    assert_eq!(world.calls(DANA), 0);
}

#[tokio::test]
async fn one_address_sends_twenty_forms_an_hour() {
    let world = World::staffed(DUTY).await;
    for _ in 0..20 {
        leads_to(&world.report(&DOOR).await);
    }
    let answer = world.report(&DOOR).await;
    assert!(answer.status == 429 && answer.body.contains("Please call somebody"), "{answer:?}");
    world.settle().await;
    assert_eq!(world.alerts().await.len(), 20);
    world.read_all();
}

#[tokio::test]
async fn a_note_is_passed_on_once_and_at_most_twenty_are() {
    let world = World::staffed(DUTY).await;
    let ticket = world.ticket().await;
    let reference = world.alert().await.reference();
    let token = world.token_at(&ticket).await;
    let line = [("say", "note"), ("text", "It <smokes> now"), ("token", token.as_str())];
    assert_eq!(leads_to(&world.post(&ticket, &line).await), ticket);
    assert_eq!(leads_to(&world.post(&ticket, &line).await), ticket);
    world.settle().await;
    let posts = world.posts(&reference);
    let noted = posts
        .iter()
        .filter(|post| post.contains("**Ann (reporter)** (on the form's page)") || post.contains("smokes"));
    assert_eq!(noted.count(), 1, "{posts:#?}");
    let page = world.look(&ticket).await.body;
    assert_eq!(page.matches("It &lt;smokes&gt; now").count(), 1, "{page}");

    let empty = world.adds(&ticket, " ").await;
    assert!(empty.status == 422 && empty.body.contains("Please write what you want to add."), "{empty:?}");
    for number in 2..20 {
        world.adds(&ticket, &format!("line {number}")).await;
    }
    let answer = world.adds(&ticket, "one too many").await;
    assert!(answer.status == 429 && answer.body.contains(">one too many</textarea>"), "{answer:?}");
    world.settle().await;
    world.read_all();
}

#[tokio::test]
async fn a_withdrawn_report_ends_the_incident_and_everybody_is_notified() {
    let world = World::staffed(DUTY).await;
    let ticket = world.ticket().await;
    world.texts(DANA);
    let token = world.token_at(&ticket).await;
    let take_back = [("say", "take-back"), ("token", token.as_str())];
    for site in ["cross-site", "same-site"] {
        let answer =
            world.send("POST", &ticket, &[FORM, ("sec-fetch-site", site)], encoded(&take_back)).await;
        assert_eq!(answer.status, 403);
    }
    let other = world.token_at("/alert/demo").await;
    for forged in ["", "x", &other] {
        assert_eq!(
            world.post(&ticket, &[("say", "take-back"), ("token", forged)]).await.status,
            403,
            "{forged}"
        );
    }
    assert_eq!(world.alert().await.phase, Phase::Open);

    for _ in 0..2 {
        assert_eq!(leads_to(&world.post(&ticket, &take_back).await), ticket);
    }
    world.settle().await;
    assert_eq!(world.alert().await.phase, Phase::Cancelled);
    assert!(world.new_texts(DANA)[0].contains("called off by Ann (reporter)"));
    let page = world.look(&ticket).await.body;
    assert!(page.contains("It is over: called off at ") && page.contains("href=\"/alert/demo\""), "{page}");
    let late = world.post(&ticket, &[("say", "note"), ("text", "But now it burns"), ("token", &token)]).await;
    assert!(late.status == 409 && late.body.contains("You had written: But now it burns"), "{late:?}");
    world.pass(400).await;
    assert_eq!(world.calls(ELI), 0);
    world.read_all();
}

#[tokio::test]
async fn a_ticket_is_good_for_a_week_and_for_its_own_alert() {
    let world = World::staffed(DUTY).await;
    let ticket = world.ticket().await;
    assert_eq!(
        world.look(&ticket.replace(':', "%3A").replace('~', "%7e")).await.status,
        200,
        "as some programs spell it"
    );
    for forged in [
        ticket[..ticket.len() - 1].to_owned(),
        ticket.replace(".1.", ".2."),
        ticket.replace("/demo/", "/other/"),
    ] {
        assert_eq!(world.look(&forged).await.status, 404, "{forged}");
    }
    world.text_from(DANA, "done").await;
    world.leap(7 * 24);
    let old = world.look(&ticket).await;
    assert!(old.status == 410 && old.body.contains("href=\"/alert/demo\""), "{old:?}");
    world.read_all();
}

#[tokio::test]
async fn during_a_hold_the_reporter_sees_until_when() {
    let world = World::staffed(DUTY).await;
    let now = world.now();
    let work = Maintenance {
        id: "m1".to_owned(),
        sources: Vec::new(),
        about: None,
        from: now - SignedDuration::from_mins(1),
        until: now + SignedDuration::from_mins(30),
        why: "new switches".to_owned(),
    };
    world.runner.store.roster_editor().put_maintenance(&work).await.unwrap();
    let ticket = world.ticket().await;
    let page = world.look(&ticket).await.body;
    assert!(page.contains("No phone rings before ") && !page.contains("new switches"), "{page}");
    assert!(world.texts(DANA).is_empty());
    world.pass(31 * 60).await;
    assert_eq!(world.texts(DANA).len(), 1);
    world.read_all();
}

#[tokio::test]
async fn no_page_runs_typed_text_and_every_page_has_the_same_headers() {
    let world = by_mail().await;
    let hostile = "\"><script>alert(1)</script>{{body}}<img src=x onerror=alert(1)>";
    let fields = [("what", hostile), ("more", hostile), ("name", hostile)];
    let ticket = leads_to(&world.report(&fields).await);
    world.settle().await;
    world.adds(&ticket, hostile).await;
    world.settle().await;
    let shown_again =
        world.report(&[("what", hostile), ("more", hostile), ("name", ""), ("email", "\"><script>")]).await;
    assert!(!shown_again.body.contains("<script") && !shown_again.body.contains("<img"), "{shown_again:?}");
    let client = handbell_boot::client().unwrap();
    for path in ["/alert/demo", &ticket, &world.links()[0], "/alert/nobody", "/act/x"] {
        let answer = client.get(world.url(path)).send().await.unwrap();
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let policy = header("content-security-policy").unwrap_or_else(|| panic!("{path}"));
        for part in [
            "default-src 'none'; ",
            "style-src 'nonce-",
            "form-action 'self'; ",
            "frame-ancestors 'none'; ",
            "base-uri 'none'; ",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(policy.contains("script-src"), path == ticket, "{path}: {policy}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(header(name).as_deref(), Some(value), "{path}");
        }
        let body = answer.text().await.unwrap();
        assert!(!body.contains("<script>") && !body.contains("<img"), "{path}: {body}");
        assert_eq!(body.matches("<script").count(), usize::from(path == ticket), "{path}");
    }
    world.read_all();
}

#[tokio::test]
async fn a_program_that_opens_every_link_changes_nothing_and_a_person_acts_once() {
    let world = by_mail().await;
    world.ticket().await;
    let link = world.links().remove(0);
    let before = world.alert().await;
    for (method, headers) in [("GET", &[][..]), ("GET", &[("sec-fetch-site", "cross-site")]), ("HEAD", &[])] {
        world.send(method, &link, headers, "").await;
    }
    let page = world.look(&link).await;
    assert!(page.status == 200 && page.body.contains("Nobody has it yet"), "{page:?}");
    for part in ["The door is stuck", "I have it", "I can’t", "Done", "This link is Dana’s own"] {
        assert!(page.body.contains(part), "{part}: {}", page.body);
    }
    for (headers, body, status) in [
        (&[FORM, ("sec-fetch-site", "cross-site")][..], "say=have", 403),
        (&[FORM, ("sec-fetch-site", "same-site")], "say=have", 403),
        (&[FORM], "say=cancel", 400),
        (&[FORM], "", 400),
        (&[("content-type", "text/plain")], "say=have", 400),
    ] {
        assert_eq!(world.send("POST", &link, headers, body).await.status, status, "{headers:?} {body}");
    }
    assert_eq!(world.alert().await.version, before.version, "to look changes nothing, nor do others' pages");

    let answer = world.post(&link, &[("say", "have")]).await;
    assert!(answer.status == 200 && answer.body.contains("you have it. The others are told."), "{answer:?}");
    let taken = world.alert().await;
    assert_eq!((taken.phase, taken.taken_by.unwrap().who.as_str()), (Phase::Acknowledged, "Dana"));
    let again = world.post(&link, &[("say", "have")]).await;
    assert!(again.body.contains("Dana has it since "), "{again:?}");
    assert_eq!(world.alert().await.version, taken.version, "a press counts once");

    let done = world.post(&link, &[("say", "done")]).await;
    assert!(done.body.contains("done. Everybody is told."), "{done:?}");
    assert!(!done.body.contains("<form"), "nothing is left to press: {done:?}");
    world.pass(90).await;
    world.read_all();
}

#[tokio::test]
async fn the_second_person_learns_who_was_first() {
    let world = by_mail().await;
    world.ticket().await;
    world.pass(310).await;
    let links = world.links();
    assert_eq!(links.len(), 2, "Dana's and Eli's");
    world.post(&links[1], &[("say", "have")]).await;
    let second = world.post(&links[0], &[("say", "have")]).await;
    assert!(second.body.contains("Eli has it since "), "{second:?}");
    assert_eq!(world.alert().await.taken_by.unwrap().who, "Eli");
    let cannot = world.post(&links[1], &[("say", "cannot")]).await;
    assert!(cannot.body.contains("It is open, and others are told."), "{cannot:?}");
    assert_eq!(world.alert().await.phase, Phase::Open);
    world.settle().await;
    world.read_all();
}

#[tokio::test]
async fn an_old_a_truncated_and_a_forged_link_do_nothing() {
    let world = by_mail().await;
    let ticket = world.ticket().await;
    let link = world.links().remove(0);
    let before = world.alert().await.version;
    for forged in [
        link[..link.len() - 4].to_owned(),
        link.replace(".1.dana.", ".1.eli."),
        "/act/".to_owned(),
        ticket.replace("/alert/demo/", "/act/"),
    ] {
        let answer = world.post(&forged, &[("say", "done")]).await;
        assert!([403, 404].contains(&answer.status), "{forged}: {answer:?}");
    }
    let roster = world.runner.store.people().roster().await.unwrap();
    let gone = RosterChange::NoPerson("dana", roster.people["dana"].version);
    world.runner.store.roster_editor().change_roster(&[gone]).await.unwrap();
    let left = world.post(&link, &[("say", "done")]).await;
    assert!(left.status == 403 && left.body.contains("not in the roster any more"), "{left:?}");
    assert_eq!(world.alert().await.version, before);

    world.leap(7 * 24);
    let old = world.post(&link, &[("say", "done")]).await;
    assert!(old.status == 410 && old.body.contains("Nothing was changed."), "{old:?}");
    world.read_all();
}

#[tokio::test]
async fn a_link_of_an_ended_incident_shows_nothing_about_the_next() {
    let world = by_mail().await;
    world.mail(&super::problem()).await;
    let link = world.links().remove(0);
    world.post(&link, &[("say", "done")]).await;
    let over = world.look(&link).await;
    assert!(
        over.status == 200 && over.body.contains("Resolved at ") && !over.body.contains("<form"),
        "{over:?}"
    );
    let late = world.post(&link, &[("say", "have")]).await;
    assert!(late.body.contains("it is over already"), "{late:?}");
    assert_eq!(world.alert().await.phase, Phase::Resolved, "an acknowledgement never un-resolves");

    world.mail(&super::nagios("p3", "PROBLEM: db1/MySQL is CRITICAL", "again")).await;
    assert_eq!((world.alert().await.epoch, world.alert().await.phase), (2, Phase::Open));
    for answer in [world.look(&link).await, world.post(&link, &[("say", "done")]).await] {
        assert!(answer.status == 410 && answer.body.contains("This is over"), "{answer:?}");
    }
    assert_eq!(world.alert().await.phase, Phase::Open, "the new one is untouched");
    world.read_all();
}
