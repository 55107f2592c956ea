//! Makes a user that is not stored yet.

use super::AuthService;
use super::mail::typed_address;
use crate::domain::account::{EmailAddress, LinkNonce, Name, PasswordHash, Roles, User, UserId};
use crate::domain::error::{Error, FieldProblem};
use crate::ports::Ports;

/// The address and names that somebody typed.
#[derive(Clone)]
pub(super) struct Identity {
    pub(super) email: EmailAddress,
    pub(super) first_name: Option<Name>,
    pub(super) last_name: Option<Name>,
}

impl Identity {
    pub(super) fn parse(
        email: &str,
        first_name: Option<&str>,
        last_name: Option<&str>,
    ) -> Result<Self, Error> {
        Ok(Self {
            email: typed_address(email)?,
            first_name: first_name
                .map(|text| parse_name("first_name", text))
                .transpose()?,
            last_name: last_name
                .map(|text| parse_name("last_name", text))
                .transpose()?,
        })
    }
}

impl<P: Ports> AuthService<P> {
    pub(super) fn new_user(
        &self,
        identity: Identity,
        password_hash: PasswordHash,
        roles: Roles,
        email_verified_at: Option<u64>,
    ) -> User {
        let now_ms = self.now_ms();
        User {
            id: UserId::new(now_ms, &self.random()),
            email: identity.email,
            password_hash,
            first_name: identity.first_name,
            last_name: identity.last_name,
            roles,
            email_verified_at,
            disabled_at: None,
            session_epoch: 0,
            version: 0,
            link_generation: 0,
            link_nonce: LinkNonce::new(&self.random()),
            external_id: None,
            created_at: now_ms / 1000,
            updated_at: now_ms / 1000,
        }
    }
}

/// The name that somebody typed.
pub(super) fn parse_name(field: &'static str, text: &str) -> Result<Name, Error> {
    Name::parse(text).map_err(|why| Error::Field(field, FieldProblem::Invalid(why.reason())))
}
