//! Runs published test vectors. Their payloads are not the claims of access tokens, so the vectors
//! are run with the single steps of `verify`. Every vector that can't be run unchanged is counted
//! together with the reason.

#![allow(clippy::arithmetic_side_effects, unreachable_pub)]

#[path = "../../../tests/count/mod.rs"]
mod count;

use super::algorithm::Algorithm;
use super::error::TokenError;
use super::jws::Jws;
use super::key_error::KeyFault;
use super::key_set::KeySet;
use super::signed_by::SignedBy;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const RFC: &str = include_str!("../../../tests/vectors/rfc/rfc_jose.json");
const ED25519: &str = include_str!("../../../tests/vectors/wycheproof/ed25519_test.json");
const ECDSA: &str =
    include_str!("../../../tests/vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json");
const HMAC: &str = include_str!("../../../tests/vectors/wycheproof/hmac_sha256_test.json");
const JWK: &str = include_str!("../../../tests/vectors/wycheproof/json_web_key_test.json");

fn load(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    assert!(text.len().is_multiple_of(2));
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn one_key(jwk: &Value) -> String {
    json!({ "keys": [jwk] }).to_string()
}

fn verify_raw(keys: &KeySet, message: &[u8], signature: &[u8]) -> Result<(), TokenError> {
    let (_, key) = keys.find(None, Algorithm::EdDsa).unwrap();
    let outcome = key.verifying.verify(message, signature);
    // If `judge_form` rejects a signature, `verify` must reject it for the same reason.
    match key.verifying.judge_form(signature) {
        Ok(()) => assert_ne!(outcome, Err(TokenError::SignatureLength)),
        Err(error) => assert_eq!(outcome, Err(error)),
    }
    outcome
}

fn verify_jws(keys: &KeySet, token: &str) -> Result<(), TokenError> {
    SignedBy::find(&Jws::parse(token)?, keys)?
        .verify()
        .map(|_| ())
}

#[derive(Default, Debug, PartialEq, Eq)]
struct Count {
    accepted: usize,
    refused: usize,
    skipped: BTreeMap<&'static str, usize>,
}

impl Count {
    fn skip(&mut self, reason: &'static str) {
        *self.skipped.entry(reason).or_default() += 1;
    }

    fn check(&mut self, case: &Value, outcome: Result<(), impl core::fmt::Debug>) {
        let valid = text(case, "result") == "valid";
        assert_eq!(outcome.is_ok(), valid, "{case} gave {outcome:?}");
        if valid {
            self.accepted += 1
        } else {
            self.refused += 1
        }
    }

    fn report(&self, slug: &str, name: &str) {
        let skipped: usize = self.skipped.values().sum();
        let reasons: Vec<String> = self
            .skipped
            .iter()
            .map(|(reason, times)| format!("{times} {reason}"))
            .collect();
        let line = format!(
            "{} vectors of {name} run: {} accepted, {} refused; {skipped} skipped{}{}",
            self.accepted + self.refused,
            self.accepted,
            self.refused,
            if skipped > 0 { ": " } else { "" },
            reasons.join("; ")
        );
        println!("{line}");
        count::count(slug, &line);
    }
}

#[test]
fn wycheproof_ed25519() {
    let mut count = Count::default();
    for group in list(&load(ED25519)["testGroups"]) {
        let keys = KeySet::from_public_jwks(&one_key(&group["publicKeyJwk"])).unwrap();
        for case in list(&group["tests"]) {
            let outcome = verify_raw(&keys, &hex(text(case, "msg")), &hex(text(case, "sig")));
            count.check(case, outcome);
        }
    }
    count.report("vectors-ed25519", "Wycheproof Ed25519");
    assert_eq!(
        (count.accepted, count.refused, count.skipped.len()),
        (88, 63, 0)
    );
}

#[test]
fn wycheproof_ecdsa_p256() {
    let mut count = Count::default();
    for group in list(&load(ECDSA)["testGroups"]) {
        let point = hex(text(&group["publicKey"], "uncompressed"));
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) });
        let keys = KeySet::from_public_jwks(&one_key(&jwk)).unwrap();
        for case in list(&group["tests"]) {
            let outcome = verify_raw(&keys, &hex(text(case, "msg")), &hex(text(case, "sig")));
            count.check(case, outcome);
        }
    }
    count.report("vectors-ecdsa", "Wycheproof ECDSA P-256");
    assert_eq!(
        (count.accepted, count.refused, count.skipped.len()),
        (173, 89, 0)
    );
}

#[test]
fn wycheproof_hmac_sha256() {
    let mut count = Count::default();
    for group in list(&load(HMAC)["testGroups"]) {
        for case in list(&group["tests"]) {
            let jwk = json!({ "kty": "oct", "k": encode(&hex(text(case, "key"))) });
            let keys = match KeySet::from_private_jwks(&one_key(&jwk)) {
                Ok(keys) => keys,
                Err(error) => {
                    assert_eq!(error.fault(), KeyFault::HmacTooShort);
                    assert!(group["keySize"].as_u64().unwrap() < 256);
                    count.skip("key under 256 bits: refused when loaded (RFC 7518 section 3.2)");
                    continue;
                }
            };
            let outcome = verify_raw(&keys, &hex(text(case, "msg")), &hex(text(case, "tag")));
            if group["tagSize"].as_u64().unwrap() < 256 {
                assert_eq!(outcome, Err(TokenError::SignatureLength));
                count.skip("truncated tag: HS256 has 32 bytes, so even a right one is refused");
                continue;
            }
            count.check(case, outcome);
        }
    }
    count.report("vectors-hmac", "Wycheproof HMAC-SHA-256");
    let skipped: usize = count.skipped.values().sum();
    assert_eq!(count.accepted + count.refused + skipped, 174);
    assert_eq!((count.accepted, count.refused), (30, 54));
}

