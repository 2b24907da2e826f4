//! Mails of systems that are in no table, whose words Handbell has never seen together: trouble raises, repeats and changes join,
//! another device stays apart, and only a certain end ends.

use handbell_core::alert::mail::{MailReading, MailStatus, ParsedMail, ReadBy, read_mail};

fn read(subject: &str) -> MailReading {
    let mail = ParsedMail {
        from: Some("mon@example.com".to_owned()),
        subject: subject.to_owned(),
        ..ParsedMail::default()
    };
    read_mail(&mail, "mon@example.com")
}

/// The mails of a system that is in no table.
struct Conversation<'a> {
    trouble: &'a str,
    /// The same trouble of another device.
    other: &'a str,
    /// The same trouble again, or as it changes.
    again: &'a [&'a str],
    /// Its ends.
    ends: &'a [&'a str],
    /// What may be an end, or not: it raises an alert of its own or joins, but ends nothing.
    in_doubt: &'a [&'a str],
}

impl Conversation<'_> {
    #[track_caller]
    fn check(&self) {
        let trouble = read(self.trouble);
        let key = trouble.key.exact.as_str();
        let of_grammar = |reading: &MailReading| !matches!(reading.by, ReadBy::System { .. });
        assert!(trouble.status == MailStatus::Trouble && of_grammar(&trouble), "{trouble:#?}");
        assert_ne!(read(self.other).key.exact, key, "another device: {trouble:#?}");
        for again in self.again {
            let reading = read(again);
            assert_eq!((reading.status, reading.key.exact.as_str()), (MailStatus::Trouble, key), "{again:?}");
        }
        for end in self.ends {
            let reading = read(end);
            assert_eq!((reading.status, reading.key.exact.as_str()), (MailStatus::Over, key), "{end:?}");
        }
        for doubtful in self.in_doubt {
            assert_eq!(read(doubtful).status, MailStatus::Trouble, "{doubtful:?}");
        }
    }
}

#[test]
fn a_change_of_severity_is_about_the_same_trouble() {
    for subjects in [
        ["disk WARNING on web1", "disk CRITICAL on web1", "disk FAILED on web1"],
        ["Disk warning on web1", "Disk critical on web1", "Disk CRITICAL on web1"],
        ["DISK WARNING ON WEB1", "DISK CRITICAL ON WEB1", "DISK FATAL ON WEB1"],
        [
            "web1 - disk WARNING on /var - 90 %",
            "web1 - disk CRITICAL on /var - 95 %",
            "web1 - disk ERROR on /var",
        ],
        ["[High] CPU on web1", "[Disaster] CPU on web1", "[Average] CPU on web1"],
        ["Severity: High - CPU on web1", "Severity: Disaster - CPU on web1", "Severity: Low - CPU on web1"],
        ["Sev1: CPU on web1", "Sev2: CPU on web1", "[Sev3] CPU on web1"],
        ["Priority 1: CPU on web1", "Priority 2: CPU on web1", "[Priority 3] CPU on web1"],
        ["Warning: CPU on web1", "Critical: CPU on web1", "[CRIT] CPU on web1"],
    ] {
        let keys = subjects.map(|subject| read(subject).key.exact);
        assert!(keys[0] == keys[1] && keys[1] == keys[2], "{keys:#?}");
    }
    for (end, trouble) in [
        ("disk OK on web1", "disk CRITICAL on web1"),
        ("Disk warning on web1 resolved", "Disk critical on web1"),
        ("Resolved: disk CRITICAL on web1", "disk WARNING on web1"),
        ("RECOVERY: disk on web1", "disk CRITICAL on web1"),
    ] {
        let (end, trouble) = (read(end), read(trouble));
        assert_eq!((end.status, &end.key), (MailStatus::Over, &trouble.key), "{end:#?}");
    }
}

