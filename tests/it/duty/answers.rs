//! Answers of people who were paged, in the shapes in which they send them, and what they hear if theirs isn't understood.

use handbell_core::incident::Phase;

use super::{DANA, DUTY, ELI, PEOPLE, ROTAS, nagios, problem};
use crate::world::World;

/// The reply address of the first page by mail.
fn reply_address(world: &World) -> String {
    let mails = world.sent_mails();
    let headers = mails[0]["headers"].as_array().unwrap().clone();
    let reply = headers.iter().find(|header| header[0] == "Reply-To").unwrap();
    reply[1].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn everyday_answers_by_text_acknowledge_and_end_an_incident() {
    let world = World::staffed(DUTY).await;
    let answers = [
        ("Acked. Thx", "done 👍"),
        ("👍🏽", "it's fixed"),
        ("{number} ack", "{number} done"),
        ("ＡＣＫ\u{200b}", "Done.\n\nSent from my iPhone"),
        ("ja", "\"done\""),
        ("Ack\n-- \nDana\nOperations", "done, thanks. Dana"),
        ("{number}", "Resolved"),
    ];
    for (place, (taken, done)) in answers.into_iter().enumerate() {
        let id = format!("p{place}");
        world.mail(&nagios(&id, &format!("PROBLEM: db1/disk{place}x is CRITICAL"), "No answer")).await;
        let alert = world.alerts().await.pop().unwrap();
        let number = alert.number().to_string();
        world.text_from(DANA, &taken.replace("{number}", &number)).await;
        let alert = world.alerts().await.pop().unwrap();
        assert_eq!(alert.phase, Phase::Acknowledged, "{taken:?}");
        assert_eq!(alert.taken_by.unwrap().who, "Dana", "{taken:?}");
        world.text_from(DANA, &done.replace("{number}", &number)).await;
        assert_eq!(world.alerts().await.pop().unwrap().phase, Phase::Resolved, "{done:?}");
    }
    world.texts(DANA);
    world.read_all();
}

#[tokio::test]
async fn a_text_that_is_not_understood_is_answered_once_for_each_incident_with_what_would_count() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    let (number, reference) = (world.alert().await.number(), world.alert().await.reference());
    world.texts(DANA);
    world.text_from(DANA, "ack?").await;
    let title = "PROBLEM: db1/MySQL is CRITICAL";
    let told = world.new_texts(DANA);
    let answer = format!("{title} ({reference}): passed on. Nobody has it yet: ack {number} takes it.");
    assert!(told.len() == 1 && told[0].starts_with(&answer), "{told:#?}");
    for words in ["not ok", "is it acked", "On the train, ten minutes"] {
        world.text_from(DANA, words).await;
        assert_eq!(world.alert().await.phase, Phase::Open, "{words}");
        assert!(world.new_texts(DANA).is_empty(), "once is enough");
        assert!(world.posts(&reference).contains(&format!("**Dana** (by text): {words}")), "{words}");
    }
    world.pass(310).await;
    world.texts(ELI);
    world.text_from(ELI, "who?").await;
    world.new_texts(ELI);
    world.text_from(ELI, "I can't find it").await;
    assert!(world.new_texts(ELI)[0].contains("Nobody has it yet"), "everybody hears it once");
    world.text_from(DANA, "On it").await;
    world.new_texts(DANA);
    // Another incident is another answer.
    world.mail(&nagios("p2", "PROBLEM: web7/HTTP is CRITICAL", "timeout")).await;
    world.texts(DANA);
    world.text_from(DANA, "five minutes").await;
    let told = world.new_texts(DANA);
    assert!(told[0].contains("web7/HTTP") && told[0].contains("Nobody has it yet: ack "), "{told:#?}");
    world.texts(ELI);
    world.read_all();
}

#[tokio::test]
async fn a_text_to_an_incident_that_somebody_has_is_answered_with_who_has_it() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.pass(310).await;
    let number = world.alert().await.number();
    world.text_from(ELI, "on my way").await;
    world.texts(DANA);
    world.texts(ELI);
    world.text_from(DANA, "shall I come too?").await;
    let told = world.new_texts(DANA);
    assert!(told[0].contains("passed on. Eli has it since "), "{told:#?}");
    world.text_from(ELI, "at the door").await;
    let told = world.new_texts(ELI);
    assert!(
        told[0].contains(&format!("passed on. You have it. When it is done: done {number}")),
        "{told:#?}"
    );
    world.read_all();
}

