//! Texts and answers.

use handbell_core::incident::Phase;

use super::people::{LINE, TOMMY};
use crate::world::World;

pub(crate) const FIRST: &str = "Everything that you write here goes to the customer";

#[tokio::test]
async fn a_text_becomes_a_space_an_answer_goes_out_and_a_whisper_stays() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));

    tommy.texts("hi").await;
    team.sees(&[FIRST, "**+12025550123** ", "please answer", "The customer received an automatic reply"]);
    assert_eq!(world.people(TOMMY), ["alice@example.com"]);
    tommy.reads(&["Thanks for signing up!"]);

    alice.says("hello").await;
    tommy.reads(&["hello"]);
    team.sees(&["↳ Text: ✅ delivered"]);

    alice.says("/w odd one").await;
    alice.says("note: he called yesterday").await;
    tommy.reads_nothing();
    team.sees_nothing();

    tommy.texts("when do you open?").await;
    team.sees(&["when do you open?"]);
    tommy.reads_nothing();
    assert_eq!(world.spaces().len(), 1);
}

#[tokio::test]
async fn five_first_texts_at_once_make_one_space_and_one_welcome() {
    let world = World::with(LINE).await;
    let (tommy, team) = (world.customer(TOMMY), world.team(TOMMY));
    let texts = ["one", "two", "three", "four", "five"];
    futures_util::future::join_all(texts.map(|text| tommy.texts_at_once(text))).await;
    world.pass(60).await;
    assert_eq!(team.how_many(), 1);
    tommy.reads(&["Thanks for signing up!"]);
    let posts = team.new_posts().join("\n");
    for text in texts {
        assert_eq!(posts.matches(&format!(": {text}")).count(), 1, "{posts}");
    }
}

#[tokio::test]
async fn the_same_webhook_delivered_ten_times_sends_one_text() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    alice.says("hello").await;
    tommy.reads(&["Thanks for signing up!", "hello"]);
    let hooks: Vec<_> = world.webex_hooks();
    assert!(!hooks.is_empty());
    for _ in 0..10 {
        for (headers, body) in &hooks {
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            assert_eq!(world.send("POST", "/webex", &headers, body.clone()).await.status, 200);
        }
    }
    world.pass(60).await;
    tommy.reads_nothing();
    world.read_all();
}

#[tokio::test]
async fn a_bot_sees_messages_that_mention_it_and_only_these_go_out() {
    let world = World::with_bot(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    tommy.reads(&["Thanks for signing up!"]);
    team.sees(&[
        "Only what begins with a mention of me goes to the customer",
        ": hi",
        "please answer",
        "received an automatic reply",
    ]);
    alice.says("who takes this?").await;
    tommy.reads_nothing();
    alice.says_to_us("hello Tommy").await;
    tommy.reads(&["hello Tommy"]);
    team.sees(&["↳ Text: ✅ delivered"]);
    alice.says_to_us("/w he is in a hurry").await;
    tommy.reads_nothing();
    team.sees_nothing();
    alice.says_to_us("/who").await;
    team.sees(&["↳ The customer is **+12025550123**"]);
}

#[tokio::test]
async fn a_stop_blocks_texts_on_every_line_until_start() {
    let two = LINE.replace(
        "lines:\n",
        "lines:\n  sales: { number: \"+12025550101\", agents: [{ email: bob@example.com }], countries: [] }\n",
    );
    let world = World::with(&two).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    world.read_all();
    tommy.texts("please stop calling me").await;
    team.sees(&["please stop calling me"]);
    tommy.texts("Stop").await;
    team.sees(&["texted STOP"]);
    // The phone shows Twilio's own reply now.
    assert_eq!(tommy.new_texts().len(), 1);
    alice.says("sorry").await;
    tommy.reads_nothing();
    team.sees(&["↳ 🔕 **Not sent.**"]);

    tommy.texts_to("+12025550101", "is this sales?").await;
    let posts = world.team(TOMMY).new_posts().join("\n");
    assert!(posts.contains("is this sales?") && posts.contains("texted STOP earlier"), "{posts}");
    tommy.reads_nothing();

    tommy.texts("START").await;
    assert_eq!(tommy.new_texts().len(), 1, "Twilio's own answer");
    alice.says("welcome back").await;
    tommy.reads(&["welcome back"]);
    world.read_all();
}

#[tokio::test]
async fn pictures_come_as_files_in_order_and_an_agents_picture_goes_out() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.sends("look", &["one.png", "two.jpg", "three.gif"]).await;
    team.sees(&[
        FIRST,
        ": look",
        "[file.png]",
        "[file.jpg]",
        "[file.gif]",
        "please answer",
        "received an automatic reply",
    ]);
    tommy.reads(&["Thanks for signing up!"]);
    alice.sends("like this?", "plan.png", "image/png", b"\x89PNG\r\n\x1a\n a small picture").await;
    tommy.reads(&["like this? [1 file]"]);
    alice.sends("", "plan.png", "image/png", b"\x89PNG\r\n\x1a\n another").await;
    tommy.reads(&[" [1 file]"]);
    alice.sends("and this", "run.exe", "application/x-msdownload", b"MZ").await;
    tommy.reads_nothing();
    team.sees(&[
        "↳ Text with a file: ✅",
        "↳ Text with a file: ✅",
        "↳ Text with a file: ❌ failed: a file of the kind",
    ]);
}

