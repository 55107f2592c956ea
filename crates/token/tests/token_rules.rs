//! Tests of issuing, of authorization, of the steps of verification, and of properties that must be
//! true for generated input. Tokens that attackers could send are tested in `agreement`.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects
)]

mod token_support;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use edgegate_token::{
    Algorithm, Claims, Expected, IssueError, KeySet, TokenError, UntrustedToken, has_any_role,
    has_verified_email, is_user, issue, read_signed, sign, verify,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use token_support::{ALL_KEYS, AUD, ISS, Key, NOW, SUB, claims, claims_case, encode, with};

fn ours() -> Claims {
    Key::Ed.check(&Key::Ed.good()).unwrap().into_claims()
}

#[test]
fn what_is_issued_verifies_and_carries_exactly_our_members() {
    for key in ALL_KEYS {
        let token = issue(&key.set(), &ours()).unwrap();
        assert_eq!(key.check(&token).unwrap().into_claims(), ours());
        assert_eq!(
            issue(&key.set(), &ours()).unwrap(),
            token,
            "signing is deterministic"
        );
        let parts: Vec<Value> = token
            .split('.')
            .take(2)
            .map(|part| {
                serde_json::from_slice(&Base64UrlUnpadded::decode_vec(part).unwrap()).unwrap()
            })
            .collect();
        assert_eq!(parts, [key.header(), claims()]);
    }
}

#[test]
fn what_would_be_refused_is_not_issued() {
    type Change = fn(&mut Claims);
    let keys = Key::Ed.set();
    let cases: [(Change, TokenError); 6] = [
        (|c| c.sub.clear(), TokenError::SubEmpty),
        (|c| c.aud = "".into(), TokenError::AudEmpty),
        (|c| c.exp = c.iat, TokenError::ExpNotAfterIat),
        (|c| c.exp = c.iat + 86_401, TokenError::LifeTooLong),
        (|c| c.roles = vec!["r".into(); 33], TokenError::RolesTooMany),
        (|c| c.roles = vec!["r".repeat(65)], TokenError::RoleTooLong),
    ];
    for (change, reason) in cases {
        let mut claims = ours();
        change(&mut claims);
        assert_eq!(issue(&keys, &claims), Err(IssueError::Claims(reason)));
    }
    let long = Claims {
        email: Some("a".repeat(4096)),
        ..ours()
    };
    assert_eq!(issue(&keys, &long), Err(IssueError::TooLong));
    let full = Claims {
        roles: vec!["r".repeat(64); 32],
        ..ours()
    };
    assert!(issue(&keys, &full).is_ok(), "as many roles as allowed fit");
    let several = claims_case(with(claims(), "aud", Some(json!([AUD, "x"]))).to_string()).unwrap();
    assert_eq!(
        issue(&keys, several.claims()),
        Err(IssueError::SeveralAudiences)
    );
    let public = KeySet::from_public_jwks(&keys.public_jwks()).unwrap();
    assert_eq!(issue(&public, &ours()), Err(IssueError::NoSigningKey));
}

/// The token of an app may have two audiences: the app's API and `/auth/userinfo`.
#[test]
fn with_a_scope_two_audiences_are_issued_and_no_third() {
    let of_app = |audiences: &[&str]| Claims {
        aud: audiences.iter().copied().collect(),
        scope: Some(String::new()),
        sign_on: Some("s".into()),
        ..ours()
    };
    for key in ALL_KEYS {
        let token = issue(&key.set(), &of_app(&[AUD, "x"])).unwrap();
        let verified = key.check(&token).unwrap();
        assert_eq!(
            verified.claims(),
            &of_app(&[AUD, "x"]),
            "also an empty scope"
        );
        let three = issue(&key.set(), &of_app(&[AUD, "x", "y"]));
        assert_eq!(three, Err(IssueError::SeveralAudiences));
    }
}

/// The routes of the account accept no token of another app, whatever audience the token has.
#[test]
fn a_token_of_another_client_or_with_a_scope_is_not_one_of_the_account() {
    let expected = Expected::new(ISS, AUD).with_client_id("edgegate");
    let judged = |claims: Claims| {
        let token = issue(&Key::Mac.set(), &claims).unwrap();
        verify(&token, &Key::Mac.set(), &expected, NOW).map(drop)
    };
    assert_eq!(judged(ours()), Ok(()));
    for client_id in ["other", "Edgegate", "edgegate "] {
        let client_id = client_id.to_owned();
        let other = judged(Claims {
            client_id,
            ..ours()
        });
        assert_eq!(other, Err(TokenError::ClientIdWrong));
    }
    for scope in ["", "openid"] {
        let scope = Some(scope.to_owned());
        let scoped = judged(Claims { scope, ..ours() });
        assert_eq!(scoped, Err(TokenError::ScopePresent));
    }
}

#[test]
fn other_tokens_are_signed_and_read_by_their_type() {
    #[derive(serde::Serialize)]
    struct IdToken {
        sub: String,
    }
    fn signed(keys: &KeySet, typ: &str, length: usize) -> Result<String, IssueError> {
        let sub = "s".repeat(length);
        sign(keys, typ, &IdToken { sub })
    }
    for key in ALL_KEYS {
        let keys = key.set();
        let token = signed(&keys, "JWT", 1).unwrap();
        assert_eq!(signed(&keys, "JWT", 1), Ok(token.clone()));
        let read = read_signed(&token, "JWT", &keys).unwrap();
        assert_eq!(read.get("sub").and_then(|sub| sub.as_str()), Some("s"));
        assert_eq!(key.check(&token).err(), Some(TokenError::TypWrong));
        let other = read_signed(&token, "jwt", &keys);
        assert_eq!(other.err(), Some(TokenError::TypWrong));
        let access_token = read_signed(&key.good(), "JWT", &keys);
        assert_eq!(access_token.err(), Some(TokenError::TypWrong));
        let forged = format!("{}.{}", token.rsplit_once('.').unwrap().0, "A".repeat(43));
        assert!(read_signed(&forged, "JWT", &keys).is_err());
        assert!(read_signed(&token, "JWT", &Key::Lone.set()).is_err());
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt"] {
            assert_eq!(signed(&keys, typ, 1), Err(IssueError::Type));
        }
        assert!(
            signed(&keys, "JWT", 5_000).is_ok(),
            "longer than an access token"
        );
        assert_eq!(signed(&keys, "JWT", 8_192), Err(IssueError::TooLong));
    }
    let public = KeySet::from_public_jwks(&Key::Ed.set().public_jwks()).unwrap();
    assert_eq!(signed(&public, "JWT", 1), Err(IssueError::NoSigningKey));
    assert_eq!(public.signing_algorithm(), None);
    assert_eq!(Key::Es.set().signing_algorithm(), Some(Algorithm::Es256));
}

