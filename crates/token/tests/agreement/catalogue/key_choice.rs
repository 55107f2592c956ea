//! Attacks on the choice of the key. A token must be verified with the key of the set whose kid is
//! exactly the token's kid. A key that is in the token must never be used.

use super::{Catalogue, signed};
use crate::token_support::{Key, claims, ed_jwk, ed_secret, with};
use edgegate_token::TokenError as E;
use p256::ecdsa::signature::Signer as _;
use serde_json::{Value, json};

pub(super) fn add(c: &mut Catalogue) {
    foreign_keys(c);
    of_the_key(c);
    kid(c);
}

fn foreign_keys(c: &mut Catalogue) {
    let attacker = ed_secret(&[9; 32]);
    c.about(
        "RFC 8725 3.10; CVE-2018-0114",
        "a key that the token brings or points to proves nothing, and is never fetched",
    );
    let jwk = with(ed_jwk(c.key.kid(), &[9; 32]), "d", None);
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
    ] {
        let input = c
            .key
            .input(with(c.key.header(), name, Some(value)).to_string());
        let forged = signed(&input, &attacker.sign(input.as_bytes()).to_bytes());
        c.bad(format!("inject-{name}"), forged, E::EmbeddedKey);
        c.bad(
            format!("inject-{name}-good-sig"),
            c.key.over(&input),
            E::EmbeddedKey,
        );
    }
    c.about(
        "RFC 7515 5.2",
        "another key's signature under the kid of ours",
    );
    let input = c.key.input(c.key.header().to_string());
    let forged = signed(&input, &attacker.sign(input.as_bytes()).to_bytes());
    let reason = match c.key {
        Key::Mac => E::SignatureLength,
        _ => E::SignatureInvalid,
    };
    c.bad("attacker-key-same-kid", forged, reason);
}

/// The choice of a key from a set with several keys.
pub(super) fn of_the_key(c: &mut Catalogue) {
    let others: &[Key] = match c.key {
        Key::Ed => &[Key::Es, Key::Retired],
        Key::Es => &[Key::Ed],
        Key::Retired => &[Key::Ed, Key::Es],
        _ => &[],
    };
    c.about(
        "RFC 8725 3.1, 3.5",
        "a right signature of one key of the set under the kid of another",
    );
    for other in others {
        let kid = other.kid();
        let reason = if other.alg() == c.key.alg() {
            E::SignatureInvalid
        } else {
            E::AlgNotTheKeys
        };
        c.bad(
            format!("under-{kid}-kid"),
            c.member("kid", Some(json!(kid))),
            reason,
        );
        if other.alg() != c.key.alg() {
            let token = c.header(other.header().to_string());
            c.bad(
                format!("under-{kid}-kid-and-alg"),
                token,
                E::SignatureInvalid,
            );
        }
    }
    c.about("RFC 8725 3.10", "an unknown kid falls back to no other key");
    c.bad(
        "kid-unknown",
        c.member("kid", Some(json!("gone"))),
        E::KidUnknown,
    );
    if !others.is_empty() {
        c.about(
            "RFC 7515 4.1.4",
            "without a kid there is a choice, and nobody makes it",
        );
        c.bad("kid-missing", c.member("kid", None), E::KidMissing);
    }
}

/// The choice of a key from a set with one key, whose JWK has no kid.
pub(super) fn one_key(c: &mut Catalogue) {
    c.about(
        "RFC 7515 4.1.4",
        "with one key there is nothing to choose: a kid may be missing, and must not be wrong",
    );
    c.good("one-key-no-kid", c.member("kid", None));
    c.bad(
        "one-key-kid-unknown",
        c.member("kid", Some(json!("gone"))),
        E::KidUnknown,
    );
    c.bad(
        "one-key-kid-empty",
        c.member("kid", Some(json!(""))),
        E::KidUnknown,
    );
    c.bad(
        "one-key-kid-null",
        c.member("kid", Some(Value::Null)),
        E::KidNotString,
    );
    c.about("RFC 7638 3", "the thumbprint names a key that has no kid");
    c.good("one-key-thumbprint", c.key.good());
    c.about(
        "RFC 8725 3.1",
        "that there is one key makes no other's signature right",
    );
    let header = with(c.key.header(), "kid", None).to_string();
    c.bad(
        "one-key-other-key",
        Key::Ed.token(header, claims().to_string()),
        E::SignatureInvalid,
    );
    let header = with(
        with(c.key.header(), "kid", None),
        "alg",
        Some(json!("ES256")),
    )
    .to_string();
    c.bad(
        "one-key-other-alg",
        Key::Es.token(header, claims().to_string()),
        E::AlgNotTheKeys,
    );
}

fn kid(c: &mut Catalogue) {
    c.about(
        "RFC 8725 3.10",
        "a kid is an exact string: no path, no query, no property, no other spelling",
    );
    let ours = c.key.kid();
    let full_width = |letter: char| char::from_u32(u32::from(letter) + 0xfee0).unwrap();
    let kids = [
        "../../dev/null".to_owned(),
        format!("{ours}' OR '1'='1"),
        format!("{ours}\0"),
        format!("{ours}\n"),
        ours.to_uppercase(),
        format!(" {ours}"),
        "__proto__".to_owned(),
        "constructor".to_owned(),
        "https://attacker.example/k".to_owned(),
        ours.chars().map(full_width).collect(),
        String::new(),
        "0".to_owned(),
        "k".repeat(128),
    ];
    for (i, kid) in kids.into_iter().enumerate() {
        c.bad(
            format!("kid-{i}"),
            c.member("kid", Some(json!(kid))),
            E::KidUnknown,
        );
    }
    c.bad(
        "kid-129",
        c.member("kid", Some(json!("k".repeat(129)))),
        E::KidTooLong,
    );
    c.bad(
        "kid-5000",
        c.member("kid", Some(json!("k".repeat(5000)))),
        E::TooLong,
    );
    for (name, value) in [
        ("number", json!(1)),
        ("array", json!([ours])),
        ("null", Value::Null),
        ("object", json!({ "kid": ours })),
    ] {
        c.bad(
            format!("kid-{name}"),
            c.member("kid", Some(value)),
            E::KidNotString,
        );
    }
}