#[test]
fn news_about_known_trouble_joins_it() {
    let trouble = read("web01 CPU is CRITICAL").key;
    for news in [
        "[SNOOZED] web01 CPU",
        "ACK: web01 CPU",
        "Acknowledged by bob: web01 CPU",
        "web01 CPU acknowledged",
        "web01 CPU was acknowledged by bob",
        "Suppressed: web01 CPU",
    ] {
        let reading = read(news);
        assert_eq!((reading.status, &reading.key), (MailStatus::News, &trouble), "{news:?}");
    }
    for change in [
        "web01 CPU still critical",
        "web01 CPU is DOWN - acknowledged by bob",
        "Still firing: web01 CPU",
        "Reminder: web01 CPU",
        "ONGOING: web01 CPU",
        "web01 CPU is now critical (was warning)",
        "web01 CPU changed from warning to critical",
        "web01 CPU flapping",
    ] {
        let reading = read(change);
        assert_eq!((reading.status, &reading.key), (MailStatus::Trouble, &trouble), "{change:?}");
    }
}

/// To a monitoring system these are news. In the words of anybody else they may be the first report of trouble.
#[test]
fn what_a_person_may_call_trouble_is_no_news() {
    for subject in [
        "Downtime: shop.example.com",
        "Downtime started: shop.example.com",
        "Port 7 flapping on sw2",
        "web01 flapping",
        "Maintenance: pump 4 leaks",
        "Custom: coolant low",
        "Comment: the hall is full of smoke",
        "Line 3 paused",
    ] {
        assert_eq!(read(subject).status, MailStatus::Trouble, "{subject:?}");
    }
}

#[test]
fn words_that_only_look_like_a_severity_keep_trouble_apart() {
    for (one, other) in [
        ("High: tank 3", "Low: tank 3"),
        ("[P1] pressure lost", "[P2] pressure lost"),
        ("warning lights broken on crane 2", "lights broken on crane 2"),
        ("DOWN | critical queue", "DOWN | warning queue"),
        ("disk WARNING on web1", "disk WARNING on web2"),
        ("RECOVERY partition full on db2", "partition full on db2"),
    ] {
        assert_ne!(read(one).key, read(other).key, "{one:?}");
    }
}

#[test]
fn a_state_among_the_words_of_the_name_ends_nothing_in_doubt() {
    for subject in [
        "Login OK for user root",
        "HTTP 200 OK on web01",
        "Failed login OK on web1",
        "No backup OK on db1",
        "No link UP: Gi1/0/3 on sw1",
        "Link UP: Gi1/0/3 on sw1 but errors",
        "Link UP: no answer",
        "User pressed OK: kiosk-3",
        "disk CRITICAL on web1 OK",
        "Sign up again",
        "nobody is online again",
        "Please log in when online again",
        "4 OK",
        "Ports 4 OK",
        "Step 3 not OK",
        "up=0 on web01",
        "UP=false on web01",
        "healthy=no db1",
        "expected status=OK",
        "status=OK expected, got 503",
        "Recovered: partially, web01",
        "web01 rebooted and is UP",
        "web01 is UP - disk failure found",
        "web01 CRIT -> OK: disk failed",
        "[RESOLVED] [FIRING:2] web01",
        "web01: OK since yesterday, now degraded",
        "RAID: OK (2), Rebuild (1)",
        "Resolved hostname differs: web01",
        "Cleared cache but still failing",
        "Online users below 5 on shop",
        "Recovery time objective missed db1",
        "state=OK->CRIT web01",
        "Health check passing ratio 20 % on api",
        "connection restored but packet loss on wan1",
        "Clear text password found on web3",
        "Ended unexpectedly: job 7",
        "Closed port 443 on web1",
        "Completed with 3 errors: backup db1",
        "Healthy hosts: 0",
        "Online: no",
        "Mail \"Backup OK\" missing",
        "Alarm not cleared: rack 4",
        "Alarm cleared by operator, cause remains: rack 4",
    ] {
        let reading = read(subject);
        assert_eq!(reading.status, MailStatus::Trouble, "{reading:#?}");
    }
}

