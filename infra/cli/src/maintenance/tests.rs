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

#[tokio::test]
async fn a_window_is_added_listed_and_ended() {
    let mut directory = empty().await;
    let added = say(
        "add --until 23:00 --why new_disks --source monitoring --about db1 --timezone Europe/Paris",
        &directory,
    );
    assert_snapshot!(added.await, @r#"
        mabcd1234  Sat 21 Nov 12:00 to Sat 21 Nov 22:00 UTC, now: monitoring, about "db1" (new disks)
        `handbell maintenance end mabcd1234` ends it.
    "#);
    assert_snapshot!(say("list", &directory).await, @r#"mabcd1234  Sat 21 Nov 12:00 to Sat 21 Nov 22:00 UTC, now: monitoring, about "db1" (new disks)"#);
    directory.now += SignedDuration::from_hours(1);
    assert_snapshot!(say("end mabcd", &directory).await, @"mabcd1234 is over; its alerts no longer wait.");
    let over = directory.store.people().roster().await.unwrap().maintenance;
    assert_eq!(over[0].until, directory.now, "who asks later sees that it was");
    assert_snapshot!(say("list", &directory).await, @"There is no maintenance window, neither now nor later.");
    assert_snapshot!(say("end mabcd", &directory).await, @r#"!there is no current or planned maintenance window "mabcd"; `handbell maintenance list` lists the ids"#);
}

#[tokio::test]
async fn a_planned_window_is_cancelled() {
    let directory = empty().await;
    say("add --from 2026-12-01 --until 2026-12-02 --why power", &directory).await;
    assert_snapshot!(say("list", &directory).await, @"mabcd1234  Tue 01 Dec 00:00 to Wed 02 Dec 00:00 UTC: all sources (power)");
    assert_eq!(say("end mabcd1234", &directory).await, "mabcd1234 is cancelled.\n");
    assert_eq!(directory.store.people().roster().await.unwrap().maintenance, []);
}

#[tokio::test]
async fn invalid_commands_change_nothing() {
    let directory = empty().await;
    for line in [
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
