//! `id_token_hint` (OpenID Connect RP-Initiated Logout section 2): an id_token of this service that
//! an app sends back, perhaps long after it expired.

use super::AuthService;
use crate::domain::authorization::id_token::ID_TOKEN_TYP;
use crate::domain::authorization::{IdTokenHint, RsaSigned};
use crate::domain::policy::ID_TOKEN_HINT_MAX_BYTES;
use crate::ports::{IdTokenSigner, Ports};
use edgegate_token::json::Json;
use edgegate_token::read_signed;

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
            None => read_signed(text, ID_TOKEN_TYP, &settings.keys).ok(),
        };
        IdTokenHint::of(&claims?, &settings.issuer, self.now())
    }

    /// If the platform fails, there is no hint: the person is asked then.
    async fn claims_signed_with_rsa(&self, signed: &RsaSigned<'_>) -> Option<Json> {
        let signer = self.ports.id_token_signer();
        let signature = signer.sign(signed.key, signed.signing_input.as_bytes());
        signed.claims(&signature.await.ok()?)
    }
}
