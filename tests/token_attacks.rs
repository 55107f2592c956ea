//! What attackers send in the header and as the key: each case right but for one thing, refused for that one thing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod token_support;

use base64ct::{Base64, Encoding as _};
use edgegate::domain::token::{Expected, TokenError as E, UntrustedToken, verify};
use p256::ecdsa::signature::Signer as _;
use serde_json::{Value, json};
use token_support::{
    ALL_KEYS, AUD, ISS, Key, NOW, and, claims, ed_jwk, ed_secret, encode, es_jwk, es_secret,
    header_case, mac, refused, with,
};

#[test]
fn good_tokens_pass() {
    for key in ALL_KEYS {
        let verified = key.check(&key.good()).unwrap();
        assert_eq!(verified.claims().sub, "user-1");
    }
}

fn alg(value: Option<Value>) -> String {
    with(Key::Mac.header(), "alg", value).to_string()
}

#[test]
fn line_01_none_with_an_empty_signature() {
    for (i, name) in ["none", "None", "nOnE", "NONE", "", "none ", "n\u{f6}ne"]
        .iter()
        .enumerate()
    {
        let input = format!(
            "{}.{}",
            encode(alg(Some(json!(name))).as_bytes()),
            encode(claims().to_string().as_bytes())
        );
        refused(
            &format!("none-{i}"),
            Key::Mac.check(&format!("{input}.")),
            E::AlgUnsupported,
        );
    }
    let signed = Key::Mac.good();
    let stripped = signed.rsplit_once('.').unwrap().0;
    refused(
        "good header, empty signature",
        Key::Mac.check(&format!("{stripped}.")),
        E::SignatureLength,
    );
}

#[test]
fn line_02_none_with_good_sig() {
    refused(
        "none-with-good-sig",
        header_case(alg(Some(json!("none")))),
        E::AlgUnsupported,
    );
}

#[test]
fn line_03_alg_of_no_known_kind() {
    refused("alg-missing", header_case(alg(None)), E::AlgMissing);
    refused(
        "alg-null",
        header_case(alg(Some(Value::Null))),
        E::AlgNotString,
    );
    refused(
        "alg-array",
        header_case(alg(Some(json!(["HS256"])))),
        E::AlgNotString,
    );
    refused(
        "alg-lower",
        header_case(alg(Some(json!("hs256")))),
        E::AlgUnsupported,
    );
}

#[test]
fn line_04_alg_hs512_same_key() {
    for name in [
        "HS512", "HS384", "RS256", "PS256", "ES384", "ES256K", "Ed448",
    ] {
        refused(
            "alg-hs512-same-key",
            header_case(alg(Some(json!(name)))),
            E::AlgUnsupported,
        );
    }
}

#[test]
fn line_05_confuse_public_key_as_hmac_key() {
    let (ed, point) = (
        ed_secret().verifying_key(),
        es_secret().verifying_key().to_encoded_point(false),
    );
    let der = [
        b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00".as_slice(),
        ed.as_bytes(),
    ]
    .concat();
    let pem = |der: &[u8]| {
        format!(
            "-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n",
            Base64::encode_string(der)
        )
    };
    let spki = [
        b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00".as_slice(),
        point.as_bytes(),
    ]
    .concat();
    let jwk = |jwk: Value| with(jwk, "d", None).to_string().into_bytes();
    let cases: Vec<(&str, Key, Vec<u8>)> = vec![
        ("confuse-raw", Key::Ed, ed.as_bytes().to_vec()),
        (
            "confuse-base64",
            Key::Ed,
            encode(ed.as_bytes()).into_bytes(),
        ),
        ("confuse-der", Key::Ed, der.clone()),
        ("confuse-pem", Key::Ed, pem(&der).into_bytes()),
        ("confuse-jwk", Key::Ed, jwk(ed_jwk())),
        ("confuse-point", Key::Es, point.as_bytes().to_vec()),
        ("confuse-x", Key::Es, point.x().unwrap().to_vec()),
        ("confuse-es-der", Key::Es, spki.clone()),
        ("confuse-es-pem", Key::Es, pem(&spki).into_bytes()),
        ("confuse-es-jwk", Key::Es, jwk(es_jwk())),
        ("confuse-empty", Key::Ed, Vec::new()),
    ];
    for (name, key, secret) in cases {
        let header = with(key.header(), "alg", Some(json!("HS256"))).to_string();
        let input = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(claims().to_string().as_bytes())
        );
        let token = format!("{input}.{}", encode(&mac(&secret, input.as_bytes())));
        refused(name, key.check(&token), E::AlgNotTheKeys);
    }
}

