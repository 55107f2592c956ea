//! /auth/users/{id}, and POST /auth/users/{id}/revoke: `revoke_tokens`.

use super::ManagedUserBody;
use crate::domain::account::UserId;
use crate::domain::error::Error;
use crate::edge::answer::{Answer, Cookie, Note};
use crate::edge::body;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::edge::routes::{Outcome, locale};
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::manage_users::Amendment;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let user = service
        .read_user(token, user_id(service, request, token).await?)
        .await?;
    Ok(Answer::json(200, &ManagedUserBody::from(&user)))
}

pub(crate) async fn patch<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = user_id(service, request, token).await?;
    let known = ["first_name", "last_name", "roles", "disabled"];
    let [first_name, last_name, roles, disabled] = body::merge_patch(request, known)?;
    let amendment = Amendment {
        first_name: body::text_edit("first_name", first_name)?,
        last_name: body::text_edit("last_name", last_name)?,
        roles: body::text_list("roles", body::not_removed("roles", roles)?)?,
        disabled: body::flag("disabled", body::not_removed("disabled", disabled)?)?,
    };
    let user = service.amend_user(token, id, amendment).await?;
    Ok(Answer::json(200, &ManagedUserBody::from(&user)))
}

pub(crate) async fn revoke<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = user_id(service, request, token).await?;
    let bearer = service.revoke_tokens_as(token, id).await?;
    let answer = Answer::empty(204).keeping(Cookie::Ended(id, None));
    Ok(answer.noted(Note {
        user_id: Some(bearer.user.to_string()),
        session_id: Some(bearer.session.to_string()),
        reason: Some(format!("revoked all of {id}")),
        ..Note::default()
    }))
}

pub(crate) async fn delete<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = user_id(service, request, token).await?;
    let locale = locale(service, request);
    let bearer = service.delete_account(token, id, locale).await?;
    let answer = Answer::empty(204).keeping(Cookie::Ended(id, None));
    Ok(answer.noted(Note {
        user_id: Some(bearer.user.to_string()),
        session_id: Some(bearer.session.to_string()),
        reason: Some(format!("deleted the account {id}")),
        ..Note::default()
    }))
}

/// The user whose id is in the path. Only someone who is signed in learns whether it is an id.
async fn user_id<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
    token: &str,
) -> Result<UserId, Problem> {
    if let Some(id) = UserId::parse(request.id_in_path()) {
        return Ok(id);
    }
    service.bearer(token).await?;
    Err(Error::UnknownUser.into())
}
