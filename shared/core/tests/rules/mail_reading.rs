//! What a mail says, and what about: trouble is never taken for its end, an end ends only its own trouble, and news about known
//! trouble is neither.

use handbell_core::alert::mail::{LeftOut, MailReading, MailStatus, ParsedMail, read_mail};

fn letter(subject: &str, text: &str) -> ParsedMail {
    ParsedMail {
        from: Some("mon@example.com".to_owned()),
        subject: subject.to_owned(),
        text: text.to_owned(),
        ..ParsedMail::default()
    }
}

fn read(subject: &str) -> MailReading {
    read_mail(&letter(subject, ""), "mon@example.com")
}

fn status(subject: &str) -> MailStatus {
    read(subject).status
}

/// Returns true if the two are about the same trouble: the same key, or the same shared key and what was left out agrees.
fn same(one: &MailReading, other: &MailReading) -> bool {
    let shared = one.key.shared.as_ref().zip(other.key.shared.as_ref());
    one.key.exact == other.key.exact
        || shared
            .is_some_and(|(one, other)| one.key == other.key && one.left_out.agrees_with(&other.left_out))
}

#[track_caller]
fn assert_conversation(trouble: &[&str], end: &str) {
    let first = read(trouble[0]);
    for subject in trouble {
        let reading = read(subject);
        assert_eq!(reading.status, MailStatus::Trouble, "{subject:?}: {reading:#?}");
        assert!(same(&first, &reading), "{subject:?}: {reading:#?} {first:#?}");
    }
    let over = read(end);
    assert_eq!(over.status, MailStatus::Over, "{end:?}: {over:#?}");
    assert!(same(&first, &over), "{end:?}: {over:#?} {first:#?}");
}

#[track_caller]
fn assert_apart(one: &str, other: &str) {
    let readings = (read(one), read(other));
    assert!(!same(&readings.0, &readings.1), "{readings:#?}");
}

#[test]
fn trouble_that_mentions_a_good_state_is_trouble() {
    for subject in [
        "Check_MK: web01/Memory OK -> WARN",
        "Check_MK: web01/Memory OK=>WARN",
        "Check_MK: web01/NTP OK -> UNKN",
        "NTP: state OK, now WARN",
        "NTP OK -> UNKN",
        "sw01 - UP -> UNREACH",
        "Check_MK: sw01 - UP -> UNREACH",
        "Backup: 4 OK, 1 overdue",
        "No heartbeat from pump, last UP 10:02",
        "Backup overdue: last OK 3 days ago",
        "db01 was OK until 03:02",
        "keyword OK missing in answer",
        "expected OK but got 503",
        "[Triggered] Too few HTTP 200 OK responses on shop",
        "[Warn] Link UP time below 99 % on rt1",
        "service resolved is inactive",
        "Kiosk 3 waits at dialog [OK]",
        // Others of the kind.
        "web01: OK => SOFT",
        "disk OK -> something new",
        "from OK to CRITICAL: web01",
        "web01 changed from UP to FLAKY",
        "DISK OK -> OK -> FULL",
        "OK: 3, CRITICAL: 1",
        "UP: 4 of 5 nodes",
        "2 UP, 3 DOWN in rack 4",
        "Only 2 of 3 servers are UP",
        "Too few nodes UP",
        "No node is UP",
        "nothing is OK here any more",
        "web01 should be UP",
        "Waiting for OK",
        "Press OK",
        "User pressed [OK]",
        "Nobody answered OK",
        "The page no longer says OK",
        "web01 is no longer OK",
        "web01 is no longer reachable",
        "web01 no longer UP",
        "Last known state: UP",
        "Previous state: OK",
        "Expected status: OK",
        "Heartbeat lost, status was UP",
        "web01 UP and DOWN all night",
        "web01 is UP but db01 isn't",
        "web01 is UP, db01 is DOWN",
        "db01 failed, web01 is UP",
        "OK button missing on kiosk",
        "RECOVERY partition full on db2",
        "Recovery: failed on db1",
        "RESOLVED is inactive on host",
        "Disk recovery failed",
        "Completed: FAILED",
        "OK: web01: CRITICAL",
        "Backup completed with errors",
        "Backup succeeded on 3 of 5 hosts",
        "Link UP count too low",
        "Sign up page down",
        "status page shows UP while shop times out",
        "DNS cannot be resolved",
        "Firmware update is available",
        "Port 22 is closed",
        "Resolved: 3 of 7 alerts",
        "[Error] [OK] web01",
        "all is not well: OK?",
        "Certificate OK for only 3 days",
        "Login by root successful from 10.0.0.7",
        "Monitoring itself: no data from web01",
    ] {
        let reading = read(subject);
        assert_eq!(reading.status, MailStatus::Trouble, "{subject:?}: {reading:#?}");
    }
}