/// Keys that are valid in the vectors of Wycheproof, but that this crate refuses. It supports only
/// a few algorithms, as RFC 8725 recommends.
fn not_ours(jwk: &Value) -> Option<(KeyFault, &'static str)> {
    match (text(jwk, "kty"), jwk["alg"].as_str()) {
        ("RSA", _) => Some((
            KeyFault::UnsupportedKty,
            "RSA is not supported: refused when loaded",
        )),
        ("oct", Some("HS384" | "HS512")) => Some((
            KeyFault::AlgNotTheKeys,
            "only HS256 of the HMACs: refused when loaded",
        )),
        _ => None,
    }
}

#[test]
fn wycheproof_json_web_key() {
    let mut count = Count::default();
    let mut faults = BTreeMap::new();
    for group in list(&load(JWK)["testGroups"]) {
        let set = if group["public"].is_null() {
            &group["private"]
        } else {
            &group["public"]
        };
        let keys = if group["public"].is_null() {
            KeySet::from_private_jwks(&set.to_string())
        } else {
            KeySet::from_public_jwks(&set.to_string())
        };
        for case in list(&group["tests"]) {
            let id = case["tcId"].as_u64().unwrap();
            match &keys {
                Ok(keys) => count.check(case, verify_jws(keys, text(case, "jws"))),
                Err(error) if text(case, "result") == "valid" => {
                    let (fault, reason) = not_ours(&set["keys"][0]).unwrap();
                    assert_eq!(error.fault(), fault, "{id}");
                    count.skip(reason);
                }
                Err(error) => {
                    faults.insert(id, error.fault());
                    count.check(case, Err(error));
                }
            }
        }
    }
    count.report("vectors-jwk", "Wycheproof JSON Web Key");
    let skipped: usize = count.skipped.values().sum();
    assert_eq!((count.accepted, count.refused, skipped), (2, 21, 3));
    for (id, fault) in [
        (1, KeyFault::MixedSet),
        // The base64url of the second key of this set has unused bits that are not zero. This fault
        // is found before the duplicate kid.
        (4, KeyFault::Base64),
        (6, KeyFault::UnsupportedKty),
        (10, KeyFault::HmacTooShort),
        (16, KeyFault::HmacTooShort),
        (19, KeyFault::AlgNotTheKeys),
        (20, KeyFault::AlgNotTheKeys),
        (21, KeyFault::UseNotSig),
        (22, KeyFault::NotOnCurve),
        (23, KeyFault::UnsupportedCrv),
        (24, KeyFault::UnsupportedKty),
        (25, KeyFault::AlgNotTheKeys),
        (26, KeyFault::AlgNotTheKeys),
    ] {
        assert_eq!(faults.get(&id), Some(&fault), "{id}");
    }
}

#[test]
fn rfc_examples() {
    let vectors = load(RFC);
    let (mut accepted, mut refused) = (0, 0);
    for vector in list(&vectors["vectors"]) {
        let name = text(vector, "name");
        let jwk = if vector["jwk"].is_null() {
            // The vectors for unsecured tokens come without a key, so the test uses any key.
            &vectors["vectors"][0]["jwk"]
        } else {
            &vector["jwk"]
        };
        let keys = KeySet::from_private_jwks(&one_key(jwk)).unwrap();
        let outcome = verify_jws(&keys, text(vector, "token"));
        let expected = match name {
            "unsecured" | "crit-unknown" => Err(TokenError::AlgUnsupported),
            "b64-false-detached" => Err(TokenError::Crit),
            _ => Ok(()),
        };
        assert_eq!(outcome, expected, "{name}");
        assert_eq!(
            outcome.is_ok(),
            vector["valid"].as_bool().unwrap(),
            "{name}"
        );
        if outcome.is_ok() {
            accepted += 1
        } else {
            refused += 1
        }
    }
    let line = format!(
        "7 JOSE examples of the RFCs run: {accepted} accepted, {refused} refused; none skipped"
    );
    println!("{line}");
    count::count("vectors-rfc", &line);
    assert_eq!((accepted, refused), (4, 3));
}

#[test]
fn rfc_thumbprints_stand_in_for_a_missing_kid() {
    for vector in list(&load(RFC)["thumbprints"]) {
        let keys = KeySet::from_public_jwks(&one_key(&vector["jwk"]));
        if text(&vector["jwk"], "kty") == "RSA" {
            assert_eq!(keys.unwrap_err().fault(), KeyFault::UnsupportedKty);
            println!("RFC 7638 3.1: skipped, RSA is not supported");
            continue;
        }
        assert_eq!(
            keys.unwrap().kids().collect::<Vec<_>>(),
            [text(vector, "thumbprint")]
        );
    }
}