#[test]
fn line_06_right_signature_under_the_other_kid() {
    for (name, signer, victim) in [
        ("confuse-eddsa-under-es-kid", Key::Ed, Key::Es),
        ("confuse-es-under-ed-kid", Key::Es, Key::Ed),
    ] {
        let honest_alg = with(signer.header(), "kid", Some(json!(victim.kid()))).to_string();
        refused(
            name,
            signer.check(&signer.token(honest_alg, claims().to_string())),
            E::AlgNotTheKeys,
        );
        let victims_header = victim.header().to_string();
        refused(
            name,
            signer.check(&signer.token(victims_header, claims().to_string())),
            E::SignatureInvalid,
        );
    }
}

#[test]
fn line_07_alg_ed25519_name_is_accepted() {
    let header = with(Key::Ed.header(), "alg", Some(json!("Ed25519"))).to_string();
    assert!(
        Key::Ed
            .check(&Key::Ed.token(header, claims().to_string()))
            .is_ok()
    );
}

#[test]
fn line_08_crit() {
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
        let mut header = with(Key::Mac.header(), "crit", Some(value));
        if let Some(member) = member {
            header = with(header, member, Some(json!(true)));
        }
        refused(name, header_case(header.to_string()), E::Crit);
    }
}

#[test]
fn line_09_b64() {
    let b64 = with(Key::Mac.header(), "b64", Some(json!(false)));
    let both = with(b64.clone(), "crit", Some(json!(["b64"])));
    refused("b64-false-crit", header_case(both.to_string()), E::Crit);
    refused("b64-false-nocrit", header_case(b64.to_string()), E::B64);
    let raw = format!("{}.{}", encode(b64.to_string().as_bytes()), claims());
    refused(
        "b64-raw-payload",
        Key::Mac.check(&Key::Mac.over(&raw)),
        E::BadCharacter,
    );
    refused(
        "b64-true",
        header_case(with(b64, "b64", Some(json!(true))).to_string()),
        E::B64,
    );
}

#[test]
fn line_10_keys_in_or_behind_the_header() {
    let attacker = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": encode(attacker.verifying_key().as_bytes()) });
    for (name, value) in [
        ("jwk", jwk),
        ("jku", json!("https://attacker.example/jwks.json")),
        ("x5u", json!("https://attacker.example/cert.pem")),
        ("x5c", json!(["MIIB"])),
    ] {
        let header = with(Key::Ed.header(), name, Some(value)).to_string();
        let input = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(claims().to_string().as_bytes())
        );
        let forged = format!(
            "{input}.{}",
            encode(&attacker.sign(input.as_bytes()).to_bytes())
        );
        refused(
            &format!("inject-{name}"),
            Key::Ed.check(&forged),
            E::EmbeddedKey,
        );
        refused(
            &format!("inject-{name}, good signature"),
            Key::Ed.check(&Key::Ed.over(&input)),
            E::EmbeddedKey,
        );
    }
}

#[test]
fn line_11_kid_is_an_exact_string() {
    let kids = [
        "../../dev/null",
        "mac' OR '1'='1",
        "mac\0",
        "mac\n",
        "MAC",
        " mac",
        "__proto__",
        "constructor",
        "https://attacker.example/k",
        "\u{ff4d}\u{ff41}\u{ff43}",
        "",
        "0",
    ];
    for (i, kid) in kids.iter().enumerate() {
        let header = with(Key::Mac.header(), "kid", Some(json!(kid))).to_string();
        refused(&format!("kid-{i}"), header_case(header), E::KidUnknown);
    }
    let long = |n: usize| {
        header_case(with(Key::Mac.header(), "kid", Some(json!("k".repeat(n)))).to_string())
    };
    refused("kid-5000", long(5000), E::TooLong);
    refused("kid-129", long(129), E::KidTooLong);
    refused("kid-128", long(128), E::KidUnknown);
}

#[test]
fn line_12_kid_number_and_kid_missing() {
    for value in [
        json!(1),
        json!(["mac"]),
        Value::Null,
        json!({ "kid": "mac" }),
    ] {
        refused(
            "kid-number",
            header_case(with(Key::Mac.header(), "kid", Some(value)).to_string()),
            E::KidNotString,
        );
    }
    let header = |key: Key| with(key.header(), "kid", None).to_string();
    assert!(
        header_case(header(Key::Mac)).is_ok(),
        "one key: nothing to choose"
    );
    refused(
        "kid-missing",
        Key::Ed.check(&Key::Ed.token(header(Key::Ed), claims().to_string())),
        E::KidMissing,
    );
}