#[test]
fn a_trouble_word_in_the_name_does_not_make_an_end_trouble() {
    for subject in [
        "UP | Failed jobs cleaner",
        "Monitor is UP: Error API",
        "[Error page] [✅ Up] 200 - OK",
        r#"OK: "Lambda Errors" in EU (Ireland)"#,
        r#"OK: "web01 is DOWN" in EU (Ireland)"#,
        "RECOVERY: No heartbeat from pump",
        "[RESOLVED] Disk failure on web01",
        "Resolved: web01 is unreachable",
        "[OK] Host is down alert",
        "Failed jobs - queue is OK",
        "Error page: web01 is UP",
        "Warning resolved: CPU on web01",
        "Closed: db1 is down",
        "** RECOVERY Service Alert: web01/Error log is OK **",
        "[RECOVERY] critical-path on web01 is OK!",
        "Check_MK: web01/Failed logins CRIT -> OK",
        "web01 is no longer unreachable",
        "Outage is over",
        "OK: Failed jobs cleaner",
    ] {
        let reading = read(subject);
        assert_eq!(reading.status, MailStatus::Over, "{subject:?}: {reading:#?}");
    }
}

#[test]
fn numbers_that_name_keep_troubles_apart() {
    for (one, other) in [
        ("PROBLEM: sw01/Port 23 is CRITICAL", "PROBLEM: sw01/Port 24 is CRITICAL"),
        (
            "** PROBLEM Service Alert: sw01/Port 23 is CRITICAL **",
            "** PROBLEM Service Alert: sw01/Port 24 is CRITICAL **",
        ),
        ("Host 100234 is DOWN", "Host 100235 is DOWN"),
        ("Problem: Interface 1/0/23(): Link down", "Problem: Interface 1/0/24(): Link down"),
        ("[Node 1] is DOWN", "[Node 2] is DOWN"),
        ("DOWN | [Node 1]", "DOWN | [Node 2]"),
        ("db sync 1 failed", "db sync 2 failed"),
        ("Volume 1 has degraded", "Volume 2 has degraded"),
        ("CRITICAL: rack 4 slot 7", "CRITICAL: rack 4 slot 8"),
        ("Alarm in 204", "Alarm in 205"),
        ("Ticket #4711 open", "Ticket #4712 open"),
        ("Lift 3 stuck", "Lift 4 stuck"),
        ("Problem: VLAN 100 down", "Problem: VLAN 200 down"),
        ("Job 17 failed on db1", "Job 18 failed on db1"),
        ("cron 7: DOWN", "cron 8: DOWN"),
        ("Chamber 2 temperature is CRITICAL", "Chamber 3 temperature is CRITICAL"),
    ] {
        assert_apart(one, other);
    }
}

#[test]
fn numbers_that_measure_change_nothing() {
    for (one, other) in [
        ("CRITICAL: /var on db01 at 95%", "CRITICAL: /var on db01 at 97 %"),
        ("web01 is DOWN for 5m", "web01 is DOWN for 1h 5m"),
        ("[FIRING:1] Queue (web01)", "[FIRING:3] Queue (web01)"),
        ("CRITICAL: load is 23 on web01", "CRITICAL: load is 25 on web01"),
        ("Queue length 23 on mx1", "Queue length 45 on mx1"),
        ("latency 120ms > 100ms on rt1", "latency 250ms > 100ms on rt1"),
        ("Backup of db01 failed (2026-11-20 03:00)", "Backup of db01 failed (2026-11-21 03:01)"),
        ("web01 down since Sat Nov 21 10:05:03 UTC 2026", "web01 down since Sun Nov 22 10:05:03 UTC 2026"),
        ("Reminder 2: web01 is DOWN", "Reminder 3: web01 is DOWN"),
        ("3 mails stuck on mx1", "17 mails stuck on mx1"),
        ("Pool at 21.11.2026 10:05 degraded", "Pool at 22.11.2026 11:06 degraded"),
        ("temperature 35 °C in rack 4", "temperature 38 °C in rack 4"),
    ] {
        let readings = (read(one), read(other));
        assert!(same(&readings.0, &readings.1), "{readings:#?}");
    }
}

