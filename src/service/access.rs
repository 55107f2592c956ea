//! Finds the user of an access token, and checks whether the token is valid. The signature and the
//! claims are checked first. Then the stores are asked whether the token has been revoked.

use std::rc::Rc;

use super::AuthService;
use crate::domain::account::{User, UserId};
use crate::domain::error::{AccessRefusal, Error};
use crate::domain::event::Act;
use crate::domain::session::{Revocation, SessionId};
use crate::domain::verified_tokens::Reader;
use crate::ports::{Ports, SessionStore, SignatureVerifier, UserDirectory};
use edgegate_token::{Expected, KeySet, TokenError, UntrustedToken, VerifiedToken};

/// A valid access token.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The user.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// The verified token.
    pub token: Rc<VerifiedToken>,
}

impl Bearer {
    fn unless(self, revocation: &Revocation) -> Result<Self, Error> {
        if revocation.ended {
            return Err(Error::Access(AccessRefusal::SessionEnded));
        }
        if revocation
            .minimum_version
            .is_some_and(|minimum| self.token.claims().ver < minimum)
        {
            return Err(Error::Access(AccessRefusal::Outdated));
        }
        Ok(self)
    }
}

impl<P: Ports> AuthService<P> {
    /// Verifies an access token and asks the session store whether the token is still valid.
    /// Nothing is written.
    ///
    /// With `SESSION_STORE = "durable"` the answer is never stale. With `"kv"` it can be stale: see
    /// [`KvSessions`](crate::adapters::kv_sessions::KvSessions).
    ///
    /// # Errors
    /// - [`Error::Access`]: the token is not valid.
    /// - [`Error::Store`]: a store failed.
    pub async fn bearer(&self, access_token: &str) -> Result<Bearer, Error> {
        let bearer = self.verified_bearer(access_token).await?;
        let row = self.ports.users().find_by_id(bearer.user);
        let revocation = self
            .ports
            .sessions()
            .check(bearer.user, bearer.session, None, self.now(), row)
            .await?;
        bearer.unless(&revocation)
    }

    /// Like [`bearer`](Self::bearer), but also reads the user's row. The roles, the state (enabled
    /// or disabled) and the counters in that row are never stale.
    ///
    /// # Errors
    /// Those of [`bearer`](Self::bearer).
    pub async fn bearer_with_user(&self, access_token: &str) -> Result<(Bearer, User), Error> {
        let bearer = self.verified_bearer(access_token).await?;
        let (revocation, user) = futures_util::future::join(
            self.ports
                .sessions()
                .revocation(bearer.user, bearer.session, None, self.now()),
            self.ports.users().find_by_id(bearer.user),
        )
        .await;
        let bearer = bearer.unless(&revocation?)?;
        let user = user?
            .filter(|user| user.disabled_at.is_none())
            .ok_or(Error::Access(AccessRefusal::NoUser))?;
        if bearer.token.claims().ver != user.version {
            return Err(Error::Access(AccessRefusal::Outdated));
        }
        Ok((bearer, user))
    }

    /// Records that a signed-in user was denied access because of a missing permission. Returns the
    /// error that reports the missing permission.
    pub(super) fn deny(&self, bearer: &Bearer) -> Error {
        let (user, session) = (bearer.user, bearer.session);
        self.record(Act::AccessDenied { user, session });
        Error::Forbidden
    }

    /// Verifies the signature and the claims of an access token. If this isolate has verified the
    /// token before, the result comes from the isolate's memory.
    pub(super) async fn verified_bearer(&self, access_token: &str) -> Result<Bearer, Error> {
        let now = self.now();
        let known = self
            .shared
            .verified
            .borrow_mut()
            .get(access_token, Reader::Account, now);
        let token = match known {
            Some(token) => token,
            None => {
                let (keys, expected) = (&self.settings().keys, &self.shared.expected);
                let token = verify_by(self.ports.signatures(), access_token, keys, expected, now)
                    .await
                    .map_err(|why| Error::Access(AccessRefusal::Token(why)))?;
                let token = Rc::new(token);
                self.shared.verified.borrow_mut().insert(
                    access_token,
                    Reader::Account,
                    Rc::clone(&token),
                    now,
                );
                token
            }
        };
        let claims = token.claims();
        let (Some(user), Some(session)) =
            (UserId::parse(&claims.sub), SessionId::parse(&claims.sid))
        else {
            return Err(Error::Access(AccessRefusal::ForeignIds));
        };
        Ok(Bearer {
            user,
            session,
            token,
        })
    }
}

/// Like [`edgegate_token::verify`], but the platform verifies the signature if it can. The result
/// is the same, and so is the reason when a token is rejected.
///
/// # Errors
/// [`TokenError`]: the first rule that the token breaks.
pub async fn verify_by(
    signatures: &impl SignatureVerifier,
    access_token: &str,
    keys: &KeySet,
    expected: &Expected,
    now: u64,
) -> Result<VerifiedToken, TokenError> {
    let untrusted = UntrustedToken::parse(access_token)?;
    let signed_by = untrusted.signed_with(keys)?;
    // The form of the signature, such as its length, is checked before the platform sees it,
    // because some platforms accept forms that `edgegate_token` rejects.
    signed_by.judge_signature_form()?;
    let signed = match signatures.verify(&signed_by).await {
        Some(true) => signed_by.trust_signature_verified_elsewhere(),
        Some(false) => return Err(TokenError::SignatureInvalid),
        None => signed_by.verify()?,
    };
    signed.judge(expected, now)
}