#[tokio::test]
async fn a_file_for_a_phone_that_takes_none_is_a_link_that_expires() {
    let world = World::with(LINE).await;
    let ada = "+447700900123";
    let (customer, alice) = (world.customer(ada), world.agent("alice@example.com", ada));
    customer.texts("hello from England").await;
    customer.reads(&["Thanks for signing up!"]);
    alice.sends("the plan", "plan.pdf", "application/pdf", b"%PDF-1.4 plan").await;
    let texts = customer.new_texts();
    let link = texts[0].split_once("): ").map(|(_, link)| link.to_owned()).expect("a link");
    let path = link.split_once("/file/").map(|(_, piece)| format!("/file/{piece}")).unwrap();
    assert_eq!(world.bytes(&path).await, (200, b"%PDF-1.4 plan".to_vec()));
    assert_eq!(world.bytes(&path.replace("/file/Y", "/file/Z")).await.0, 404);
    world.advance(8 * 86_400).await;
    assert_eq!(world.bytes(&path).await.0, 404, "it has expired");
    world.read_all();
}

#[tokio::test]
async fn an_answer_can_be_withdrawn_while_it_is_held() {
    let world = World::with(&LINE.replace("    label: Support", "    label: Support\n    undo: 5s")).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    world.read_all();
    let oops = alice.says_at_once("oops").await;
    world.pass(2).await;
    alice.deletes(&oops).await;
    tommy.reads_nothing();
    team.sees(&["took an answer back before it left"]);

    let first = alice.says_at_once("we open at 8").await;
    world.pass(2).await;
    alice.edits(&first, "we open at 9").await;
    tommy.reads(&["we open at 9"]);
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("changed an answer before it left"), "{posts}");

    let sent = alice.says("until 18").await;
    tommy.reads(&["until 18"]);
    alice.edits(&sent, "until 19").await;
    tommy.reads_nothing();
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("**already sent**. The customer has it as it was first"), "{posts}");
    alice.deletes(&sent).await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("deleted an answer that was **already sent**"), "{posts}");
    tommy.reads_nothing();
}

#[tokio::test]
async fn commands_do_what_help_says() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    let (team, bob) = (world.team(TOMMY), world.agent("bob@example.com", TOMMY));
    tommy.texts("hi").await;
    bob.joins("alice@example.com").await;
    tommy.new_texts();
    world.read_all();
    bob.says("/claim").await;
    team.sees(&["↳ **Bob** has it now, instead of Alice."]);
    alice.says("/name Tommy Tutone").await;
    team.sees(&["↳ The customer is called **Tommy Tutone**"]);
    assert!(world.spaces().iter().any(|space| space["title"] == "Tommy Tutone +12025550123"));
    tommy.texts("and where are you?").await;
    team.sees(&["**Tommy Tutone** "]);
    alice.says("/canned address").await;
    tommy.reads(&["12 Main Street"]);
    team.sees(&["↳ Text: ✅ delivered"]);
    alice.says("/canned nothing").await;
    team.sees(&["There is no answer called nothing. There are: `address`"]);
    alice.says("/clsoe").await;
    team.sees(&["**Not sent.** I don't know /clsoe"]);
    alice.says("/history").await;
    team.sees(&["hi"]);
    alice.says("/export").await;
    team.sees(&["[transcript.txt]"]);
    alice.says("/help").await;
    team.sees(&["`/canned NAME`"]);
    alice.says("/close solved").await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("Closed by Alice. solved"), "{posts}");
    tommy.reads(&["Thank you, and goodbye."]);
    assert!(world.conversation(TOMMY).await.unwrap().closed);
    tommy.texts("one more thing").await;
    assert!(!world.conversation(TOMMY).await.unwrap().closed);
    world.read_all();
    tommy.new_texts();
}

