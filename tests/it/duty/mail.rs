//! Mails: what they mean, which belong together, which must not count, and what happens without a notification about one.

use handbell_core::incident::Phase;
use handbell_sim::trouble::TroubleKind;

use super::{ADDRESS, BOB, DANA, DUTY, ELI, nagios, problem};
use crate::world::World;

#[tokio::test]
async fn a_recovery_ends_the_incident_and_everybody_who_was_called_is_notified() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.texts(DANA);
    world.mail(&nagios("r1", "RECOVERY: db1/MySQL is OK", "up again")).await;
    assert_eq!(world.alert().await.phase, Phase::Resolved);
    assert!(world.new_texts(DANA)[0].contains("done, says Monitoring"));
    world.pass(400).await;
    assert_eq!(world.calls(ELI), 0);
    assert_eq!(world.sent_mails().len(), 1, "one report");
    // The next problem of the same thing is a new incident.
    world.mail(&nagios("p3", "PROBLEM: db1/MySQL is CRITICAL", "again")).await;
    assert_eq!((world.alert().await.epoch, world.alert().await.phase), (2, Phase::Open));
    world.read_all();
}

#[tokio::test]
async fn two_hundred_mails_at_once_are_one_incident() {
    let world = World::staffed(DUTY).await;
    for number in 0..200 {
        let mail =
            nagios(&format!("s{number}"), "PROBLEM: db1/MySQL is CRITICAL", &format!("check {number}"));
        world.mail_with(ADDRESS, "", &mail).await;
    }
    // Where too many write at once, SES's call of the function is repeated a minute later.
    world.pass(240).await;
    let alert = world.alert().await;
    assert_eq!((alert.count, world.calls(DANA), world.texts(DANA).len()), (200, 1, 1));
    assert!(world.posts(&alert.reference()).len() <= 4, "{:#?}", world.posts(&alert.reference()));
    world.read_all();
}

#[tokio::test]
async fn the_same_mail_twice_counts_once_and_an_answer_in_its_thread_joins_it() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.mail(&problem()).await;
    assert_eq!(world.alert().await.count, 1);
    let answer = nagios("a1", "Re: db1/MySQL: somebody looks into it", "I do")
        .replace("Subject:", "In-Reply-To: <p1@mon.example.com>\r\nSubject:");
    world.mail(&answer).await;
    assert_eq!(world.alert().await.count, 2, "one incident, by its thread");
    world.read_all();
}

#[tokio::test]
async fn vacation_replies_bounces_and_handbells_own_mails_raise_nothing() {
    let world = World::staffed(DUTY).await;
    let vacation = nagios("v1", "Out of office", "Back on Monday")
        .replace("Subject:", "Auto-Submitted: auto-replied\r\nSubject:");
    world.mail(&vacation).await;
    let ours = nagios("o1", "PROBLEM: looks like ours", "x")
        .replace("Subject:", "X-Handbell: H-7K3Q.1.0\r\nSubject:");
    world.mail(&ours).await;
    let bounce = "Return-Path: <>\r\nFrom: MAILER-DAEMON@example.com\r\nSubject: Undelivered Mail Returned to Sender\r\nMessage-ID: <b1@x>\r\n\r\nx\r\n";
    world.mail(bounce).await;
    assert!(world.alerts().await.is_empty());
    assert_eq!(world.calls(DANA), 0);
}

#[tokio::test]
async fn a_doubtful_mail_may_raise_and_may_never_resolve() {
    let world = World::staffed(DUTY).await;
    world.mail_with(ADDRESS, "&spf=FAIL&dkim=FAIL&dmarc=FAIL&spam=GRAY", &problem()).await;
    world.settle().await;
    let alert = world.alert().await;
    assert_eq!(alert.phase, Phase::Open, "a doubtful mail raises");
    let recovery = nagios("r1", "RECOVERY: db1/MySQL is OK", "up");
    world.mail_with(ADDRESS, "&spf=FAIL&dkim=FAIL&dmarc=FAIL", &recovery).await;
    world.settle().await;
    assert_eq!(world.alert().await.phase, Phase::Open);
    let posts = world.posts(&alert.reference());
    assert!(posts.iter().any(|post| post.contains("It changes nothing")), "{posts:#?}");
    world.read_all();
}

