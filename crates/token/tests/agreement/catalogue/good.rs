//! Tokens that must be accepted. Some of them reach a limit exactly.

use super::{Catalogue, Check, Criterion};
use crate::token_support::{AUD, ISS, Key, NOW, SID, SUB, and, claims, with};
use serde_json::{Value, json};

pub(super) fn add(c: &mut Catalogue) {
    of_the_key(c);
    accepted_forms(c);
    times(c);
    limits(c);
    checks(c);
    ids(c);
    apps(c);
}

pub(super) fn of_the_key(c: &mut Catalogue) {
    c.about("RFC 9068 2.2", "an access token as this service issues it");
    c.good("ok", c.key.good());
}

fn accepted_forms(c: &mut Catalogue) {
    c.about(
        "RFC 7515 4.1.9, RFC 9068 4",
        "typ is a media type: its case does not matter, application/ may be left out",
    );
    for (name, typ) in [
        ("typ-upper", "AT+JWT"),
        ("typ-application", "application/at+jwt"),
        ("typ-application-case", "Application/AT+jwt"),
    ] {
        c.good(name, c.member("typ", Some(json!(typ))));
    }
    if c.key == Key::Ed {
        c.about(
            "RFC 9864 2.2",
            "Ed25519 is the new name of what EdDSA means with this key",
        );
        c.good("alg-Ed25519-name", c.member("alg", Some(json!("Ed25519"))));
    }
    c.about(
        "RFC 7519 4.1.3",
        "aud may be an array, and must name this audience",
    );
    c.good("aud-array", c.claim("aud", Some(json!(["x", AUD]))));
    c.good("aud-array-of-one", c.claim("aud", Some(json!([AUD]))));
    c.about("RFC 7519 4", "claims that are not understood are ignored");
    c.good(
        "unknown-claim",
        c.claim(
            "https://example.com/x",
            Some(json!({ "a": [1, -2.5, null] })),
        ),
    );
    let many: Vec<String> = (0..150).map(|i| format!("\"k{i}\":{i}")).collect();
    c.good("many-keys", c.claims(and(&claims(), &many.join(","))));
    c.about(
        "RFC 7515 4",
        "header members that are not understood and not critical are ignored",
    );
    c.good("unknown-header-member", c.member("x", Some(json!(1))));
    c.about("RFC 8259 2, 7", "JSON may have white space and escapes");
    let spaced = claims()
        .to_string()
        .replace("\":", "\" :\t")
        .replace(',', " ,\r\n ");
    c.good("json-white-space", c.claims(spaced));
    let escaped = claims()
        .to_string()
        .replace("\"sub\"", "\"\\u0073\\u0075b\"")
        .replace("ada@", "\\u0061da\\u0040");
    c.good("json-escapes", c.claims(escaped));
    c.about(
        "CWE-1321",
        "__proto__ is a name like any other: it gives no roles",
    );
    let without_roles = with(claims(), "roles", None);
    let token = c.claims(and(&without_roles, r#""__proto__":{"roles":["admin"]}"#));
    c.good("proto-claim", token).checks = vec![Check::roles(&["admin"], false)];
}

fn times(c: &mut Catalogue) {
    c.about("RFC 7519 4.1.4", "valid before exp, to the last second");
    let from = |iat: u64, exp: u64| {
        let claims = with(claims(), "iat", Some(json!(iat)));
        with(claims, "exp", Some(json!(exp))).to_string()
    };
    c.good("exp-next-second", c.claims(from(NOW - 60, NOW + 1)));
    c.good("exp-longest-life", c.claims(from(NOW, NOW + 86_400)));
    c.about(
        "RFC 7519 4.1.5, 4.1.6",
        "60 seconds for clocks that differ, and not one more",
    );
    c.good("iat-60-ahead", c.claim("iat", Some(json!(NOW + 60))));
    c.good("nbf-60-ahead", c.claim("nbf", Some(json!(NOW + 60))));
    c.good("nbf-now", c.claim("nbf", Some(json!(NOW))));
    c.good("nbf-zero", c.claim("nbf", Some(json!(0))));
    c.good("auth_time-missing", c.claim("auth_time", None));
}

fn limits(c: &mut Catalogue) {
    c.about(
        "RFC 8259 6",
        "2^53 - 1 is the largest counter: JavaScript takes 2^53 and 2^53 + 1 for one",
    );
    c.good(
        "ver-largest",
        c.claim("ver", Some(json!((1_u64 << 53) - 1))),
    );
    c.good("ver-zero", c.claim("ver", Some(json!(0))));
    c.about(
        "RFC 9068 2.2.3.1",
        "as many and as long roles as are allowed",
    );
    c.good("roles-32", c.claim("roles", Some(json!(vec!["r"; 32]))));
    c.good(
        "role-64-characters",
        c.claim("roles", Some(json!(["\u{e9}".repeat(64)]))),
    );
    c.about("RFC 8259 9", "nested as deeply as is read");
    let deep = format!(r#""x":{}{}"#, "[".repeat(15), "]".repeat(15));
    c.good("json-deepest", c.claims(and(&claims(), &deep)));
    c.about(
        "RFC 8725 3.11",
        "as long as is read: 4096 bytes or just below",
    );
    let padded = |n: usize| c.claims(and(&claims(), &format!(r#""x":"{}""#, "x".repeat(n))));
    // Base64url writes three bytes as four characters.
    let fits = (4096 - padded(0).len()) / 4 * 3;
    let mut tokens = (fits - 3..fits + 6).rev().map(padded);
    let longest = tokens.find(|token| token.len() <= 4096).unwrap();
    assert!(longest.len() > 4090);
    c.good("longest", longest);
}

fn checks(c: &mut Catalogue) {
    c.about(
        "RFC 9068 4, 2.2.3.1",
        "roles and ids are compared exactly, one role is enough, an empty set opens nothing",
    );
    c.good("checks", c.key.good()).checks = vec![
        Check::roles(&["user"], true),
        Check::roles(&["admin", "user"], true),
        Check::roles(&["admin", "User", "use", "user "], false),
        Check::roles(&[], false),
        Check::roles(&[""], false),
        Check::user(SUB, true),
        Check::user("0198C2F4-7B1E-7C3A-9D55-1F0A6F2F8B11", false),
        Check::user("0198c2f4-7b1e-7c3a-9d55-1f0a6f2f8b12", false),
        Check::user("", false),
        Check::email("ada@example.com", true),
        Check::email("ADA@Example.COM", true),
        Check::email("ada@example.com.", false),
        Check::email("ada@example.co", false),
        Check::email("no address", false),
        Check::email("", false),
    ];
    let token = c.claim("roles", Some(json!(["r\u{f4}le", "a b"])));
    c.good("role-not-ascii", token).checks = vec![
        Check::roles(&["r\u{f4}le"], true),
        // This role looks the same as the one in the token, but is in another normalisation form.
        Check::roles(&["ro\u{302}le"], false),
        Check::roles(&["a b"], true),
        Check::roles(&["user"], false),
    ];
    c.about("RFC 9068 2.2.3.1", "no roles: no role opens anything");
    for (name, value) in [("roles-missing", None), ("roles-none", Some(json!([])))] {
        let token = c.claim("roles", value);
        c.good(name, token).checks = vec![
            Check::roles(&["user"], false),
            Check::roles(&[""], false),
            Check::user(SUB, true),
        ];
    }
    c.about(
        "RFC 9700 4.17, OpenID Connect Core 5.7",
        "an address that its owner has not proved, or that is not there, opens nothing",
    );
    for (name, member, value) in [
        ("email-not-verified", "email_verified", Some(json!(false))),
        ("email_verified-missing", "email_verified", None),
        ("email-missing", "email", None),
        ("email-empty", "email", Some(json!(""))),
    ] {
        let token = c.claim(member, value);
        c.good(name, token).checks = vec![
            Check::email("ada@example.com", false),
            Check::email("", false),
            Check::roles(&["user"], true),
        ];
    }
}

/// Tokens with ids of users and sessions that the service does not make: it makes only UUIDs of
/// version 7, in one spelling. The service rejects these tokens, except `sub-uuid4`, because the id
/// of an imported user can be a UUID of another version. Other verifiers may accept other ids.
fn ids(c: &mut Catalogue) {
    c.about(
        "RFC 7519 4.1.2",
        "signed by the issuer's key, but no token that the service issued",
    );
    for name in ["sub", "sid"] {
        for (kind, value) in [
            ("free", "user-1"),
            ("uuid4", "0198c2f4-7b1e-4c3a-9d55-1f0a6f2f8b11"),
            ("upper", "0198C2F4-7B1E-7C3A-9D55-1F0A6F2F8B11"),
        ] {
            let token = c.claim(name, Some(json!(value)));
            let is_imported = name == "sub" && kind == "uuid4";
            let service = (!is_imported).then_some("foreign_ids");
            c.good(format!("{name}-{kind}"), token).service = service;
        }
    }
}

/// Tokens of other apps. The API for which such a token was issued accepts it. The service itself
/// rejects it, even if the token names the service as an audience.
fn apps(c: &mut Catalogue) {
    c.about(
        "RFC 9068 2.2.3",
        "an app's token opens the API that it is for, and nothing of the account",
    );
    let userinfo = format!("{ISS}/auth/userinfo");
    let app = with(claims(), "client_id", Some(json!("n3GBj1cHq3mXG9vBwqzHdQ")));
    let scope = |claims, scope: &str| with(claims, "scope", Some(json!(scope)));
    let mut add = |name: &str, claims: Value, service| {
        let token = c.claims(claims.to_string());
        c.good(name, token).service = Some(service);
    };
    let both = with(app.clone(), "aud", Some(json!([AUD, userinfo])));
    let both = with(both, "sign_on", Some(json!(SID)));
    add("app", scope(both, "openid profile"), "client_id_wrong");
    let bare = with(with(app.clone(), "roles", None), "email", None);
    let bare = with(bare, "email_verified", None);
    add("app-without-roles", scope(bare, "read"), "client_id_wrong");
    add("app-without-scope", app, "client_id_wrong");
    add("scope-of-ours", scope(claims(), "openid"), "scope_present");
    add("scope-empty", scope(claims(), ""), "scope_present");
}

impl Check {
    fn roles(roles: &'static [&'static str], expected: bool) -> Self {
        let criterion = Criterion::Roles(roles);
        Self {
            criterion,
            expected,
        }
    }

    fn user(id: &'static str, expected: bool) -> Self {
        let criterion = Criterion::UserId(id);
        Self {
            criterion,
            expected,
        }
    }

    fn email(address: &'static str, expected: bool) -> Self {
        let criterion = Criterion::Email(address);
        Self {
            criterion,
            expected,
        }
    }
}
