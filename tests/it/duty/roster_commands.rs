//! The commands about the roster, against a running system: what they change is what the next alert does.

use handbell::directory::Around;
use handbell::{maintenance, oncall, people};
use handbell_core::incident::Phase;

use super::{DANA, DUTY, ELI, problem};
use crate::world::World;

#[derive(clap::Parser)]
enum Command {
    #[command(subcommand)]
    Maintenance(maintenance::Command),
    #[command(subcommand)]
    People(people::Command),
    Oncall(oncall::Options),
}

impl World {
    /// Runs a command of `handbell` against this world. Words are separated by spaces, and `_` is a space. An error comes after `!`.
    async fn command(&self, line: &str) -> String {
        let runner = self.url("");
        let words = ["handbell"].into_iter().chain(line.split(' ')).map(|word| word.replace('_', " "));
        let words = words.chain(["--runner".to_owned(), runner]);
        let command = <Command as clap::Parser>::try_parse_from(words).unwrap();
        let around =
            Around { variable: &|_| None, now: self.now(), chance: &|| 0xABCD_1234, agreed: &|_| false };
        let done = match &command {
            Command::Maintenance(command) => maintenance::run(command, &around).await,
            Command::People(command) => people::run(command, &around).await,
            Command::Oncall(options) => oncall::run(options, &around).await,
        };
        done.unwrap_or_else(|failure| format!("!{failure}"))
    }
}

#[tokio::test]
async fn maintenance_of_a_source_by_its_label_silences_it_and_an_unknown_source_is_refused() {
    let world = World::staffed(DUTY).await;
    let refused = world.command("maintenance add --until 2099-01-01 --why disks --source monitor").await;
    assert!(refused.starts_with("!there is no source \"monitor\""), "{refused}");
    assert!(refused.contains("the sources are demo"), "{refused}");
    let at = world.now().to_zoned(jiff::tz::TimeZone::get("Europe/Paris").unwrap());
    let until = at.checked_add(jiff::SignedDuration::from_hours(2)).unwrap().strftime("%F_%R").to_string();
    let added =
        world.command(&format!("maintenance add --until {until} --why disks --source Monitoring")).await;
    assert!(added.contains("Europe/Paris, now: demo (disks)"), "{added}");
    world.mail(&problem()).await;
    assert_eq!((world.alert().await.phase, world.calls(DANA)), (Phase::Open, 0));
    let hold = world.alert().await.responses.hold.unwrap();
    assert_eq!(hold.until.to_zoned(at.time_zone().clone()).strftime("%F_%R").to_string(), until);
    world.read_all();
}

#[tokio::test]
async fn an_override_instead_of_somebody_takes_the_hours_that_a_swap_gave_them() {
    let rotas = super::ROTAS.replace("people: [dana]", "people: [dana, eli], turn: monthly");
    let files = [("people.csv", super::PEOPLE), ("rotas.yaml", rotas.as_str())];
    let world = World::with_files(DUTY, &files).await;
    let now = world.command("oncall --rota ops").await;
    let (on_call, other, phone) =
        if now.contains("Dana") { ("dana", "eli", DANA) } else { ("eli", "dana", ELI) };
    let until = "--until 2099-01-01";
    let swapped = world.command(&format!("oncall swap ops dana eli {until}")).await;
    assert!(swapped.starts_with("Done. Changed in ops (Europe/Paris):\n"), "{swapped}");
    let ill = world.command(&format!("oncall override ops --person bob --instead-of {other} {until}")).await;
    assert!(ill.contains(": Bob, before "), "{ill}");
    world.mail(&problem()).await;
    assert_eq!(world.texts(super::BOB).len(), 1, "Bob stands in for {other}, who stands in for {on_call}");
    assert_eq!(world.calls(phone), 0);
    world.texts(phone);
    world.read_all();
}

#[tokio::test]
async fn removing_a_person_needs_a_yes() {
    let world = World::staffed(DUTY).await;
    assert_eq!(world.command("people remove bob").await, "!nothing was changed");
    assert_eq!(world.command("people remove bob --yes").await, "bob is removed.\n");
}
