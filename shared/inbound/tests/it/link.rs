use handbell_inbound::link::{sign, sign_until, verify, verify_until};
use jiff::Timestamp;
use proptest::prelude::*;

const SECRET: &str = "a link secret of the tests";
const WHAT: &str = "floor-2-shoes/1751371200";

/// Computed with Python: `hmac.new(SECRET, b"chart:" + WHAT, "sha256").hexdigest()[:32]`.
const SIGNATURE: &str = "b2d5461e8bd5d1481857944edc26c4d6";

/// Computed with Python: `hmac.new(SECRET, b"until:RE12_-~:x.mp3.1795247894", "sha256").hexdigest()[:32]`.
const PIECE: &str = "RE12_-~:x.mp3.1795247894.f5be5a5e29b593999d22e5a460b3087a";

fn second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn the_vector_verifies_and_its_mutations_do_not() {
    assert_eq!(sign(SECRET.as_bytes(), WHAT), SIGNATURE);
    assert!(verify(&[SECRET], WHAT, SIGNATURE));
    assert!(verify(&["new", SECRET], WHAT, SIGNATURE), "while one secret takes the place of the other");
    for at in 0..SIGNATURE.len() {
        for other in (0..128).filter(|other| *other != SIGNATURE.as_bytes()[at]) {
            let mut signature = SIGNATURE.as_bytes().to_vec();
            signature[at] = other;
            assert!(!verify(&[SECRET], WHAT, std::str::from_utf8(&signature).unwrap()));
        }
        assert!(!verify(&[SECRET], WHAT, &SIGNATURE[..at]), "a beginning is not the whole");
    }
    for forged in ["é", &SIGNATURE.to_uppercase(), &format!("{SIGNATURE}00"), &format!(" {SIGNATURE}")] {
        assert!(!verify(&[SECRET], WHAT, forged), "{forged}");
    }
    for what in ["", "floor-2-shoes/1751371201", "floor-2-shoes", "chart:floor-2-shoes/1751371200"] {
        assert!(!verify(&[SECRET], what, SIGNATURE), "{what}");
    }
}

#[test]
fn an_empty_or_missing_secret_verifies_nothing() {
    assert!(!verify(&[], WHAT, SIGNATURE));
    assert!(!verify(&[""], WHAT, &sign(b"", WHAT)));
    assert!(!verify(&["other"], WHAT, SIGNATURE));
}

#[test]
fn a_link_with_an_expiry_verifies_and_its_mutations_do_not() {
    let now = second(1_795_247_893);
    assert_eq!(sign_until(SECRET.as_bytes(), "RE12_-~:x.mp3", second(1_795_247_894)), PIECE);
    let open = |piece: &str| verify_until(&["new", SECRET], piece, now);
    assert_eq!(open(PIECE).as_deref(), Some("RE12_-~:x.mp3"));
    for late in [second(1_795_247_894), Timestamp::MAX] {
        assert_eq!(verify_until(&[SECRET], PIECE, late), None, "its time is over");
    }
    for at in 0..PIECE.len() {
        for other in (0..128).filter(|other| *other != PIECE.as_bytes()[at]) {
            let mut piece = PIECE.as_bytes().to_vec();
            piece[at] = other;
            assert_eq!(open(std::str::from_utf8(&piece).unwrap()), None);
        }
        assert_eq!(open(&PIECE[..at]), None, "a beginning is not the whole");
        assert_eq!(open(&PIECE[at + 1..]), None, "nor is an end");
    }
    for secrets in [&[][..], &["other"]] {
        assert_eq!(verify_until(secrets, PIECE, now), None);
    }
    assert_eq!(verify_until(&[""], &sign_until(b"", "x", Timestamp::MAX), now), None);
    for name in ["", "a/b", "a b", "é", "a?b", "a%2eb", "a\0b"] {
        assert_eq!(open(&sign_until(SECRET.as_bytes(), name, Timestamp::MAX)), None, "{name}");
    }
}

#[test]
fn signatures_for_different_purposes_are_not_interchangeable() {
    let (secret, now) = (SECRET.as_bytes(), second(0));
    let chart = sign(secret, "x.99");
    assert!(verify(&[SECRET], "x.99", &chart));
    for piece in [format!("x.99.{chart}"), format!("until:x.99.{chart}"), format!("chart:x.99.{chart}")] {
        assert_eq!(verify_until(&[SECRET], &piece, now), None, "a chart's signature opens no file");
    }
    let piece = sign_until(secret, "x", second(99));
    assert_eq!(verify_until(&[SECRET], &piece, now).as_deref(), Some("x"));
    let signature = piece.rsplit('.').next().unwrap();
    for what in ["x", "x.99", "until:x.99", ""] {
        assert!(!verify(&[SECRET], what, signature), "nor a file's a chart");
    }
}

proptest! {
    #[test]
    fn a_link_with_an_expiry_is_valid_until_then(
        name in "[A-Za-z0-9._~:-]{1,40}",
        until in -9_999_999_999_i64..9_999_999_999,
        now in -9_999_999_999_i64..9_999_999_999,
        piece: String,
    ) {
        let good = sign_until(SECRET.as_bytes(), &name, second(until));
        prop_assert_eq!(verify_until(&[SECRET], &good, second(now)), (now < until).then_some(name));
        prop_assert_eq!(verify_until(&[SECRET], &piece, second(now)), None);
    }

    #[test]
    fn only_the_same_link_verifies(secret in ".{1,40}", what: String, other: String, signature: String) {
        let good = sign(secret.as_bytes(), &what);
        prop_assert_eq!(good.len(), 32);
        prop_assert!(verify(&[&secret], &what, &good));
        prop_assert_eq!(verify(&[&secret], &other, &good), other == what);
        prop_assert_eq!(verify(&[&secret], &what, &signature), signature == good);
    }
}