#[test]
fn the_number_of_an_alert_belongs_to_its_trouble_and_to_its_end() {
    Conversation {
        trouble: "[Sentinel] ALERT #881: pump-07 pressure above 4.2 bar",
        other: "[Sentinel] ALERT #882: pump-07 pressure above 4.2 bar",
        again: &["[Sentinel] ALERT #881: pump-07 pressure above 4.9 bar"],
        ends: &["[Sentinel] CLEARED #881: pump-07 pressure above 4.2 bar"],
        in_doubt: &[],
    }
    .check();
    Conversation {
        trouble: "[ticket 5531] New: UPS room C on battery",
        other: "[ticket 5532] New: UPS room C on battery",
        again: &["[ticket 5531] Ongoing: UPS room C on battery"],
        ends: &["[ticket 5531] Solved: UPS room C on battery"],
        in_doubt: &[],
    }
    .check();
}

#[test]
fn amounts_come_and_go_in_any_spelling() {
    Conversation {
        trouble: "Kiln watch: zone 4 overheating (1,240 °C)",
        other: "Kiln watch: zone 5 overheating (1,240 °C)",
        again: &["Kiln watch: zone 4 overheating (1,251 °C)", "Kiln watch: zone 4 overheating (990 °C)"],
        ends: &[],
        in_doubt: &["Kiln watch: zone 4 back within limits (1,100 °C)"],
    }
    .check();
    Conversation {
        trouble: r#"BREACH queue_depth{queue="orders"} 1523 > 1000"#,
        other: r#"BREACH queue_depth{queue="mails"} 1523 > 1000"#,
        again: &[
            r#"BREACH queue_depth{queue="orders"} 1741 > 1000"#,
            r#"BREACH queue_depth{queue="orders"} 1741 >= 1500"#,
        ],
        ends: &[],
        in_doubt: &[],
    }
    .check();
    Conversation {
        trouble: "FAIL api-gateway/health p95=2300ms",
        other: "FAIL api-gateway/login p95=2300ms",
        again: &["FAIL api-gateway/health p95=1900ms"],
        ends: &["PASS api-gateway/health p95=120ms", "OK api-gateway/health p95=120ms"],
        in_doubt: &["FAIL api-gateway/health p95=OK"],
    }
    .check();
}

#[test]
fn numbers_of_any_shape_name_things() {
    for (one, other) in [
        ("Room 21.11 too hot", "Room 21.12 too hot"),
        ("Router 10.1 link lost", "Router 10.2 link lost"),
        ("Disk 0:1:2 failed", "Disk 0:1:3 failed"),
        ("Kiosk 2026 offline", "Kiosk 2027 offline"),
        ("Camera 0012 offline", "Camera 0013 offline"),
        ("Tank #3 low", "Tank #4 low"),
        ("Sector 7G alarm", "Sector 8G alarm"),
    ] {
        assert_ne!(read(one).key, read(other).key, "{one:?}");
    }
    for (one, other) in [
        ("voltage 11.8 on ups1", "voltage 11.6 on ups1"),
        ("load average: 2.51, 2.1 on web1", "load average: 3.51, 2.7 on web1"),
        ("Boiler 4.5 bar too high", "Boiler 4.7 bar too high"),
        ("web01 down 9:05:07", "web01 down 10:15:00"),
    ] {
        assert_eq!(read(one).key, read(other).key, "{one:?}");
    }
}

#[test]
fn a_value_behind_an_equals_sign_is_a_state() {
    Conversation {
        trouble: "ISP-Guard: circuit LON-22 state=DOWN",
        other: "ISP-Guard: circuit LON-23 state=DOWN",
        again: &["ISP-Guard: circuit LON-22 state=DEGRADED"],
        ends: &["ISP-Guard: circuit LON-22 state=UP"],
        in_doubt: &["ISP-Guard: circuit LON-22 up=0"],
    }
    .check();
}