#[tokio::test]
async fn a_virus_and_a_mail_to_nobody_are_put_aside_and_reported() {
    let world = World::staffed(DUTY).await;
    world.mail_with(ADDRESS, "&virus=FAIL", &problem()).await;
    world.settle().await;
    assert!(world.alerts().await.is_empty());
    world.mail_with("guess@in.example.com", "", &nagios("g1", "Hello", "x")).await;
    world.settle().await;
    assert!(world.alerts().await.is_empty());
    let told: Vec<String> = world
        .spaces()
        .iter()
        .flat_map(|space| space["messages"].as_array().unwrap().clone())
        .map(|message| message["markdown"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(told[0].contains("virus") && told[1].contains("no source"), "{told:#?}");
    world.read_all();
}

#[tokio::test]
async fn a_mail_without_a_notification_is_found_in_the_bucket() {
    let world = World::staffed(DUTY).await;
    world.mail_with(ADDRESS, "&lost=true", &problem()).await;
    world.settle().await;
    assert!(world.alerts().await.is_empty());
    world.pass(16 * 60).await;
    assert_eq!(world.alert().await.phase, Phase::Open);
    assert_eq!(world.calls(DANA), 1);
    world.read_all();
}

#[tokio::test]
async fn broken_mails_raise_alerts_with_what_could_be_read() {
    let world = World::staffed(DUTY).await;
    let broken = b"Subject: =?utf-8?q?broken\r\nContent-Type: multipart/mixed; boundary=\r\n\r\n--\r\n\xff\xfe the disk is full";
    let path = format!("/sim/mail?to={ADDRESS}");
    let answer = world.send("POST", &path, &[], broken.to_vec()).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    world.settle().await;
    let posts = world.posts(&world.alert().await.reference());
    assert!(posts[0].contains("disk is full"), "{posts:#?}");
    world.read_all();
}

#[tokio::test]
async fn webex_and_the_bucket_are_down_and_nothing_is_lost_or_doubled() {
    let world = World::staffed(DUTY).await;
    world.trouble("webex", TroubleKind::BadGatewayBefore, None);
    world.trouble("s3", TroubleKind::BadGatewayBefore, None);
    world.mail_with(ADDRESS, "", &problem()).await;
    world.pass(90).await;
    world.no_trouble();
    world.pass(20 * 60).await;
    let alert = world.alert().await;
    assert_eq!(world.texts(DANA).len(), 1);
    let posts = world.posts(&alert.reference());
    assert_eq!(
        posts.iter().filter(|post| post.contains("PROBLEM: db1")).count(),
        1 + 1,
        "post and card: {posts:#?}"
    );
    world.read_all();
}

/// A mail to the incident's own address acknowledges, but only from a known sender who is proven.
#[tokio::test]
async fn a_mail_reply_acknowledges_only_with_dmarc_a_known_sender_and_the_incidents_token() {
    let people = super::PEOPLE.replace(",ops,text; call\neli", ",ops,mail; text\neli");
    let world =
        World::with_files(DUTY, &[("people.csv", people.as_str()), ("rotas.yaml", super::ROTAS)]).await;
    world.mail(&problem()).await;
    let letters = world.sent_mails();
    assert_eq!(letters.len(), 1, "{letters:#?}");
    assert_eq!(letters[0]["to"][0], "dana@example.com");
    assert!(letters[0]["text"].as_str().unwrap().contains("/act/"), "{letters:#?}");
    let headers = letters[0]["headers"].as_array().unwrap().clone();
    let reply =
        headers.iter().find(|header| header[0] == "Reply-To").unwrap()[1].as_str().unwrap().to_owned();

    let ack = |id: &str, from: &str| {
        format!(
            "From: {from}\r\nTo: {reply}\r\nSubject: Re: x\r\nMessage-ID: <{id}@example.com>\r\n\r\nack\r\n\r\n> what we wrote\r\n"
        )
    };
    world.mail_with(&reply, "&dmarc=FAIL", &ack("m1", "dana@example.com")).await;
    world.settle().await;
    assert_eq!(world.alert().await.phase, Phase::Open, "no DMARC");
    world.mail_with(&reply, "", &ack("m2", "stranger@example.org")).await;
    world.settle().await;
    assert_eq!(world.alert().await.phase, Phase::Open, "nobody we know");
    let wrong = reply.replace("inc+", "inc+x");
    world.mail_with(&wrong, "", &ack("m3", "dana@example.com")).await;
    world.settle().await;
    assert_eq!(world.alert().await.phase, Phase::Open, "another token");
    world.mail_with(&reply, "", &ack("m4", "dana@example.com")).await;
    world.settle().await;
    assert_eq!(world.alert().await.phase, Phase::Acknowledged);
    assert_eq!(world.alert().await.taken_by.unwrap().who, "Dana");
    assert!(world.texts(BOB).is_empty());
    world.read_all();
}

#[tokio::test]
async fn quiet_hours_hold_phones_and_critical_ones_ring() {
    let config = DUTY.replace(
        "    form: { title",
        "    quiet: { hours: { week: { daily: \"00:00-24:00\" }, except: { \"2026-12-01\": closed } } }\n    rules:\n      - { subject: WARNING, severity: warning }\n    form: { title",
    );
    let world = World::staffed(&config).await;
    world.mail(&nagios("w1", "disk WARNING on web1", "90 %")).await;
    assert_eq!(world.calls(DANA), 0);
    assert!(world.shown().0.starts_with("Waits until"), "{:?}", world.shown());
    world.mail(&nagios("c1", "disk CRITICAL on web1", "100 %")).await;
    world.settle().await;
    assert_eq!(world.calls(DANA), 1);
    world.read_all();
}

/// A person who knows the address may wake people, but must not let them sleep on: the report of the end has to come from the
/// sender of the problem.
#[tokio::test]
async fn another_sender_and_an_unproven_one_end_nothing() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    let recovery = nagios("r1", "RECOVERY: db1/MySQL is OK", "up")
        .replace("Subject:", "References: <p1@mon.example.com>\r\nSubject:");
    world.mail(&recovery.replace("nagios@mon.example.com", "evil@example.org")).await;
    assert_eq!(world.alert().await.phase, Phase::Open, "another sender, in the thread");
    // SPF passes for the envelope's own domain, which isn't the one that people see.
    let foreign = "&from=evil%40example.org&dkim=GRAY&dmarc=GRAY";
    world.mail_with(ADDRESS, foreign, &recovery.replace("<r1@", "<r2@")).await;
    world.settle().await;
    assert_eq!(world.alert().await.phase, Phase::Open, "nothing proves the sender");
    let own = "&from=nagios%40mon.example.com&dkim=GRAY&dmarc=GRAY";
    world.mail_with(ADDRESS, own, &recovery.replace("<r1@", "<r3@")).await;
    world.settle().await;
    assert_eq!(world.alert().await.phase, Phase::Resolved, "SPF speaks for the domain that is shown");
    world.read_all();
}

/// SES and Lambda keep no order: a delayed recovery must not end the problem that came after it.
#[tokio::test]
async fn a_late_recovery_ends_no_newer_problem() {
    let world = World::staffed(DUTY).await;
    let dated = |mail: String, seconds: i64| {
        let at = world.now() + jiff::SignedDuration::from_secs(seconds);
        let at = at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        mail.replace("Subject:", &format!("Date: {at}\r\nSubject:"))
    };
    world.mail(&dated(problem(), 0)).await;
    world.mail(&dated(nagios("p2", "PROBLEM: db1/MySQL is CRITICAL", "again"), 90)).await;
    world.mail(&dated(nagios("r1", "RECOVERY: db1/MySQL is OK", "up"), 60)).await;
    assert_eq!(world.alert().await.phase, Phase::Open);
    world.mail(&dated(nagios("r2", "RECOVERY: db1/MySQL is OK", "up"), 120)).await;
    assert_eq!(world.alert().await.phase, Phase::Resolved);
    world.read_all();
}

/// Messages to outsiders contain no phone numbers, and the mail in the space contains no secret address.
#[tokio::test]
async fn strangers_learn_no_numbers_and_the_space_no_secret() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    world.text_from(DANA, "The key is under the mat").await;
    world.text_from(DANA, "done").await;
    world.pass(90).await;
    let letters = world.sent_mails();
    let report = letters[0]["text"].as_str().unwrap();
    assert!(report.contains("Dana") && !report.contains("+1202") && !report.contains("mat"), "{report}");
    let spaces = world.spaces();
    let messages = spaces.iter().flat_map(|space| space["messages"].as_array().unwrap().clone());
    let file = messages.flat_map(|message| message["files"].as_array().cloned().unwrap_or_default());
    let file = file.into_iter().find(|file| file["name"].as_str().is_some_and(|name| name.ends_with(".eml")));
    assert!(file.is_some());
    world.read_all();
}