#[test]
fn ends_in_vendors_formats_end_their_trouble() {
    assert_conversation(
        &[
            "[PRTG Network Monitor (PRTG)] web01 (10.0.0.1) PING (Ping) Down (Request timed out)",
            "[PRTG Network Monitor (PRTG)] web01 (10.0.0.1) PING (Ping) Down (No response)",
        ],
        "[PRTG Network Monitor (PRTG)] web01 (10.0.0.1) PING (Ping) Down ended (now: Up) (OK)",
    );
    assert_conversation(
        &["[PRTG Network Monitor (PRTG)] web01 Disk Free (WMI) Warning (5 %)"],
        "[PRTG Network Monitor (PRTG)] web01 Disk Free (WMI) Warning ended (now: Up)",
    );
    assert_eq!(status("web01 PING (Ping) Warning ended (now: Down) (x)"), MailStatus::Trouble);
    assert_conversation(
        &[
            "Fired:Sev3 Azure Monitor Alert CPU on web01 ( microsoft.compute/virtualmachines ) at 11/21/2026 10:05:03 AM",
        ],
        "Resolved:Sev3 Azure Monitor Alert CPU on web01 ( microsoft.compute/virtualmachines ) at 11/21/2026 10:15:03 AM",
    );
    assert_conversation(
        &["Azure: Activated Severity: 2 disk on web01"],
        "Azure: Deactivated Severity: 2 disk on web01",
    );
    assert_conversation(&["Connection failed nginx"], "Connection succeeded nginx");
    assert_conversation(
        &["monit alert --  Connection failed nginx"],
        "monit alert --  Connection succeeded nginx",
    );
    assert_conversation(&["monit alert --  Does not exist nginx"], "monit alert --  Exists nginx");
    assert_conversation(
        &["monit alert --  Resource limit matched web01"],
        "monit alert --  Resource limit succeeded web01",
    );
    assert_conversation(
        &["Fail event on /dev/md0:nas2", "DegradedArray event on /dev/md0:nas2"],
        "RebuildFinished event on /dev/md0:nas2",
    );
    assert_conversation(&["UPS nas1 Power Failure !!!"], "UPS nas1 Power has returned");
    assert_conversation(&["Your site 'Shop' went down"], "Your site 'Shop' is back up");
    assert_conversation(
        &["FENCE: Try to fence node 'pve2'"],
        "SUCCEED: fencing: acknowledged - got agent lock for node 'pve2'",
    );
    let unifi = |subject: &str| read_mail(&letter(subject, "UniFi Network"), "mon@example.com");
    let (lost, back) = (unifi("AP Hall was disconnected"), unifi("AP Hall was connected"));
    assert_eq!((lost.status, back.status), (MailStatus::Trouble, MailStatus::Over));
    assert!(same(&lost, &back));
    assert_eq!(status("USB stick was connected"), MailStatus::Trouble, "only UniFi means an end by it");
}

