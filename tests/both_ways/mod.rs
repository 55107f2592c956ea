//! Verifies every token in two ways: with the help of the platform, and by edgegate-token alone.
//! Both ways must give the same claims, or reject the token for the same reason. In native tests,
//! the platform consists of the Rust crates for the two curves, used in the most lenient way
//! (`tests/both_ways_natively.rs`). In workerd the platform is WebCrypto
//! (`tests/conformance-worker`).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test: its input is fixed"
)]

mod mutations;
#[path = "../../crates/token/tests/token_support/mod.rs"]
mod token_support;

use std::cell::Cell;
use std::collections::BTreeMap;

use edgegate::ports::SignatureVerifier;
use edgegate::service::access::verify_by;
use edgegate_token::{Expected, KeySet, SignedBy, TokenError, VerifiedToken};
use serde_json::Value;

use mutations::Mutations;
use token_support::{AUD, ISS, Key, NOW};

const CATALOGUE: &str = include_str!("../vectors/agreement/tokens.json");
const WYCHEPROOF: [&str; 2] = [
    include_str!("../vectors/wycheproof/ed25519_test.json"),
    include_str!("../vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json"),
];

/// The results of a run.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) valid: usize,
    /// The number of rejected tokens for each reason.
    pub(crate) refused: BTreeMap<&'static str, usize>,
    /// The number of signatures that the platform has checked.
    pub(crate) by_platform: usize,
    /// The cases in which the two ways gave different results. There should be none.
    pub(crate) differs: Vec<String>,
    /// A hash of every outcome in order. Two platforms with the same outcomes have the same hash.
    pub(crate) digest: u64,
}

type Outcome = Result<VerifiedToken, TokenError>;

impl Found {
    pub(crate) fn refusals(&self) -> usize {
        self.refused.values().sum()
    }

    fn note(&mut self, outcome: &Result<(), &'static str>) {
        let text = match outcome {
            Ok(()) => {
                self.valid += 1;
                "valid"
            }
            Err(reason) => {
                *self.refused.entry(reason).or_default() += 1;
                reason
            }
        };
        // This is the hash function FNV-1a.
        for byte in text.bytes().chain([0]) {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn compare(&mut self, name: &str, platform: &Outcome, alone: &Outcome) {
        if platform != alone {
            let (platform, alone) = (platform.as_ref().err(), alone.as_ref().err());
            self.differs
                .push(format!("{name}: {platform:?} is not {alone:?}"));
        }
        let outcome = alone.as_ref().map(|_| ()).map_err(|error| error.reason());
        self.note(&outcome);
    }
}

/// A platform that counts the signatures that it has checked.
struct Counted<P> {
    platform: P,
    judged: Cell<usize>,
}

impl<P> Counted<P> {
    fn new(platform: P) -> Self {
        Self {
            platform,
            judged: Cell::new(0),
        }
    }
}

impl<P: SignatureVerifier> SignatureVerifier for Counted<P> {
    async fn verify(&self, signed_by: &SignedBy<'_>) -> Option<bool> {
        let answer = self.platform.verify(signed_by).await;
        self.judged
            .set(self.judged.get() + usize::from(answer.is_some()));
        answer
    }
}

/// Verifies the tokens in tests/vectors/agreement. `platform` is called once for each key set and
/// returns the platform that verifies the tokens of this key set.
pub(crate) async fn catalogue<P: SignatureVerifier>(platform: impl Fn() -> P) -> Found {
    let file: Value = serde_json::from_str(CATALOGUE).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let expected = Expected::new(text(&file["issuer"]), text(&file["audience"]));
    let now = file["now"].as_u64().unwrap();
    let mut found = Found::default();
    for (name, set) in file["key_sets"].as_object().unwrap() {
        let keys = KeySet::from_private_jwks(&set["private"].to_string()).unwrap();
        let platform = Counted::new(platform());
        let vectors = file["vectors"].as_array().unwrap().iter();
        for vector in vectors.filter(|vector| vector["key_set"] == name.as_str()) {
            let name = vector["name"].as_str().unwrap();
            let token = written(&vector["token"]);
            let alone = edgegate_token::verify(&token, &keys, &expected, now);
            let outcome = verify_by(&platform, &token, &keys, &expected, now).await;
            found.compare(name, &outcome, &alone);
            // The Worker's keys contain private keys, so some tokens are rejected for a reason that
            // only the Worker has.
            let reason = vector.get("reason").and_then(Value::as_str);
            let seen = outcome.as_ref().err().map(|error| error.reason());
            if seen != reason {
                found.differs.push(format!(
                    "{name}: {seen:?} is not {reason:?}, as in the file"
                ));
            }
        }
        found.by_platform += platform.judged.get();
    }
    found
}

/// Reads a token of the file. The file has a token as a text, as an array of texts to be joined, or
/// as a text to be repeated and the number of times.
fn written(token: &Value) -> String {
    match token {
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(written).collect(),
        counted => {
            let times = usize::try_from(counted["times"].as_u64().unwrap()).unwrap();
            counted["repeat"].as_str().unwrap().repeat(times)
        }
    }
}

/// Verifies the signatures of Project Wycheproof as the service verifies those of tokens.
pub(crate) async fn wycheproof<P: SignatureVerifier>(platform: impl Fn() -> P) -> Found {
    let mut found = Found::default();
    for file in WYCHEPROOF {
        let file: Value = serde_json::from_str(file).unwrap();
        for group in file["testGroups"].as_array().unwrap() {
            let jwks = serde_json::json!({ "keys": [jwk(&group["publicKey"])] }).to_string();
            let keys = KeySet::from_public_jwks(&jwks).unwrap();
            let platform = Counted::new(platform());
            for case in group["tests"].as_array().unwrap() {
                let [message, signature] = ["msg", "sig"].map(|name| hex(&case[name]));
                let signed_by = keys.detached(0, &message, &signature).unwrap();
                let alone = signed_by.verify().map(|_| ());
                let outcome = match signed_by.judge_signature_form() {
                    Err(error) => Err(error),
                    Ok(()) => match platform.verify(&signed_by).await {
                        Some(true) => Ok(()),
                        Some(false) => Err(TokenError::SignatureInvalid),
                        None => alone,
                    },
                };
                let is_valid = case["result"] == "valid";
                if outcome != alone || outcome.is_ok() != is_valid {
                    let number = &case["tcId"];
                    found
                        .differs
                        .push(format!("{number}: {outcome:?}, {alone:?}, {is_valid}"));
                }
                found.note(&outcome.map_err(|error| error.reason()));
            }
            found.by_platform += platform.judged.get();
        }
    }
    found
}

/// Converts a public key from Wycheproof's form to a JWK.
fn jwk(key: &Value) -> Value {
    if key["pk"].is_string() {
        let x = token_support::encode(&hex(&key["pk"]));
        return serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": x });
    }
    let point = hex(&key["uncompressed"]);
    let [x, y] = [1..33, 33..65].map(|half| token_support::encode(&point[half]));
    serde_json::json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y })
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2).unwrap(), 16).unwrap())
        .collect()
}