/// If there are more new alerts in ten minutes than the source's limit, they are one incident, and nobody's phone rings for each of
/// them.
#[tokio::test]
async fn a_flood_of_different_alerts_is_one_incident() {
    let config = DUTY.replace("    label: Monitoring", "    label: Monitoring\n    flood_after: 3");
    // New alerts are counted by ten minutes of the clock: this is the second minute of such a period.
    let files = [("people.csv", super::PEOPLE), ("rotas.yaml", super::ROTAS)];
    let world = World::at("2026-11-21T12:01:00Z".parse().unwrap(), &config, &files).await;
    for number in ["one", "two", "three", "four", "five", "six"] {
        world.mail(&nagios(number, &format!("PROBLEM: host {number} is DOWN"), "x")).await;
    }
    let alerts = world.alerts().await;
    assert_eq!(alerts.len(), 4, "{alerts:#?}");
    assert_eq!((world.calls(DANA), alerts[3].count), (4, 3));
    world.read_all();
}

/// The severity rises, and critical alerts have a plan of their own, whose people haven't been notified yet.
#[tokio::test]
async fn a_higher_severity_runs_the_plan_for_that_severity() {
    let config = DUTY
        .replace("sources:", "  mild:\n    space: { title: Mild, participants: [alice@example.com] }\n    steps: [{ post: { markdown: Look at it } }]\nsources:")
        .replace("    label: Monitoring", "    label: Monitoring\n    plans: { warning: mild }\n    rules: [{ subject: WARNING, severity: warning }]");
    let world = World::staffed(&config).await;
    world.mail(&nagios("w1", "disk WARNING on web1", "90 %")).await;
    assert_eq!(world.calls(DANA), 0);
    world.mail(&nagios("c1", "disk CRITICAL on web1", "100 %")).await;
    assert_eq!(world.calls(DANA), 1);
    let alert = world.alert().await;
    assert_eq!((alert.epoch, alert.plan.as_str()), (2, "duty"));
    world.read_all();
}

