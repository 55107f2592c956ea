//! `is_authorized_by_role`, `is_authorized_by_user_id`, `is_authorized_by_email`: the three checks.
//!
//! With `SESSION_STORE = "durable"` an answer is never stale. With `"kv"` it is never stale in the
//! isolate that handled the revocation. Elsewhere a revocation takes effect later, usually within
//! 60 s, because answers are cached by KV (30 s) and in the isolate's memory (15 s). Cloudflare
//! promises no upper limit.

use super::AuthService;
use crate::domain::account::EmailAddress;
use crate::domain::error::Error;
use crate::ports::Ports;
use edgegate_token::{has_any_role, has_verified_email, is_user};

/// The conditions for a token. All conditions that are given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Criteria {
    /// The token has at least one of these roles. An empty list never holds.
    pub roles: Option<Vec<String>>,
    /// The token was issued to this user.
    pub user_id: Option<String>,
    /// The token was issued to a user with this email address, and the address is verified.
    pub email: Option<String>,
}

impl<P: Ports> AuthService<P> {
    /// Whether the token is valid, not revoked, and has at least one of the roles. False for an
    /// empty list, and when a store fails.
    ///
    /// After a revocation in another isolate, the answer is never stale with
    /// `SESSION_STORE = "durable"`. With `"kv"` it is usually stale for less than 60 s.
    pub async fn is_authorized_by_role(&self, access_token: &str, roles: &[&str]) -> bool {
        let criteria = Criteria {
            roles: Some(roles.iter().map(|role| (*role).to_owned()).collect()),
            ..Criteria::default()
        };
        self.is_authorized(access_token, &criteria)
            .await
            .unwrap_or(false)
    }

    /// Whether the token is valid, not revoked, and issued to the user. False when a store fails.
    ///
    /// After a revocation in another isolate, the answer is never stale with
    /// `SESSION_STORE = "durable"`. With `"kv"` it is usually stale for less than 60 s.
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

    /// Whether the token is valid, not revoked, and issued to a user with that address, and the
    /// address is verified. False when a store fails.
    ///
    /// After a revocation in another isolate, the answer is never stale with
    /// `SESSION_STORE = "durable"`. With `"kv"` it is usually stale for less than 60 s.
    pub async fn is_authorized_by_email(&self, access_token: &str, requested_email: &str) -> bool {
        let criteria = Criteria {
            email: Some(requested_email.to_owned()),
            ..Criteria::default()
        };
        self.is_authorized(access_token, &criteria)
            .await
            .unwrap_or(false)
    }

    /// Checks all given conditions together, for callers that need to distinguish an invalid token
    /// from a condition that does not hold. If no condition is given, the answer is false.
    ///
    /// # Errors
    /// - [`Error::Access`]: the token is not valid.
    /// - [`Error::Store`]: a store failed.
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
                // One address can be spelled in several ways, so the canonical forms are compared.
                EmailAddress::parse(email)
                    .is_ok_and(|email| has_verified_email(&bearer.token, email.canonical()))
            }))
    }
}
