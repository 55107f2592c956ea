//! Reads key sets. If the input is a valid key set, the target writes its public form and reads
//! that form. The result must have the same keys, but without their private parts.

use std::collections::BTreeSet;

use edgegate::domain::policy::{KEY_SET_MAX_BYTES, KEYS_MAX};
use edgegate_token::{Expected, KeySet, issue, verify};
use serde_json::Value;

use super::token_support::{AUD, ISS, Key, NOW};

pub fn run(input: &[u8]) {
    let Some(text) = super::text(input) else {
        return;
    };
    if let Ok(set) = KeySet::from_public_jwks(text) {
        let again = published(text, &set);
        assert_eq!(again.as_deref(), Some(&*set.public_jwks()));
        let read: Value = serde_json::from_str(text).unwrap();
        for key in read["keys"].as_array().unwrap() {
            assert_ne!(key["kty"], "oct");
            assert!(key.get("d").is_none() && key.get("k").is_none());
        }
    }
    if let Ok(set) = KeySet::from_private_jwks(text) {
        published(text, &set);
        sign(&set);
    }
}

/// Writes the public form of the set and reads it as a key set. Returns the public form of the
/// result, or `None` if the set has no public keys.
fn published(text: &str, set: &KeySet) -> Option<String> {
    assert!(text.len() <= KEY_SET_MAX_BYTES);
    let kids: BTreeSet<&str> = set.kids().collect();
    assert!((1..=KEYS_MAX).contains(&kids.len()));
    assert_eq!(set.kids().count(), kids.len(), "a kid is there twice");
    let public = set.public_jwks();
    let read: Value = serde_json::from_str(&public).unwrap();
    let keys = read["keys"].as_array().unwrap();
    for key in keys {
        for name in key.as_object().unwrap().keys() {
            assert!(["kty", "crv", "x", "y", "kid", "use", "alg"].contains(&name.as_str()));
        }
    }
    if keys.is_empty() {
        return None;
    }
    let again = KeySet::from_public_jwks(&public).expect("what is published");
    assert!(again.kids().eq(set.kids()));
    Some(again.public_jwks())
}

/// Signs a token with the set. Asserts that the set itself and its public form accept this token.
fn sign(set: &KeySet) {
    let expected = Expected::new(ISS, AUD);
    let good = Key::Mac.check(&Key::Mac.good()).unwrap().into_claims();
    let token = issue(set, &good).expect("the first key signs");
    assert_eq!(verify(&token, set, &expected, NOW).unwrap().claims(), &good);
    if let Ok(public) = KeySet::from_public_jwks(&set.public_jwks()) {
        assert_eq!(
            verify(&token, &public, &expected, NOW).unwrap().claims(),
            &good
        );
    }
}