#[tokio::test]
async fn a_customer_can_be_erased() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("my secret is 4711").await;
    alice.says("noted").await;
    world.read_all();
    alice.says("/erase yes").await;
    team.sees(&["write `/erase yes` within ten minutes"]);
    alice.says("/erase yes").await;
    team.sees(&["Forgotten: "]);
    let rows = world.known_of(TOMMY).await;
    assert!(!rows.contains("4711") && !rows.contains("noted"), "{rows}");
    alice.says("are you there?").await;
    tommy.new_texts();
    team.sees_nothing();
    tommy.texts("hello again").await;
    assert_eq!(team.how_many(), 2, "a new space for somebody new");
    world.read_all();
    tommy.new_texts();
}

#[tokio::test]
async fn a_customer_who_waits_too_long_opens_an_incident_and_an_answer_ends_it() {
    let world = World::with(LINE).await;
    let (tommy, alice) = (world.customer(TOMMY), world.agent("alice@example.com", TOMMY));
    tommy.texts("hi").await;
    world.pass(9 * 60).await;
    assert!(world.posts("Somebody waits").is_empty());
    world.pass(2 * 60).await;
    let posts = world.posts("Somebody waits");
    assert!(posts[0].contains("has been waiting for an answer for 10 min"), "{posts:#?}");
    assert_eq!(posts[1], "Who can answer **+12025550123**?");
    world.pass(6 * 60).await;
    assert_eq!(world.texts("+12025550112"), ["+12025550123 waits: delivered"]);
    alice.says("sorry for the wait").await;
    world.pass(60).await;
    let posts = world.posts("Somebody waits");
    assert!(posts.last().unwrap().contains("Resolved by Alice"), "{posts:#?}");
    let subject = super::people::subject(TOMMY);
    let waiting = handbell_core::incident::Subject::waiting(&subject);
    assert_eq!(
        world.runner.store.incidents().incident(&waiting).await.unwrap().unwrap().phase,
        Phase::Resolved
    );
    world.read_all();
    tommy.new_texts();
}

#[tokio::test]
async fn without_an_agent_the_customer_and_the_lobby_are_notified_once_a_day() {
    let world = World::with(LINE).await;
    for agent in ["alice@example.com", "bob@example.com"] {
        world.presence(agent, "inactive").await;
    }
    let tommy = world.customer(TOMMY);
    tommy.texts("hi").await;
    tommy.reads(&["No agents are available at the moment."]);
    world.team("Support lobby").sees(&["waits for an answer: nobody of the team is there"]);
    assert_eq!(world.people("Support lobby"), ["alice@example.com", "bob@example.com"]);
    world.pass(3600).await;
    tommy.texts("anybody?").await;
    tommy.reads_nothing();
    world.presence("bob@example.com", "active").await;
    world.pass(360).await;
    tommy.texts("hello?").await;
    assert_eq!(world.people(TOMMY), ["bob@example.com"]);
    world.read_all();
}

#[tokio::test]
async fn a_form_reaches_the_same_space_and_causes_no_texts() {
    let world = World::with(LINE).await;
    let (tommy, team, alice) =
        (world.customer(TOMMY), world.team(TOMMY), world.agent("alice@example.com", TOMMY));
    let sent = world
        .fill_in(
            "support",
            &[("phone", "(202) 555-0123"), ("email", "tommy@example.org"), ("message", "Call me <b>now</b>")],
        )
        .await;
    assert!(sent.body.contains("will get back to you soon"), "{sent:?}");
    world.settle().await;
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("by the web form") && posts.contains("Call me &lt;b&gt;now&lt;/b&gt;"), "{posts}");
    assert!(posts.contains("No text ever came from this number"), "{posts}");
    tommy.reads_nothing();
    alice.says("what is it about?").await;
    tommy.reads_nothing();
    let posts = team.new_posts().join("\n");
    assert!(posts.contains("It goes by mail only"), "{posts}");
    let mail = world.runner.cloud.mail().sent_mails().pop().expect("a mail");
    let text = mail.text.unwrap_or_default();
    assert!(text.contains("what is it about?"), "{text}");
    assert_eq!(mail.to, ["tommy@example.org"]);

    tommy.texts("here I am").await;
    alice.says("thank you").await;
    assert_eq!(team.how_many(), 1);
    let texts = tommy.new_texts();
    assert!(texts.contains(&"thank you".to_owned()), "{texts:?}");
    world.read_all();
}

