use super::plan::Step;
use super::robot::number;
use super::*;
use crate::check::{check, render};

/// The shape of the first generation's sample: all keys that it knew, in the places where it had them.
const SEED: &str = r#"
bt.tn:

  # first press
  - markdown: |
        All hands
        =========

        The [button](https://example.com/b.jpg) was pressed: *now*, **here**, with `care`.

          * one
          * two

        Press again for ㋡ more.

    file: files/dashboard.png
    type: "image/png"
    label: "How the server does"

  - sms:
      - message: "Look at Cisco Spark"
      - number: "+352691496401"

    markdown: |
        Read [this](https://example.com/a_(b)) first.
    file: files/Form.pdf
    type: "application/pdf"
    label: "The form"

  - call:
      - number: "+352691496401"
      - say: "Hello, there is something in the room"

    markdown: |
        A phone rings.

  - file: files/one.png
    type: "image/png"
    label: "One"

  - file: files/two.png
    type: "image/png"
    label: "Two"

spark:
    room: "Green Power Demonstration"
    moderators:
      - m1@example.com
      - m2@example.com
    participants:
      - p1@example.com
    # CISCO_SPARK_BTTN_BOT: "<token>"

twilio:
    customer_service_number: "33644606827"
    # TWILIO_ACCOUNT_SID: "<sid>"

server:
    port: 8080
    #url: "http://example.com/"
"#;

fn config(imported: &Imported) -> handbell_core::config::Config {
    let found = check(&imported.yaml, &|_| true);
    found.unwrap_or_else(|found| {
        panic!("{}\n{}", imported.yaml, render("handbell.yaml", &imported.yaml, &found))
    })
}

#[test]
fn the_first_generation() {
    let imported = import(SEED, &[]);
    let config = config(&imported);
    let plan = &config.plans["button"];
    assert_eq!(plan.space.title, "Green Power Demonstration");
    assert_eq!(plan.space.moderators, ["m1@example.com", "m2@example.com"]);
    assert_eq!(plan.steps.len(), 5);
    assert_eq!(config.from(), "+33644606827");
    assert_eq!(plan.steps[1].sms[0].to, ["+352691496401"]);
    assert_eq!(plan.steps[2].call[0].say, "Hello, there is something in the room");
    let first = plan.steps[0].post.as_ref().expect("a post");
    assert_eq!(first.file.as_deref(), Some("files/dashboard.png"));
    assert!(first.markdown.as_deref().is_some_and(|text| text.starts_with("All hands\n=====")
        && text.contains("\n  * two\n\nPress again for ㋡ more.\n")));
    insta::assert_snapshot!(imported.yaml, @r#"
    # Made by `handbell import bttn` from the button robot's files.
    # Look through it, then run `handbell check handbell.yaml`.
    #
    # No secret stands in here: { secret: NAME } is looked up in the secrets document.

    # Where you are: the times that people read are written for this zone, such as Europe/Paris.
    timezone: UTC

    webex:
      token: { secret: webex }
      webhook: { secret: webex-webhook }

    twilio:
      account: AC00000000000000000000000000000000 # a placeholder: yours is in Twilio's console
      token: { secret: twilio }
      from: "+33644606827"

    # Who is told when a message could not be delivered: `webex` by mail address, `sms` by number.
    admins:
      webex: []
      sms: []

    plans:
      button:
        space:
          title: "Green Power Demonstration"
          reuse: always
          moderators:
            - m1@example.com
            - m2@example.com
          participants:
            - p1@example.com
        reset_after: 6h
        steps:
          # press 1
          - post:
              markdown: |
                All hands
                =========

                The [button](https://example.com/b.jpg) was pressed: *now*, **here**, with `care`.

                  * one
                  * two

                Press again for ㋡ more.
              file: files/dashboard.png
              type: image/png
              label: "How the server does"
          # press 2
          - sms:
              - to: ["+352691496401"]
                text: "Look at Cisco Spark"
            post:
              markdown: |
                Read [this](https://example.com/a_(b)) first.
              file: files/Form.pdf
              type: application/pdf
              label: "The form"
          # press 3
          - call:
              - to: ["+352691496401"]
                say: "Hello, there is something in the room"
            post:
              markdown: |
                A phone rings.
          # press 4
          - post:
              file: files/one.png
              type: image/png
              label: "One"
          # press 5
          - post:
              file: files/two.png
              type: image/png
              label: "Two"

    buttons:
      button:
        plan: button
        token: { secret: button-button }
    "#);
    insta::assert_snapshot!(imported.notes.join("\n"), @r#"
    `button` had no `spark.reset`: there the count ended with the robot; here it begins again after six quiet hours (`reset_after`)
    `twilio.account` is a placeholder: copy yours (AC…) from Twilio's console
    the number "33644606827" became +33644606827; check that this is what was meant
    `server.port` was left out: there is no server to run; for a laptop there is `handbell local --port`
    Cisco Spark is called Webex today; your texts were left as they are
    put these files beside handbell.yaml, under the same names: files/dashboard.png, files/Form.pdf, files/one.png, files/two.png
    put these into the secrets document: webex, webex-webhook, twilio, button-button (webex-webhook: 32 or more random characters; a button's: 22 or more)
    each button gets a new address, https://…/b/ and its token: enter it where the button is set up
    times are read in UTC until you set `timezone`
    `admins` is empty: name somebody who is told when a message could not be delivered
    "#);
}

#[test]
fn the_second_generation_has_a_file_for_each_button() {
    let shared = "\
spark:
  moderators: boss@example.com
  reset: 360
  CISCO_SPARK_BTTN_BOT: very-secret
twilio:
  customer_service_number: 33644606827
  TWILIO_ACCOUNT_SID: AC0123456789abcdef0123456789abcdef
  TWILIO_AUTH_TOKEN: very-secret
server: { url: \"http://example.com\", default: incident, key: very-secret }
";
    let incident = "\
spark: { room: Incidents, participants: [a@example.com, nobody] }
bt.tn:
  - message: 'a *message*'
  - call: [{ number: 0044 20 7946 0000 }, { number: 7946 0000 }, { url: 'http://example.com/x' }, { from: '+442079460001' }]
";
    let request = "\
spark: { room: Requests, reset: 20 }
bt.tn:
  - { text: unused, markdown: 'said', message: 'unsaid', colour: red }
  - sms: [{ message: 'Come' }, { number: '+352691496401' }, { number: '+352691496402' }, { from: Shop }]
  - conference: x
";
    let imported =
        import(shared, &[("incident".into(), incident.into()), ("on call!".into(), request.into())]);
    let config = config(&imported);
    assert!(!imported.yaml.contains("very-secret") && !imported.notes.concat().contains("very-secret"));
    let account = config.twilio.as_ref().map(|twilio| twilio.account.as_str());
    assert_eq!(account, Some("AC0123456789abcdef0123456789abcdef"));
    let incident = &config.plans["incident"];
    assert_eq!(incident.space.moderators, ["boss@example.com"]);
    assert_eq!(incident.reset_after.0, jiff::SignedDuration::from_hours(6));
    assert_eq!(incident.steps[1].call[0].to, ["+442079460000"]);
    assert_eq!(incident.steps[1].call[0].from.as_deref(), Some("+442079460001"));
    let request = &config.plans["on-call"];
    assert_eq!(request.reset_after.0, jiff::SignedDuration::from_mins(20));
    assert_eq!(request.steps.len(), 2);
    assert_eq!(request.steps[1].sms[0].to.len(), 2);
    assert_eq!(request.steps[1].sms[0].from.as_deref(), Some("Shop"));
    assert_eq!(config.buttons["on-call"].token.names().collect::<Vec<_>>(), ["button-on-call"]);
    insta::assert_snapshot!(imported.notes.join("\n"), @r#"
    "nobody" in `spark.participants` is no mail address and was left out
    `message` in step 1 of `incident` is markdown now; look at its *, _, `, #, [ and <
    `url` in the call of step 2 of `incident` was left out: what is said stands in `say` here
    the call of step 2 of `incident` says a sentence of ours; change `say` to what it shall say
    the number "0044 20 7946 0000" became +442079460000; check that this is what was meant
    the number "7946 0000" was left out: write it with + and the country's code
    the button "on call!" is called `on-call` now: a name is letters, digits, - and _
    `text` in step 1 of `on-call` never did anything and was left out
    `colour` in step 1 of `on-call` is not known and was left out
    `message` in step 1 of `on-call` was left out: `markdown` stood beside it and went first
    `conference` in step 3 of `on-call` never did anything and was left out
    step 3 of `on-call` does nothing that could be carried over; the later ones move up
    `server.default`: here every button has an address of its own, and there is no default one
    the number "33644606827" became +33644606827; check that this is what was meant
    `CISCO_SPARK_BTTN_BOT` stood in the file in clear and was not carried over: make a new one, and put it into the secrets document as "webex"
    `TWILIO_AUTH_TOKEN` stood in the file in clear and was not carried over: make a new one, and put it into the secrets document as "twilio"
    `server.url` was left out: the public address is that of the deployment (HANDBELL_PUBLIC_URL)
    `server.key` was left out: a button's token is a secret of its own here
    put these into the secrets document: webex, webex-webhook, twilio, button-incident, button-on-call (webex-webhook: 32 or more random characters; a button's: 22 or more)
    each button gets a new address, https://…/b/ and its token: enter it where the button is set up
    times are read in UTC until you set `timezone`
    `admins` is empty: name somebody who is told when a message could not be delivered
    "#);
}

#[test]
fn lists_of_the_shared_file_come_first() {
    let imported =
        import("bt.tn:\n  - markdown: first\n", &[("b".into(), "bt.tn:\n  - markdown: second\n".into())]);
    let config = config(&imported);
    let said: Vec<_> =
        config.plans["b"].steps.iter().filter_map(|step| step.post.as_ref()?.markdown.clone()).collect();
    assert_eq!(said, ["first", "second"]);
}

#[test]
fn what_holds_nothing_says_so() {
    for text in [
        "",
        "- 1",
        "bt.tn:",
        "bt.tn: [1, 2]",
        "bt.tn: {a: b}",
        "a: [",
        "\tx: 1",
        "bt.tn: [{sms: [{message: hi}]}]",
    ] {
        let imported = import(text, &[]);
        assert_eq!(imported.yaml, "", "{text}");
        assert!(imported.notes.last().is_some_and(|note| note.contains("nothing was imported")), "{text}");
    }
}

#[test]
fn texts_come_back_as_they_were() {
    let texts = [
        "x",
        "two\nlines",
        "two\nlines\n",
        "more\n\n\n",
        "\nfirst empty\n",
        "  indented\nx\n",
        "# not a comment\n- x: y\n",
        "a: b",
        "'",
        "\"",
        "\\",
        "{count} [x] *y* &z",
        "yes",
        "~",
        "007",
        "- ",
        "tab\there\nx",
        "trailing \nx\n",
        "  \nx\n",
        "x\n  \ny",
        "\u{7f}\u{85}\u{2028}\u{feff}\nx",
        "㋡ 🔔\nä",
        "cr\r\nlf",
        "%x\n---\n...\n",
        "\u{0}\nx",
        "x\n\ty\n",
        "---\nx",
        "a\u{a0}\n\u{a0}b",
    ];
    for text in texts {
        let step = Step { markdown: Some(text.into()), label: Some(text.into()), ..Step::default() };
        let plan = Plan {
            name: "on".into(),
            title: text.into(),
            moderators: vec![],
            participants: vec![],
            reset_minutes: None,
            steps: vec![step],
        };
        let yaml = emit(&Phone { account: None, from: None }, &[plan]);
        let config: handbell_core::config::Config =
            serde_saphyr::from_str(&yaml).unwrap_or_else(|error| panic!("{text:?}: {error}\n{yaml}"));
        let plan = &config.plans["on"];
        assert_eq!(plan.space.title, text, "{yaml}");
        let post = plan.steps[0].post.as_ref().expect("a post");
        assert_eq!(post.markdown.as_deref(), Some(text), "{yaml}");
    }
}

#[test]
fn numbers_get_a_plus_only_if_it_is_clear() {
    for (theirs, ours) in [
        ("33644606827", Some("+33644606827")),
        ("+352 691-496.401", Some("+352691496401")),
        ("0033644606827", Some("+33644606827")),
        ("+1 (202) 555-0100", Some("+12025550100")),
        ("0644606827", None),
        ("2025550100", None),
        ("Shop", None),
        ("", None),
        ("+", None),
    ] {
        let mut notes = Notes::default();
        assert_eq!(number(theirs, &mut notes).as_deref(), ours, "{theirs}");
        assert_eq!(notes.0.is_empty(), Some(theirs) == ours, "{theirs}");
    }
}