/// Verifies the mutated tokens with these numbers. In every second token, the claims or the header
/// were changed before the token was signed, so its signature is valid.
pub(crate) async fn mutated<P: SignatureVerifier>(
    platform: impl Fn() -> P,
    numbers: std::ops::Range<u64>,
) -> Found {
    let mut found = Found::default();
    let mutations = Mutations::new();
    let expected = Expected::new(ISS, AUD);
    let sets = [Key::Ed, Key::Lone].map(|key| (key, key.set(), Counted::new(platform())));
    for number in numbers {
        let (key, token) = mutations.token(number);
        let (_, keys, platform) = if key == Key::Lone { &sets[1] } else { &sets[0] };
        let alone = edgegate_token::verify(&token, keys, &expected, NOW);
        let outcome = verify_by(platform, &token, keys, &expected, NOW).await;
        found.compare(&format!("number {number}: {token}"), &outcome, &alone);
    }
    found.by_platform = sets
        .iter()
        .map(|(_, _, platform)| platform.judged.get())
        .sum();
    found
}

/// Two keys have the same `kid` but different algorithms (RFC 7517 section 4.5).
pub(crate) async fn one_kid<P: SignatureVerifier>(platform: impl Fn() -> P) -> Found {
    let mut found = Found::default();
    let with_kid = |jwk: Value| {
        let public = token_support::with(jwk, "d", None);
        token_support::with(public, "kid", Some("same".into()))
    };
    let jwks = serde_json::json!({ "keys": [
        with_kid(token_support::ed_jwk("", &token_support::ED_SEED)),
        with_kid(token_support::es_jwk()),
    ] });
    let keys = KeySet::from_public_jwks(&jwks.to_string()).unwrap();
    let expected = Expected::new(ISS, AUD);
    let platform = Counted::new(platform());
    // Each token is verified twice. The second time, the platform has already imported its key.
    for (by, said) in [
        (Key::Ed, Key::Ed),
        (Key::Es, Key::Es),
        (Key::Ed, Key::Es),
        (Key::Es, Key::Ed),
    ]
    .repeat(2)
    {
        let header = token_support::with(said.header(), "kid", Some("same".into()));
        let token = by.token(header.to_string(), token_support::claims().to_string());
        let alone = edgegate_token::verify(&token, &keys, &expected, NOW);
        let outcome = verify_by(&platform, &token, &keys, &expected, NOW).await;
        if outcome.is_ok() != (by == said) {
            found
                .differs
                .push(format!("{by:?} as {said:?}: {outcome:?}"));
        }
        found.compare(&format!("{by:?} as {said:?}"), &outcome, &alone);
    }
    found.by_platform = platform.judged.get();
    found
}
