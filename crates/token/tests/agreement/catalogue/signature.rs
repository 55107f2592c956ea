//! Attacks with a bad signature.

use super::{Catalogue, signed};
use crate::token_support::Key;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use edgegate_token::TokenError as E;

/// n, the order of the base point of P-256 (SEC 2 section 2.4.2), big-endian.
const N: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6,
    0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// L, the order of the base point of Ed25519 (RFC 8032 section 5.1), little-endian.
const L: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

pub(super) fn add(c: &mut Catalogue) {
    match c.key {
        Key::Ed => {
            shapes(c);
            ed25519(c);
        }
        Key::Es => {
            shapes(c);
            p256(c);
        }
        _ => {}
    }
}

/// The key's valid token with its signature changed by `change`.
fn resigned(key: Key, change: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let good = key.good();
    let (input, signature) = good.rsplit_once('.').unwrap();
    signed(
        input,
        &change(&Base64UrlUnpadded::decode_vec(signature).unwrap()),
    )
}

fn shapes(c: &mut Catalogue) {
    type Change = fn(&[u8]) -> Vec<u8>;
    c.about("RFC 7518 3.4, RFC 8032 5.1.7", "64 bytes, in their order");
    let cases: [(&str, E, Change); 8] = [
        ("63", E::SignatureLength, |s| s[..63].to_vec()),
        ("65", E::SignatureLength, |s| [s, &[0]].concat()),
        ("66-lead0", E::SignatureLength, |s| {
            [&[0], &s[..32], &[0], &s[32..]].concat()
        }),
        ("twice", E::SignatureLength, |s| [s, s].concat()),
        ("empty", E::SignatureLength, |_| Vec::new()),
        ("swapped", E::SignatureInvalid, |s| {
            [&s[32..], &s[..32]].concat()
        }),
        ("zero", E::SignatureInvalid, |_| vec![0; 64]),
        ("le", E::SignatureInvalid, |s| {
            let (mut r, mut t) = (s[..32].to_vec(), s[32..].to_vec());
            r.reverse();
            t.reverse();
            [r, t].concat()
        }),
    ];
    for (name, reason, change) in cases {
        c.bad(format!("sig-{name}"), resigned(c.key, change), reason);
    }
}

fn ed25519(c: &mut Catalogue) {
    c.about(
        "RFC 8032 5.1.7",
        "S is below L: S + L would be a second spelling",
    );
    for (name, times) in [
        ("ed-s-plus-L", 1),
        ("ed-s-plus-2L", 2),
        ("ed-s-plus-8L-highbits", 8),
    ] {
        let token = resigned(c.key, |good| {
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
        c.bad(name, token, E::SignatureInvalid);
    }
    c.about(
        "RFC 8032 5.1.7, 9.2",
        "R = identity, S = 0 holds for any small-order key under a lax check",
    );
    let mut identity = vec![0; 64];
    identity[0] = 1;
    c.bad(
        "ed-smallorder-r",
        resigned(c.key, |_| identity.clone()),
        E::SignatureInvalid,
    );
}

fn p256(c: &mut Catalogue) {
    c.about("RFC 7518 3.4", "r and s, 32 bytes each: no DER");
    let der = resigned(c.key, |s| {
        let signature = p256::ecdsa::Signature::from_slice(s).unwrap();
        signature.to_der().as_bytes().to_vec()
    });
    c.bad("es-der", der, E::SignatureLength);
    c.about(
        "FIPS 186-5 6.4.2; CVE-2022-21449",
        "r and s from 1 to n - 1",
    );
    let mut one = [0; 32];
    one[31] = 1;
    let mut below = N;
    below[31] -= 1;
    let edges = [("0", [0; 32]), ("1", one), ("n", N), ("n-1", below)];
    for (r_name, r) in edges {
        for (s_name, s) in edges {
            let token = resigned(c.key, |_| [r, s].concat());
            c.bad(
                format!("es-r-{r_name}-s-{s_name}"),
                token,
                E::SignatureInvalid,
            );
        }
        let token = resigned(c.key, |good| [&r, &good[32..]].concat());
        c.bad(format!("es-r-{r_name}"), token, E::SignatureInvalid);
        let token = resigned(c.key, |good| [&good[..32], &r].concat());
        c.bad(format!("es-s-{r_name}"), token, E::SignatureInvalid);
    }
    c.about(
        "RFC 7518 3.4",
        "s and n - s both verify: nothing that must be unique is keyed by a token's text",
    );
    let twin = resigned(c.key, |s| {
        let (r, s) = p256::ecdsa::Signature::from_slice(s)
            .unwrap()
            .split_scalars();
        let twin = p256::ecdsa::Signature::from_scalars(r.to_bytes(), (-s).to_bytes());
        twin.unwrap().to_bytes().to_vec()
    });
    assert_ne!(twin, c.key.good());
    c.good("es-twin", twin);
}