#[tokio::test]
async fn ack_all_takes_every_incident_and_done_all_ends_only_ones_own() {
    let world = World::staffed(DUTY).await;
    for id in ["1", "2", "3"] {
        let subject = format!("PROBLEM: db{id}/MySQL{id}x is CRITICAL");
        world.mail(&nagios(&format!("p{id}"), &subject, "No answer")).await;
    }
    world.texts(DANA);
    world.text_from(DANA, "Ack all, thanks").await;
    let told = world.new_texts(DANA);
    assert_eq!(told[0].matches("you have it").count(), 3, "{told:#?}");
    assert!(world.alerts().await.iter().all(|alert| alert.phase == Phase::Acknowledged));
    world.text_from(DANA, "done all").await;
    assert!(world.alerts().await.iter().all(|alert| alert.phase == Phase::Resolved));
    world.texts(DANA);

    world.mail(&nagios("p4", "PROBLEM: web/HTTP is CRITICAL", "No answer")).await;
    world.pass(310).await;
    world.texts(DANA);
    world.text_from(ELI, "ack").await;
    world.text_from(DANA, "done all").await;
    assert_eq!(world.alerts().await.pop().unwrap().phase, Phase::Acknowledged, "Eli has it");
    world.texts(DANA);
    world.texts(ELI);
    world.read_all();
}

#[tokio::test]
async fn words_between_people_in_the_space_acknowledge_nothing() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    for words in ["ok", "yes", "👍", "got it", "on my way", "ja", "looking", "will do"] {
        world.says_in_space("dana@example.com", words).await;
        assert_eq!(world.alert().await.phase, Phase::Open, "{words}");
    }
    world.says_in_space("dana@example.com", &world.alert().await.number().to_string()).await;
    assert_eq!(world.alert().await.phase, Phase::Open, "a bare number");
    assert!(world.texts(DANA).len() == 1, "and nobody is told what would count");
    world.says_in_space("dana@example.com", "Ack, thanks 👍").await;
    assert_eq!(world.alert().await.phase, Phase::Acknowledged);
    world.read_all();
}

#[tokio::test]
async fn everyday_answers_by_mail_acknowledge_and_others_are_answered_once() {
    let people = PEOPLE.replace(",ops,text; call\neli", ",ops,mail; text\neli");
    let world = World::with_files(DUTY, &[("people.csv", people.as_str()), ("rotas.yaml", ROTAS)]).await;
    world.mail(&problem()).await;
    let (number, reply) = (world.alert().await.number(), reply_address(&world));
    let answer = |id: &str, words: &str| {
        format!(
            "From: dana@example.com\r\nTo: {reply}\r\nSubject: Re: x\r\nMessage-ID: <{id}@example.com>\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\r\n{words}\r\n\r\n> what we wrote\r\n"
        )
    };
    let before = world.sent_mails().len();
    let unclear =
        ["I'm on the train", "ack 99", "ok\r\n\r\nBut I can't fix it", "I have it.\r\nBut I can't fix it"];
    for (place, words) in unclear.into_iter().enumerate() {
        world.mail_with(&reply, "", &answer(&format!("m{place}"), words)).await;
        world.settle().await;
        assert_eq!(world.alert().await.phase, Phase::Open, "{words}");
    }
    let mails = world.sent_mails();
    assert_eq!(mails.len(), before + 1, "once: {mails:#?}");
    let told = mails.last().unwrap()["text"].as_str().unwrap();
    assert!(told.contains(&format!("passed on. Nobody has it yet: ack {number} takes it.")), "{told}");
    let words = "Acked. Thx\r\n\r\nI'm at the data centre in ten minutes.";
    world.mail_with(&reply, "", &answer("m9", words)).await;
    world.settle().await;
    assert_eq!(world.alert().await.taken_by.unwrap().who, "Dana");
    let posts = world.posts(&world.alert().await.reference());
    assert!(posts.iter().any(|post| post.contains("I'm at the data centre in ten minutes.")), "{posts:#?}");
    world.texts(DANA);
    world.read_all();
}

#[tokio::test]
async fn an_answer_in_the_persons_own_language_counts() {
    let people =
        PEOPLE.replace("dana@example.com,+12025550111,,en-US", "dana@example.com,+12025550111,,pl-PL");
    let world = World::with_files(DUTY, &[("people.csv", people.as_str()), ("rotas.yaml", ROTAS)]).await;
    world.mail(&problem()).await;
    world.pass(310).await;
    world.text_from(ELI, "tak").await;
    assert_eq!(world.alert().await.phase, Phase::Open, "Eli speaks English");
    world.text_from(DANA, "Tak!").await;
    assert_eq!(world.alert().await.taken_by.unwrap().who, "Dana");
    world.texts(DANA);
    world.texts(ELI);
    world.read_all();
}

/// A phone that was notified of several incidents of the same thing names that thing once.
#[tokio::test]
async fn the_second_incident_of_the_same_thing_is_acknowledged_by_text() {
    let world = World::staffed(DUTY).await;
    for id in ["p1", "p2"] {
        world.mail(&nagios(id, "PROBLEM: db1/MySQL is CRITICAL", "No answer")).await;
        world.text_from(DANA, "ok").await;
        assert_eq!(world.alert().await.phase, Phase::Acknowledged, "{id}");
        world.text_from(DANA, "done").await;
        assert_eq!(world.alert().await.phase, Phase::Resolved, "{id}");
    }
    assert_eq!(world.alert().await.epoch, 2);
    world.read_all();
}
