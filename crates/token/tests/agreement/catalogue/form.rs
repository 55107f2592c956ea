//! Attacks on the encoding: the base64url, the parts and the length of a token.

use super::Catalogue;
use crate::token_support::{Key, and, claims, encode};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use edgegate_token::TokenError as E;
use serde_json::json;

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

pub(super) fn add(c: &mut Catalogue) {
    of_the_key(c);
    signed_as_written(c);
    parts(c);
    length(c);
}

/// Attacks on the base64url of the signature. The number of its unused bits depends on the
/// algorithm.
pub(super) fn of_the_key(c: &mut Catalogue) {
    let good = c.key.good();
    let (input, signature) = good.rsplit_once('.').unwrap();
    let middle = |with: &str| {
        let (begin, end) = signature.split_at(9);
        format!("{begin}{with}{end}")
    };
    c.about(
        "RFC 7515 2, RFC 4648 3.3",
        "one alphabet, no padding, no white space: a token has one spelling",
    );
    for (name, bad) in [
        ("padding", format!("{signature}=")),
        ("padding2", format!("{signature}==")),
        ("space", middle(" ")),
        ("nl", format!("{signature}\n")),
        ("crlf-inside", middle("\r\n")),
        ("garbage", middle("!")),
        ("nul", middle("\0")),
        ("lead-space", format!(" {signature}")),
        ("trail-space", format!("{signature} ")),
        ("std-alphabet", middle("+")),
        ("std-alphabet2", middle("/")),
        ("latin-1", middle("\u{e9}")),
        ("full-width", middle("\u{ff21}")),
    ] {
        c.bad(
            format!("b64-sig-{name}"),
            format!("{input}.{bad}"),
            E::BadCharacter,
        );
    }
    c.about(
        "RFC 4648 3.5",
        "the last character's unused bits are zero: other spellings are other tokens",
    );
    let bytes = Base64UrlUnpadded::decode_vec(signature).unwrap();
    let unused = (3 - bytes.len() % 3) % 3 * 2;
    let (begin, last) = signature.split_at(signature.len() - 1);
    let value = ALPHABET.find(last).unwrap();
    for bits in 1..1 << unused {
        let twin = ALPHABET.chars().nth(value | bits).unwrap();
        c.bad(
            format!("b64-sig-trailing-bits-{bits}"),
            format!("{input}.{begin}{twin}"),
            E::SignatureBase64,
        );
    }
    c.about("RFC 7515 5.2", "a signature has its algorithm's length");
    let reason = if c.key == Key::Mac {
        E::SignatureBase64
    } else {
        E::SignatureLength
    };
    c.bad("b64-sig-more", format!("{good}AA"), reason);
}

fn signed_as_written(c: &mut Catalogue) {
    let (header, payload) = (c.key.header().to_string(), claims().to_string());
    let (header64, payload64) = (encode(header.as_bytes()), encode(payload.as_bytes()));
    c.about(
        "RFC 7515 2, RFC 4648 3.3",
        "even rightly signed as it is written, base64url has one spelling",
    );
    for (kind, junk) in [
        ("padding", "="),
        ("padding2", "=="),
        ("space", " "),
        ("nl", "\n"),
        ("crlf", "\r\n"),
        ("garbage", "!"),
        ("nul", "\0"),
        ("plus", "+"),
        ("slash", "/"),
        ("tab", "\t"),
    ] {
        for (place, input) in [
            ("header", format!("{header64}{junk}.{payload64}")),
            ("payload", format!("{header64}.{payload64}{junk}")),
            ("lead", format!("{junk}{header64}.{payload64}")),
        ] {
            c.bad(
                format!("b64-{place}-{kind}-signed"),
                c.key.over(&input),
                E::BadCharacter,
            );
        }
    }
    c.about("RFC 4648 3.5", "unused bits are zero, even rightly signed");
    let input = format!("{}.{payload64}", with_unused_bits(header));
    c.bad(
        "b64-header-bits-signed",
        c.key.over(&input),
        E::HeaderBase64,
    );
    let input = format!("{header64}.{}", with_unused_bits(payload));
    c.bad(
        "b64-payload-bits-signed",
        c.key.over(&input),
        E::ClaimsBase64,
    );
}

/// Appends spaces to the JSON until four bits of its base64url are unused. Encodes it, and sets one
/// of these bits.
fn with_unused_bits(mut json: String) -> String {
    json.push(' ');
    while json.len() % 3 != 1 {
        json.push(' ');
    }
    let coded = encode(json.as_bytes());
    format!("{}B", coded.strip_suffix('A').unwrap())
}

fn parts(c: &mut Catalogue) {
    c.about(
        "RFC 7515 3.1, RFC 7519 7.2; CVE-2022-39227, CVE-2025-30204",
        "three parts, two dots",
    );
    let good = c.key.good();
    let (input, signature) = good.rsplit_once('.').unwrap();
    for (name, token, reason) in [
        ("empty", String::new(), E::NotThreeParts),
        ("parts-1", "abc".into(), E::NotThreeParts),
        ("parts-2", input.to_owned(), E::NotThreeParts),
        ("parts-4", format!("{good}.{signature}"), E::NotThreeParts),
        ("parts-5", format!("{good}.a.b"), E::NotThreeParts),
        ("leading-dot", format!(".{good}"), E::NotThreeParts),
        ("trailing-dot", format!("{good}."), E::NotThreeParts),
        ("dots-many", ".".repeat(20_000), E::TooLong),
        ("dots-4096", ".".repeat(4096), E::NotThreeParts),
        ("dots-2", "..".into(), E::HeaderNotJson),
        ("bearer-prefix", format!("Bearer {good}"), E::BadCharacter),
        (
            "refresh-token",
            format!("egr_{}", "A".repeat(100)),
            E::NotThreeParts,
        ),
    ] {
        c.bad(name, token, reason);
    }
    let part = |i| good.split('.').nth(i).unwrap();
    let json = json!({ "protected": part(0), "payload": part(1), "signature": part(2) });
    c.bad("json-serialization", json.to_string(), E::BadCharacter);
    let json = json!({ "payload": part(1), "signatures": [{ "protected": part(0), "signature": part(2) }] });
    c.bad(
        "json-serialization-general",
        json.to_string(),
        E::BadCharacter,
    );
    c.about(
        "RFC 7516 3.1",
        "an encrypted token has five parts, and is no access token of ours",
    );
    c.bad(
        "jwe",
        format!("{}.a.a.a.a", encode(br#"{"alg":"dir","enc":"A256GCM"}"#)),
        E::NotThreeParts,
    );
}

fn length(c: &mut Catalogue) {
    c.about(
        "RFC 8725 3.11, CWE-400",
        "length is looked at first: nothing long is decoded or copied",
    );
    let padded = |n: usize| c.claims(and(&claims(), &format!(r#""x":"{}""#, "x".repeat(n))));
    let (big, long) = (padded(65_536), padded(3_100));
    c.bad("big-payload-64KiB", big, E::TooLong);
    c.bad("big-payload-good", long, E::TooLong);
    c.bad("garbage-4097", "!".repeat(4097), E::TooLong);
    c.bad("garbage-4096", "!".repeat(4096), E::BadCharacter);
    let good = c.key.good();
    let (input, _) = good.rsplit_once('.').unwrap();
    for (name, bytes, reason) in [
        ("sig-oversize-16000", 16_000, E::TooLong),
        ("sig-oversize-1200", 1200, E::SignatureLength),
    ] {
        c.bad(name, format!("{input}.{}", encode(&vec![1; bytes])), reason);
    }
}