/// The issuer may publish RSA keys, which sign id_tokens, in the same set as the keys of its access
/// tokens.
#[test]
fn rsa_keys_in_a_published_set_are_skipped() {
    let mut set: Value = serde_json::from_str(&Key::Ed.set().public_jwks()).unwrap();
    let rsa = json!({
        "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "rsa", "e": "AQAB",
        "n": encode(&[0x80; 512]),
    });
    set["keys"].as_array_mut().unwrap().insert(0, rsa);
    let keys = KeySet::from_public_jwks(&set.to_string()).unwrap();
    assert_eq!(keys.kids().collect::<Vec<_>>(), ["ed", "es", "retired"]);
    let expected = Expected::new(ISS, AUD);
    assert!(verify(&Key::Ed.good(), &keys, &expected, NOW).is_ok());
    let header = with(Key::Ed.header(), "kid", Some(json!("rsa")));
    let token = Key::Ed.token(header.to_string(), claims().to_string());
    let refused = verify(&token, &keys, &expected, NOW);
    assert_eq!(refused.err(), Some(TokenError::KidUnknown));
}

#[test]
fn the_longest_token_is_issued_and_no_longer_one() {
    // Because of base64url, a token can't have every length. With the short kid of this key, a
    // token can have exactly 4096 characters, the longest length that is accepted.
    let keys = Key::Mac.set();
    let issued = |length: usize| {
        let email = Some("a".repeat(length));
        issue(&keys, &Claims { email, ..ours() })
    };
    let longest = (2500..4096).take_while(|length| issued(*length).is_ok());
    let longest = longest.last().unwrap();
    assert_eq!(issued(longest).unwrap().len(), 4096);
    assert_eq!(issued(longest + 1), Err(IssueError::TooLong));
}

#[test]
fn every_issue_error_has_a_reason_and_a_text() {
    for (error, reason, text) in [
        (
            IssueError::NoSigningKey,
            "no_signing_key",
            "the key set has no key to sign with",
        ),
        (
            IssueError::Claims(TokenError::SubEmpty),
            "sub_empty",
            "the claims would be refused: sub is empty",
        ),
        (
            IssueError::SeveralAudiences,
            "several_audiences",
            "the claims name several audiences",
        ),
        (
            IssueError::Type,
            "type",
            "the type is that of an access token",
        ),
        (
            IssueError::NotWritable,
            "claims_not_writable",
            "the claims cannot be written as json",
        ),
        (
            IssueError::TooLong,
            "token_too_long",
            "the token would be too long",
        ),
    ] {
        assert_eq!((error.reason(), error.to_string().as_str()), (reason, text));
    }
}