/// A mail that arrives again after the end raises nothing, not even in a flood.
#[tokio::test]
async fn a_mail_that_arrives_again_in_a_flood_raises_nothing() {
    let config = DUTY.replace("    label: Monitoring", "    label: Monitoring\n    flood_after: 1");
    // New alerts are counted by ten minutes of the clock: this is the second minute of such a period.
    let files = [("people.csv", super::PEOPLE), ("rotas.yaml", super::ROTAS)];
    let world = World::at("2026-11-21T12:01:00Z".parse().unwrap(), &config, &files).await;
    world.mail(&problem()).await;
    world.text_from(DANA, "done").await;
    world.mail(&nagios("n2", "PROBLEM: web7/HTTP is CRITICAL", "x")).await;
    assert_eq!(world.alerts().await.len(), 2, "the second is the flood's");
    world.mail(&problem()).await;
    let alerts = world.alerts().await;
    assert_eq!(alerts.iter().map(|alert| alert.count).collect::<Vec<_>>(), [1, 1], "{alerts:#?}");
    world.read_all();
}

#[tokio::test]
async fn trouble_that_mentions_a_good_state_wakes_somebody() {
    let world = World::staffed(DUTY).await;
    world.mail(&nagios("w1", "Check_MK: web01/Memory OK -> WARN", "95 %")).await;
    assert_eq!((world.alert().await.phase, world.calls(DANA)), (Phase::Open, 1));
    world.read_all();
}

#[tokio::test]
async fn the_end_of_one_port_leaves_the_other_open() {
    let world = World::staffed(DUTY).await;
    let alert = |kind: &str, port: u32, state: &str| {
        format!("** {kind} Service Alert: sw01/Port {port} is {state} **")
    };
    world.mail(&nagios("p23", &alert("PROBLEM", 23, "CRITICAL"), "down")).await;
    world.mail(&nagios("p24", &alert("PROBLEM", 24, "CRITICAL"), "down")).await;
    world.mail(&nagios("r23", &alert("RECOVERY", 23, "OK"), "up")).await;
    let phases: Vec<Phase> = world.alerts().await.iter().map(|incident| incident.phase).collect();
    assert_eq!(phases, [Phase::Resolved, Phase::Open]);
    world.read_all();
}

#[tokio::test]
async fn an_end_that_belongs_to_nothing_is_listed() {
    let world = World::staffed(DUTY).await;
    world.mail(&nagios("r1", "RECOVERY: db1/MySQL is OK", "up")).await;
    assert!(world.alerts().await.is_empty());
    let idle = world.runner.store.mails().idle_mails("demo").await.unwrap();
    let listed: Vec<_> = idle.mails.iter().map(|mail| (mail.subject.as_str(), mail.why.as_str())).collect();
    assert_eq!(listed, [("RECOVERY: db1/MySQL is OK", "it ends trouble of which no incident is open")]);
}