#[tokio::test]
async fn a_form_sent_twice_forged_late_or_by_a_program_does_nothing_more() {
    let world = World::with(LINE).await;
    let fields = [("email", "tommy@example.org"), ("message", "hello")];
    let token = world.form_token("support").await;
    for _ in 0..3 {
        let sent = world.post_form("support", &token, &fields).await;
        assert_eq!(sent.status, 200, "{sent:?}");
    }
    world.settle().await;
    let posts = world.team("tommy@example.org").new_posts();
    assert_eq!(posts.iter().filter(|post| post.contains("hello")).count(), 1, "{posts:#?}");
    assert_eq!(world.post_form("support", &token.replace('.', ".0"), &fields).await.status, 403);
    let trap = [("email", "eve@example.org"), ("message", "buy"), ("website", "https://x")];
    let trapped = world.post_form("support", &token, &trap).await;
    assert!(trapped.status == 422 && trapped.body.contains("Nothing is sent yet"), "{trapped:?}");
    assert!(trapped.body.contains("eve@example.org"), "what was typed is there again: {trapped:?}");
    let yesterday = world.now() - jiff::SignedDuration::from_hours(25);
    let secret = b"local-contact-form-secret-of-a-form-on-this-laptop";
    let old = handbell_inbound::contact::Token::issue(secret, "support", yesterday, "nonce");
    let late =
        world.post_form("support", &old, &[("email", "ann@example.org"), ("message", "kept words")]).await;
    assert!(
        late.status == 422 && late.body.contains("kept words") && late.body.contains("too old"),
        "{late:?}"
    );
    world.settle().await;
    assert_eq!(world.spaces().iter().filter(|space| space["title"] != "Support lobby").count(), 1);
    assert_eq!(world.send("GET", "/contact/nowhere", &[], "").await.status, 404);
    let many = futures_util::future::join_all(
        (0..30).map(|_| world.fill_in("support", &[("email", "b@example.org"), ("message", "x")])),
    )
    .await;
    assert!(many.iter().any(|answer| answer.status == 429), "an address of the net has its limit");
    world.pass(120).await;
    world.read_all();
}

#[tokio::test]
async fn two_handbells_that_text_each_other_fall_silent() {
    let world = World::with(LINE).await;
    // A machine that replies to each text at once, as Handbell would.
    let other = world.customer("+12025550177");
    other.texts("Thanks for signing up!").await;
    for _ in 0..30 {
        let answers = other.new_texts();
        for answer in answers {
            other.texts(&answer).await;
        }
        world.pass(60).await;
    }
    let subject = "+12025550177";
    let sent = world.runner.twilio.view();
    let phone = sent.as_array().unwrap().iter().find(|phone| phone["number"] == subject).unwrap().clone();
    let ours =
        phone["texts"].as_array().unwrap().iter().filter(|text| text["direction"] == "outbound-api").count();
    assert!(ours <= 2, "{ours} automatic texts");
    world.read_all();
}

#[tokio::test]
async fn twenty_parallel_first_texts_make_twenty_spaces_for_twenty_customers_and_one_for_one() {
    let world = World::with(LINE).await;
    let numbers: Vec<String> = (0..20).map(|number| format!("+1202555{:04}", 200 + number)).collect();
    futures_util::future::join_all(numbers.iter().map(|number| world.customer(number).texts_at_once("hi")))
        .await;
    world.pass(120).await;
    for number in &numbers {
        assert_eq!(world.team(number).how_many(), 1, "{number}");
    }
    let one = world.customer(TOMMY);
    futures_util::future::join_all((0..20).map(|_| one.texts_at_once("hi"))).await;
    world.pass(120).await;
    assert_eq!(world.team(TOMMY).how_many(), 1);
    one.reads(&["Thanks for signing up!"]);
    world.read_all();
    for number in &numbers {
        world.customer(number).new_texts();
    }
}

#[tokio::test]
async fn an_expired_conversation_is_erased_and_another_begins() {
    let world =
        World::with(&LINE.replace("    label: Support", "    label: Support\n    keep_days: 30")).await;
    let tommy = world.customer(TOMMY);
    tommy.texts("hi").await;
    let subject = super::people::subject(TOMMY);
    let days = |days: i64| world.now() + jiff::SignedDuration::from_hours(24 * days);
    for (later, known) in [(29, true), (31, false)] {
        let loaded = world
            .runner
            .store
            .conversations()
            .load_conversation(&subject, Some(&TOMMY.into()), None, days(later))
            .await
            .unwrap();
        assert_eq!(loaded.conversation.unwrap().address.is_some(), known, "after {later} days");
    }
    world.read_all();
}
