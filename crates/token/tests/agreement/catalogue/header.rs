//! Attacks with a bad header, such as another algorithm or a key of the attacker.

use super::{Catalogue, signed};
use crate::token_support::{
    ED_SEED, Key, and, claims, ed_jwk, ed_secret, encode, es_jwk, es_secret, mac, with,
};
use base64ct::{Base64, Encoding as _};
use edgegate_token::TokenError as E;
use serde_json::{Value, json};

pub(super) fn add(c: &mut Catalogue) {
    algorithm(c);
    extensions(c);
    json_form(c);
    types(c);
}

fn algorithm(c: &mut Catalogue) {
    c.about(
        "RFC 8725 3.1; CVE-2015-9235, CVE-2022-23540",
        "none makes anyone an issuer",
    );
    for (i, name) in ["none", "None", "nOnE", "NONE", "", "none ", "n\u{f6}ne"]
        .into_iter()
        .enumerate()
    {
        let header = with(c.key.header(), "alg", Some(json!(name))).to_string();
        let token = signed(&c.key.input(header), b"");
        c.bad(format!("none-{i}"), token, E::AlgUnsupported);
    }
    c.bad(
        "none-with-good-sig",
        c.member("alg", Some(json!("none"))),
        E::AlgUnsupported,
    );
    let stripped = signed(&c.key.input(c.key.header().to_string()), b"");
    c.bad("signature-stripped", stripped, E::SignatureLength);
    c.about("RFC 7515 4.1.1", "alg is never guessed");
    c.bad("alg-missing", c.member("alg", None), E::AlgMissing);
    c.bad(
        "alg-null",
        c.member("alg", Some(Value::Null)),
        E::AlgNotString,
    );
    c.bad(
        "alg-array",
        c.member("alg", Some(json!([c.key.alg()]))),
        E::AlgNotString,
    );
    let lower = c.key.alg().to_lowercase();
    c.bad(
        "alg-lower",
        c.member("alg", Some(json!(lower))),
        E::AlgUnsupported,
    );
    c.about(
        "RFC 8725 3.1",
        "the key decides the algorithm, and it is one of three",
    );
    for name in [
        "HS512", "HS384", "RS256", "PS256", "ES384", "ES256K", "Ed448",
    ] {
        c.bad(
            format!("alg-{name}"),
            c.member("alg", Some(json!(name))),
            E::AlgUnsupported,
        );
    }
    c.about(
        "RFC 8725 2.1, 3.1; CVE-2022-29217",
        "an HMAC keyed with what is public: the public key in any of its spellings, or nothing",
    );
    for (name, secret) in public_texts(c.key) {
        let header = with(c.key.header(), "alg", Some(json!("HS256"))).to_string();
        let input = c.key.input(header);
        let token = signed(&input, &mac(&secret, input.as_bytes()));
        c.bad(format!("confuse-{name}"), token, E::AlgNotTheKeys);
    }
}