#[test]
fn authorization_is_exact_and_closed_by_default() {
    let token = Key::Ed.check(&Key::Ed.good()).unwrap();
    assert!(has_any_role(&token, &["admin", "user"]));
    assert!(!has_any_role(&token, &["admin", "User", "use", ""]));
    assert!(!has_any_role::<&str>(&token, &[]));
    assert!(!has_any_role(&token, &["user", ""]));
    assert!(is_user(&token, SUB));
    assert!(
        !is_user(&token, "user-2") && !is_user(&token, "") && !is_user(&token, &SUB.to_uppercase())
    );
    assert!(has_verified_email(&token, "ada@example.com"));
    assert!(!has_verified_email(&token, "Ada@example.com") && !has_verified_email(&token, ""));
    for (name, value) in [
        ("email_verified", Some(json!(false))),
        ("email_verified", None),
        ("email", None),
    ] {
        let token = claims_case(with(claims(), name, value).to_string()).unwrap();
        assert!(!has_verified_email(&token, "ada@example.com") && !has_verified_email(&token, ""));
    }
    let empty = claims_case(with(claims(), "email", Some(json!(""))).to_string()).unwrap();
    assert!(!has_verified_email(&empty, ""));
}

#[test]
fn debug_does_not_print_the_address() {
    let token = Key::Ed.check(&Key::Ed.good()).unwrap();
    let text = format!("{token:?}");
    assert!(
        text.contains("email: Some(_)") && !text.contains("ada@"),
        "{text}"
    );
}

#[test]
fn unverified_claims_can_be_looked_at_whoever_signed() {
    let token = Key::Ed.good();
    let (input, _) = token.rsplit_once('.').unwrap();
    let forged = format!("{input}.AAAA");
    let claims = UntrustedToken::parse(&forged)
        .ok()
        .unwrap()
        .unverified_claims()
        .unwrap();
    assert_eq!((claims.iss.as_str(), claims.exp), (ISS, NOW + 600));
}

#[test]
fn an_unknown_kid_can_be_looked_at_to_fetch_fresh_keys() {
    let header = with(Key::Ed.header(), "kid", Some(json!("gone"))).to_string();
    let token = Key::Ed.token(header, claims().to_string());
    assert_eq!(
        UntrustedToken::parse(&token).ok().unwrap().unverified_kid(),
        Some("gone")
    );
}

#[test]
fn what_must_be_verified_is_named_for_each_algorithm() {
    for key in ALL_KEYS {
        let (token, keys) = (key.good(), key.set());
        let untrusted = UntrustedToken::parse(&token).ok().unwrap();
        let signed_by = untrusted.signed_with(&keys).ok().unwrap();
        let (input, signature) = token.rsplit_once('.').unwrap();
        assert_eq!(signed_by.kid(), key.kid());
        assert_eq!(signed_by.algorithm().name(), key.alg());
        assert_eq!(signed_by.signing_input(), input.as_bytes());
        assert_eq!(encode(signed_by.signature()), signature);
        let jwk = signed_by.public_jwk();
        assert_eq!(jwk.is_none(), key == Key::Mac, "{key:?}");
        if let Some(jwk) = jwk {
            let set = KeySet::from_public_jwks(&format!("{{\"keys\":[{jwk}]}}")).unwrap();
            assert_eq!(set.kids().collect::<Vec<_>>(), [key.kid()]);
            assert!(verify(&token, &set, &Expected::new(ISS, AUD), NOW).is_ok());
        }
        let verified = signed_by.verify().ok().unwrap();
        let elsewhere = signed_by.trust_signature_verified_elsewhere();
        for signed in [verified, elsewhere] {
            let judged = signed.judge(&Expected::new(ISS, AUD), NOW).unwrap();
            assert_eq!(judged.into_claims(), ours());
        }
    }
}

#[test]
fn each_step_refuses_its_own_faults_only() {
    let keys = Key::Ed.set();
    let expected = Expected::new(ISS, AUD);
    // The claims are invalid too. This fault is found only after the signature was verified.
    let token = Key::Ed.token(Key::Ed.header().to_string(), "not json");
    let untrusted = UntrustedToken::parse(&token).ok().unwrap();
    let signed = untrusted.signed_with(&keys).ok().unwrap().verify();
    let refused = signed.ok().unwrap().judge(&expected, NOW);
    assert_eq!(refused, Err(TokenError::ClaimsNotJson));

    let (input, _) = token.rsplit_once('.').unwrap();
    for (signature, reason) in [
        ("A".repeat(86), TokenError::SignatureInvalid),
        ("A".repeat(84), TokenError::SignatureLength),
    ] {
        let forged = format!("{input}.{signature}");
        let untrusted = UntrustedToken::parse(&forged).ok().unwrap();
        let signed_by = untrusted.signed_with(&keys).ok().unwrap();
        assert_eq!(signed_by.verify().err(), Some(reason));
    }

    let header = with(Key::Ed.header(), "kid", Some(json!("es"))).to_string();
    let confused = Key::Ed.token(header, "not json");
    let untrusted = UntrustedToken::parse(&confused).ok().unwrap();
    let refused = untrusted.signed_with(&keys).err();
    assert_eq!(refused, Some(TokenError::AlgNotTheKeys));
}

