//! One file for each path: it reads the request, calls one use case, writes the answer.

pub mod authorized;
pub mod healthz;
pub mod login;
pub mod me;
pub mod metadata;
pub mod register;
pub mod revoke;
pub mod sessions;
pub mod token;
pub mod users;
pub mod well_known;

use serde_json::{Value, json};

use super::answer::{Answer, Note};
use super::problem::Problem;
use crate::domain::account::User;
use crate::service::{SignedIn, TokenPair};

/// A route's outcome.
pub type Outcome = Result<Answer, Problem>;

/// The token response of RFC 6749 section 5.1, with the refresh token's life beside it.
fn tokens_json(tokens: &TokenPair) -> Value {
    json!({
        "access_token": tokens.access_token.expose(),
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "refresh_token": tokens.refresh_token.expose(),
        "refresh_token_expires_in": tokens.refresh_token_expires_in,
    })
}

/// The answer to someone who has just signed in.
fn signed_in(status: u16, signed_in: &SignedIn) -> Answer {
    let mut body = tokens_json(&signed_in.tokens);
    if let Some(members) = body.as_object_mut() {
        members.insert("user".to_owned(), user_json(&signed_in.user));
    }
    Answer::json(status, &body).noted(Note {
        user_id: Some(signed_in.user.id.to_string()),
        session_id: Some(signed_in.tokens.session.to_string()),
        ..Note::default()
    })
}

/// What a user sees of themselves.
fn user_json(user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "email": user.email.as_given(),
        "email_verified": user.email_verified_at.is_some(),
        "first_name": user.first_name.as_ref().map(|name| name.as_str()),
        "last_name": user.last_name.as_ref().map(|name| name.as_str()),
        "roles": user.roles.to_vec(),
    })
}