#[tokio::test]
async fn a_group_of_alerts_is_one_incident_while_it_grows_and_until_it_is_over() {
    let world = World::staffed(DUTY).await;
    world.mail(&nagios("f1", "[FIRING:1] InstanceDown (web01:9100 node page)", "x")).await;
    world.mail(&nagios("f2", "[FIRING:2] InstanceDown (node page)", "x")).await;
    assert_eq!((world.alert().await.count, world.calls(DANA)), (2, 1));
    world.mail(&nagios("f3", "[FIRING:1] InstanceDown (staging db)", "another group")).await;
    world.mail(&nagios("f4", "[RESOLVED] InstanceDown (node page)", "x")).await;
    let phases: Vec<Phase> = world.alerts().await.iter().map(|incident| incident.phase).collect();
    assert_eq!(phases, [Phase::Resolved, Phase::Open]);
    world.read_all();
}

#[tokio::test]
async fn news_about_known_trouble_is_posted_and_wakes_nobody() {
    let world = World::staffed(DUTY).await;
    world.mail(&nagios("p1", "[PROBLEM] ping on web01 is CRITICAL!", "x")).await;
    world.mail(&nagios("n1", "[FLAPPINGSTART] ping on web01 is OK!", "x")).await;
    let alert = world.alert().await;
    assert_eq!((alert.phase, world.calls(DANA)), (Phase::Open, 1));
    assert_eq!(alert.count, 1, "news is no further report");
    let posts = world.posts(&alert.reference());
    assert!(posts.iter().any(|post| post.contains("FLAPPINGSTART")), "{posts:#?}");
    world.read_all();
}

#[tokio::test]
async fn news_after_the_end_opens_nothing_and_is_listed() {
    let world = World::staffed(DUTY).await;
    let alert = |kind: &str, state: &str| format!("** {kind} Service Alert: web01/HTTP is {state} **");
    world.mail(&nagios("p1", &alert("PROBLEM", "CRITICAL"), "x")).await;
    world.mail(&nagios("r1", &alert("RECOVERY", "OK"), "x")).await;
    let late = alert("ACKNOWLEDGEMENT", "CRITICAL");
    world.mail(&nagios("a1", &late, "x")).await;
    let incident = world.alert().await;
    assert_eq!((incident.phase, incident.epoch, world.calls(DANA)), (Phase::Resolved, 1, 1));
    let idle = world.runner.store.mails().idle_mails("demo").await.unwrap();
    let listed: Vec<_> = idle.mails.iter().map(|mail| mail.subject.as_str()).collect();
    assert_eq!(listed, [late.as_str()]);
    world.read_all();
}

#[tokio::test]
async fn a_severity_among_the_words_of_the_name_opens_no_other_incident() {
    let world = World::staffed(DUTY).await;
    world.mail(&nagios("w1", "disk WARNING on web1", "90 %")).await;
    world.mail(&nagios("c1", "disk CRITICAL on web1", "100 %")).await;
    assert_eq!((world.alert().await.count, world.calls(DANA)), (2, 1));
    world.mail(&nagios("r1", "disk OK on web1", "10 %")).await;
    assert_eq!(world.alert().await.phase, Phase::Resolved);
    world.read_all();
}

/// A person who knows the source's address may wake people. What they write as news must not stand in the space as if it came from
/// the monitoring system.
#[tokio::test]
async fn news_from_an_unproven_sender_is_not_repeated_in_the_space() {
    let world = World::staffed(DUTY).await;
    world.mail(&nagios("p1", "[PROBLEM] ping on web01 is CRITICAL!", "x")).await;
    let forged = nagios("n1", "[ACKNOWLEDGEMENT] ping on web01 is CRITICAL!", "Mallory has it");
    world.mail_with(ADDRESS, "&spf=FAIL&dkim=FAIL&dmarc=FAIL", &forged).await;
    world.settle().await;
    let alert = world.alert().await;
    assert_eq!((alert.phase, alert.count), (Phase::Open, 1));
    let posts = world.posts(&alert.reference());
    let about = |words: &str| posts.iter().filter(|post| post.contains(words)).count();
    assert_eq!((about("ACKNOWLEDGEMENT"), about("A mail says that there is news.")), (0, 1), "{posts:#?}");
    world.read_all();
}

#[tokio::test]
async fn a_reply_about_something_else_is_an_alert_of_its_own() {
    let world = World::staffed(DUTY).await;
    world.mail(&problem()).await;
    let other = nagios("o1", "Door of the cold room is open", "x")
        .replace("Subject:", "In-Reply-To: <p1@mon.example.com>\r\nSubject:");
    world.mail(&other).await;
    assert_eq!(world.alerts().await.len(), 2);
    world.read_all();
}
