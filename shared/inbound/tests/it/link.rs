use handbell_inbound::link::{sign, verify};
use proptest::prelude::*;

const SECRET: &str = "a link secret of the tests";
const WHAT: &str = "floor-2-shoes/1751371200";

/// Computed with Python: `hmac.new(SECRET, b"chart:" + WHAT, "sha256").hexdigest()[:32]`.
const SIGNATURE: &str = "b2d5461e8bd5d1481857944edc26c4d6";

#[test]
fn the_vector_and_none_of_its_mutations() {
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
fn no_secret_opens_nothing() {
    assert!(!verify(&[], WHAT, SIGNATURE));
    assert!(!verify(&[""], WHAT, &sign(b"", WHAT)));
    assert!(!verify(&["other"], WHAT, SIGNATURE));
}

proptest! {
    #[test]
    fn only_the_same_link_is_good(secret in ".{1,40}", what: String, other: String, signature: String) {
        let good = sign(secret.as_bytes(), &what);
        prop_assert_eq!(good.len(), 32);
        prop_assert!(verify(&[&secret], &what, &good));
        prop_assert_eq!(verify(&[&secret], &other, &good), other == what);
        prop_assert_eq!(verify(&[&secret], &what, &signature), signature == good);
    }
}
