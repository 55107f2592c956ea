//! Verifies tokens in two ways, natively. The platform in these tests makes no checks beyond the
//! mathematics of a signature, because real platforms differ in such checks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    unreachable_pub
)]

mod both_ways;
#[path = "count/mod.rs"]
mod count;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use both_ways::Found;
use count::count;
use edgegate::ports::SignatureVerifier;
use edgegate_token::SignedBy;
use p256::ecdsa::signature::Verifier as _;

/// A platform that verifies with the Rust crates of the two curves and makes no checks of its own.
/// Like some other platforms, it accepts an Ed25519 signature whose R has small order.
#[derive(Default)]
struct Lenient;

impl SignatureVerifier for Lenient {
    async fn verify(&self, signed_by: &SignedBy<'_>) -> Option<bool> {
        let (x, y) = signed_by.public_coordinates()?;
        let decoded = |text: &str| -> [u8; 32] {
            let bytes = Base64UrlUnpadded::decode_vec(text).unwrap();
            bytes.try_into().unwrap()
        };
        let (message, signature) = (signed_by.signing_input(), signed_by.signature());
        Some(match y {
            None => {
                let key = ed25519_dalek::VerifyingKey::from_bytes(&decoded(&x)).unwrap();
                ed25519_dalek::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
            Some(y) => {
                let (x, y) = (decoded(&x), decoded(&y));
                let point =
                    p256::EncodedPoint::from_affine_coordinates(&x.into(), &y.into(), false);
                let key = p256::ecdsa::VerifyingKey::from_encoded_point(&point).unwrap();
                p256::ecdsa::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
        })
    }
}

#[track_caller]
fn assert_same(found: &Found) {
    let first: Vec<_> = found.differs.iter().take(10).collect();
    assert!(
        found.differs.is_empty(),
        "{}: {first:#?}",
        found.differs.len()
    );
}

#[test]
fn the_catalogue_has_the_same_outcome_in_both_ways() {
    let found = pollster::block_on(both_ways::catalogue(Lenient::default));
    assert_same(&found);
    assert!(found.valid > 30 && found.refusals() > 400, "{found:?}");
    assert!(found.by_platform > 100, "{found:?}");
}

#[test]
fn the_vectors_of_wycheproof_have_the_same_outcome_in_both_ways() {
    let found = pollster::block_on(both_ways::wycheproof(Lenient::default));
    assert_same(&found);
    assert_eq!((found.valid, found.refusals()), (261, 152), "{found:?}");
    assert!(found.by_platform > 300, "{found:?}");
}

#[test]
fn two_keys_with_one_kid_are_told_apart_by_their_algorithm_in_both_ways() {
    let found = pollster::block_on(both_ways::one_kid(Lenient::default));
    assert_same(&found);
    assert_eq!((found.valid, found.refusals()), (4, 4), "{found:?}");
}

#[test]
fn mutated_tokens_have_the_same_outcome_in_both_ways() {
    let wide = std::env::var("EDGEGATE_WIDE").is_ok_and(|wide| wide == "1");
    let many = if wide { 100_000 } else { 4_000 };
    let found = pollster::block_on(both_ways::mutated(Lenient::default, 0..many));
    assert_same(&found);
    let most = usize::try_from(many).unwrap();
    assert_eq!(found.valid + found.refusals(), most);
    // Half of the tokens were signed after all changes. About a tenth of those have no change at
    // all, so they are valid.
    assert!(found.valid > most / 40, "{found:?}");
    assert!(found.refused.len() > 40, "{found:?}");
    assert!(found.by_platform > most / 3, "{found:?}");
    let line = format!(
        "{many} mutated tokens natively, the same by both ways: {} valid, {} refused for {} reasons",
        found.valid,
        found.refusals(),
        found.refused.len()
    );
    println!("{line}");
    count("mutated-tokens", &line);
}

/// tests/e2e/both-ways.test.mjs runs the same tokens in workerd and must have the same outcomes. If
/// you change the mutations or the rules, write the new digest into tests/both_ways/first.json.
#[test]
fn the_first_mutated_tokens_have_the_outcomes_that_they_have_in_workerd() {
    let first: serde_json::Value =
        serde_json::from_str(include_str!("both_ways/first.json")).unwrap();
    let numbers = first["numbers"].as_u64().unwrap();
    let found = pollster::block_on(both_ways::mutated(Lenient::default, 0..numbers));
    assert_eq!(
        format!("{:016x}", found.digest),
        first["digest"].as_str().unwrap()
    );
}

/// A platform that accepts every signature. With this platform, a signature is rejected only if its
/// form is wrong. The form is checked without the platform.
struct Yes;

impl SignatureVerifier for Yes {
    async fn verify(&self, _signed_by: &SignedBy<'_>) -> Option<bool> {
        Some(true)
    }
}

/// Shows that the tests above can fail: they detect a platform that accepts everything.
#[test]
fn a_platform_that_accepts_everything_is_found_out() {
    let found = pollster::block_on(both_ways::mutated(|| Yes, 0..400));
    assert!(found.differs.len() > 20, "{found:?}");
    let found = pollster::block_on(both_ways::wycheproof(|| Yes));
    assert!(found.differs.len() > 20, "{found:?}");
}
