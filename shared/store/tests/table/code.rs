//! Verification codes: five guesses, fifteen minutes, and a right guess verifies once.

use handbell_core::oncall::code::Code;
use handbell_local::cloud::table::TableFault;
use handbell_store::Checked;
use jiff::{SignedDuration, Timestamp};

use crate::roster::person;
use crate::{World, at};

const PHONE: &str = "+12025550111";

fn now() -> Timestamp {
    at("2026-11-21T02:00:00Z")
}

fn code(code: &str, now: Timestamp) -> Code {
    Code::new("dana", PHONE, code, "salt", now)
}

async fn with_dana() -> World {
    let world = World::new().await;
    world.store.roster_editor().put_person(&person("dana", PHONE), None).await.unwrap();
    assert!(world.store.codes().ask_code(PHONE, &code("042137", now())).await.unwrap());
    world
}

impl World {
    async fn guess(&self, guess: &str, now: Timestamp) -> Checked {
        self.store.codes().check_code(PHONE, guess, now).await.unwrap()
    }

    async fn verified(&self) -> Option<Timestamp> {
        let dana = self.store.people().person("dana").await.unwrap().unwrap();
        assert_eq!(dana.email.unwrap().verified_at, None, "only what the code was sent to");
        dana.phones[0].verified_at
    }
}

fn right() -> Checked {
    Checked::Right { person: "dana".to_owned() }
}

#[tokio::test]
async fn the_right_code_verifies_once() {
    let world = with_dana().await;
    assert_eq!(world.guess("042138", now()).await, Checked::Wrong { left: 4 });
    assert_eq!(world.verified().await, None);
    assert_eq!(world.guess("042137", now()).await, right());
    assert_eq!(world.verified().await, Some(now()));
    assert_eq!(world.guess("042137", now()).await, Checked::None, "it is used up");
    assert_eq!(world.store.codes().check_code("+12025550199", "042137", now()).await.unwrap(), Checked::None);
}

#[tokio::test]
async fn five_guesses_and_no_more() {
    let world = with_dana().await;
    for left in (0..5).rev() {
        assert_eq!(world.guess("000000", now()).await, Checked::Wrong { left });
    }
    assert_eq!(world.guess("042137", now()).await, Checked::Over, "though it is right");
    assert_eq!(world.verified().await, None);
}

#[tokio::test]
async fn concurrent_guesses_are_limited_to_five() {
    let world = with_dana().await;
    let guesses = (0..20).map(|number| {
        let store = world.store.clone();
        tokio::spawn(async move { store.codes().check_code(PHONE, &format!("{number:06}"), now()).await })
    });
    let guesses: Vec<_> = guesses.collect();
    let mut wrong = 0;
    for guess in guesses {
        match guess.await.unwrap().unwrap() {
            Checked::Wrong { .. } => wrong += 1,
            other => assert_eq!(other, Checked::Over),
        }
    }
    assert_eq!(wrong, 5);
}

#[tokio::test]
async fn of_concurrent_right_guesses_one_verifies_and_the_others_find_the_code_used_up() {
    let world = with_dana().await;
    let both = [0; 2].map(|_| {
        let store = world.store.clone();
        tokio::spawn(async move { store.codes().check_code(PHONE, "042137", now()).await })
    });
    let mut answers = Vec::new();
    for one in both {
        answers.push(one.await.unwrap().unwrap());
    }
    let rights = answers.iter().filter(|answer| **answer == right()).count();
    assert_eq!(rights, 1, "{answers:?}");
    assert_eq!(world.verified().await, Some(now()));
    assert_eq!(world.store.people().person("dana").await.unwrap().unwrap().version, 2, "written once");
}

#[tokio::test]
async fn a_code_expires_after_fifteen_minutes() {
    let world = with_dana().await;
    let end = now() + SignedDuration::from_mins(15);
    assert_eq!(world.guess("042137", end).await, Checked::Over);
    assert_eq!(world.guess("042137", end - SignedDuration::from_millis(1)).await, right());
}

#[tokio::test]
async fn another_code_can_be_requested_after_a_minute() {
    let world = with_dana().await;
    let later = |seconds| now() + SignedDuration::from_secs(seconds);
    for left in (0..5).rev() {
        assert_eq!(world.guess("000000", now()).await, Checked::Wrong { left });
    }
    let soon = code("111111", later(59));
    assert!(
        !world.store.codes().ask_code(PHONE, &soon).await.unwrap(),
        "nobody gets five more guesses a second"
    );
    assert_eq!(world.guess("111111", later(59)).await, Checked::Over);
    assert!(world.store.codes().ask_code(PHONE, &code("222222", later(60))).await.unwrap());
    assert_eq!(world.guess("042137", later(60)).await, Checked::Wrong { left: 4 }, "the old one is gone");
    assert_eq!(world.guess("222222", later(60)).await, right());
}

#[tokio::test]
async fn a_code_verifies_no_number_that_the_person_has_lost() {
    let world = with_dana().await;
    let mut dana = world.store.people().person("dana").await.unwrap().unwrap();
    dana.phones[0].address = "+12025550199".parse().unwrap();
    world.store.roster_editor().put_person(&dana, Some(1)).await.unwrap();
    assert_eq!(world.guess("042137", now()).await, Checked::None);
    assert_eq!(world.verified().await, None);
}

#[tokio::test]
async fn a_right_guess_survives_concurrent_writes_and_failures_of_the_table() {
    let world = with_dana().await;
    world.table.fail_next(TableFault::Conflict, Some("TransactWriteItems"));
    world.table.fail_next(TableFault::AppliedButError, Some("TransactWriteItems"));
    assert_eq!(world.guess("042137", now()).await, right());
    assert_eq!(world.verified().await, Some(now()));
}