/// The public key, in the forms that libraries have mistaken for an HMAC secret.
fn public_texts(key: Key) -> Vec<(&'static str, Vec<u8>)> {
    let (raw, der_head, jwk): (_, &[u8], _) = match key {
        Key::Ed => (
            ed_secret(&ED_SEED).verifying_key().as_bytes().to_vec(),
            b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00",
            ed_jwk("ed", &ED_SEED),
        ),
        Key::Es => (
            es_secret().verifying_key().to_encoded_point(false).as_bytes().to_vec(),
            b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00",
            es_jwk(),
        ),
        _ => return Vec::new(),
    };
    let der = [der_head, &raw].concat();
    let base64 = Base64::encode_string(&der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{base64}\n-----END PUBLIC KEY-----\n");
    let mut texts = vec![
        ("base64", encode(&raw).into_bytes()),
        ("der", der),
        ("pem", pem.into_bytes()),
        ("jwk", with(jwk, "d", None).to_string().into_bytes()),
        ("empty", Vec::new()),
    ];
    if key == Key::Es {
        texts.push(("x", raw[1..33].to_vec()));
    }
    texts.push(("raw", raw));
    texts
}

fn extensions(c: &mut Catalogue) {
    c.about(
        "RFC 7515 4.1.11; CVE-2025-59420",
        "critical members must be understood, and none is: crit is never right",
    );
    for (name, value, member) in [
        ("crit-unknown", json!(["x"]), Some("x")),
        ("crit-empty", json!([]), None),
        ("crit-not-array", json!("exp"), None),
        ("crit-dup", json!(["x", "x"]), Some("x")),
        ("crit-names-std", json!(["alg"]), None),
        ("crit-missing-member", json!(["x"]), None),
        ("crit-exp", json!(["exp"]), Some("exp")),
        ("crit-null", Value::Null, None),
    ] {
        let mut header = with(c.key.header(), "crit", Some(value));
        if let Some(member) = member {
            header = with(header, member, Some(json!(true)));
        }
        c.bad(name, c.header(header.to_string()), E::Crit);
    }
    c.about(
        "RFC 7797 6, 7",
        "a JWT's payload is always base64url: b64 is never right",
    );
    let b64 = with(c.key.header(), "b64", Some(json!(false)));
    let both = with(b64.clone(), "crit", Some(json!(["b64"])));
    c.bad("b64-false-crit", c.header(both.to_string()), E::Crit);
    c.bad("b64-false-nocrit", c.header(b64.to_string()), E::B64);
    c.bad("b64-true", c.member("b64", Some(json!(true))), E::B64);
    for (name, header) in [("b64-raw-payload", b64), ("b64-raw-payload-crit", both)] {
        let raw = format!("{}.{}", encode(header.to_string().as_bytes()), claims());
        c.bad(name, c.key.over(&raw), E::BadCharacter);
    }
}

fn json_form(c: &mut Catalogue) {
    c.about(
        "RFC 7515 4, 10.12",
        "a member twice is read in two ways by two readers",
    );
    let more_kid = format!(r#""kid":"{}""#, c.key.kid());
    let more_alg = format!(r#""alg":"{}""#, c.key.alg());
    for (name, more) in [
        ("dup-alg", &*more_alg),
        ("dup-alg2", r#""alg":"none""#),
        ("dup-kid", &more_kid),
        ("dup-typ", r#""typ":"at+jwt""#),
        ("dup-alg-escaped", r#""\u0061lg":"none""#),
        ("dup-header-nested", r#""x":{"a":1,"a":2}"#),
    ] {
        c.bad(
            name,
            c.header(and(&c.key.header(), more)),
            E::HeaderDuplicateMember,
        );
    }
    c.about(
        "RFC 7515 4, RFC 8259 2",
        "the header is one JSON object in UTF-8 and nothing else",
    );
    let header = c.key.header().to_string();
    let comment = header.replacen('{', "{/*x*/", 1);
    let utf16: Vec<u8> = header.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked_utf16 = [b"\xff\xfe".as_slice(), &utf16].concat();
    for (name, text, reason) in [
        (
            "header-array",
            format!("[{header}]").into_bytes(),
            E::HeaderNotObject,
        ),
        (
            "header-string",
            json!(header).to_string().into_bytes(),
            E::HeaderNotObject,
        ),
        (
            "header-trailing",
            format!("{header}{{}}").into_bytes(),
            E::HeaderNotJson,
        ),
        ("header-comment", comment.into_bytes(), E::HeaderNotJson),
        ("header-empty", Vec::new(), E::HeaderNotJson),
        (
            "bom-header",
            format!("\u{feff}{header}").into_bytes(),
            E::HeaderByteOrderMark,
        ),
        ("utf16-header", utf16, E::HeaderNotJson),
        ("utf16-header-marked", marked_utf16, E::HeaderNotUtf8),
    ] {
        c.bad(name, c.header(text), reason);
    }
    c.about("CWE-674", "depth is bounded before anything is verified");
    for (name, depth) in [("header-17-deep", 16), ("deep-json-header", 500)] {
        let deep = format!(r#""x":{}{}"#, "[".repeat(depth), "]".repeat(depth));
        c.bad(
            name,
            c.header(and(&c.key.header(), &deep)),
            E::HeaderTooDeep,
        );
    }
}

fn types(c: &mut Catalogue) {
    c.about(
        "RFC 8725 3.11, 3.12; RFC 9068 4",
        "another kind of token signed by the same key is no access token",
    );
    c.bad("typ-missing", c.member("typ", None), E::TypMissing);
    c.bad(
        "typ-number",
        c.member("typ", Some(json!(1))),
        E::TypNotString,
    );
    c.bad(
        "typ-null",
        c.member("typ", Some(Value::Null)),
        E::TypNotString,
    );
    for (name, typ) in [
        ("refresh", "refresh"),
        ("JWT", "JWT"),
        ("id-token", "id_token"),
        ("rt", "rt+jwt"),
        ("space", "at+jwt "),
        ("empty", ""),
        ("text", "text/at+jwt"),
        ("parameter", "at+jwt;x=1"),
    ] {
        c.bad(
            format!("typ-{name}"),
            c.member("typ", Some(json!(typ))),
            E::TypWrong,
        );
    }
    c.about(
        "RFC 7519 5.2, RFC 8725 2.7",
        "a token in a token is not read",
    );
    let nested = with(c.key.header(), "cty", Some(json!("JWT"))).to_string();
    c.bad("cty-jwt", c.key.token(nested, c.key.good()), E::Cty);
    c.bad(
        "nested-without-cty",
        c.claims(c.key.good()),
        E::ClaimsNotJson,
    );
}
