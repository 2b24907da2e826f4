use clap::Parser;
use insta::assert_snapshot;

use super::*;
use crate::directory::tests::empty;

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

async fn say(line: &str, directory: &Directory) -> String {
    let words = ["maintenance"].into_iter().chain(line.split(' ')).map(|word| word.replace('_', " "));
    let line = Line::try_parse_from(words).unwrap_or_else(|error| panic!("{line}: {error}"));
    match answer(&line.command, directory, 0xABCD_1234).await {
        Ok(said) => said,
        Err(refused) => format!("!{refused}\n"),
    }
}

/// An empty table of a configuration with three sources, in Paris.
async fn configured() -> Directory {
    let label = |label: &str| Some(label.to_owned());
    let sources = [("monitoring", label("Nagios")), ("billing", None), ("nas", label("Storage"))];
    let settings = Settings {
        timezone: "Europe/Paris".to_owned(),
        sources: sources.map(|(name, label)| (name.to_owned(), label)).into(),
        people: Default::default(),
    };
    Directory { settings: Some(settings), ..empty().await }
}

#[tokio::test]
async fn a_window_is_added_listed_and_ended() {
    let mut directory = configured().await;
    let added = say("add --until 23:00 --why new_disks --source monitoring --about db1", &directory);
    assert_snapshot!(added.await, @r#"
        mabcd1234  Sat 21 Nov 13:00 to Sat 21 Nov 23:00 Europe/Paris, now: monitoring, about "db1" (new disks)
        `handbell maintenance end mabcd1234` ends it.
    "#);
    assert_snapshot!(say("list", &directory).await, @r#"mabcd1234  Sat 21 Nov 13:00 to Sat 21 Nov 23:00 Europe/Paris, now: monitoring, about "db1" (new disks)"#);
    directory.now += SignedDuration::from_hours(1);
    assert_snapshot!(say("end mabcd", &directory).await, @"mabcd1234 is over: new alerts no longer wait. Those that wait already do so until its planned end, or until somebody takes the next step.");
    let over = directory.store.people().roster().await.unwrap().maintenance;
    assert_eq!(over[0].until, directory.now, "who asks later sees that it was");
    assert_snapshot!(say("list", &directory).await, @"There is no maintenance window, neither now nor later.");
    assert_snapshot!(say("end mabcd", &directory).await, @r#"!there is no current or planned maintenance window "mabcd"; `handbell maintenance list` lists the ids"#);
}

#[tokio::test]
async fn a_planned_window_is_cancelled() {
    let directory = configured().await;
    say("add --from 2026-12-01 --until 2026-12-02 --why power", &directory).await;
    assert_snapshot!(say("list", &directory).await, @"mabcd1234  Tue 01 Dec 00:00 to Wed 02 Dec 00:00 Europe/Paris: all sources (power)");
    assert_eq!(say("end mabcd1234", &directory).await, "mabcd1234 is cancelled.\n");
    assert_eq!(directory.store.people().roster().await.unwrap().maintenance, []);
}

#[tokio::test]
async fn invalid_commands_change_nothing() {
    let directory = configured().await;
    for line in [
        "add --until 23:00 --why disks --about _",
        "add --until 23:00 --why disks --source monitor",
        "add --until 23:00 --why disks --source monitoring --source all",
        "add --until 23:00+01:00[America/New_York] --why disks",
        "add --until 11:00 --why disks",
        "add --from 2026-12-02 --until 2026-12-01 --why disks",
        "add --until 2027-12-01 --why disks",
        "add --until 23:00 --why _",
        "add --until 23:00 --why disks --timezone Paris",
        "add --until later --why disks",
    ] {
        assert!(say(line, &directory).await.starts_with('!'), "{line}");
    }
    assert_eq!(directory.store.people().roster().await.unwrap().maintenance, []);
}

#[tokio::test]
async fn a_source_is_named_by_its_name_or_its_label_and_an_unknown_one_is_refused() {
    let directory = configured().await;
    let added =
        say("add --until 23:00 --why disks --source storage --source nas --source Nagios", &directory).await;
    assert!(added.contains(": nas, monitoring (disks)"), "{added}");
    let stored = directory.store.people().roster().await.unwrap().maintenance;
    assert_eq!(stored[0].sources, ["nas", "monitoring"]);
    assert_snapshot!(say("add --until 23:00 --why disks --source monitorng", &directory).await, @r#"!there is no source "monitorng"; did you mean "monitoring"? the sources are billing, monitoring, nas"#);
    assert_snapshot!(say("add --until 23:00 --why disks --source mail", &directory).await, @r#"!there is no source "mail"; the sources are billing, monitoring, nas"#);
}

#[tokio::test]
async fn times_are_in_the_configurations_time_zone_or_in_the_one_that_is_named() {
    let directory = configured().await;
    let stored = async |line: &str| {
        assert!(!say(line, &directory).await.starts_with('!'), "{line}");
        directory.store.people().roster().await.unwrap().maintenance[0].until.to_string()
    };
    assert_eq!(stored("add --until 23:00 --why disks").await, "2026-11-21T22:00:00Z");
    assert_eq!(stored("add --until 23:00 --why disks --timezone UTC").await, "2026-11-21T23:00:00Z");
    assert_eq!(stored("add --until 23:00[Asia/Tokyo] --why disks").await, "2026-11-21T14:00:00Z");
    let unknown = empty().await;
    assert_snapshot!(say("add --until 23:00 --why disks", &unknown).await, @"!the times are in the configuration's time zone: name the configuration with --config, or the zone with --timezone");
    assert_snapshot!(say("add --until 23:00 --why disks --timezone UTC --source nas", &unknown).await, @"!the sources are in the configuration: name the configuration with --config");
}

#[tokio::test]
async fn the_configuration_can_be_named() {
    let folder = std::env::temp_dir().join(format!("handbell-maintenance-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("handbell.yaml");
    std::fs::write(&file, include_str!("../../../../examples/green-power/handbell.yaml")).unwrap();
    let directory = empty().await;
    let line = format!("add --until 23:00 --why disks --source demo --config {}", file.display());
    let said = say(&line, &directory).await;
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(said.starts_with("mabcd1234  Sat 21 Nov "), "{said}");
}
