use std::collections::HashSet;

use handbell_core::Rejected;
use handbell_core::incident::Subject;
use handbell_inbound::action_link::{ActionLink, LinkAction, issue, read, read_choice};
use handbell_inbound::alert_form::{issue_ticket, read_ticket};
use handbell_inbound::contact::Stale;
use handbell_inbound::link::sign_until;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

const SECRET: &str = "a link secret of the tests";
const FORM: Option<&str> = Some("application/x-www-form-urlencoded");

/// Computed with Python: `hmac.new(SECRET, b"until:act.button:green.7.dana.lee.1795852694", "sha256").hexdigest()[:32]`.
const PIECE: &str = "act.button:green.7.dana.lee.1795852694.7c8d131104cf5f28675def45ffd41346";

fn now() -> Timestamp {
    Timestamp::from_second(1_795_247_894).unwrap()
}

fn next_week() -> Timestamp {
    now() + SignedDuration::from_hours(7 * 24)
}

fn link(subject: Subject, epoch: u64, person: Option<&str>) -> ActionLink {
    ActionLink { subject, epoch, person: person.map(str::to_owned) }
}

#[test]
fn the_vector_verifies_and_its_mutations_do_not() {
    let dana = link(Subject::button("green"), 7, Some("dana.lee"));
    assert_eq!(issue(SECRET.as_bytes(), &dana, next_week()), PIECE);
    let open = |piece: &str| read(&["new", SECRET], piece, now());
    assert_eq!(open(PIECE), Ok(dana));
    for at in 0..PIECE.len() {
        for other in (0..128).filter(|other| *other != PIECE.as_bytes()[at]) {
            let mut piece = PIECE.as_bytes().to_vec();
            piece[at] = other;
            assert_eq!(open(std::str::from_utf8(&piece).unwrap()), Err(Stale::Forged));
        }
        assert_eq!(open(&PIECE[..at]), Err(Stale::Forged), "what a mail program cut off");
    }
    for secrets in [&[][..], &["other"], &[""]] {
        assert_eq!(read(secrets, PIECE, now()), Err(Stale::Forged));
    }
}

#[test]
fn only_the_holder_of_a_genuine_link_learns_that_it_has_expired() {
    let one = SignedDuration::from_secs(1);
    assert!(read(&[SECRET], PIECE, next_week() - one).is_ok());
    for late in [next_week(), next_week() + one, Timestamp::MAX] {
        assert_eq!(read(&[SECRET], PIECE, late), Err(Stale::Expired));
        assert_eq!(read(&["other"], PIECE, late), Err(Stale::Forged));
    }
}

#[test]
fn links_round_trip_for_every_kind_of_incident_and_person() {
    let customer = Subject::customer("key", "support", "+12025550123");
    let subjects = [
        Subject::button("green-1_B"),
        Subject::zone("floor"),
        Subject::silent_site("store", "congested"),
        Subject::waiting(&customer),
        Subject::alert("nagios", "db/replication lag. €"),
    ];
    let mut pieces = HashSet::new();
    for subject in subjects {
        for person in [None, Some("dana"), Some("d.e.lee-2_b"), Some("7")] {
            for epoch in [1, 12, u64::MAX] {
                let one = link(subject.clone(), epoch, person);
                let piece = issue(SECRET.as_bytes(), &one, next_week());
                assert_eq!(read(&[SECRET], &piece, now()), Ok(one));
                assert!(pieces.insert(piece));
            }
        }
    }
}

#[test]
fn a_signature_for_another_purpose_is_not_a_link() {
    let of = |name: &str| sign_until(SECRET.as_bytes(), name, next_week());
    for name in [
        "picture.png",
        "act.",
        "act",
        "act.button:green",
        "act.button:green.1",
        "act.button:green.x.dana",
        "act.button:green.-1.dana",
        "act.nonsense.1.dana",
        "ticket.button:green.1.dana",
    ] {
        assert_eq!(read(&[SECRET], &of(name), now()), Err(Stale::Forged), "{name}");
    }
    let green = Subject::button("green");
    let ticket = issue_ticket(SECRET.as_bytes(), &green, 1, next_week());
    assert_eq!(read(&[SECRET], &ticket, now()), Err(Stale::Forged));
    let link = issue(SECRET.as_bytes(), &link(green, 1, None), next_week());
    assert_eq!(read_ticket(&[SECRET], &link, now()), Err(Stale::Forged));
}

#[test]
fn debug_does_not_show_the_recipient() {
    assert!(!format!("{:?}", link(Subject::button("green"), 1, Some("dana"))).contains("dana"));
}

#[test]
fn only_the_buttons_of_the_page_are_accepted() {
    for choice in LinkAction::ALL {
        assert_eq!(read_choice(FORM, format!("say={}", choice.name()).as_bytes()), Ok(choice));
    }
    for odd in [
        "",
        "say=",
        "say=cancel",
        "say=have&say=done",
        "have",
        "SAY=have",
        &format!("say=have&x={}", "x".repeat(300)),
    ] {
        assert!(matches!(read_choice(FORM, odd.as_bytes()), Err(Rejected::Malformed(_))), "{odd}");
    }
    assert!(matches!(read_choice(Some("text/plain"), b"say=have"), Err(Rejected::Malformed(_))));
}

proptest! {
    #[test]
    fn an_unsigned_segment_is_forged(piece in "(act\\.|ticket\\.)?[a-z:~.0-9-]{0,60}", any: String) {
        prop_assert_eq!(read(&[SECRET], &piece, now()), Err(Stale::Forged));
        prop_assert_eq!(read(&[SECRET], &any, now()), Err(Stale::Forged));
        prop_assert_eq!(read_ticket(&[SECRET], &piece, now()), Err(Stale::Forged));
    }
}
