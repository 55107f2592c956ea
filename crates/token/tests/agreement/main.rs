//! Makes `tests/vectors/agreement/tokens.json` from the catalogue, and checks that this crate gives
//! the results that the file contains. Other tests (`tests/agreement`) check the tokens of this
//! file with the Worker, with the npm package in Node, workerd and Chromium, and with the library
//! `jose`.
//!
//! `UPDATE_VECTORS=1 cargo test --test agreement` writes the file.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::print_stdout
)]

mod catalogue;
mod file;
#[path = "../token_support/mod.rs"]
mod token_support;

use catalogue::catalogue;
use edgegate_token::{
    EmailAddress, Expected, KeySet, TokenError, VerifiedToken, has_any_role, has_verified_email,
    is_user, verify,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use token_support::{ALL_KEYS, Key};

const PATH: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/vectors/agreement/tokens.json"
);
const LARGEST_FILE: usize = 400_000;

#[test]
fn the_file_is_what_the_catalogue_gives() {
    let made = file::write();
    assert!(made.len() < LARGEST_FILE, "{} bytes", made.len());
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(PATH, &made).unwrap();
    }
    let committed = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(
        committed == made,
        "{PATH} is out of date: UPDATE_VECTORS=1 cargo test --test agreement writes it"
    );
}

#[test]
fn the_core_agrees_with_the_file() {
    let file: Value = serde_json::from_str(&file::write()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let expected = Expected::new(text(&file["issuer"]), text(&file["audience"]));
    let now = file["now"].as_u64().unwrap();
    let mut sets = BTreeMap::new();
    for (name, set) in file["key_sets"].as_object().unwrap() {
        let public = KeySet::from_public_jwks(&set["public"].to_string()).unwrap();
        let private = KeySet::from_private_jwks(&set["private"].to_string()).unwrap();
        sets.insert(name.as_str(), [public, private]);
    }
    let (mut valid, mut invalid, mut checks) = (0, 0, 0);
    for vector in file["vectors"].as_array().unwrap() {
        let name = text(&vector["name"]);
        let token = file::token(&vector["token"]);
        for set in &sets[vector["key_set"].as_str().unwrap()] {
            match (
                verify(&token, set, &expected, now),
                text(&vector["verdict"]).as_str(),
            ) {
                (Ok(verified), "valid") => {
                    valid += 1;
                    let claims = serde_json::to_value(verified.claims()).unwrap();
                    assert_eq!(claims, vector["claims"], "{name}");
                    for check in vector["checks"].as_array().into_iter().flatten() {
                        checks += 1;
                        assert_eq!(
                            allows(&verified, check),
                            check["expected"],
                            "{name}: {check}"
                        );
                    }
                }
                (Err(error), "invalid") => {
                    invalid += 1;
                    assert_eq!(error.reason(), vector["reason"], "{name}");
                }
                (outcome, verdict) => panic!("{name}: {outcome:?}, and not {verdict}"),
            }
        }
    }
    println!(
        "native core, by the public and the private keys: {valid} valid, {invalid} invalid, {checks} checks"
    );
    assert!(valid >= 2 * 30 && invalid >= 2 * 200 && checks >= 2 * 30);
}

/// Makes the same checks as `src/service/is_authorized.rs`.
fn allows(token: &VerifiedToken, check: &Value) -> bool {
    let criterion = |name: &str| check.get(name).and_then(Value::as_str);
    if let Some(roles) = check.get("role") {
        let roles: Vec<_> = roles
            .as_array()
            .unwrap()
            .iter()
            .map(|role| role.as_str().unwrap())
            .collect();
        has_any_role(token, &roles)
    } else if let Some(id) = criterion("user_id") {
        is_user(token, id)
    } else {
        EmailAddress::parse(criterion("email").unwrap())
            .is_ok_and(|email| has_verified_email(token, email.canonical()))
    }
}

/// The vectors in the file test most rules with only one key. This test runs every rule with the
/// keys of all three algorithms.
#[test]
fn the_catalogue_holds_for_every_algorithm() {
    for key in ALL_KEYS {
        for vector in catalogue(key) {
            let outcome = vector.key.check(&vector.token);
            assert_eq!(outcome.err(), vector.refused, "{key:?} {}", vector.name);
        }
    }
}

#[test]
fn every_reason_has_a_vector_and_every_vector_has_its_own_name() {
    let vectors = file::vectors();
    let names: BTreeSet<_> = vectors.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), vectors.len(), "a name twice");
    let shown: BTreeSet<_> = vectors
        .iter()
        .flat_map(|(_, vector)| {
            let refused = vector.refused.map(|error| error.reason());
            refused.into_iter().chain(vector.service)
        })
        .collect();
    let missing: Vec<_> = TokenError::ALL
        .iter()
        .map(TokenError::reason)
        .filter(|reason| !shown.contains(reason))
        .collect();
    assert_eq!(missing, [""; 0], "no vector shows them");
}

#[test]
fn signing_is_deterministic() {
    for key in [Key::Ed, Key::Es, Key::Mac, Key::Lone, Key::Retired] {
        assert_eq!(key.good(), key.good());
    }
}