#[test]
fn line_13_attacker_key_same_kid() {
    let attacker = ed25519_dalek::SigningKey::from_bytes(&[9; 32]);
    let input = format!(
        "{}.{}",
        encode(Key::Ed.header().to_string().as_bytes()),
        encode(claims().to_string().as_bytes())
    );
    let token = format!(
        "{input}.{}",
        encode(&attacker.sign(input.as_bytes()).to_bytes())
    );
    refused(
        "attacker-key-same-kid",
        Key::Ed.check(&token),
        E::SignatureInvalid,
    );
}

#[test]
fn line_17_an_unknown_kid_falls_back_to_no_other_key() {
    let header = with(Key::Ed.header(), "kid", Some(json!("gone"))).to_string();
    let token = Key::Ed.token(header, claims().to_string());
    refused("unknown kid", Key::Ed.check(&token), E::KidUnknown);
    assert_eq!(
        UntrustedToken::parse(&token).ok().unwrap().unverified_kid(),
        Some("gone")
    );
}

#[test]
fn line_19_duplicate_header_members() {
    let header = Key::Mac.header();
    for (name, more) in [
        ("dup-alg", r#""alg":"HS256""#),
        ("dup-alg2", r#""alg":"none""#),
        ("dup-kid", r#""kid":"mac""#),
        ("dup-alg-escaped", r#""\u0061lg":"none""#),
        ("dup-nested", r#""x":{"a":1,"a":2}"#),
    ] {
        refused(
            name,
            header_case(and(&header, more)),
            E::HeaderDuplicateMember,
        );
    }
}

#[test]
fn line_21_to_23_headers_that_are_no_plain_json_object() {
    let header = Key::Mac.header().to_string();
    refused(
        "header-array",
        header_case(format!("[{header}]")),
        E::HeaderNotObject,
    );
    refused(
        "header-trailing",
        header_case(format!("{header}{{}}")),
        E::HeaderNotJson,
    );
    refused(
        "header-comment",
        header_case(header.replacen('{', "{/*x*/", 1)),
        E::HeaderNotJson,
    );
    refused("header-empty", header_case(""), E::HeaderNotJson);
    refused(
        "bom-header",
        header_case(format!("\u{feff}{header}")),
        E::HeaderByteOrderMark,
    );
    let utf16: Vec<u8> = header.encode_utf16().flat_map(u16::to_le_bytes).collect();
    refused("utf16-header", header_case(&utf16), E::HeaderNotJson);
    refused(
        "utf16-header with its mark",
        header_case([b"\xff\xfe".as_slice(), &utf16].concat()),
        E::HeaderNotUtf8,
    );
    let deep = format!(r#""x":{}{}"#, "[".repeat(500), "]".repeat(500));
    refused(
        "deep-json-header",
        header_case(and(&Key::Mac.header(), &deep)),
        E::HeaderTooDeep,
    );
}

#[test]
fn line_43_typ() {
    let typ = |value: Option<Value>| header_case(with(Key::Mac.header(), "typ", value).to_string());
    refused("typ-missing", typ(None), E::TypMissing);
    refused("typ-number", typ(Some(json!(1))), E::TypNotString);
    refused("typ-null", typ(Some(Value::Null)), E::TypNotString);
    for name in [
        "refresh",
        "JWT",
        "id_token",
        "rt+jwt",
        "at+jwt ",
        "",
        "text/at+jwt",
        "at+jwt;x=1",
    ] {
        refused(name, typ(Some(json!(name))), E::TypWrong);
    }
    for name in [
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "Application/AT+jwt",
    ] {
        assert!(typ(Some(json!(name))).is_ok(), "{name}");
    }
}

#[test]
fn line_44_cty_jwt() {
    let nested = with(Key::Mac.header(), "cty", Some(json!("JWT"))).to_string();
    refused(
        "cty-jwt",
        Key::Mac.check(&Key::Mac.token(nested, Key::Mac.good())),
        E::Cty,
    );
    let inner = Key::Mac.token(Key::Mac.header().to_string(), Key::Mac.good());
    refused(
        "nested without cty",
        Key::Mac.check(&inner),
        E::ClaimsNotJson,
    );
}

#[test]
fn the_signature_is_checked_before_the_claims_are_read() {
    let token = Key::Mac.token(Key::Mac.header().to_string(), "not json");
    let other = Key::Mac.good();
    let (input, _) = token.rsplit_once('.').unwrap();
    let (_, signature) = other.rsplit_once('.').unwrap();
    refused(
        "ASVS 9.1.1",
        Key::Mac.check(&format!("{input}.{signature}")),
        E::SignatureInvalid,
    );
    refused(
        "signed",
        verify(&token, &Key::Mac.set(), &Expected::new(ISS, AUD), NOW),
        E::ClaimsNotJson,
    );
}
