//! `id_token_hint` (OpenID Connect RP-Initiated Logout section 2): an id_token of this service that
//! an app sends back, perhaps long after it expired.

use super::AuthService;
use crate::domain::authorization::id_token::ID_TOKEN_TYP;
use crate::domain::authorization::{IdTokenHint, RsaSigned};
use crate::ports::{IdTokenSigner, Ports};
use edgegate_token::json::Json;
use edgegate_token::{Algorithm, KeySet, read_signed};

impl<P: Ports> AuthService<P> {
    /// Reads an id_token that this service has signed, expired or not. `None` for anything else,
    /// including an access token, because its `typ` differs.
    pub(super) async fn id_token_hint(&self, text: &str) -> Option<IdTokenHint> {
        let settings = self.settings();
        let claims = match RsaSigned::read(text, &settings.id_token_keys) {
            Some(signed) => self.claims_signed_with_rsa(&signed).await,
            None => signed_claims(text, &settings.keys),
        };
        IdTokenHint::of(&claims?, &settings.issuer, self.now())
    }

    /// `None` if the platform can't sign. The request then continues as if it had no hint.
    async fn claims_signed_with_rsa(&self, signed: &RsaSigned<'_>) -> Option<Json> {
        let signer = self.ports.id_token_signer();
        let signature = signer.sign(signed.key, signed.signing_input.as_bytes());
        signed.claims(&signature.await.ok()?)
    }
}

/// The claims of a token that a key of `SIGNING_KEYS` has signed. `None` if the keys are symmetric.
/// Every API that verifies tokens knows such a key, so no id_token is signed with it.
fn signed_claims(text: &str, keys: &KeySet) -> Option<Json> {
    let is_symmetric = keys.signing_algorithm() == Some(Algorithm::Hs256);
    let claims = read_signed(text, ID_TOKEN_TYP, keys).ok();
    claims.filter(|_| !is_symmetric)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use edgegate_token::sign;

    use super::*;

    const ED25519: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"test","d":"kHiqJjEbTv1Qa8l0B9TWvtZooboGt-DqgRkwqQ6bvoI","x":"WTgIzGjcnPfLLbB3vBGEwLDWIzQcpEqj4yySkPsbHfM"}]}"#;
    const SYMMETRIC: &str = r#"{"keys":[{"kty":"oct","kid":"test","alg":"HS256","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"}]}"#;

    #[test]
    fn only_an_id_token_of_a_public_key_is_a_hint() {
        for (keys, typ, is_hint) in [
            (ED25519, "JWT", true),
            // A token of any other type, such as an access token, is not a hint.
            (ED25519, "other+jwt", false),
            (SYMMETRIC, "JWT", false),
        ] {
            let keys = KeySet::from_private_jwks(keys).unwrap();
            let token = sign(&keys, typ, &BTreeMap::from([("sub", "ada")])).unwrap();
            assert_eq!(signed_claims(&token, &keys).is_some(), is_hint, "{typ}");
        }
    }
}
