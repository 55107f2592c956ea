//! Tests of key sets. For each rule, there is a key set that breaks it and must be refused with the
//! reason of this rule. Comments such as `jwk-x25519` name the kind of bad key.

use super::algorithm::Algorithm;
use super::{KeyFault, KeySet, TokenError, UntrustedToken};
use crate::limits::{KEY_SET_MAX_BYTES, KEYS_MAX, KID_MAX_BYTES};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};

const ED_D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
const ED_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const EC_D: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";

fn ed() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": ED_X })
}

fn ed_private() -> Value {
    with(ed(), "d", json!(ED_D))
}

fn ec() -> Value {
    json!({
        "kty": "EC", "crv": "P-256", "kid": "ec",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    })
}

fn ec_private() -> Value {
    with(ec(), "d", json!(EC_D))
}

fn oct(bytes: usize) -> Value {
    json!({ "kty": "oct", "kid": "mac", "k": encode(&vec![7; bytes]) })
}

fn with(mut key: Value, name: &str, value: Value) -> Value {
    key[name] = value;
    key
}

fn without(mut key: Value, name: &str) -> Value {
    key.as_object_mut().unwrap().remove(name);
    key
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}

fn public(keys: &[Value]) -> Result<KeySet, KeyFault> {
    KeySet::from_public_jwks(&set(keys)).map_err(|error| error.fault())
}

fn private(keys: &[Value]) -> Result<KeySet, KeyFault> {
    KeySet::from_private_jwks(&set(keys)).map_err(|error| error.fault())
}

#[track_caller]
fn refused(key: Value, fault: KeyFault) {
    assert_eq!(public(&[key]).err(), Some(fault));
}

#[track_caller]
fn refused_private(key: Value, fault: KeyFault) {
    assert_eq!(private(&[key]).err(), Some(fault));
}

