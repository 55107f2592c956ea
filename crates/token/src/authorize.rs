//! Checks what a verified token allows, only by its claims. Whether the token's session was revoked
//! is checked elsewhere.

use super::verify::VerifiedToken;

/// Whether the token has at least one of `roles`. Roles are compared exactly. The answer is false
/// if `roles` is empty or contains an empty string. So a list that somebody forgot to fill, or a
/// list with a mistake, does not grant access.
///
/// ```
/// use edgegate_token::{has_any_role, verify};
#[doc = include_str!("example.txt")]
///
/// let verified = verify(&token, &keys, &expected, now)?;
/// assert!(has_any_role(&verified, &["admin", "user"]));
/// assert!(!has_any_role(&verified, &["admin"]));
/// assert!(!has_any_role(&verified, &["user", ""]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn has_any_role<R: AsRef<str>>(token: &VerifiedToken, roles: &[R]) -> bool {
    let is_held = |role: &R| {
        token
            .claims()
            .roles
            .iter()
            .any(|held| held == role.as_ref())
    };
    roles.iter().all(|role| !role.as_ref().is_empty()) && roles.iter().any(is_held)
}

/// Whether the token was issued to the user with the id `user_id`. Ids are compared exactly.
///
/// ```
/// use edgegate_token::{is_user, verify};
#[doc = include_str!("example.txt")]
///
/// assert!(is_user(&verify(&token, &keys, &expected, now)?, "0198c2f4"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn is_user(token: &VerifiedToken, user_id: &str) -> bool {
    token.claims().sub == user_id
}

/// Whether the token was issued to a user who has verified the email address `canonical`. The
/// address is compared exactly, so the caller must pass its canonical form (see
/// [`EmailAddress`](crate::EmailAddress)).
///
/// ```
/// use edgegate_token::{EmailAddress, has_verified_email, verify};
#[doc = include_str!("example.txt")]
///
/// let address = EmailAddress::parse("Ada@Example.com")?;
/// let verified = verify(&token, &keys, &expected, now)?;
/// assert!(has_verified_email(&verified, address.canonical()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn has_verified_email(token: &VerifiedToken, canonical: &str) -> bool {
    let claims = token.claims();
    claims.email_verified && !canonical.is_empty() && claims.email.as_deref() == Some(canonical)
}
