//! What attackers send in the encoding and the signature: each case right but for one thing, refused for that one thing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects
)]

mod token_support;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use edgegate::domain::token::{KeySet, TokenError as E};
use serde_json::json;
use token_support::{ALL_KEYS, Key, and, claims, encode, refused};

#[test]
fn line_25_base64_of_the_signature() {
    for key in ALL_KEYS {
        let good = key.good();
        let (input, signature) = good.rsplit_once('.').unwrap();
        let middle = |c: &str| format!("{}{c}{}", &signature[..9], &signature[9..]);
        for (name, bad) in [
            ("b64-sig-padding", format!("{signature}=")),
            ("b64-sig-padding2", format!("{signature}==")),
            ("b64-sig-space", middle(" ")),
            ("b64-sig-nl", format!("{signature}\n")),
            ("b64-sig-crlf-inside", middle("\r\n")),
            ("b64-sig-garbage", middle("!")),
            ("b64-nul", middle("\0")),
            ("b64-lead-space", format!(" {signature}")),
            ("b64-std-alphabet", middle("+")),
            ("b64-std-alphabet2", middle("/")),
            ("b64-non-ascii", middle("\u{e9}")),
        ] {
            refused(name, key.check(&format!("{input}.{bad}")), E::BadCharacter);
        }
        // Every other spelling of the same bytes: the last character carries unused bits.
        let bytes = Base64UrlUnpadded::decode_vec(signature).unwrap();
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        let unused = match bytes.len() % 3 {
            1 => 4,
            2 => 2,
            _ => 0,
        };
        let value = alphabet.find(signature.chars().last().unwrap()).unwrap();
        for twin in (1..1 << unused).map(|bits| alphabet.chars().nth(value | bits).unwrap()) {
            let token = format!("{input}.{}{twin}", &signature[..signature.len() - 1]);
            refused(
                "b64-sig-trailing-bits",
                key.check(&token),
                E::SignatureBase64,
            );
        }
        refused(
            "b64-sig-one-more",
            key.check(&format!("{good}AA")),
            if key == Key::Mac {
                E::SignatureBase64
            } else {
                E::SignatureLength
            },
        );
    }
}

#[test]
fn line_26_base64_signed_over_its_literal_text() {
    let (header, payload) = (
        encode(Key::Mac.header().to_string().as_bytes()),
        encode(claims().to_string().as_bytes()),
    );
    for junk in ["=", "==", " ", "\n", "\r\n", "!", "\0", "+", "/", "\t"] {
        for input in [
            format!("{header}{junk}.{payload}"),
            format!("{header}.{payload}{junk}"),
            format!("{junk}{header}.{payload}"),
        ] {
            refused(
                "b64-*-signed",
                Key::Mac.check(&Key::Mac.over(&input)),
                E::BadCharacter,
            );
        }
    }
    // One byte over a multiple of three leaves four unused bits.
    let odd = |text: String| {
        let mut text = text;
        while text.len() % 3 != 1 {
            text.push(' ');
        }
        text
    };
    let spoil = |text: String| {
        let coded = encode(text.as_bytes());
        format!("{}B", coded.strip_suffix('A').unwrap())
    };
    let (bad_header, bad_payload) = (
        spoil(odd(Key::Mac.header().to_string() + " ")),
        spoil(odd(claims().to_string() + " ")),
    );
    refused(
        "b64-header-bits-signed",
        Key::Mac.check(&Key::Mac.over(&format!("{bad_header}.{payload}"))),
        E::HeaderBase64,
    );
    refused(
        "b64-payload-bits-signed",
        Key::Mac.check(&Key::Mac.over(&format!("{header}.{bad_payload}"))),
        E::ClaimsBase64,
    );
}

#[test]
fn line_27_parts() {
    let good = Key::Mac.good();
    let (input, signature) = good.rsplit_once('.').unwrap();
    for (name, token, reason) in [
        ("empty", String::new(), E::NotThreeParts),
        ("parts-1", "abc".into(), E::NotThreeParts),
        ("parts-2", input.to_owned(), E::NotThreeParts),
        ("parts-4", format!("{good}.{signature}"), E::NotThreeParts),
        ("parts-5", format!("{good}.a.b"), E::NotThreeParts),
        ("leading dot", format!(".{good}"), E::NotThreeParts),
        ("dots-many", ".".repeat(20_000), E::TooLong),
        ("dots-4096", ".".repeat(4096), E::NotThreeParts),
        ("dots-2", "..".into(), E::HeaderNotJson),
        ("bearer-prefix", format!("Bearer {good}"), E::BadCharacter),
        (
            "json-serialization",
            json!({ "protected": "e30", "payload": "e30", "signature": "" }).to_string(),
            E::BadCharacter,
        ),
    ] {
        refused(name, Key::Mac.check(&token), reason);
    }
}