#[test]
fn the_text_decides_where_the_subject_is_always_the_same() {
    let read = |text: &str| read_mail(&letter("TrueNAS nas1.example.com: Alerts", text), "mon@example.com");
    let new = read(
        "TrueNAS @ nas1\n\nNew alerts:\n* Pool tank state is DEGRADED\n\nCurrent alerts:\n* Pool tank state is DEGRADED\n",
    );
    let other = read("TrueNAS @ nas1\n\nNew alert:\n* Pool safe state is DEGRADED\n");
    let cleared =
        read("TrueNAS @ nas1\n\nThe following alert has been cleared:\n* Pool tank state is DEGRADED\n");
    assert_eq!(
        (new.status, other.status, cleared.status),
        (MailStatus::Trouble, MailStatus::Trouble, MailStatus::Over)
    );
    assert!(same(&new, &cleared) && !same(&new, &other), "{new:#?} {cleared:#?}");
    let smartd = |device: &str| {
        let text =
            format!("This message was generated by smartd\n\nDevice: {device} [SAT], 8 pending sectors\n");
        read_mail(
            &letter("SMART error (CurrentPendingSector) detected on host: nas1", &text),
            "mon@example.com",
        )
    };
    assert!(!same(&smartd("/dev/sda"), &smartd("/dev/sdb")), "{:#?}", smartd("/dev/sda"));
    let zabbix = |host: &str, subject: &str| {
        read_mail(
            &letter(subject, &format!("Problem name: Link down\nHost: {host}\nSeverity: High\n")),
            "mon@example.com",
        )
    };
    let down = "Problem: Link down";
    assert!(!same(&zabbix("sw1", down), &zabbix("sw2", down)));
    assert!(same(&zabbix("sw1", down), &zabbix("sw1", "Resolved in 5m: Link down")));
}

#[test]
fn a_group_that_grows_or_shrinks_is_one_incident() {
    assert_conversation(
        &[
            "[FIRING:1] InstanceDown (web01:9100 node page)",
            "[FIRING:2] InstanceDown (node page)",
            "[FIRING:1] InstanceDown (node page)",
        ],
        "[RESOLVED] InstanceDown (node page)",
    );
    assert_apart("[FIRING:1] InstanceDown (prod node)", "[FIRING:1] InstanceDown (staging node)");
    assert_apart("[FIRING:1] InstanceDown (node page)", "[FIRING:1] DiskFull (node page)");
}

#[test]
fn news_about_known_trouble_neither_begins_nor_ends_anything() {
    for (trouble, news) in [
        ("[PROBLEM] ping on web01 is CRITICAL!", "[FLAPPINGSTART] ping on web01 is OK!"),
        ("[PROBLEM] ping on web01 is CRITICAL!", "[FLAPPINGEND] ping on web01 is OK!"),
        ("[PROBLEM] ping on web01 is CRITICAL!", "[DOWNTIMESTART] ping on web01 is CRITICAL!"),
        ("[PROBLEM] ping on web01 is CRITICAL!", "[DOWNTIMEEND] ping on web01 is OK!"),
        ("[PROBLEM] ping on web01 is CRITICAL!", "[CUSTOM] ping on web01 is OK!"),
        ("[PROBLEM] ping on web01 is CRITICAL!", "[ACKNOWLEDGEMENT] ping on web01 is CRITICAL!"),
        ("Check_MK: web01/Memory OK -> CRIT", "Check_MK: web01/Memory Downtime Start"),
        ("Check_MK: web01/Memory OK -> CRIT", "Check_MK: web01/Memory Acknowledged"),
        (
            "** PROBLEM Service Alert: web01/HTTP is CRITICAL **",
            "** ACKNOWLEDGEMENT Service Alert: web01/HTTP is CRITICAL **",
        ),
        ("PROBLEM: web01 is DOWN", "ACKNOWLEDGED: web01 is DOWN"),
        ("[Triggered] web01 CPU", "[Muted] web01 CPU"),
    ] {
        let (trouble, news) = (read(trouble), read(news));
        assert_eq!((trouble.status, news.status), (MailStatus::Trouble, MailStatus::News), "{news:#?}");
        assert!(same(&trouble, &news), "{trouble:#?} {news:#?}");
    }
}