#[test]
fn trouble_and_its_end_may_have_headings_of_many_words() {
    Conversation {
        trouble: "Alarm raised - Freezer 12 - door open",
        other: "Alarm raised - Freezer 13 - door open",
        again: &["Reminder - Freezer 12 - door open", "Alarm repeated - Freezer 12 - door open"],
        ends: &["Alarm cleared - Freezer 12 - door open"],
        in_doubt: &[],
    }
    .check();
    Conversation {
        trouble: "Threshold exceeded: disk usage /data on nas7 (91 %)",
        other: "Threshold exceeded: disk usage /home on nas7 (91 %)",
        again: &["Threshold exceeded: disk usage /data on nas7 (94 %)"],
        ends: &["Threshold no longer exceeded: disk usage /data on nas7 (70 %)"],
        in_doubt: &["Threshold not exceeded yet: disk usage /data on nas7 (70 %)"],
    }
    .check();
    Conversation {
        trouble: "Störung: Aufzug 3, Halle B",
        other: "Störung: Aufzug 4, Halle B",
        again: &[],
        ends: &["Störung behoben: Aufzug 3, Halle B", "Aufzug 3, Halle B: Störung beendet"],
        in_doubt: &["Störung nicht behoben: Aufzug 3, Halle B"],
    }
    .check();
    Conversation {
        trouble: "Temperature alarm ACTIVE: rack B7",
        other: "Temperature alarm ACTIVE: rack B8",
        again: &[],
        ends: &["Temperature alarm NORMAL: rack B7"],
        in_doubt: &["Temperature alarm INACTIVE: rack B7"],
    }
    .check();
    Conversation {
        trouble: "(!) Generator 2: fuel low 12 %",
        other: "(!) Generator 3: fuel low 12 %",
        again: &["(!) Generator 2: fuel low 9 %"],
        ends: &["(ok) Generator 2: fuel low 60 %"],
        in_doubt: &[],
    }
    .check();
}

#[test]
fn states_of_many_words_and_verbs_of_motion_are_states() {
    Conversation {
        trouble: "Status change for shop.example.com: Operational -> Major outage",
        other: "Status change for blog.example.com: Operational -> Major outage",
        again: &["Status change for shop.example.com: Major outage -> Degraded"],
        ends: &["Status change for shop.example.com: Major outage -> Operational"],
        in_doubt: &["Status change for shop.example.com: Operational -> Partly operational"],
    }
    .check();
    Conversation {
        trouble: "Sensor 4711 (cold store) went offline",
        other: "Sensor 4712 (cold store) went offline",
        again: &["Sensor 4711 (cold store) is still offline"],
        ends: &["Sensor 4711 (cold store) came back online", "Sensor 4711 (cold store) is online again"],
        in_doubt: &["Sensor 4711 (cold store) never came back online"],
    }
    .check();
    Conversation {
        trouble: "cam-entrance-2 unreachable since 10:05",
        other: "cam-entrance-3 unreachable since 10:05",
        again: &["cam-entrance-2 unreachable since 11:05"],
        ends: &["cam-entrance-2 reachable again"],
        in_doubt: &["cam-entrance-2 hardly reachable again"],
    }
    .check();
    Conversation {
        trouble: "Fan 2 in chassis 1 failed",
        other: "Fan 3 in chassis 1 failed",
        again: &["Fan 2 in chassis 1 FAILED"],
        ends: &["Fan 2 in chassis 1 OK"],
        in_doubt: &["Fans 2 OK"],
    }
    .check();
    Conversation {
        trouble: "Node k8s-w-3 NotReady",
        other: "Node k8s-w-4 NotReady",
        again: &["Node k8s-w-3 NotReady (5 minutes)"],
        ends: &[],
        in_doubt: &["Node k8s-w-3 Ready"],
    }
    .check();
    Conversation {
        trouble: "Link DOWN: Gi1/0/3 on sw1",
        other: "Link DOWN: Gi1/0/4 on sw1",
        again: &[],
        ends: &["Link UP: Gi1/0/3 on sw1"],
        in_doubt: &[],
    }
    .check();
}
