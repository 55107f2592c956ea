//! Verifies access tokens. The first byte of the input says what the rest is: either the text of a
//! token, or the JSON of a header and the JSON of claims, separated by a line feed. In the second
//! case this target makes a token from the two and signs it correctly, so that the fuzzer also
//! reaches the code after the signature check.
//!
//! If a token is accepted, one of the keys must have signed it, and its claims must be the same as
//! those that serde_json reads.

use std::sync::OnceLock;

use base64ct::{Base64UrlUnpadded, Encoding as _};
use edgegate::domain::policy::{
    ACCESS_TOKEN_MAX_BYTES, ACCESS_TOKEN_MAX_LIFE_SECONDS, FUTURE_SKEW_SECONDS, ROLES_MAX,
};
use edgegate_token::{
    Claims, Expected, KeySet, TokenError, UntrustedToken, has_any_role, is_user, issue, verify,
};
use serde_json::Value;

use super::token_support::{AUD, ISS, Key, NOW};

/// The key for a MAC comes first. Signing with it takes 1 % of the time that signing with one of
/// the other two keys takes.
const KEYS: [Key; 3] = [Key::Mac, Key::Ed, Key::Es];

fn sets() -> &'static [(Key, KeySet); 3] {
    static SETS: OnceLock<[(Key, KeySet); 3]> = OnceLock::new();
    SETS.get_or_init(|| KEYS.map(|key| (key, key.set())))
}

pub fn run(input: &[u8]) {
    let Some((mode, rest)) = input.split_first() else {
        return;
    };
    match mode {
        b'm' => signed(0, rest),
        b'e' => signed(1, rest),
        b's' => signed(2, rest),
        _ => {
            if let Some(text) = super::text(rest) {
                check(text);
            }
        }
    }
}

fn signed(key: usize, parts: &[u8]) {
    let at = parts.iter().position(|byte| *byte == b'\n');
    let (header, claims) = parts.split_at(at.unwrap_or(parts.len()));
    let token = KEYS[key].token(header, claims.get(1..).unwrap_or_default());
    check(&token);
}

fn check(token: &str) {
    let parsed = UntrustedToken::parse(token);
    let expected = Expected::new(ISS, AUD);
    for (key, set) in sets() {
        match verify(token, set, &expected, NOW) {
            Ok(verified) => {
                assert_eq!(
                    parsed.as_ref().unwrap().unverified_claims().as_ref(),
                    Ok(verified.claims())
                );
                judge(token, *key, set, verified.claims());
                let claims = verified.claims();
                let late = verify(token, set, &expected, claims.exp);
                assert_eq!(late.unwrap_err(), TokenError::Expired);
                assert!(is_user(&verified, &claims.sub));
                let roles: Vec<&str> = claims.roles.iter().map(String::as_str).collect();
                assert_eq!(has_any_role(&verified, &roles), !roles.is_empty());
            }
            Err(error) => {
                assert!(parsed.is_ok() || parsed.as_ref().err() == Some(&error));
            }
        }
    }
}

/// Asserts what must be true of a token that was accepted. To be independent, this function reads
/// the token with other code than the service.
fn judge(token: &str, key: Key, set: &KeySet, claims: &Claims) {
    assert!(token.len() <= ACCESS_TOKEN_MAX_BYTES);
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3);
    let decoded = |at: usize| Base64UrlUnpadded::decode_vec(parts[at]).unwrap();
    let header: Value = serde_json::from_slice(&decoded(0)).unwrap();
    // The keys `ed` and `es` are in the same key set. The header of the token says which of the two
    // has signed it.
    let by = match (key, header["kid"].as_str()) {
        (Key::Mac, None | Some("mac")) => Key::Mac,
        (Key::Ed | Key::Es, Some("ed")) => Key::Ed,
        (Key::Ed | Key::Es, Some("es")) => Key::Es,
        (_, kid) => panic!("verified under the kid {kid:?}"),
    };
    let alg = header["alg"].as_str().unwrap();
    assert!(alg == by.alg() || (alg, by) == ("Ed25519", Key::Ed));
    // All three keys sign deterministically. So if the token is signed again, the result must be
    // the signature that it already has. There is one exception: an ES256 signature consists of two
    // numbers, r and s (RFC 7518 section 3.4), and for the same r there is a second s that is valid
    // too. So for ES256 only r is compared.
    let (signing_input, _) = token.rsplit_once('.').unwrap();
    let resigned = by.sign(signing_input.as_bytes());
    let bytes = if by == Key::Es { 32 } else { resigned.len() };
    assert_eq!(decoded(2)[..bytes], resigned[..bytes], "nobody signed this");
    assert_eq!(decoded(2).len(), resigned.len());
    let typ = header["typ"].as_str().unwrap().to_ascii_lowercase();
    assert!(matches!(&*typ, "at+jwt" | "application/at+jwt"));
    for name in ["crit", "b64", "jku", "jwk", "x5u", "x5c", "cty"] {
        assert!(header.get(name).is_none(), "{name}");
    }

    let read: Value = serde_json::from_slice(&decoded(1)).unwrap();
    for (name, value) in [
        ("iss", &claims.iss),
        ("sub", &claims.sub),
        ("client_id", &claims.client_id),
        ("jti", &claims.jti),
        ("sid", &claims.sid),
    ] {
        assert_eq!(read[name].as_str(), Some(value.as_str()), "{name}");
        assert!(!value.is_empty(), "{name}");
    }
    for (name, value) in [
        ("exp", Some(claims.exp)),
        ("iat", Some(claims.iat)),
        ("nbf", claims.nbf),
        ("auth_time", claims.auth_time),
        ("ver", Some(claims.ver)),
    ] {
        assert_eq!(read[name].as_u64(), value, "{name}");
        assert!(value.is_none_or(|value| value < 1 << 53));
    }
    assert_eq!(claims.iss, ISS);
    assert!(read["aud"] == AUD || read["aud"].as_array().unwrap().iter().any(|one| one == AUD));
    assert!(claims.exp > NOW && claims.iat <= NOW + FUTURE_SKEW_SECONDS);
    assert!(
        claims
            .nbf
            .is_none_or(|nbf| nbf <= NOW + FUTURE_SKEW_SECONDS)
    );
    assert!(claims.exp > claims.iat && claims.exp - claims.iat <= ACCESS_TOKEN_MAX_LIFE_SECONDS);
    let roles = read
        .get("roles")
        .map_or(&[][..], |roles| roles.as_array().unwrap());
    assert!(claims.roles.len() <= ROLES_MAX);
    assert!(
        claims
            .roles
            .iter()
            .map(String::as_str)
            .eq(roles.iter().map(|role| role.as_str().unwrap()))
    );
    assert_eq!(claims.email.as_deref(), read["email"].as_str());
    assert_eq!(
        claims.email_verified,
        read["email_verified"].as_bool().unwrap_or(false)
    );

    // If the claims are put into a new token, the new token must have the same claims.
    if let Ok(again) = issue(set, claims) {
        let expected = Expected::new(ISS, AUD);
        assert_eq!(
            verify(&again, set, &expected, NOW).unwrap().claims(),
            claims
        );
    }
}
