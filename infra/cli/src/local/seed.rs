//! Fills the empty roster of a laptop from `people.csv` and `rotas.yaml` beside the configuration.

use std::path::Path;

use handbell_core::oncall::Roster;
use handbell_store::Store;
use jiff::Timestamp;

use crate::directory::Directory;
use crate::failure::Failure;
use crate::people::{self, Asked};
use crate::rotas;

/// Imports the people and rotas beside the configuration into an empty roster, with verified phones and addresses: on a
/// laptop, all of them are simulated. Does nothing if there are no such files, or if the roster isn't empty.
pub(crate) async fn seed(store: &Store, config: &Path, now: Timestamp) -> Result<(), Failure> {
    let folder = config.parent().unwrap_or(Path::new("."));
    let read = |name: &str| match std::fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("{}: {error}", folder.join(name).display())),
    };
    let (people, rotas) = (read("people.csv")?, read("rotas.yaml")?);
    if people.is_none() && rotas.is_none() {
        return Ok(());
    }
    if store.people().roster().await.map_err(Failure::unreachable)? != Roster::default() {
        return Ok(());
    }
    let directory = Directory { store: store.clone(), now };
    if let Some(text) = people {
        let asked = Asked { verified: true, yes: true, dry_run: false };
        let nobody = |_: &str| true;
        let taken = people::take_over(&text, &asked, &directory, &nobody).await;
        taken.map_err(|what| format!("{}: {what}", folder.join("people.csv").display()))?;
    }
    if let Some(text) = rotas {
        let name = folder.join("rotas.yaml").display().to_string();
        rotas::take_over(&text, &name, false, &directory).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::tests::empty;

    #[tokio::test]
    async fn an_empty_roster_is_seeded_once() {
        let directory = empty().await;
        let demo = Path::new(env!("CARGO_MANIFEST_DIR"));
        let demo = demo.join("../../examples/green-power/handbell.yaml");
        seed(&directory.store, &demo, directory.now).await.unwrap();
        let roster = directory.store.people().roster().await.unwrap();
        assert!(
            roster.people.values().all(|person| {
                person.contacts().all(|(_, verified_at)| verified_at == Some(directory.now))
            })
        );
        for (rota, id, phone) in [("ops", "dana", "+12025550111"), ("ops-second", "eli", "+12025550112")] {
            let person = roster.on_call(rota, directory.now).unwrap().person;
            assert_eq!((person.id.as_str(), person.phones[0].address.as_str()), (id, phone));
        }
        // A later change stays, although the files still exist.
        directory
            .store
            .roster_editor()
            .change_roster(&[handbell_store::RosterChange::NoTeam("ops", 1)])
            .await
            .unwrap();
        seed(&directory.store, &demo, directory.now).await.unwrap();
        assert!(!directory.store.people().roster().await.unwrap().teams.contains_key("ops"));
    }

    #[tokio::test]
    async fn a_folder_without_people_is_no_seed() {
        let directory = empty().await;
        let nowhere = Path::new("/nowhere/handbell.yaml");
        seed(&directory.store, nowhere, directory.now).await.unwrap();
        assert!(directory.store.people().roster().await.unwrap().people.is_empty());
    }
}
