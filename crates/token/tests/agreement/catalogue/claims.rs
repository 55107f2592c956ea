//! Attacks with bad claims.

use super::Catalogue;
use crate::token_support::{AUD, ISS, NOW, and, claims, with};
use edgegate_token::TokenError as E;
use serde_json::{Value, json};

pub(super) fn add(c: &mut Catalogue) {
    json_form(c);
    expiry(c);
    other_times(c);
    issuer_and_audience(c);
    strings(c);
    rights(c);
    apps(c);
}

fn json_form(c: &mut Catalogue) {
    c.about(
        "RFC 7519 4, RFC 8725 2.4",
        "a claim twice is read in two ways by two readers",
    );
    for (name, more) in [
        ("dup-sub", r#""sub":"root""#),
        ("dup-exp", r#""exp":1"#),
        ("dup-roles", r#""roles":["admin"]"#),
        ("dup-custom", r#""x":1,"x":2"#),
        ("dup-escaped", r#""\u0073ub":"root""#),
        ("dup-nested", r#""x":[{"a":1,"a":2}]"#),
    ] {
        c.bad(
            name,
            c.claims(and(&claims(), more)),
            E::ClaimsDuplicateMember,
        );
    }
    c.about(
        "RFC 7519 7.2",
        "the claims are one JSON object in UTF-8 and nothing else",
    );
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
        ("payload-not-json", "not json".into(), E::ClaimsNotJson),
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
            "huge-number",
            and(&claims(), r#""x":1e999"#),
            E::ClaimsNotJson,
        ),
        (
            "payload-control-character",
            and(&claims(), "\"x\":\"\u{1}\""),
            E::ClaimsNotJson,
        ),
        (
            "payload-trailing-comma",
            and(&claims(), ""),
            E::ClaimsNotJson,
        ),
    ] {
        c.bad(name, c.claims(payload), reason);
    }
    let head = good.strip_suffix('}').unwrap().as_bytes();
    let bytes = [head, b",\"x\":\"\xff\"}"].concat();
    c.bad("bad-utf8-payload", c.claims(bytes), E::ClaimsNotUtf8);
    c.about("CWE-674", "depth is bounded: the stack of wasm is small");
    for (name, depth) in [("payload-17-deep", 16), ("deep-json", 500)] {
        let deep = format!(r#""x":{}{}"#, "[".repeat(depth), "]".repeat(depth));
        c.bad(name, c.claims(and(&claims(), &deep)), E::ClaimsTooDeep);
    }
    c.about(
        "ASVS 9.1.1",
        "the signature is checked before the claims are read",
    );
    let input = c.claims("not json");
    let (input, _) = input.rsplit_once('.').unwrap();
    let good = c.key.good();
    let (_, signature) = good.rsplit_once('.').unwrap();
    c.bad(
        "unsigned-not-json",
        format!("{input}.{signature}"),
        E::SignatureInvalid,
    );
}

fn expiry(c: &mut Catalogue) {
    c.about(
        "RFC 9068 2.2; CVE-2026-25537",
        "exp must be there: another type is not absence",
    );
    c.bad("exp-missing", c.claim("exp", None), E::ExpMissing);
    for (name, value) in [
        ("null", Value::Null),
        ("string", json!("1900000000")),
        ("bool", json!(true)),
        ("array", json!([NOW + 1])),
        ("object", json!({})),
        ("negative", json!(-1)),
        ("fraction", json!(1.5)),
    ] {
        c.bad(
            format!("exp-{name}"),
            c.claim("exp", Some(value)),
            E::ExpNotInteger,
        );
    }
    c.about("RFC 7519 4.1.4", "a token that was never valid");
    for (name, value) in [("zero", 0), ("before-iat", NOW - 1), ("eq-iat", NOW)] {
        c.bad(
            format!("exp-{name}"),
            c.claim("exp", Some(json!(value))),
            E::ExpNotAfterIat,
        );
    }
    c.about("RFC 7519 4.1.4", "over at exp, \"on or after\"");
    for (name, exp) in [("exp-past", NOW - 1), ("exp-eq-now", NOW)] {
        let claims = with(claims(), "iat", Some(json!(NOW - 60)));
        let token = c.claims(with(claims, "exp", Some(json!(exp))).to_string());
        c.bad(name, token, E::Expired);
    }
    c.about(
        "RFC 8259 6, RFC 8725 3.11",
        "no overflow, no rounding, no token for years",
    );
    for (name, text, reason) in [
        ("exp-u64max", "18446744073709551615", E::ExpTooLarge),
        ("exp-u64max1", "18446744073709551616", E::ExpNotInteger),
        ("exp-i64max", "9223372036854775807", E::ExpTooLarge),
        ("exp-1e308", "1e308", E::ExpNotInteger),
        ("exp-1e999", "1e999", E::ClaimsNotJson),
        ("exp-2p53-minus-1", "9007199254740991", E::LifeTooLong),
        ("exp-2p53", "9007199254740992", E::ExpTooLarge),
        ("exp-2p53-and-1", "9007199254740993", E::ExpTooLarge),
        ("exp-ms", "1800000600000", E::LifeTooLong),
        ("exp-NaN", "NaN", E::ClaimsNotJson),
        ("exp-leading0", "01800000600", E::ClaimsNotJson),
        ("exp-float", "1800000600.0", E::ExpNotInteger),
        ("exp-exponent", "18000006e2", E::ExpNotInteger),
        ("exp-day-and-second", "1800086401", E::LifeTooLong),
    ] {
        c.bad(name, c.raw("exp", text), reason);
    }
}

fn other_times(c: &mut Catalogue) {
    c.about("RFC 7519 4.1.5", "not before nbf, but for 60 seconds");
    c.bad(
        "nbf-61-ahead",
        c.claim("nbf", Some(json!(NOW + 61))),
        E::NbfInFuture,
    );
    c.bad(
        "nbf-string",
        c.claim("nbf", Some(json!("0"))),
        E::NbfNotInteger,
    );
    c.bad(
        "nbf-null",
        c.claim("nbf", Some(Value::Null)),
        E::NbfNotInteger,
    );
    c.bad(
        "nbf-negative",
        c.claim("nbf", Some(json!(-1))),
        E::NbfNotInteger,
    );
    c.bad(
        "nbf-u64max",
        c.raw("nbf", "18446744073709551615"),
        E::NbfTooLarge,
    );
    c.about(
        "RFC 9068 2.2, RFC 7519 4.1.6",
        "issued, and not in the future",
    );
    c.bad(
        "iat-61-ahead",
        c.claim("iat", Some(json!(NOW + 61))),
        E::IatInFuture,
    );
    c.bad("iat-missing", c.claim("iat", None), E::IatMissing);
    c.bad(
        "iat-string",
        c.claim("iat", Some(json!("1"))),
        E::IatNotInteger,
    );
    c.bad("iat-float", c.raw("iat", "1800000000.0"), E::IatNotInteger);
    c.bad(
        "iat-u64max",
        c.raw("iat", "18446744073709551615"),
        E::IatTooLarge,
    );
    c.bad(
        "iat-after-exp",
        c.claim("iat", Some(json!(NOW + 601))),
        E::ExpNotAfterIat,
    );
    c.about("RFC 9068 2.2.1", "auth_time is a time, when it is there");
    c.bad(
        "auth_time-string",
        c.claim("auth_time", Some(json!("1"))),
        E::AuthTimeNotInteger,
    );
    c.bad(
        "auth_time-u64max",
        c.raw("auth_time", "18446744073709551615"),
        E::AuthTimeTooLarge,
    );
}

fn issuer_and_audience(c: &mut Catalogue) {
    c.about(
        "RFC 8725 3.8; CVE-2025-30144",
        "the issuer is one string, compared exactly",
    );
    c.bad("iss-missing", c.claim("iss", None), E::IssMissing);
    c.bad(
        "iss-array",
        c.claim("iss", Some(json!([ISS]))),
        E::IssNotString,
    );
    c.bad(
        "iss-null",
        c.claim("iss", Some(Value::Null)),
        E::IssNotString,
    );
    c.bad("iss-empty", c.claim("iss", Some(json!(""))), E::IssEmpty);
    for (name, value) in [
        ("iss-other", "https://attacker.example"),
        ("iss-slash", "https://auth.example.com/"),
        ("iss-case", "https://AUTH.example.com"),
        ("iss-prefix", "https://auth.example.com.attacker.example"),
    ] {
        c.bad(name, c.claim("iss", Some(json!(value))), E::IssWrong);
    }
    c.about(
        "RFC 8725 3.9, RFC 7519 4.1.3; CVE-2025-62610",
        "a token for another service is no token here",
    );
    c.bad("aud-missing", c.claim("aud", None), E::AudMissing);
    for (name, value) in [
        ("null", Value::Null),
        ("nested", json!([[AUD]])),
        ("object", json!({ "aud": AUD })),
        ("mixed", json!([AUD, 1])),
    ] {
        c.bad(
            format!("aud-{name}"),
            c.claim("aud", Some(value)),
            E::AudNotStrings,
        );
    }
    for (name, value) in [
        ("empty", json!("")),
        ("empty-array", json!([])),
        ("array-with-empty", json!([AUD, ""])),
    ] {
        c.bad(
            format!("aud-{name}"),
            c.claim("aud", Some(value)),
            E::AudEmpty,
        );
    }
    for (name, value) in [
        ("other", json!("https://other.example")),
        ("array-other", json!(["https://other.example", "x"])),
        ("substring", json!(AUD.strip_suffix('m'))),
        ("space-list", json!(format!("{AUD} x"))),
        ("case", json!(AUD.to_uppercase())),
    ] {
        c.bad(
            format!("aud-{name}"),
            c.claim("aud", Some(value)),
            E::AudWrong,
        );
    }
}

fn strings(c: &mut Catalogue) {
    c.about(
        "RFC 9068 2.2, RFC 8725 3.8",
        "whose token, whose client, which token, which session: always said",
    );
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
        c.bad(format!("{name}-missing"), c.claim(name, None), missing);
        for (kind, value) in [
            ("number", json!(1)),
            ("null", Value::Null),
            ("array", json!(["x"])),
        ] {
            c.bad(format!("{name}-{kind}"), c.claim(name, Some(value)), wrong);
        }
        c.bad(
            format!("{name}-empty"),
            c.claim(name, Some(json!(""))),
            empty,
        );
    }
}

fn apps(c: &mut Catalogue) {
    c.about(
        "RFC 9068 2.2.3, RFC 8693 4.2",
        "a scope of another type must not pass as no scope",
    );
    for (name, value) in [
        ("number", json!(1)),
        ("null", Value::Null),
        ("array", json!(["read"])),
    ] {
        let scope = c.claim("scope", Some(value.clone()));
        c.bad(format!("scope-{name}"), scope, E::ScopeNotString);
        let sign_on = c.claim("sign_on", Some(value));
        c.bad(format!("sign_on-{name}"), sign_on, E::SignOnNotString);
    }
    let sign_on = c.claim("sign_on", Some(json!("")));
    c.bad("sign_on-empty", sign_on, E::SignOnEmpty);
}

fn rights(c: &mut Catalogue) {
    c.about(
        "ASVS 7.4.1",
        "ver says what has changed since: without it no revocation holds",
    );
    c.bad("ver-missing", c.claim("ver", None), E::VerMissing);
    c.bad(
        "ver-string",
        c.claim("ver", Some(json!("3"))),
        E::VerNotInteger,
    );
    c.bad("ver-2p53", c.raw("ver", "9007199254740992"), E::VerTooLarge);
    c.bad(
        "ver-2p53-and-1",
        c.raw("ver", "9007199254740993"),
        E::VerTooLarge,
    );
    c.about("RFC 9068 2.2.3.1", "roles are a list of strings, in bounds");
    for (name, value) in [
        ("string", json!("admin")),
        ("numbers", json!([1])),
        ("object", json!({ "admin": true })),
        ("null", Value::Null),
    ] {
        c.bad(
            format!("roles-{name}"),
            c.claim("roles", Some(value)),
            E::RolesNotStrings,
        );
    }
    c.bad(
        "roles-33",
        c.claim("roles", Some(json!(vec!["r"; 33]))),
        E::RolesTooMany,
    );
    c.bad(
        "role-65",
        c.claim("roles", Some(json!(["r".repeat(65)]))),
        E::RoleTooLong,
    );
    c.bad(
        "role-empty",
        c.claim("roles", Some(json!([""]))),
        E::RoleEmpty,
    );
    c.about(
        "OpenID Connect Core 5.1",
        "an address is a string, proved or not is a boolean",
    );
    c.bad(
        "email-array",
        c.claim("email", Some(json!(["a@b.c"]))),
        E::EmailNotString,
    );
    for (name, value) in [
        ("string", json!("true")),
        ("number", json!(1)),
        ("null", Value::Null),
    ] {
        let token = c.claim("email_verified", Some(value));
        c.bad(
            format!("email_verified-{name}"),
            token,
            E::EmailVerifiedNotBoolean,
        );
    }
}