#[test]
fn a_change_of_the_same_trouble_has_its_key() {
    for trouble in [
        &["Problem: High CPU on web01", "Updated problem in 5m 3s: High CPU on web01"][..],
        &[
            "[Triggered on {host:web01}] CPU",
            "[Re-Triggered on {host:web01}] CPU",
            "[Warn on {host:web01}] CPU",
        ],
        &[r#"ALARM: "cpu web01" in EU (Ireland)"#, r#"INSUFFICIENT_DATA: "cpu web01" in EU (Ireland)"#],
        &["[Alerting] CPU on web01", "[No Data] CPU on web01"],
        &["web01 needs attention - disk.space", "web01 is critical - disk.space"],
        &["web01 is DOWN", "web01 is still DOWN"],
        &[
            "[PROBLEM] ping on web01 is WARNING!",
            "[PROBLEM] ping on web01 is CRITICAL!",
            "[CUSTOM] ping on web01 is CRITICAL!",
        ],
        &["Alert for device rt1 - BGP down", "Alert for device rt1 - BGP down got worse"],
    ] {
        for subject in trouble {
            let reading = read(subject);
            assert_eq!(reading.status, MailStatus::Trouble, "{reading:#?}");
            assert!(same(&read(trouble[0]), &reading), "{:#?} {reading:#?}", read(trouble[0]));
        }
    }
}

#[test]
fn the_same_words_about_the_same_thing_are_one_incident_in_every_grammar() {
    assert_conversation(
        &["[ALERT] web01 is DOWN", "[FIRING:1] web01 is DOWN", "web01 is DOWN (HTTP 503)"],
        "[RESOLVED] web01 is DOWN",
    );
    assert_conversation(&["[Triggered] [Warning] CPU on web01"], "[Resolved] [Warning] CPU on web01");
    assert_conversation(&["web01 is DOWN (Connection refused)"], "web01 is UP (200 - OK)");
    assert_conversation(&["web01 CPU: CRITICAL (95 %)"], "web01 CPU: OK (5 %)");
    assert_conversation(&["Connection to web01 lost"], "Connection to web01 restored");
    assert_conversation(
        &["%LINK-3-UPDOWN: Interface Gi1/0/23, changed state to down"],
        "%LINK-3-UPDOWN: Interface Gi1/0/23, changed state to up",
    );
    assert_conversation(
        &["web01: state changed from OK to CRITICAL"],
        "web01: state changed from CRITICAL to OK",
    );
    assert_conversation(
        &["DOWN alert: shop (shop.example.com) is DOWN"],
        "UP alert: shop (shop.example.com) is UP",
    );
    assert_conversation(&["[nas1] Volume 1 has become degraded"], "[nas1] Volume 1 is back to normal");
    assert_apart("[FIRING:1] Host down (node)", "[FIRING:1] Service down (node)");
    assert_apart("web01 is CRITICAL (disk /var)", "web01 is CRITICAL (disk /opt)");
}

#[test]
fn a_subject_that_was_cut_is_compared_as_far_as_it_goes() {
    let name = "billing-service-production-eu-west-1-orders-queue-oldest-message-age-above-limit-of-payments";
    let cut = |heading: &str, name: &str| {
        let whole = format!("{heading}: \"{name}\" in EU (Ireland)");
        whole.chars().take(100).collect::<String>()
    };
    let (alarm, ok) = (read(&cut("ALARM", name)), read(&cut("OK", name)));
    assert_eq!((alarm.status, ok.status), (MailStatus::Trouble, MailStatus::Over));
    assert!(same(&alarm, &ok), "{alarm:#?} {ok:#?}");
    assert!(same(&alarm, &read(&cut("INSUFFICIENT_DATA", name))));
    let other = name.replace("message-age", "message-cut");
    assert!(!same(&alarm, &read(&cut("OK", &other))));
}

#[test]
fn what_was_left_out_agrees_only_if_it_can_be_the_same() {
    let labels = |labels: &[&str]| LeftOut::Labels(labels.iter().map(|label| (*label).to_owned()).collect());
    assert!(labels(&["a", "b"]).agrees_with(&labels(&["a"])) && labels(&[]).agrees_with(&labels(&["a"])));
    assert!(!labels(&["a", "b"]).agrees_with(&labels(&["a", "c"])));
    let end = |text: &str, cut| LeftOut::End { text: text.to_owned(), cut };
    assert!(
        end("abc", true).agrees_with(&end("abcdef", true))
            && end("abcdef", false).agrees_with(&end("abc", true))
    );
    assert!(!end("abc", false).agrees_with(&end("abcdef", true)), "the shorter one is whole");
    assert!(!end("abc", false).agrees_with(&labels(&[])));
}
