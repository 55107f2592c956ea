//! What a verified token allows. Pure questions about its claims: whether the session still lives is asked elsewhere.

use super::verify::VerifiedToken;

/// Whether the token has at least one of `roles`, compared exactly. No roles asked for, or an empty one among them: false, so
/// that a forgotten list, or one that was put together wrongly, opens nothing.
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

/// Whether the token was issued to the user with the id `user_id`, compared exactly.
#[must_use]
pub fn is_user(token: &VerifiedToken, user_id: &str) -> bool {
    token.claims().sub == user_id
}

/// Whether the token was issued to the owner of the address `canonical`, who proved that it is theirs. Compared exactly:
/// the caller brings the address into the form in which it was issued.
#[must_use]
pub fn has_verified_email(token: &VerifiedToken, canonical: &str) -> bool {
    let claims = token.claims();
    claims.email_verified && !canonical.is_empty() && claims.email.as_deref() == Some(canonical)
}