#[test]
fn line_28_length_comes_first() {
    let padded = |n: usize| {
        Key::Mac.token(
            Key::Mac.header().to_string(),
            and(&claims(), &format!(r#""x":"{}""#, "x".repeat(n))),
        )
    };
    refused(
        "big-payload-64KiB",
        Key::Mac.check(&padded(65_536)),
        E::TooLong,
    );
    refused("big garbage", Key::Mac.check(&"!".repeat(4097)), E::TooLong);
    refused(
        "largest garbage",
        Key::Mac.check(&"!".repeat(4096)),
        E::BadCharacter,
    );
    let longest = (0..4096)
        .rev()
        .map(padded)
        .find(|token| token.len() <= 4096)
        .unwrap();
    assert!(longest.len() > 4090 && Key::Mac.check(&longest).is_ok());
    let good = Key::Es.good();
    let input = good.rsplit_once('.').unwrap().0;
    refused(
        "es-oversize",
        Key::Es.check(&format!("{input}.{}", encode(&[1; 16_000]))),
        E::TooLong,
    );
    refused(
        "es-oversize, within the limit",
        Key::Es.check(&format!("{input}.{}", encode(&[1; 1200]))),
        E::SignatureLength,
    );
}

fn resigned(key: Key, change: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let good = key.good();
    let (input, signature) = good.rsplit_once('.').unwrap();
    format!(
        "{input}.{}",
        encode(&change(&Base64UrlUnpadded::decode_vec(signature).unwrap()))
    )
}

#[test]
fn line_29_and_34_signature_shapes() {
    for key in [Key::Ed, Key::Es] {
        for (name, reason, change) in [
            (
                "63",
                E::SignatureLength,
                (|s: &[u8]| s[..63].to_vec()) as fn(&[u8]) -> Vec<u8>,
            ),
            ("65", E::SignatureLength, |s| [s, &[0]].concat()),
            ("66-lead0", E::SignatureLength, |s| {
                [&[0], &s[..32], &[0], &s[32..]].concat()
            }),
            ("empty", E::SignatureLength, |_| Vec::new()),
            ("swapped", E::SignatureInvalid, |s| {
                [&s[32..], &s[..32]].concat()
            }),
            ("zero-sig", E::SignatureInvalid, |_| vec![0; 64]),
            ("le", E::SignatureInvalid, |s| {
                let (mut r, mut t) = (s[..32].to_vec(), s[32..].to_vec());
                r.reverse();
                t.reverse();
                [r, t].concat()
            }),
        ] {
            refused(name, key.check(&resigned(key, change)), reason);
        }
    }
    let der = resigned(Key::Es, |s| {
        p256::ecdsa::Signature::from_slice(s)
            .unwrap()
            .to_der()
            .as_bytes()
            .to_vec()
    });
    refused("es-der", Key::Es.check(&der), E::SignatureLength);
}

/// n of P-256 (SEC 2 section 2.4.2), big-endian.
const N: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

#[test]
fn line_30_es_rs_at_the_edges() {
    let mut one = [0; 32];
    one[31] = 1;
    let mut below = N;
    below[31] -= 1;
    let edges = [[0; 32], one, N, below];
    for r in edges {
        for s in edges {
            refused(
                "es-rs",
                Key::Es.check(&resigned(Key::Es, |_| [r, s].concat())),
                E::SignatureInvalid,
            );
        }
        refused(
            "es-r",
            Key::Es.check(&resigned(Key::Es, |good| [&r, &good[32..]].concat())),
            E::SignatureInvalid,
        );
        refused(
            "es-s",
            Key::Es.check(&resigned(Key::Es, |good| [&good[..32], &r].concat())),
            E::SignatureInvalid,
        );
    }
}

#[test]
fn line_31_es_high_s_and_low_s_are_both_accepted() {
    let twin = resigned(Key::Es, |s| {
        let (r, s) = p256::ecdsa::Signature::from_slice(s)
            .unwrap()
            .split_scalars();
        p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes())
            .unwrap()
            .to_bytes()
            .to_vec()
    });
    let good = Key::Es.good();
    assert_ne!(twin, good);
    assert_eq!(
        Key::Es.check(&twin).unwrap(),
        Key::Es.check(&good).unwrap(),
        "so nothing unique is keyed by the text"
    );
}

/// L of RFC 8032 section 5.1, little-endian.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

#[test]
fn line_33_ed_s_malleability() {
    for (name, times) in [
        ("ed-s-plus-L", 1),
        ("ed-s-plus-2L", 2),
        ("ed-s-plus-8L-highbits", 8),
    ] {
        let token = resigned(Key::Ed, |good| {
            let mut sum = good.to_vec();
            for _ in 0..times {
                let mut carry = 0;
                for (byte, add) in sum[32..].iter_mut().zip(L) {
                    carry += u16::from(*byte) + u16::from(add);
                    *byte = carry.to_le_bytes()[0];
                    carry >>= 8;
                }
            }
            sum
        });
        refused(name, Key::Ed.check(&token), E::SignatureInvalid);
    }
}

#[test]
fn line_35_a_forgery_for_every_message_meets_no_weak_key() {
    // R = identity, S = 0 holds for any small-order key under a lax check; the set with one does not load.
    let mut identity = [0; 32];
    identity[0] = 1;
    let jwk = json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": encode(&identity) }] });
    assert_eq!(
        KeySet::from_public_jwks(&jwk.to_string())
            .unwrap_err()
            .reason(),
        "weak_key"
    );
    let forged = resigned(Key::Ed, |_| [identity, [0; 32]].concat());
    refused(
        "ed-smallorder-r",
        Key::Ed.check(&forged),
        E::SignatureInvalid,
    );
}
