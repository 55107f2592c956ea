//! What attackers send in the claims: each case signed rightly, wrong in one thing, refused for that one thing.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects
)]

mod token_support;

use edgegate::domain::token::{Expected, TokenError as E, VerifiedToken, VerifiedTokens, verify};
use serde_json::{Value, json};
use token_support::{AUD, ISS, Key, NOW, and, claims, claims_case, refused, with};

fn claim(name: &str, value: Option<Value>) -> Result<VerifiedToken, E> {
    claims_case(with(claims(), name, value).to_string())
}

/// A claim written as raw text, for numbers that `Value` can't hold.
fn raw(name: &str, text: &str) -> Result<VerifiedToken, E> {
    claims_case(and(
        &with(claims(), name, None),
        &format!("\"{name}\":{text}"),
    ))
}

#[test]
fn line_20_duplicate_claims() {
    for (name, more) in [
        ("dup-sub", r#""sub":"root""#),
        ("dup-exp", r#""exp":1"#),
        ("dup-custom", r#""x":1,"x":2"#),
        ("dup-escaped", r#""\u0073ub":"root""#),
        ("dup-nested", r#""x":[{"a":1,"a":2}]"#),
    ] {
        refused(
            name,
            claims_case(and(&claims(), more)),
            E::ClaimsDuplicateMember,
        );
    }
}

#[test]
fn line_21_to_24_claims_that_are_no_plain_json_object() {
    let good = claims().to_string();
    for (name, payload, reason) in [
        ("payload-array", format!("[{good}]"), E::ClaimsNotObject),
        (
            "payload-string",
            json!(good).to_string(),
            E::ClaimsNotObject,
        ),
        ("payload-null", "null".into(), E::ClaimsNotObject),
        ("payload-number", "1".into(), E::ClaimsNotObject),
        ("payload-empty", String::new(), E::ClaimsNotJson),
        ("payload-trailing", format!("{good}x"), E::ClaimsNotJson),
        (
            "bom-payload",
            format!("\u{feff}{good}"),
            E::ClaimsByteOrderMark,
        ),
        (
            "lone-surrogate",
            and(&claims(), r#""x":"\ud800""#),
            E::ClaimsNotJson,
        ),
        (
            "deep-json",
            and(
                &claims(),
                &format!(r#""x":{}{}"#, "[".repeat(500), "]".repeat(500)),
            ),
            E::ClaimsTooDeep,
        ),
        (
            "huge-number",
            and(&claims(), r#""x":1e999"#),
            E::ClaimsNotJson,
        ),
    ] {
        refused(name, claims_case(payload), reason);
    }
    let bytes = [&good.as_bytes()[..good.len() - 1], b",\"x\":\"\xff\"}"].concat();
    refused("bad-utf8-payload", claims_case(bytes), E::ClaimsNotUtf8);
    let many: Vec<String> = (0..150).map(|i| format!("\"k{i}\":{i}")).collect();
    assert!(
        claims_case(and(&claims(), &many.join(","))).is_ok(),
        "many-keys"
    );
    let proto = claims_case(and(
        &with(claims(), "roles", None),
        r#""__proto__":{"roles":["admin"]}"#,
    ))
    .unwrap();
    assert!(proto.claims().roles.is_empty(), "proto-claim");
}

#[test]
fn line_37_exp_of_another_type_or_past() {
    refused("exp-missing", claim("exp", None), E::ExpMissing);
    for value in [
        Value::Null,
        json!("1900000000"),
        json!(true),
        json!([NOW + 1]),
        json!({}),
        json!(-1),
        json!(1.5),
    ] {
        refused("exp-type", claim("exp", Some(value)), E::ExpNotInteger);
    }
    for (name, value) in [
        ("exp-zero", 0),
        ("exp-before-iat", NOW - 1),
        ("exp-eq-iat", NOW),
    ] {
        refused(name, claim("exp", Some(json!(value))), E::ExpNotAfterIat);
    }
    let past = |exp: u64| {
        claims_case(
            with(
                with(claims(), "iat", Some(json!(NOW - 60))),
                "exp",
                Some(json!(exp)),
            )
            .to_string(),
        )
    };
    refused("exp-past", past(NOW - 1), E::Expired);
    refused("exp-eq-now", past(NOW), E::Expired);
    assert!(past(NOW + 1).is_ok());
}

#[test]
fn line_38_absurd_times() {
    for (name, text, reason) in [
        ("exp-u64max", "18446744073709551615", E::ExpTooLarge),
        ("exp-u64max1", "18446744073709551616", E::ExpNotInteger),
        ("exp-i64max", "9223372036854775807", E::ExpTooLarge),
        ("exp-1e308", "1e308", E::ExpNotInteger),
        ("exp-1e999", "1e999", E::ClaimsNotJson),
        ("exp-2p53", "9007199254740992", E::LifeTooLong),
        ("exp-2p53+1", "9007199254740993", E::ExpTooLarge),
        ("exp-ms", "1800000600000", E::LifeTooLong),
        ("exp-NaN", "NaN", E::ClaimsNotJson),
        ("exp-leading0", "01800000600", E::ClaimsNotJson),
        ("exp-float", "1800000600.0", E::ExpNotInteger),
    ] {
        refused(name, raw("exp", text), reason);
    }
    assert!(claim("exp", Some(json!(NOW + 86_400))).is_ok());
    refused(
        "a day and a second",
        claim("exp", Some(json!(NOW + 86_401))),
        E::LifeTooLong,
    );
    let generous = Expected::new(ISS, AUD)
        .with_clock_tolerance(u64::MAX)
        .with_future_skew(u64::MAX);
    assert!(
        verify(&Key::Mac.good(), &Key::Mac.set(), &generous, u64::MAX).is_err(),
        "no overflow"
    );
}

#[test]
fn line_39_nbf_and_iat_at_the_boundary() {
    refused(
        "nbf-future",
        claim("nbf", Some(json!(NOW + 61))),
        E::NbfInFuture,
    );
    assert!(claim("nbf", Some(json!(NOW + 60))).is_ok());
    refused(
        "nbf-string",
        claim("nbf", Some(json!("0"))),
        E::NbfNotInteger,
    );
    refused(
        "nbf-null",
        claim("nbf", Some(Value::Null)),
        E::NbfNotInteger,
    );
    refused(
        "nbf-u64max",
        raw("nbf", "18446744073709551615"),
        E::NbfTooLarge,
    );
    refused(
        "iat-future",
        claim("iat", Some(json!(NOW + 61))),
        E::IatInFuture,
    );
    assert!(claim("iat", Some(json!(NOW + 60))).is_ok());
    refused("iat-missing", claim("iat", None), E::IatMissing);
    refused(
        "iat-string",
        claim("iat", Some(json!("1"))),
        E::IatNotInteger,
    );
    refused(
        "iat-after-exp",
        claim("iat", Some(json!(NOW + 601))),
        E::ExpNotAfterIat,
    );
    refused(
        "auth_time-string",
        claim("auth_time", Some(json!("1"))),
        E::AuthTimeNotInteger,
    );
    refused(
        "auth_time-u64max",
        raw("auth_time", "18446744073709551615"),
        E::AuthTimeTooLarge,
    );
}

#[test]
fn clock_tolerance_is_for_exp_only() {
    let at = |tolerance: u64, now: u64| {
        let expected = Expected::new(ISS, AUD).with_clock_tolerance(tolerance);
        verify(&Key::Ed.good(), &Key::Ed.set(), &expected, now)
    };
    assert!(at(30, NOW + 629).is_ok());
    refused("at its end", at(30, NOW + 630), E::Expired);
    refused("none", at(0, NOW + 600), E::Expired);
    refused("not for iat", at(3600, NOW - 61), E::IatInFuture);
}

#[test]
fn line_40_iss() {
    refused("iss-missing", claim("iss", None), E::IssMissing);
    for (name, value) in [
        ("iss-other", "https://attacker.example"),
        ("iss-slash", "https://auth.example.com/"),
        ("iss-case", "https://AUTH.example.com"),
        ("iss-prefix", "https://auth.example.com.attacker.example"),
    ] {
        refused(name, claim("iss", Some(json!(value))), E::IssWrong);
    }
    refused(
        "iss-array",
        claim("iss", Some(json!([ISS]))),
        E::IssNotString,
    );
    refused("iss-empty", claim("iss", Some(json!(""))), E::IssEmpty);
}

#[test]
fn line_41_aud() {
    refused("aud-missing", claim("aud", None), E::AudMissing);
    for (name, value) in [
        ("aud-null", Value::Null),
        ("aud-nested", json!([[AUD]])),
        ("aud-object", json!({ "aud": AUD })),
        ("aud-mixed", json!([AUD, 1])),
    ] {
        refused(name, claim("aud", Some(value)), E::AudNotStrings);
    }
    refused("aud-empty", claim("aud", Some(json!(""))), E::AudEmpty);
    refused(
        "aud-empty-array",
        claim("aud", Some(json!([]))),
        E::AudEmpty,
    );
    for (name, value) in [
        ("aud-other", json!("https://other.example")),
        ("aud-array-other", json!(["https://other.example", "x"])),
        ("aud-substring", json!(&AUD[..AUD.len() - 1])),
        ("aud-space-list", json!(format!("{AUD} x"))),
        ("aud-case", json!(AUD.to_uppercase())),
    ] {
        refused(name, claim("aud", Some(value)), E::AudWrong);
    }
    assert!(
        claim("aud", Some(json!(["x", AUD]))).is_ok(),
        "ok-aud-array"
    );
}

#[test]
fn line_42_sub_and_the_other_strings() {
    for (name, missing, wrong, empty) in [
        ("sub", E::SubMissing, E::SubNotString, E::SubEmpty),
        (
            "client_id",
            E::ClientIdMissing,
            E::ClientIdNotString,
            E::ClientIdEmpty,
        ),
        ("jti", E::JtiMissing, E::JtiNotString, E::JtiEmpty),
        ("sid", E::SidMissing, E::SidNotString, E::SidEmpty),
    ] {
        refused(name, claim(name, None), missing);
        for value in [json!(1), Value::Null, json!(["x"])] {
            refused(name, claim(name, Some(value)), wrong);
        }
        refused(name, claim(name, Some(json!(""))), empty);
    }
}

#[test]
fn ver_roles_and_email() {
    refused("ver", claim("ver", None), E::VerMissing);
    refused("ver", claim("ver", Some(json!("3"))), E::VerNotInteger);
    refused("ver", raw("ver", "9007199254740993"), E::VerTooLarge);
    for value in [
        json!("admin"),
        json!([1]),
        json!({ "admin": true }),
        Value::Null,
    ] {
        refused("roles", claim("roles", Some(value)), E::RolesNotStrings);
    }
    assert!(claim("roles", Some(json!(vec!["r"; 32]))).is_ok());
    refused(
        "roles",
        claim("roles", Some(json!(vec!["r"; 33]))),
        E::RolesTooMany,
    );
    assert!(claim("roles", Some(json!(["\u{e9}".repeat(64)]))).is_ok());
    refused(
        "roles",
        claim("roles", Some(json!(["r".repeat(65)]))),
        E::RoleTooLong,
    );
    refused("roles", claim("roles", Some(json!([""]))), E::RoleEmpty);
    refused(
        "email",
        claim("email", Some(json!(["a@b.c"]))),
        E::EmailNotString,
    );
    for value in [json!("true"), json!(1), Value::Null] {
        refused(
            "email_verified",
            claim("email_verified", Some(value)),
            E::EmailVerifiedNotBoolean,
        );
    }
}

#[test]
fn line_48_the_cache_answers_for_the_whole_text_only_and_not_beyond_exp() {
    let text = Key::Ed.good();
    let token = Key::Ed.check(&text).unwrap();
    let mut cache = VerifiedTokens::new(2);
    cache.insert(&text, token.clone(), NOW);
    assert_eq!(cache.get(&text, NOW), Some(&token));
    assert_eq!(cache.get(&text[..text.len() - 1], NOW), None);
    assert_eq!(cache.get(&text, NOW + 599), Some(&token));
    assert_eq!(cache.get(&text, NOW + 600), None);
    assert_eq!(cache.get(&text, NOW + 599), None, "dropped, not hidden");
    cache.insert(&text, token.clone(), NOW);
    assert_eq!(cache.get(&text, NOW - 1), None, "a clock that went back");
    for name in ["a", "b"] {
        cache.insert(name, token.clone(), NOW);
    }
    assert!(cache.get("a", NOW).is_some());
    cache.insert("c", token.clone(), NOW);
    assert_eq!(cache.len(), 2);
    assert!(
        cache.get("b", NOW).is_none() && cache.get("a", NOW).is_some(),
        "the one unused for longest went"
    );
    cache.clear();
    assert!(cache.is_empty() && cache.get("a", NOW).is_none());
    let mut none = VerifiedTokens::new(0);
    none.insert("a", token, NOW);
    assert!(none.is_empty());
}
