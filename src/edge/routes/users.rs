//! /auth/users/{id}, and POST /auth/users/{id}/revoke: `revoke_tokens`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, user_json};
use crate::domain::account::{User, UserId};
use crate::domain::error::Error;
use crate::edge::answer::{Answer, Note};
use crate::edge::body::{json, present};
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::manage_users::Amendment;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    #[serde(default, deserialize_with = "present")]
    first_name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    last_name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    roles: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    disabled: Option<bool>,
}

pub(crate) async fn get<P: Ports>(
    service: &AuthService<P>,
    request: &Request,
    id: &str,
) -> Outcome {
    let token = request.bearer()?;
    let user = service
        .read_user(token, known(service, token, id).await?)
        .await?;
    Ok(Answer::json(200, &managed_user_json(&user)))
}

pub(crate) async fn patch<P: Ports>(
    service: &AuthService<P>,
    request: &Request,
    id: &str,
) -> Outcome {
    let token = request.bearer()?;
    let id = known(service, token, id).await?;
    let body: Body = json(request)?;
    let amendment = Amendment {
        first_name: body.first_name,
        last_name: body.last_name,
        roles: body.roles,
        disabled: body.disabled,
    };
    let user = service.amend_user(token, id, amendment).await?;
    Ok(Answer::json(200, &managed_user_json(&user)))
}

pub(crate) async fn revoke<P: Ports>(
    service: &AuthService<P>,
    request: &Request,
    id: &str,
) -> Outcome {
    let token = request.bearer()?;
    let id = known(service, token, id).await?;
    let bearer = service.revoke_tokens_as(token, id).await?;
    Ok(Answer::empty(204).noted(Note {
        user_id: Some(bearer.user.to_string()),
        session_id: Some(bearer.session.to_string()),
        reason: Some(format!("revoked all of {id}")),
        ..Note::default()
    }))
}

/// The id in the path. Whether a text is an id is told to those who are signed in only.
async fn known<P: Ports>(
    service: &AuthService<P>,
    token: &str,
    id: &str,
) -> Result<UserId, Problem> {
    if let Some(id) = UserId::parse(id) {
        return Ok(id);
    }
    service.bearer(token).await?;
    Err(Error::UnknownUser.into())
}

/// What an administrator sees of a user.
fn managed_user_json(user: &User) -> Value {
    let mut body = user_json(user);
    if let Some(members) = body.as_object_mut() {
        members.insert("disabled".to_owned(), json!(user.disabled_at.is_some()));
        members.insert("created_at".to_owned(), json!(user.created_at));
        members.insert("updated_at".to_owned(), json!(user.updated_at));
    }
    body
}