#[test]
fn clock_tolerance_is_for_exp_only() {
    let at = |tolerance: u64, now: u64| {
        let expected = Expected::new(ISS, AUD).with_clock_tolerance(tolerance);
        verify(&Key::Ed.good(), &Key::Ed.set(), &expected, now).err()
    };
    assert_eq!(at(30, NOW + 629), None);
    assert_eq!(at(30, NOW + 630), Some(TokenError::Expired));
    assert_eq!(at(0, NOW + 600), Some(TokenError::Expired));
    assert_eq!(
        at(3600, NOW - 61),
        Some(TokenError::IatInFuture),
        "not for iat"
    );
    let generous = Expected::new(ISS, AUD)
        .with_clock_tolerance(u64::MAX)
        .with_future_skew(u64::MAX);
    let outcome = verify(&Key::Ed.good(), &Key::Ed.set(), &generous, u64::MAX);
    assert!(outcome.is_err(), "no overflow");
}

#[test]
fn future_skew_is_for_iat_and_nbf_only() {
    let at = |skew: u64, nbf: u64, now: u64| {
        let claims = with(claims(), "nbf", Some(json!(nbf))).to_string();
        let token = Key::Ed.token(Key::Ed.header().to_string(), claims);
        let expected = Expected::new(ISS, AUD).with_future_skew(skew);
        verify(&token, &Key::Ed.set(), &expected, now).err()
    };
    assert_eq!(at(300, NOW, NOW - 300), None);
    assert_eq!(at(300, NOW, NOW - 301), Some(TokenError::IatInFuture));
    assert_eq!(at(0, NOW, NOW - 1), Some(TokenError::IatInFuture));
    assert_eq!(at(300, NOW + 300, NOW), None);
    assert_eq!(at(300, NOW + 301, NOW), Some(TokenError::NbfInFuture));
    assert_eq!(at(300, NOW, NOW + 600), Some(TokenError::Expired));
}

#[test]
fn a_set_with_a_weak_key_does_not_load() {
    // With this key, the signature with R = identity and S = 0 would be valid for every message.
    let mut identity = [0; 32];
    identity[0] = 1;
    let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "kid": "ed", "x": encode(&identity) });
    let set = KeySet::from_public_jwks(&json!({ "keys": [jwk] }).to_string());
    assert_eq!(set.unwrap_err().reason(), "weak_key");
}

#[test]
fn any_single_bit_flipped_is_refused() {
    for key in ALL_KEYS {
        let (good, keys) = (key.good(), key.set());
        let expected = Expected::new(ISS, AUD);
        let mut tried = 0;
        for place in 0..good.len() {
            for bit in 0..8 {
                let mut bytes = good.clone().into_bytes();
                bytes[place] ^= 1 << bit;
                // Only UTF-8 can be passed to `verify`.
                let Ok(text) = String::from_utf8(bytes) else {
                    continue;
                };
                tried += 1;
                let outcome = verify(&text, &keys, &expected, NOW);
                assert!(outcome.is_err(), "{key:?} byte {place} bit {bit}");
            }
        }
        assert_eq!(tried, good.len() * 7);
    }
}

proptest! {
    #[test]
    fn reading_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..5000)) {
        let _ = UntrustedToken::parse(&String::from_utf8_lossy(&bytes)).map(|token| token.unverified_claims());
        let _ = KeySet::from_private_jwks(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn signed_garbage_never_panics(header in prop::collection::vec(any::<u8>(), 0..200), claims in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Key::Mac.check(&Key::Mac.token(&header, &claims)).is_err());
        prop_assert!(Key::Mac.check(&Key::Mac.token(Key::Mac.header().to_string(), &claims)).is_err());
    }

    #[test]
    fn json_like_text_never_panics(text in r#"[\[\]{}",:0-9a-z\\u \-.eE]{0,300}"#) {
        let _ = claims_case(&text);
        let _ = KeySet::from_private_jwks(&text);
    }

    #[test]
    fn any_claims_come_back_as_they_were_issued(
        sub in ".{1,40}", jti in ".{1,40}", sid in ".{1,40}", email in prop::option::of(".{0,60}"), email_verified: bool,
        roles in prop::collection::vec(".{1,16}", 0..8), ver in 0..1u64 << 53, life in 1..86_400u64,
    ) {
        let claims = Claims { sub, jti, sid, email, email_verified, roles, ver, exp: NOW + life, ..ours() };
        let token = issue(&Key::Mac.set(), &claims).unwrap();
        prop_assert_eq!(Key::Mac.check(&token).unwrap().into_claims(), claims);
    }
}