#[test]
fn good_sets_load_and_publish_only_public_halves() {
    let keys = private(&[ed_private(), ec_private()]).unwrap();
    let published = keys.public_jwks();
    let parsed: Value = serde_json::from_str(&published).unwrap();
    let marks = |key: Value, alg: &str| with(with(key, "use", json!("sig")), "alg", json!(alg));
    assert_eq!(
        parsed,
        json!({ "keys": [marks(ed(), "EdDSA"), marks(ec(), "ES256")] })
    );
    assert!(!published.contains(ED_D) && !published.contains(EC_D));
    let read_back = KeySet::from_public_jwks(&published).unwrap();
    assert_eq!(read_back.kids().collect::<Vec<_>>(), ["ed", "ec"]);
    assert!(read_back.signer().is_none());
    assert_eq!(private(&[oct(32)]).unwrap().public_jwks(), r#"{"keys":[]}"#);
}

#[test]
fn debug_and_errors_show_no_key_material() {
    let keys = private(&[ed_private(), ec_private()]).unwrap();
    assert_eq!(format!("{keys:?}"), r#"{"ed": EdDSA _, "ec": ES256 _}"#);
    let bad = with(ed_private(), "d", json!(EC_D));
    let error = KeySet::from_private_jwks(&set(&[ec_private(), bad])).unwrap_err();
    assert_eq!(
        (error.position(), error.kid(), error.reason()),
        (Some(1), Some("ed"), "secret_mismatch")
    );
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(!text.contains(EC_D) && !text.contains(ED_X), "{text}");
    }
    assert_eq!(
        error.to_string(),
        r#"key 1 (kid "ed"): d does not belong to the public key"#
    );
}

#[test]
fn an_error_names_the_key_and_the_member() {
    let bad = without(with(ec(), "x", json!("AAAA")), "kid");
    let error = KeySet::from_private_jwks(&set(&[ed_private(), bad])).unwrap_err();
    assert_eq!(
        (error.position(), error.kid(), error.member()),
        (Some(1), None, Some("x"))
    );
    assert_eq!(error.to_string(), "key 1: x: a member has the wrong length");
    let error = KeySet::from_private_jwks("").unwrap_err();
    assert_eq!(
        (error.position(), error.kid(), error.member()),
        (None, None, None)
    );
    assert_eq!(error.to_string(), "the key set is not json");
}

#[test]
fn set_shapes() {
    let fault = |text: &str| KeySet::from_private_jwks(text).unwrap_err().fault();
    assert_eq!(
        fault(&" ".repeat(KEY_SET_MAX_BYTES + 1)),
        KeyFault::SetTooLong
    );
    assert_eq!(
        fault(&format!("{:<1$}", set(&[ed()]), KEY_SET_MAX_BYTES)),
        KeyFault::FirstKeyCannotSign
    );
    assert_eq!(fault(""), KeyFault::NotJson);
    assert_eq!(fault("[]"), KeyFault::NotObject);
    assert_eq!(fault("\u{feff}{}"), KeyFault::ByteOrderMark);
    assert_eq!(fault("{}"), KeyFault::NoKeys);
    assert_eq!(fault(r#"{"keys":{}}"#), KeyFault::NoKeys);
    assert_eq!(fault(r#"{"keys":[]}"#), KeyFault::Empty);
    assert_eq!(fault(r#"{"keys":[1]}"#), KeyFault::KeyNotObject);
    assert_eq!(fault(r#"{"keys":[],"keys":[]}"#), KeyFault::DuplicateMember);
    assert_eq!(
        fault(r#"{"keys":[{"kty":"oct","k":"","\u006b":""}]}"#),
        KeyFault::DuplicateMember
    );
    assert_eq!(
        fault(&format!("{{\"keys\":{}", "[".repeat(5000))),
        KeyFault::TooDeep
    );
    let many = |n: usize| -> Vec<Value> {
        (0..n)
            .map(|i| with(ed(), "kid", json!(i.to_string())))
            .collect()
    };
    assert!(public(&many(KEYS_MAX)).is_ok());
    let too_many = KeySet::from_public_jwks(&set(&many(KEYS_MAX + 1))).unwrap_err();
    assert_eq!(too_many.fault(), KeyFault::TooManyKeys);
    assert_eq!(
        too_many.position(),
        None,
        "the fault of the set, not of a key"
    );
}

#[test]
fn sets_that_do_not_go_together() {
    assert_eq!(
        private(&[ed_private(), with(ec(), "kid", json!("ed"))]).err(),
        Some(KeyFault::DuplicateKid)
    );
    assert_eq!(
        public(&[without(ed(), "kid"), without(ed(), "kid")]).err(),
        Some(KeyFault::DuplicateKid)
    );
    assert_eq!(
        private(&[oct(32), ed_private()]).err(),
        Some(KeyFault::MixedSet)
    );
    assert_eq!(
        private(&[ed_private(), oct(32)]).err(),
        Some(KeyFault::MixedSet)
    );
    assert_eq!(
        private(&[ed(), ec_private()]).err(),
        Some(KeyFault::FirstKeyCannotSign)
    );
    assert!(private(&[ec_private(), ed()]).is_ok());
}

#[test]
fn a_public_set_with_secrets_is_refused() {
    refused(ed_private(), KeyFault::PrivateMember);
    refused(ec_private(), KeyFault::PrivateMember);
    refused(with(ed(), "k", json!("")), KeyFault::PrivateMember);
    refused(oct(32), KeyFault::SymmetricInPublicSet);
}

/// Keys of other kinds, which an issuer may publish in the same set, and why they can't be used.
fn unusable() -> Vec<(Value, KeyFault)> {
    let pq = json!({ "kty": "AKP", "alg": "ML-DSA-65", "kid": "pq", "pub": "AAAA" });
    let rsa = json!({ "kty": "RSA", "kid": "rsa", "n": "AQAB", "e": "AQAB" });
    vec![
        (json!(null), KeyFault::KeyNotObject),
        (json!(5), KeyFault::KeyNotObject),
        (json!([ed()]), KeyFault::KeyNotObject),
        (json!({}), KeyFault::MemberMissing),
        (pq.clone(), KeyFault::UnsupportedKty),
        (
            with(pq.clone(), "kid", json!("ed")),
            KeyFault::UnsupportedKty,
        ),
        (
            with(pq, "nested", json!({ "a": [{}, 1.5e9, null] })),
            KeyFault::UnsupportedKty,
        ),
        (rsa, KeyFault::UnsupportedKty),
        (without(ec(), "kty"), KeyFault::MemberMissing),
        (with(ec(), "kty", json!(["EC"])), KeyFault::MemberNotString),
        (with(ec(), "crv", json!("P-384")), KeyFault::UnsupportedCrv),
        (
            with(ed(), "crv", json!("X25519")),
            KeyFault::KeyAgreementCrv,
        ),
        (with(ed(), "crv", json!("Ed448")), KeyFault::UnsupportedCrv),
        (without(ec(), "y"), KeyFault::MemberMissing),
        (with(ec(), "x", json!("AA")), KeyFault::WrongLength),
        (with(ec(), "x", json!("?")), KeyFault::Base64),
        (
            with(ec(), "x", json!(encode(&[0xff; 32]))),
            KeyFault::NotOnCurve,
        ),
        (with(ed(), "x", json!(encode(&[0; 32]))), KeyFault::WeakKey),
        (with(ec(), "use", json!("enc")), KeyFault::UseNotSig),
        (with(ec(), "use", json!(7)), KeyFault::MemberNotString),
        (
            with(ec(), "key_ops", json!(["deriveKey"])),
            KeyFault::KeyOps,
        ),
        (with(ec(), "key_ops", json!("verify")), KeyFault::KeyOps),
        (with(ec(), "alg", json!("ECDH-ES")), KeyFault::AlgNotTheKeys),
        (with(ec(), "alg", json!(7)), KeyFault::MemberNotString),
        (with(ec(), "kid", json!("")), KeyFault::KidEmpty),
        (with(ec(), "kid", json!(7)), KeyFault::MemberNotString),
        (
            with(ec(), "kid", json!("k".repeat(KID_MAX_BYTES + 1))),
            KeyFault::KidTooLong,
        ),
    ]
}

#[test]
fn a_published_set_skips_what_it_can_t_use() {
    let good = || vec![ed(), with(ec(), "kid", json!("other"))];
    for (key, fault) in unusable() {
        for place in 0..=2 {
            let mut keys = good();
            keys.insert(place, key.clone());
            let read = public(&keys).unwrap_or_else(|fault| panic!("{fault:?}: {key}"));
            assert_eq!(read.kids().collect::<Vec<_>>(), ["ed", "other"], "{key}");
        }
        refused(key, fault);
    }
    let many = || unusable().into_iter().map(|(key, _)| key);
    let all: Vec<Value> = many().chain(good()).chain(many()).collect();
    assert!(all.len() > KEYS_MAX, "only usable keys are counted");
    let read = public(&all).unwrap();
    assert_eq!(read.kids().collect::<Vec<_>>(), ["ed", "other"]);
}

#[test]
fn keys_of_one_kid_are_used_when_their_algorithms_differ_and_skipped_otherwise() {
    let kids = |keys: &[Value]| -> Vec<String> {
        let read = public(keys).unwrap();
        read.kids().map(str::to_owned).collect()
    };
    let same = with(ec(), "kid", json!("ed"));
    assert_eq!(kids(&[ed(), same.clone()]), ["ed", "ed"]);
    let keys = public(&[ed(), same]).unwrap();
    for algorithm in [Algorithm::EdDsa, Algorithm::Es256] {
        let (_, found) = keys.find(Some("ed"), algorithm).ok().unwrap();
        assert_eq!(found.algorithm(), algorithm);
    }
    // All copies of the key are skipped, in any order and for any number of copies.
    for copies in 2..4 {
        let mut twins = vec![ed(); copies];
        twins.insert(1, ec());
        assert_eq!(kids(&twins), ["ec"]);
        let keys = public(&twins).unwrap();
        assert_eq!(
            keys.find(Some("ed"), Algorithm::EdDsa).err(),
            Some(TokenError::KidUnknown)
        );
    }
    let error = KeySet::from_public_jwks(&set(&[ed(), ed()])).unwrap_err();
    assert_eq!(
        (error.reason(), error.position(), error.kid()),
        ("duplicate_kid", Some(1), Some("ed"))
    );
    assert_eq!(
        public(&[ed(), ed(), ec_private()]).err(),
        Some(KeyFault::PrivateMember)
    );
}

#[test]
fn without_a_usable_key_the_first_says_why() {
    let keys: Vec<Value> = unusable().into_iter().skip(4).map(|(key, _)| key).collect();
    let error = KeySet::from_public_jwks(&set(&keys)).unwrap_err();
    assert_eq!(
        (error.reason(), error.position(), error.kid()),
        ("unsupported_kty", Some(0), Some("pq"))
    );
}

#[test]
fn a_leaked_secret_refuses_the_whole_set_whatever_key_it_is_in() {
    for name in ["d", "k", "p", "q", "dp", "dq", "qi", "oth", "priv"] {
        for (key, _) in unusable().into_iter().filter(|(key, _)| key.is_object()) {
            let leaked = with(key, name, json!(null));
            assert_eq!(
                public(&[ed(), leaked.clone()]).err(),
                Some(KeyFault::PrivateMember),
                "{leaked}"
            );
        }
    }
    for key in [
        oct(32),
        oct(0),
        without(oct(32), "k"),
        with(oct(32), "kid", json!(7)),
    ] {
        assert_eq!(
            public(&[ed(), key.clone()]).err(),
            Some(KeyFault::SymmetricInPublicSet),
            "{key}"
        );
    }
}

#[test]
fn an_issuers_own_set_skips_nothing() {
    for (key, fault) in unusable() {
        // The key, which has no private half, is the second one of the set. Only the first key
        // needs a private half, so the error must name the other fault.
        assert_eq!(
            private(&[ed_private(), key.clone()]).err(),
            Some(fault),
            "{key}"
        );
    }
}

#[test]
fn kid() {
    refused(with(ed(), "kid", json!("")), KeyFault::KidEmpty);
    refused(with(ed(), "kid", json!(7)), KeyFault::MemberNotString);
    refused(with(ed(), "kid", json!(null)), KeyFault::MemberNotString);
    refused(
        with(ed(), "kid", json!("k".repeat(KID_MAX_BYTES + 1))),
        KeyFault::KidTooLong,
    );
    assert!(public(&[with(ed(), "kid", json!("k".repeat(KID_MAX_BYTES)))]).is_ok());
    // An error shows a kid of the largest allowed size, but not a longer kid.
    let shown = |bytes| {
        let key = with(without(ed(), "x"), "kid", json!("k".repeat(bytes)));
        let error = KeySet::from_public_jwks(&set(&[key])).err().unwrap();
        error.kid().map(str::len)
    };
    assert_eq!(shown(KID_MAX_BYTES), Some(KID_MAX_BYTES));
    assert_eq!(shown(KID_MAX_BYTES + 1), None);
}

#[test]
fn key_types_and_curves() {
    refused(without(ed(), "kty"), KeyFault::MemberMissing);
    refused(with(ed(), "kty", json!(["OKP"])), KeyFault::MemberNotString);
    for kty in ["RSA", "okp", "OCT", "AKP", ""] {
        refused(with(ed(), "kty", json!(kty)), KeyFault::UnsupportedKty);
    }
    refused(without(ed(), "crv"), KeyFault::MemberMissing);
    // jwk-x25519
    refused(
        with(ed(), "crv", json!("X25519")),
        KeyFault::KeyAgreementCrv,
    );
    refused(with(ed(), "crv", json!("Ed448")), KeyFault::UnsupportedCrv);
    // jwk-crv-mismatch
    refused(with(ed(), "crv", json!("P-256")), KeyFault::UnsupportedCrv);
    for crv in ["P-384", "secp256k1", "Ed25519", "p-256"] {
        refused(with(ec(), "crv", json!(crv)), KeyFault::UnsupportedCrv);
    }
}

/// Another program can verify a signature instead of this crate. It gets the key and a signature of
/// the right form.
#[test]
fn another_program_can_verify_the_signature() {
    let keys = public(&[ed(), ec()]).unwrap();
    let token = |alg: &str, kid: &str, signature: &[u8]| {
        let header = json!({ "alg": alg, "kid": kid, "typ": "at+jwt" }).to_string();
        [header.as_bytes(), b"{}", signature].map(encode).join(".")
    };
    // RFC 7518 section 6.2.1, RFC 8037 section 2
    let member = |key: &Value, name: &str| key[name].as_str().map(str::to_owned);
    let coordinates = |key: &Value| member(key, "x").map(|x| (x, member(key, "y")));
    for (alg, kid, at, expected) in [
        ("EdDSA", "ed", 0, coordinates(&ed())),
        ("ES256", "ec", 1, coordinates(&ec())),
    ] {
        let token = token(alg, kid, b"");
        let untrusted = UntrustedToken::parse(&token).unwrap();
        let named = untrusted.signed_with(&keys).unwrap();
        assert_eq!(named.key_position(), at);
        assert_eq!(named.public_coordinates(), expected);
        assert_eq!(keys.public_coordinates(at), expected);
        let detached = keys.detached(at, b"message", &[1; 64]).unwrap();
        assert_eq!(detached.key_position(), at);
        assert_eq!(detached.signing_input(), b"message");
        assert_eq!(detached.signature(), [1; 64]);
    }
    assert_eq!(keys.public_coordinates(2), None);
    assert!(keys.detached(2, b"message", &[1; 64]).is_none());
    let symmetric = private(&[oct(32)]).unwrap();
    assert_eq!(symmetric.public_coordinates(0), None);

    for (alg, kid) in [("EdDSA", "ed"), ("ES256", "ec")] {
        let judged = |signature: &[u8]| {
            let token = token(alg, kid, signature);
            let untrusted = UntrustedToken::parse(&token).unwrap();
            untrusted.signed_with(&keys).unwrap().judge_signature_form()
        };
        assert_eq!(judged(&[0; 64]), Err(TokenError::SignatureInvalid));
        assert_eq!(judged(&[1; 63]), Err(TokenError::SignatureLength));
        // This signature has the right form, although it was not made with the key.
        assert_eq!(judged(&[1; 64]), Ok(()));
    }
}

#[test]
fn use_key_ops_and_alg_bind_when_present() {
    // jwk-use-enc
    refused(with(ed(), "use", json!("enc")), KeyFault::UseNotSig);
    refused(with(ed(), "use", json!(null)), KeyFault::MemberNotString);
    // jwk-keyops
    for operations in [
        json!("verify"),
        json!([]),
        json!(["sign"]),
        json!(["encrypt"]),
        json!(["verify", "encrypt"]),
        json!(["verify", "verify"]),
        json!(["verify", 1]),
        json!(null),
    ] {
        refused(with(ed(), "key_ops", operations), KeyFault::KeyOps);
    }
    assert!(public(&[with(ed(), "key_ops", json!(["verify"]))]).is_ok());
    assert!(private(&[with(ed_private(), "key_ops", json!(["sign"]))]).is_ok());
    refused_private(
        with(ed_private(), "key_ops", json!(["verify"])),
        KeyFault::KeyOps,
    );
    refused_private(
        with(oct(32), "key_ops", json!(["verify"])),
        KeyFault::KeyOps,
    );
    assert!(private(&[with(oct(32), "key_ops", json!(["sign", "verify"]))]).is_ok());
    // jwk-alg-mismatch
    for alg in ["ES256", "HS256", "none", "eddsa", "ES512", ""] {
        refused(with(ed(), "alg", json!(alg)), KeyFault::AlgNotTheKeys);
    }
    refused(with(ec(), "alg", json!("EdDSA")), KeyFault::AlgNotTheKeys);
    refused_private(
        with(oct(64), "alg", json!("HS512")),
        KeyFault::AlgNotTheKeys,
    );
    refused(with(ed(), "alg", json!(null)), KeyFault::MemberNotString);
    assert!(public(&[with(ed(), "alg", json!("Ed25519"))]).is_ok());
}

#[test]
fn coordinates() {
    // jwk-off-curve
    let mut y = Base64UrlUnpadded::decode_vec(ec()["y"].as_str().unwrap()).unwrap();
    y[31] ^= 1;
    refused(with(ec(), "y", json!(encode(&y))), KeyFault::NotOnCurve);
    refused(
        with(
            with(ec(), "x", json!(encode(&[0; 32]))),
            "y",
            json!(encode(&[0; 32])),
        ),
        KeyFault::NotOnCurve,
    );
    refused(
        with(ec(), "x", json!(encode(&[0xff; 32]))),
        KeyFault::NotOnCurve,
    );
    refused(without(ec(), "y"), KeyFault::MemberMissing);
    // jwk-long-coord
    for length in [0, 31, 33, 64, 65] {
        refused(
            with(ec(), "x", json!(encode(&vec![1; length]))),
            KeyFault::WrongLength,
        );
        refused(
            with(ed(), "x", json!(encode(&vec![1; length]))),
            KeyFault::WrongLength,
        );
    }
    for text in [
        format!("{ED_X}="),
        format!(" {ED_X}"),
        ED_X.replace('_', "/"),
        ED_X.replace("Ro", "Rp"),
    ] {
        refused(with(ed(), "x", json!(text)), KeyFault::Base64);
    }
}

#[test]
fn weak_and_non_canonical_ed25519_keys_are_refused() {
    // ed-smallorder-*: all eight points of small order (the torsion of RFC 7748 section 6.1), then
    // their other encodings.
    let weak = [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ];
    for point in weak {
        refused(
            with(ed(), "x", json!(encode(&hex(point)))),
            KeyFault::WeakKey,
        );
    }
    // y = 1 and y = -1 with x = 0 and the sign bit set. ed25519-dalek ignores the sign bit of these
    // encodings, and accepts them.
    for point in [
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    ] {
        assert!(public(&[with(ed(), "x", json!(encode(&hex(point))))]).is_err());
    }
    // Each y from p to 2^255 - 1, with both signs. These encodings are not canonical.
    for low in 0xed..=0xff {
        for high in [0x7f, 0xff] {
            let mut point = [0xff; 32];
            (point[0], point[31]) = (low, high);
            refused(with(ed(), "x", json!(encode(&point))), KeyFault::NotOnCurve);
        }
    }
    let mut no_point = [0; 32];
    no_point[0] = 2;
    refused(
        with(ed(), "x", json!(encode(&no_point))),
        KeyFault::NotOnCurve,
    );
}

#[test]
fn secrets_must_belong_to_their_public_halves() {
    refused_private(
        with(ed_private(), "d", json!(encode(&[1; 32]))),
        KeyFault::SecretMismatch,
    );
    refused_private(
        with(ec_private(), "d", json!(encode(&[1; 32]))),
        KeyFault::SecretMismatch,
    );
    refused_private(
        with(ec_private(), "d", json!(encode(&[0; 32]))),
        KeyFault::SecretOutOfRange,
    );
    refused_private(
        with(ec_private(), "d", json!(encode(&[0xff; 32]))),
        KeyFault::SecretOutOfRange,
    );
    refused_private(
        with(ec_private(), "d", json!(encode(&[1; 33]))),
        KeyFault::WrongLength,
    );
    // Some libraries write a private key as the seed followed by the public key. RFC 8037 does not
    // allow this as `d`.
    refused_private(
        with(ed_private(), "d", json!(encode(&[1; 64]))),
        KeyFault::WrongLength,
    );
    refused_private(
        with(ed_private(), "d", json!(null)),
        KeyFault::MemberNotString,
    );
}

#[test]
fn short_hmac_keys_are_refused() {
    // jwk-short-hmac, jwk-empty-hmac
    for bytes in [0, 6, 31] {
        refused_private(oct(bytes), KeyFault::HmacTooShort);
    }
    assert!(private(&[oct(32)]).is_ok());
    assert!(private(&[oct(200)]).is_ok());
    refused_private(without(oct(32), "k"), KeyFault::MemberMissing);
}

fn hex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}
