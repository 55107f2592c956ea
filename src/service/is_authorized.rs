//! `is_authorized_by_role`, `is_authorized_by_user_id`, `is_authorized_by_email`: the three checks.
//!
//! How stale an answer may be: with `SESSION_STORE = "durable"` not at all. With `"kv"` nothing in the isolate that revoked;
//! elsewhere KV's cache (30 s) and the isolate's memory (15 s), as a rule under 60 s and not promised by the platform.

use super::AuthService;
use crate::domain::account::EmailAddress;
use crate::domain::error::Error;
use crate::ports::Ports;
use edgegate_token::{has_any_role, has_verified_email, is_user};

/// What a token must fulfil: all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Criteria {
    /// At least one of these roles; no condition when `None`, never fulfilled when empty.
    pub roles: Option<Vec<String>>,
    /// Issued to this user.
    pub user_id: Option<String>,
    /// Issued to this address, verified.
    pub email: Option<String>,
}

impl<P: Ports> AuthService<P> {
    /// Whether the token is valid, not revoked, and has at least one of the roles. False for an empty set, and when
    /// a store can't tell.
    ///
    /// After a revocation elsewhere: exact with `durable`; with `kv` stale for as a rule under 60 s.
    pub async fn is_authorized_by_role(&self, access_token: &str, roles: &[&str]) -> bool {
        let criteria = Criteria {
            roles: Some(roles.iter().map(|role| (*role).to_owned()).collect()),
            ..Criteria::default()
        };
        self.is_authorized(access_token, &criteria)
            .await
            .unwrap_or(false)
    }

    /// Whether the token is valid, not revoked, and issued to the user. False when a store can't tell.
    ///
    /// After a revocation elsewhere: exact with `durable`; with `kv` stale for as a rule under 60 s.
    pub async fn is_authorized_by_user_id(
        &self,
        access_token: &str,
        requested_user_id: &str,
    ) -> bool {
        let criteria = Criteria {
            user_id: Some(requested_user_id.to_owned()),
            ..Criteria::default()
        };
        self.is_authorized(access_token, &criteria)
            .await
            .unwrap_or(false)
    }

    /// Whether the token is valid, not revoked, and issued to that address, which is verified. False when a store
    /// can't tell.
    ///
    /// After a revocation elsewhere: exact with `durable`; with `kv` stale for as a rule under 60 s.
    pub async fn is_authorized_by_email(&self, access_token: &str, requested_email: &str) -> bool {
        let criteria = Criteria {
            email: Some(requested_email.to_owned()),
            ..Criteria::default()
        };
        self.is_authorized(access_token, &criteria)
            .await
            .unwrap_or(false)
    }

    /// The checks together, for callers that tell a bad token from a criterion that does not hold. Without any
    /// criterion the answer is false.
    ///
    /// # Errors
    /// [`Error::Access`] when the token does not count, [`Error::Store`] when that could not be found out.
    pub async fn is_authorized(
        &self,
        access_token: &str,
        criteria: &Criteria,
    ) -> Result<bool, Error> {
        let bearer = self.bearer(access_token).await?;
        let Criteria {
            roles,
            user_id,
            email,
        } = criteria;
        let any = roles.is_some() || user_id.is_some() || email.is_some();
        Ok(any
            && roles
                .as_ref()
                .is_none_or(|roles| has_any_role(&bearer.token, roles))
            && user_id
                .as_ref()
                .is_none_or(|user_id| is_user(&bearer.token, user_id))
            && email.as_ref().is_none_or(|email| {
                // Two spellings of one address are one address.
                EmailAddress::parse(email)
                    .is_ok_and(|email| has_verified_email(&bearer.token, email.canonical()))
            }))
    }
}
