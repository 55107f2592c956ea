//! `id_token_hint` (OpenID Connect RP-Initiated Logout section 2): an id_token of this service that
//! an app sends back, perhaps long after it expired.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::AuthService;
use crate::domain::account::UserId;
use crate::domain::authorization::{ClientId, RsaSigned};
use crate::domain::policy::{FUTURE_SKEW_SECONDS, ID_TOKEN_HINT_MAX_BYTES, MAX_SESSION_TTL};
use crate::ports::{IdTokenSigner, Ports};
use edgegate_token::KeySet;
use edgegate_token::json::Json;

/// What an app's id_token says. It gives nobody access.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdTokenHint {
    /// The user to whom it was issued.
    pub user: UserId,
    /// The app.
    pub client: ClientId,
}

impl<P: Ports> AuthService<P> {
    /// Reads an id_token that this service has signed, expired or not. `None` for anything else,
    /// also for an access token: its `typ` differs.
    pub(super) async fn id_token_hint(&self, text: &str) -> Option<IdTokenHint> {
        if text.len() > ID_TOKEN_HINT_MAX_BYTES {
            return None;
        }
        let settings = self.settings();
        let claims = match RsaSigned::read(text, &settings.id_token_keys) {
            Some(signed) => self.claims_signed_with_rsa(&signed).await,
            None => signed_claims(text, &settings.keys),
        };
        read(&claims?, &settings.issuer, self.now())
    }

    /// If the platform fails, there is no hint: the person is asked then.
    async fn claims_signed_with_rsa(&self, signed: &RsaSigned<'_>) -> Option<Json> {
        let signer = self.ports.id_token_signer();
        let signature = signer.sign(signed.key, signed.signing_input.as_bytes());
        signed.claims(&signature.await.ok()?)
    }
}

/// The claims of a token that a key of `SIGNING_KEYS` has signed.
fn signed_claims(text: &str, keys: &KeySet) -> Option<Json> {
    let (signed, signature) = text.rsplit_once('.')?;
    let (header, payload) = signed.split_once('.')?;
    let [header, payload, signature] =
        [header, payload, signature].map(|part| Base64UrlUnpadded::decode_vec(part).ok());
    let header = Json::read(&header?).ok()?;
    let text_of = |json: &Json, name: &str| json.get(name)?.as_str().map(str::to_owned);
    // The type says what a token is for (RFC 8725 section 3.11). An access token has another.
    if text_of(&header, "typ")? != "JWT" || header.get("crit").is_some() {
        return None;
    }
    let (kid, algorithm) = (text_of(&header, "kid")?, text_of(&header, "alg")?);
    let signature = signature?;
    let is_signed = keys.kids().enumerate().any(|(position, of)| {
        of == kid
            && keys
                .detached(position, signed.as_bytes(), &signature)
                // Nobody but the service can verify a symmetric signature, so no id_token has one.
                .filter(|by| by.public_jwk().is_some() && by.algorithm().name() == algorithm)
                .is_some_and(|by| by.verify().is_ok())
    });
    Json::read(&payload?).ok().filter(|_| is_signed)
}

fn read(claims: &Json, issuer: &str, now: u64) -> Option<IdTokenHint> {
    let text_of = |name: &str| claims.get(name)?.as_str();
    let issued_at = match claims.get("iat")? {
        Json::Integer(at) => *at,
        _ => return None,
    };
    // No session that it could name lives longer.
    let is_of_our_time = issued_at <= now.saturating_add(FUTURE_SKEW_SECONDS)
        && now < issued_at.saturating_add(MAX_SESSION_TTL);
    if text_of("iss")? != issuer || !is_of_our_time {
        return None;
    }
    Some(IdTokenHint {
        user: UserId::parse(text_of("sub")?)?,
        client: ClientId::parse(text_of("aud")?)?,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use edgegate_token::sign;

    use super::*;

    const ISSUER: &str = "https://auth.example.com";
    const USER: &str = "01945678-9abc-7def-8123-456789abcdef";
    const ED25519: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#;
    const SYMMETRIC: &str = r#"{"keys":[{"kty":"oct","kid":"test","alg":"HS256","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}]}"#;

    #[test]
    fn only_an_id_token_of_a_public_key_is_a_hint() {
        for (keys, typ, is_one) in [
            (ED25519, "JWT", true),
            // Any other type: an access token is no hint.
            (ED25519, "other+jwt", false),
            (SYMMETRIC, "JWT", false),
        ] {
            let keys = KeySet::from_private_jwks(keys).unwrap();
            let token = sign(&keys, typ, &BTreeMap::from([("sub", USER)])).unwrap();
            assert_eq!(signed_claims(&token, &keys).is_some(), is_one, "{typ}");
        }
    }

    #[test]
    fn a_hint_is_read_as_long_as_any_session_lasts() {
        let issued_at = 1_764_000_000;
        let claims =
            format!(r#"{{"iss":"{ISSUER}","iat":{issued_at},"sub":"{USER}","aud":"app"}}"#);
        let claims = Json::read(claims.as_bytes()).unwrap();
        let end = issued_at + MAX_SESSION_TTL;
        for (now, is_one) in [
            (issued_at - FUTURE_SKEW_SECONDS - 1, false),
            (issued_at - FUTURE_SKEW_SECONDS, true),
            (issued_at, true),
            (end - 1, true),
            (end, false),
        ] {
            assert_eq!(read(&claims, ISSUER, now).is_some(), is_one, "{now}");
        }
        assert_eq!(read(&claims, "https://other.example.com", issued_at), None);
    }
}
